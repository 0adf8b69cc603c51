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
HEALTHY = sorted((Path(__file__).parent / "healthy").glob("*.py"))
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
    """Run a program in this process with a witness on; the answers of its calls of why."""
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
    return answers


@pytest.mark.parametrize("path", FAULTS, ids=lambda p: p.stem)
def test_a_planted_fault_is_named_with_its_kind_and_line(path, monkeypatch, capsys):
    answer = watched(path, monkeypatch)[-1]
    marks = planted(path)
    first = answer.causes[0]
    assert first.line in marks, str(answer)
    assert first.kind in marks[first.line], str(answer)
    assert Path(first.file) == path
    assert f"{path.name}:{first.line}: " in str(answer).splitlines()[0]


@pytest.mark.parametrize("path", HEALTHY, ids=lambda p: p.stem)
def test_no_fault_is_invented_in_a_healthy_program(path, monkeypatch, capsys):
    for answer in watched(path, monkeypatch):
        assert not answer.causes, str(answer)
        assert "nothing is wrong" in str(answer)


def run(*command, **more):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, timeout=120, **more
    )


@pytest.mark.parametrize("path", FAULTS[::14], ids=lambda p: p.stem)
def test_a_fault_is_named_although_nothing_was_recorded(path):
    done = run(str(path))
    assert done.returncode == 0, done.stderr
    assert named(done.stdout)[1] in planted(path), done.stdout


# A network that is run under no_grad and that no optimizer holds may be meant so: only who asks for it is told.
MEANT = {"none_no_grad_block"}


@pytest.mark.parametrize("path", [p for p in FAULTS if p.stem not in MEANT][4::20], ids=lambda p: p.stem)
def test_the_command_names_a_fault_in_a_program_that_asks_for_nothing(path, tmp_path):
    program = tmp_path / path.name
    program.write_text("".join(line for line in path.read_text().splitlines(True) if "torch.why(" not in line))
    done = run("-m", "adjoint", "why", str(program))
    assert done.returncode == 0, done.stderr
    assert any(f"[{path.name}:{line}: " in done.stdout for line in planted(path)), done.stdout


def test_the_command_invents_no_fault_where_two_networks_take_turns():
    done = run("-m", "adjoint", "why", str(ROOT / "tests" / "healthy" / "gan.py"))
    assert "8 of 8 parameters: nothing is wrong" in done.stdout, done.stdout + done.stderr


def test_the_command_reports_on_a_program_that_raises_after_its_traceback(tmp_path):
    program = tmp_path / "raises.py"
    program.write_text(
        "import torch\nw = torch.ones(2, requires_grad=True)\nh = (w * 2).detach()\nh.sum().backward()\n"
    )
    done = run("-m", "adjoint", "why", str(program))
    assert done.returncode == 1
    assert "RuntimeError: element 0 of tensors does not require grad" in done.stderr
    assert "w: [raises.py:3: h = (w * 2).detach()]" in done.stdout


def test_a_second_run_changes_no_file(tmp_path):
    program = tmp_path / "writes.py"
    program.write_text(
        "import adjoint as torch\n"
        "w = torch.ones(2, requires_grad=True)\n"
        "with open('log.txt', 'a') as log:\n"
        "    log.write('once')\n"
        "torch.save(w, 'w.pt')\n"
        "(w * 0).sum().backward()\n"
        "print(torch.why(w))\n"
    )
    done = run(str(program), cwd=tmp_path)
    assert (tmp_path / "log.txt").read_text() == "once"
    assert "[writes.py:6: (w * 0).sum().backward()]" in done.stdout, done.stdout + done.stderr
    assert "by the number 0" in done.stdout


def test_without_a_second_run_the_graph_and_the_source_are_read(tmp_path):
    program = tmp_path / "alone.py"
    program.write_text(
        "import adjoint as torch\n"
        "from adjoint import nn\n"
        "net = nn.Linear(2, 1)\n"
        "for p in net.parameters():\n"
        "    p.requires_grad = False\n"
        "print(torch.why(net.weight))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ADJOINT_WHY_AGAIN": "0"}
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, env=environment, timeout=60)
    assert "[alone.py:5: p.requires_grad = False]" in done.stdout, done.stdout + done.stderr
    assert "the run of the program was not seen" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "parameter must be a Tensor, a Module or the name of one, but got int"),
        ((None,), "give the tensor itself, not its .grad"),
        (("nowhere",), "no variable and no parameter of a module here is named 'nowhere'"),
        ((torch.ones(1), 3), "loss must be a Tensor, but got int"),
        ((torch.ones(1), None, 3), "optimizer must be an Optimizer, but got int"),
    ],
)
def test_what_is_no_parameter_is_refused(arguments, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        torch.why(*arguments)


def test_an_answer_is_text_causes_and_a_page(monkeypatch):
    witness = Witness().start()
    try:
        w = torch.ones(2, requires_grad=True)
        loss = (w.detach() * 2).sum()
        answer = torch.why(w, loss=loss)
    finally:
        witness.stop()
    kind, file, line, text = answer.causes[0]
    assert (kind, file) == ("detach", __file__)
    assert text in " ".join(str(answer).split()) and repr(answer) == str(answer)
    assert answer._repr_html_().startswith("<pre>w: [test_why.py:")
    assert answer and str(line) in str(answer)


def test_nothing_is_left_in_place_when_a_witness_stops():
    before = (torch.Tensor.detach, torch.Tensor.grad, torch.nn.Module.__call__, torch.tensor, torch.no_grad.__enter__)
    Witness().start().stop()
    after = (torch.Tensor.detach, torch.Tensor.grad, torch.nn.Module.__call__, torch.tensor, torch.no_grad.__enter__)
    assert all(a is b for a, b in zip(before, after))
