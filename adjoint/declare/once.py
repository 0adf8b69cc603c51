"""Warnings that are given once in a process, as PyTorch gives most of its own."""

from __future__ import annotations

import warnings

from adjoint.places import users_level

_given: set[str] = set()
_always = False


def warn_once(about: str, text: str, category: type[Warning] = UserWarning) -> None:
    """Warn the first time that it is ``about`` this, or every time if :func:`set_warn_always` said so.

    The warning names the user's line: the innermost one outside of this package.
    """
    if _always or about not in _given:
        _given.add(about)
        warnings.warn(text, category, stacklevel=users_level())


def set_warn_always(b: bool, /) -> None:
    """Have warnings that are given once given every time."""
    global _always
    if not isinstance(b, bool):
        raise TypeError(f"set_warn_always expects a bool, but got {type(b).__name__}")
    _always = b


def is_warn_always_enabled() -> bool:
    """Whether :func:`set_warn_always` was called with True."""
    return _always
