"""Slicing: parts of a tensor as views: places and slices of a dimension, diagonals, windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op, view
from adjoint.declare.outs import refused
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.bulk import write, zeros
from adjoint.ops.dims import wrap_dim
from adjoint.ops.memory import strided
from adjoint.readings.sparse import SparseArray
from adjoint.readings.sparse_rules import narrowed
from adjoint.summation import total
from adjoint.tensor import Tensor


@array_function
def select_backward(g: Array, shape, dim, index):
    """Zeros of ``shape`` with ``g`` at one place of a dimension."""
    found = zeros(shape, g.dtype)
    write(found[(*(slice(None),) * wrap_dim(dim, len(shape)), index, ...)], g)
    return found


op(
    "select_backward",
    select_backward,
    tangent="linear",
    where="",
    g=lambda g, dim, index: g[(*(slice(None),) * wrap_dim(dim, g.ndim), index, ...)],
)


def _select(self: Array, dim, index):
    ndim = self.ndim
    if ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, ndim)
    try:
        return self[(*(slice(None),) * dim, index, ...)]
    except IndexError:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}"
        ) from None


select = view(
    "select",
    _select,
    self=lambda g, self_shape, dim, index: select_backward(g, self_shape, dim, index),
    doc="""The part at one place of a dimension, which is gone in the result.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
    """,
    reads={"self": "g at its index, 0 elsewhere"},
)


def sliced(dim, start, end, step):
    return (*(slice(None),) * dim, slice(start, end, step))


@array_function
def slice_backward(g: Array, shape, dim, start, end, step):
    """Zeros of ``shape`` with ``g`` in a slice of a dimension."""
    found = zeros(shape, g.dtype)
    write(found[sliced(wrap_dim(dim, len(shape)), start, end, step)], g)
    return found


op(
    "slice_backward",
    slice_backward,
    tangent="linear",
    where="",
    g=lambda g, dim, start, end, step: g[sliced(wrap_dim(dim, g.ndim), start, end, step)],
)


def _slice(self: Array, dim=0, start=None, end=None, step=1):
    if self.ndim == 0:
        raise RuntimeError("slice() cannot be applied to a 0-dim tensor.")
    if step is not None and step <= 0:
        raise RuntimeError("slice step must be positive")
    return self[sliced(wrap_dim(dim, self.ndim), start, end, step)]


slice_ = view(
    "slice",
    _slice,
    where="",
    self=lambda g, self_shape, dim, start, end, step: slice_backward(g, self_shape, dim, start, end, step),
    reads={"self": "g in its slice, 0 elsewhere"},
)


@composite
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """``length`` places of a dimension, from ``start`` on.

    >>> import adjoint as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = wrap_dim(dim, len(shape))
    size = shape[dim]
    if isinstance(start, Tensor):
        if start._array.ndim or start.dtype.category != dtypes.INTEGER:
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = start.item()
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [-{size}, {size}], but got {start})")
    if start < 0:
        start += size
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_.function(input, dim, start, start + length)


def _narrow_copy(self: Array, dim, start, length):
    if self.__class__ is SparseArray:
        return narrowed(self, wrap_dim(dim, self.ndim), start, length)
    return self[sliced(wrap_dim(dim, self.ndim), start, start + length, None)].copy()


_narrowed = op(
    "narrow_copy",
    _narrow_copy,
    tangent="linear",
    where="",
    self=lambda g, self_shape, dim, start, length: slice_backward(g, self_shape, dim, start, start + length, 1),
    reads={"self": "g in its slice, 0 elsewhere"},
)


@composite(out=refused("Expected self.dtype() == output.dtype() to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"))
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """As :func:`narrow`, copied."""
    if input._array.__class__ is np.ndarray:
        if length < 0:
            raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({input._array.shape[dim]}).")
        narrow(input, dim, start, length)  # raises where the numbers do not fit
    size = input._array.shape[wrap_dim(dim, input._array.ndim)]
    return _narrowed.function(input, dim, start + size if start < 0 else start, length)


# Diagonals and windows


def diagonal_of(x: Array, offset, dim1, dim2):
    if not isinstance(x, np.ndarray):
        return np.diagonal(x, offset, dim1, dim2)
    first, second = wrap_dim(dim1, x.ndim), wrap_dim(dim2, x.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = x.shape[first], x.shape[second]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    start = (offset * x.strides[second] if offset >= 0 else -offset * x.strides[first]) if length else 0
    rest = [d for d in range(x.ndim) if d not in (first, second)]
    shape = (*(x.shape[d] for d in rest), length)
    strides = (*(x.strides[d] for d in rest), x.strides[first] + x.strides[second])
    return strided(x, shape, strides, start)


@array_function
def diagonal_backward(g: Array, shape, offset, dim1, dim2):
    """Zeros of ``shape`` with ``g`` on a diagonal."""
    found = np.zeros(shape, g.dtype)
    diagonal_of(found, offset, dim1, dim2)[...] = g
    return found


_diagonal_back = op(
    "diagonal_backward",
    diagonal_backward,
    tangent="linear",
    where="",
    g=lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
)


def _diagonal(self: Array, offset=0, dim1=0, dim2=1):
    return diagonal_of(self, offset, dim1, dim2)


diagonal = view(
    "diagonal",
    _diagonal,
    self=lambda g, self_shape, offset, dim1, dim2: diagonal_backward(g, self_shape, offset, dim1, dim2),
    doc="""The diagonal of two dimensions, as the last dimension.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """,
    reads={"self": "g on the diagonal, 0 elsewhere"},
)


def windows(x: Array, dimension, size, step):
    dim = wrap_dim(dimension, x.ndim)
    length = x.shape[dim] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if x.ndim == 0:
        return x.reshape(1)[:size]
    shape = (*x.shape[:dim], (length - size) // step + 1, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return strided(x, shape, strides)


@array_function
def windows_backward(g: Array, shape, dimension, size, step):
    """Windows added up where they lie."""
    found = np.zeros(shape, g.dtype)
    if not shape:
        return found + total(g)
    dim = wrap_dim(dimension, len(shape))
    count = g.shape[dim]
    for k in range(size):
        found[sliced(dim, k, k + (count - 1) * step + 1, step)] += g[..., k]
    return found


op(
    "unfold_backward",
    windows_backward,
    tangent="linear",
    where="",
    g=lambda g, dimension, size, step: windows_of(g, dimension, size, step),
)


@array_function
def windows_of(self: Array, dimension, size, step):
    """The windows of one dimension, as a new last dimension."""
    return windows(self, dimension, size, step)


unfold = view(
    "unfold",
    windows_of,
    where="Tensor",
    self=lambda g, self_shape, dimension, size, step: windows_backward(g, self_shape, dimension, size, step),
    doc="""All windows of ``size`` places of a dimension, ``step`` apart, as a new last dimension.

    >>> import adjoint as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """,
    reads={"self": "g added up where windows overlap"},
)

# What formulas use, taped

taped(np.diagonal)(lambda x, offset=0, axis1=0, axis2=1: diagonal.function(x, offset, axis1, axis2))
