"""Dtypes that PyTorch's kernels do not have: the error says which kernel and which dtype."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint import dtypes


def unsupported(kernel: str, array: Any) -> NoReturn:
    """Raise PyTorch's NotImplementedError for an array's dtype."""
    raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(array)}'")


def type_name(array: Any) -> str:
    """The array's dtype by PyTorch's C++ name: ``Float``, ``Long``."""
    return dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(array)]
