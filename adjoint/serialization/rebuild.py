"""Rebuilding: what files call to make tensors of storages, under PyTorch's names.

These are the only functions of Adjoint that a file may call without being told otherwise, so they check what they
are given: an array never reaches outside of its storage, and nothing is made that is larger than it (an array whose
elements lie over one another can have any number of them).
"""

from __future__ import annotations

import io
import math
import operator
from collections.abc import Callable
from functools import partial
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from adjoint import dtypes, layouts
from adjoint.autograd.overriding import made_of_class
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.ops.memory import check_in_storage
from adjoint.ops.sparse_making import sparse_coo_tensor
from adjoint.readings.meta import MetaArray, strided
from adjoint.serialization.storage_types import bytes_of
from adjoint.tensor import Tensor, attach, from_array


class AwaitedStorage(TypedStorage):
    """A storage whose bytes come later in the file; what is computed of them waits in ``later``."""

    __slots__ = ("later",)

    def __init__(self, root: Any, dtype: dtypes.dtype, later: list[Callable[[], None]]) -> None:
        self._hold(root)
        self.dtype = dtype
        self.later = later


def _array(storage: Any, d: dtypes.dtype, offset: Any, size: Any, stride: Any) -> Any:
    if not isinstance(storage, UntypedStorage):
        raise TypeError(f"a tensor is rebuilt from a storage, not from {type(storage).__name__}")
    if not isinstance(size, (tuple, list)) or not isinstance(stride, (tuple, list)):
        raise TypeError("a tensor's sizes and strides have to be tuples")
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
    if data.__class__ is MetaArray:
        return strided(shape, d.array, tuple(s * itemsize for s in strides))
    if 0 in shape:
        return np.empty(shape, d.array)
    return np.ndarray(shape, d.array, data, offset * itemsize, tuple(s * itemsize for s in strides))


def _dtype_of(storage: Any) -> dtypes.dtype:
    if not isinstance(storage, TypedStorage):
        raise TypeError(f"a tensor is rebuilt from a typed storage, not from {type(storage).__name__}")
    return storage.dtype


def _finish(array: Any, metadata: Any, storage: Any) -> Tensor:
    if not metadata:
        return from_array(array)
    if type(metadata) is not dict:
        raise TypeError(f"the metadata of a tensor cannot be of type {type(metadata).__name__}")
    # Conjugates and negatives are views in PyTorch, saved as such; here they are computed.
    for name, compute in (("conj", np.conjugate), ("neg", np.negative)):
        if metadata.get(name):
            source, array = array, _computed(compute, array)
            if isinstance(storage, AwaitedStorage):
                storage.later.append(partial(_again, compute, source, array))
    return from_array(array)


def _memory(array: Any) -> Any:
    """What an array looks at, from its first element to its last, as an array of one dimension."""
    if not array.size:
        return array.reshape(-1)
    length = 1 + sum((n - 1) * s for n, s in zip(array.shape, array.strides)) // array.itemsize
    return as_strided(array, (length,), (array.itemsize,))


def _lies_over_itself(array: Any) -> bool:
    """Whether an array has more elements than there is memory that it looks at."""
    return bool(array.size > len(_memory(array)))


def _computed(compute: Any, array: Any) -> Any:
    """A function of each element; of elements that lie over one another once, so that they do so again."""
    if not _lies_over_itself(array):
        return compute(array)
    return np.ndarray(array.shape, array.dtype, compute(_memory(array)), 0, array.strides)


def _again(compute: Any, source: Any, into: Any) -> None:
    if _lies_over_itself(source):
        source, into = _memory(source), _memory(into)
    compute(source, out=into)


def copied(args: tuple[Any, ...]) -> int:
    """How many bytes a call of one of the functions below copies at most."""
    if len(args) >= 7 and isinstance(args[0], UntypedStorage):
        return 2 * bytes_of(args[0]).nbytes if args[-1] and type(args[-1]) is dict else 0
    if len(args) == 4 and isinstance(args[1], dtypes.dtype):
        array = getattr(args[0], "_array", args[0])
        return math.prod(array.shape) * args[1].itemsize if isinstance(array, np.ndarray) else 0
    return 0


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
    tensor = _finish(_array(storage, _dtype_of(storage), storage_offset, size, stride), metadata, storage)
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
    tensor = _finish(_array(storage, dtype, storage_offset, size, stride), metadata, storage)
    return tensor._set_requires_grad(bool(requires_grad))


def _rebuild_meta_tensor_no_storage(dtype: Any, size: Any, stride: Any, requires_grad: bool) -> Tensor:
    """A tensor without memory."""
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"the dtype of a tensor cannot be {dtype!r}")
    shape, strides = (tuple(map(operator.index, given)) for given in (size, stride))
    if len(shape) != len(strides) or min((*shape, *strides), default=0) < 0:
        raise RuntimeError(f"sizes and strides that do not fit: {list(shape)}, {list(strides)}")
    made = from_array(strided(shape, dtype.array, tuple(s * dtype.itemsize for s in strides)))
    return made._set_requires_grad(bool(requires_grad))


def _rebuild_sparse_tensor(layout: Any, data: Any) -> Tensor:
    """A sparse tensor of its places and values, which are looked at: places outside of it would reach outside of its memory."""
    if layout is not layouts.sparse_coo:
        raise NotImplementedError(f"a tensor of layout {layout}: Adjoint's sparse tensors are in coordinate format alone")
    if type(data) is not tuple or len(data) not in (3, 4) or not all(isinstance(part, Tensor) for part in data[:2]):
        raise TypeError("a sparse tensor is rebuilt from indices, values, a size and whether it is coalesced")
    indices, values, size, *coalesced = data
    return sparse_coo_tensor(  # type: ignore[no-any-return]
        indices, values, size, check_invariants=True, is_coalesced=bool(coalesced[0]) if coalesced and coalesced[0] else None
    )


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Tensor:
    """A parameter over a tensor's memory."""
    from adjoint.nn.parameter import Parameter

    if not isinstance(data, Tensor):
        raise TypeError(f"a parameter is rebuilt from a tensor, not from {type(data).__name__}")
    return Parameter(data, bool(requires_grad))


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Tensor:
    """A parameter with attributes of its own."""
    return _with_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(func: Any, new_type: Any, args: Any, state: Any) -> Any:
    """A tensor of a subclass, or with attributes of its own."""
    if func not in (_rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter, _rebuild_tensor, _rebuild_sparse_tensor):
        raise TypeError("what is to rebuild a tensor does not rebuild tensors")
    tensor = func(*args)
    if type(tensor) is not new_type:
        if not (isinstance(new_type, type) and issubclass(new_type, Tensor)):
            raise TypeError("a tensor's class is not a class of tensors")
        made_of_class(new_type)
        other = object.__new__(new_type)
        other._array, other._edge, other._writes = tensor._array, tensor._edge, tensor._writes
        tensor = other
    if type(tensor).__setstate__ is not Tensor.__setstate__:  # type: ignore[attr-defined]
        tensor.__setstate__(state)  # type: ignore[attr-defined]
        return tensor
    return _with_attributes(tensor, state)


def _with_attributes(tensor: Tensor, state: Any) -> Tensor:
    if isinstance(state, tuple) and len(state) == 2:  # attributes, and those in slots
        state = {**(state[0] or {}), **(state[1] or {})}
    for name, value in dict(state or {}).items():
        # Nothing that Tensor itself defines: a file may not reach into a tensor's workings.
        if type(name) is not str or name[:2] == "__" or any(name in vars(cls) for cls in Tensor.__mro__):
            told = repr(name[:100]) if isinstance(name, str) else f"of type {type(name).__name__}"
            raise RuntimeError(f"a saved tensor has an attribute {told}, which would hide Tensor's own")
        setattr(tensor, name, value)
    return tensor


@attach
def __setstate__(self: Tensor, state: Any) -> None:
    """Give a tensor the state that PyTorch before 0.4 saved it with: after it was made, as pickle does.

    Tensors had a storage, an offset, sizes and strides; Variables and parameters ``requires_grad``, ``volatile`` and
    hooks (which nothing uses), and once also their tensor and gradient.
    """
    if not self.is_leaf:
        raise RuntimeError("__setstate__ can be only called on leaf Tensors")
    if type(state) is not tuple or not 3 <= len(state) <= 5:
        raise UnpicklingError(f"the state of a tensor cannot be of type {type(state).__name__}")
    if len(state) == 4:
        self._array = _array(state[0], _dtype_of(state[0]), *state[1:])
        return
    if len(state) == 5:
        if not isinstance(state[0], Tensor):
            raise UnpicklingError(f"a tensor's data cannot be of type {type(state[0]).__name__}")
        self._array = state[0]._array
        state = (state[3], state[4], state[2])
    self._set_requires_grad(bool(state[0]))


def _rebuild_device_tensor_from_numpy(array: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A tensor of a device without storages, saved as a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"a tensor is rebuilt from an array, not from {type(array).__name__}")
    return from_array(array.astype(dtype.array))._set_requires_grad(bool(requires_grad))


def _rebuild_device_tensor_from_cpu_tensor(data: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A tensor of a device without storages, saved as a tensor of the CPU."""
    if not isinstance(data, Tensor):
        raise TypeError(f"a tensor is rebuilt from a tensor, not from {type(data).__name__}")
    return from_array(data._array.astype(dtype.array, copy=False))._set_requires_grad(bool(requires_grad))


def _get_layout(name: str) -> Any:
    """A layout by its name, "torch.strided"."""
    found = getattr(layouts, name.rpartition(".")[2], None) if type(name) is str else None
    if not isinstance(found, layouts.layout):
        raise RuntimeError("a tensor's layout is none that there is")
    return found


def _rebuild_from_type(func: Any, type: Any, args: Any, dict: Any) -> Any:
    """As ``_rebuild_from_type_v2``, in files before PyTorch 1.12; only where they are trusted."""
    return func(*args) if type is Tensor else _rebuild_from_type_v2(func, type, args, dict)


def _load_from_bytes(b: bytes) -> Any:
    """The storage in a file that ``pickle`` has as bytes, in place of a storage; it is read as pickles are, trusted."""
    from adjoint.serialization.loading import load

    return load(io.BytesIO(b), weights_only=False)


def _get_thnn_function_backend() -> None:
    """What modules were saved with before PyTorch 1.2."""


OLDER = {
    "torch._tensor._rebuild_from_type": _rebuild_from_type,
    "torch._utils._rebuild_xla_tensor": _rebuild_device_tensor_from_numpy,
    "torch.storage._load_from_bytes": _load_from_bytes,
    "torch.nn.backends.thnn._get_thnn_function_backend": _get_thnn_function_backend,
}
"""Names that PyTorch still knows where a file is trusted."""
FUNCTIONS = {
    f"torch._utils.{f.__name__}": f
    for f in (
        _rebuild_tensor,
        _rebuild_tensor_v2,
        _rebuild_tensor_v3,
        _rebuild_meta_tensor_no_storage,
        _rebuild_sparse_tensor,
        _rebuild_parameter,
        _rebuild_parameter_with_state,
        _rebuild_device_tensor_from_numpy,
        _rebuild_device_tensor_from_cpu_tensor,
    )
} | {
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2,
    "torch.serialization._get_layout": _get_layout,
}
PLAIN = frozenset(
    map(
        id,
        (
            _rebuild_tensor,
            _rebuild_tensor_v2,
            _rebuild_tensor_v3,
            _rebuild_meta_tensor_no_storage,
            _rebuild_parameter,
            _get_layout,
        ),
    )
)
"""Those whose results hold nothing of what they are given but memory."""
