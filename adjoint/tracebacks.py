"""Tracebacks that show the user's lines: Adjoint's own frames are left out where an uncaught error is printed.

Plain Python and IPython (and so notebooks) are told how to print; nothing is done where an operator is called or an error
is caught.  The whole traceback stays with the error: ``pdb.pm()``, ``%debug``, ``logging`` and ``traceback.print_exc`` see every
frame, and so does who sets ``ADJOINT_FULL_TRACEBACKS=1``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from opcode import opmap
from types import TracebackType
from typing import Any

from adjoint.places import is_ours

_RAISES = frozenset(opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in opmap)


def of_user(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without Adjoint's frames.

    Where Adjoint did not raise the error on purpose, its innermost frame stays: it is what a report of the bug needs.  A
    traceback with no other frames is left as it is.
    """
    kept: list[TracebackType] = []
    ours: TracebackType | None = None
    step = traceback
    while step is not None:
        if is_ours(step.tb_frame.f_code):
            ours = step
        else:
            kept.append(step)
            ours = None
        step = step.tb_next
    if not kept:
        return traceback
    if ours is not None and ours.tb_frame.f_code.co_code[ours.tb_lasti] not in _RAISES:
        kept.append(ours)
    made: TracebackType | None = None
    for step in reversed(kept):
        made = TracebackType(made, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return made


def install() -> None:
    """Have uncaught errors printed so, by Python and by an IPython that is running; a second call does nothing."""
    if os.environ.get("ADJOINT_FULL_TRACEBACKS", "0") not in ("", "0"):
        return
    if not hasattr(sys.excepthook, "_of_adjoint"):
        sys.excepthook = _hook(sys.excepthook)
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None and hasattr(python, "get_ipython") else None
    printer = getattr(shell, "InteractiveTB", None)
    if printer is not None and not hasattr(printer.structured_traceback, "_of_adjoint"):
        printer.structured_traceback = _structured(printer.structured_traceback)


def _hook(inner: Callable[..., Any]) -> Callable[..., None]:
    def excepthook(kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
        with _Shortened(value):
            inner(kind, value, of_user(traceback))

    excepthook._of_adjoint = True  # type: ignore[attr-defined]
    return excepthook


def _structured(inner: Callable[..., Any]) -> Callable[..., Any]:
    def structured_traceback(
        etype: Any = None, evalue: Any = None, etb: Any = None, tb_offset: int | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if not isinstance(evalue, BaseException):
            return inner(etype, evalue, etb, tb_offset, *args, **kwargs)
        with _Shortened(evalue):
            return inner(etype, evalue, of_user(etb), tb_offset, *args, **kwargs)

    structured_traceback._of_adjoint = True  # type: ignore[attr-defined]
    return structured_traceback


class _Shortened:
    """An error and those that it came from have the user's frames only, while they are printed."""

    def __init__(self, error: BaseException) -> None:
        self.whole: list[tuple[BaseException, TracebackType | None, BaseException | None]] = []
        coming = [error]
        while coming:
            each = coming.pop()
            if any(each is known for known, *_ in self.whole):
                continue
            self.whole.append((each, each.__traceback__, each.__context__))
            coming += [e for e in (each.__cause__, each.__context__) if e is not None]
            coming += getattr(each, "exceptions", ())  # of a group

    def __enter__(self) -> None:
        for each, whole, context in self.whole:
            while context is not None and _is_inner(context):
                context = context.__context__
            each.__context__ = context
            each.__traceback__ = of_user(whole)

    def __exit__(self, *exc: object) -> None:
        for each, whole, context in self.whole:
            each.__context__ = context
            each.__traceback__ = whole


def _is_inner(error: BaseException) -> bool:
    """Whether Adjoint caught an error before it reached the user's program, and raised another in its place."""
    return error.__traceback__ is not None and is_ours(error.__traceback__.tb_frame.f_code)
