"""The name of a value's type, as PyTorch's messages have it."""

from __future__ import annotations

from typing import Any

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class made by a class statement


def type_name(value: Any) -> str:
    """The name of a value's type as C sees it, which PyTorch's messages use: ``numpy.ndarray`` but ``Tensor``."""
    cls = type(value)
    if cls.__flags__ & _HEAP_TYPE or cls.__module__ in ("builtins", "torch"):
        return cls.__name__
    return f"{cls.__module__}.{cls.__name__}"
