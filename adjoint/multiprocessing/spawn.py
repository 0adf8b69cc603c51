"""Spawning: a function run by several processes, and an error of one of them raised here, with its traceback."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from adjoint.places import users_level


class ProcessException(Exception):
    """A process that :func:`start_processes` started has failed: ``error_index`` is its number, ``pid`` its id."""

    __slots__ = ("error_index", "error_pid")

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.pid = pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """The function raised in a process; the message has its traceback."""

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg, error_index, error_pid)


class ProcessExitedException(ProcessException):
    """A process ended by a signal, or by an exit status that is not 0."""

    __slots__ = ("exit_code",)

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


class ProcessContext:
    """The processes that :func:`start_processes` started without waiting for them."""

    def __init__(self, processes: list[Any], error_files: list[str]) -> None:
        self.error_files = error_files
        self.processes = processes
        self.sentinels = {process.sentinel: index for index, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """The ids of the processes."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait until a process has ended, ``timeout`` seconds at most; True if all of them have, and well.

        If one failed, the others are given ``grace_period`` seconds and then terminated, and ProcessRaisedException or
        ProcessExitedException is raised.
        """
        if not self.sentinels:
            return True
        failed = None
        for sentinel in multiprocessing.connection.wait(self.sentinels.keys(), timeout):
            index = self.sentinels.pop(sentinel)  # type: ignore[index]
            process = self.processes[index]
            process.join()
            if process.exitcode != 0:
                failed = index
                break
        if failed is None:
            return not self.sentinels
        self._end_others(grace_period)
        self._raise(failed)

    def _end_others(self, grace_period: float | None) -> None:
        if grace_period is not None:
            until = time.monotonic() + grace_period
            for process in self.processes:
                process.join(max(0.0, until - time.monotonic()))
        for end in ("terminate", "kill"):
            until = time.monotonic() + 30
            for process in self.processes:
                if process.is_alive():
                    getattr(process, end)()
            for process in self.processes:
                process.join(max(0.0, until - time.monotonic()))

    def _raise(self, failed: int) -> NoReturn:
        process, file = self.processes[failed], self.error_files[failed]
        try:
            with open(file, "rb") as error:
                text = pickle.load(error)
        except (OSError, EOFError):
            text = None
        if text is not None:
            message = f"\n\n-- Process {failed} terminated with the following error:\n{text}"
            raise ProcessRaisedException(message, failed, process.pid)
        code = process.exitcode
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"<Unknown signal {-code}>"
            message = f"process {failed} terminated with signal {name}"
            raise ProcessExitedException(message, failed, process.pid, code, name)
        raise ProcessExitedException(f"process {failed} terminated with exit code {code}", failed, process.pid, code)

    def __del__(self) -> None:
        for file in self.error_files:
            with suppress(OSError):
                os.unlink(file)


class SpawnContext(ProcessContext):
    """The processes that :func:`spawn` started."""

    def __init__(self, processes: list[Any], error_files: list[str]) -> None:
        warnings.warn("SpawnContext is renamed to ProcessContext since 1.4 release.", stacklevel=users_level())
        super().__init__(processes, error_files)


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Run ``fn(i, *args)`` in ``nprocs`` processes, ``i`` being 0 to ``nprocs - 1``.

    With ``join``, wait for them all and return None: an error of one ends the others and is raised as
    ProcessRaisedException or ProcessExitedException.  Otherwise a ProcessContext is returned at once.

    """
    context: Any = multiprocessing.get_context(start_method)
    processes, files = [], []
    try:
        for index in range(nprocs):
            handle, file = tempfile.mkstemp(prefix="pytorch-errorfile-", suffix=".pickle")
            os.close(handle)
            files.append(file)
            process = context.Process(target=_run, args=(fn, index, args, file), daemon=daemon)
            process.start()
            processes.append(process)
    except BaseException:
        for process in processes:
            process.terminate()
        for file in files:
            os.unlink(file)
        raise
    started = ProcessContext(processes, files)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """As :func:`start_processes`, by processes that begin anew: ``fn`` has to be defined at the top level of a module.

    Raises what :func:`start_processes` raises.
    """
    if start_method != "spawn":
        warnings.warn(
            f"This method only supports start_method=spawn (got: {start_method}).\nTo use a different start_method use:\n\t\t "
            "torch.multiprocessing.start_processes(...)",
            FutureWarning,
            stacklevel=users_level(),
        )
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")


def _run(fn: Callable[..., Any], index: int, args: tuple[Any, ...], error_file: str) -> None:
    """In the process that was started."""
    _end_with_parent()
    try:
        fn(index, *args)
    except KeyboardInterrupt:  # the parent's user interrupted the parent, too
        pass
    except Exception:
        with open(error_file, "wb") as file:
            pickle.dump(traceback.format_exc(), file)
        sys.exit(1)


def _end_with_parent() -> None:
    """Interrupt this process when its parent has ended, however that came about."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
