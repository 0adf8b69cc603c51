"""Warnings that are given once in a process, as PyTorch gives most of its own."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_given: set[str] = set()
_always = False


def warn_once(about: str, text: str, category: type[Warning] = UserWarning) -> None:
    """Warn the first time that it is ``about`` this, or every time if :func:`set_warn_always` said so.

    The warning names the user's line: the innermost one outside of this package.
    """
    if _always or about not in _given:
        _given.add(about)
        warnings.warn(text, category, stacklevel=depth_of_user())


def depth_of_user() -> int:
    """The ``stacklevel`` with which the caller's warning names the user's line."""
    frame = sys._getframe(1)
    depth = 1
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<adjoint ")):
        frame = frame.f_back  # type: ignore[assignment]
        depth += 1
    return depth


def set_warn_always(b: bool, /) -> None:
    """Have warnings that are given once given every time."""
    global _always
    if not isinstance(b, bool):
        raise TypeError(f"set_warn_always expects a bool, but got {type(b).__name__}")
    _always = b


def is_warn_always_enabled() -> bool:
    """Whether :func:`set_warn_always` was called with True."""
    return _always
