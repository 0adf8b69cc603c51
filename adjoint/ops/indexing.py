"""Indexing: ``x[...]``, read and written.

As in PyTorch, an index is taken apart: integers, slices, None and Ellipsis become views, one after the other; what
remains, integer tensors and masks, is one reading by index of that view.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.overlap import Overlap, check_copy, check_no_overlap, check_reads, warn_of_overlap
from adjoint.autograd.saved import alias
from adjoint.autograd.views import become_view, check_writable
from adjoint.declare import composite, op
from adjoint.declare.arguments import python_number, type_name
from adjoint.declare.arranging import made_of
from adjoint.declare.operands import fit
from adjoint.layouts import empty_like, nesting_of, put_in, strides_of
from adjoint.ops.along import MANY, put_along
from adjoint.ops.arrays import Array, Arrays, array_function
from adjoint.ops.broadcasting import broadcast_shape, expanded_to
from adjoint.ops.bulk import write
from adjoint.ops.copying import copy_
from adjoint.ops.filling import fill_, number_for
from adjoint.ops.memory import extent
from adjoint.ops.scalars import check_item, filling
from adjoint.ops.scatter import (
    WIDE,
    add_onto,
    combine_at,
    flat_places,
    from_zero,
    index_at,
    index_back,
    index_zero,
    place,
    selected_shape,
)
from adjoint.ops.shape import alias_view, squeezed, unsqueeze
from adjoint.ops.slicing import select, slice_
from adjoint.ops.widening import is_half
from adjoint.places import users_level
from adjoint.readings.batched import BatchedArray
from adjoint.stored import element
from adjoint.tensor import NO_EDGE, Tensor, attach, from_array, writes_of

# Reading by index



def _lies(result, x, indices, dims):
    """As an element-wise operator's of the tensor, which stands still along the dimensions of the indices, and of these."""
    rest = [d for d in range(x.ndim) if d not in dims]
    first = dims[0] if list(dims) == list(range(dims[0], dims[0] + len(dims))) else 0
    own = [strides_of(x)[d] for d in rest]
    together = result.ndim - len(rest)
    strides = [own[:first] + [0] * together + own[first:]]
    for index in indices:  # which PyTorch gives a dimension of one element for each of the others
        steps = strides_of(index)
        whole = steps[0] * index.shape[0] if index.ndim else 1
        sizes = [1] * (first + together - index.ndim) + [*index.shape] + [1] * (len(rest) - first)
        steps = [whole] * (first + together - index.ndim) + [*steps] + [steps[-1] if steps else 1] * (len(rest) - first)
        strides.append([0 if n == 1 != wide else s for n, wide, s in zip(sizes, result.shape, steps)])
    return nesting_of(strides, result.shape)


_indexed = op(
    "index",
    index_at,
    lies=(_lies, ("self", "indices", "dims")),
    tangent="linear",
    where="",
    node="IndexBackward0",
    self=lambda g, self_shape, indices, dims, unique: index_back(g, self_shape, indices, dims, unique),
    reads={"self": "g added up at the indices, 0 elsewhere"},
)


def _put(found, indices, values, dims, accumulate):
    if 0 in selected_shape(found.shape, indices, dims):
        return found
    if _put_by_kernel(found, indices, values, dims, accumulate):
        return found
    where = place(indices, dims, found.ndim)
    if accumulate:
        combine_at(np.add, found, where, values)
    else:
        found[where] = values
    return found


def _put_by_kernel(found, indices, values, dims, accumulate):
    """Whether native code has written or added the values: one element for every number, or rows added by one vector."""
    shape = selected_shape(found.shape, indices, dims)
    if max(indices[0].size, math.prod(shape)) < MANY or found.__class__ is not np.ndarray:
        return False
    if len(dims) == 1 and indices[0].ndim == 1:
        index, d = indices[0], dims[0]
        if not accumulate and not d:  # rows are copied as quickly by NumPy
            return False
        if not d and math.prod(shape) >= WIDE * index.size:
            add_onto(found, from_zero(index, found.shape[0]), np.broadcast_to(values, shape))
            return True
        index = index.reshape((-1,) + (1,) * (found.ndim - d - 1))
        return put_along(found, d, index, np.broadcast_to(values, shape), "add" if accumulate else "put", True)
    if len(dims) != found.ndim or not found.flags.c_contiguous or not accumulate:
        return False
    flat = flat_places(found.shape, indices, dims).reshape(-1)
    return put_along(found.reshape(-1), 0, flat, np.broadcast_to(values, shape).reshape(-1), "add")


@array_function
def _index_put(self: Array, indices: Arrays, values: Array, dims, accumulate=False):
    _check_put(self, indices, values, dims)
    found = empty_like(self, self.dtype, None)
    found[...] = self
    return _put(found, indices, values, dims, accumulate)


def _index_put_into(self: Array, indices: Arrays, values: Array, dims, accumulate=False):
    _check_put(self, indices, values, dims)
    return _put(self, indices, values, dims, accumulate)


def _check_put(array, indices, values, dims):
    """Raise, in PyTorch's words, what NumPy would raise halfway through."""
    _check_indices(array, indices, dims)
    shape = selected_shape(array.shape, indices, dims)
    if values.shape != shape:
        try:
            fits = broadcast_shape(values.shape, shape) == shape
        except RuntimeError:
            fits = False
        if not fits:
            raise RuntimeError(
                f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of "
                f"shape {list(shape)}"
            )
    check_put_dtypes(array, values)


def check_put_dtypes(array, values):
    """Raise where what is written has another dtype than what it is written to."""
    if values.dtype != array.dtype:
        destination, source = (dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(a)] for a in (array, values))
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {destination} for the destination and "
            f"{source} for the source."
        )


_index_put_row = op(
    "index_put",
    _index_put,
    overlap=Overlap(elsewhere=True, repeats=True, example="[indices] = tensor"),
    tangent="linear",
    where="",
    writer=_index_put_into,
    self=lambda g, indices, dims, accumulate: g if accumulate else index_zero(g, indices, dims),
    values=lambda g, indices, dims, values_shape, values_dtype: fit(
        index_at(g, indices, dims), values_shape, values_dtype
    ),
    reads={"values": "g[indices]", "self": "g, 0 at the indices (unless accumulate)"},
)

# What an index may be

_INDEX_DTYPES = (dtypes.int64, dtypes.int32, dtypes.bool_, dtypes.uint8)
_BASIC = (int, slice, type(None), type(Ellipsis))


def _check_indices(array: Any, indices: Sequence[Any], dims: Sequence[int]) -> None:
    try:
        if len(indices) > 1:
            np.broadcast_shapes(*(i.shape for i in indices))
    except ValueError:
        shapes = ", ".join(str(list(i.shape)) for i in indices)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from None
    for d, index in zip(dims, indices):
        size = array.shape[d]
        if index.size == 0:
            continue
        low, high = extent(index)
        if low < -size or high >= size:
            if 0 in selected_shape(array.shape, indices, dims):  # no index is looked at
                continue
            if size == 0:
                raise IndexError("index is out of bounds for dimension with size 0")
            _raise_first_wrong(indices, [array.shape[d] for d in dims])


def _raise_first_wrong(indices: Sequence[Any], sizes: Sequence[int]) -> NoReturn:
    """PyTorch's error, which tells the first element whose index is wrong, and the place of that index among the tensors."""
    indices = np.broadcast_arrays(*indices)
    wrong = [((i < -size) | (i >= size)).ravel() for i, size in zip(indices, sizes)]
    first = int(np.argmax(np.any(wrong, axis=0)))
    place = next(k for k, each in enumerate(wrong) if each[first])
    index = indices[place].flat[first]
    raise IndexError(f"index {index} is out of bounds for dimension {place} with size {sizes[place]}")


def _wrong_kind(item: Any) -> IndexError:
    return IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{type_name(item)})"
    )


def _sequence_as_tensor(item: Any) -> Tensor:
    """A list, a range or a NumPy array as an index tensor."""
    if isinstance(item, np.ndarray) and item.dtype in dtypes.OF_ARRAY:
        array = item
    elif isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type_name(item)}'")
    else:
        from adjoint.ops.from_data import array_of

        try:
            array = array_of(list(item) if isinstance(item, range) else item, None, copy=False)
        except ValueError:  # which tensor() has other words for
            _sequence_as_tensor(next((i for i in item if isinstance(i, (str, bytes))), ()))
            raise
        if array.dtype.kind not in "iub":  # as PyTorch reads a list of floats in an index
            if array.dtype.kind == "c":
                raise TypeError("'complex' object cannot be interpreted as an integer")
            array = array.astype(np.int64)
    return from_array(array)


def _as_tuple(index: Any) -> tuple[Any, ...]:
    """The index as a tuple of items; a list that holds tensors, sequences or slices counts as one, as in PyTorch."""
    if isinstance(index, tuple):
        return index
    if isinstance(index, (list, str)) and len(index) < 32:
        for item in index:
            if isinstance(item, (Tensor, list, tuple, slice, np.ndarray, str, bytes)) or item is None or item is Ellipsis:
                warnings.warn(
                    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
                    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor "
                    "index, x[torch.tensor(seq)], which will result either in an error or a different result",
                    UserWarning,
                    stacklevel=users_level(),
                )
                return tuple(index)
    return (index,)


def _items_of(self: Tensor, index: Any) -> list[Any]:
    """The items of an index: integers, slices, None, Ellipsis, bools and tensors.

    Raises PyTorch's error for what is none, which first looks whether there are too many.
    """
    parts = _as_tuple(index)
    try:
        return [part if part.__class__ in _BASIC or isinstance(part, (Tensor, bool)) else _item_of(part) for part in parts]
    except (TypeError, ValueError, IndexError):
        if sum(map(_dimensions_of, parts)) > self._array.ndim:
            raise IndexError(f"too many indices for tensor of dimension {self._array.ndim}") from None
        raise


def _item_of(part: Any) -> Any:
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, (list, tuple, range, np.ndarray, str, bytes)):
        return _sequence_as_tensor(part)
    if isinstance(part, np.generic) or not hasattr(part, "__index__"):
        raise _wrong_kind(part)
    return part.__index__()


def _dimensions_of(item: Any) -> int:
    """How many dimensions of the tensor an item of an index stands for."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    if isinstance(item, Tensor) and item.dtype in (dtypes.bool_, dtypes.uint8):
        return item._array.ndim
    return 1


def _taken_apart(self: Tensor, index: Any, written: bool = False) -> tuple[Tensor, list[tuple[int, Tensor]]]:
    """The view that the basic items of an index make, and the index tensors with their dimensions of that view."""
    items = _items_of(self, index)
    specified = sum(map(_dimensions_of, items))
    if specified > self._array.ndim:
        if self._array.ndim == 0 and len(items) == 1 and isinstance(items[0], int):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
                "0-dim tensor to a number"
            )
        if self._array.ndim == 0 and len(items) == 1 and isinstance(items[0], slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {self._array.ndim}")
    view = self
    dim = 0
    advanced: list[tuple[int, Tensor]] = []
    for position, item in enumerate(items):
        if item is None:
            view = unsqueeze.function(view, dim)
            dim += 1
        elif item is Ellipsis:
            dim += self._array.ndim - specified
        elif item is True or item is False:
            view = unsqueeze.function(view, dim)
            advanced.append((dim, from_array(np.zeros(1 if item else 0, np.int64))))
            dim += 1
        elif item.__class__ is slice:
            start, stop, step = _bounds(item)
            whole = not start and step in (None, 1) and (stop is None or stop >= view._array.shape[dim])
            # As in PyTorch, where `x[:]` is a slice, and `x[:, 0]` has none, nor what `x[:] = y` writes to.
            if not whole or (index.__class__ is slice and not written):
                view = slice_.function(view, dim, start, stop, step)
            dim += 1
        elif item.__class__ is int:
            view = _selected(view, dim, item, position)
        else:
            kind = item.dtype
            if kind not in _INDEX_DTYPES and (kind.category != dtypes.INTEGER or item._array.ndim):
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            if kind is dtypes.bool_ or kind is dtypes.uint8:
                if item._array.ndim == 0:
                    view = unsqueeze.function(view, dim)
                    advanced.append((dim, from_array(np.zeros(1 if item._array else 0, np.int64))))
                    dim += 1
                else:
                    advanced.append((dim, item))
                    dim += item._array.ndim
            elif item._array.ndim == 0 and isinstance(item._array, np.ndarray):
                view = _selected(view, dim, int(item._array))
            else:
                advanced.append((dim, item))
                dim += 1
    return view, advanced


def _bounds(item: slice) -> tuple[Any, Any, Any]:
    found = []
    for bound in (item.start, item.stop, item.step):
        if bound is not None and bound.__class__ is not int:
            if not hasattr(bound, "__index__"):
                raise TypeError("slice indices must be integers or None or have an __index__ method")
            bound = bound.__index__()
        found.append(bound)
    start, stop, step = found
    if step is not None and step <= 0:
        raise ValueError("slice step cannot be zero" if step == 0 else "step must be greater than zero")
    return start, stop, step


def _selected(view: Tensor, dim: int, index: int, position: int | None = None) -> Tensor:
    """One element of a dimension; ``position``: what PyTorch says instead of the dimension, the place in the index."""
    size = view._array.shape[dim]
    if not -size <= index < size:
        shown = dim if position is None else position
        raise IndexError(f"index {index} is out of bounds for dimension {shown} with size {size}")
    return select.function(view, dim, index)


def _index_arrays(view: Tensor, advanced: list[tuple[int, Tensor]]) -> tuple[list[Tensor], tuple[int, ...], bool]:
    """The index tensors with masks replaced by the places where they are true; whether no place comes twice."""
    indices, dims = [], []
    unique = False
    shape = view._array.shape
    for dim, item in advanced:
        if item.dtype not in (dtypes.bool_, dtypes.uint8):
            indices.append(item)
            dims.append(dim)
            continue
        if item.dtype is dtypes.uint8:
            warnings.warn(
                "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
                UserWarning,
                stacklevel=users_level(),
            )
        mask = item._array
        if mask.__class__ is BatchedArray:
            raise RuntimeError(
                "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over "
                "indexing with a boolean mask."
            )
        for k, size in enumerate(mask.shape):
            if size != shape[dim + k]:
                raise IndexError(
                    f"The shape of the mask {list(mask.shape)} at index {k} does not match the shape of the indexed tensor "
                    f"{list(shape)} at index {dim + k}"
                )
        unique = len(advanced) == 1
        for k, places in enumerate(mask.nonzero()):
            indices.append(from_array(places))
            dims.append(dim + k)
    return indices, tuple(dims), unique


# x[index]


def _plain(index: Any) -> bool:
    """Whether an index has only integers, slices, None and Ellipsis."""
    if index.__class__ is tuple:
        return all(item.__class__ in _BASIC for item in index)
    return index.__class__ in _BASIC


@attach
def __getitem__(self: Tensor, index: Any) -> Tensor:
    if index.__class__ is int and self._array.ndim:
        return _selected(self, 0, index)
    if (self._edge is NO_EDGE or not mode.enabled) and _plain(index) and not intercept.active:
        # Nothing is recorded, so nobody sees that the view was made in one step.
        part = _basic_part(self._array, index)
        if part is not None:
            t = from_array(part)
            become_view(t, self, lambda x: x[index])
            return t
    view, advanced = _taken_apart(self, index)
    if not advanced:
        return alias_view.function(self) if view is self else view
    if len(advanced) == 1 and advanced[0][1].dtype is dtypes.bool_ and not intercept.active:
        if view._edge is NO_EDGE or not mode.enabled:
            dim, mask = advanced[0]
            if mask._array.shape == view._array.shape[dim : dim + mask._array.ndim]:
                found = view._array[(*(slice(None),) * dim, mask._array)]
                if view._array.__class__ is not np.ndarray or (
                    found.flags.c_contiguous and 1 not in found.shape and (view._writes is None or not view._writes.strided)
                ):
                    return made_of(found)
                if 1 not in found.shape:  # NumPy's stride of one element is anything
                    one = np.zeros(found.shape[dim], np.int64)
                    return made_of(put_in(found, _lies(found, view._array, [one], range(dim, dim + mask._array.ndim))))
    indices, dims, unique = _index_arrays(view, advanced)
    _check_indices(view._array, [i._array for i in indices], dims)
    return _indexed.function(view, indices, dims, unique)


def _basic_part(array: Any, index: Any) -> Any:
    """The part of an array that a basic index names, None where PyTorch has an error or takes another way."""
    if array.__class__ is not np.ndarray or _has_step(index):
        return None
    try:
        if index.__class__ is tuple and Ellipsis not in index:
            return array[(*index, ...)]
        return array[index] if index.__class__ is not int else array[index, ...]
    except (IndexError, TypeError):
        return None


def _has_step(index: Any) -> bool:
    items = index if index.__class__ is tuple else (index,)
    return any(item.__class__ is slice and item.step is not None for item in items)


# x[index] = value


def _value_for(self: Tensor, value: Any) -> Any:
    if isinstance(value, Tensor):
        return value
    number = python_number(value)
    if number is None:
        kind = f"torch.{dtypes.SCALAR_TYPE_NAMES[self.dtype]}Tensor"
        raise TypeError(f"can't assign a {type_name(value)} to a {kind}")
    if number.__class__ is int and not -(2**63) <= number < 2**63:
        raise ValueError("Overflow when unpacking long long")
    if self.dtype in dtypes.STORED:
        return from_array(element(number, self.dtype.array))
    return filling(number, self.dtype, 1) if is_half(self._array.dtype) else number


@attach
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    value = _value_for(self, value)
    tensor = isinstance(value, Tensor)
    recorded = self.requires_grad or (tensor and value._edge is not NO_EDGE)
    if index is False:
        if not tensor:
            number_for(value, self._array)
        return
    plain = not (recorded and mode.enabled) and not intercept.active and self._waits is None
    if plain and _plain(index):
        part = _basic_part(self._array, index)
        if part is not None:
            check_writable(self, False)
            if not tensor:
                check_no_overlap(part)
                part.fill(number_for(value, part))
                writes_of(self).bump()
                return
            if value._array.shape == part.shape and value._array.dtype == part.dtype:
                check_copy(part, value._array)
                write(part, value._array)
                writes_of(self).bump()
                return
    if plain and isinstance(index, Tensor) and not tensor:
        mask = index._array
        if mask.dtype.kind == "b" and mask.ndim and mask.shape == self._array.shape[: mask.ndim]:
            check_writable(self, False)
            if 0 in self._array.strides:
                warn_of_overlap("index_put", "[indices] = tensor", self._array)
                warn_of_overlap("masked_fill", "[mask] = scalar", self._array)
            self._array[mask] = number_for(value, self._array)
            writes_of(self).bump()
            return
    if index is True:
        _assign(unsqueeze.function(self, 0), value)
        return
    view, advanced = _taken_apart(self, index, written=True)
    if not advanced:
        _assign(view, value)
        return
    if not tensor:
        value = from_array(np.array(number_for(value, self._array), self._array.dtype))
    value = _without_leading_ones(value)
    fills = _fills(advanced, value)
    indices, dims, _ = _index_arrays(view, advanced)
    if fills:
        if value._array.dtype != self._array.dtype:
            check_item(value._array, self.dtype)
            value = value.to(self.dtype)  # type: ignore[attr-defined]
        elif np.may_share_memory(value._array, self._array):  # one number: it may come from anywhere
            value = alias(value, edge_of(value), array=value._array.copy())
    if not fills:
        _check_places(view, [index for _, index in advanced])
    _index_put_row.inplace(view, indices, value, dims)
    if fills and view._array.__class__ is np.ndarray:
        warn_of_overlap("masked_fill", "[mask] = scalar", view._array)


@attach
def __delitem__(self: Tensor, index: Any) -> None:
    """Raises TypeError: a tensor keeps its sizes."""
    raise TypeError("Tensor does not support deleting items")


def _check_places(target: Tensor, indices: Sequence[Tensor | None]) -> None:
    """Raise PyTorch's error where the places that are written to are told by what is written to."""
    if target._array.__class__ is np.ndarray:
        for index in indices:
            if isinstance(index, Tensor):
                check_reads(target._array, index._array, True)


def _without_leading_ones(value: Tensor) -> Tensor:
    shape = value._array.shape
    while shape and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == value._array.ndim:
        return value
    return squeezed.function(value, tuple(range(value._array.ndim - len(shape))))


def _assign(view: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        value = from_array(np.array(number_for(value, view._array), view._array.dtype))
    target, shape = view._array.shape, value._array.shape
    if shape == target:
        copy_.inplace(view, value)
    elif not shape:
        fill_(view, value)
    else:
        value = _without_leading_ones(value)
        if not value._array.ndim and target and view._array.size == 1:
            check_writable(view, view.requires_grad or value.requires_grad)
            check_reads(view._array, value._array, True)
        copy_.inplace(view, expanded_to.function(value, target))


@composite(name="index_put")
def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """The tensor with ``values`` at the indices, one index tensor per dimension; added to what is there if
    ``accumulate``.

    >>> import adjoint as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor(1.))
    tensor([1., 0., 1.])
    """
    arrays, dims, _ = _given_indices(input, indices, values, accumulate)
    return _index_put_row.function(input, arrays, values, dims, accumulate)


@composite(name="index_put_")
def index_put_(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """Write ``values`` at the indices, or add them there if ``accumulate``."""
    check_writable(input, input.requires_grad or values.requires_grad)
    arrays, dims, fills = _given_indices(input, indices, values, accumulate)
    if not fills:
        _check_places(input, indices)
    _index_put_row.inplace(input, arrays, values, dims, accumulate)
    if fills and input._array.__class__ is np.ndarray:
        warn_of_overlap("masked_fill", "[mask] = scalar", input._array)
    return input


def _fills(advanced: list[tuple[int, Tensor]], value: Tensor) -> bool:
    """Whether one number is written where one mask is true, which is masked_fill_'s business in PyTorch."""
    if len(advanced) != 1 or value._array.size != 1 or advanced[0][1].dtype not in (dtypes.bool_, dtypes.uint8):
        return False
    if advanced[0][1].dtype is dtypes.uint8:
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")
    return True


def _given_indices(input: Tensor, indices: Any, values: Tensor, accumulate: bool) -> tuple[list[Tensor], tuple[int, ...], bool]:
    """The index tensors, their dimensions, and whether one number is written where a mask is true."""
    advanced = []
    dim = 0
    for item in indices:
        if item is not None:
            if item.dtype not in _INDEX_DTYPES:
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            advanced.append((dim, item))
            dim += item._array.ndim if item.dtype in (dtypes.bool_, dtypes.uint8) else 1
        else:
            dim += 1
    if dim > input._array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {input._array.ndim} (got {dim})")
    fills = not accumulate and _fills(advanced, values)
    arrays, dims, _ = _index_arrays(input, advanced)
    return arrays, dims, fills
