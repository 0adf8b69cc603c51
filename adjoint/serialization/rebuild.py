"""Rebuilding: what files call to make tensors of storages, under PyTorch's names.

These are the only functions of Adjoint that a file may call without being told otherwise, so they check what they
are given: an array never reaches outside of its storage.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from typing import Any

import numpy as np

from adjoint import dtypes, layouts
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.ops.memory import check_in_storage
from adjoint.serialization.storage_types import bytes_of
from adjoint.tensor import Tensor, from_array


def _array(storage: Any, d: dtypes.dtype, offset: Any, size: Any, stride: Any) -> Any:
    if not isinstance(storage, UntypedStorage):
        raise TypeError(f"a tensor is rebuilt from a storage, not from {type(storage).__name__}")
    shape = tuple(map(operator.index, size))
    strides = tuple(map(operator.index, stride))
    offset = operator.index(offset)
    if len(shape) != len(strides):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {len(shape)} sizes and {len(strides)} strides were given"
        )
    if offset < 0 or any(n < 0 for n in shape) or any(s < 0 for s in strides):
        raise RuntimeError(f"negative sizes, strides or offset: {list(shape)}, {list(strides)}, {offset}")
    data = bytes_of(storage)
    itemsize = d.itemsize
    check_in_storage(shape, strides, offset, itemsize, data.nbytes)
    if 0 in shape:
        return np.empty(shape, d.array)
    return np.ndarray(shape, d.array, data, offset * itemsize, tuple(s * itemsize for s in strides))


def _dtype_of(storage: Any) -> dtypes.dtype:
    if not isinstance(storage, TypedStorage):
        raise TypeError(f"a tensor is rebuilt from a typed storage, not from {type(storage).__name__}")
    return storage.dtype


def _finish(array: Any, metadata: Any) -> Tensor:
    if metadata:
        # Conjugates and negatives are views in PyTorch, saved as such; here they are computed.
        if metadata.get("conj"):
            array = np.conjugate(array)
        if metadata.get("neg"):
            array = np.negative(array)
    return from_array(array)


def _rebuild_tensor(storage: Any, storage_offset: int, size: Any, stride: Any) -> Tensor:
    """A tensor over a storage."""
    return from_array(_array(storage, _dtype_of(storage), storage_offset, size, stride))


def _rebuild_tensor_v2(
    storage: Any,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor over a storage; the hooks are not used, PyTorch saves none."""
    tensor = _finish(_array(storage, _dtype_of(storage), storage_offset, size, stride), metadata)
    return tensor._set_requires_grad(bool(requires_grad))


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor of a given dtype over a storage of bytes."""
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"the dtype of a tensor cannot be {dtype!r}")
    tensor = _finish(_array(storage, dtype, storage_offset, size, stride), metadata)
    return tensor._set_requires_grad(bool(requires_grad))


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Tensor:
    """A parameter over a tensor's memory."""
    from adjoint.nn.parameter import Parameter

    return Parameter(data, bool(requires_grad))


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Tensor:
    """A parameter with attributes of its own."""
    return _with_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(func: Any, new_type: Any, args: Any, state: Any) -> Any:
    """A tensor of a subclass, or with attributes of its own."""
    if func not in (_rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter, _rebuild_tensor):
        raise TypeError(f"{func!r} does not rebuild tensors")
    tensor = func(*args)
    if type(tensor) is not new_type:
        if not (isinstance(new_type, type) and issubclass(new_type, Tensor)):
            raise TypeError(f"{new_type!r} is not a class of tensors")
        other = object.__new__(new_type)
        other._array, other._edge, other._writes = tensor._array, tensor._edge, tensor._writes
        tensor = other
    return _with_attributes(tensor, state)


def _with_attributes(tensor: Tensor, state: Any) -> Tensor:
    if isinstance(state, tuple) and len(state) == 2:  # attributes, and those in slots
        state = {**(state[0] or {}), **(state[1] or {})}
    for name, value in dict(state or {}).items():
        # Nothing that Tensor itself defines: a file may not reach into a tensor's workings.
        if not isinstance(name, str) or hasattr(Tensor, name):
            raise RuntimeError(f"a saved tensor has an attribute {name!r}, which would hide Tensor's own")
        setattr(tensor, name, value)
    return tensor


def _rebuild_device_tensor_from_numpy(array: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A tensor of a device without storages, saved as a NumPy array."""
    return from_array(np.asarray(array).astype(dtype.array))._set_requires_grad(bool(requires_grad))


def _rebuild_device_tensor_from_cpu_tensor(data: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A tensor of a device without storages, saved as a tensor of the CPU."""
    return from_array(data._array.astype(dtype.array))._set_requires_grad(bool(requires_grad))


def _get_layout(name: str) -> Any:
    """A layout by its name, "torch.strided"."""
    found = getattr(layouts, str(name).rpartition(".")[2], None)
    if not isinstance(found, layouts.layout):
        raise RuntimeError(f"there is no layout {name!r}")
    return found


FUNCTIONS = {
    f"torch._utils.{f.__name__}": f
    for f in (
        _rebuild_tensor,
        _rebuild_tensor_v2,
        _rebuild_tensor_v3,
        _rebuild_parameter,
        _rebuild_parameter_with_state,
        _rebuild_device_tensor_from_numpy,
        _rebuild_device_tensor_from_cpu_tensor,
    )
} | {
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2,
    "torch.serialization._get_layout": _get_layout,
}
EMPTY_HOOKS: OrderedDict[int, Any] = OrderedDict()
