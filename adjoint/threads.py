"""Threads: how many may compute at once."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.declare import composite
from adjoint.kernels import threads as kernel_threads
from adjoint.kernels.threads import available

_threads: int | None = None
_interop: int | None = None


@composite(where="torch")
def get_num_threads() -> int:
    """How many threads an operator may use: the cores this process may run on, unless it was set.

    Processes that were started together on a machine, as ``adjoint run -n 4`` does, share its cores.
    """
    return available() if _threads is None else _threads


@composite(where="torch")
def set_num_threads(int: int, /) -> None:
    """Let operators use so many threads.  Raises RuntimeError unless given a positive integer, ValueError above 2³¹.

    >>> import adjoint as torch
    >>> before = torch.get_num_threads(); torch.set_num_threads(1); torch.get_num_threads()
    1
    >>> torch.set_num_threads(before)
    """
    global _threads
    count = _positive("set_num_threads", int)
    kernel_threads.set_num_threads(count)
    _threads = count
    setter = _blas_setter()
    if setter is not None:
        setter(min(count, kernel_threads.cores()))


@composite(where="torch")
def get_num_interop_threads() -> int:
    """How many operators may run at once, as it was set; they run one after the other."""
    return available() if _interop is None else _interop


@composite(where="torch")
def set_num_interop_threads(int: int, /) -> None:
    """Set what :func:`get_num_interop_threads` returns, once.  Raises RuntimeError the second time."""
    global _interop
    count = _positive("set_num_interop_threads", int)
    if _interop is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads "
            "called"
        )
    _interop = count


def share_cores(processes: int) -> None:
    """Let this process use its share of the cores, where so many of them work together on this machine; what
    :func:`set_num_threads`, OMP_NUM_THREADS or a launcher has said counts more."""
    kernel_threads.share(processes)
    _share_blas()


def _share_blas() -> None:
    """NumPy's BLAS takes all cores by itself, or what its own environment variable says."""
    count = get_num_threads()
    if count < kernel_threads.cores() and "OPENBLAS_NUM_THREADS" not in os.environ:
        setter = _blas_setter()
        if setter is not None:
            setter(count)


def _positive(function: str, count: Any) -> int:
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise RuntimeError(f"{function} expects an int, but got {type(count).__name__}")
    if count <= 0:
        raise RuntimeError(f"{function} expects a positive integer")
    if count > 0x7FFFFFFF:
        raise ValueError("Overflow when unpacking long long")
    return int(count)


@lru_cache(maxsize=None)
def _blas_setter() -> Any:
    """NumPy's own BLAS's function that sets its number of threads; None where it has another BLAS than OpenBLAS."""
    package = Path(np.__file__).parent
    for library in (*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")):
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError:
            continue
        for name in ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads"):
            setter = getattr(loaded, name, None)
            if setter is not None:
                return setter
    return None


if kernel_threads.available() < kernel_threads.cores():
    _share_blas()
