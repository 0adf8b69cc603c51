"""``llvmlite.ir``, imported when something of it is first used: kernels that are kept on disk run without it."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from llvmlite import ir

    found = globals()[name] = getattr(ir, name)
    return found
