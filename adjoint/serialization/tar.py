"""The format before PyTorch 0.1.10: a tar file of storages, tensors and a pickle that names them."""

from __future__ import annotations

import struct
import sys
import tarfile
from collections.abc import Callable
from typing import Any

from adjoint.interop.storage import TypedStorage
from adjoint.serialization import rebuild
from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.legacy import exactly, fill, no_storages
from adjoint.serialization.sources import check_source
from adjoint.serialization.storage_types import StorageType, bytes_of
from adjoint.serialization.storages import Storages, component_of, itemsize_of, swap_bytes

Unpickle = Callable[[Any, Callable[[Any], Any]], Any]


def read_tar(file: Any, unpickle: Unpickle, storages: Storages) -> Any:
    """Read an object: only for files that are trusted.  Nothing is written to disk."""
    objects: dict[int, Any] = {}
    with tarfile.open(fileobj=file, mode="r:") as archive:
        _read_storages(_member(archive, "storages"), unpickle, storages, objects)
        _read_tensors(_member(archive, "tensors"), unpickle, objects)

        def named(pid: Any) -> Any:
            if isinstance(pid, tuple):
                check_source(*pid)
                return pid[0]
            return objects[int(pid)]

        return unpickle(_member(archive, "pickle"), named)


def _read_storages(file: Any, unpickle: Unpickle, storages: Storages, objects: dict[int, Any]) -> None:
    for _ in range(_number(unpickle(file, no_storages))):
        key, location, kind = unpickle(file, no_storages)
        if not isinstance(kind, StorageType):
            raise CorruptFileError("a storage has no type")
        (count,) = struct.unpack("<q", exactly(file, 8))
        data = storages.awaited_array(_number(count) * itemsize_of(kind.dtype))
        fill(data, file)
        if sys.byteorder != "little" and kind.dtype is not None:
            swap_bytes(data, component_of(kind.dtype))
        objects[key] = storages.placed(key, kind.dtype, data, location)
    for key, whole, offset, count in unpickle(file, no_storages):
        storage = objects[whole]
        size = itemsize_of(storage.dtype)
        part = bytes_of(storage)[_number(offset) * size : (offset + _number(count)) * size]
        objects[key] = TypedStorage._of(part, storage.dtype)


def _read_tensors(file: Any, unpickle: Unpickle, objects: dict[int, Any]) -> None:
    for _ in range(_number(unpickle(file, no_storages))):
        key, storage, _ = unpickle(file, no_storages)
        (ndim,) = struct.unpack("<i4x", exactly(file, 8))
        size, stride = (struct.unpack(f"<{_number(ndim)}q", exactly(file, 8 * ndim)) for _ in range(2))
        (offset,) = struct.unpack("<q", exactly(file, 8))
        objects[key] = rebuild._rebuild_tensor(objects[storage], offset, size, stride)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise CorruptFileError(f"{name} in the file is no file")
    return found


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise CorruptFileError("a number of things is none")
    return value
