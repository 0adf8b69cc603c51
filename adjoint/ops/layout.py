"""Layout: what a tensor tells about its sizes and memory, and the operators that change them in place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.captures import is_captured, look_alike
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode, recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node
from adjoint.autograd.origins import note_break, note_copy, noting
from adjoint.autograd.saved import alias
from adjoint.autograd.views import check_writable, refuse_inference_write, step_in_place
from adjoint.autograd.waiting import look_at, memory_of, waits
from adjoint.declare import composite
from adjoint.declare.arguments import sizes
from adjoint.declare.arranging import told
from adjoint.declare.schemas import check_write
from adjoint.layouts import (
    CHANNELS_LAST_NDIM,
    contiguous_format,
    empty_as,
    nesting,
    preserve_format,
    strides_of,
    suggested_format,
)
from adjoint.ops.dims import wrap_dim
from adjoint.ops.memory import check_in_storage, geometry, strided
from adjoint.ops.shape import squeezed, unsqueeze, viewed_as
from adjoint.ops.strides import _as_strided_view, placed
from adjoint.ops.transposing import t, transpose
from adjoint.readings.batched import BatchedArray, levels_of
from adjoint.readings.meta import MetaArray, form_of
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import NO_EDGE, InferenceWrites, Size, Tensor, attach, from_array, tick, writes_of
from adjoint.type_names import type_name

# Sizes


@attach
def size(self: Tensor, dim: int | None = None) -> Any:
    """The sizes of all dimensions, or of one."""
    shape = self._array.shape
    return tuple.__new__(Size, shape) if dim is None else shape[wrap_dim(dim, len(shape), False)]


@attach
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self._array.ndim


attach(dim, name="ndimension")


@attach
def element_size(self: Tensor) -> int:
    """The bytes of one element."""
    return self._array.itemsize


attach(property(lambda self: self._array.itemsize, doc="The bytes of an element."), name="itemsize")
attach(property(lambda self: self._array.nbytes, doc="The bytes of all elements."), name="nbytes")


# Memory


@attach
def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements apart in memory the places of each dimension are, or of one.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).T.stride(0)
    ((3, 1), 1)
    """
    memory = memory_of(self)
    found = strides_of(memory) if memory.__class__ is not SparseArray else (0,) * memory.ndim
    return found if dim is None else found[wrap_dim(dim, len(found), False)]


@attach
def dim_order(self: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The dimensions from the outermost in memory to the innermost.

    With ``ambiguity_check``, RuntimeError is raised where another order says the same (dimensions of size 1, or of one stride);
    with a list of memory formats, unless exactly one of them fits.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).T.dim_order()
    (1, 0)
    """
    formats = ambiguity_check if isinstance(ambiguity_check, list) else []
    if not isinstance(ambiguity_check, (bool, list)) or any(f not in _CHECKED_FORMATS for f in formats):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    array = memory_of(self)
    steps = strides_of(array)
    if ambiguity_check is not False and (1 in array.shape or any(a == b for a, b in zip(steps, steps[1:]))):
        if sum(self.is_contiguous(memory_format=f) for f in formats) != 1:  # type: ignore[attr-defined]
            raise RuntimeError(
                "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
            )
    return tuple(nesting(array.shape, [form_of(array)]))


_CHECKED_FORMATS = (contiguous_format, *CHANNELS_LAST_NDIM)


@attach
def storage_offset(self: Tensor) -> int:
    """Where in its memory the tensor begins, in elements.

    >>> import adjoint as torch
    >>> torch.zeros(3)[1:].storage_offset()
    1
    """
    return geometry(memory_of(self))[1]


@attach
def data_ptr(self: Tensor) -> int:
    """The address of the first element; 0 for a tensor without elements, and on the device ``meta``."""
    memory = memory_of(self)
    if memory.__class__ in (SparseArray, BatchedArray) or (mode.birth and not is_captured(self, mode.birth)):
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")
    return memory.__array_interface__["data"][0] if memory.size and memory.__class__ is not MetaArray else 0


# The same memory outside of the graph


@composite
def detach(input: Tensor) -> Tensor:
    """The same memory, under the same record of writes, outside of the graph.

    >>> import adjoint as torch
    >>> torch.ones(2, requires_grad=True).detach().requires_grad
    False
    """
    made = alias(input, NO_EDGE)
    made._tangents = None
    if intercept.active:
        look_alike(made, input)
    if noting.on and input.requires_grad:
        note_break(made, "detach()")
    return made


@composite(name="detach_")
def _detach_in_place(input: Tensor) -> Tensor:
    """Take this tensor out of the graph.  Raises RuntimeError on a view."""
    if input._view is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
            "detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
            "function in torch/optim/optimizer.py as the solution."
        )
    if not input.is_leaf:  # what saved this tensor has lost its place in the graph, and looks closer at what is out of date
        writes_of(input).stamp = tick()
        input._detached = True
    input._edge = NO_EDGE
    input._tangents = None
    if input._writes is not None and input._writes.views is not None:
        input._writes.outdate()
    return input


def _get_data(self: Tensor) -> Tensor:
    """The same memory outside of the graph, under a record of writes of its own."""
    if mode.transforms and levels_of(self._array):
        raise RuntimeError("accessing `data` under vmap transform is not allowed")
    found = from_array(self._array)
    if self._writes.__class__ is InferenceWrites:
        found._writes = InferenceWrites(self._writes.block)  # type: ignore[union-attr]
    if self._waits is not None:
        look_at(found, memory_of(self), waits(self))
    if intercept.active:
        look_alike(found, self)
    if noting.on:
        note_copy(found, self, ".data, which is outside of the graph")
    return found


def _set_data(self: Tensor, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type_name(value)}")
    if mode.evaluating or mode.pushes:
        raise RuntimeError("mutating directly with `.data` inside functorch transform is not allowed.")
    if mode.transforms and levels_of(value._array):
        raise RuntimeError("mutating directly with `.data` under vmap transform is not allowed.")
    if self.requires_grad and value.dtype.category < dtypes.FLOAT:
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    self._array = value._array if value._waits is None else value._array.copy()
    told(self)


def _keep_data(self: Tensor) -> None:
    raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")


attach(property(_get_data, _set_data, _keep_data), name="data")


@attach
def resize_(self: Tensor, *given: Any, memory_format: Any = None) -> Tensor:
    """Change the sizes in place; new elements, where there were fewer, are not set.

    Raises RuntimeError on a tensor that requires grad.
    """
    check_write(self, "resize_")
    shape = sizes("resize_", given)
    if self._inference and not mode.inference:
        refuse_inference_write()
    if self.requires_grad and not mode.inference:
        raise RuntimeError("cannot resize variables that require grad")
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if memory_format is preserve_format:
        raise RuntimeError("Unsupported memory formatPreserve")
    array = self._array
    if array.__class__ is BatchedArray:  # as PyTorch has it: the memory of all samples, of which the new sizes take the first part
        every = resize_(from_array(array.array), len(array.array), *shape, memory_format=memory_format)  # type: ignore[arg-type]
        self._array = BatchedArray(every._array, array.level)
        writes_of(self).bump()
        return self
    if array.shape != shape:
        writes_of(self).bump()
        _resize(self, shape)
    if memory_format in CHANNELS_LAST_NDIM:
        self._array = strided(self._array, shape, empty_as(shape, array.dtype, memory_format).strides)
    return self


def _resize(self: Tensor, shape: tuple[int, ...]) -> None:
    """Have sizes, the elements as they lie in memory; where there are too few, new memory."""
    array = self._array
    count = math.prod(shape)
    itemsize = array.itemsize
    if count * itemsize >= 1 << 63:
        if count >= 1 << 63:
            raise RuntimeError("numel: integer multiplication overflow")
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
    if math.prod(n or 1 for n in shape[1:]) >= 1 << 63:
        raise RuntimeError("Stride calculation overflowed")
    steps = [itemsize * math.prod(shape[d + 1 :]) for d in range(len(shape))]
    _, start, storage = geometry(array)
    if (start + count) * itemsize <= storage:
        self._array = strided(array, shape, tuple(steps))
    else:
        new = np.zeros(count, array.dtype)
        kept = storage // itemsize - start
        new[:kept] = strided(array, (kept,), (itemsize,))
        self._array = new.reshape(shape)


@composite(where="torch Tensor")
def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Change the sizes in place to those of another tensor, and the order in memory to one that is asked for: to that of the
    other one for ``torch.preserve_format``."""
    if input._array.__class__ is the_template._array.__class__ is SparseArray:
        like = the_template._array
        if input._array.shape == like.shape and input._array.sparse_dim == like.sparse_dim:
            return input
        return input.sparse_resize_(like.shape, like.sparse_dim, like.ndim - like.sparse_dim)  # type: ignore[attr-defined, no-any-return]
    shape = the_template._array.shape
    if memory_format is preserve_format:
        memory_format = suggested_format(the_template._array)
    return resize_(input, shape, memory_format=memory_format)


@attach
def set_(self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """Make this tensor look at the memory of ``source``, a tensor in the same way, or a storage with these sizes and strides from
    an offset on (all of it in a row, if none are given); at none without it.

    Raises RuntimeError where the storage is too small, or of another dtype.

    >>> import adjoint as torch
    >>> torch.tensor([]).set_(torch.arange(4.).untyped_storage(), 1, (2,), (2,))
    tensor([1., 3.])
    """
    check_write(self, "set_", (source,))
    if self.requires_grad and mode.enabled:
        raise RuntimeError("the derivative for 'set_' is not implemented")
    check_writable(self, False)
    other = getattr(source, "dtype", self.dtype)
    if other is not self.dtype:
        own = dtypes.C_NAMES[self.dtype]
        if isinstance(source, Tensor):
            raise RuntimeError(f"Could not set tensor of type {dtypes.C_NAMES[other]} to a tensor of type {own}")
        raise RuntimeError(
            f"Expected a Storage of type {own} or an UntypedStorage, but got type {dtypes.SCALAR_TYPE_NAMES[other]} for argument 1 "
            "'storage'"
        )
    if source is None:
        array = np.empty(0, self._array.dtype)
    elif isinstance(source, Tensor) and size is None:
        array = source._array
    else:
        memory = source.untyped_storage() if isinstance(source, Tensor) else source  # type: ignore[attr-defined]
        array = _looking_at(memory._bytes, self._array.dtype, storage_offset, size, stride)
    self._array = array
    self._accumulator = None  # its gradient is another's from now on, maybe of another shape
    writes_of(told(self)).bump()
    return self


def _looking_at(memory: Any, dtype: Any, offset: int, size: Any, stride: Any) -> Any:
    """An array that looks at bytes with sizes and strides in elements, from an offset on."""
    shape = (memory.size // dtype.itemsize - offset,) if size is None else tuple(size)
    if stride is None:
        stride = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    check_in_storage(shape, tuple(stride), offset, dtype.itemsize, memory.nbytes)
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.ndarray(shape, dtype, memory, offset * dtype.itemsize, [s * dtype.itemsize for s in stride])


# Other sizes in place

_NODES: dict[str, type[Node]] = {}


def _renamed(node: Node, name: str) -> Node:
    """The node under the name that PyTorch gives to that of the in-place operator."""
    cls = type(node)
    known = _NODES.get(name)
    if known is None:
        known = _NODES[name] = type(name, (cls,), {"__slots__": (), "__module__": "adjoint"})
    node.__class__ = known
    return node


def _in_place(
    self: Tensor, step: Callable[[Tensor], Tensor], back: Callable[[Tensor], Tensor], node_name: str, name: str
) -> Tensor:
    check_write(self, name)
    if self._inference and not mode.inference:
        refuse_inference_write()
    check_writable(self, self.requires_grad)
    stand_in = from_array(self._array)
    if self._tangents is not None:
        stand_in._tangents = self._tangents
    edge = self._edge
    if self.is_leaf:
        made = step(stand_in)
    else:  # also without recording, for gradients have to find back to the shape from before
        stand_in._edge = edge_of(self)
        with recording():
            made = step(stand_in)
        edge = made._edge
        assert isinstance(edge, Node)
        edge = _renamed(edge, node_name)
    step_in_place(self, made._array, edge, step, back)
    if self._tangents is not None:
        self._tangents = made._tangents
    return self


@attach
def squeeze_(self: Tensor, dim: Any = None) -> Tensor:
    """Remove dimensions of size 1, in place."""
    shape = self._array.shape
    number = 3 if dim is None else 5 if isinstance(dim, tuple) else 4
    name = ("squeeze_", "squeeze_.dim", "squeeze_.dims")[number - 3]
    if dim is None:
        return _in_place(
            self, lambda x: squeezed.function(x), lambda x: viewed_as.function(x, shape), f"SqueezeBackward{number}", name
        )
    return _in_place(
        self, lambda x: squeezed.function(x, dim), lambda x: viewed_as.function(x, shape), f"SqueezeBackward{number}", name
    )


@attach
def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """Put a dimension of size 1 at ``dim``, in place."""
    place = wrap_dim(dim, self._array.ndim + 1)
    return _in_place(
        self,
        lambda x: unsqueeze.function(x, place),
        lambda x: squeezed.function(x, place),
        "UnsqueezeBackward1",
        "unsqueeze_",
    )


@attach
def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions, in place."""

    def step(x: Tensor) -> Tensor:
        return transpose.function(x, dim0, dim1)

    return _in_place(self, step, step, "TransposeBackward1", "transpose_")


attach(transpose_, name="swapaxes_")
attach(transpose_, name="swapdims_")


@attach
def t_(self: Tensor) -> Tensor:
    """Transpose a matrix in place."""
    check_write(self, "t_")
    check_writable(self, self.requires_grad)
    if self._array.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self._array.ndim}D")
    return _in_place(self, lambda x: t.function(x), lambda x: t.function(x), "TBackward1", "t_")


def _seen(x: Tensor, size: Any, stride: Any, shift: int, form: Any) -> Tensor:
    """The tensor's memory with these sizes and strides, ``shift`` elements on; RuntimeError where it has no such."""
    if isinstance(x._array, np.ndarray):
        _, start, storage = geometry(x._array)
        if start + shift < 0:
            raise RuntimeError(f"Tensor: invalid storage offset {start + shift}")
        check_in_storage(size, stride, start + shift, x._array.itemsize, storage)
    return _as_strided_view.function(x, size, stride, shift, form)


@composite
def as_strided_(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Look at the memory with any sizes and strides, in place."""
    size, stride, shift, form = placed(input, size, stride, storage_offset)
    shape = input._array.shape
    return _in_place(
        input,
        lambda x: _seen(x, size, stride, shift, form),
        lambda x: _seen(x, shape, form, -shift, stride),
        "AsStridedBackward1",
        "as_strided_",
    )
