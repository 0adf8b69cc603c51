"""Places: lines of the user's program, noted cheaply and told when an error is to be explained."""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from types import CodeType
from typing import Any

# A place is a code object and an instruction in it: noting one costs no look-up of line numbers.
Place = tuple[CodeType, int]


_NOWHERE = "not in the user's program"

# By the file and not by the module's name, for `adjoint run` has the modules go by PyTorch's.
_OURS = (os.path.dirname(os.path.abspath(__file__)) + os.sep, "<adjoint ")
_BETWEEN = (*_OURS, contextlib.__file__)  # what stands between a call of Adjoint's and the user's line


def is_ours(code: CodeType) -> bool:
    """Whether a piece of code is Adjoint's: of its files, or generated."""
    return code.co_filename.startswith(_OURS)


def is_our_file(name: str, *packages: str) -> bool:
    """Whether a file is Adjoint's, or generated; with ``packages``, whether it is in one of those.

    Asked of the whole path: a user's folder may be called adjoint, too.
    """
    if not packages:
        return name.startswith(_OURS)
    return name.startswith((*[_OURS[0] + package + os.sep for package in packages], _OURS[1]))


def here() -> Place | None:
    """The place in the user's program that is being run: the innermost frame outside of Adjoint."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OURS):
            return code, frame.f_lasti
        frame = frame.f_back
    return None


def users_level() -> int:
    """The ``stacklevel`` by which a warning names the line of the user's program that is being run."""
    frame: Any = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
        level += 1
    return level


def line_of(place: Place) -> int:
    """The line number of a place."""
    code, instruction = place
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line
    return code.co_firstlineno


def tell(place: Place | str | None) -> str:
    """A place as tracebacks show it: file, line, function, and the line's text.  A string tells itself."""
    if place is None or isinstance(place, str):
        return f"  ({place or _NOWHERE})"
    code, line = place[0], line_of(place)
    text = linecache.getline(code.co_filename, line).strip()
    told = f'  File "{code.co_filename}", line {line}, in {code.co_name}'
    return f"{told}\n    {text}" if text else told


def tell_function(function: Any) -> str | None:
    """Where a function was written, as tracebacks show it; None for one without source."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return None
    text = linecache.getline(code.co_filename, code.co_firstlineno).strip()
    told = f'  File "{code.co_filename}", line {code.co_firstlineno}, in {code.co_name}'
    return f"{told}\n    {text}" if text else told


def explain(error: BaseException, *lines: str) -> BaseException:
    """Add lines that tracebacks show after the error's message; the message itself stays as it is."""
    for line in lines:
        if hasattr(error, "add_note"):
            error.add_note(line)
        else:  # before Python 3.11: kept where `adjoint run` finds them
            error.__notes__ = [*getattr(error, "__notes__", ()), line]  # type: ignore[attr-defined]
    return error
