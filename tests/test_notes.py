"""After PyTorch's message an error tells the user's lines: with ``import adjoint as torch``, under ``adjoint run``, where
modules go by PyTorch's names, and in notebooks, where the program is no file."""

from __future__ import annotations

import json
import linecache
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import adjoint
import adjoint.nn

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

# Function -> what its error tells, and the text of the line that it names.
TOLD = {
    "written": ("changed in place at", "w.add_(1)"),
    "twice": ("The graph was freed by the backward at", "first.backward()"),
    "leaf": ("It would be written to at", "w += 1"),
    "leaf_of_a_function": ("It would be written to at", "F.relu(w, inplace=True)"),
    "optimizer": ("changed in place at", "optimizer.step()"),
}
# The same under anomaly detection.
BROKEN = {
    "detached": ("The path to the graph broke at detach():", "v = w.detach() * 2"),
    "unrecorded": ("The path to the graph broke at mul under torch.no_grad():", "v = w * 2"),
    "converted": ("The path to the graph broke at a conversion, whose result of dtype torch.int64", "v = (w * 2).long()"),
    "compared": ("The path to the graph broke at gt, whose result of dtype torch.bool", "v = (w > 0).float()"),
    "copied": ("The path to the graph broke at torch.tensor(), which copies numbers", "v = torch.tensor(w) * 2"),
    "copied_anew": ("The path to the graph broke at new_tensor(), which copies numbers", "v = w.new_tensor(w) * 2"),
    "data": ("The path to the graph broke at .data, which is outside of the graph:", "v = w.data * 2"),
    "through_numpy": ("The path to the graph broke at detach():", "v = torch.from_numpy(w.detach().numpy()) * 2"),
    "through_numpy_by_force": ("The path to the graph broke at numpy(), whose array", "a = w.numpy(force=True)"),
    "through_numpy_in_two_lines": ("The path to the graph broke at detach():", "a = w.detach().numpy()"),
}

PROGRAM = """
import warnings
warnings.simplefilter("ignore")
F = torch.nn.functional
w = None

def written():
    w = torch.ones(3)
    y = (torch.ones(3, requires_grad=True) * w).sum()
    w.add_(1)
    y.backward()

def twice():
    first = torch.ones(3, requires_grad=True).exp().sum()
    first.backward()
    first.backward()

def leaf():
    w = torch.ones(3, requires_grad=True)
    w += 1

def leaf_of_a_function():
    w = torch.ones(3, requires_grad=True)
    F.relu(w, inplace=True)

def optimizer():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.ones(1, 2)).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    loss.backward()

def detached(w):
    v = w.detach() * 2
    return v

def unrecorded(w):
    with torch.no_grad():
        v = w * 2
    return v

def converted(w):
    v = (w * 2).long()
    return v

def compared(w):
    v = (w > 0).float()
    return v

def copied(w):
    v = torch.tensor(w) * 2
    return v

def copied_anew(w):
    v = w.new_tensor(w) * 2
    return v

def data(w):
    v = w.data * 2
    return v

def through_numpy(w):
    v = torch.from_numpy(w.detach().numpy()) * 2
    return v

def through_numpy_by_force(w):
    a = w.numpy(force=True)
    return torch.tensor(a)

def through_numpy_in_two_lines(w):
    a = w.detach().numpy()
    return torch.as_tensor(a)

def notes(function):
    try:
        function()
    except RuntimeError as error:
        return list(error.__notes__)

def broken(function):
    with torch.autograd.set_detect_anomaly(True):
        total = function(torch.ones(3, requires_grad=True)).sum()
    return notes(total.backward)
"""


def check(found: dict[str, list[str]], file: str) -> None:
    """What was told of each function, in a program of this name."""
    for name, (text, line) in {**TOLD, **BROKEN}.items():
        told = "\n".join(found[name])
        assert text in told, (name, told)
        assert f'File "{file}", line ' in told and f"    {line}" in told, (name, told)
        assert "adjoint" not in told.replace(file, ""), told


@pytest.mark.parametrize("way", ["import adjoint as torch", "adjoint run"])
def test_a_program_is_told_its_own_lines(way: str, tmp_path: Path) -> None:
    run = way == "adjoint run"
    calls = [f"{name!r}: {'notes' if name in TOLD else 'broken'}({name})" for name in (*TOLD, *BROKEN)]
    program = tmp_path / "program.py"
    ends = f"\nimport json\nprint(json.dumps({{{', '.join(calls)}}}))\n"
    program.write_text(("import torch" if run else way) + "\n" + PROGRAM + ends)
    command = [sys.executable, *(["-m", "adjoint", "run"] if run else []), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    check(json.loads(done.stdout), str(program))


def test_a_notebook_is_told_the_lines_of_its_cells() -> None:
    file = "/tmp/ipykernel_7/1234.py"  # as ipykernel names a cell that is no file
    linecache.cache[file] = (len(PROGRAM), None, PROGRAM.splitlines(True), file)
    space: dict[str, Any] = {"torch": adjoint, "__name__": "__main__"}
    exec(compile(PROGRAM, file, "exec"), space)
    found = {name: space["notes"](space[name]) for name in TOLD}
    check({**found, **{name: space["broken"](space[name]) for name in BROKEN}}, file)


def test_without_anomaly_detection_the_way_to_find_out_is_told() -> None:
    with pytest.raises(RuntimeError) as caught:
        adjoint.ones(3, requires_grad=True).detach().sum().backward()
    assert "`adjoint why PROGRAM`" in caught.value.__notes__[0]


def test_arrays_that_are_gone_are_not_remembered() -> None:
    from adjoint.autograd import origins

    before = len(origins._arrays)
    with adjoint.autograd.set_detect_anomaly(True):
        array = adjoint.ones(3, requires_grad=True).detach().numpy()
        assert len(origins._arrays) == before + 1
        del array
    assert len(origins._arrays) == before
