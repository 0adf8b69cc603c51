"""Running a mistake as a program of its own: what the learner sees of it, in either library."""

from __future__ import annotations

import contextlib
import io
import linecache
import sys
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tests.learners.cases import Case, Tutorial

FILE = "lesson.py"


@dataclass(frozen=True)
class Seen:
    """What is seen: what was printed, and the error's type, text and notes."""

    printed: str
    kind: str = ""
    text: str = ""
    notes: tuple[str, ...] = ()


def seen(tutorial: Tutorial, case: Case, library: Any, vision: Any) -> Seen:
    """What a program of a tutorial's beginning and the mistake prints and raises."""
    program = tutorial.before + case.mistake + "\n"
    linecache.cache[FILE] = (len(program), None, program.splitlines(True), FILE)
    printed, space = io.StringIO(), {"__name__": "__main__"}
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed), _by_the_name_of_torch(library, vision):
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, FILE, "exec"), space)
        except Exception as error:
            notes = tuple(getattr(error, "__notes__", ()))
            return Seen(printed.getvalue(), type(error).__name__, _text(error), notes)
    return Seen(printed.getvalue())


@contextlib.contextmanager
def _by_the_name_of_torch(library: Any, vision: Any) -> Any:
    names = {"torch": library, "torchvision": vision}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update({name: module for name, module in names.items() if isinstance(module, ModuleType)})
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def _text(error: Exception) -> str:
    """The error's text without the signatures, by PyTorch's names."""
    lines = str(error).split("\n * (")[0].splitlines()
    return (lines[0] if lines else "").replace("'adjoint.vision", "'torchvision").replace("'adjoint", "'torch")
