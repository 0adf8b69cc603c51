"""Storage types: the names under which files speak of pieces of memory of one dtype, ``torch.FloatStorage``."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.interop.storage import TypedStorage, UntypedStorage


class StorageType:
    """The name of a storage's class, with the dtype of its elements (None for bytes)."""

    __slots__ = ("dtype", "name")

    def __init__(self, name: str, dtype: dtypes.dtype | None = None) -> None:
        self.name = name
        self.dtype = dtype if dtype is not None else DTYPES.get(name)

    def __str__(self) -> str:
        return f"StorageType(dtype={self.dtype})"


# The dtypes that have a storage class.  Those that PyTorch gained later are saved as bytes with their dtype.
NAMES: dict[dtypes.dtype, str] = {
    dtypes.float64: "DoubleStorage",
    dtypes.float32: "FloatStorage",
    dtypes.float16: "HalfStorage",
    dtypes.bfloat16: "BFloat16Storage",
    dtypes.int64: "LongStorage",
    dtypes.int32: "IntStorage",
    dtypes.int16: "ShortStorage",
    dtypes.int8: "CharStorage",
    dtypes.uint8: "ByteStorage",
    dtypes.bool_: "BoolStorage",
    dtypes.complex64: "ComplexFloatStorage",
    dtypes.complex128: "ComplexDoubleStorage",
}
DTYPES: dict[str, dtypes.dtype] = {name: d for d, name in NAMES.items()}
TYPES: dict[str, StorageType] = {name: StorageType(name, d) for d, name in NAMES.items()}
UNTYPED = StorageType("UntypedStorage")


def type_of(d: dtypes.dtype) -> StorageType:
    """The storage type in which tensors of a dtype are saved."""
    name = NAMES.get(d)
    return UNTYPED if name is None else TYPES[name]


def typed(data: Any, d: dtypes.dtype) -> TypedStorage:
    """A loaded piece of memory, an array of bytes, as a storage of a dtype."""
    return TypedStorage._of(data, d)  # type: ignore[no-any-return]


def bytes_of(storage: UntypedStorage) -> Any:
    """The bytes of a storage, an array that shares its memory."""
    return storage._bytes
