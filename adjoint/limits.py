"""Limits of the dtypes: ``torch.finfo`` and ``torch.iinfo``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ml_dtypes
import numpy as np

from adjoint import dtypes
from adjoint.declare.arguments import wrong_argument
from adjoint.names import listed_without

_DIGITS = {dtypes.float16: 3, dtypes.bfloat16: 2, dtypes.float32: 6, dtypes.float64: 15} | dict.fromkeys(dtypes.FLOAT8, 0)


@lru_cache(maxsize=None)
def _numpy_limits(d: dtypes.dtype) -> Any:
    return ml_dtypes.finfo(d.array if d.array.names is None else d.array[0])


class _Limits:
    __slots__ = ("_dtype",)

    _dtype: dtypes.dtype

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self._dtype.name

    @property
    def bits(self) -> int:
        """How many bits a number has."""
        return self._dtype.itemsize * 8

    __dir__ = listed_without()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._dtype is other._dtype  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self._dtype)


class finfo(_Limits):
    """The limits of a floating-point dtype (of its parts, for a complex one); the default dtype's without argument.

    Raises TypeError for an integer dtype.

    >>> import adjoint as torch
    >>> torch.finfo(torch.float16).max
    65504.0
    """

    __slots__ = ()

    def __init__(self, type: dtypes.dtype | None = None) -> None:
        given = dtypes.get_default_dtype() if type is None else type
        if not isinstance(given, dtypes.dtype):
            wrong_argument("finfo", "type", "torch.dtype", given, 1)
        if given.category < dtypes.FLOAT:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        self._dtype = given.to_real()

    @property
    def min(self) -> float:
        """The smallest number: minus the largest."""
        return float(_numpy_limits(self._dtype).min)

    @property
    def max(self) -> float:
        """The largest finite number."""
        return float(_numpy_limits(self._dtype).max)

    @property
    def eps(self) -> float:
        """The distance from 1 to the next number."""
        if self._dtype is dtypes.float8_e5m2fnuz:
            return 0.125  # as PyTorch has it, though the next number is at twice that
        return float(_numpy_limits(self._dtype).eps)

    @property
    def tiny(self) -> float:
        """The smallest positive number of full precision."""
        return float(_numpy_limits(self._dtype).smallest_normal)

    smallest_normal = tiny

    @property
    def resolution(self) -> float:
        """The decimal resolution: 10 to the minus number of digits that survive."""
        return float(f"1e-{_DIGITS[self._dtype]}")

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{n}={getattr(self, n):g}' for n in names)}, dtype={self.dtype})"


class iinfo(_Limits):
    """The limits of an integer dtype.  Raises TypeError for any other.

    >>> import adjoint as torch
    >>> torch.iinfo(torch.int8).min, torch.iinfo(torch.uint8).max
    (-128, 255)
    """

    __slots__ = ()

    def __init__(self, type: dtypes.dtype) -> None:
        if not isinstance(type, dtypes.dtype):
            wrong_argument("iinfo", "type", "torch.dtype", type, 1)
        if type.category == dtypes.BOOL:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.category != dtypes.INTEGER:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        self._dtype = type

    @property
    def min(self) -> int:
        """The smallest number."""
        return int(np.iinfo(self._dtype.array).min)

    @property
    def max(self) -> int:
        """The largest number."""
        return int(np.iinfo(self._dtype.array).max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
