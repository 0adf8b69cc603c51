"""Marks for NVIDIA's profilers.  PyTorch without CUDA has none either, and says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

from adjoint.names import list_names as _list_names

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises RuntimeError: there is no device."""
    raise RuntimeError("NVTX functions not installed. Are you sure you have a CUDA build?")


mark = range_end = range_pop = range_push = range_start = _refuse


@contextlib.contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A context that is marked.  Raises RuntimeError: there is no device."""
    _refuse()
    yield


_list_names(__name__)
