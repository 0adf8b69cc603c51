"""Names that are misspelt: PyTorch's error, and on the line after it what was probably meant."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

import adjoint
import adjoint.nn
import adjoint.optim
from adjoint.suggestions import closest
from tests.both import agree

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

MEANT = {
    "torch.onez": "ones",
    "torch.tenser": "tensor",
    "torch.no_grid": "no_grad",
    "torch.Tenser": "Tensor",
    "torch.nn.Linaer": "Linear",
    "torch.nn.Conv2D": "Conv2d",
    "torch.nn.Relu": "ReLU",
    "torch.nn.CrossEntropy": None,
    "torch.nn.MSEloss": "MSELoss",
    "torch.nn.functional.rellu": "relu",
    "torch.nn.functional.cross_entropi": "cross_entropy",
    "torch.optim.Adma": "Adam",
    "torch.linalg.slove": "solve",
    "torch.autograd.backwrad": "backward",
    "torch.float23": "float32",
}


def caught(expression: str) -> AttributeError:
    """The error that a name raises."""
    with pytest.raises(AttributeError) as found:
        eval(expression, {"torch": adjoint, "model": adjoint.nn.Linear(2, 3)})
    return found.value


@pytest.mark.parametrize("expression", MEANT)
def test_a_misspelt_name_gets_pytorchs_error_and_on_the_next_line_what_was_meant(expression: str) -> None:
    error, meant = caught(expression), MEANT[expression]
    module, _, name = expression.replace("torch", "adjoint").rpartition(".")
    assert type(error).__name__ == "AttributeError"
    assert str(error) == f"module {module!r} has no attribute {name!r}"
    printed = traceback.format_exception_only(error)
    assert printed[0] == f"AttributeError: {error}\n"
    assert (f"Did you mean: {meant!r}?" in printed[-1]) == (meant is not None), printed
    assert f"Adjoint does not have {expression}." in printed[-1]


def test_attributes_of_modules_are_suggested() -> None:
    error = caught("model.wieght")
    assert str(error) == "'Linear' object has no attribute 'wieght'"
    assert error.__notes__ == ["Did you mean: 'weight'?"]


def test_asking_whether_a_name_is_there_does_not_look_for_what_was_meant() -> None:
    asked: list[int] = []

    from adjoint.suggestions import Missing

    error = Missing("no", "onez", lambda: asked.append(1) or ["ones"])
    assert str(error) == "no" and not asked
    error.add_note("a note of the user's")
    assert error.__notes__ == ["Did you mean: 'ones'?", "a note of the user's"] and asked == [1]


@pytest.mark.parametrize("command", [["-m", "adjoint", "run"], ["-W", "ignore"]])
def test_the_suggestion_is_in_the_traceback_of_a_program(command: list[str], tmp_path: Any) -> None:
    imports = "import torch" if "run" in command else "import adjoint as torch"
    module = "torch" if "run" in command else "adjoint"
    program = tmp_path / "program.py"
    for line, expected in {
        "torch.onez(3)": [f"module '{module}' has no attribute 'onez'", "Did you mean: 'ones'?"],
        "torch.ones(3).meann()": ["'Tensor' object has no attribute 'meann'. Did you mean: 'mean'?"],
        "torch.nn.Linear(2, 3).baias": ["'Linear' object has no attribute 'baias'", "Did you mean: 'bias'?"],
    }.items():
        program.write_text(f"{imports}\n{line}\n")
        done = subprocess.run([sys.executable, *command, str(program)], capture_output=True, text=True, env=ENVIRONMENT)
        assert done.returncode == 1
        for text in expected:
            assert text in done.stderr, done.stderr
        assert done.stderr.count("Did you mean") == 1


def test_a_name_that_is_near_to_none_gets_no_suggestion() -> None:
    assert closest("fractional_max_pool2d", ["adaptive_max_pool2d", "max_pool2d"]) is None
    assert closest("x", ["e", "pi"]) is None


KEYWORDS = (
    "torch.ones(3, require_grad=True)",
    "torch.tensor([1.0], requires_gard=True)",
    "torch.nn.Linear(3, 4, biass=False)",
    "torch.nn.Linear(3)",
    "torch.nn.Conv2d()",
    "torch.nn.Conv2d(3, 4)",
    "torch.nn.Conv2d(3, 4, 3, stide=2)",
    "torch.nn.MaxPool2d(2)(torch.ones(1, 1, 4, 4), 3)",
    "torch.nn.ReLU(inplce=True)",
    "torch.optim.SGD(lr_=0.1)",
    "torch.optim.SGD([torch.ones(1, requires_grad=True)], lr_=0.1)",
    "torch.optim.Adam([torch.ones(1, requires_grad=True)], beta=0.1)",
    "torch.nn.functional.cross_entropy(torch.ones(1, 2), torch.tensor([0]), label_smooth=0.1)",
    "torch.ones(2).requires_grad_('a')",
    "torch.ones(2).requires_grad_(1)",
)


@pytest.mark.parametrize("expression", KEYWORDS)
def test_misspelt_keywords_and_missing_arguments_raise_what_they_raise_in_pytorch(expression: str) -> None:
    agree(lambda torch: eval(expression, {"torch": torch}), raises=True)
