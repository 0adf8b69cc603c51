"""The layers of the design hold in the code."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_imports_go_downwards_only():
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed")
    lint = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", lint, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("heavy", ["scipy", "torch", "matplotlib", "sklearn", "tqdm", "http.client"])
def test_import_adjoint_does_not_load_what_it_may_never_need(heavy):
    program = f"import sys, adjoint; print({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
