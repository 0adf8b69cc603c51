"""The taped reading: NumPy's face of a Tensor.

Formulas are NumPy code.  Handed :class:`Taped` arrays, the same code records itself: every NumPy function arrives
here through NumPy's dispatch protocols and is answered by the operator of the tables that computes it.  So a
gradient can be differentiated again, to any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.tensor import Tensor, from_array

# NumPy function -> what computes it on tensors, with NumPy's arguments.  Filled by the tables.
TAPED: dict[Any, Callable[..., Any]] = {}


def taped(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare how NumPy functions are computed on tensors (a decorator)."""

    def declare(implementation: Callable[..., Any]) -> Callable[..., Any]:
        for f in functions:
            assert f not in TAPED, f"{f} has two taped readings"
            TAPED[f] = implementation
        return implementation

    return declare


def _tensors(value: Any) -> Any:
    """``value`` with every Taped in it replaced by its tensor, and every array by a tensor over it."""
    if isinstance(value, Taped):
        return value.tensor
    if isinstance(value, np.ndarray):
        return from_array(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_tensors(v) for v in value)
    return value


def _wrap(value: Any) -> Any:
    if isinstance(value, Tensor):
        return Taped(value)
    if isinstance(value, (list, tuple)):
        return tuple(_wrap(v) for v in value)
    return value


def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    implementation = TAPED.get(function)
    if implementation is None:
        raise NotImplementedError(
            f"no operator of the tables computes {getattr(function, '__name__', function)}: a formula that uses it "
            "cannot be differentiated again; declare one with adjoint.autograd.taped.taped"
        )
    return _wrap(implementation(*map(_tensors, args), **{k: _tensors(v) for k, v in kwargs.items()}))


class Taped:
    """A tensor with the interface of a NumPy array."""

    __slots__ = ("tensor",)
    __array_priority__ = 2000

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    shape = property(lambda self: self.tensor._array.shape)
    dtype = property(lambda self: self.tensor._array.dtype)
    ndim = property(lambda self: self.tensor._array.ndim)
    size = property(lambda self: self.tensor._array.size)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _call(ufunc if method == "__call__" else (ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, args, kwargs)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Taped:
        return Taped(self.tensor[_tensors(index)])

    def astype(self, dtype: Any, copy: bool = True) -> Taped:
        return _call(np.ndarray.astype, (self, dtype), {})

    def copy(self) -> Taped:
        return _call(np.copy, (self,), {})

    def reshape(self, *shape: Any) -> Taped:
        return _call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {})

    def ravel(self) -> Taped:
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> Taped:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return _call(np.transpose, (self, tuple(order) if order else tuple(range(self.ndim))[::-1]), {})

    T = property(lambda self: self.transpose())
    real = property(lambda self: _call(np.real, (self,), {}))
    imag = property(lambda self: _call(np.imag, (self,), {}))


def _ufunc(function: Any) -> Callable[..., Any]:
    return lambda self, other: _call(function, (self, other), {})


def _reflected(function: Any) -> Callable[..., Any]:
    return lambda self, other: _call(function, (other, self), {})


def _method(function: Any) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: _call(function, (self, *args), kwargs)


for _name, _function in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "matmul": np.matmul,
    "and": np.logical_and,
    "or": np.logical_or,
}.items():
    setattr(Taped, f"__{_name}__", _ufunc(_function))
    setattr(Taped, f"__r{_name}__", _reflected(_function))
for _name, _function in {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}.items():
    setattr(Taped, f"__{_name}__", _ufunc(_function))
for _name, _function in {
    "__neg__": np.negative,
    "__abs__": np.absolute,
    "__invert__": np.logical_not,
    "conj": np.conjugate,
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "swapaxes": np.swapaxes,
    "squeeze": np.squeeze,
    "cumsum": np.cumsum,
    "diagonal": np.diagonal,
    "trace": np.trace,
    "repeat": np.repeat,
    "take": np.take,
    "clip": np.clip,
}.items():
    setattr(Taped, _name, _method(_function))
Taped.__hash__ = object.__hash__  # type: ignore[method-assign]
