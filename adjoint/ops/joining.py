"""Joining: several tensors made one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.overlap import ELSEWHERE
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.inplace import write_out
from adjoint.declare.operands import as_dtype, result_type_of
from adjoint.declare.outs import Out
from adjoint.layouts import images_order
from adjoint.ops import bulk
from adjoint.ops.arrays import Arrays, array_function
from adjoint.ops.copying import convert, real_if
from adjoint.ops.dims import wrap_dim
from adjoint.ops.shape import reshape, unsqueeze
from adjoint.ops.slicing import sliced
from adjoint.tensor import Tensor


def _cat(tensors: Arrays, dim, to=None):
    if to is None and len(tensors) >= bulk.FEW and bulk.are_alike(tensors):
        return bulk.concatenate(tensors, dim)
    if len({t.ndim for t in tensors}) > 1:  # an empty vector may stand among anything
        tensors = [t for t in tensors if t.shape != (0,)]
    return bulk.concatenate(tensors if to is None else [as_dtype(t, to) for t in tensors], dim)


def _uncat(gs_shapes, g, dim, dtypes_):
    found = []
    start = 0
    for shape, dtype in zip(gs_shapes, dtypes_):
        if len(shape) != g.ndim:  # a legacy empty tensor, which was left out
            found.append(np.zeros_like(g.reshape(-1)[:0]))
            continue
        end = start + shape[dim]
        part = g[sliced(dim, start, end, None)]
        found.append(part if part.dtype == dtype else real_if(part, dtype).astype(dtype))
        start = end
    return found


def _all_images(result, *tensors):
    return images_order(*[t for t in tensors if t.ndim == result.ndim])


_cat_row = op(
    "cat",
    _cat,
    overlap=ELSEWHERE,
    lies=(_all_images, ()),
    tangent="linear",
    where="",
    tensors=lambda g, dim, tensors_shape, tensors_dtype: _uncat(tensors_shape, g, dim, tensors_dtype),
    reads={"tensors": "its part of g"},
)


def _sequence(name: str, tensors: Any) -> Sequence[Tensor]:
    if isinstance(tensors, (Tensor, str)) or not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if {*map(type, tensors)} == {Tensor}:
        return tensors
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    return tensors


def _are_alike(tensors: Any) -> bool:
    """Whether these are known to be many tensors of one kind, of which nothing more is to be asked."""
    if not isinstance(tensors, (list, tuple)) or len(tensors) < bulk.FEW:
        return False
    try:
        return bulk.are_alike([t._array for t in tensors])
    except AttributeError:  # not a tensor
        return False


_OF_CAT = Out("torch.cat(): input types can't be cast to the desired output type {Out}", error=TypeError)


@composite(out=_OF_CAT, where="torch", aliases=("concat", "concatenate"))
def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None, out: Tensor | None = None) -> Tensor:
    """The tensors one after the other along a dimension; the other sizes must agree, dtypes are promoted.

    Raises RuntimeError for shapes that do not agree, ValueError for no tensors.

    >>> import adjoint as torch
    >>> torch.cat([torch.ones(2), torch.zeros(1)])
    tensor([1., 1., 0.])
    """
    if axis is not None:
        dim = axis
    if _are_alike(tensors) and (ndim := tensors[0]._array.ndim):
        result = _cat_row.function(tensors, wrap_dim(dim, ndim), None)
        return result if out is None else write_out(result, out, "cat")
    tensors = _sequence("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    first = next((t for t in tensors if t._array.shape != (0,)), tensors[0])
    shape = first._array.shape
    ndim = len(shape)
    same_dtype = True
    for i, t in enumerate(tensors):
        other = t._array.shape
        if not other:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
        same_dtype = same_dtype and t._array.dtype is first._array.dtype
    dim = wrap_dim(dim, ndim)
    for i, t in enumerate(tensors):
        other = t._array.shape
        if other == shape:
            continue
        if other == (0,):
            continue
        if len(other) != ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {ndim} and {len(other)}")
        for d in range(ndim):
            if d != dim and other[d] != shape[d]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {shape[d]} but got size "
                    f"{other[d]} for tensor number {i} in the list."
                )
    result = _cat_row.function(tensors, dim, None if same_dtype else result_type_of(*tensors).array)
    return result if out is None else write_out(result, out, "cat")


def _stack(tensors: Arrays, dim, to=None):
    return bulk.stack(tensors if to is None else [as_dtype(t, to) for t in tensors], dim)


def _unstack(g, dim, dtypes_):
    index = (slice(None),) * dim
    parts = [g[(*index, i, ...)] for i in range(g.shape[dim])]
    return [p if p.dtype == d else real_if(p, d).astype(d) for p, d in zip(parts, dtypes_)]


def _stacked_images(result, tensors, dim):
    """As the images side by side along the dimension before which the new one is, which then becomes two."""
    of_many = dim < result.ndim - 1 and (result.ndim < 5 or tensors[0].shape[1] > 1)  # the channels of images
    order = images_order(*tensors) if of_many else range(result.ndim - 1)
    found = [d + (d >= dim) for d in order]
    return [*found[: order.index(dim)], dim, *found[order.index(dim) :]] if dim < result.ndim - 1 else [*found, dim]


_stack_row = op(
    "stack", _stack, overlap=ELSEWHERE, lies=(_stacked_images, ("tensors", "dim")), tangent="linear", where="", tensors=lambda g, dim, tensors_dtype: _unstack(g, dim, tensors_dtype),
    reads={"tensors": "its slice of g"},
)


@composite(out=_OF_CAT, where="torch")
def stack(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dimension.

    >>> import adjoint as torch
    >>> torch.stack([torch.ones(2), torch.zeros(2)])
    tensor([[1., 1.],
            [0., 0.]])
    """
    if axis is not None:
        dim = axis
    known = _are_alike(tensors)
    if not known:
        tensors = _sequence("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0]._array
    dim = wrap_dim(dim, first.ndim + 1)
    same_dtype = True
    for i, t in enumerate(() if known else tensors):
        if t._array.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(t._array.shape)} at entry {i}"
            )
        same_dtype = same_dtype and t._array.dtype is first.dtype
    result = _stack_row.function(tensors, dim, None if same_dtype else result_type_of(*tensors).array)
    return result if out is None else write_out(result, out, "stack")


# Tensors of at least so many dimensions


def _at_least(count: int) -> Any:
    def at_least(*tensors: Any) -> Any:
        if len(tensors) == 1:
            only = tensors[0]
            return raised(only) if isinstance(only, Tensor) else tuple(raised(t) for t in only)
        return tuple(raised(t) for t in tensors)

    def raised(t: Tensor) -> Tensor:
        ndim = t._array.ndim
        if ndim >= count:
            return t
        if ndim == 0:
            return reshape(t, (1,) * count)
        if count == 2:
            return unsqueeze.function(t, 0)
        if ndim == 1:
            t = unsqueeze.function(t, 0)
        return unsqueeze.function(t, -1)

    at_least.__name__ = at_least.__qualname__ = f"atleast_{count}d"
    at_least.__doc__ = f"Each tensor with dimensions of size 1 added until it has at least {count}."
    return composite(at_least, where="torch")


atleast_1d, atleast_2d, atleast_3d = (_at_least(n) for n in (1, 2, 3))


def _stack_along(name: str, count: int, dim: Any, aliases: tuple[str, ...] = ()) -> Any:
    def stack_along(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
        tensors = _sequence(name, tensors)
        if not tensors:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        raised = [(atleast_1d, atleast_2d, atleast_3d)[count - 1](t) for t in tensors]
        along = dim(raised[0]) if callable(dim) else dim
        return cat(raised, along, out=out)

    stack_along.__name__ = stack_along.__qualname__ = name
    stack_along.__doc__ = (
        f"The tensors, of at least {count} dimensions, joined along dimension {'1 or 0' if callable(dim) else dim}."
    )
    return composite(stack_along, where="torch", aliases=aliases)


hstack = _stack_along("hstack", 1, lambda first: 0 if first._array.ndim == 1 else 1)
vstack = _stack_along("vstack", 2, 0, aliases=("row_stack",))
dstack = _stack_along("dstack", 3, 2)


@composite(where="torch")
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, those of one dimension as columns.

    >>> import adjoint as torch
    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = _sequence("column_stack", tensors)
    if not tensors:
        raise RuntimeError("column_stack expects a non-empty TensorList")
    return hstack([reshape(t, (t.numel(), 1)) if t._array.ndim <= 1 else t for t in tensors], out=out)


# Blocks


@array_function
def _block_diag(tensors: Arrays):
    rows, columns = sum(t.shape[0] for t in tensors), sum(t.shape[1] for t in tensors)
    found = np.zeros((rows, columns), tensors[0].dtype)
    for t, (i, j) in zip(tensors, _corners([t.shape for t in tensors])):
        found[i : i + t.shape[0], j : j + t.shape[1]] = t
    return found


def _corners(shapes):
    i = j = 0
    for rows, columns in shapes:
        yield i, j
        i, j = i + rows, j + columns


_block_diag_row = op(
    "block_diag",
    _block_diag,
    tangent="linear",
    where="",
    tensors=lambda g, tensors_shape: [
        g[i : i + m, j : j + n] for (m, n), (i, j) in zip(tensors_shape, _corners(tensors_shape))
    ],
    reads={"tensors": "its block of g"},
)


@composite(where="torch")
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices on its diagonal and zeros elsewhere; vectors are rows, scalars 1 by 1.

    >>> import adjoint as torch
    >>> torch.block_diag(torch.tensor([1, 2]), torch.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    if not tensors:
        from adjoint.tensor import from_array

        return from_array(np.empty((1, 0), dtypes.get_default_dtype().array))
    for i, t in enumerate(tensors):
        if t._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {t._array.ndim} dimensions"
            )
    d = result_type_of(*tensors)
    return _block_diag_row.function([convert(atleast_2d(t), d) for t in tensors])


# What formulas use, taped

taped(np.concatenate)(lambda arrays, axis=0: _cat_row.function(list(arrays), wrap_dim(axis, arrays[0]._array.ndim)))
taped(np.stack)(lambda arrays, axis=0: stack(list(arrays), axis))
