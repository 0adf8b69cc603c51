"""The format before PyTorch 1.6: pickles one after another, then the storages' bytes."""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.storages import Storages, swap_bytes
from adjoint.serialization.unpickler import UNSAFE

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001

Unpickle = Callable[[Any, Callable[[Any], Any]], Any]


def write_legacy(file: Any, obj: object, protocol: int) -> None:
    """Write an object in the old format."""
    from adjoint.serialization.pickler import Pickler

    system = {
        "protocol_version": PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for header in (MAGIC_NUMBER, PROTOCOL_VERSION, system):
        pickle.dump(header, file, protocol=protocol)
    pickler = Pickler(file, protocol, legacy=True)
    pickler.dump(obj)
    memories = sorted(pickler.memories, key=lambda memory: memory.key)
    pickle.dump([memory.key for memory in memories], file, protocol=protocol)
    for memory in memories:
        itemsize = 1 if memory.dtype is None else memory.dtype.itemsize
        file.write(struct.pack("<q", memory.array.nbytes // itemsize))
        file.write(memoryview(memory.array))


def read_legacy(file: Any, unpickle: Unpickle, storages: Storages, only: bool) -> Any:
    """Read an object in the old format, or in the one before it.

    ``unpickle(file, persistent_load)`` reads one pickle, ``storages`` restores what persistent ids stand for.  Raises
    CorruptFileError where the file is in no known format.
    """
    if file.tell() == 0 and _is_tar(file):
        if only:
            raise RuntimeError("Cannot use ``weights_only=True`` with files saved in the legacy .tar format. " + UNSAFE)
        from adjoint.serialization.tar import read_tar  # tarfile is imported for nobody else

        return read_tar(file, unpickle, storages)
    if unpickle(file, no_storages) != MAGIC_NUMBER:
        raise CorruptFileError("Invalid magic number; corrupt file?")
    version = unpickle(file, no_storages)
    if version != PROTOCOL_VERSION:
        shown = version if type(version) is int else f"of type {type(version).__name__}"
        raise CorruptFileError(f"Invalid protocol version: {shown}")
    unpickle(file, no_storages)  # what system wrote the file; the bytes of storages are little-endian in any case

    def named(pid: Any) -> Any:
        if not only and type(pid) is tuple and len(pid) == 4 and pid[0] in ("module", b"module"):
            from adjoint.serialization.sources import check_source

            check_source(*pid[1:])
            return pid[1]
        return storages.from_legacy(pid)

    result = unpickle(file, named)
    keys = unpickle(file, no_storages)
    if type(keys) is not list:
        raise CorruptFileError("the list of the storages is missing")
    for key in keys:
        data, itemsize, component = storages.found(key)
        (count,) = struct.unpack("<q", exactly(file, 8))
        if count * itemsize != data.nbytes:
            raise CorruptFileError(f"storage {key} has {count} elements, but {data.nbytes // itemsize} were expected")
        fill(data, file)
        if sys.byteorder != "little":
            swap_bytes(data, component)
    return result


def no_storages(pid: Any) -> Any:
    """What persistent ids stand for in a pickle that has none."""
    raise pickle.UnpicklingError("unsupported persistent id encountered")


def fill(data: Any, file: Any) -> None:
    """Read bytes into an array of them, piece by piece: no more memory is used than there are bytes."""
    for start in range(0, len(data), _PIECE):
        part = data[start : start + _PIECE]
        part[...] = np.frombuffer(exactly(file, len(part)), np.uint8)


_PIECE = 1 << 24


def exactly(file: Any, n: int) -> bytes:
    """So many bytes of a file; EOFError where it ends before."""
    data: bytes = file.read(n)
    if len(data) != n:
        raise EOFError("the file ends in the middle of a storage")
    return data


def _is_tar(file: Any) -> bool:
    start = file.read(512)
    file.seek(0)
    return bool(start[257:262] == b"ustar")
