"""Networks of ONNX files as modules: what they hold, how they are called, trained, copied and saved, and what is refused."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import adjoint as torch  # noqa: E402
from adjoint.onnx.loading import ModelError, OnnxModule, UnknownOperatorError  # noqa: E402
from adjoint.onnx.loading.naming import attribute_paths  # noqa: E402

FLOAT, DOUBLE, INT64, BOOL = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.BOOL


def array(name: str, values: Any, dtype: Any = np.float32) -> Any:
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def value(name: str, kind: int = FLOAT, shape: Any = None) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes: Any, inputs: Any, outputs: Any, weights: Any = (), version: int = 17, **more: Any) -> Any:
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", version), *more.pop("opsets", [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def convolutional(dtype: Any = np.float32) -> Any:
    """A convolution with batch normalization, whose result becomes rows by arithmetic with its shape."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    weights = [
        array("conv.weight", normal(2, 1, 3, 3), dtype), array("conv.bias", normal(2), dtype),
        *(array(f"bn.{name}", np.abs(normal(2, seed=n)) + 0.5, dtype) for n, name in enumerate(("weight", "bias",
        "running_mean", "running_var"))),
        array("rest", [-1], np.int64), array("/Constant_output_0", 0, np.int64), array("axes", [0], np.int64),
        array("onnx::MatMul_7", normal(32, 3), dtype),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["x", "conv.weight", "conv.bias"], ["c"], name="/conv/Conv", pads=[1] * 4),
        helper.make_node(
            "BatchNormalization", ["c", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"], ["b"]
        ),
        helper.make_node("Tanh", ["b"], ["r"]),
        helper.make_node("Shape", ["r"], ["shape"]),
        helper.make_node("Gather", ["shape", "/Constant_output_0"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["rows"], axis=0),
        helper.make_node("Reshape", ["r", "rows"], ["flat"]),
        helper.make_node("MatMul", ["flat", "onnx::MatMul_7"], ["y"]),
    ]
    return model(nodes, [value("x", kind, ["batch", 1, 4, 4])], [value("y", kind, ["batch", 3])], weights)


@pytest.fixture
def network() -> OnnxModule:
    return torch.onnx.load(convolutional())


X = torch.as_tensor(normal(2, 1, 4, 4, seed=5)).float()


def test_weights_are_parameters_by_the_files_names_and_statistics_are_buffers(network: OnnxModule) -> None:
    assert [*dict(network.named_parameters())] == [
        "onnx__MatMul_7", "conv.weight", "conv.bias", "bn.weight", "bn.bias"
    ]  # fmt: skip
    assert [*dict(network.named_buffers())] == ["bn.running_mean", "bn.running_var"]
    assert network.names["onnx::MatMul_7"] == "onnx__MatMul_7" and network.conv.weight.shape == (2, 1, 3, 3)
    assert not network.training


def test_the_outputs_are_onnxruntimes_for_any_batch(network: OnnxModule) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(convolutional().SerializeToString(), providers=["CPUExecutionProvider"])
    for size in (1, 2, 5):
        x = normal(size, 1, 4, 4, seed=size).astype(np.float32)
        np.testing.assert_allclose(
            network(torch.as_tensor(x)).detach().numpy(), session.run(None, {"x": x})[0], rtol=1e-4, atol=1e-5
        )


def test_a_state_goes_back_and_forth(network: OnnxModule) -> None:
    other = torch.onnx.load(convolutional())
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(2)
    assert not torch.equal(network(X), other(X))
    network.load_state_dict(other.state_dict())
    assert torch.equal(network(X), other(X))


def test_copies_and_pickles_compute_the_same_and_are_their_own(network: OnnxModule) -> None:
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    for twin in (copy.deepcopy(network), pickle.loads(pickle.dumps(network)), torch.load(file, weights_only=False)):
        assert torch.equal(twin(X), network(X))
        with torch.no_grad():
            twin.conv.weight.zero_()
        assert not torch.equal(twin(X), network(X))
    weights = sum(p.numel() for p in network.parameters()) * 4
    large = torch.onnx.load(
        model(
            [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x")], [value("y")], [array("w", normal(300, 300))]
        )
    )
    assert len(pickle.dumps(large)) < 300 * 300 * 4 + 20000  # once, not in the graph too
    assert weights


def test_gradients_are_those_of_differences() -> None:
    network = torch.onnx.load(convolutional(np.float64))
    x = torch.as_tensor(normal(2, 1, 4, 4)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: network(x), (x, *network.parameters()))


def test_training_follows_the_mode_as_modules_do(network: OnnxModule) -> None:
    twin = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, padding=1), torch.nn.BatchNorm2d(2), torch.nn.Tanh(), torch.nn.Flatten(),
                               torch.nn.Linear(32, 3, bias=False))  # fmt: skip
    state = network.state_dict()
    twin.load_state_dict({
        "0.weight": state["conv.weight"], "0.bias": state["conv.bias"],
        **{f"1.{name}": state[f"bn.{name}"] for name in ("weight", "bias", "running_mean", "running_var")},
        "1.num_batches_tracked": torch.tensor(0), "4.weight": state["onnx__MatMul_7"].t(),
    })  # fmt: skip
    network.train()
    for each in (network, twin):
        optimizer = torch.optim.SGD(each.parameters(), 0.1)
        for _ in range(3):
            optimizer.zero_grad()
            each(X).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(network.bn.running_var, twin[1].running_var)
    torch.testing.assert_close(network.conv.weight, twin[0].weight)
    network.eval(), twin.eval()
    torch.testing.assert_close(network(X), twin(X))


def test_statistics_that_an_exporter_wrote_once_are_each_normalizations_own() -> None:
    names = ["w", "zeros", "zeros", "ones"]
    nodes = [
        helper.make_node("Identity", ["zeros"], ["second.mean"]),
        helper.make_node("BatchNormalization", ["x", *names], ["h"]),
        helper.make_node("BatchNormalization", ["h", *names[:2], "second.mean", "ones"], ["y"]),
    ]
    weights = [array("w", [1.0, 2.0]), array("zeros", [0.0, 0.0]), array("ones", [1.0, 1.0])]
    net = torch.onnx.load(model(nodes, [value("x")], [value("y")], weights))
    assert [*dict(net.named_parameters())] == ["w", "zeros"]
    assert [*dict(net.named_buffers())] == ["zeros_", "ones", "ones_", "second.mean"]
    twin = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        for each in twin:
            each.weight.copy_(net.w)
    x = torch.as_tensor(normal(5, 2)).float()
    for copied in (net, pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(copied.train()(x), twin.train()(x))
        assert copied.zeros.abs().max() == 0
        torch.testing.assert_close(copied.second.mean, twin[1].running_mean)
        torch.testing.assert_close(copied.ones_, twin[1].running_var)
        [each.reset_running_stats() for each in twin]


def test_dropout_follows_the_mode() -> None:
    net = torch.onnx.load(model(
        [helper.make_node("Dropout", ["x", "ratio"], ["y"])], [value("x")], [value("y")], [array("ratio", 0.75)]
    ))  # fmt: skip
    x = torch.ones(1000)
    assert torch.equal(net(x), x) and [*net.state_dict()] == []
    net.train()
    assert abs((net(x) == 0).float().mean() - 0.75) < 0.1 and net(x).max() == 4


def test_a_file_that_trains_is_a_module_that_trains() -> None:
    names = ["x", "w", "b", "m", "v"]
    weights = [array(name, [1.0, 2.0]) for name in names[1:]]
    node = helper.make_node("BatchNormalization", names, ["y", "", ""], training_mode=1, momentum=0.5)
    net = torch.onnx.load(model([node], [value("x")], [value("y")], weights))
    assert net.training
    x = torch.as_tensor(normal(4, 2)).float()
    net(x)
    torch.testing.assert_close(net.m, 0.5 * torch.tensor([1.0, 2.0]) + 0.5 * x.mean(0))
    net.eval()
    kept = net.m.clone()
    net(x)
    assert torch.equal(net.m, kept)


def test_arithmetic_with_shapes_leaves_no_trace_in_the_graph(network: OnnxModule) -> None:
    seen = []
    node = network(X).grad_fn
    while node is not None:
        seen.append(node.name())
        node = next((n for n, _ in node.next_functions if n is not None and "Accumulate" not in n.name()), None)
    assert [name.removesuffix("0") for name in seen] == [
        "MmBackward", "ViewBackward", "TanhBackward", "NativeBatchNormBackward", "ConvolutionBackward"
    ]  # fmt: skip


def test_values_are_freed_after_their_last_use(network: OnnxModule) -> None:
    body = network.code.split("except KeyError")[1]
    assert body.count("del ") == 7
    import weakref

    kept: list[Any] = []
    pad = helper.make_node("Add", ["x", "x"], ["a"])
    chain = [pad, *(helper.make_node("Add", [f"{'a' * n}", "x"], ["a" * (n + 1)]) for n in range(1, 6))]
    net = torch.onnx.load(model(chain, [value("x")], [value("a" * 6)]))
    run = net._plan.compiled.run
    for name, function in [*run.__globals__.items()]:
        if name.startswith("add_"):

            def noted(x: Any, y: Any, function: Any = function) -> Any:
                assert sum(ref() is not None for ref in kept) <= 1  # the one that is added to
                result = function(x, y)
                kept.append(weakref.ref(result))
                return result

            run.__globals__[name] = noted
    with torch.no_grad():
        assert torch.equal(net(torch.ones(2)), torch.full((2,), 7.0)) and len(kept) == 6


def test_inputs_are_given_in_order_or_by_name_and_outputs_come_so() -> None:
    nodes = [helper.make_node("Sub", ["a", "b.1"], ["d"]), helper.make_node("Add", ["a", "b.1"], ["s"])]
    made = model(nodes, [value("a"), value("b.1")], [value("d"), value("s")])
    net, named = torch.onnx.load(made), torch.onnx.load(made, named=True)
    one, two = torch.tensor([1.0]), torch.tensor([2.0])
    assert (
        [*net(two, one)]
        == [*net(two, b_1=one)]
        == [*net(**{"b.1": one, "a": two})]
        == [torch.tensor([1.0]), torch.tensor([3.0])]
    )
    assert named(two, one) == {"d": torch.tensor([1.0]), "s": torch.tensor([3.0])}


@pytest.mark.parametrize("given, error, says", [
    ((), TypeError, "the input 'x' of the model is missing; its inputs are x"),
    ((X, X), TypeError, r"the model has 1 inputs \(x\), and 2 are given"),
    ((X.double().long(),), TypeError, "is of dtype torch.float32, not torch.int64"),
    (([1.0],), TypeError, "is a tensor, not list"),
    ((X[0],), ValueError, r"has 4 dimensions, \[batch, 1, 4, 4\], not \[1, 4, 4\]"),
    ((X[:, :, 1:],), ValueError, r"is of shape \[batch, 1, 4, 4\], not \[2, 1, 3, 4\]"),
])  # fmt: skip
def test_inputs_that_do_not_fit_are_refused(network: OnnxModule, given: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        network(*given)


def test_an_unknown_name_is_refused(network: OnnxModule) -> None:
    with pytest.raises(TypeError, match="has no input 'z'; its inputs are x"):
        network(X, z=X)
    with pytest.raises(TypeError, match="the input 'x' of the model is given twice"):
        network(X, x=X)


def test_an_error_on_the_way_names_the_node(network: OnnxModule) -> None:
    with pytest.raises(RuntimeError) as raised:
        network(X.double())
    assert raised.value.__notes__ == ["This is in the model: Conv, node '/conv/Conv'."]


def test_printed_it_is_its_inputs_outputs_and_weights(network: OnnxModule) -> None:
    assert (
        str(network)
        == """OnnxModule(
  the model: 9 nodes, 120 numbers in parameters
  x: float32[batch, 1, 4, 4] ->
  -> y: float32[batch, 3]
  (onnx__MatMul_7): Parameter float32[32, 3]
  (conv): Weights(
    (weight): Parameter float32[2, 1, 3, 3]
    (bias): Parameter float32[2]
  )
  (bn): Weights(
    (weight): Parameter float32[2]
    (bias): Parameter float32[2]
    (running_mean): Buffer float32[2]
    (running_var): Buffer float32[2]
  )
)"""
    )
    graph = network.graph
    assert [node.operator for node in graph][:3] == ["Conv", "BatchNormalization", "Tanh"] and len(graph) == 9
    assert str(graph).splitlines()[1] == "    c = Conv(x, conv.weight, conv.bias, pads=(1, 1, 1, 1))"
    assert graph.opsets == {"ai.onnx": 17} and graph.operators()["Gather"] == 1
    compile(network.code, "code", "exec")


def test_other_precisions_reach_constants_too() -> None:
    constant = helper.make_node("Constant", [], ["k"], value=array("k", normal(3, 3)))
    net = torch.onnx.load(model([constant, helper.make_node("MatMul", ["x", "k"], ["y"])], [value("x")], [value("y")]))
    x = torch.as_tensor(normal(2, 3))
    torch.testing.assert_close(net.double()(x).float(), net.float()(x.float()))
    assert [*net.state_dict()] == [] and [*net.parameters()] == []


def test_what_is_a_parameter_can_be_said() -> None:
    made = model(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"])],
        [value("x")],
        [value("y")],
        [array("w", normal(2, 2)), array("b", normal(2))],
    )
    net = torch.onnx.load(made, parameters=lambda name, tensor: tensor.dim() > 1)
    assert [*dict(net.named_parameters())] == ["w"] and [*net.state_dict()] == ["w", "b"]
    assert [*dict(pickle.loads(pickle.dumps(net)).named_parameters())] == ["w"]


def test_a_parametrization_takes_a_weights_place(network: OnnxModule) -> None:
    class Doubled(torch.nn.Module):
        def forward(self, w: Any) -> Any:
            return 2 * w

    before = network(X)
    with torch.no_grad():
        network.onnx__MatMul_7.div_(2)
    torch.nn.utils.parametrize.register_parametrization(network, "onnx__MatMul_7", Doubled())
    torch.testing.assert_close(network(X), before)
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    zero = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    assert torch.func.functional_call(network, zero, (X,)).abs().max() == 0


def branches() -> Any:
    then = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["t"])], "then", [], [value("t")])
    other = helper.make_graph([helper.make_node("Sub", ["x", "w"], ["e"])], "else", [], [value("e")])
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0), helper.make_node("Greater", ["sum", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], then_branch=then, else_branch=other),
    ]  # fmt: skip
    return model(
        nodes,
        [value("x", DOUBLE)],
        [value("y", DOUBLE)],
        [array("w", [2.0, 3.0], np.float64), array("zero", 0.0, np.float64)],
    )


def test_a_branch_sees_what_is_around_it_and_has_gradients() -> None:
    net = torch.onnx.load(branches())
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.equal(net(x), x * net.w) and torch.equal(net(-x), -x - net.w)
    assert torch.autograd.gradcheck(lambda x, w: net(x), (x, net.w)) and torch.autograd.gradcheck(
        lambda x, w: net(-x), (x, net.w)
    )


def test_a_loop_carries_and_collects_and_has_gradients() -> None:
    body = helper.make_graph(
        [
            helper.make_node("Mul", ["state", "w"], ["next"]), helper.make_node("Identity", ["going"], ["goes"]),
            helper.make_node("Add", ["next", "x"], ["seen"]),
        ],
        "body", [value("i", INT64, []), value("going", BOOL, []), value("state", DOUBLE)],
        [value("goes", BOOL, []), value("next", DOUBLE), value("seen", DOUBLE)],
    )  # fmt: skip
    net = torch.onnx.load(model(
        [helper.make_node("Loop", ["times", "", "x"], ["last", "all"], body=body)], [value("x", DOUBLE), value("times", INT64, [])],
        [value("last", DOUBLE), value("all", DOUBLE)], [array("w", [2.0, 3.0], np.float64)],
    ))  # fmt: skip
    x = torch.tensor([1.0, -1.0], dtype=torch.float64, requires_grad=True)
    last, seen = net(x, torch.tensor(3))
    assert torch.equal(last, x * net.w**3) and torch.equal(seen, torch.stack([x * net.w**n + x for n in (1, 2, 3)]))
    assert torch.autograd.gradcheck(lambda x, w: net(x, torch.tensor(3)), (x, net.w))
    assert pickle.loads(pickle.dumps(net))(x, torch.tensor(2))[1].shape == (2, 2)


def test_functions_of_the_file_are_put_in_place_of_calls() -> None:
    scaled = helper.make_function(
        "mine", "Scaled", ["a", "factor"], ["out"],
        [helper.make_node("Mul", ["a", "factor"], ["m"]), node_with_reference("LeakyRelu", ["m"], ["out"], "alpha", "slope")],
        [helper.make_opsetid("", 17)], ["slope"],
    )  # fmt: skip
    nodes = [
        helper.make_node("Scaled", ["x", "w"], ["h"], domain="mine", slope=0.5),
        helper.make_node("Scaled", ["h", "w"], ["y"], domain="mine", slope=0.25),
    ]
    made = model(
        nodes,
        [value("x")],
        [value("y")],
        [array("w", [2.0])],
        opsets=[helper.make_opsetid("mine", 1)],
        functions=[scaled],
    )
    net = torch.onnx.load(made)
    assert net(torch.tensor([-1.0, 3.0])).tolist() == [-0.5, 12.0]


def node_with_reference(operator: str, inputs: Any, outputs: Any, attribute: str, of: str) -> Any:
    node = helper.make_node(operator, inputs, outputs)
    reference = node.attribute.add()
    reference.name, reference.ref_attr_name, reference.type = attribute, of, onnx.AttributeProto.FLOAT
    return node


def test_an_unknown_operator_is_named_with_its_node_and_its_file() -> None:
    made = model([helper.make_node("Fancy", ["x"], ["y"], name="the one", domain="mine")], [value("x")], [value("y")],
                 opsets=[helper.make_opsetid("mine", 1)])  # fmt: skip
    with pytest.raises(
        UnknownOperatorError,
        match=r"the model: the operator Fancy of the domain mine is not known \(mine.Fancy, node 'the one'\)",
    ):
        torch.onnx.load(made)
    with pytest.raises(ModelError, match="does not say which version of other it is written for"):
        torch.onnx.load(model([helper.make_node("Fancy", ["x"], ["y"], domain="other")], [value("x")], [value("y")]))
    with pytest.raises(ModelError, match="has no attribute 'slope'"):
        torch.onnx.load(model([helper.make_node("LeakyRelu", ["x"], ["y"], slope=1.0)], [value("x")], [value("y")]))
    with pytest.raises(UnknownOperatorError, match="tensors of string"):
        torch.onnx.load(
            model([helper.make_node("Identity", ["x"], ["y"])], [value("x", TensorProto.STRING)], [value("y")])
        )


def test_a_graph_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ModelError, match="asks for the value 'q', which nothing before it computes"):
        torch.onnx.load(model([helper.make_node("Neg", ["q"], ["y"])], [value("x")], [value("y")]))
    with pytest.raises(ModelError, match="two nodes compute the value 'y'"):
        torch.onnx.load(model([helper.make_node("Neg", ["x"], ["y"])] * 2, [value("x")], [value("y")]))
    with pytest.raises(ModelError, match="the graph's outputs asks for the value 'y'"):
        torch.onnx.load(model([helper.make_node("Neg", ["x"], ["z"])], [value("x")], [value("y")]))


@pytest.mark.parametrize("nodes, weights, says", [
    ([helper.make_node("ConstantOfShape", ["s"], ["y"])], [array("s", [10**7] * 3, np.int64)], "overflow"),
    ([helper.make_node("Range", list("abc"), ["y"])], [array(n, v, np.int64) for n, v in zip("abc", (0, 10**15, 1))],
    "Unable to allocate"),
    ([helper.make_node("Identity", ["w"], ["y"])], [TensorProto(name="w", data_type=1, dims=[10**6] * 3)], "is damaged"),
    ([helper.make_node("Identity", ["w"], ["y"])], [TensorProto(name="w", data_type=1, dims=[-3])], "is negative"),
])  # fmt: skip
def test_a_small_file_that_asks_for_more_memory_than_there_is_is_refused(nodes: Any, weights: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        torch.onnx.load(model(nodes, [], [value("y")], weights))


def test_functions_that_call_functions_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adjoint.onnx.loading.compiling.MOST", 100)
    last = helper.make_function(
        "mine", "F9", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    opset = helper.make_opsetid("mine", 1)
    doubling = [
        helper.make_function("mine", f"F{n}", ["a"], ["b"], [
            helper.make_node(f"F{n + 1}", ["a"], ["c"], domain="mine"), helper.make_node(f"F{n + 1}", ["c"], ["b"], domain="mine")
        ], [opset]) for n in range(9)
    ]  # fmt: skip
    call = helper.make_node("F0", ["x"], ["y"], domain="mine")
    with pytest.raises(ModelError, match="has more than 100 nodes"):
        torch.onnx.load(model([call], [value("x")], [value("y")], opsets=[opset], functions=[*doubling, last]))
    itself = helper.make_function(
        "mine", "F0", ["a"], ["b"], [helper.make_node("F0", ["a"], ["b"], domain="mine")], [opset]
    )
    with pytest.raises(ModelError, match="the function F0 calls itself"):
        torch.onnx.load(model([call], [value("x")], [value("y")], opsets=[opset], functions=[itself]))


def test_a_weight_that_meets_sizes_stays_a_parameter() -> None:
    """A token that is spread over the batch, and a place for each word: their other operands are computed of shapes."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Slice", ["shape", "zero", "one"], ["n"]),
        helper.make_node("Concat", ["n", "width"], ["sizes"], axis=0), helper.make_node("Expand", ["token", "sizes"], ["spread"]),
        helper.make_node("Cast", ["n"], ["count"], to=FLOAT), helper.make_node("Mul", ["count", "scale"], ["scaled"]),
        helper.make_node("Add", ["spread", "x"], ["sum"]), helper.make_node("Mul", ["sum", "scaled"], ["y"]),
    ]  # fmt: skip
    weights = [
        array("zero", [0], np.int64),
        array("one", [1], np.int64),
        array("width", [2], np.int64),
        array("token", [[1.0, 2.0]]),
        array("scale", [3.0]),
    ]
    net = torch.onnx.load(model(nodes, [value("x", FLOAT, ["n", 2])], [value("y")], weights))
    assert [*dict(net.named_parameters())] == ["token", "scale"]
    net(torch.ones(4, 2)).sum().backward()
    assert net.token.grad.tolist() == [[48.0, 48.0]] and net.scale.grad.tolist() == [4 * 4 * 5.0]


def test_a_gradient_that_is_not_computed_is_refused_and_not_left_out() -> None:
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["k"], keepdims=0),
        helper.make_node("Pad", ["x", "pads", "k"], ["y"]),
    ]
    net = torch.onnx.load(model(nodes, [value("x")], [value("y")], [array("pads", [1, 0], np.int64)]))
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert net(x.detach()).tolist() == [3, 1, 2]
    with pytest.raises(NotImplementedError, match="Pad has no gradient with respect to its numbers"):
        net(x)
    with torch.no_grad():
        assert net(x).tolist() == [3, 1, 2]


def test_attention_that_may_look_at_nothing_has_gradients() -> None:
    names = list("qkv")
    nodes = [helper.make_node("Attention", [*names, "mask"], ["y"])]
    mask = array("mask", [[True, False], [False, False]], np.bool_)
    net = torch.onnx.load(model(nodes, [value(n, DOUBLE) for n in names], [value("y", DOUBLE)], [mask], version=23))
    given = [torch.as_tensor(normal(1, 2, 2, 3, seed=n)).requires_grad_() for n in range(3)]
    assert net(*given)[:, :, 1].abs().max() == 0
    assert torch.autograd.gradcheck(lambda *each: net(*each), given)


def test_any_cut_or_changed_file_gives_one_kind_of_error() -> None:
    content = convolutional().SerializeToString()
    rng = np.random.default_rng(0)
    attempts = [content[:n] for n in range(0, len(content), 97)]
    for _ in range(60):
        changed = bytearray(content)
        for place in rng.integers(0, len(content), 4):
            changed[place] = rng.integers(256)
        attempts.append(bytes(changed))
    refused = 0
    for attempt in attempts:
        try:
            torch.onnx.load(attempt)
        except ModelError:
            refused += 1
    assert refused > 20
    with pytest.raises(ModelError, match="is no model of ONNX, or is damaged"):
        torch.onnx.load(b"PK nonsense")


def save_external(folder: Path, location: str, **more: Any) -> Path:
    weight = array("w", normal(2, 3))
    (folder / "weights.bin").write_bytes(b"\0" * 16 + weight.raw_data)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in {"location": location, "offset": "16", "length": "24", **more}.items():
        weight.external_data.add(key=key, value=text)
    path = folder / "inner" / "net.onnx" if location.startswith("..") else folder / "net.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        model([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x")], [value("y")], [weight]).SerializeToString()
    )
    return path


def test_weights_in_other_files_are_read_from_the_models_folder_only(tmp_path: Path) -> None:
    path = save_external(tmp_path, "weights.bin")
    net = torch.onnx.load(path)
    torch.testing.assert_close(net.w.detach(), torch.as_tensor(normal(2, 3)).float())
    assert "net.onnx: 1 nodes" in str(net)
    with path.open("rb") as file, pytest.raises(ModelError, match="was not given by its path has none"):
        torch.onnx.load(file)
    for location, more, says in (
        ("../weights.bin", {}, "outside of the model's folder"), ("/etc/hostname", {}, "outside of the model's folder"),
        ("weights.bin", {"length": "999"}, "lies at bytes 16 to 1015 of weights.bin, which has 40"),
        ("weights.bin", {"offset": "-1"}, "lies at bytes"), ("weights.bin", {"length": "20"}, "is damaged"),
    ):  # fmt: skip
        with pytest.raises(ModelError, match=says):
            torch.onnx.load(save_external(tmp_path, location, **more))
    with pytest.raises(FileNotFoundError):
        torch.onnx.load(save_external(tmp_path, "nowhere.bin"))
    (tmp_path / "link.bin").symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="outside of the model's folder"):
        torch.onnx.load(save_external(tmp_path, "link.bin"))


def test_a_path_bytes_a_file_and_a_model_are_the_same(tmp_path: Path) -> None:
    made = convolutional()
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    with path.open("rb") as file:
        nets = [torch.onnx.load(source) for source in (path, str(path), path.read_bytes(), file, made)]
    assert len({net(X).sum().item() for net in nets}) == 1 and made == convolutional()
    with pytest.raises(TypeError, match="not int"):
        torch.onnx.load(3)


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float64", "int8", "uint8", "int16", "int32", "int64", "uint16", "bool"]
)
def test_weights_of_any_dtype_are_read(dtype: str) -> None:
    kind = getattr(
        TensorProto, {"float16": "FLOAT16", "bfloat16": "BFLOAT16", "float64": "DOUBLE"}.get(dtype, dtype.upper())
    )
    weight = helper.make_tensor("w", kind, [3], [0, 1, 3])
    net = torch.onnx.load(model([helper.make_node("Identity", ["w"], ["y"])], [], [value("y", kind)], [weight]))
    assert net().dtype is getattr(torch, dtype) and net().float().tolist() == [0, 1, 1 if dtype == "bool" else 3]
    assert [*net.state_dict()] == ["w"] and isinstance(net.w, torch.nn.Parameter) == net.w.dtype.is_floating_point


def test_sparse_weights_and_those_of_four_bits_are_read() -> None:
    sparse = helper.make_sparse_tensor(array("w", [2.0, 3.0]), array("places", [1, 3], np.int64), [2, 2])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["y"])], "net", [], [value("y")], sparse_initializer=[sparse]
    )
    assert torch.onnx.load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))().tolist() == [
        [0, 2],
        [0, 3],
    ]
    weights = [helper.make_tensor("w", TensorProto.INT4, [3], [-8, 3, 7]), array("scale", 0.5)]
    net = torch.onnx.load(
        model([helper.make_node("DequantizeLinear", ["w", "scale"], ["y"])], [], [value("y")], weights, version=21)
    )
    assert net().tolist() == [-4.0, 1.5, 3.5]


def test_what_may_be_absent() -> None:
    node = helper.make_node("Optional", ["x"], ["o"])
    made = model(
        [node, helper.make_node("OptionalHasElement", ["o"], ["y"])], [value("x")], [value("y", BOOL)], version=18
    )
    assert torch.onnx.load(made)(X).item() is True


def test_names_that_are_none_of_pythons_become_some() -> None:
    assert attribute_paths(["a.b", "a", "a/b", "a_b", "forward", "0.weight", "", "graph.x"]) == {
        "a.b": "a.b", "a": "a_1", "a/b": "a_b", "a_b": "a_b_1", "forward": "forward_", "0.weight": "0.weight", "": "_",
        "graph.x": "graph_.x",
    }  # fmt: skip


def test_the_file_of_adjoints_own_network_under_inference_mode(network: OnnxModule) -> None:
    with torch.inference_mode():
        assert network(X).is_inference() and not network(X).requires_grad
