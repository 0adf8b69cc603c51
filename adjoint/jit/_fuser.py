"""Switches of TorchScript's compiler.  They keep what they are set to; there is no compiler that reads them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adjoint.jit._deprecation import deprecated
from adjoint.places import users_level

_FUSERS = ("fuser0", "fuser1", "fuser2", "fuser3", "none")
_set = {"onednn": False, "strategy": [("STATIC", 2), ("DYNAMIC", 10)]}


@contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A block in which scripted functions are optimized, or not; others run as they do."""
    yield


@contextmanager
def fuser(name: str) -> Iterator[None]:
    """A block in which scripted functions are fused by the backend of this name.  Raises Exception for a name there is not."""
    if name not in _FUSERS:
        raise Exception(f"unrecognized fuser option (name: {name})")
    yield


def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Set how often scripted functions are specialized, and return what was set before."""
    deprecated("set_fusion_strategy")
    before: Any = _set["strategy"]
    _set["strategy"] = strategy
    return before  # type: ignore[no-any-return]


def enable_onednn_fusion(enabled: bool) -> None:
    """Set what :func:`onednn_fusion_enabled` says."""
    _set["onednn"] = enabled


def onednn_fusion_enabled() -> bool:
    """What :func:`enable_onednn_fusion` was last given; False at first."""
    return _set["onednn"]  # type: ignore[return-value]


class strict_fusion:
    """A block of scripted code that must be fused; warns, as nothing is scripted."""

    def __init__(self) -> None:
        warnings.warn("Only works in script mode", stacklevel=users_level())

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass
