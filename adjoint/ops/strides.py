"""Strides: views of a tensor's memory with any sizes and strides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.autograd.taped import Taped
from adjoint.autograd.waiting import memory_of
from adjoint.declare import composite, op, view
from adjoint.declare.arranging import UNORDERED
from adjoint.declare.operands import fit
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.filling import masked_zero
from adjoint.ops.memory import check_in_storage, geometry, strided, with_strides
from adjoint.ops.scatter import add_at
from adjoint.readings.batched import BatchedArray
from adjoint.readings.meta import form_of
from adjoint.tensor import Tensor


def _as_strided(self: Array, size, stride, shift, form):
    return strided(self, size, tuple(s * self.itemsize for s in stride), shift * self.itemsize)


def _places(shape, stride, start):
    """Where in memory each element of a strided array lies."""
    found = np.full((), start, np.int64)
    for n, s in zip(shape, stride):
        found = found[..., None] + np.arange(n) * s
    return found


def _as_strided_backward(g, self_shape, size, stride, shift, form):
    """Add the gradient up in a stand-in for the memory, then read it where the input's elements lie."""
    inside = _places(self_shape, form, 0)
    outside = _places(size, stride, shift)
    if not inside.size:
        return np.zeros(self_shape, g.dtype)
    lowest = min(int(inside.min()), int(outside.min()) if outside.size else 0)
    highest = max(int(inside.max()), int(outside.max()) if outside.size else 0)
    memory = add_at(g.reshape(-1), (outside - lowest).reshape(-1), highest - lowest + 1)
    found = memory[inside - lowest]
    counts = np.bincount((inside - lowest).reshape(-1))[inside - lowest]
    return found / counts.astype(g.dtype) if counts.max() > 1 else found


def _as_strided_tangent(self_t, size, stride, shift, form):
    """What lies in the tangent's memory, if it lies there as its tensor does; else what would."""
    array = memory_of(self_t.tensor)
    if all(n == 1 or step == s * array.itemsize for n, step, s in zip(array.shape, array.strides, form)):
        return Taped(_as_strided_view.function(self_t.tensor, size, stride, shift, form))
    return _of_source(self_t, size, size, stride, shift, form)


_as_strided_view = view(
    "as_strided",
    _as_strided,
    where="",
    tangent=_as_strided_tangent,
    self=lambda g, self_shape, size, stride, shift, form: _as_strided_backward(
        g, self_shape, size, stride, shift, form
    ),
    reads={"self": "g added up where it was taken from"},
)


def placed(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None
) -> tuple[tuple[int, ...], tuple[int, ...], int, tuple[int, ...]]:
    """What the rows of this file ask for: sizes, strides, the start counted from the tensor's own, and its strides.

    Raises RuntimeError, in PyTorch's words, where they would reach outside of the memory.
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride):
        if memory_of(input).__class__ is BatchedArray:
            raise RuntimeError(
                "Tensor.as_strided(size, stride, ...): size and stride must have the same length! Got size "
                f"{list(size)} and stride {list(stride)}"
            )
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if storage_offset is not None and storage_offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {storage_offset}")
    array = memory_of(input)
    if not isinstance(form_of(array), np.ndarray):
        return size, stride, _start_in_sample(array, size, stride, storage_offset), tuple(s // array.itemsize for s in array.strides)
    form, start, storage = geometry(array)
    offset = start if storage_offset is None else storage_offset
    check_in_storage(size, stride, offset, array.itemsize, storage)
    return size, stride, offset - start, form


def _start_in_sample(array: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int | None) -> int:
    """Where in a sample's memory the view begins, whose offset is counted as the first sample's is.

    Raises RuntimeError, in PyTorch's words, where it would reach outside of the sample.
    """
    whole = array
    while whole.__class__ is BatchedArray:
        whole = whole.array
    start = geometry(whole)[1]
    offset = start if offset is None else offset
    if 0 in size or 0 in array.shape:
        return offset - start
    last = offset + 1 + sum((n - 1) * s for n, s in zip(size, stride))
    end = start + 1 + sum((n - 1) * s // array.itemsize for n, s in zip(array.shape, array.strides))
    if offset < start or last > end:
        raise RuntimeError(
            f"result = tensor.as_strided({list(size)}, {list(stride)}, {offset}) can access memory outside of `tensor`. `result` "
            f"can access some memory in range [{offset}, {last}], but `tensor` can only access some memory in range [{start}, {end}]. "
            "This is not supported inside of vmap, please try to rewrite the `as_strided` call as a sequence of PyTorch view "
            "operations"
        )
    return offset - start


@composite
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the tensor's memory with any sizes and strides, from ``storage_offset`` on (in elements).

    Raises RuntimeError where it would reach outside of the memory.

    >>> import adjoint as torch
    >>> torch.arange(4).as_strided((2, 2), (1, 1))
    tensor([[0, 1],
            [1, 2]])
    """
    return _as_strided_view.function(input, *placed(input, size, stride, storage_offset))


# Writing where a view would look


def _meeting(shape, form, size, stride, shift):
    """Where the elements of a view lie among those of the tensor that it looks at, counted row by row; -1 outside."""
    inside = _places(shape, form, 0)
    outside = _places(size, stride, shift)
    lowest = min(int(x.min()) for x in (inside, outside))
    highest = max(int(x.max()) for x in (inside, outside))
    table = np.full(highest - lowest + 1, -1)
    table[inside - lowest] = np.arange(inside.size).reshape(shape)
    return np.asarray(table[outside - lowest])


def _overwritten(shape, size, stride, shift, form):
    """Which elements of a tensor a view of its memory shows."""
    memory = {*_places(size, stride, shift).reshape(-1).tolist()}
    return np.asarray(np.isin(_places(shape, form, 0), list(memory)))


@array_function
def _as_strided_scatter(self: Array, src: Array, size, stride, shift, form):
    if src.shape != size:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(size)}"
        )
    found = with_strides(self)
    if not found.size or not src.size:
        return found
    met = _meeting(self.shape, form, size, stride, shift)
    places = np.unravel_index(met[met >= 0], self.shape) if self.ndim else ()
    found[places] = src[met >= 0] if self.ndim else src[met >= 0][-1:].reshape(())
    return found


def _of_source(g, src_shape, size, stride, shift, form):
    if 0 in src_shape or 0 in g.shape:
        return np.zeros(src_shape, g.dtype)
    met = _meeting(g.shape, form, size, stride, shift)
    return masked_zero(g.reshape(-1)[met], np.asarray(met < 0))


_as_strided_scattered = op(
    "as_strided_scatter",
    _as_strided_scatter,
    lies=UNORDERED,
    tangent="linear",
    where="",
    self=lambda g, size, stride, shift, form: masked_zero(g, _overwritten(g.shape, size, stride, shift, form)),
    src=lambda g, src_shape, src_dtype, size, stride, shift, form: fit(
        _of_source(g, src_shape, size, stride, shift, form), src_shape, src_dtype
    ),
    reads={"self": "g, 0 where it was written to", "src": "g where it was written to"},
)


@composite
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of the tensor with ``src`` where its view ``as_strided(size, stride, storage_offset)`` would look.

    Raises RuntimeError where ``src`` is not of that size, or the view would reach outside of the memory.

    >>> import adjoint as torch
    >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    return _as_strided_scattered.function(input, src, *placed(input, size, stride, storage_offset))
