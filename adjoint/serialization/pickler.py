"""The pickler of ``torch.save``: tensors as calls that rebuild them from storages, and PyTorch's names for things."""

from __future__ import annotations

import io
import pickle
import sys
import types
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np

from adjoint import dtypes, layouts
from adjoint.device import device
from adjoint.interop.storage import UntypedStorage
from adjoint.ops.memory import geometry, root
from adjoint.places import users_level
from adjoint.readings.meta import MetaArray
from adjoint.readings.sparse import SparseArray
from adjoint.serialization import rebuild
from adjoint.serialization.names import find, name_of
from adjoint.serialization.sources import source_of
from adjoint.serialization.storage_types import UNTYPED, StorageType, type_of
from adjoint.tensor import Size, Tensor, from_array

_rebuild = rebuild.FUNCTIONS


class Memory:
    """A piece of memory that is saved once, however many tensors look at it."""

    __slots__ = ("array", "dtype", "key", "owner")

    array: Any  # its bytes

    def __init__(self, owner: Any, dtype: dtypes.dtype | None, key: str) -> None:
        self.owner = owner  # kept, so that its id stays its own
        self.dtype = dtype
        self.key = key
        run = (
            owner
            if owner.flags.c_contiguous
            else owner.transpose(np.argsort([-s for s in owner.strides], kind="stable"))
        )
        self.array = run.reshape(-1).view(np.uint8) if owner.size else np.empty(0, np.uint8)


class _Reference:
    """A storage as the pickle speaks of it: type, key and length."""

    __slots__ = ("memory", "type")

    def __init__(self, memory: Memory, type: StorageType) -> None:
        self.memory = memory
        self.type = type


_PythonPickler: Any = pickle._Pickler  # type: ignore[attr-defined]


class Pickler(_PythonPickler):
    """Pickles an object; the memories it found are in ``memories``, in the order of their keys.

    Python's own pickler in its Python form: it alone lets names be written that differ from where things are.
    """

    dispatch: dict[Any, Any] = dict(_PythonPickler.dispatch)

    def __init__(self, file: Any, protocol: int, *, legacy: bool = False) -> None:
        super().__init__(file, protocol=protocol)
        self.memories: list[Memory] = []
        self.legacy = legacy
        self._by_owner: dict[int, Memory] = {}
        self._classes: set[type] = set()

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a storage; in the old format, for a class of modules, which is saved with its source."""
        if self.legacy and isinstance(obj, type) and obj not in self._classes and _is_module(obj):
            self._classes.add(obj)
            file, source = source_of(obj)
            return None if source is None else ("module", obj, file, source)
        if isinstance(obj, UntypedStorage):
            obj = self._storage(obj)
        if not isinstance(obj, _Reference):
            return None
        count = obj.memory.array.nbytes // (1 if obj.type.dtype is None else obj.type.dtype.itemsize)
        pid = ("storage", obj.type, obj.memory.key, "cpu", count)
        return (*pid, None) if self.legacy else pid

    def reducer_override(self, obj: Any) -> Any:
        """How Adjoint's own objects are described."""
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if isinstance(obj, StorageType):
            return obj.name
        if isinstance(obj, dtypes.dtype):
            return obj.name
        if isinstance(obj, Size):
            return Size, (tuple(obj),)
        if isinstance(obj, device):
            return device, (obj.type,) if obj.index is None else (obj.type, obj.index)
        if isinstance(obj, layouts.layout):
            return rebuild._get_layout, (repr(obj),)
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Write a name, PyTorch's where it is Adjoint's."""
        ours = name_of(obj)
        if ours is None:
            qualname = name or getattr(obj, "__qualname__", None) or ""
            if "<locals>" in qualname:  # the error of the pickler that is not written in Python
                raise AttributeError(f"Can't pickle local object '{qualname}'")
            super().save_global(obj, name)
            return
        module, qualname = ours
        if "<locals>" in qualname:
            raise AttributeError(f"Can't pickle local object '{qualname}'")
        holder, dot, last = qualname.rpartition(".")
        if dot and self.proto < 4 and isinstance(obj, types.FunctionType):  # a method: of a class that has a name
            self.save_reduce(getattr, (find(module, holder), last), obj=obj)
            return
        if self.proto >= 4:
            self.save(module)
            self.save(qualname)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + module.encode() + b"\n" + qualname.encode() + b"\n")
        self.memoize(obj)

    def save_type(self, obj: Any) -> Any:
        """Write a class's name."""
        if name_of(obj) is None:
            return super().save_type(obj)
        return self.save_global(obj)

    dispatch[types.FunctionType] = save_global
    dispatch[type] = save_type

    def _tensor(self, tensor: Tensor) -> Any:
        hooks = tensor._hooks
        if hooks is not None and hooks.tensor_pre:
            warnings.warn("the hooks of a tensor are not saved with it", UserWarning, stacklevel=users_level())
        kind = type(tensor)
        if _reduces_itself(kind):
            return NotImplemented
        attributes = {k: v for k, v in tensor.__dict__.items() if not (k[:1] == "_" and hasattr(Tensor, k))}
        if _is_parameter(kind):
            data = self._plain(tensor, requires_grad=False)
            parts: tuple[Any, ...] = (_Rebuilt(*data), tensor.requires_grad, OrderedDict())
            if attributes:
                return rebuild._rebuild_parameter_with_state, (*parts, attributes)
            return rebuild._rebuild_parameter, parts
        function, args = self._plain(tensor, requires_grad=tensor.requires_grad)
        if kind is Tensor and not attributes:
            return function, args
        return rebuild._rebuild_from_type_v2, (function, kind, args, attributes)

    def _plain(self, tensor: Tensor, requires_grad: bool) -> tuple[Any, tuple[Any, ...]]:
        if tensor._array.__class__ is MetaArray:
            shape, stride = tuple(tensor.shape), tensor.stride()  # type: ignore[attr-defined]
            return rebuild._rebuild_meta_tensor_no_storage, (tensor.dtype, shape, stride, requires_grad)
        if tensor._array.__class__ is SparseArray:
            stored = tensor._array
            parts = (from_array(stored.indices), from_array(stored.values), tensor.shape, stored.coalesced)
            return rebuild._rebuild_sparse_tensor, (layouts.sparse_coo, parts)
        if not isinstance(tensor._array, (np.ndarray, np.generic)):
            raise NotImplementedError(
                "Cannot access storage of BatchedTensorImpl: save what vmap returns, not a sample in it"
            )
        array = np.asarray(tensor._array)
        d = tensor.dtype
        owner = root(array)
        alone = tensor._writes is None and owner.nbytes != array.nbytes
        if alone or not owner.flags.forc or owner.dtype.itemsize == 0 or any(s < 0 for s in array.strides):
            # The memory is not the tensor's own, or not one run: a copy of what the tensor sees.
            owner = array = array.copy(order="K") if array.flags.forc else np.ascontiguousarray(array)
        strides, offset, _ = geometry(array)
        if array.size == 0:
            strides = tuple(s // array.itemsize for s in np.empty(array.shape, np.uint8).astype(array.dtype).strides)
        kind = type_of(d)
        if self.legacy and kind is UNTYPED:
            raise NotImplementedError(f"the format before PyTorch 1.6 has no storages of {d}: save in the new format")
        storage = _Reference(self._memory(owner, kind.dtype, array), kind)
        args: tuple[Any, ...] = (storage, offset, tuple(array.shape), strides, requires_grad, OrderedDict())
        if kind is UNTYPED:
            return rebuild._rebuild_tensor_v3, (*args, d)
        return rebuild._rebuild_tensor_v2, args

    def _storage(self, storage: UntypedStorage) -> _Reference:
        """A storage that is saved by itself; one without a dtype as PyTorch saves it, as of numbers of a byte."""
        owner = storage._root if storage._root.flags.forc else storage._bytes
        kind = type_of(getattr(storage, "dtype", dtypes.uint8))
        return _Reference(self._memory(owner, kind.dtype, owner), kind)

    def _memory(self, owner: Any, d: dtypes.dtype | None, array: Any) -> Memory:
        known = self._by_owner.get(id(owner))
        if known is None:
            key = str(owner.__array_interface__["data"][0]) if self.legacy else str(len(self.memories))
            known = self._by_owner[id(owner)] = Memory(owner, d, key)
            self.memories.append(known)
        elif known.dtype is not d and known.array.size:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        return known


def _is_module(kind: type) -> bool:
    """Whether a class is one of modules; where nn was never imported, none is."""
    module = sys.modules.get("adjoint.nn.modules.module")
    return module is not None and issubclass(kind, module.Module)


def _is_parameter(kind: type) -> bool:
    """Whether a class is nn.Parameter; where it was never imported, nothing is one."""
    module = sys.modules.get("adjoint.nn.parameter")
    return module is not None and kind is module.Parameter


def _reduces_itself(kind: type) -> bool:
    """Whether a class of tensors has a way of its own to be pickled."""
    if kind is Tensor or _is_parameter(kind):
        return False
    definer = next(c for c in kind.__mro__ if "__reduce_ex__" in vars(c))
    return definer is not object and not issubclass(Tensor, definer) and not _is_parameter(definer)


class _Rebuilt:
    """A tensor within a parameter: pickled as the call that rebuilds it."""

    __slots__ = ("args", "function")

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self.function = function
        self.args = args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.args


def pickled(obj: Any, protocol: int) -> tuple[bytes, list[Memory]]:
    """An object's pickle, and the memories that it speaks of."""
    buffer = io.BytesIO()
    pickler = Pickler(buffer, protocol)
    pickler.dump(obj)
    return buffer.getvalue(), pickler.memories
