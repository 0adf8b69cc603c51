"""``torch.backends.cpu``: the processor that this runs on."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=None)
def get_cpu_capability() -> str:
    """The widest vector instructions that NumPy found: ``"AVX512"``, ``"AVX2"`` or ``"DEFAULT"``."""
    try:
        from numpy._core._multiarray_umath import __cpu_features__ as found
    except ImportError:
        return "DEFAULT"
    if found.get("AVX512F") or found.get("AVX512_SKX"):
        return "AVX512"
    return "AVX2" if found.get("AVX2") else "DEFAULT"
