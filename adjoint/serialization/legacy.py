"""The format before PyTorch 1.6: pickles one after another, then the storages' bytes."""

from __future__ import annotations

import pickle
import struct
import sys
from typing import Any

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


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


def read_legacy(file: Any, unpickle: Any, storages: Any) -> Any:
    """Read an object in the old format.

    ``unpickle(file, persistent_load)`` reads one pickle, ``storages`` restores what persistent ids stand for.
    Raises RuntimeError where the file is in no known format.
    """

    def no_storages(pid: Any) -> Any:
        raise pickle.UnpicklingError("unsupported persistent id encountered")

    position = file.tell()
    if position == 0 and _is_tar(file):
        raise RuntimeError(
            "this file is in the .tar format of PyTorch before 0.1.10, which Adjoint does not read: load it with "
            "PyTorch and save it again"
        )
    if unpickle(file, no_storages) != MAGIC_NUMBER:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = unpickle(file, no_storages)
    if version != PROTOCOL_VERSION:
        raise RuntimeError(f"Invalid protocol version: {version}")
    unpickle(file, no_storages)  # what system wrote the file; the bytes of storages are little-endian in any case
    result = unpickle(file, storages.legacy)
    for key in unpickle(file, no_storages):
        data, itemsize, component = storages.found(key)
        (count,) = struct.unpack("<q", _exactly(file, 8))
        if count * itemsize != data.nbytes:
            raise RuntimeError(f"storage {key} has {count} elements, but {data.nbytes // itemsize} were expected")
        data[...] = np.frombuffer(_exactly(file, data.nbytes), np.uint8)
        if sys.byteorder != "little":
            swap_bytes(data, component)
    return result


def _exactly(file: Any, n: int) -> bytes:
    data = file.read(n)
    if len(data) != n:
        raise EOFError("the file ends in the middle of a storage")
    return data


def _is_tar(file: Any) -> bool:
    start = file.read(512)
    file.seek(0)
    return start[257:262] == b"ustar"


def swap_bytes(data: Any, itemsize: int) -> None:
    """Turn the bytes of elements of a size from one order to the other, in place."""
    if itemsize > 1:
        elements = data.view(f"u{itemsize}")
        elements.byteswap(inplace=True)
