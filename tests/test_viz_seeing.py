"""adjoint see: the program as it would run, a page of what it did, and of a long training the first steps and the last."""

import gzip
import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

import adjoint as torch
from adjoint.cli import _take_options
from adjoint.viz.recorder import Recorder
from adjoint.viz.window import Window

PROGRAM = """\
import sys, torch
w = torch.ones(3, requires_grad=True)
loss = (w * 2).sum()
loss.backward()
print("printed", sys.argv[1:], w.grad)
if "fail" in sys.argv:
    torch.ones(2) @ torch.ones(3)
sys.exit(3)
"""


def see(tmp_path, *arguments):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "adjoint", "see", "--no-open", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=environment)


def recording_in(page):
    return next(
        found
        for packed in re.findall(r">([A-Za-z0-9+/=\s]{80,})<", page)
        for found in [_unpacked(packed)]
        if found is not None and "nodes" in found
    )


def _unpacked(packed):
    try:
        return json.loads(gzip.decompress(b64decode(packed)))
    except ValueError:
        return None


def test_the_program_runs_as_it_would_and_a_page_is_written(tmp_path):
    done = see(tmp_path, "program.py", "a", "b")
    assert done.returncode == 3
    assert done.stdout == "printed ['a', 'b'] tensor([2., 2., 2.])\n"
    assert "2 operators and 1 backwards are in" in done.stderr
    recording = recording_in((tmp_path / "program-graph.html").read_text())
    assert [n["operator"] for n in recording["nodes"] if n["kind"] == "operator"] == ["mul", "sum"]
    assert recording["nodes"][0]["name"] == "w"
    assert recording["nodes"][1]["line"]["text"] == "loss = (w * 2).sum()"


def test_a_program_that_fails_has_its_own_traceback_and_its_page_says_so(tmp_path):
    done = see(tmp_path, "--output", "page.html", "program.py", "fail")
    assert done.returncode == 1
    assert "seeing.py" not in done.stderr and "recorder.py" not in done.stderr and "interception.py" not in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].startswith("RuntimeError: inconsistent tensor size")
    notes = recording_in((tmp_path / "page.html").read_text())["notes"]
    assert notes[-1].startswith("The program ended with RuntimeError: inconsistent")


@pytest.mark.parametrize(
    ("given", "left", "found"),
    [
        (["--no-open", "p.py", "x"], ["p.py", "x"], {"open": False}),
        (["p.py", "x", "--no-open"], ["p.py", "x"], {"open": False}),
        (["p.py", "--output", "f", "--no-open"], ["p.py"], {"output": "f", "open": False}),
        (["--steps=3", "p.py", "--steps", "4", "more"], ["p.py", "--steps", "4", "more"], {"steps": 3}),
    ],
)
def test_options_come_first_or_last(given, left, found):
    options = {}
    assert _take_options(given, options) is None
    assert (given, options) == (left, found)


def test_options_that_are_wrong_are_told():
    assert _take_options(["--steps", "x", "p.py"], {}) == "--steps takes a number, not 'x'"
    assert _take_options(["--output"], {}) == "argument expected for the --output option"


def trained(steps, count, most=10**6):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    recorder = Recorder()
    recorder.window = window = Window(recorder.graph, steps, most)
    recorder.start()
    try:
        for i in range(count):
            optimizer.zero_grad()
            (net(torch.full((1, 2), float(i))) ** 2).sum().backward()
            optimizer.step()
    finally:
        recorder.stop()
    return recorder.recording, window.note()


def test_of_a_long_training_the_first_steps_and_the_last_are_kept():
    whole, _ = trained(None, 3)
    recording, note = trained(2, 20, most=60)
    assert note is not None and "steps 3 to 19 of 20 are left out" in note
    operators = [n for n in recording.nodes if n.kind == "operator"]
    assert len(operators) == len([n for n in whole.nodes if n.kind == "operator"])
    inputs = [n.outputs[0].value.numbers for n in recording.nodes if n.kind == "input"]
    assert inputs == [[[0.0, 0.0]], [[1.0, 1.0]], [[19.0, 19.0]]]
    assert len(recording.backwards) == 3
    assert all(0 <= i.node < n.id for n in recording.nodes for i in n.inputs)
    assert all(step.node is None or 0 <= step.node < len(recording.nodes) for step in recording.steps)
    assert all(step.backward is None or step.backward < 3 for step in recording.steps)


def test_a_short_training_is_kept_whole():
    recording, note = trained(None, 20)
    assert note is None and len(recording.backwards) == 20
