"""Array functions that formulas share: what NumPy lacks, or has only at the price of a slow call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from adjoint.readings.meta import MetaArray

Array = Any  # numpy.ndarray, or what another reading hands a formula
Arrays = Any

F = TypeVar("F", bound=Callable[..., Any])

_ORDINARY = frozenset({np.ndarray, int, float, complex, bool, str, type(None), np.float32, np.float64})
"""What no other reading hands a formula."""


def array_function(f: Callable[..., Any]) -> Callable[..., Any]:
    """Have an array function of our own dispatch as NumPy's do (a decorator).

    Handed another reading's array (anything with ``__array_function__`` that is not an ndarray), the function is
    answered by that reading.  A row declared with such a function as its forward is its taped reading.
    """

    @wraps(f)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            kind = argument.__class__
            if kind in _ORDINARY:
                continue
            for a in argument if kind is list or kind is tuple else (argument,):
                kind = a.__class__
                if kind not in _ORDINARY and hasattr(kind, "__array_function__"):
                    return a.__array_function__(dispatch, (kind,), args, kwargs)
        return f(*args, **kwargs)

    dispatch.on_arrays = f  # type: ignore[attr-defined]
    return dispatch


def special_function(name: str) -> Callable[[Array], Array]:
    """A ufunc of ``scipy.special``, which is imported when the first of them computes something.

    A reading that only writes down what is computed needs no more than the name.
    """

    def call(x: Array) -> Array:
        named = getattr(x, "named", None)
        if named is not None:
            return named(name)
        import scipy.special

        return getattr(scipy.special, name)(x)

    return call


def all_values(x: Array) -> Array:
    """The plain array, for checks that look at values: of a batch, the values of all samples."""
    while not isinstance(x, (np.ndarray, np.generic)):
        x = x.array
    return x


def converted(value: Array, dtype: Any = None) -> Array:
    """As ``numpy.asarray``, and another reading's array in the dtype."""
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value, dtype)
    return value if dtype is None else value.astype(dtype)


def contiguous(x: Array) -> Array:
    """As ``numpy.ascontiguousarray``; another reading's array as it is."""
    return np.ascontiguousarray(x) if x.__class__ is np.ndarray else x


def apart(found: Array, x: Array) -> Array:
    """``found``, which was made of ``x``, contiguous and in memory of its own; another reading's array as it is.

    Views by which nothing moves, and a reshape that needs no copy, are still ``x``: who writes to the one would write to
    the other.
    """
    if found.__class__ is not np.ndarray:
        return found
    return found.copy() if np.may_share_memory(found, x) else np.ascontiguousarray(found)


def in_columns(x: Array) -> Array:
    """Matrices that lie in memory column by column, as LAPACK leaves them and PyTorch returns them; another reading's
    array as it is."""
    if x.__class__ not in (np.ndarray, MetaArray) or x.ndim < 2:
        return x
    if x.ndim == 2 and x.__class__ is np.ndarray:
        return x.copy("F")
    return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)


def conj(x: Array) -> Array:
    """The complex conjugate; a real array as it is, not copied."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def expand(g: Array, shape: tuple[int, ...]) -> Array:
    """``g`` broadcast to ``shape`` without a copy."""
    if isinstance(g, (np.ndarray, np.generic)):
        if g.ndim == 0:
            return np.ndarray(shape, g.dtype, np.asarray(g), 0, (0,) * len(shape))
        if g.ndim == len(shape) and g.flags.c_contiguous and g.size:  # as np.broadcast_to, in a third of its time
            strides = [0 if have == 1 else s if have == n else None for have, n, s in zip(g.shape, shape, g.strides)]
            if None not in strides:
                return np.ndarray(shape, g.dtype, g, 0, strides)
    return np.broadcast_to(g, shape)
