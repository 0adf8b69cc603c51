"""``torch.__config__``: what Adjoint is made of, and how many threads compute."""

from __future__ import annotations

import importlib.metadata
import os
import platform

from adjoint.names import list_names as _list_names
from adjoint.threads import get_num_interop_threads, get_num_threads


def show() -> str:
    """The Python, the libraries and the processor that compute, as text.

    >>> import adjoint as torch
    >>> print(torch.__config__.show().splitlines()[0])
    Adjoint runs with:
    """
    lines = [f"Python {platform.python_version()} ({platform.python_implementation()})", f"{platform.machine()} processor"]
    for package in ("numpy", "scipy", "ml_dtypes", "llvmlite"):
        try:
            lines.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{package}: not installed")
    lines.append("USE_CUDA=0, USE_CUDNN=OFF, USE_MKLDNN=OFF")
    return "Adjoint runs with:\n" + "".join(f"  - {line}\n" for line in lines)


def parallel_info() -> str:
    """How many threads compute, as text."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return (
        f"ATen/Parallel:\n\tat::get_num_threads() : {get_num_threads()}\n"
        f"\tat::get_num_interop_threads() : {get_num_interop_threads()}\n"
        f"std::thread::hardware_concurrency() : {os.cpu_count()}\nEnvironment variables:\n"
        + "".join(f"\t{name} : {os.environ.get(name, '[not set]')}\n" for name in names)
    )


def _cxx_flags() -> str:
    """The flags of a C++ compiler: none was used."""
    return ""


_list_names(__name__)
