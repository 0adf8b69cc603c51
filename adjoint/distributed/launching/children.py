"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

_SET_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36  # of prctl(2)


@lru_cache(maxsize=None)
def _prctl() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "prctl", None)


def beginning(apart: bool, mask: set[Any]) -> Callable[[], None]:
    """What a child does before its program: it goes with its launcher, even if that is killed; ``apart``: it leads a process
    group of its own."""
    prctl, launcher = _prctl(), os.getpid()

    def begin() -> None:
        if apart:
            os.setpgid(0, 0)
        if prctl is not None:
            prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != launcher:
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return begin


def adopt_orphans() -> None:
    """From now on children of children that end become this process's, so that it can end them (Linux)."""
    prctl = _prctl()
    if prctl is not None:
        prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def end_orphans(grace: float) -> None:
    """End what children left behind in this session: at first with SIGTERM, and so many seconds later with SIGKILL."""
    end = time.monotonic() + grace
    number = signal.SIGTERM
    while True:
        _reap()
        left = _children()
        if not left:
            return
        for process in left:
            try:
                os.kill(process, number)
            except OSError:
                pass
        if number == signal.SIGKILL and time.monotonic() > end + 1:
            return
        if time.monotonic() > end:
            number = signal.SIGKILL
        time.sleep(0.05)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _children() -> list[int]:
    """This process's children that are in its session: what a program put into another one is meant to stay."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            found += [int(number) for number in task.read_text().split()]
        except OSError:
            pass
    session = os.getsid(0)
    return [number for number in found if _session(number) == session]


def _session(process: int) -> int | None:
    try:
        return os.getsid(process)
    except OSError:
        return None
