"""The machine that native code is made for: its vectors and registers."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Machine:
    """What kernels ask about a processor."""

    family: str  # "x86" or "arm"; anything else is unknown, and NumPy computes
    cpu: str  # LLVM's name
    features: str  # LLVM's list
    vector_bytes: int  # of one register
    registers: int  # vector registers

    def lanes(self, bytes: int) -> int:
        """How many elements of a size a vector register holds."""
        return self.vector_bytes // bytes


def last_cache_bytes() -> int:
    """The size of the last cache, as far as the system tells."""
    try:
        return os.sysconf("SC_LEVEL3_CACHE_SIZE") or 1 << 24
    except (AttributeError, ValueError, OSError):
        return 1 << 24


@lru_cache(maxsize=None)
def machine() -> Machine:
    """The machine that this process runs on (``ADJOINT_VECTOR_BYTES`` makes its vectors shorter, for tests)."""
    import llvmlite.binding as llvm

    found: Any = llvm.get_host_cpu_features()
    name = platform.machine().lower()
    family = "x86" if name in ("x86_64", "amd64") else "arm" if name in ("arm64", "aarch64") else name
    if family == "x86":
        wide = found.get("avx512f") and found.get("avx512vl") and found.get("avx512dq") and found.get("avx512bw")
        size = 64 if wide else 32 if found.get("avx2") and found.get("fma") else 0
    else:
        size = 16 if family == "arm" else 0
    asked = os.environ.get("ADJOINT_VECTOR_BYTES", "")
    features = found.flatten()
    if asked.isdigit() and 16 <= int(asked) < size:
        size = int(asked)
        features = ",".join(f for f in features.split(",") if not f.startswith("+avx512") and f != "+evex512")
    too_old = not hasattr(llvm, "create_pass_builder")
    if not size or too_old or sys.platform == "win32":  # whose threads are started in another way
        family = "unknown"
    registers = 32 if size == 64 or family == "arm" else 16
    return Machine(family, llvm.get_host_cpu_name(), features, size, registers)
