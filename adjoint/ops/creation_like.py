"""Creation after another tensor: ``zeros_like`` and its kin, ``Tensor.new_zeros`` and its."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes, layouts
from adjoint.autograd.batch import in_batches_of
from adjoint.autograd.quiet import silence
from adjoint.declare import composite
from adjoint.declare.arguments import check_not_negative, python_number, sequence_of_sizes, sizes, wrong_argument
from adjoint.declare.arranging import told
from adjoint.ops import bulk
from adjoint.ops.creation import filled, made, nothing_stored, options, strided_array
from adjoint.ops.scalars import filling
from adjoint.readings import sparse
from adjoint.readings.batched import BatchedArray
from adjoint.readings.meta import MetaArray, makes_nothing, with_memory
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor

_IN_ORDER = (None, layouts.preserve_format, layouts.contiguous_format)


def _like(function: str, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any) -> Any:
    if not isinstance(input, Tensor):
        wrong_argument(function, "input", "Tensor", input, 1)
    array = input._array
    if layout is layouts.sparse_coo or (layout is None and array.__class__ is SparseArray):
        if memory_format not in (None, layouts.preserve_format):
            raise RuntimeError("memory format option is only supported by strided tensors")
        chosen = options(function, dtype, None, device, pin_memory, input)
        wanted = array.dtype if chosen is None else chosen.array
        return sparse.empty(array.shape, wanted, array.sparse_dim if array.__class__ is SparseArray else None)
    chosen = options(function, dtype, layout, device, pin_memory, input)
    wanted = array.dtype if chosen is None else chosen.array
    if array.__class__ is SparseArray:
        return bulk.empty(array.shape, wanted)
    if array.__class__ is MetaArray and not makes_nothing():  # on another device
        return layouts.empty_like(with_memory(array), wanted, memory_format)
    plain = array.__class__ is np.ndarray and array.flags.c_contiguous and (array.ndim < 4 or 1 not in array.shape)
    if plain and memory_format in _IN_ORDER:
        return bulk.empty(array.shape, wanted)
    return layouts.empty_like(array, wanted, memory_format)


@composite(where="torch")
def empty_like(
    input: Tensor,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of ``input``'s shape and dtype whose elements are whatever was in memory."""
    array = _like("empty_like", input, dtype, layout, device, pin_memory, memory_format)
    return told(made(array, requires_grad, function="empty_like"))


@composite(where="torch")
def zeros_like(
    input: Tensor,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Zeros of ``input``'s shape and dtype.

    >>> import adjoint as torch
    >>> torch.zeros_like(torch.tensor([1, 2]))
    tensor([0, 0])
    """
    array = _like("zeros_like", input, dtype, layout, device, pin_memory, memory_format)
    bulk.fill(array, 0)
    return told(made(array, requires_grad, function="zeros_like"))


@composite(where="torch")
def ones_like(
    input: Tensor,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Ones of ``input``'s shape and dtype.

    >>> import adjoint as torch
    >>> torch.ones_like(torch.tensor([0.5, 2.]))
    tensor([1., 1.])
    """
    array = _like("ones_like", input, dtype, layout, device, pin_memory, memory_format)
    bulk.fill(array, 1)
    return told(made(array, requires_grad, function="ones_like"))


@composite(where="torch")
def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of ``input``'s shape and dtype whose elements are all ``fill_value``.

    >>> import adjoint as torch
    >>> torch.full_like(torch.tensor([1, 2]), 7)
    tensor([7, 7])
    """
    array = _like("full_like", input, dtype, layout, device, pin_memory, memory_format)
    number = python_number(fill_value)
    if number is None:
        wrong_argument("full_like", "fill_value", "Number", fill_value, 2)
    with silence():
        bulk.fill(array, filling(number, dtypes.OF_ARRAY[array.dtype], array.size))
    return told(made(array, requires_grad, function="full_like"))


def _new(self: Tensor, function: str, size: Any, given: Any, dtype: Any, layout: Any, device: Any, pin: Any) -> Any:
    """The shape and the dtype of a ``Tensor.new_...``."""
    shape = sizes(function, given if given or size is None else (size,))
    check_not_negative(shape)
    return shape, options(function, dtype, layout, device, pin, self) or self.dtype


def _for_samples_of(self: Tensor, new: Tensor) -> Tensor:
    """Inside of a vmap, one for each sample of this tensor, with memory of its own: samples may be written into it."""
    if self._array.__class__ is not BatchedArray:
        return new
    return in_batches_of(new, self._array).clone()  # type: ignore[no-any-return]


@composite(where="Tensor")
def new_empty(
    self: Tensor,
    *args: Any,
    size: Any = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of this one's dtype and the given sizes whose elements are whatever was in memory; of a sparse one, a sparse one."""
    if layout is layouts.sparse_coo or (layout is None and self._array.__class__ is SparseArray):
        shape = sizes("new_empty", args if args or size is None else (size,))
        return nothing_stored("new_empty", shape, dtype, device, pin_memory, requires_grad, self)
    shape, chosen = _new(self, "new_empty", size, args, dtype, layout, device, pin_memory)
    return _for_samples_of(self, made(bulk.empty(shape, chosen.array), requires_grad, function="new_empty"))


@composite(where="Tensor")
def new_zeros(
    self: Tensor,
    *args: Any,
    size: Any = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros of this tensor's dtype and the given sizes.

    >>> import adjoint as torch
    >>> torch.tensor([1]).new_zeros(2, 2)
    tensor([[0, 0],
            [0, 0]])
    """
    if layout is layouts.sparse_coo or (layout is None and self._array.__class__ is SparseArray):
        shape = sizes("new_zeros", args if args or size is None else (size,))
        return nothing_stored("new_zeros", shape, dtype, device, pin_memory, requires_grad, self)
    shape, chosen = _new(self, "new_zeros", size, args, dtype, layout, device, pin_memory)
    return _for_samples_of(self, made(bulk.zeros(shape, chosen.array), requires_grad, function="new_zeros"))


@composite(where="Tensor")
def new_ones(
    self: Tensor,
    *args: Any,
    size: Any = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Ones of this tensor's dtype and the given sizes.

    >>> import adjoint as torch
    >>> torch.tensor([True]).new_ones(3)
    tensor([True, True, True])
    """
    shape, chosen = _new(self, "new_ones", size, args, dtype, layout, device, pin_memory)
    return _for_samples_of(self, made(bulk.full(shape, chosen.array, 1), requires_grad, function="new_ones"))


@composite(where="Tensor")
def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of this one's dtype whose elements are all ``fill_value``.

    >>> import adjoint as torch
    >>> torch.tensor([0.5]).new_full((2,), 3)
    tensor([3., 3.])
    """
    shape = sequence_of_sizes("new_full", size)
    check_not_negative(shape)
    chosen = options("new_full", dtype, layout, device, pin_memory, self) or self.dtype
    return _for_samples_of(self, made(filled("new_full", shape, fill_value, chosen), requires_grad, function="new_full"))


@composite(where="Tensor")
def new_empty_strided(
    self: Tensor,
    size: Any,
    stride: Any,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of this one's dtype and the given sizes and strides whose elements are whatever was in memory."""
    shape = sequence_of_sizes("new_empty_strided", size)
    steps = sequence_of_sizes("new_empty_strided", stride, "stride")
    chosen = options("new_empty_strided", dtype, layout, device, pin_memory, self) or self.dtype
    new = told(made(strided_array(shape, steps, chosen), requires_grad, function="new_empty_strided"))
    return _for_samples_of(self, new)
