"""ArrayFace: the operators and methods of a NumPy array, all answered by one function.

A reading (taped, batched, traced) is a subclass that says in ``_call`` what a NumPy function does to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class ArrayFace:
    """An array-like whose every operation arrives at :meth:`_call` as a NumPy function and its arguments.

    The methods of ufuncs arrive as pairs, ``(numpy.add, "reduce")``.
    """

    __slots__ = ()
    __array_priority__ = 2000

    shape: Any
    dtype: Any
    ndim: Any
    size: Any

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self._call(ufunc if method == "__call__" else (ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._call(function, args, kwargs)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        return self._call(np.ndarray.__getitem__, (self, index), {})

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As ``numpy.ndarray.astype``."""
        return self._call(np.ndarray.astype, (self, dtype), {})

    def copy(self) -> Any:
        """As ``numpy.ndarray.copy``."""
        return self._call(np.copy, (self,), {})

    def reshape(self, *shape: Any) -> Any:
        """As ``numpy.ndarray.reshape``."""
        return self._call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {})

    def ravel(self) -> Any:
        """As ``numpy.ndarray.ravel``."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.ndarray.transpose``."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return self._call(np.transpose, (self, tuple(order) if order else tuple(range(self.ndim))[::-1]), {})

    T = property(lambda self: self.transpose())
    real = property(lambda self: self._call(np.real, (self,), {}))
    imag = property(lambda self: self._call(np.imag, (self,), {}))

    __hash__ = object.__hash__


def _binary(function: Any) -> Callable[..., Any]:
    return lambda self, other: self._call(function, (self, other), {})


def _reflected(function: Any) -> Callable[..., Any]:
    return lambda self, other: self._call(function, (other, self), {})


def _method(function: Any) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: self._call(function, (self, *args), kwargs)


_ARITHMETIC = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "matmul": np.matmul,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
}
_COMPARISONS = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_METHODS = {
    "__neg__": np.negative,
    "__abs__": np.absolute,
    "__invert__": np.invert,
    "conj": np.conjugate,
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "any": np.any,
    "all": np.all,
    "argmax": np.argmax,
    "argmin": np.argmin,
    "argsort": np.argsort,
    "swapaxes": np.swapaxes,
    "squeeze": np.squeeze,
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "diagonal": np.diagonal,
    "trace": np.trace,
    "repeat": np.repeat,
    "take": np.take,
    "clip": np.clip,
    "round": np.round,
    "nonzero": np.nonzero,
    "dot": np.dot,
}
for _name, _function in _ARITHMETIC.items():
    setattr(ArrayFace, f"__{_name}__", _binary(_function))
    setattr(ArrayFace, f"__r{_name}__", _reflected(_function))
for _name, _function in _COMPARISONS.items():
    setattr(ArrayFace, f"__{_name}__", _binary(_function))
for _name, _function in _METHODS.items():
    setattr(ArrayFace, _name, _method(_function))
