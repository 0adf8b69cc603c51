"""Storage: the piece of memory that a tensor, and every view of it, looks at."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd.captures import is_captured
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.waiting import memory_of
from adjoint.declare import composite
from adjoint.declare.arguments import type_name
from adjoint.declare.once import warn_once
from adjoint.device import CPU, META, NO_ACCELERATOR, check_device, device
from adjoint.interop.file_mapping import mapped
from adjoint.interop.segments import segment_of
from adjoint.ops.memory import flat_bytes, root
from adjoint.readings.batched import BatchedArray
from adjoint.readings.meta import MetaArray, new
from adjoint.stored import converted, numbers_of
from adjoint.tensor import Tensor, attach, from_array


def address(array: Any) -> int:
    """Where the first element is."""
    return array.__array_interface__["data"][0] if array.size and array.__class__ is not MetaArray else 0


@composite(where="torch")
class UntypedStorage:
    """Bytes: those behind a tensor, a number of new ones, or a sequence's.

    >>> import adjoint as torch
    >>> t = torch.zeros(4)
    >>> t[1:].untyped_storage().data_ptr() == t.data_ptr(), t[1:].untyped_storage().nbytes()
    (True, 16)
    >>> torch.UntypedStorage([1, 2, 3])[1:].tolist()
    [2, 3]
    """

    __slots__ = ("__weakref__", "_filename", "_of_tensor", "_root")

    _root: Any  # the array that owns the memory, whatever its dtype and shape
    _of_tensor: bool  # whether tensors look at it, which would not see that it is replaced
    _filename: str | None

    def __init__(self, size: Any = 0, *, device: Any = None) -> None:
        on_meta = device is not None and _is_meta(device)
        if isinstance(size, (str, bytes)) or not hasattr(size, "__index__"):
            self._hold(_bytes_of_numbers(type(self), size))
        else:
            n = operator.index(size)
            self._hold(new((n,), np.uint8) if on_meta else np.empty(n, np.uint8))

    def _hold(self, memory: Any, of_tensor: bool = False) -> None:
        self._root, self._of_tensor, self._filename = memory, of_tensor, None

    @classmethod
    def _over(cls, memory: Any) -> Any:
        """The storage that an array is, or looks at the whole of."""
        self = object.__new__(cls)
        self._hold(memory)
        return self

    @property
    def _bytes(self) -> Any:
        """The bytes, an array that shares them."""
        return flat_bytes(self._root)

    @classmethod
    def from_file(cls, filename: Any, shared: bool = False, nbytes: int = 0) -> Any:
        """The first ``nbytes`` of a file, mapped into memory.

        If ``shared``, what is written to the storage is written to the file, which is made, or made longer, where it has not so
        many; otherwise the file stays as it is.  Raises RuntimeError for a file that is shorter, or cannot be opened.
        """
        self = cls._over(mapped(filename, shared, nbytes))
        self._filename = str(filename) if shared else None
        return self

    @classmethod
    def from_buffer(cls, buffer: Any, byte_order: str = "native", *, dtype: Any = None, count: int = -1, offset: int = 0) -> Any:
        """A copy of the bytes of a buffer, turned from a byte order ("little", "big") to this machine's."""
        taken = np.frombuffer(buffer, np.uint8 if dtype is None else dtype.array, count, offset).copy()
        if byte_order not in ("native", "little", "big"):
            raise ValueError(f"invalid byte_order '{byte_order}' (expected 'big', 'little', or 'native')")
        if byte_order == "big":
            taken.byteswap(inplace=True)
        return cls._over(taken)

    @classmethod
    def _new_shared(cls, size: int, *, device: Any = "cpu") -> Any:
        """New bytes in memory that other processes map."""
        return cls(size, device=device).share_memory_()

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._root)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._root.nbytes

    size = nbytes

    def __len__(self) -> int:
        return self.nbytes()

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    @property
    def filename(self) -> str | None:
        """The file that the bytes are mapped from, where what is written to them is written to it."""
        return self._filename

    @property
    def device(self) -> device:
        """The device of the memory."""
        return META if self._root.__class__ is MetaArray else CPU

    is_cuda = property(lambda self: False, doc="False: there are no such devices.")
    is_hpu = property(lambda self: False, doc="False: there are no such devices.")
    is_sparse = property(lambda self: False, doc="False: a storage has all its elements.")

    is_sparse_csr = property(lambda self: False, doc="False: a storage has all its elements.")
    _cdata = property(lambda self: self.data_ptr(), doc="What tells pieces of memory apart.")

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self

    def resizable(self) -> bool:
        """Whether :meth:`resize_` can be called: not where tensors look at the memory, nor where it is a file's."""
        return not self._of_tensor and self._filename is None

    def new(self) -> Any:
        """A storage of no bytes."""
        return UntypedStorage()

    def get_device(self) -> int:
        """The number of the device: -1, the CPU has none."""
        return -1

    def tolist(self) -> list[int]:
        """The bytes."""
        return self._bytes.tolist()  # type: ignore[no-any-return]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(self.nbytes())
            if step != 1:
                raise RuntimeError(f"Trying to slice with a step of {step}, but only a step of 1 is supported")
            part = type(self)._over(self._bytes[start : max(start, stop)])
            part._of_tensor = self._of_tensor
            return part
        return int(self._bytes[self._place(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bytes[index if isinstance(index, slice) else self._place(index)] = operator.index(value) & 0xFF

    def _place(self, index: Any) -> int:
        if not hasattr(index, "__index__"):
            raise TypeError(f"can't index a torch.UntypedStorage with {type_name(index)}")
        at, n = operator.index(index), self.nbytes()
        if not -n <= at < n:
            raise IndexError(f"index {at} out of range for storage of size {n}")
        return at

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def fill_(self, value: int) -> UntypedStorage:
        """Set all bytes."""
        self._bytes[...] = operator.index(value) & 0xFF
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> UntypedStorage:
        """Take over the bytes of another storage of as many."""
        if source.nbytes() != self.nbytes():
            raise RuntimeError(
                f"size does not match, self was {self.nbytes()} bytes but src was {source.nbytes()} bytes"
            )
        self._bytes[...] = source._bytes
        return self

    def clone(self) -> Any:
        """A copy."""
        return UntypedStorage._over(self._bytes.copy())

    def resize_(self, size: int) -> UntypedStorage:
        """Have so many bytes, the first of them the same.

        Raises NotImplementedError for the memory of a tensor, whose arrays would go on looking at the old one.
        """
        if size == self.nbytes():
            return self
        if self._of_tensor:
            raise NotImplementedError("Adjoint cannot resize the memory that a tensor looks at: make a new tensor")
        old = self._bytes
        self._hold(np.empty(size, np.uint8))
        kept = min(size, old.size)
        self._bytes[:kept] = old[:kept]
        return self

    def _array_of(self, dtype: dtypes.dtype | None) -> Any:
        """The bytes as the elements of a dtype, as many as there are."""
        chosen = dtype or dtypes.int64
        memory = self._bytes
        return memory[: memory.size // chosen.itemsize * chosen.itemsize].view(chosen.array)

    def cpu(self) -> UntypedStorage:
        """The storage itself, which is in the CPU's memory."""
        return self

    def to(self, *, device: Any, non_blocking: bool = False) -> UntypedStorage:
        """The storage itself on the CPU; one without memory on ``meta``."""
        if _is_meta(device):
            return UntypedStorage(self.nbytes(), device="meta")
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises AssertionError: there is no such device."""
        raise AssertionError("Torch not compiled with CUDA enabled")

    def is_pinned(self, device: Any = None) -> bool:
        """False: memory is pinned for an accelerator, and there is none."""
        return False

    def pin_memory(self, device: Any = None) -> NoReturn:
        """Raises RuntimeError: there is no accelerator."""
        raise RuntimeError(NO_ACCELERATOR)

    def is_shared(self) -> bool:
        """Whether the memory is a segment that other processes may map."""
        return self._filename is not None or segment_of(self._root) is not None

    def share_memory_(self) -> Any:
        """Move the memory into a segment that other processes map."""
        if not self.is_shared() and self.nbytes():
            from adjoint.interop import sharing

            looking = from_array(self._bytes)
            sharing.register()
            sharing.share(looking)
            self._root = looking._array
        return self

    def type(self, dtype: Any = None, non_blocking: bool = False) -> str:
        """The name of its class."""
        if dtype is not None:
            raise NotImplementedError("Adjoint's storages have no other type: view a tensor in another dtype")
        return "torch.storage.UntypedStorage"

    def byteswap(self, dtype: dtypes.dtype) -> None:
        """Turn the bytes of each element of a dtype round."""
        size = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
        if size > 1:
            self._bytes.view(f"u{size}").byteswap(inplace=True)

    def _cast(self, dtype: dtypes.dtype) -> TypedStorage:
        return TypedStorage._of(_as_numbers(self._bytes, dtype), dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and (self.data_ptr(), self.nbytes()) == (
            other.data_ptr(),
            other.nbytes(),
        )

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def __copy__(self) -> Any:
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        known = memo.setdefault("adjoint", {})  # type: ignore[call-overload]
        if self.data_ptr() not in known:
            known[self.data_ptr()] = self.clone()
        return known[self.data_ptr()]

    def __reduce__(self) -> tuple[Any, ...]:
        return UntypedStorage._over, (np.array(self._bytes),)

    def __repr__(self) -> str:
        if self.device is META:
            return f"...\n[torch.storage.UntypedStorage(device=meta) of size {self.nbytes()}]"
        return f"{_lines(self)}\n[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


@composite(where="torch")
class TypedStorage(UntypedStorage):
    """The elements behind a tensor, of its dtype.  Deprecated: :class:`UntypedStorage`."""

    __slots__ = ("dtype",)

    dtype: dtypes.dtype

    def __init__(
        self, *args: Any, dtype: Any = None, device: Any = None, wrap_storage: Any = None, _internal: bool = False
    ) -> None:
        if not _internal:
            warn_of_removal()
        self.dtype = dtypes.get_default_dtype() if dtype is None else dtype
        if wrap_storage is not None:
            self._hold(wrap_storage._root, wrap_storage._of_tensor)
        elif len(args) == 1 and not hasattr(args[0], "__index__"):
            numbers = np.asarray(args[0], np.complex128 if self.dtype.is_complex else None)
            self._hold(_as_numbers(numbers, self.dtype))
        else:
            self._hold(np.empty(args[0] if args else 0, self.dtype.array))

    @classmethod
    def _of(cls, memory: Any, dtype: dtypes.dtype) -> Any:
        self = object.__new__(cls)
        self._hold(memory)
        self.dtype = dtype
        return self

    @property
    def _elements(self) -> Any:
        return self._bytes.view(self.dtype.array)

    def _array_of(self, dtype: dtypes.dtype | None) -> Any:
        if dtype not in (None, self.dtype):
            names = dtypes.SCALAR_TYPE_NAMES
            raise RuntimeError(f"Expected a Storage of type {names[dtype]} or an UntypedStorage, but got {names[self.dtype]}")
        return self._elements

    @property
    def _untyped_storage(self) -> UntypedStorage:
        return self.untyped()

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        found = UntypedStorage._over(self._root)
        found._of_tensor = self._of_tensor
        return found  # type: ignore[no-any-return]

    def element_size(self) -> int:
        """The bytes of an element."""
        return self.dtype.itemsize

    def size(self) -> int:
        """How many elements there are."""
        return self.nbytes() // self.dtype.itemsize

    def __len__(self) -> int:
        return self.size()

    def tolist(self) -> list[Any]:
        """The elements."""
        return numbers_of(self._elements).tolist()  # type: ignore[no-any-return]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        return numbers_of(self._elements[index, ...]).item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._elements[index] = _as_numbers(np.asarray(value), self.dtype)

    def fill_(self, value: Any) -> TypedStorage:
        """Set all elements."""
        self._elements[...] = _as_numbers(np.asarray(value), self.dtype)
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> TypedStorage:
        """Take over the elements of another storage, converted."""
        self._elements[...] = _as_numbers(source._elements, self.dtype)
        return self

    def clone(self) -> Any:
        """A copy."""
        return TypedStorage._of(self._bytes.copy(), self.dtype)

    def resize_(self, size: int) -> TypedStorage:
        """As :meth:`UntypedStorage.resize_`, of so many elements."""
        super().resize_(size * self.dtype.itemsize)
        return self

    def type(self, dtype: Any = None, non_blocking: bool = False) -> str:
        """The name of its class among the older ones: ``torch.FloatStorage``."""
        return f"torch.{legacy_name(self.dtype)}" if dtype is None else super().type(dtype)

    def pickle_storage_type(self) -> str:
        """The name under which files speak of it: ``FloatStorage``."""
        return legacy_name(self.dtype)

    def _cast(self, dtype: dtypes.dtype) -> TypedStorage:
        return self if dtype is self.dtype else TypedStorage._of(_as_numbers(self._elements, dtype), dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return TypedStorage._of, (np.array(self._bytes), self.dtype)

    def __repr__(self) -> str:
        return f"{_lines(self)}\n[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {self.size()}]"


for _name, _dtype in {
    "double": dtypes.float64, "float": dtypes.float32, "half": dtypes.float16, "bfloat16": dtypes.bfloat16, "long": dtypes.int64,
    "int": dtypes.int32, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8, "bool": dtypes.bool_,
    "complex_double": dtypes.complex128, "complex_float": dtypes.complex64, "float8_e4m3fn": dtypes.float8_e4m3fn,
    "float8_e4m3fnuz": dtypes.float8_e4m3fnuz, "float8_e5m2": dtypes.float8_e5m2, "float8_e5m2fnuz": dtypes.float8_e5m2fnuz,
}.items():  # fmt: skip

    def _conversion(self: UntypedStorage, _dtype: dtypes.dtype = _dtype) -> TypedStorage:
        """The elements, bytes if there is no dtype, converted."""
        return self._cast(_dtype)

    setattr(UntypedStorage, _name, _conversion)


for _name in ("data_ptr", "element_size", "is_shared", "nbytes", "pickle_storage_type", "resize_", "share_memory_", "size"):
    setattr(TypedStorage, f"_{_name}", getattr(TypedStorage, _name))  # PyTorch's, which do not warn; nor do these


def legacy_name(d: dtypes.dtype) -> str:
    """The older class of storages of a dtype."""
    return f"{dtypes.SCALAR_TYPE_NAMES[d]}Storage"


def warn_of_removal() -> None:
    """PyTorch's warning for using storages that have a dtype, once."""
    warn_once(
        "typed storage",
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage "
        "class. This should only matter to you if you are using storages directly.  To access UntypedStorage directly, "
        "use tensor.untyped_storage() instead of tensor.storage()",
    )


def _is_meta(given: Any) -> bool:
    kind = device(given)
    if kind.type == "meta":
        return True
    check_device(kind, "UntypedStorage")
    return False


def _as_numbers(array: Any, d: dtypes.dtype) -> Any:
    if d in dtypes.STORED or numbers_of(array) is not array:
        return converted(array, d.array)
    return array.astype(d.array)


def _bytes_of_numbers(cls: Any, given: Any) -> Any:
    items = list(given) if hasattr(given, "__iter__") else [given]
    for item in items:
        if not isinstance(item, int):
            raise RuntimeError(
                f"torch.UntypedStorage(): tried to construct a storage from a sequence ({type_name(given)}), but one of the items "
                f"was of type {type_name(item)} instead of int"
            )
    return np.array([item & 0xFF for item in items], np.uint8)


def _lines(storage: UntypedStorage) -> str:
    return "\n".join(f" {element}" for element in storage.tolist())


@attach
def storage(self: Tensor) -> TypedStorage:
    """The memory behind this tensor.  Deprecated: :meth:`untyped_storage`."""
    warn_of_removal()
    return self._typed_storage()  # type: ignore[attr-defined, no-any-return]


@attach
def _typed_storage(self: Tensor) -> TypedStorage:
    found: TypedStorage = TypedStorage._of(root(memory_of(self)), self.dtype)
    found._of_tensor = True
    return found


def refuse_samples(tensor: Tensor) -> None:
    """Raise PyTorch's error for what is looked at inside of a vmap, where a sample has no memory of its own, or was made inside of
    a function that is differentiated, where no gradient would follow."""
    if tensor._array.__class__ is BatchedArray:
        raise NotImplementedError("Cannot access storage of BatchedTensorImpl")
    if mode.birth and not is_captured(tensor, mode.birth):
        raise NotImplementedError("Cannot access storage of TensorWrapper")


@attach
def _memory_size(self: Tensor) -> int:
    """How many bytes the memory has that a tensor looks at."""
    return root(memory_of(self)).nbytes  # type: ignore[no-any-return]


@attach
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory behind this tensor."""
    refuse_samples(self)
    found: UntypedStorage = UntypedStorage._over(root(memory_of(self)))
    found._of_tensor = True
    return found


@composite(where="torch")
def is_storage(obj: Any, /) -> bool:
    """Whether ``obj`` is a storage."""
    return isinstance(obj, UntypedStorage)


