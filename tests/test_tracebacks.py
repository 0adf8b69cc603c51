"""Tracebacks and warnings show the user's lines."""

import ast
import io
import linecache
import os
import re
import subprocess
import sys
import textwrap
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import adjoint
from adjoint import places
from adjoint.tracebacks import of_user

ROOT = Path(adjoint.__file__).parent

PROGRAMS = {
    "an operator": """
        import adjoint as torch
        def product(x):
            return x @ torch.ones(3)
        product(torch.ones(2))
        """,
    "an operator whose caller is generated": """
        import adjoint as torch
        def total(x):
            return torch.add(x, torch.ones(3))
        total(torch.ones(2))
        """,
    "a module in a module": """
        import adjoint as torch
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(2, 3))
            def forward(self, x):
                return self.layer(x)
        Net()(torch.ones(1, 2))
        """,
    "a hook in a backward": """
        import adjoint as torch
        def hook(g):
            raise ValueError("in the hook")
        x = torch.ones(2, requires_grad=True)
        (x * 2).register_hook(hook)
        y = x * 3
        y.register_hook(hook)
        y.sum().backward()
        """,
    "an error in handling an error": """
        import adjoint as torch
        try:
            torch.ones(2).view(3)
        except RuntimeError:
            torch.ones(2).reshape(5)
        """,
    "a name that is not there": """
        import adjoint as torch
        def one():
            return torch.onez(1)
        one()
        """,
    "a backward through a freed graph": """
        import adjoint as torch
        x = torch.ones(2, requires_grad=True)
        y = (x * x).sum()
        y.backward()
        y.backward()
        """,
}


def run(program, tmp_path, *command, **environment):
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(program).lstrip("\n"))
    given = {**os.environ, "PYTHONPATH": str(ROOT.parent), **environment}
    ran = subprocess.run([sys.executable, *command, path], capture_output=True, text=True, env=given)
    return ran.stdout + ran.stderr


def frames_of(text):
    """The files of a traceback's frames, in Python's way of printing or in IPython's."""
    return re.findall(r'^ *File "?(.+?\.py|<[^>]*>)', text, flags=re.M)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_python_shows_the_users_frames_alone(kind, tmp_path):
    shown = run(PROGRAMS[kind], tmp_path)
    assert {*frames_of(shown)} == {str(tmp_path / "program.py")}, shown
    assert "Error: " in shown


@pytest.mark.parametrize("kind", PROGRAMS)
def test_adjoint_run_shows_the_users_frames_alone(kind, tmp_path):
    shown = run(PROGRAMS[kind].replace("adjoint as torch", "torch"), tmp_path, "-m", "adjoint", "run")
    assert {*frames_of(shown)} == {str(tmp_path / "program.py")}, shown


@pytest.fixture(scope="module")
def shell():
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    made = interactive.InteractiveShell.instance(colors="nocolor")
    made.run_cell("import adjoint.tracebacks; adjoint.tracebacks.install()")
    yield made
    interactive.InteractiveShell.clear_instance()


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_notebook_shows_the_users_frames_alone(kind, shell):
    shown = io.StringIO()
    with redirect_stdout(shown):
        shell.run_cell(textwrap.dedent(PROGRAMS[kind]))
    text = re.sub(r"\x1b\[[\d;]*m", "", shown.getvalue())
    assert "adjoint/" not in text.replace("import adjoint", "") and "<adjoint" not in text, text
    assert "---->" in text and "Error: " in text


def test_the_whole_traceback_is_there_for_debuggers(shell):
    with redirect_stdout(io.StringIO()):
        result = shell.run_cell("import adjoint as torch\ntorch.ones(2) @ torch.ones(3)")
    depth, step = 0, result.error_in_exec.__traceback__
    while step is not None:
        depth, step = depth + 1, step.tb_next
    assert depth > 4


def test_every_frame_is_shown_to_who_asks_for_it(tmp_path):
    shown = run(PROGRAMS["an operator"], tmp_path, ADJOINT_FULL_TRACEBACKS="1")
    assert any("adjoint" in file for file in frames_of(shown))


def test_an_error_that_adjoint_did_not_mean_keeps_the_frame_where_it_was():
    def meant():
        adjoint.ones(2).view(3)

    def not_meant():  # as a fault of Adjoint's own would be
        adjoint.names._importable("no such module", ["x"])

    for function, ours in ((meant, 0), (not_meant, 1)):
        with pytest.raises((RuntimeError, KeyError)) as caught:
            function()
        step, files = of_user(caught.value.__traceback__), []
        while step is not None:
            files.append(step.tb_frame.f_code.co_filename)
            step = step.tb_next
        assert files.count(__file__) == 2 and len(files) == 2 + ours


def test_generated_callers_have_source_lines():
    adjoint.add(adjoint.ones(1), 1)
    name = adjoint.add.__code__.co_filename
    assert name.startswith("<adjoint ") and linecache.getline(name, 1).startswith("def add(")
    linecache.checkcache()
    assert linecache.getline(name, 1)


WARNERS = {
    "softmax without a dimension": lambda: adjoint.nn.functional.softmax(adjoint.ones(2, 2)),
    "a copy of a tensor": lambda: adjoint.tensor(adjoint.ones(2)),
    "arguments of a loss": lambda: adjoint.nn.MSELoss(size_average=True),
    "sizes of a loss": lambda: adjoint.nn.MSELoss()(adjoint.ones(2, 1), adjoint.ones(2)),
    "dropout of a recurrent module": lambda: adjoint.nn.LSTM(1, 1, dropout=0.5),
    "an old name": lambda: adjoint.nn.utils.clip_grad_norm([adjoint.ones(1)], 1.0),
    "initial values of nothing": lambda: adjoint.nn.init.kaiming_uniform_(adjoint.empty(0, 2)),
    "the gradient of a result": lambda: (adjoint.ones(1, requires_grad=True) * 2).grad,
    "autocast of an old kind": lambda: adjoint.cuda.amp.GradScaler(enabled=False),
}


@pytest.mark.parametrize("kind", WARNERS)
def test_a_warning_names_the_users_line(kind):
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        WARNERS[kind]()
    assert {w.filename for w in given} == {__file__}


def test_no_warning_counts_frames_by_itself():
    """A number of frames is right for one way of calling only; :func:`adjoint.places.users_level` counts them."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                level = next((k.value for k in node.keywords if k.arg == "stacklevel"), None)
                if level is None or isinstance(level, ast.Constant):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_whose_a_file_is_is_asked_of_its_whole_path():
    """A user's program may lie in a folder called adjoint, as a clone of this repository does."""
    here = os.sep + os.path.join("home", "adjoint", "ops", "train.py")
    assert not places.is_our_file(here) and not places.is_our_file(here, "ops")
    assert places.is_our_file(places.__file__) and not places.is_our_file(places.__file__, "ops")
    assert places.is_our_file(os.path.join(os.path.dirname(places.__file__), "ops", "arithmetic.py"), "autograd", "ops")
