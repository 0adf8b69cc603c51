"""Recording changes nothing: random programs give the same values, strides, graphs, random numbers and errors with it.

And whatever the program, the recording is JSON of the format, is what that JSON says, and can be explained.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import adjoint as torch
from adjoint.viz import Recording, record
from adjoint.viz.recorder import Recorder

pytestmark = pytest.mark.filterwarnings("ignore")  # of the programs

KINDS = {"operator", "leaf", "input", "constant"}
PHASES = {"forward", "backward", "optimizer", "no_grad"}
EVENTS = {"forward", "backward begins", "backward ends", "arrive", "accumulate", "free", "optimizer", "zero_grad"}


def graph_of(node: Any, depth: int = 4) -> Any:
    if node is None or depth == 0:
        return node and node.name()
    return node.name(), tuple((graph_of(n, depth - 1), i) for n, i in node.next_functions)


def facts(tensor: Any) -> list[Any]:
    array = tensor._array
    while not isinstance(array, np.ndarray):
        array = array.array
    grad = tensor.grad if tensor.is_leaf else None
    return [
        type(tensor._array).__name__, tensor.shape, tensor.dtype, tensor.stride(), array.tobytes(), tensor.requires_grad,
        tensor._version, graph_of(tensor.grad_fn), None if grad is None else facts(grad),
    ]  # fmt: skip


def outcome(program: Any, recorder: Recorder | None) -> list[Any]:
    """What a user can see of a program's lines: errors, tensors, and the state of the generator."""
    from fuzz.run import Run

    run = Run(program, "adjoint")
    if recorder is not None:
        recorder.start()
    try:
        found: list[Any] = [(line, run.step(line)) for line in program.lines]
    finally:
        if recorder is not None:
            recorder.stop()
    for name in run.names():
        for path, value in run.parts(name):
            if isinstance(value, torch.Tensor):
                try:
                    found.append((path, facts(value)))
                except RuntimeError as error:  # of a view that may not be asked for its graph
                    found.append((path, str(error)))
    return [*found, torch.default_generator.get_state()._array.tobytes()]


def check_format(recording: Recording) -> None:
    """That a recording's JSON is what the format says, and the recording what its JSON says."""
    text = recording.to_json()
    data = json.loads(text)
    assert Recording.from_dict(data).to_dict() == data
    nodes = data["nodes"]
    for i, node in enumerate(nodes):
        assert node["id"] == i and node["kind"] in KINDS and node["phase"] in PHASES
        assert (node["kind"] == "operator") == bool(node["operator"] or (node["grad_fn"] and node["grad_fn"] != "AccumulateGrad"))
        assert node["module"] is None or node["module"] < len(data["modules"])
        assert node["line"] is None or node["line"]["file"] < len(data["files"])
        for given in node["inputs"]:
            assert given["output"] < len(nodes[given["node"]]["outputs"])
            assert given["derivative"] is None or given["derivative"]
        for saved in node["saved"]:
            assert saved["of"] is None or saved["of"] < len(nodes)
        if node["gradient"] is not None:
            assert len(node["gradient"]["arrived"]) == len(node["outputs"])
            assert len(node["gradient"]["left"]) == len(node["inputs"]) or node["kind"] == "leaf"
        for output in node["outputs"]:
            check_array(output["value"])
    for step in data["steps"]:
        assert step["event"] in EVENTS
        assert step["node"] is None or step["node"] < len(nodes)
        assert step["edge"] is None or step["edge"][1] < len(nodes[step["edge"][0]]["inputs"])
        assert step["bytes"] >= 0 and 0 <= step["saved_bytes"]
        assert step["backward"] is None or step["backward"] < len(data["backwards"])
    assert [s["at"] for s in data["steps"]] == sorted(s["at"] for s in data["steps"])


def check_array(array: Any) -> None:
    if array is None:
        return
    size = int(np.prod(array["shape"]))
    assert (array["numbers"] is not None) == (size <= 36)
    assert 0 <= array["zero"] <= 1 and 0 <= array["nan"] + array["inf"] <= size
    if array["histogram"] is not None:
        assert sum(array["histogram"]["counts"]) <= size + 64 and len(array["histogram"]["counts"]) <= 24
    if array["image"] is not None:
        assert max(array["image"]["width"], array["image"]["height"]) <= 64


FAMILIES = {"calls": 14, "indexing": 30, "modules": 12, "programs": 40, "rows": 40, "transforms": 12, "values": 40}


@pytest.mark.parametrize("family", FAMILIES)
def test_random_programs_do_the_same_while_they_are_recorded(family: str) -> None:
    pytest.importorskip("torch")
    from fuzz.trial import program_of

    for seed in range(FAMILIES[family]):
        program = program_of(family, seed)
        recorder = Recorder()
        plain, recorded = outcome(program, None), outcome(program, recorder)
        for before, after in zip(plain, recorded):
            assert before == after, f"{family} {seed}:\n{program}"
        assert len(plain) == len(recorded)
        check_format(recorder.recording)
        assert isinstance(str(recorder.recording.explain()), str)


def test_large_arrays_have_the_same_gradients_to_the_last_bit() -> None:
    def gradients() -> list[bytes]:
        torch.manual_seed(3)
        net = torch.nn.Sequential(torch.nn.Linear(300, 300), torch.nn.GELU(), torch.nn.Linear(300, 10))
        x = torch.randn(200, 300, requires_grad=True)
        y = torch.randint(0, 10, (200,))
        loss = torch.nn.functional.cross_entropy(net(x * x.sigmoid() + x.tanh().exp()), y)
        loss.backward()
        return [t._array.tobytes() for t in (loss.detach(), x.grad, *(p.grad for p in net.parameters()))]

    plain = gradients()
    with record():
        recorded = gradients()
    assert plain == recorded


def test_an_error_inside_leaves_a_recording_that_can_be_used() -> None:
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="inconsistent tensor size"), record() as recording:
        y = x * 2
        y @ torch.ones(4)
    check_format(recording)
    assert [n.operator for n in recording.nodes if n.kind == "operator"] == ["mul"]


def test_an_error_in_a_backward_leaves_a_recording_that_can_be_used() -> None:
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise ValueError("mine")

    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="mine"), record() as recording:
        Fails.apply(x * 2).sum().backward()
    check_format(recording)
    with record() as again:
        (x * 2).sum().backward()
    assert len(again.backwards) == 1
    check_format(again)
