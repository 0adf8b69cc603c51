"""The storages of a file that is being loaded, each read once."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.serialization.calls import shown
from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.locations import restorer
from adjoint.serialization.reading import Reading
from adjoint.serialization.rebuild import AwaitedStorage
from adjoint.serialization.records import ArchiveReader
from adjoint.serialization.storage_types import StorageType, bytes_of
from adjoint.serialization.unpickler import text


class Storages:
    """Gives what the persistent ids of a file stand for."""

    def __init__(self, map_location: Any, reading: Reading, reader: ArchiveReader | None, *, mapped: bool) -> None:
        self.restore = restorer(map_location)
        self.reading = reading
        self.reader = reader
        self.mapped = mapped
        self.loaded: dict[Any, UntypedStorage] = {}
        self.kinds: dict[Any, dtypes.dtype | None] = {}
        self.awaited = 0  # bytes of the old format's storages, which come after the pickle
        self.swap = False
        if reader is not None and "byteorder" in reader:
            order = reader.read("byteorder")
            if order not in (b"little", b"big"):
                raise CorruptFileError("Unknown endianness type: " + order[:20].decode(errors="replace"))
            self.swap = order != sys.byteorder.encode()

    def from_archive(self, pid: Any) -> Any:
        """The storage that a persistent id names, from its record."""
        kind, key, location, count = parts(pid, 5)
        if key not in self.loaded:
            nbytes = count * itemsize_of(kind)
            assert self.reader is not None
            read = self.reader.map_array if self.mapped else self.reader.read_array
            data = read(f"data/{key}", nbytes)
            if self.swap and kind is not None:
                swap_bytes(data, component_of(kind))
            self._keep(key, kind, data, location)
        return self._as(key, kind)

    def from_legacy(self, pid: Any) -> Any:
        """The storage that a persistent id of the format before 1.6 names; its bytes come later in the file."""
        kind, key, location, count, *view = parts(pid, 6)
        if key not in self.loaded:
            self._keep(key, kind, self.awaited_array(count * itemsize_of(kind)), location)
        if view and view[0] is not None:
            if type(view[0]) is not tuple or len(view[0]) != 3:
                raise CorruptFileError("a part of a storage is not described")
            name, offset, length = _key(view[0][0]), *view[0][1:]
            if name not in self.loaded:
                self._keep_part(name, key, kind, offset, length)
            key = name
        return self._as(key, kind)

    def awaited_array(self, nbytes: int) -> Any:
        """Room for bytes that are still to be read, if so many can be there."""
        self.awaited += nbytes
        size = self.reading.size
        if size is not None and self.awaited > size:
            raise CorruptFileError(
                f"the file promises storages of {self.awaited} bytes, but has {size}: it is cut off or damaged"
            )
        try:
            return np.zeros(nbytes, np.uint8)  # not written to, so that it takes memory only as it is filled
        except MemoryError as error:
            raise CorruptFileError(
                f"the file promises a storage of {nbytes} bytes, more than there is memory"
            ) from error

    def placed(self, key: Any, kind: dtypes.dtype | None, data: Any, location: Any) -> Any:
        """A storage of the oldest format, whose bytes are there."""
        self._keep(_key(key), kind, data, text(location))
        return TypedStorage._of(bytes_of(self.loaded[key]), kind or dtypes.uint8)

    def found(self, key: Any) -> tuple[Any, int, int]:
        """A storage's bytes, and the sizes of its elements and of what byte orders concern in them."""
        key = _key(key)
        if key not in self.loaded:
            raise CorruptFileError(f"storage key {key!r} not found in deserialized_objects")
        kind = self.kinds[key]
        return bytes_of(self.loaded[key]), itemsize_of(kind), 1 if kind is None else component_of(kind)

    def _keep(self, key: Any, kind: dtypes.dtype | None, data: Any, location: str) -> None:
        with self.reading.outside():
            restored = self.restore(UntypedStorage._over(data), location)
            if not isinstance(restored, UntypedStorage):
                raise TypeError(f"map_location gave {type(restored).__name__} and not a storage")
        self.loaded[key] = restored
        self.kinds[key] = kind

    def _keep_part(self, name: Any, key: Any, kind: dtypes.dtype | None, offset: Any, length: Any) -> None:
        """Keep a part of a storage as another, as files of PyTorch before 0.4 have them."""
        whole, size = bytes_of(self.loaded[key]), itemsize_of(kind)
        if type(offset) is not int or type(length) is not int or min(offset, length) < 0:
            raise CorruptFileError("a part of a storage has no size")
        if (offset + length) * size > whole.nbytes:
            raise CorruptFileError("a part of a storage reaches outside of it")
        self.loaded[name] = UntypedStorage._over(whole[offset * size : (offset + length) * size])
        self.kinds[name] = kind

    def _as(self, key: Any, kind: dtypes.dtype | None) -> UntypedStorage:
        storage = self.loaded[key]
        if kind is None:
            return storage
        if self.reader is None:
            return AwaitedStorage(bytes_of(storage), kind, self.reading.later)
        return TypedStorage._of(bytes_of(storage), kind)  # type: ignore[no-any-return]


def parts(pid: Any, most: int) -> tuple[Any, ...]:
    """Dtype, key, location and length (and a view, in old files) of a persistent id, checked."""
    if type(pid) is not tuple or not 5 <= len(pid) <= most or text(pid[0]) != "storage":
        raise pickle.UnpicklingError(f"a persistent id that names no storage: {shown(pid)}")
    kind, key, location, count = pid[1:5]
    if not isinstance(kind, StorageType):
        raise pickle.UnpicklingError(f"a storage cannot be of the type {shown(kind)}")
    if type(count) is not int or count < 0:
        raise pickle.UnpicklingError(f"a storage cannot have {shown(count)} elements")
    location = text(location)
    if type(location) is not str:
        raise pickle.UnpicklingError(f"a storage cannot be located {shown(location)}")
    return kind.dtype, _key(key), location, count, *pid[5:]


def _key(key: Any) -> Any:
    """A storage's key: digits, or a number in the oldest files."""
    key = text(key)
    if type(key) is not str and type(key) is not int:
        raise pickle.UnpicklingError(f"the key of a storage cannot be {shown(key)}")
    return key


def itemsize_of(kind: dtypes.dtype | None) -> int:
    """The size of an element; without a dtype, of a byte."""
    return 1 if kind is None else kind.itemsize


def component_of(kind: dtypes.dtype) -> int:
    """The size of the numbers that an element is made of: complex elements are two."""
    return kind.itemsize // 2 if kind.is_complex else kind.itemsize


def swap_bytes(data: Any, itemsize: int) -> None:
    """Turn the bytes of elements of a size from one order to the other, in place."""
    if itemsize > 1:
        elements = data.view(f"u{itemsize}")
        elements.byteswap(inplace=True)
