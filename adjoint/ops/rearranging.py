"""Rearranging: elements repeated, reversed, shifted, or kept in a triangle or on a diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arguments import check_not_negative, sizes
from adjoint.declare.arranging import IN_ORDER, UNORDERED, as_operands
from adjoint.declare.once import warn_once
from adjoint.declare.outs import SAME
from adjoint.layouts import images_order, nested, nesting, put_in
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.broadcasting import expanded_to
from adjoint.ops.copying import clone
from adjoint.ops.dims import wrap_dim, wrap_dims
from adjoint.ops.each_sample import each_sample
from adjoint.ops.index_along import index_select
from adjoint.ops.joining import stack
from adjoint.ops.shape import reshape, unsqueeze
from adjoint.ops.slicing import diagonal_backward, diagonal_of
from adjoint.ops.widening import in_float32
from adjoint.summation import total
from adjoint.tensor import Tensor, from_array

# Repeated


def _repeat(self: Array, repeats):
    if len(repeats) < self.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * (len(repeats) - self.ndim) + self.shape
    check_not_negative(tuple(n * r for n, r in zip(shape, repeats)))
    return np.tile(self, repeats)


def _repeat_back(g, repeats, self_shape):
    shape = (1,) * (len(repeats) - len(self_shape)) + tuple(self_shape)
    apart = [k for r, n in zip(repeats, shape) for k in (r, n)]
    return total(g.reshape(tuple(apart)), tuple(range(0, 2 * len(repeats), 2))).reshape(self_shape)


_repeated = op("repeat", _repeat, lies=IN_ORDER, tangent="linear", where="", self=in_float32(_repeat_back), reads={"self": "g summed over the repetitions"})


@composite(where="Tensor")
def repeat(self: Tensor, *repeats_given: Any, repeats: Sequence[int] | None = None) -> Tensor:
    """The tensor laid side by side, so many times along each dimension.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    return _repeated.function(self, sizes("repeat", repeats_given if repeats is None else (repeats,), "repeats"))


@composite
def tile(input: Tensor, *dims_given: Any, dims: Sequence[int] | None = None) -> Tensor:
    """As :meth:`Tensor.repeat`, with fewer numbers than dimensions allowed: the first ones then are not repeated."""
    given = sizes("tile", dims_given if dims is None else (dims,), "dims")
    return _repeated.function(input, (1,) * (input._array.ndim - len(given)) + given)


@composite
@each_sample
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element of a dimension repeated in place: all so many times, or each its own number of times.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2]).repeat_interleave(2), torch.tensor([1, 2]).repeat_interleave(torch.tensor([1, 3]))
    (tensor([1, 1, 2, 2]), tensor([1, 2, 2, 2]))
    """
    if repeats is None:
        return from_array(np.repeat(np.arange(input._array.size), _counts(input)))
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    dim = wrap_dim(dim, input._array.ndim)
    shape = input._array.shape
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        many = expanded_to.function(unsqueeze.function(input, dim + 1), (*shape[: dim + 1], repeats, *shape[dim + 1 :]))
        copy = clone.function(many, memory_format=_contiguous())
        return reshape(copy, (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :]))
    counts = _counts(repeats)
    if counts.ndim == 0 or counts.shape == (1,):
        counts = np.broadcast_to(counts.reshape(-1), shape[dim : dim + 1])
    if counts.shape[0] != shape[dim]:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.shape[0]} and "
            f"input.size({dim}) = {shape[dim]}"
        )
    return index_select.function(input, dim, from_array(np.repeat(np.arange(counts.shape[0]), counts)))


def _counts(repeats: Tensor) -> Any:
    array = repeats._array
    if repeats.dtype not in (dtypes.int64, dtypes.int32):
        raise NotImplementedError(
            f"\"repeat_interleave_cpu\" not implemented for '{dtypes.SCALAR_TYPE_NAMES[repeats.dtype]}'"
        )
    if array.ndim > 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if array.size and array.min() < 0:
        raise RuntimeError("repeats can not be negative")
    return array


def _contiguous() -> Any:
    from adjoint.layouts import contiguous_format

    return contiguous_format


# Reversed and shifted


def _reversed(x, dims):
    dims = wrap_dims(dims, x.ndim)
    found = np.flip(x, dims) if x.ndim else x
    return found.copy() if found.__class__ is np.ndarray else found  # nobody sees steps backward


def _flip(self: Array, dims):
    return _reversed(self, dims)


_flipped = op("flip", _flip, lies=as_operands(), tangent="linear", where="", self=lambda g, dims: _reversed(g, dims), reads={"self": "flip(g, dims)"})


@composite
def flip(input: Tensor, *dims_given: Any, dims: Sequence[int] | None = None) -> Tensor:
    """The elements in reversed order along the given dimensions (a copy).

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).flip(0)
    tensor([3, 2, 1])
    """
    if dims is None:
        if not dims_given:
            raise TypeError('flip() missing 1 required positional arguments: "dims"')
        dims = sizes("flip", dims_given, "dims")
    return _flipped.function(input, (dims,) if isinstance(dims, int) else tuple(dims))


@composite
def fliplr(input: Tensor) -> Tensor:
    """The columns in reversed order."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return _flipped.function(input, (1,))


@composite
def flipud(input: Tensor) -> Tensor:
    """The rows in reversed order."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return _flipped.function(input, (0,))


def _ints(given):
    return (given,) if isinstance(given, int) else tuple(given)


def _shifted(x, shifts, dims):
    if 0 in x.shape:  # whatever the dimensions
        return x
    shifts, dims = _ints(shifts), _ints(dims)
    if not dims and len(shifts) == 1:
        return np.roll(x, shifts[0])
    return np.roll(x, shifts, tuple(wrap_dim(d, x.ndim) for d in dims))


def _roll(self: Array, shifts, dims=()):
    shifts, dims = _ints(shifts), _ints(dims)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if (dims or len(shifts) != 1) and len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if not self.size:  # whatever the dimensions
        return self.copy()
    for dim in dims:
        wrap_dim(dim, self.ndim, wrap_scalar=False)
    found = _shifted(self, shifts, dims)
    return put_in(found, images_order(self) if dims and found.__class__ is np.ndarray else range(self.ndim))


roll = op(
    "roll",
    _roll,
    tangent="linear",
    self=lambda g, shifts, dims: _shifted(g, [-s for s in _ints(shifts)], dims),
    doc="""The elements moved along dimensions, those that leave at one end coming in at the other.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])
    """,
    reads={"self": "roll(g, -shifts, dims)"},
)


def _turned(x, k, dims):
    dims = tuple(wrap_dim(d, x.ndim) for d in dims)
    found = np.rot90(x, k, dims)
    if found.__class__ is not np.ndarray:
        return found
    order = nesting(x.shape, [x]) if k % 4 else list(range(x.ndim))  # as what is reversed first and then transposed
    if k % 2:
        order = [dims[1] if d == dims[0] else dims[0] if d == dims[1] else d for d in order]
    copy = nested(found.shape, found.dtype, order)
    copy[...] = found
    return copy


def _rot90(self: Array, k=1, dims=(0, 1)):
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if self.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {self.ndim}")
    first, second = (wrap_dim(d, self.ndim) for d in dims)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return _turned(self, k, dims)


rot90 = op(
    "rot90",
    _rot90,
    lies=UNORDERED,
    tangent="linear",
    self=lambda g, k, dims: _turned(g, -k, dims),
    doc="""Turned by ``k`` right angles in the plane of two dimensions, from the first towards the second.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).rot90()
    tensor([[2, 4],
            [1, 3]])
    """,
    reads={"self": "rot90(g, -k, dims)"},
)

# Triangles and diagonals


def _tril(self: Array, diagonal=0):
    if self.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return np.tril(self, diagonal)


def _triu(self: Array, diagonal=0):
    if self.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return np.triu(self, diagonal)


tril = op(
    "tril", _tril, out=SAME, lies=IN_ORDER, tangent="linear", inplace=True, self=lambda g, diagonal: np.tril(g, diagonal),
    doc="Matrices with zeros above a diagonal.",
)  # fmt: skip
triu = op(
    "triu", _triu, out=SAME, lies=IN_ORDER, tangent="linear", inplace=True, self=lambda g, diagonal: np.triu(g, diagonal),
    doc="Matrices with zeros below a diagonal.",
)  # fmt: skip


def _diagonal_copy(self: Array, offset=0, dim1=0, dim2=1):
    return np.copy(diagonal_of(self, offset, dim1, dim2), order="C")


_diagonal_copied = op(
    "diagonal_copy", _diagonal_copy, out=SAME, tangent="linear", where="torch", node="DiagonalBackward0_copy",
    self=lambda g, self_shape, offset, dim1, dim2: diagonal_backward(g, self_shape, offset, dim1, dim2),
    doc="The diagonal of two dimensions, as the last dimension, copied.",
    reads={"self": "g on the diagonal, 0 elsewhere"},
)  # fmt: skip


@array_function
def embedded(self: Array, offset, dim1, dim2):
    """Matrices in two new dimensions with the last dimension of the array on their diagonal."""
    ndim = self.ndim + 1
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    size = self.shape[-1] + abs(offset)
    rest = iter(self.shape[:-1])
    found = np.zeros([size if d in (first, second) else next(rest) for d in range(ndim)], self.dtype)
    diagonal_of(found, offset, first, second)[...] = self
    return found


def _diag_embed(self: Array, offset=0, dim1=-2, dim2=-1):
    return embedded(self, offset, dim1, dim2)


diag_embed = op(
    "diag_embed",
    _diag_embed,
    tangent="linear",
    self=lambda g, offset, dim1, dim2: np.diagonal(g, offset, dim1, dim2),
    doc="""Matrices with the last dimension of the tensor on their diagonal, in two new dimensions.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2]).diag_embed()
    tensor([[1, 0],
            [0, 2]])
    """,
)


@composite(out=SAME)
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A matrix with the vector on a diagonal, or the diagonal of a matrix.

    >>> import adjoint as torch
    >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = input._array.ndim
    if ndim == 1:
        result = diag_embed.function(input, diagonal)
    elif ndim == 2:
        result = _diagonal_copied.function(input, diagonal)
    else:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "diag")


@composite
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of the tensor on a diagonal."""
    return diag_embed.function(reshape(input, (-1,)), offset)


# Grids and selections


@composite(where="torch")
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Each vector expanded over a grid of all of them, with the first along the rows (``"ij"``) or columns (``"xy"``).

    >>> import adjoint as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[1]
    tensor([[3, 4],
            [3, 4]])
    """
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warn_once(
            "meshgrid", "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in given:
        if t._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t}")
        if t._array.dtype != given[0]._array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    shape = tuple(t._array.size for t in given)
    grids = []
    for i, t in enumerate(given):
        line = t.view(tuple(-1 if d == i else 1 for d in range(len(given))))  # type: ignore[attr-defined]
        grids.append(expanded_to.function(line, shape))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@composite(where="torch")
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, as rows; of a single vector, the vector.

    >>> import adjoint as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    for t in given:
        if t._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    if len(given) == 1:
        return given[0]
    return stack([reshape(grid, (-1,)) for grid in meshgrid(*given, indexing="ij")], 1)


@composite(where="torch")
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All selections of ``r`` elements of a vector, as rows, in its order.

    >>> import adjoint as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return from_array(np.empty(0, input._array.dtype))
    n = input._array.size
    places = np.indices((n,) * r)
    kept = np.ones((n,) * r, np.bool_)
    for before, after in zip(places[:-1], places[1:]):
        kept &= before <= after if with_replacement else before < after
    mask = from_array(kept)
    return stack([grid.masked_select(mask) for grid in meshgrid(*[input] * r, indexing="ij")], 1)  # type: ignore[attr-defined]


# What formulas use, taped

taped(np.flip)(lambda x, axis=None: _flipped.function(x, wrap_dims(axis, x.ndim)))
taped(np.roll)(lambda x, shift, axis=None: roll.function(x, shift, () if axis is None else axis))
taped(np.rot90)(lambda x, k=1, axes=(0, 1): rot90.function(x, k, axes))
taped(np.tril)(lambda x, k=0: tril.function(x, k))
taped(np.triu)(lambda x, k=0: triu.function(x, k))
taped(np.tile)(lambda x, reps: tile(x, reps))
taped(np.repeat)(lambda x, repeats, axis=None: repeat_interleave(x, repeats, axis))
