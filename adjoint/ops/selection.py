"""Selecting along a dimension by indices, and adding back: what gradients of sorts and maxima are made of."""

from __future__ import annotations

import numpy as np

from adjoint.declare import op
from adjoint.kernels.late import Often
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.widening import is_half

_add = Often("indexing.along:add_along")


@array_function
def take_along(x: Array, indices: Array, dim: int) -> Array:
    """The elements of ``x`` at ``indices`` along ``dim``; ``indices`` has as many dimensions as ``x``."""
    return np.take_along_axis(x, indices, dim)


@array_function
def add_along(g: Array, indices: Array, dim: int, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape``, with ``g`` added at ``indices`` along ``dim``."""
    if g.__class__ is np.ndarray and _add.wants(indices):
        wide = g.astype(np.float32) if is_half(g.dtype) else g
        found = _add(wide, indices, dim, shape)
        if found is not NotImplemented:
            return found if wide is g else found.astype(g.dtype)
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
