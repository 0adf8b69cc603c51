"""What programs import from ``torch._utils``: an exception on its way from one thread or process to another."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, NoReturn

__all__ = ["ExceptionWrapper", "KeyErrorMessage", "cpu_count"]


class KeyErrorMessage(str):
    """A message that KeyError shows as it is: of other texts it shows the ``repr``, newlines and all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An exception that can be sent, as its type and the text of its traceback, and be raised elsewhere.

    ``exc_info`` is what ``sys.exc_info()`` gives, by default the exception that is being handled; ``where`` tells in
    the message where it was raised.

    >>> import adjoint as torch
    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError:
    ...     caught = torch._utils.ExceptionWrapper(where="in worker 3")
    >>> try:
    ...     caught.reraise()
    ... except ZeroDivisionError as error:
    ...     print(str(error).splitlines()[0])
    Caught ZeroDivisionError in worker 3.
    """

    exc_type: Any
    exc_msg: str
    where: str

    def __init__(self, exc_info: Any = None, where: str = "in background") -> None:
        if exc_info is None:
            exc_info = sys.exc_info()
        self.exc_type = exc_info[0]
        self.exc_msg = "".join(traceback.format_exception(*exc_info))
        self.where = where

    def reraise(self) -> NoReturn:
        """Raise an exception of that type with both tracebacks in its message; RuntimeError if that takes other arguments."""
        message = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            message = KeyErrorMessage(message)
        elif getattr(self.exc_type, "message", None):  # made of a message by name
            raise self.exc_type(message=message)
        try:
            exception = self.exc_type(message)
        except Exception:
            raise RuntimeError(message) from None
        raise exception


def cpu_count() -> int | None:
    """The cores that this process may run on; None where that is not known."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()
