"""The machine that native code is made for: its vectors and registers."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from dataclasses import dataclass
from functools import lru_cache


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
    import llvmlite

    too_old = [int(n) for n in llvmlite.__version__.split(".")[:2] if n.isdigit()] < [0, 44]  # which compiles in another way
    cpu, found = ("", {}) if too_old else _as_llvm_sees_it()
    name = platform.machine().lower()
    family = "x86" if name in ("x86_64", "amd64") else "arm" if name in ("arm64", "aarch64") else name
    if family == "x86":
        wide = found.get("avx512f") and found.get("avx512vl") and found.get("avx512dq") and found.get("avx512bw")
        size = 64 if wide else 32 if found.get("avx2") and found.get("fma") else 0
    else:
        size = 16 if family == "arm" else 0
    asked = os.environ.get("ADJOINT_VECTOR_BYTES", "")
    features = ",".join(f"{'+' if has else '-'}{feature}" for feature, has in sorted(found.items()))
    if asked.isdigit() and 16 <= int(asked) < size:
        size = int(asked)
        features = ",".join(f for f in features.split(",") if not f.startswith("+avx512") and f != "+evex512")
    if not size or too_old or sys.platform == "win32":  # whose threads are started in another way
        family = "unknown"
    registers = 32 if size == 64 or family == "arm" else 16
    return Machine(family, cpu, features, size, registers)


def _as_llvm_sees_it() -> tuple[str, dict[str, bool]]:
    """LLVM's name of the processor and its features: kept on disk under what the system says of it, since loading LLVM costs
    more than all else that a process does before its first kernel."""
    from adjoint.kernels.kept import PROCESSOR, read, write

    said = _as_the_system_sees_it()
    name = hashlib.sha256(said.encode()).hexdigest()[:40]
    kept = read(name, PROCESSOR) if said else None
    if kept is not None:
        cpu, features = json.loads(kept)
        return cpu, features
    import llvmlite.binding as llvm

    seen = llvm.get_host_cpu_name(), dict(llvm.get_host_cpu_features())
    if said:
        write(name, json.dumps(seen).encode(), PROCESSOR)
    return seen


def _as_the_system_sees_it() -> str:
    """A text that differs where processors (or versions of LLVM) do; empty where the system has none."""
    import llvmlite

    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            first = file.read().partition("\n\n")[0]
    except OSError:
        return ""
    lines = [line for line in first.splitlines() if line.split(":")[0].strip() in _TELLING]
    return "\n".join([llvmlite.__version__, *lines]) if lines else ""


_TELLING = frozenset(
    ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "CPU part", "CPU implementer", "Features")
)
