"""The machine: what a figure has to be read with.  No names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("numpy", "scipy", "ml_dtypes", "llvmlite", "torch")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, and versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }


class Others:
    """How much of the machine other programs use meanwhile: a context, then ``share``, from 0 to 1.

    It matters most to a peer that waits for its threads by spinning: one busy core beside it, and a step of 30 µs takes
    milliseconds.  Where the system does not tell, ``share`` stays None.
    """

    share: float | None = None

    def __enter__(self) -> Others:
        self._start = time.perf_counter(), _own_seconds(), _all_seconds()
        return self

    def __exit__(self, *exc: object) -> None:
        elapsed = time.perf_counter() - self._start[0]
        before, after = self._start[2], _all_seconds()
        if before is not None and after is not None:
            theirs = after - before - (_own_seconds() - self._start[1])
            self.share = max(0.0, theirs / (elapsed * (os.cpu_count() or 1)))


def _own_seconds() -> float:
    """Processor time that this process and its finished children took."""
    return sum(os.times()[:4])


def _all_seconds() -> float | None:
    """Processor time that all programs took since the machine started, and what was taken from the machine."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            facts = dict(line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line)
    except OSError:
        return platform.processor() or platform.machine()
    found = {key.strip(): value.strip() for key, value in facts.items()}
    name = found.get("model name", platform.machine())
    if "model" in found:  # some virtual machines shorten the name
        name += f" (family {found.get('cpu family')}, model {found['model']})"
    widest = next((kind for kind in ("avx512f", "avx2", "avx") if kind in found.get("flags", "").split()), None)
    return f"{name}, {widest}" if widest else name


def _memory_gb() -> float | None:
    if sys.platform == "win32":
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
