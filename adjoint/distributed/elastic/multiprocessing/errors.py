"""Errors of processes that were started together: recorded where the launcher asked for it, and told as one."""

from __future__ import annotations

import functools
import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adjoint.names import list_names as _list_names

__all__ = ["ChildFailedError", "ProcessFailure", "record"]

_FILE = "TORCHELASTIC_ERROR_FILE"
_NONE = "<N/A>"


@dataclass
class ProcessFailure:
    """How a process failed: its exit status, negative for a signal, and what it wrote to its error file."""

    local_rank: int
    pid: int
    exitcode: int
    error_file: str
    error_file_data: dict[str, Any] = field(init=False)
    message: str | dict[str, Any] = field(init=False)
    timestamp: int = field(init=False)

    def __post_init__(self) -> None:
        self.error_file_data, self.message, self.timestamp = {"message": _NONE}, "", int(time.time())
        try:
            with open(self.error_file, encoding="utf-8") as file:
                self.error_file_data = json.load(file)
        except OSError:
            self.error_file = _NONE
        else:
            self.message = self.error_file_data["message"]
            extra = self.message["extraInfo"] if isinstance(self.message, dict) else self.error_file_data
            self.timestamp = int(extra.get("timestamp", 0))
        if not self.message and self.exitcode < 0:
            self.message = f"Signal {-self.exitcode} ({self.signal_name()}) received by PID {self.pid}"
        elif not self.message:
            self.message = "To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html"

    def signal_name(self) -> str:
        """The name of the signal that ended it."""
        with suppress(ValueError):
            if self.exitcode < 0:
                return signal.Signals(-self.exitcode).name
        return _NONE

    def timestamp_isoformat(self) -> str:
        """When it failed."""
        return datetime.fromtimestamp(self.timestamp).isoformat(sep="_")


class ChildFailedError(Exception):
    """Processes failed: ``failures`` says of each rank how."""

    def __init__(self, name: str, failures: dict[int, ProcessFailure]) -> None:
        self.name = name
        self.failures = failures
        super().__init__(self.format_msg())

    def get_first_failure(self) -> tuple[int, ProcessFailure]:
        """The rank that failed first, and how."""
        rank = min(self.failures, key=lambda rank: self.failures[rank].timestamp)
        return rank, self.failures[rank]

    def format_msg(self) -> str:
        """The message: the first failure with its traceback, and the others."""
        root, first = self.get_first_failure()
        lines = [f"{self.name} FAILED", f"Root Cause (first observed failure): {_told(root, first)}"]
        lines += [f"Other failure: {_told(rank, each)}" for rank, each in self.failures.items() if rank != root]
        return "\n".join(lines)


def _told(rank: int, failure: ProcessFailure) -> str:
    message = failure.message
    if isinstance(message, dict):
        message = message.get("extraInfo", {}).get("py_callstack", message.get("message", _NONE))
    where = f"rank {rank} (local_rank: {failure.local_rank}), exitcode: {failure.exitcode} (pid: {failure.pid})"
    return f"{where}, {failure.timestamp_isoformat()}\n{message}"


def record(fn: Callable[..., Any], error_handler: Any = None) -> Callable[..., Any]:
    """A function whose error, if it raises one, is also written to the file that ``TORCHELASTIC_ERROR_FILE`` names, if it is set.

    ``SystemExit(0)`` is a return.  A handler of one's own is called as PyTorch's are: ``initialize()``, and for an error
    ``record_exception(error)``.

    >>> from adjoint.distributed.elastic.multiprocessing.errors import record
    >>> record(lambda x: x + 1)(2)
    3
    """

    @functools.wraps(fn)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if error_handler is not None:
            error_handler.initialize()
        try:
            return fn(*args, **kwargs)
        except SystemExit as exit:
            if exit.code == 0:
                return None
            raise
        except Exception as error:
            (write if error_handler is None else error_handler.record_exception)(error)
            raise

    return recorded


def write(error: BaseException) -> None:
    """Write an error that is being handled to this process's error file, if it has one."""
    path = os.environ.get(_FILE)
    if path:
        extra = {"py_callstack": traceback.format_exc(), "timestamp": str(int(time.time()))}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"message": {"message": f"{type(error).__name__}: {error}", "extraInfo": extra}}, file)


_list_names(__name__)
