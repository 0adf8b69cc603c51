"""Every operator that ``adjoint.onnx.load`` knows, against the outputs that come with ONNX and against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import adjoint  # noqa: E402
from adjoint.onnx.loading.rows import MICROSOFT, known  # noqa: E402
from tests import onnx_cases  # noqa: E402

EACH = 5  # cases of each kind here; all of them in tests/sweeps/onnx_loading.py


@pytest.mark.parametrize("module", [name for name in onnx_cases.modules() if name not in onnx_cases.SLOW_TO_MAKE])
def test_the_cases_that_come_with_onnx(module: str) -> None:
    cases = [case for case in onnx_cases.cases_of(module) if onnx_cases.why_left_out(case.name) is None]
    plain = [case for case in cases if "_expanded" not in case.name]
    for case in plain[:: max(len(plain) // EACH, 1)][:EACH]:
        for found, expected in onnx_cases.run(case):
            onnx_cases.assert_same(found, expected, 1e-3, 1e-6)


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape) + len(shape)).standard_normal(shape).astype(np.float32)


_X, _IMAGE = _normal(3, 4), _normal(2, 3, 7, 8)
_WINDOWS = [
    {}, {"strides": [2, 3]}, {"pads": [1, 0, 1, 2]}, {"ceil_mode": 1, "strides": [2, 2]}, {"auto_pad": "SAME_UPPER",
    "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 2]}, {"dilations": [2, 1]}, {"pads": [1, 1, 1, 1], "ceil_mode": 1, "strides": [3, 2]},
]  # fmt: skip
_OLD = 10
# Operator, version of the operators, attributes, inputs: what has changed since then, and what ONNX's cases leave out
SAMPLES: list[tuple[str, int, dict[str, Any], list[Any]]] = [
    *(("MaxPool", 17, {"kernel_shape": [3, 3], **how}, [_IMAGE]) for how in _WINDOWS),
    *(("AveragePool", 22, {"kernel_shape": [3, 3], **how}, [_IMAGE]) for how in _WINDOWS),
    *(("AveragePool", 22, {"kernel_shape": [3, 3], "count_include_pad": 1, **how}, [_IMAGE]) for how in _WINDOWS),
    *(("LpPool", 18, {"kernel_shape": [3, 3], "p": 3, **how}, [np.abs(_IMAGE)]) for how in _WINDOWS[:3]),
    ("GlobalLpPool", 7, {"p": 3}, [_IMAGE]),
    *((name, 9, {"axis": 1}, [_normal(2, 3, 4)]) for name in ("Softmax", "LogSoftmax", "Hardmax")),
    *((name, 11, {"axis": 2}, [_normal(2, 3, 4)]) for name in ("Softmax", "LogSoftmax", "Hardmax")),
    ("Clip", 9, {"min": -0.5, "max": 0.5}, [_X]),
    ("Dropout", _OLD, {"ratio": 0.3}, [_X]),
    ("Squeeze", 11, {"axes": [0, 2]}, [_normal(1, 3, 1)]),
    ("Unsqueeze", 11, {"axes": [0, 3]}, [_normal(3, 2)]),
    ("Split", 11, {"axis": 1, "split": [1, 3]}, [_X]),
    ("Slice", 9, {"starts": [1, -3], "ends": [3, 9]}, [_X]),
    ("Pad", 9, {"pads": [0, 0, 1, 2, 0, 0, 2, 1], "mode": "reflect"}, [_IMAGE]),
    ("Pad", 9, {"pads": [0, 0, 1, 2, 0, 0, 2, 1], "mode": "edge"}, [_IMAGE]),
    ("Pad", 9, {"pads": [1, 0, 0, 2], "value": 3.0}, [_X]),
    ("TopK", 9, {"k": 2}, [_X]),
    *((name, 12, {"axes": [0, 2], "keepdims": 0}, [np.abs(_normal(2, 3, 4))]) for name in (
        "ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceSumSquare",
    )),
    *(("Upsample", 9, {"mode": mode}, [_IMAGE, np.array([1, 1, 2, 3], np.float32)]) for mode in ("nearest", "linear")),
    ("Upsample", 8, {"mode": "nearest", "scales": [1.0, 1.0, 2.0, 2.0]}, [_IMAGE]),
    *(("Resize", _OLD, {"mode": mode}, [_IMAGE, np.array([1, 1, 0.6, 1.7], np.float32)]) for mode in ("nearest", "linear")),
    ("BatchNormalization", 9, {}, [_IMAGE, _normal(3), _normal(3), _normal(3), np.abs(_normal(3))]),
    ("Scatter", 9, {"axis": 1}, [_X, np.array([[1, 3]]), np.array([[9.0, 8.0]], np.float32)]),
    ("Gemm", 7, {"alpha": 0.5, "beta": 2.0, "transA": 1}, [_X, _normal(3, 5), _normal(4, 5)]),
    ("Gemm", 13, {"transB": 1}, [_X, _normal(5, 4), _normal(5)]),
    ("QLinearConv", 13, {"pads": [1, 1, 1, 1]}, [
        np.arange(32, dtype=np.uint8).reshape(1, 2, 4, 4), np.float32(0.1), np.uint8(7),
        (np.arange(54) % 13).astype(np.uint8).reshape(3, 2, 3, 3),
        np.array([0.1, 0.2, 0.3], np.float32), np.array([5, 5, 5], np.uint8), np.float32(0.9), np.uint8(100), np.array([10,
        -10, 5], np.int32),
    ]),
    ("MaxRoiPool", 13, {"pooled_shape": [2, 3]}, [_IMAGE, np.array([[0, 1, 1, 6, 5], [1, 0, 2, 3, 4]], np.float32)]),
    ("RoiAlign", 13, {"output_height": 2, "output_width": 3, "sampling_ratio": 2}, [
        _IMAGE, np.array([[0.5, 1, 6, 5.5], [0, 2, 3.2, 4]], np.float32), np.array([0, 1])
    ]),
    *((name, 14, {"hidden_size": 3, "direction": direction, **more}, [
        _normal(5, 2, 4), _normal(2 if direction == "bidirectional" else 1, gates * 3, 4),
        _normal(2 if direction == "bidirectional" else 1, gates * 3, 3), _normal(2 if direction == "bidirectional" else 1,
        gates * 6),
    ]) for name, gates, more in (
        ("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1}), ("GRU", 3, {}), ("RNN", 1, {}),
    ) for direction in ("forward", "reverse", "bidirectional")),
    *((name, 14, {"hidden_size": 3, "direction": "bidirectional"}, [
        _normal(5, 2, 4), _normal(2, gates * 3, 4), _normal(2, gates * 3, 3), _normal(2, gates * 6), np.array([3, 5], np.int32),
    ]) for name, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1))),
    *(("Resize", 13, {"mode": mode, "coordinate_transformation_mode": place}, [
        _IMAGE, None, np.array([1, 1, scale, 1.5], np.float32)
    ]) for mode in ("nearest", "linear", "cubic") for place in ("half_pixel", "align_corners", "asymmetric") for scale in (0.6,
    2.0)),
    *(("com.microsoft." + name, 17, how, inputs) for name, how, inputs in (
        ("Gelu", {}, [_X]), ("FastGelu", {}, [_X, _normal(4)]), ("BiasGelu", {}, [_X, _normal(4)]), ("QuickGelu",
        {"alpha": 1.5}, [_X]),
        ("FusedMatMul", {"alpha": 0.5, "transA": 1}, [_normal(2, 3, 4), _normal(2, 3, 5)]), ("Inverse", {}, [_normal(3, 3)]),
        ("SkipLayerNormalization", {"epsilon": 1e-3}, [_normal(2, 3, 4), _normal(2, 3, 4), _normal(4), _normal(4), _normal(4)]),
        ("SkipSimplifiedLayerNormalization", {"epsilon": 1e-3}, [_normal(2, 3, 4), _normal(2, 3, 4), _normal(4)]),
    )),
    ("SimplifiedLayerNormalization", 17, {}, [_normal(2, 3, 4), _normal(4)]),
]  # fmt: skip


def one_node(operator: str, version: int, attributes: dict[str, Any], inputs: list[Any]) -> Any:
    """A model of one node, which all inputs are given to."""
    domain, _, name = operator.rpartition(".")
    names = ["" if value is None else f"x{n}" for n, value in enumerate(inputs)]
    given = [(n, np.asarray(value)) for n, value in zip(names, inputs) if n]
    values = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in given]
    outputs = {"TopK": 2, "Split": 2, "LSTM": 3, "GRU": 2, "RNN": 2}.get(name, 1)
    results = [f"y{n}" for n in range(outputs)]
    kinds = [
        TensorProto.INT64 if operator == "TopK" and n else helper.np_dtype_to_tensor_dtype(given[0][1].dtype)
        for n in range(outputs)
    ]
    node = helper.make_node(name, names, results, domain=domain, **attributes)
    graph = helper.make_graph(
        [node], "one", values, [helper.make_tensor_value_info(r, k, None) for r, k in zip(results, kinds)]
    )
    opsets = [helper.make_opsetid("", version), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample[0]}-{sample[1]}-{list(sample[2])}")
def test_an_operator_is_what_onnxruntime_computes(sample: tuple[str, int, dict[str, Any], list[Any]]) -> None:
    model = one_node(*sample)
    given = [np.asarray(value) for value in sample[3] if value is not None]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(None, {value.name: array for value, array in zip(session.get_inputs(), given)})
    found = adjoint.onnx.load(model)(*map(adjoint.as_tensor, given))
    for f, e in zip(found if len(expected) > 1 else (found,), expected, strict=True):
        assert f.shape == e.shape
        np.testing.assert_allclose(f.detach().numpy(), e, rtol=2e-5, atol=2e-6)


def test_every_operator_of_the_table_is_tested() -> None:
    tested = {(domain, name) for operator, *_ in SAMPLES for domain, _, name in [operator.rpartition(".")]}
    for module in onnx_cases.modules():
        if module not in onnx_cases.SLOW_TO_MAKE:
            for case in onnx_cases.cases_of(module):
                tested |= {(node.domain, node.op_type) for node in case.model.graph.node}
    elsewhere = {("", "Multinomial"), ("", "RandomNormal"), ("", "RandomNormalLike"), ("", "RandomUniform"), ("",
    "RandomUniformLike"), ("", "Optional"),
                 ("com.microsoft", "LayerNormalization")}  # fmt: skip
    assert {*known()} - tested - elsewhere == set()


@pytest.mark.parametrize("operator, attributes, inputs, check", [
    ("RandomNormal", {"shape": [5000], "mean": 3.0, "scale": 2.0}, [],
    lambda y: abs(y.mean() - 3) < 0.2 and abs(y.std() - 2) < 0.2),
    ("RandomNormalLike", {"mean": 3.0}, [np.zeros(5000, np.float32)], lambda y: abs(y.mean() - 3) < 0.1 and abs(y.std() - 1) < 0.1),
    ("RandomUniform", {"shape": [5000], "low": 1.0, "high": 3.0}, [],
    lambda y: y.min() >= 1 and y.max() <= 3 and abs(y.mean() - 2) < 0.1),
    ("RandomUniformLike", {}, [np.zeros(5000, np.float32)], lambda y: y.min() >= 0 and y.max() <= 1 and abs(y.mean() - 0.5) < 0.05),
    ("Bernoulli", {}, [np.full(5000, 0.3, np.float32)], lambda y: abs(y.mean() - 0.3) < 0.05),
    ("Multinomial", {"sample_size": 5000}, [np.log(np.array([[0.1, 0.9]], np.float32))],
    lambda y: abs(y.float().mean() - 0.9) < 0.05),
])  # fmt: skip
def test_random_numbers_are_distributed_as_asked_and_follow_the_seed(
    operator: str, attributes: Any, inputs: Any, check: Any
) -> None:
    names = [f"x{n}" for n in range(len(inputs))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    kind = TensorProto.INT32 if operator == "Multinomial" else TensorProto.FLOAT
    given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for n, v in zip(names, inputs)]
    graph = helper.make_graph([node], "random", given, [helper.make_tensor_value_info("y", kind, None)])
    network = adjoint.onnx.load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    draws = []
    for seed in (1, 1, 2):
        adjoint.manual_seed(seed)
        draws.append(network(*map(adjoint.as_tensor, inputs)))
    assert bool(check(draws[0]))
    assert adjoint.equal(draws[0], draws[1]) and not adjoint.equal(draws[0], draws[2])


def test_a_response_over_an_even_number_of_channels_is_the_definitions() -> None:
    """From floor((size - 1) / 2) before to ceil((size - 1) / 2) behind; onnxruntime has odd numbers only."""
    model = one_node("LRN", 13, {"size": 4, "alpha": 0.3}, [_IMAGE])
    sums = np.stack([(_IMAGE[:, max(c - 1, 0) : c + 3] ** 2).sum(1) for c in range(_IMAGE.shape[1])], 1)
    expected = _IMAGE / (1 + 0.3 / 4 * sums) ** 0.75
    np.testing.assert_allclose(adjoint.onnx.load(model)(adjoint.as_tensor(_IMAGE)).numpy(), expected, rtol=1e-5)


def test_initializers_and_inputs_give_the_same() -> None:
    """What a file says is computed when it is loaded, with the functions that compute it of inputs."""
    shape = np.array([4, 3])
    model = one_node("Reshape", 17, {}, [_X, shape])
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.input[1]
    fixed.graph.initializer.append(numpy_helper.from_array(shape, "x1"))
    x = adjoint.as_tensor(_X)
    assert adjoint.equal(adjoint.onnx.load(model)(x, adjoint.as_tensor(shape)), adjoint.onnx.load(fixed)(x))


def _double(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


_ROIS = np.array([[1.3, 2.1, 6.7, 5.9], [0.2, 0.4, 5.1, 6.2]])
_SMALL = _double(2, 4, 5, 6)
COMPOSED: list[tuple[str, int, dict[str, Any], list[Any]]] = [
    ("DeformConv", 19, {"pads": [1, 1, 1, 1], "strides": [2, 1], "dilations": [1, 2], "offset_group": 2, "group": 2}, [
        _double(1, 4, 5, 6), _double(4, 2, 3, 2), _double(1, 24, 3, 6), _double(4), np.abs(_double(1, 12, 3, 6)),
    ]),
    ("RoiAlign", 16, {"output_height": 2, "output_width": 3, "sampling_ratio": 2}, [_double(1, 2, 7, 8), _ROIS, np.array([0, 0])]),
    ("Resize", 13, {"mode": "cubic", "cubic_coeff_a": -0.5}, [_SMALL, None, np.array([1, 1, 0.7, 1.6], np.float32)]),
    ("Resize", 19, {"mode": "linear", "antialias": 1, "axes": [3]}, [_SMALL, None, np.array([0.6], np.float32)]),
    ("LRN", 13, {"size": 4, "alpha": 0.3}, [_SMALL]),
    ("AveragePool", 22, {"kernel_shape": [3, 2], "ceil_mode": 1, "strides": [2, 2], "pads": [1, 0, 1, 1]}, [_SMALL]),
    ("MaxPool", 17, {"kernel_shape": [3, 2], "ceil_mode": 1, "strides": [2, 2], "pads": [1, 0, 1, 1]}, [_SMALL]),
    ("LpPool", 18, {"kernel_shape": [2, 2], "p": 3}, [np.abs(_SMALL)]),
    ("ConvTranspose", 17, {"pads": [1, 0, 0, 2], "strides": [2, 1]}, [_SMALL, _double(4, 2, 3, 3), _double(2)]),
    ("LSTM", 14, {"hidden_size": 3}, [
        _double(5, 2, 4), _double(1, 12, 4), _double(1, 12, 3), _double(1, 24), np.array([3, 5], np.int32), None, None,
        _double(1, 9)
    ]),
    ("GRU", 14, {"hidden_size": 3, "direction": "reverse"}, [_double(3, 2, 4), _double(1, 9, 4), _double(1, 9, 3), _double(1, 18)]),
    ("Attention", 23, {"softcap": 2.0, "is_causal": 1}, [_double(1, 4, 3, 2), _double(1, 2, 3, 2), _double(1, 2, 3, 2),
    _double(3, 3)]),
    ("RotaryEmbedding", 23, {"interleaved": 1}, [_double(1, 2, 3, 4), _double(1, 3, 2), _double(1, 3, 2)]),
    ("STFT", 17, {}, [_double(1, 12, 1), np.array(3), _double(6)]),
    ("ReduceL2", 18, {}, [_double(2, 3), np.array([1])]),
    ("GroupNormalization", 21, {"num_groups": 2}, [_SMALL, _double(4), _double(4)]),
    ("LayerNormalization", 17, {"axis": 2}, [_double(2, 3, 4), _double(4), _double(4)]),
    ("MeanVarianceNormalization", 13, {}, [_SMALL]),
]  # fmt: skip


@pytest.mark.parametrize("sample", COMPOSED, ids=lambda sample: f"{sample[0]}-{list(sample[2])}")
def test_what_is_composed_has_the_gradients_of_differences(sample: tuple[str, int, dict[str, Any], list[Any]]) -> None:
    network = adjoint.onnx.load(one_node(*sample))
    given = [adjoint.as_tensor(np.asarray(value)) for value in sample[3] if value is not None]
    asked = [value.requires_grad_() if value.dtype is adjoint.float64 else value for value in given]

    def outputs(*values: Any) -> Any:
        found = network(*values)
        return tuple(found) if isinstance(found, tuple) else found

    assert adjoint.autograd.gradcheck(outputs, asked, fast_mode=True, eps=1e-6, atol=1e-5)


def test_regions_and_deformed_convolutions_are_those_of_torchvision() -> None:
    from adjoint.vision.ops import deform_conv2d, roi_align

    x, w, offset, bias, mask = map(adjoint.as_tensor, COMPOSED[0][3])
    found = adjoint.onnx.load(one_node(*COMPOSED[0]))(x, w, offset, bias, mask)
    adjoint.testing.assert_close(found, deform_conv2d(x, offset, w, bias, (2, 1), (1, 1), (1, 2), mask))
    x, boxes, batches = map(adjoint.as_tensor, COMPOSED[1][3])
    found = adjoint.onnx.load(one_node(*COMPOSED[1]))(x, boxes, batches)
    rois = adjoint.cat([batches.unsqueeze(1).to(boxes.dtype), boxes], 1)
    adjoint.testing.assert_close(found, roi_align(x, rois, (2, 3), 1.0, 2, True))
