"""``torch.fx``: graphs, their code and what is done with them, beside PyTorch's."""

from __future__ import annotations

import copy
import importlib
import io
import math
import operator
import pickle
import typing
from typing import Any

import pytest

import adjoint
from tests.both import agree, torch


def _fx(torch: Any) -> Any:
    return importlib.import_module(f"{torch.__name__}.fx")


def _both(scenario: Any, raises: bool = False) -> None:
    """Assert that the scenario, a function of ``torch`` and ``torch.fx``, prints and raises the same with both."""
    agree(lambda torch: scenario(torch, _fx(torch)), raises=raises, warnings_too=False)


def scaled(a: Any, by: Any = 1) -> Any:
    return a * by


from math import sqrt  # noqa: E402

for library in (torch, adjoint):
    exec("fx.wrap('scaled'), fx.wrap('len'), fx.wrap('sqrt')", {**globals(), "fx": _fx(library)})
for name in ("scaled", "len", "sqrt"):  # those were of a dictionary that is gone
    theirs, ours = _fx(torch)._symbolic_trace._wrapped_fns_to_patch, importlib.import_module("adjoint.fx.patching")
    for places in (theirs, ours.wrapped_functions):
        places[id(globals()), name] = globals()


def models(torch: Any) -> tuple[Any, type]:
    """A model with a loop over blocks, a parameter and a buffer used directly, and a module used twice."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))
            self.act = nn.ReLU()
            self.register_buffer("b", torch.zeros(2))

        def forward(self, x: Any) -> Any:
            return self.act(x * self.w + self.b)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([Block(), Block()])
            self.seq = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Dropout(0.1)))
            self.shared = self.seq[0]

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.shared(self.seq(x))

    return Net().eval(), Block


FUNCTIONS: dict[str, Any] = {
    "operators": lambda torch, F: lambda x, y: (
        x + 1, 1 + x, x - y, 2 - x, x * y, x / 2, 2 / x, x // 2, x % 2, x**2, 2**x, -x, +x, ~x, x @ y, x & y, x | y, x ^ y, x << 1,
        x >> 1, x == y, x != y, x < y, x <= 1, x > y, x >= y, abs(x), x[0], x[:, 1], x[..., None], x[y], x.T, x.shape, x.a.b.c,
    ),
    "methods": lambda torch, F: lambda x, y: (
        x.view(x.size(0), -1), x.sum(dim=1), x.nope(1, k=2).other, x.relu_().add(y, alpha=2), x.new_zeros(3), x(y),
    ),
    "functions of torch": lambda torch, F: lambda x, y: [
        torch.add(x, y, alpha=2), torch.cat((x, y)), torch.stack([x, y], dim=1), torch.where(x > 0, x, y), torch.sum(x, dim=1),
        torch.max(x, 1), torch.matmul(x, y), torch.einsum("ij,jk->ik", x, y), torch.linalg.norm(x), torch.special.entr(x),
        torch.fft.fft(x), torch.flatten(x, 1), torch.meshgrid(x, y, indexing="ij"), torch.zeros_like(x), torch.topk(x, 2),
        torch.unique(x), torch.chunk(x, 2), torch.bmm(x, y), torch.clamp(x, 0, 1), torch.sigmoid(x), torch.tanh(x),
        torch.conv2d(x, y), torch.softmax(x, -1), torch.layer_norm(x, (2,)), torch.relu(x), torch.relu_(x), torch.abs(input=x),
        torch.tensordot(x, y), torch.block_diag(x, y), torch.split(x, 2, dim=1), torch.linalg.det(x), torch.det(x),
    ],
    "functions of torch.nn": lambda torch, F: lambda x, w, y: [
        F.relu(x), F.relu(x, True), F.relu(x, inplace=True), F.gelu(x), F.silu(x), F.sigmoid(x), F.tanh(x), F.softplus(x),
        F.leaky_relu(x, 0.1), F.linear(x, w), F.linear(x, w, y), F.conv2d(x, w, stride=2, padding=1), F.conv1d(x, w),
        F.max_pool2d(x, 2), F.avg_pool2d(x, 2), F.adaptive_avg_pool2d(x, (1, 1)), F.interpolate(x, scale_factor=2, mode="nearest"),
        F.pad(x, (1, 1)), F.dropout(x), F.batch_norm(x, w, y, training=True), F.layer_norm(x, (4,), w), F.group_norm(x, 2),
        F.embedding(x, w), F.cross_entropy(x, y), F.mse_loss(x, y), F.log_softmax(x, 1), F.softmax(x, dim=1), F.normalize(x),
        F.one_hot(x, 3), F.scaled_dot_product_attention(x, w, y, is_causal=True), F.hardswish(x), F.elu(x),
        F.cosine_similarity(x, y),
        F.pixel_shuffle(x, 2), F.logsigmoid(x), F.threshold(x, 1, 2), F.nll_loss(x, y), F.unfold(x, 3), F.embedding_bag(x, w),
        F.hardtanh(x), F.relu6(x), F.prelu(x, w), F.rms_norm(x, (2,)), F.binary_cross_entropy_with_logits(x, y),
    ],
    "calls that are noted": lambda torch, F: lambda x: math.sqrt(x.size(0)) + sqrt(x.size(1)) + len(x) + scaled(x, by=3),
    "containers": lambda torch, F: lambda x: {"a": (x, [x + 1, slice(x, None)]), "b": torch.cat([x, x])},
    "assertions": lambda torch, F: lambda x: (torch._assert(x.shape[0] == 3, f"not {x}"), x + 1),
    "two lambdas": lambda torch, F: lambda x: (lambda y: y + 1)(x),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_traced_function_prints_as_in_pytorch(name: str) -> None:
    def scenario(torch: Any, fx: Any) -> None:
        traced = fx.symbolic_trace(FUNCTIONS[name](torch, torch.nn.functional))
        print(traced.code)
        print(traced.graph)
        print([(n.op, n.name, n.args, n.kwargs, list(n.users)) for n in traced.graph.nodes])

    _both(scenario)


def _unpacked(x: Any) -> Any:
    a, b, c = x
    return a + b * c


def _starred(x: Any, *args: Any, y: int = 2, **kw: Any) -> Any:
    return x + args[0] + y + kw["a"]


def test_signatures_of_every_kind_are_traced() -> None:
    def annotated(x: typing.List[int], y: typing.Optional[int] = None, z: int = 3) -> typing.Dict[str, int]:  # noqa: UP006, UP045
        return {"a": x[0]}

    annotated.__annotations__ = {
        "x": typing.List[int], "y": typing.Optional[int], "z": "int", "return": typing.Dict[str, int]  # noqa: UP006, UP045
    }  # fmt: skip

    def scenario(torch: Any, fx: Any) -> None:
        for function in (_unpacked, _starred, annotated, lambda f, x=(1, 2.0, None, "s"): f(x, 2)):
            traced = fx.symbolic_trace(function)
            print(traced.code, str(traced.graph), traced.graph._target_to_str(operator.add))

    _both(scenario)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x.sum() > 0 else -x,
        lambda x: [y for y in x],  # noqa: C416
        lambda x: range(x),
        lambda x: x[0].__len__(),
        lambda d: scaled(**d),
        lambda x: x @ object(),
    ],
)
def test_what_a_graph_cannot_hold_is_refused_as_in_pytorch(function: Any) -> None:
    _both(lambda torch, fx: fx.symbolic_trace(function), raises=True)


def test_a_traced_module_has_the_parts_that_its_graph_names_and_computes_the_same() -> None:
    def scenario(torch: Any, fx: Any) -> Any:
        net, _ = models(torch)
        traced = fx.symbolic_trace(net)
        print(traced)
        print(list(traced.state_dict()), [n for n, _ in traced.named_modules()], traced.training, type(traced).__name__)
        print([n.meta.get("nn_module_stack") and list(n.meta["nn_module_stack"]) for n in traced.graph.nodes])
        x = torch.ones(1, 2)
        return torch.equal(traced(x), net(x)), traced(x)

    _both(scenario)


def test_tensors_of_the_program_become_attributes() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        t = torch.ones(2)
        traced = fx.symbolic_trace(lambda x: torch.add(t, x) + t + x + torch.zeros(2))
        print(traced.code, [n for n in vars(traced) if "constant" in n], list(traced._buffers), traced(torch.ones(2)))

    _both(scenario)


def test_a_tracer_decides_what_is_one_node() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        net, block = models(torch)

        class Blocks(fx.Tracer):  # type: ignore[misc]
            def is_leaf_module(self, m: Any, name: str) -> bool:
                return isinstance(m, block) or super().is_leaf_module(m, name)

        graph = Blocks().trace(net)
        print(fx.GraphModule(net, graph, "Blocks").code)

    _both(scenario)


def test_arguments_may_be_constants_or_containers() -> None:
    def scenario(torch: Any, fx: Any) -> Any:
        def tree(x: Any, d: Any) -> Any:
            return {"s": x + d["a"], "t": (d["b"][0], d["b"][1] * 2)}

        print(fx.symbolic_trace(lambda x, f=None: x + 1 if f is None else x, concrete_args={"f": None}).code)
        flagged = fx.symbolic_trace(lambda x, flag: x + 1 if flag else x, concrete_args={"flag": True})
        print(flagged.code, flagged(torch.ones(1), True))
        traced = fx.symbolic_trace(tree, concrete_args={"d": {"a": fx.PH, "b": (fx.PH, fx.PH)}})
        print(traced.code)
        one = torch.ones(1)
        return traced(one, {"a": one, "b": (one, one)}), fx.Interpreter(traced).run(one, {"a": one, "b": (one, one)})

    _both(scenario)


def test_copies_and_files_of_graph_modules_have_their_graphs() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        traced = fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh()))
        with traced.graph.inserting_before(traced.graph.output_node()):
            added = traced.graph.call_function(torch.nn.functional.relu, (traced.graph.output_node().args[0],))
        traced.graph.output_node().args = (added,)
        traced.recompile()
        traced.meta["note"] = 1
        file = io.BytesIO()
        torch.save(traced, file)
        file.seek(0)
        x = torch.ones(1, 2)
        for other in (
            copy.deepcopy(traced),
            copy.copy(traced),
            pickle.loads(pickle.dumps(traced)),
            torch.load(file, weights_only=False),
        ):
            print(
                type(other).__name__, other.code, torch.equal(other(x), traced(x)), other.meta, len(other.graph.nodes)
            )

    _both(scenario)


def test_annotations_that_are_text_are_pickled() -> None:
    def annotated(x: NotDefinedAnywhere) -> "Nor this":  # type: ignore[name-defined]  # noqa: F821, F722
        return x + 1

    traced = adjoint.fx.symbolic_trace(annotated)
    assert pickle.loads(pickle.dumps(traced)).code.count("_NotDefinedAnywhere_") == 1


def test_graphs_are_changed_by_their_nodes() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        traced = fx.symbolic_trace(lambda x, y: torch.relu(x + y) * 2)
        graph = traced.graph
        for node in graph.nodes:
            if node.target is operator.add:
                with graph.inserting_after(node):
                    new = graph.call_function(torch.mul, node.args, node.kwargs)
                print(node.replace_all_uses_with(new))
                graph.erase_node(node)
            if node.op == "output":
                with graph.inserting_before(node):
                    node.args = (graph.call_method("neg", (node.args[0],)),)
        graph.lint()
        print(traced.recompile().src, traced(torch.ones(2), torch.ones(2)))
        print(graph.find_nodes(op="call_function", target=torch.mul), sorted(set(graph.nodes)), len(graph.nodes))
        new.update_arg(0, new.args[1])
        new.insert_arg(0, 3)
        new.update_kwarg("out", None)
        print(
            new.format_node(), new.all_input_nodes, new.prev, new.next, new.is_impure(), next(iter(graph.nodes)).users
        )
        new._rename("renamed")
        print(graph)

    _both(scenario)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda torch, fx, graph, nodes: graph.erase_node(nodes[0]),
        lambda torch, fx, graph, nodes: nodes[1].prepend(nodes[2]) or graph.lint(),
        lambda torch, fx, graph, nodes: graph.create_node("call_function", "x"),
        lambda torch, fx, graph, nodes: graph.create_node("nope", "x"),
        lambda torch, fx, graph, nodes: graph.create_node("call_function", torch.relu, [1]),
        lambda torch, fx, graph, nodes: (
            fx.symbolic_trace(lambda x: torch.cat([x])).graph.output_node().args[0].args[0].append(3)
        ),
        lambda torch, fx, graph, nodes: (
            fx.GraphModule({}, graph, "G").graph.get_attr("w") and fx.GraphModule({}, graph)
        ),
        lambda torch, fx, graph, nodes: fx.GraphModule(3, graph),
        lambda torch, fx, graph, nodes: graph.inserting_before(fx.Graph().placeholder("y")),
        lambda torch, fx, graph, nodes: fx.Interpreter(fx.GraphModule({}, graph)).run(),
        lambda torch, fx, graph, nodes: fx.Interpreter(fx.GraphModule({}, graph)).run("a", 1),
        lambda torch, fx, graph, nodes: fx.wrap(3),
        lambda torch, fx, graph, nodes: fx.wrap("f"),
        lambda torch, fx, graph, nodes: fx.symbolic_trace(lambda x: torch.cat({x: 1})),
    ],
)
def test_wrong_uses_of_graphs_raise_pytorchs_errors(wrong: Any) -> None:
    def scenario(torch: Any, fx: Any) -> Any:
        graph = fx.symbolic_trace(lambda x: (x + 1) * 2).graph
        return wrong(torch, fx, graph, list(graph.nodes))

    _both(scenario, raises=True)


def test_names_are_unique_and_legal() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        graph = fx.Graph()
        given = (
            "x",
            "x",
            "x_1",
            "x_1",
            "len",
            "input",
            "self",
            "torch",
            "inf",
            "x_5",
            "x",
            "a.b",
            "3x",
            "class",
            "",
            "MaxPool2d",
        )
        print([graph.placeholder(name).name for name in given])

    _both(scenario)


def test_dead_code_is_taken_out_and_effects_stay() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        def function(x: Any) -> Any:
            unused = x + 1
            unused.relu()
            operator.setitem(x, 0, torch.dropout(x, 0.5, True))
            return x * 2

        graph = fx.Graph()
        x = graph.placeholder("x")
        graph.call_function(torch.add, (x, 1))
        graph.call_function(operator.setitem, (x, 0, 3))
        graph.call_function(torch.rand, (3,))
        graph.output(x)
        traced = fx.GraphModule({}, graph)
        print(graph.eliminate_dead_code(), traced.recompile().src, graph.eliminate_dead_code())

    _both(scenario)


def test_interpreters_run_and_transformers_rewrite_node_by_node() -> None:
    def scenario(torch: Any, fx: Any) -> Any:
        class Telling(fx.Interpreter):  # type: ignore[misc]
            def run_node(self, n: Any) -> Any:
                print(n.op, n.name, sorted(node.name for node in self.env))
                return super().run_node(n)

        class Changing(fx.Transformer):  # type: ignore[misc]
            def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
                return super().call_function(operator.sub if target is operator.mul else target, args, kwargs)

            def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
                result = super().call_module(target, args, kwargs)
                return result + 1 if "act" in target else result

        traced = fx.symbolic_trace(models(torch)[0])
        print(Telling(traced).run(torch.ones(1, 2)).shape, fx.Interpreter(traced).boxed_run([torch.ones(1, 2)]).shape)
        print(Changing(traced).transform().code)
        return fx.Interpreter(traced).run(torch.ones(1, 3))

    _both(scenario, raises=True)


def test_patterns_are_replaced() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        nn = torch.nn

        class Pattern(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.lin = nn.Linear(2, 2)

            def forward(self, x: Any) -> Any:
                return self.lin(x).relu()

        class New(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.other = nn.Linear(2, 2)

            def forward(self, x: Any) -> Any:
                return self.other(x).sigmoid()

        def summed(x: Any, a: Any, b: Any) -> Any:
            return torch.cat([torch.sum(torch.cat([a, b])), torch.sum(torch.cat([x, b]))])

        traced = fx.symbolic_trace(summed)
        found = fx.replace_pattern(
            traced, lambda a, b: torch.sum(torch.cat([a, b])), lambda a, b: torch.stack([a, b]).sum()
        )
        print(traced.code, [(m.anchor, m.nodes_map) for m in found])
        traced = fx.symbolic_trace(lambda x: torch.relu(torch.relu(torch.relu(x))))
        print(
            fx.replace_pattern(traced, lambda x: torch.relu(torch.relu(x)), lambda x: torch.relu(x) + 0) and traced.code
        )
        traced = fx.symbolic_trace(lambda x: (x + 1) * (x + 2))
        print(fx.replace_pattern(traced, lambda x: x + 1, lambda x: x - 1) and traced.code)
        traced = fx.symbolic_trace(Pattern())
        print(len(fx.replace_pattern(traced, fx.symbolic_trace(Pattern()), fx.symbolic_trace(New()))), traced)

    _both(scenario)


def test_shapes_are_noted_and_readable() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        shape_prop = importlib.import_module(f"{torch.__name__}.fx.passes.shape_prop")
        traced = fx.symbolic_trace(models(torch)[0])
        traced.add_submodule("inner.deep", fx.symbolic_trace(torch.nn.ReLU()))
        shape_prop.ShapeProp(traced).propagate(torch.ones(3, 2))
        for node in traced.graph.nodes:
            print(node.name, node.meta["type"].__name__, tuple(node.meta["tensor_meta"]), node.format_node())
        traced.print_readable(include_stride=True)
        print(
            traced.delete_all_unused_submodules(),
            traced.delete_submodule("inner"),
            [n for n, _ in traced.named_modules()],
        )

    _both(scenario)


def test_graphs_are_made_by_hand() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        graph = fx.Graph()
        x = graph.placeholder("x", type_expr=int, default_value=3)
        total = graph.call_function(torch.add, (x, graph.get_attr("weight")))
        active = graph.call_module("sub.act", (total,))
        graph.output((active, [total, {"a": x}], slice(x, None)))
        parts = {"weight": torch.nn.Parameter(torch.ones(2)), "sub.act": torch.nn.ReLU()}
        made = fx.GraphModule(parts, graph, "Hand")
        print(made, made(torch.ones(2))[0], made()[0])
        proxy = fx.Proxy(x)
        print(torch.neg(proxy) + 1, proxy.size(0), proxy.shape.node, graph)
        print([x.op for x in graph.nodes], copy.deepcopy(graph))

    _both(scenario)


def test_a_graph_module_is_written_as_a_package(tmp_path: Any) -> None:
    traced = adjoint.fx.symbolic_trace(adjoint.nn.Sequential(adjoint.nn.Linear(2, 1), adjoint.nn.Tanh()))
    with pytest.warns(UserWarning, match="saved as pickled files instead"):
        traced.to_folder(tmp_path / "made")
    text = (tmp_path / "made" / "module.py").read_text()
    assert "class FxModule(torch.nn.Module):" in text and 'getattr(self, "0")' in text
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == [
        "1.pt",
        "__init__.py",
        "module.py",
        "state_dict.pt",
    ]


def test_an_error_in_a_traced_module_shows_the_generated_line(capsys: Any) -> None:
    traced = adjoint.fx.symbolic_trace(lambda x: x.nope())
    with pytest.raises(AttributeError, match="nope"):
        traced(adjoint.ones(1))
    shown = capsys.readouterr().err
    assert "Call using an FX-traced Module, line 5 of the traced Module's generated forward function:" in shown
    assert "nope = x.nope()" in shown and "~~~ <--- HERE" in shown


def test_intermediate_values_are_taken_out_of_a_model() -> None:
    def scenario(torch: Any, fx: Any) -> Any:
        net, _ = models(torch)
        traced = fx.symbolic_trace(net)
        wanted = {node.name: node for node in traced.graph.nodes if node.name in ("blocks_0_act", "seq_0")}
        output = traced.graph.output_node()
        traced.graph.erase_node(output)
        traced.graph.output(wanted)
        traced.graph.eliminate_dead_code()
        traced.delete_all_unused_submodules()
        traced.recompile()
        print(traced.code, [n for n, _ in traced.named_modules()])
        return traced(torch.ones(1, 2))

    _both(scenario)


def _with_a_norm(torch: Any, first: str, norm: str, *sizes: int, **more: Any) -> Any:
    """A layer, a batch norm behind it that has seen something, and a linear layer that is used twice; for evaluation."""
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(getattr(nn, first)(*sizes), getattr(nn, norm)(sizes[1], **more), nn.Dropout(), nn.ReLU())
            self.seen = getattr(nn, first)(*sizes)
            self.norm = getattr(nn, norm)(sizes[1])

        def forward(self, x: Any) -> Any:
            y = self.seen(x)
            return self.body(x) + self.norm(y) + y

    torch.manual_seed(0)
    model = Model()
    for module in model.modules():
        if isinstance(module, getattr(nn, norm)):
            module.weight.data.uniform_(0.5, 2)
            if module.track_running_stats:
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return model.eval()


@pytest.mark.parametrize(
    ("first", "norm", "sizes", "x"),
    [
        ("Conv1d", "BatchNorm1d", (2, 3, 2), (2, 2, 6)), ("Conv2d", "BatchNorm2d", (2, 3, 2), (1, 2, 4, 5)),
        ("Conv3d", "BatchNorm3d", (1, 2, 2), (1, 1, 3, 3, 3)), ("Linear", "BatchNorm1d", (4, 3), (5, 4)),
        ("ConvTranspose2d", "BatchNorm2d", (2, 3, 2), (1, 2, 4, 5)),
    ],
)  # fmt: skip
def test_a_batch_norm_is_fused_into_the_layer_in_front_of_it(first: str, norm: str, sizes: Any, x: Any) -> None:
    def scenario(torch: Any, fx: Any) -> None:
        passes = importlib.import_module(f"{fx.__name__}.experimental.optimization")
        model = _with_a_norm(torch, first, norm, *sizes)
        given = torch.randn(*x)
        fused = passes.fuse(model)
        print(fused.code, [type(m).__name__ for m in fused.modules()], list(fused.state_dict()))
        print(torch.allclose(fused(given), model(given), atol=1e-4), type(model.body[1]).__name__)
        print([f"{p.double().sum():.4f}" for p in fused.parameters()])
        traced = fx.symbolic_trace(model)
        again = passes.fuse(traced, no_trace=True)
        print(again.code == fused.code, again is traced, len(list(traced.graph.nodes)))
        unseen = _with_a_norm(torch, first, norm, *sizes, track_running_stats=False)
        print(passes.fuse(unseen).code)
        print(passes.fuse(model, inplace=True).code == fused.code, type(model.body[0]).__name__)

    _both(scenario)


def test_only_models_for_evaluation_are_fused() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        passes = importlib.import_module(f"{fx.__name__}.experimental.optimization")
        passes.fuse(_with_a_norm(torch, "Conv1d", "BatchNorm1d", 2, 3, 2).train())

    _both(scenario, raises=True)


def test_dropouts_are_removed() -> None:
    def scenario(torch: Any, fx: Any) -> None:
        passes = importlib.import_module(f"{fx.__name__}.experimental.optimization")
        model = _with_a_norm(torch, "Linear", "BatchNorm1d", 4, 3).train()
        without = passes.remove_dropout(model)
        print(without.code, type(without).__name__, without.training)

    _both(scenario)
