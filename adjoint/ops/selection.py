"""Selecting along a dimension by indices, and adding back: what gradients of sorts and maxima are made of."""

from __future__ import annotations

import numpy as np

from adjoint.declare import op
from adjoint.ops.along import sum_along
from adjoint.ops.along import take_along as native_take
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.widening import is_half


@array_function
def take_along(x: Array, indices: Array, dim: int) -> Array:
    """The elements of ``x`` at ``indices`` along ``dim``; ``indices`` has as many dimensions as ``x``."""
    found = native_take(x, dim % x.ndim if x.ndim else dim, indices)
    return np.take_along_axis(x, indices, dim) if found is NotImplemented else found


@array_function
def add_along(g: Array, indices: Array, dim: int, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape``, with ``g`` added at ``indices`` along ``dim``."""
    result = sum_along(g, shape, dim % len(shape) if shape else dim, indices)
    if result is not NotImplemented:
        return result
    if is_half(g.dtype) and g.__class__ is np.ndarray:  # as native code adds them
        return add_along(g.astype(np.float32), indices, dim, shape).astype(g.dtype)
    result = np.zeros(shape, g.dtype)
    if indices.shape[dim] == 1:
        np.put_along_axis(result, indices, g, dim)
        return result
    places = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    places[dim] = indices
    np.add.at(result, tuple(places), g)
    return result


_take_along = op(
    "take_along", take_along, where="",
    x=lambda g, indices, dim, x_shape: add_along(g, indices, dim, x_shape),
)  # fmt: skip
_add_along = op(
    "add_along", add_along, where="",
    g=lambda g, indices, dim: take_along(g, indices, dim),
)  # fmt: skip
