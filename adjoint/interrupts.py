"""Interrupts: where in Python's code Ctrl-C can strike, and how nothing stays switched when it does.

A signal's handler runs between two instructions of the main thread, and may raise.  CPython looks for signals only where a
Python function begins, where a loop goes back, and after a call; not between plain loads, stores, comparisons and jumps
forward.  So there are three rules:

- What a thread has switched is one dictionary of values that are replaced and never changed
  (:mod:`adjoint.thread_state`).  Whatever switches something for the time of a call takes a copy first and has its work
  in ``try: ... except BaseException: put_back(before); raise``: wherever inside an exception comes from, all is as before.
- A context manager's ``__enter__`` switches within such a ``try``, as the last thing it does.
- A context manager's ``__exit__`` is called by Python's ``with``, outside of any ``try``: a signal that arrived late in the
  block would be noticed where the function begins, before its first line, and the mode would stay.  So these functions are
  :func:`at_once`, and begin with plain stores.

What remains is Python's own.  ``with torch.set_grad_enabled(False):`` switches when the object is made, as PyTorch's does (it
is a function too), and the interpreter may look for signals between that and the ``with``.
"""

from __future__ import annotations

import contextlib
import functools
import opcode
from collections.abc import Callable
from types import CodeType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

codes: set[CodeType] = set()
"""The code of all functions that are :func:`at_once`."""

_RESUME = opcode.opmap.get("RESUME")
_INSIDE_AN_AWAIT = 2  # RESUME's argument where a chain of awaits goes on: the innermost function looks for signals


def at_once(function: F) -> F:
    """Have a function begin without looking for signals, so that its first stores are done whenever it is called.

    CPython's compiler says in the argument of the first instruction, RESUME, what kind of beginning it is; there is one that
    does not look.  A Python whose functions have no such instruction leaves the function as it is.
    """
    code = function.__code__
    instructions = bytearray(code.co_code)
    for i in range(0, len(instructions), 2):
        if instructions[i] == _RESUME:
            instructions[i + 1] = _INSIDE_AN_AWAIT
            function.__code__ = code.replace(co_code=bytes(instructions))  # type: ignore[attr-defined]
            break
    codes.add(function.__code__)
    return function


@at_once
def surely(function: Callable[..., Any], *args: Any) -> None:
    """Call what puts something back and may be called twice; once more, if an interrupt cuts it short."""
    try:
        function(*args)
    except BaseException:
        function(*args)
        raise


class _Context(contextlib._GeneratorContextManager[Any]):
    """A generator's context that leads to the generator's end, whatever interrupts its beginning or its leaving."""

    def __enter__(self) -> Any:
        try:
            return super().__enter__()
        except BaseException:
            self.gen.close()
            raise

    @at_once
    def __exit__(self, *exc: Any) -> bool | None:
        try:
            return super().__exit__(*exc)
        except BaseException:
            self.gen.close()
            raise


def contextmanager(function: Callable[..., Any]) -> Callable[..., _Context]:
    """As ``contextlib``'s, but that what a generator does behind its ``yield`` is done also where an interrupt comes between it
    and the ``with``."""

    @functools.wraps(function)
    def context(*args: Any, **kwargs: Any) -> _Context:
        return _Context(function, args, kwargs)

    return context
