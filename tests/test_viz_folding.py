"""Folding of recordings: modules, repeated blocks, loops, and pictures of a size that can be read."""

from types import SimpleNamespace

import pytest

from adjoint.viz.folding import folded, lines_of, mark_equal_modules, title, tree
from adjoint.viz.repeats import runs


class _Program:
    """Writes the recording of a program by hand: ``run("mul", "x", "w", to="y", line=3, module="h.0")``."""

    def __init__(self):
        self.modules, self.nodes, self.known = [], [], {}

    def module(self, path, kind, text=None):
        parent = next((m.id for m in reversed(self.modules) if m.path == path.rpartition(".")[0]), None)
        self.modules.append(
            SimpleNamespace(
                id=len(self.modules), path=path, name=path.rpartition(".")[2], kind=kind, parent=parent if path else None,
                text=text or f"{kind}()", parameters=0, same_as=None,
            )
        )  # fmt: skip
        return self

    def _module(self, path):
        return None if path is None else next(m.id for m in self.modules if m.path == path)

    def given(self, name, kind="input", module=None):
        self.known[name] = len(self.nodes)
        self.nodes.append(
            SimpleNamespace(
                id=len(self.nodes), kind=kind, name=name, operator=None, grad_fn=None, module=self._module(module),
                call=None, line=None, inputs=[], phase="forward",
            )
        )  # fmt: skip

    def run(self, operator, *used, to, line=1, module=None, call=1, phase="forward"):
        inputs = [SimpleNamespace(node=self.known[name], output=0, requires_grad=True, argument="self") for name in used]
        self.known[to] = len(self.nodes)
        self.nodes.append(
            SimpleNamespace(
                id=len(self.nodes), kind="operator", name=None, operator=operator, grad_fn="X", module=self._module(module),
                call=call, line=SimpleNamespace(file=0, number=line), inputs=inputs, phase=phase,
            )
        )  # fmt: skip


def _stack(layers):
    """A model of equal blocks, each of a Linear and a ReLU, and a head."""
    p = _Program().module("", "Net").module("h", "ModuleList")
    for i in range(layers):
        p.module(f"h.{i}", "Block").module(f"h.{i}.fc", "Linear", "Linear(4, 4)").module(f"h.{i}.act", "ReLU")
    p.module("head", "Linear", "Linear(4, 2)")
    p.given("x")
    last = "x"
    for i in range(layers):
        p.given(f"w{i}", "leaf", f"h.{i}.fc")
        p.run("linear", last, f"w{i}", to="a", module=f"h.{i}.fc", line=10)
        p.run("relu", "a", to="b", module=f"h.{i}.act", line=11)
        p.run("add", "b", last, to=f"h{i}", module=f"h.{i}", line=12)
        last = f"h{i}"
    p.given("wh", "leaf", "head")
    p.run("linear", last, "wh", to="y", module="head", line=20)
    p.run("sum", "y", to="loss", line=30)
    return p


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", []),
        ("abc", [(0, 1, 1), (1, 1, 1), (2, 1, 1)]),
        ("aaaa", [(0, 1, 4)]),
        ("abbabbabb", [(0, 3, 3)]),
        ("xabababy", [(0, 1, 1), (1, 2, 3), (7, 1, 1)]),
        ("ababa", [(0, 2, 2), (4, 1, 1)]),
    ],
)
def test_a_sequence_is_cut_into_the_longest_repeats(words, expected):
    assert [tuple(run) for run in runs(words)] == expected


def test_a_long_sequence_without_and_with_repeats_is_cut_quickly():
    assert sum(run.period * run.times for run in runs(list(range(20_000)))) == 20_000
    assert [tuple(run) for run in runs([0, 1, 2, 1] * 5_000)] == [(0, 4, 5_000)]


def test_equal_siblings_are_marked_whatever_their_names():
    p = _stack(3)
    p.modules[2].kind = "Other"  # h.0
    mark_equal_modules(p.modules)
    same = {m.path: None if m.same_as is None else p.modules[m.same_as].path for m in p.modules}
    assert same["h.2"] == "h.1" and same["h.1"] is None and same["h.0"] is None
    assert same["h.1.act"] is None and same["head"] is None


def test_equal_blocks_are_one_group_with_a_count():
    p = _stack(12)
    (net, loss) = tree(p).items
    assert p.nodes[loss].operator == "sum"
    blocks, head = net.items
    assert (blocks.kind, blocks.count) == ("repeat", 12)
    assert title(blocks, p.modules) == ("h.0 … 11", "Block")
    assert title(head, p.modules) == ("head", "Linear")
    assert len(list(net.nodes())) == 37


def test_a_small_recording_is_shown_whole():
    picture = folded(_stack(2))
    assert picture.whole
    assert [box.kind for box in picture.boxes].count("operator") == 8
    assert [box.kind for box in picture.boxes].count("leaf") == 3
    assert len(picture.edges) == 2 * 5 + 2 + 1  # five in each block, two of the head, one of the sum


def test_a_deep_stack_folds_to_a_few_boxes_and_hides_its_parameters():
    p = _stack(12)
    picture = folded(p, limit=8)
    assert not picture.whole
    assert [(box.kind, box.count) for box in picture.boxes] == [
        ("operator", 12), ("operator", 12), ("operator", 12), ("operator", 1), ("operator", 1), ("input", 1),
    ]  # fmt: skip
    first = picture.boxes[0]
    assert len(first.nodes) == 12 and len(first.parameters) == 12
    assert [cluster.group.kind for cluster in picture.clusters] == ["module", "repeat"]


def test_the_top_level_alone_is_depth_zero():
    picture = folded(_stack(12), depth=0)
    assert [(box.kind, len(box.nodes)) for box in picture.boxes] == [("module", 37), ("operator", 1), ("input", 1)]
    assert len(picture.edges) == 2 and all(edge.gradient for edge in picture.edges)


def test_every_node_is_in_exactly_one_box():
    p = _stack(9)
    for limit in (1, 3, 5, 8, 100):
        picture = folded(p, limit)
        held = [node for box in picture.boxes for node in (*box.nodes, *box.parameters)]
        assert sorted(held) == list(range(len(p.nodes)))


def test_the_lines_of_a_loop_are_one_group():
    p = _Program()
    for name in ("x", "w", "h0"):
        p.given(name, "leaf")
    last = "h0"
    for t in range(50):
        p.run("select", "x", to="xt", line=4)
        p.run("matmul", last, "w", to="m", line=5)
        p.run("add", "m", "xt", to="a", line=5)
        p.run("tanh", "a", to=f"h{t + 1}", line=5)
        last = f"h{t + 1}"
    p.run("sum", last, to="loss", line=6)
    (loop, _) = tree(p).items
    assert (loop.kind, loop.count, len(loop.items)) == ("repeat", 50, 4)
    assert lines_of(loop.nodes(), p) == "lines 4-5"
    picture = folded(p)
    assert [(p.nodes[box.nodes[0]].operator, box.count) for box in picture.boxes[:5]] == [
        ("select", 50), ("matmul", 50), ("add", 50), ("tanh", 50), ("sum", 1),
    ]  # fmt: skip
    assert all(edge.source < edge.target for edge in picture.edges if edge.source < 5)


def test_training_steps_are_one_group_and_the_optimizers_arithmetic_is_left_out():
    p = _Program().module("", "Linear")
    p.given("weight", "leaf", "")
    for step in range(10):
        p.given("batch")
        p.run("linear", "batch", "weight", to="y", module="", call=step + 1)
        p.run("mean", "y", to="loss", line=3)
        p.run("add", "weight", to="updated", phase="optimizer")
    (loop,) = tree(p).items
    assert (loop.kind, loop.count) == ("repeat", 10)
    picture = folded(p, limit=5)
    assert [(box.kind, len(box.nodes)) for box in picture.boxes if box.kind == "input"] == [("input", 10)]


def test_a_module_called_twice_is_two_groups():
    p = _Program().module("", "Net").module("fc", "Linear")
    p.given("x")
    p.run("linear", "x", to="a", module="fc", call=1)
    p.run("linear", "a", to="b", module="fc", call=2)
    p.run("mul", "a", "b", to="c", module="")
    assert len(folded(p).boxes) == 4
    (net,) = tree(p).items
    assert (net.items[0].kind, net.items[0].count) == ("repeat", 2)


def test_a_loop_of_ten_thousand_operators_folds_in_two_seconds():
    import time

    p = _Program()
    p.given("x")
    for i in range(10_000):
        p.run(("mul", "add", "sin")[i % 3], "x", to="x", line=i % 3)
    start = time.process_time()
    picture = folded(p)
    assert time.process_time() - start < 2
    assert [box.count for box in picture.boxes[:4]] == [3333, 3333, 3333, 1]
