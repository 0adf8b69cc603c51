"""The recorder's work grows with the program and not faster: long source files, many variables, many users of one tensor."""

import linecache
import time

import pytest

import adjoint as torch
from adjoint.viz import record

LINES = 4_000


def run_recorded(source, name):
    linecache.cache[name] = len(source), None, source.splitlines(True), name
    space = {"torch": torch, "x": torch.ones(2, requires_grad=True)}
    code = compile(source, name, "exec")
    started = time.process_time()
    with record() as recording:
        exec(code, space)
    return recording, time.process_time() - started, space


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("one variable", [f"y = y * {1 + i % 2}" for i in range(LINES)]),
        ("as many variables", [f"y{i} = y{i - 1 if i else ''} * {1 + i % 2}" for i in range(LINES)] + [f"y = y{LINES - 1}"]),
    ],
)
def test_a_program_of_thousands_of_lines_is_recorded_in_seconds(kind, lines):
    source = "\n".join(["y = x", *lines, "loss = y.sum()", "loss.backward()", ""])
    recording, seconds, _ = run_recorded(source, f"<{kind}>")
    assert [n.line.text for n in recording.nodes[1:-1]] == lines[:LINES]
    assert seconds < 8  # where each operator looks at the whole file or at all variables it is far more
    if kind != "one variable":
        assert [n.name for n in recording.nodes[1:-2]] == [f"y{i}" for i in range(LINES - 1)]


def test_a_function_of_thousands_of_variables_is_recorded_in_seconds():
    lines = [f"    y{i} = y{i - 1 if i else ''} * 2" for i in range(2000)]
    source = "\n".join(["def f(y):", *lines, "    return y1999", "out = f(x).sum()", ""])
    recording, seconds, _ = run_recorded(source, "<one function>")
    assert [n.name for n in recording.nodes[1:-2]] == [f"y{i}" for i in range(1999)]
    assert seconds < 7


def test_thousands_of_users_of_one_tensor_and_a_stack_of_them_are_recorded_in_seconds():
    source = f"parts = [x * 1.5 for _ in range({LINES})]\nloss = torch.stack(parts).sum()\nloss.backward()\n"
    recording, seconds, _ = run_recorded(source, "<wide>")
    stack = next(n for n in recording.nodes if n.operator == "stack")
    assert [i.node for i in stack.inputs] == list(range(1, LINES + 1))
    assert len({i.derivative for i in stack.inputs}) == 1
    assert all(g is not None for g in stack.gradient.left)
    assert seconds < 8


def test_thousands_of_parameters_in_a_list_have_their_names():
    source = "ws = [torch.ones(1, requires_grad=True) for _ in range(2000)]\nz = sum([ws[i] * 2 for i in range(1000)])\n"
    recording, seconds, _ = run_recorded(source, "<parameters>")
    assert [n.name for n in recording.nodes if n.kind == "leaf"] == [f"ws[{i}]" for i in range(1000)]
    assert seconds < 7


def test_the_graph_of_a_long_program_is_explained_in_seconds():
    source = "\n".join(["y = x", *(f"y = y * {1 + i % 2}" for i in range(LINES)), "loss = y.sum()", ""])
    _, _, space = run_recorded(source, "<long>")
    name = "<long and explained>"
    source += "text = str(loss.explain())\n"
    linecache.cache[name] = len(source), None, source.splitlines(True), name
    started = time.process_time()
    exec(compile(source, name, "exec"), space)
    assert time.process_time() - started < 12
    assert "loss = y.sum()" in space["text"]
