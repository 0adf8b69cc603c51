"""torch.onnx.export: models, dynamic sizes, names, what is refused, and that nothing is left changed."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest

import adjoint as torch
from adjoint import nn
from adjoint.autograd.interception import intercept
from adjoint.func.vmap import instead
from adjoint.library.operators import around
from adjoint.onnx.errors import OnnxExporterError, UnsupportedOperatorError
from tests.test_onnx_export_operators import compare

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def exported(model, args, **options):
    """The program, checked by onnx, whose outputs with these arguments are the model's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(model, args, **options)
    onnx.checker.check_model(program.model_proto, full_check=True)
    with torch.no_grad():
        compare(program, args, model(*args))
    return program


def sizes(value):
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


class Attention(nn.Module):
    """Positions, a mask and shape arithmetic that all depend on the length."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(11, 8), nn.Embedding(64, 8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, ids):
        b, t = ids.shape
        x = self.tokens(ids) + self.places(torch.arange(t))
        q, k, v = self.qkv(x).view(b, t, 3, 2, 4).permute(2, 0, 3, 1, 4)
        mask = torch.full((t, t), float("-inf")).triu(1)
        weights = (q @ k.transpose(-2, -1) / t**0.5 + mask).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, t, -1)), torch.zeros(b, 3) + t


def test_sizes_that_python_computes_stay_sizes():
    model, ids = Attention().eval(), torch.arange(10).view(2, 5)
    program = exported(model, (ids,), dynamic_shapes={"ids": {0: "batch", 1: torch.export.Dim("time", max=64)}})
    assert sizes(program.model_proto.graph.input[0]) == ["batch", "time"]
    assert sizes(program.model_proto.graph.output[0]) == ["batch", "time", 8]
    for b, t in ((1, 1), (3, 7), (4, 33)):
        ids = torch.arange(b * t).view(b, t) % 11
        with torch.no_grad():
            compare(program, (ids,), model(ids))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.topk(x.shape[1] // 2, 1).values,
        lambda x: (x.shape[0], x.numel(), x.sum(1) / x.shape[1]),
        lambda x: x[:, -(x.shape[1] // 2) :] + 2 ** -(x.shape[1] // x.shape[1]),
        lambda x: torch.nn.functional.interpolate(x[None], size=x.shape[1] * 2 + 1),
        lambda x: torch.cat([x, x.new_zeros(x.size(0), 2, 8)], 1).reshape(x.size(0) * (x.size(1) + 2), -1),
    ],
)
def test_numbers_made_of_sizes(function):
    program = torch.onnx.export(function, (torch.rand(2, 6, 8),), dynamic_shapes=({0: "n", 1: "t"},))
    for n, t in ((1, 5), (4, 9)):
        x = torch.rand(n, t, 8)
        expected = function(x)
        found = program(x)
        for own, want in zip(found, expected if isinstance(expected, tuple) else (expected,)):
            np.testing.assert_allclose(own.numpy(), np.asarray(want), rtol=1e-5)


def test_a_model_of_limited_length():
    class Limited(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("places", torch.arange(8.0))

        def forward(self, x):
            return x + self.places[: x.shape[1]]

    exported(Limited().eval(), (torch.rand(2, 4),), dynamic_shapes=({0: "n", 1: "t"},))
    exported(Limited().eval(), (torch.rand(2, 8),), dynamic_shapes=({0: "n", 1: "t"},))


def test_a_loop_over_a_dynamic_dimension_is_refused_with_the_line():
    def total(x):
        result = x[0]
        for i in range(1, x.shape[0]):
            result = result + x[i]
        return result

    assert exported(total, (torch.ones(3, 2),))
    with pytest.raises(OnnxExporterError, match=r"loop over a dynamic dimension[\s\S]*test_onnx_export.py"):
        torch.onnx.export(total, (torch.ones(3, 2),), dynamic_shapes=({0: "n"},))


def test_a_constant_that_hides_a_dynamic_size_is_refused():
    def hidden(x):
        return x + torch.from_numpy(np.arange(x.shape[0], dtype=np.float32))[:, None]

    assert exported(hidden, (torch.ones(3, 2),))
    with pytest.raises(OnnxExporterError, match="differ"):
        torch.onnx.export(hidden, (torch.ones(3, 2),), dynamic_shapes=({0: "n"},))


@pytest.mark.parametrize(
    "asks", [lambda x: bool(x.sum() > 0), lambda x: x.sum().item(), lambda x: x.numpy(), lambda x: int(x[0, 0])]
)
def test_what_depends_on_values_is_refused_and_was_warned_of_by_the_older_exporter(asks):
    def model(x):
        return x + 1 if asks(x) is not None else x

    with pytest.raises(OnnxExporterError, match=r"depends on what a tensor holds[\s\S]*in <lambda>"):
        torch.onnx.export(model, (torch.ones(2, 2),))
    with pytest.warns(
        torch.jit.TracerWarning, match="Converting a tensor to a .* might cause the trace to be incorrect"
    ):
        torch.onnx.export(model, (torch.ones(2, 2),), io.BytesIO(), dynamo=False)
    assert not torch.onnx.is_in_onnx_export() and not torch.overrides._len_torch_function_stack()
    assert not intercept.active and not instead and not around


def test_a_function_that_onnx_lacks_is_named_with_the_line():
    def model(x):
        return torch.linalg.inv(x)

    with pytest.raises(
        UnsupportedOperatorError,
        match=r"aten::inverse[\s\S]*opset version 20 is not supported[\s\S]*return torch.linalg.inv",
    ):
        torch.onnx.export(model, (torch.eye(2),))


def test_what_is_not_needed_need_not_be_known():
    def model(x):
        torch.linalg.inv(x)
        return x * 2

    assert [n.op_type for n in exported(model, (torch.eye(2),)).model_proto.graph.node] == ["Mul"]


def test_names_of_weights_nodes_inputs_and_outputs():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True)).eval()
    program = exported(model, (torch.ones(1, 1, 5, 5),), input_names=["image"], output_names=["features"])
    graph = program.model_proto.graph
    assert [t.name for t in graph.initializer] == [
        n for n in model.state_dict() if not n.endswith("num_batches_tracked")
    ]
    assert [n.name for n in graph.node] == ["/0/Conv", "/1/BatchNormalization", "/2/Relu"]
    assert [graph.input[0].name, graph.output[0].name] == ["image", "features"]


def test_nested_inputs_and_outputs_come_in_order():
    def model(pair, *, table):
        return {"sum": pair[0] + pair[1], "rest": (table["b"], [table["a"] * 2])}

    one = torch.ones(2)
    given = {"a": one * 3, "b": one * 4}
    program = torch.onnx.export(model, ((one, one * 2),), kwargs={"table": given})
    assert [v.name for v in program.model_proto.graph.input] == ["pair_0", "pair_1", "table_a", "table_b"]
    assert [t.tolist() for t in program((one, one * 2), table=given)] == [[3, 3], [4, 4], [6, 6]]


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout())
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with pytest.warns(UserWarning, match="in training mode"):
        torch.onnx.export(model, (torch.rand(4, 3, generator=torch.Generator()),))
    with pytest.warns(DeprecationWarning, match="legacy"):
        assert torch.onnx.export(model, (torch.ones(4, 3),), io.BytesIO(), dynamo=False) is None
    assert model.training and model[0].training and not model[1].training and torch.equal(torch.rand(1), expected)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_files_with_and_without_weights(tmp_path):
    model, x = nn.Linear(40, 30).eval(), torch.ones(2, 40)
    program = torch.onnx.export(model, (x,), tmp_path / "one.onnx", external_data=False)
    torch.onnx.export(model, (x,), str(tmp_path / "two.onnx"))
    bare = tmp_path / "bare.onnx"
    torch.onnx.export(model, (x,), bare, export_params=False, external_data=False, keep_initializers_as_inputs=True)
    assert (tmp_path / "two.onnx.data").stat().st_size >= 40 * 30 * 4
    for name in ("one.onnx", "two.onnx"):
        graph = onnx.load(tmp_path / name).graph
        assert [t.raw_data for t in graph.initializer] == [t.raw_data for t in program.model_proto.graph.initializer]
    bare = onnx.load(bare).graph
    assert not bare.initializer and [v.name for v in bare.input] == ["input", "weight", "bias"]
    program.apply_weights({"weight": torch.zeros(30, 40)})
    assert torch.equal(program(x)[0], model.bias.expand(2, 30))
    with pytest.raises(TypeError, match="path"):
        program.save(io.BytesIO(), external_data=True)


@pytest.mark.parametrize("opset", [16, 99])
def test_an_opset_that_is_not_there(opset):
    with pytest.raises(ValueError, match="Unsupported ONNX opset version"):
        torch.onnx.export(nn.ReLU(), (torch.ones(1),), opset_version=opset)


@pytest.mark.parametrize("opset", [17, 18, 23])
def test_other_opsets(opset):
    model = nn.Sequential(
        nn.Conv1d(2, 4, 3), nn.GroupNorm(2, 4), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Softmax(-1)
    ).eval()
    program = exported(model, (torch.rand(2, 2, 9),), opset_version=opset, dynamic_shapes=({0: "n", 2: "length"},))
    assert program.model_proto.opset_import[0].version == opset


def test_operators_of_ones_own():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def symbolic(g, x):
            return g.op("my::Twice", x, factor_i=2)

    program = torch.onnx.export(lambda x: Twice.apply(x) + 1, (torch.ones(2),))
    node = program.model_proto.graph.node[0]
    assert (node.domain, node.op_type, node.attribute[0].i) == ("my", "Twice", 2)
    torch.onnx.register_custom_op_symbolic("aten::linalg_inv_ex", lambda g, x, **_: (g.op("my::Inverse", x), x), 1)
    torch.onnx.register_custom_op_symbolic("aten::linalg.inv", lambda g, x: g.op("my::Inverse", x), 1)
    try:
        program = torch.onnx.export(torch.linalg.inv, (torch.eye(2),))
        assert [n.op_type for n in program.model_proto.graph.node] == ["Inverse"]
    finally:
        torch.onnx.unregister_custom_op_symbolic("aten::linalg_inv_ex", 1)
        torch.onnx.unregister_custom_op_symbolic("aten::linalg.inv", 1)


def test_operators_of_a_library():
    library = torch.library.Library("onnx_sample", "DEF")
    library.define("double(Tensor x) -> Tensor")
    library.impl("double", lambda x: x * 2, "CPU")

    def kinds(**options):
        program = exported(lambda x: torch.ops.onnx_sample.double(x) + 1, (torch.ones(2),), **options)
        return [node.op_type for node in program.model_proto.graph.node]

    assert kinds() == ["Mul", "Add"]  # by what it calls
    table = {torch.ops.onnx_sample.double.default: lambda g, x: g.op("Sum", x, x)}
    assert kinds(custom_translation_table=table) == ["Sum", "Add"]
    torch.onnx.register_custom_op_symbolic("onnx_sample::double", lambda g, x: g.op("Sum", x, x), 20)
    try:
        assert kinds() == ["Sum", "Add"]
    finally:
        torch.onnx.unregister_custom_op_symbolic("onnx_sample::double", 20)


def test_values_that_python_code_takes_out_of_sight_are_noticed():
    def model(x):
        return x + torch.from_numpy(x._array * 2)  # as code below the public functions may

    with pytest.raises(OnnxExporterError, match="differs with other inputs"):
        torch.onnx.export(model, (torch.rand(3),))


def test_what_a_model_keeps_of_its_first_run_is_a_constant():
    class Cached(nn.Module):
        mask = None

        def forward(self, x):
            if self.mask is None:
                self.mask = torch.ones(3, 3).tril()
            return x * self.mask

    assert len(exported(Cached().eval(), (torch.rand(3, 3),)).model_proto.graph.initializer) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_dtypes(dtype):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(dtype).eval()
    program = torch.onnx.export(model, (torch.rand(2, 3).to(dtype),), verify=True)
    assert program(torch.rand(2, 3).to(dtype))[0].dtype == dtype


def test_vmap_of_single_numbers_becomes_broadcasting():
    def mask(x):
        n = x.shape[0]
        rows = torch.vmap(torch.vmap(lambda i, j: j <= i, (None, 0)), (0, None))(torch.arange(n), torch.arange(n))
        return x.masked_fill(rows, 0)

    exported(mask, (torch.ones(3, 3),), dynamic_shapes=({0: "n", 1: "n"},))
    with pytest.raises(OnnxExporterError, match="vmap"):
        torch.onnx.export(lambda x: torch.vmap(torch.sum)(x), (torch.ones(3, 3),))


def test_axes_by_name_of_inputs_and_outputs():
    with pytest.warns(UserWarning, match="'dynamic_axes' is not recommended"):
        program = torch.onnx.export(
            nn.Linear(3, 2).eval(),
            (torch.ones(4, 3),),
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": [0], "y": {0: "rows"}},
        )
    graph = program.model_proto.graph
    assert [sizes(graph.input[0]), sizes(graph.output[0])] == [["x_dynamic_axes_1", 3], ["rows", 2]]
