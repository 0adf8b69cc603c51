"""Copying: tensors of the same elements in new memory, in another dtype, or in memory that exists."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import device as devices
from adjoint import dtypes
from adjoint.autograd.overlap import Overlap
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arguments import type_name
from adjoint.declare.namespaces import inplace_only
from adjoint.declare.once import warn_once
from adjoint.declare.operands import fit
from adjoint.kernels.late import LARGE
from adjoint.layouts import (
    CHANNELS_LAST_NDIM,
    contiguous_format,
    empty_as,
    empty_like,
    memory_format,
    preserve_format,
    suggested_format,
)
from adjoint.ops.arrays import Array
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.bulk import copy, write
from adjoint.readings.batched import BatchedArray
from adjoint.readings.meta import MetaArray, OnMeta, copy_of, like, no_data
from adjoint.readings.sparse import SparseArray
from adjoint.stored import as_type
from adjoint.tensor import Tensor


def copied(array: Any, dtype: Any, format_: memory_format | None) -> Any:
    """A copy of an array in another dtype and order of dimensions; complex numbers lose their imaginary part."""
    if array.__class__ is MetaArray:
        return copy_of(array, dtype, format_)
    if not isinstance(array, np.ndarray):  # of another reading, which has an order of its own
        return array.astype(dtype) if array.dtype != dtype else array.copy()
    keeps = format_ is None or format_ is preserve_format
    if keeps and array.flags.c_contiguous and (array.ndim < 4 or 1 not in array.shape):
        if array.dtype == dtype:
            return copy(array)
        if array.size < LARGE and array.dtype.kind != "c" and array.dtype.names is None is dtype.names:
            return array.astype(dtype, "C")
    found = empty_like(array, dtype, format_)
    if array.dtype.kind == "c" and dtype.kind not in "cb" and dtype.names is None:
        array = array.real
    write(found, array)
    return found


def _clone(self: Array, *, memory_format=None):
    return copied(self, self.dtype, memory_format)


clone = op(
    "clone",
    _clone,
    tangent="linear",
    self=lambda g: g,
    doc="""A copy; gradients flow through it to the original.

    >>> import adjoint as torch
    >>> torch.ones(2, requires_grad=True).clone()
    tensor([1., 1.], grad_fn=<CloneBackward0>)
    """,
)


def is_contiguous_array(array: Any, format_: Any) -> bool:
    """Whether the elements lie in memory in the order that ``format_`` names."""
    if array.__class__ is SparseArray:
        return False
    if format_ is contiguous_format:
        return _lies_in_order(array)
    if array.__class__ is BatchedArray:
        raise RuntimeError("NYI: querying is_contiguous inside of vmap for memory_format other than torch.contiguous_format")
    ndim = CHANNELS_LAST_NDIM[format_]
    return array.ndim == ndim and _lies_in_order(array.transpose(0, *range(2, ndim), 1))


def _lies_in_order(array: Any) -> bool:
    """Whether an array's elements lie in memory in order; of a batch, whether each sample's do."""
    if array.__class__ is not BatchedArray:
        return bool(array.flags.c_contiguous)
    step = array.itemsize
    for size, stride in zip(reversed(array.shape), reversed(array.strides)):
        if size != 1 and stride != step:
            return 0 in array.shape
        step *= size
    return True


def _check_format(format_: Any) -> Any:
    if format_ is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return format_


@composite(where="Tensor")
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """This tensor if its elements lie in memory in order, else a copy in which they do.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).T.contiguous().stride()
    (2, 1)
    """
    if memory_format is contiguous_format and self._array.flags.c_contiguous:
        if self._array.__class__ is SparseArray:
            raise RuntimeError("unsupported memory format option Contiguous")
        return self
    if is_contiguous_array(self._array, _check_format(memory_format)):
        return self
    if memory_format is not contiguous_format:
        empty_as(self._array.shape, np.bool_, memory_format)  # raises where the format does not fit
    return clone.function(self, memory_format=memory_format)


@composite(where="Tensor")
def is_contiguous(self: Tensor, memory_format: Any = contiguous_format) -> bool:
    """Whether the elements lie in memory in order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).T.is_contiguous()
    False
    """
    return is_contiguous_array(self._array, memory_format)


# Other dtypes


def _to_copy(self: Array, dtype, memory_format=None):
    return copied(self, dtype.array, memory_format)


_converted = op(
    "_to_copy",
    _to_copy,
    tangent="linear",
    where="",
    node="ToCopyBackward0",
    self=lambda g, self_dtype: as_type(real_if(g, self_dtype), self_dtype),
)


def _on_meta(self: Array, dtype, memory_format=None):
    return copy_of(self, dtype.array, memory_format)


def _elements_back(g):
    raise no_data()


_without_memory = op(
    "_to_copy.meta", _on_meta, where="", node="ToCopyBackward0", self=lambda g: _elements_back(g), tangent="linear"
)


def real_if(g, dtype):
    return g.real if g.dtype.kind == "c" and dtype.kind != "c" and dtype.names is None else g


def convert(self: Tensor, dtype: dtypes.dtype, copy: bool = False, format_: Any = None) -> Tensor:
    """The tensor in this dtype: itself where it is of it already, unless ``copy``."""
    array = self._array
    if array.dtype is dtype.array and not copy:
        if format_ is None or format_ is preserve_format or format_ is suggested_format(array):
            return self
    if array.dtype.kind == "c" and dtype.category not in (dtypes.COMPLEX, dtypes.BOOL):
        warn_of_lost_parts()
    return _converted.function(self, dtype, format_)


def warn_of_lost_parts() -> None:
    """PyTorch's warning where complex numbers become real ones."""
    warn_once("complex to real", "Casting complex values to real discards the imaginary part")


@composite(where="Tensor")
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype, or on another device: ``to(dtype)``, ``to(device)``, ``to(device, dtype)``,
    ``to(other)``, each with ``non_blocking``, ``copy`` and ``memory_format``.

    Returns the tensor itself where nothing is to be done, unless ``copy`` is True.

    >>> import adjoint as torch
    >>> torch.ones(2).to(torch.int64)
    tensor([1, 1])
    """
    if len(args) == 1 and not kwargs and args[0].__class__ is dtypes.dtype:
        return convert(self, args[0])
    device, dtype, copy, format_ = parse_to(args, kwargs)
    if device is not None:
        try:
            devices.check_device(device, "to")
        except OnMeta:
            return _to_meta(self, dtype or self.dtype, copy, format_)
        if self._array.__class__ is MetaArray:
            raise no_data()
    return convert(self, dtype or self.dtype, copy, format_)


def _to_meta(self: Tensor, dtype: dtypes.dtype, copy: bool, format_: Any) -> Tensor:
    """The tensor on the device ``meta``: itself if it is there, in this dtype and format."""
    if self._array.__class__ is MetaArray:
        return convert(self, dtype, copy, format_)
    return _without_memory.function(self, dtype, format_)


def parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, bool, Any]:
    """What ``to`` was asked for: (device, dtype, copy, memory format).

    Raises TypeError for arguments that ``to`` does not take.
    """
    names = ["device", "dtype", "non_blocking", "copy"]
    if args and isinstance(args[0], Tensor):
        names = ["other", "non_blocking", "copy"]
    elif args and (args[0].__class__ is dtypes.dtype or isinstance(args[0], type)):
        names = ["dtype", "non_blocking", "copy"]
    given = dict(zip(names, args))
    allowed = {"device", "dtype", "other", "non_blocking", "copy", "memory_format"}
    if len(args) > len(names) or given.keys() & kwargs.keys() or kwargs.keys() - allowed or not (args or kwargs):
        _wrong_to(args, kwargs)
    given.update(kwargs)
    dtype, device = given.get("dtype"), given.get("device")
    other = given.get("other")
    if other is not None:
        device, dtype = "meta" if other._array.__class__ is MetaArray else "cpu", other.dtype
    if isinstance(dtype, type):
        dtype = {float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_, complex: dtypes.complex128}.get(
            dtype, dtype
        )
    bad_dtype = dtype is not None and dtype.__class__ is not dtypes.dtype
    if bad_dtype or not all(isinstance(given.get(n, False), bool) for n in ("non_blocking", "copy")):
        _wrong_to(args, kwargs)
    if device is not None and (isinstance(device, bool) or not isinstance(device, (str, int, devices.device))):
        _wrong_to(args, kwargs)
    return device, dtype, given.get("copy", False), given.get("memory_format")


def _wrong_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    def shown(value: Any) -> str:
        return "torch.dtype" if value.__class__ is dtypes.dtype else type_name(value)

    given = ", ".join([*(shown(a) for a in args), *(f"{k}={shown(v)}" for k, v in kwargs.items())])
    raise TypeError(
        f"to() received an invalid combination of arguments - got ({given}), but expected one of:\n"
        " * (torch.device device, torch.dtype dtype, bool non_blocking, bool copy, *, torch.memory_format memory_format)\n"
        " * (torch.dtype dtype, bool non_blocking, bool copy, *, torch.memory_format memory_format)\n"
        " * (Tensor tensor, bool non_blocking, bool copy, *, torch.memory_format memory_format)\n"
    )


def _declare_conversion(name: str, dtype: dtypes.dtype) -> None:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return convert(self, dtype, format_=memory_format)

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"The tensor in ``torch.{dtype.name}``; itself where it is of that dtype already."
    composite(method, where="Tensor")


for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16,
    "chalf": dtypes.complex32,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool_,
}.items():
    _declare_conversion(_name, _dtype)


@composite(where="Tensor")
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of ``other``."""
    return convert(self, other.dtype)


# Into memory that exists


def _copy(self: Array, src: Array, non_blocking=False):
    _check_copy(self, src)
    if self.__class__ is MetaArray:
        return like(self)
    if not isinstance(src, np.ndarray):
        return np.broadcast_to(_real(src, self.dtype), self.shape).astype(self.dtype)
    found = empty_like(self, self.dtype, None)
    write(found, _real(src, self.dtype))
    return found


def _copy_into(self: Array, src: Array, non_blocking=False):
    _check_copy(self, src)
    write(self, _real(src, self.dtype))
    return self


def _real(array: Any, dtype: Any) -> Any:
    if array.dtype.kind == "c" and dtypes.OF_ARRAY[dtype].category not in (dtypes.COMPLEX, dtypes.BOOL):
        warn_of_lost_parts()
        return array.real
    return array


def _check_copy(array: Any, source: Any) -> None:
    if (array.__class__ is SparseArray) != (source.__class__ is SparseArray):
        from adjoint.ops.legacy import type_string

        own, other = (type_string(dtypes.of_array(a), a.__class__ is SparseArray) for a in (array, source))
        raise RuntimeError(
            f"copy_() between dense and sparse Tensors is not implemented! Found self type = {own} and src type = {other}"
        )
    if array.shape != source.shape:
        shape = broadcast_shape(array.shape, source.shape)
        if shape != array.shape:
            raise RuntimeError(f"output with shape {list(array.shape)} doesn't match the broadcast shape {list(shape)}")


copy_ = inplace_only(
    op(
        "copy",
        _copy,
    overlap=Overlap(copies=True),
        tangent="linear",
        where="",
        node="CopyBackwards",
        writer=_copy_into,
        self=lambda g: np.zeros_like(g),
        src=lambda g, src_shape, src_dtype: fit(g, src_shape, src_dtype),
    ),
    doc="""Write the elements of ``src``, broadcast and converted, into this tensor.

    >>> import adjoint as torch
    >>> torch.zeros(2).copy_(torch.tensor(3))
    tensor([3., 3.])
    """,
)

# What formulas use, taped

taped(np.copy)(lambda x: clone.function(x))
taped(np.ndarray.astype)(lambda x, dtype: convert(x, dtypes.OF_ARRAY[np.dtype(dtype)]))
taped(np.ascontiguousarray)(lambda x: contiguous(x))
