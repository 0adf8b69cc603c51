"""why names what is wrong with a gradient, and the line: in small programs in which a fault was planted (tests/faults)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import adjoint as torch
from adjoint.why import asking
from adjoint.why.witness import Witness

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.py"))
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("s00[0124]*.py"))
ROOT = Path(__file__).parent.parent


def planted(path):
    """The marks of a program: line -> kinds."""
    found = {}
    for number, text in enumerate(path.read_text().splitlines(), 1):
        mark = re.search(r"# fault: (.*)$", text)
        if mark:
            found[number] = [kind.strip() for kind in mark.group(1).split(",")]
    return found


def named(text):
    """The first line that an answer names."""
    found = re.search(r"\[(\w+\.py):(\d+)[:\]]", text)
    return None if found is None else (found.group(1), int(found.group(2)))


def watched(path, monkeypatch):
    """Run a program in this process with a witness on; the answer of its last call of why."""
    answers = []
    function = asking.ask
    monkeypatch.setattr(asking, "ask", lambda *args: answers.append(function(*args)) or answers[-1])
    witness = Witness().start()
    variables = {"__name__": "__main__", "__file__": str(path)}
    enabled = torch.is_grad_enabled()
    try:
        exec(compile(path.read_text(), str(path), "exec"), variables)
    finally:
        witness.stop()
        torch.set_grad_enabled(enabled)
    return answers[-1]


@pytest.mark.parametrize("path", FAULTS, ids=lambda p: p.stem)
def test_a_planted_fault_is_named_with_its_kind_and_line(path, monkeypatch, capsys):
    answer = watched(path, monkeypatch)
    marks = planted(path)
    first = answer.causes[0]
    assert first.line in marks, str(answer)
    assert first.kind in marks[first.line], str(answer)
    assert Path(first.file) == path
    assert f"{path.name}:{first.line}: " in str(answer).splitlines()[0]


def run(*command, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, timeout=120, **more
    )


@pytest.mark.parametrize("path", FAULTS[::9], ids=lambda p: p.stem)
def test_a_fault_is_named_although_nothing_was_recorded(path):
    done = run(str(path))
    assert done.returncode == 0, done.stderr
    assert named(done.stdout)[1] in planted(path), done.stdout


@pytest.mark.parametrize("path", FAULTS[4::13], ids=lambda p: p.stem)
def test_the_command_names_a_fault_in_a_program_that_asks_for_nothing(path, tmp_path):
    program = tmp_path / path.name
    program.write_text("".join(line for line in path.read_text().splitlines(True) if "torch.why(" not in line))
    done = run("-m", "adjoint", "why", str(program))
    assert done.returncode == 0, done.stderr
    assert any(f"[{path.name}:{line}: " in done.stdout for line in planted(path)), done.stdout
