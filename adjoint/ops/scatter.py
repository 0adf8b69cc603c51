"""Adding up by index: the adjoint of reading by index, on which the gradients of all indexing stand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.kernels.late import LARGE, Late
from adjoint.ops.along import MANY, put_along, sum_along, take_along
from adjoint.ops.arrays import Array, Arrays, array_function
from adjoint.ops.bulk import copy
from adjoint.ops.widening import is_half, widen
from adjoint.readings.face import ArrayFace

_add = Late("indexing:add_at")
_add_onto = Late("indexing:add_onto")
_take = Late("indexing:take")
WIDE = 16
"""Elements of a row from which on rows are added by vectors."""

_FEW = 2048  # elements from which on a sparse matrix product is faster than numpy.add.at


@array_function
def add_at(g: Array, index: Array, count, unique=False):
    """Zeros of ``count`` rows, with row ``i`` of ``g`` added to row ``index[i]`` (from 0 on)."""
    shape = (count, *g.shape[1:])
    if g.size < WIDE * index.size:
        found = sum_along(g, shape, 0, index.reshape((-1,) + (1,) * (g.ndim - 1)))
        if found is not NotImplemented:
            return found
    if g.__class__ is np.ndarray and max(g.size, math.prod(shape)) >= LARGE:
        found = _add(g, index, count)
        if found is not NotImplemented:
            return found
    if unique:
        found = np.zeros(shape, g.dtype)
        found[index] = g
        return found
    if g.size >= _FEW and g.ndim > 1 and g.dtype.kind == "f" and g.itemsize >= 4:
        return _add_at_by_product(g.reshape(len(g), -1), index, count).reshape(shape)
    wide = g.dtype if g.dtype.kind != "V" and g.itemsize > 2 else np.dtype(np.float32)
    found = np.zeros(shape, wide)
    if g.ndim == 1 or g.size < 64:
        np.add.at(found, index, g.astype(wide, copy=False))
    else:  # one index per element takes a much faster way through numpy.add.at than one per row
        width = math.prod(g.shape[1:])
        each = (index[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(found.reshape(-1), each, g.astype(wide, copy=False).reshape(-1))
    return found.astype(g.dtype, copy=False)


def combine_at(ufunc: Any, target: Any, where: Any, values: Any) -> None:
    """``ufunc.at(target, where, values)``, where halves are combined in float32 and rounded once."""
    if not is_half(target.dtype):
        ufunc.at(target, where, values)
        return
    wide = target.astype(np.float32)
    ufunc.at(wide, where, widen(values))
    target[...] = wide


def add_onto(target: Array, index: Array, g: Array) -> None:
    """``numpy.add.at(target, index, g)`` for a vector of indices from 0 on."""
    if g.size < LARGE or not g.__class__ is target.__class__ is index.__class__ is np.ndarray:
        found = NotImplemented
    else:
        found = _add_onto(target, index, g)
    if found is NotImplemented:
        combine_at(np.add, target, index, g)


def _add_at_by_product(g: Any, index: Any, count: int) -> Any:
    """A sparse matrix with a one per index, times the rows."""
    from scipy.sparse import csc_matrix

    n = len(index)
    ones = np.ones(n, g.dtype)
    return csc_matrix((ones, index, np.arange(n + 1)), shape=(count, n)) @ g


op("add_at", add_at, tangent="linear", where="", g=lambda g, index: index_at(g, [index], (0,)))


@array_function
def from_zero(index: Array, size):
    """Indices of which some may count from the end, counted from 0 on."""
    return np.where(index < 0, index + size, index)


op("from_zero", from_zero, where="")


def place(indices, dims, ndim):
    """NumPy's index: the arrays at their dimensions, everything else whole."""
    found = [slice(None)] * ndim
    for d, index in zip(dims, indices):
        found[d] = index
    return tuple(found)


def selected_shape(shape, indices, dims):
    """The shape of what the indices select from an array of a shape; without elements, no index is out of range."""
    if len(indices) == 1:
        return (*shape[: dims[0]], *indices[0].shape, *shape[dims[0] + 1 :])
    together = np.broadcast_shapes(*(i.shape for i in indices))
    sizes = [n for d, n in enumerate(shape) if d not in dims]
    first = dims[0] if all(b == a + 1 for a, b in zip(dims, dims[1:])) else 0
    return (*sizes[:first], *together, *sizes[first:])


def taken(x: Array, index: Array, axis: int) -> Array:
    """``numpy.take(x, index, axis)``."""
    if axis == x.ndim - 1 and (index.ndim == 1 or not axis) and index.size >= MANY and index.__class__ is np.ndarray:
        vector = index.reshape(-1)
        found = take_along(x, axis, np.broadcast_to(vector, (*x.shape[:-1], vector.size)) if axis else vector, True)
        if found is not NotImplemented:
            return found.reshape((*x.shape[:-1], *index.shape))
    if x.__class__ is index.__class__ is np.ndarray and x.size * index.size >= LARGE * max(x.shape[axis], 1):
        found = _take(x, index, axis)
        if found is not NotImplemented:
            return found
    if x.__class__ is np.ndarray and isinstance(index, ArrayFace):  # which NumPy does not ask for a reading of its own
        return index._call(np.take, (x, index, axis), {})
    return np.take(x, index, axis)


@array_function
def index_at(self: Array, indices: Arrays, dims, unique=False):
    """The elements at the indices, which broadcast: in place of the dimensions if those are adjacent, else in front."""
    try:
        if len(indices) == 1:
            return taken(self, indices[0], dims[0])
        return np.ascontiguousarray(self[place(indices, dims, self.ndim)])
    except IndexError:
        shape = selected_shape(self.shape, indices, dims)
        if 0 not in shape:
            raise
        return np.empty(shape, self.dtype)


def flat_places(shape, indices, dims):
    """The indices of some dimensions as those of one that has all their places."""
    flat, width = 0, 1
    for d, index in zip(reversed(dims), reversed(indices)):
        flat = flat + from_zero(index, shape[d]) * width
        width *= shape[d]
    return flat


def index_back(g, shape, indices, dims, unique=False):
    """The adjoint of :func:`index_at`: zeros of ``shape`` with ``g`` added at the indices."""
    if len(dims) == 1 and indices[0].ndim == 1 and (dims[0] or g.size < WIDE * indices[0].size):
        found = sum_along(g, shape, dims[0], indices[0].reshape((-1,) + (1,) * (g.ndim - dims[0] - 1)), True)
        if found is not NotImplemented:
            return found
    flat, width = flat_places(shape, indices, dims), math.prod([shape[d] for d in dims])
    adjacent = all(b == a + 1 for a, b in zip(dims, dims[1:]))
    first = dims[0] if adjacent else 0
    rest = [d for d in range(len(shape)) if d not in dims]
    indexed = flat.ndim
    if first and indexed + len(rest):
        around = [*range(first), *range(first + indexed, g.ndim)]
        g = g.transpose((*range(first, first + indexed), *around))
    rows = g.reshape((flat.size, *(shape[d] for d in rest)))
    try:
        found = add_at(rows, flat.reshape(-1), width, unique)
    except IndexError:
        if 0 not in g.shape:
            raise
        return np.zeros(shape, g.dtype)
    if len(dims) > 1:
        found = found.reshape((*(shape[d] for d in dims), *(shape[d] for d in rest)))
    order = [*dims, *rest]
    if order == sorted(order):
        return found
    return found.transpose(sorted(range(len(order)), key=order.__getitem__))


@array_function
def index_zero(self: Array, indices: Arrays, dims):
    """The array with zeros at the indices."""
    found = copy(self)
    if 0 in selected_shape(self.shape, indices, dims):
        return found
    if len(dims) == 1 and dims[0] and indices[0].ndim == 1:
        index = indices[0].reshape((-1,) + (1,) * (self.ndim - dims[0] - 1))
        index = np.broadcast_to(index, (*self.shape[: dims[0]], index.shape[0], *self.shape[dims[0] + 1 :]))
        if put_along(found, dims[0], index, np.zeros((), found.dtype), "put", True):
            return found
    found[place(indices, dims, self.ndim)] = 0
    return found


op("index_zero", index_zero, tangent="linear", where="", self=lambda g, indices, dims: index_zero(g, indices, dims))


@array_function
def zero_in(self: Array, part):
    """The array with zeros in a part that a basic index names."""
    found = copy(self)
    found[part] = 0
    return found


op("zero_in", zero_in, tangent="linear", where="", self=lambda g, part: zero_in(g, part))


@array_function
def masked_put(g: Array, mask: Array):
    """Zeros of the mask's shape with the elements of ``g`` in order where it is true."""
    found = np.zeros(mask.shape, g.dtype)
    found[mask] = g
    return found


op("masked_put", masked_put, tangent="linear", where="", g=lambda g, mask: g[mask])
