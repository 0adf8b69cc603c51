"""Errors that nobody catches, in a program that runs as several processes: the traceback says of which rank it is.

As PyTorch does, each line begins with ``[rank1]:``. Ranks run the same program, so often all fail at once and in the same way:
where the launcher is Adjoint's, a rank hands it the traceback, and the launcher prints that of the first.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from types import TracebackType

TRACEBACKS = "ADJOINT_TRACEBACKS"
"""The environment variable with the number of the descriptor that a launcher reads tracebacks from."""

SECONDARY = b"\0"
"""What begins the text handed to a launcher where the rank failed only since another one had."""

_installed = False


def install(rank: int) -> None:
    """Have uncaught errors of this process printed as those of this rank; a second call does nothing."""
    global _installed
    if _installed:
        return
    _installed = True
    inner = sys.excepthook

    def excepthook(kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
        text = io.StringIO()
        reason = f"{kind.__name__}: {value}".rstrip(": ")
        if getattr(value, "died", False):  # of a RankGone: the traceback that matters is that rank's
            reason = f"ended, since {value}"
            text.write(f"{reason}\n")
        else:
            with contextlib.redirect_stderr(text):
                inner(kind, value, traceback)
        marked = "".join(f"[rank{rank}]: {line}" for line in text.getvalue().splitlines(keepends=True))
        if not _hand_over((SECONDARY if getattr(value, "died", False) else b"") + marked.encode(errors="backslashreplace")):
            sys.stderr.write(marked)
            sys.stderr.flush()
        say_failed(reason)

    excepthook._of_adjoint = True  # type: ignore[attr-defined]
    sys.excepthook = excepthook


def on_exit(exit: SystemExit) -> None:
    """The program called ``sys.exit``: another status than 0 is a failure."""
    if exit.code not in (None, 0):
        say_failed(f"it exited with {exit.code!r}")


def say_failed(reason: str) -> None:
    """Tell the other ranks, if there is any connection yet."""
    lifetime = sys.modules.get("adjoint.distributed.lifetime")
    if lifetime is not None:
        lifetime.fail(reason)


def _hand_over(data: bytes) -> bool:
    """Give the traceback to the launcher; False where there is none."""
    try:
        descriptor = int(os.environ.get(TRACEBACKS, ""))
        sys.stdout.flush()  # what was printed before comes before
        while data:
            data = data[os.write(descriptor, data) :]
    except (ValueError, OSError):
        return False
    return True
