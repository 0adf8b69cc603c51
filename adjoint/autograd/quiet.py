"""NumPy's floating-point warnings, off while an operator runs and only then.

PyTorch computes infinities and NaNs in silence.  ``numpy.errstate`` would say so at half a microsecond a call.  NumPy
keeps that state in a context variable, so an operator's forward runs in a context of ours in which they are off:
``calm(function, *args)`` costs twenty nanoseconds.  A context can be entered once at a time; where it is taken (by
another thread, or by the operator around this one), and for longer stretches such as a whole backward, the variable
itself is set: ``before = loudness()``, ``quiet(IGNORE)`` ... ``quiet(before)``, which :func:`quietly` does for a call and
:class:`silence` for a ``with``.  (A token that setting returned could be lost to an interrupt.)  Where NumPy does not have the
variable, warnings are switched off once per thread that uses Adjoint.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.interrupts import at_once

quiet: Callable[[Any], Any]
loudness: Callable[[], Any]

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    IGNORE: Any = _make_extobj(all="ignore")
    quiet, loudness = _extobj_contextvar.set, _extobj_contextvar.get
except ImportError:  # another NumPy than those this was written for
    import threading

    class _Silenced(threading.local):
        def __init__(self) -> None:
            np.seterr(all="ignore")
            self.done = True

    _silenced = _Silenced()
    IGNORE = None

    def quiet(_: Any) -> Any:
        return _silenced.done

    def loudness() -> Any:
        return None


_calm = contextvars.copy_context()
_calm.run(np.seterr, all="ignore")
calm: Callable[..., Any] = _calm.run


def is_taken(error: Exception) -> bool:
    """Whether :data:`calm` failed because its context was entered already."""
    return error.__class__ is RuntimeError and str(error).startswith("cannot enter context")


def quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """As :data:`calm`, where its context is taken."""
    before = loudness()
    try:
        quiet(IGNORE)
        result = function(*args, **kwargs)
        quiet(before)
        return result
    except BaseException:
        quiet(before)
        raise


def calmly(function: Callable[..., Any], *args: Any) -> Any:
    """As :data:`calm` where that can be had, and :func:`quietly` where not."""
    try:
        return calm(function, *args)
    except RuntimeError as error:
        if not is_taken(error):
            raise
    return quietly(function, *args)


class silence:
    """NumPy's warnings are off inside."""

    def __enter__(self) -> None:
        self._before = loudness()
        try:
            quiet(IGNORE)
        except BaseException:
            quiet(self._before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        quiet(self._before)
