"""Writing an archive: PyTorch's use of the zip format, one piece after the other.

Nothing that was written is gone back to, so pipes and sockets will do; and nothing is written when it is dropped, so one
that fails says so once.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

ALIGNMENT = 64
_PIECE = 1 << 18  # bytes that are copied before they are written
_32 = 0xFFFFFFFF
_16 = 0xFFFF
_DATE = 33  # 1980-01-01, the first that the format knows: what is saved twice is the same twice
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_SUM_FOLLOWS = 8  # the flag of a record whose sum and sizes are written after it


class ArchiveWriter:
    """Writes records into a zip file under one folder name, in ASCII; ``file`` has a ``write``.

    The bytes of each begin at a multiple of 64 from the archive's beginning, so that a file can be mapped into memory.
    """

    def __init__(self, file: Any, name: str) -> None:
        self.file = file
        self.name = name
        self._at = 0
        self._directory: list[bytes] = []

    def write(self, record: str, data: Any) -> None:
        """Add a record, bytes or anything with the buffer protocol."""
        name = f"{self.name}/{record}".encode("ascii")
        data = memoryview(data).cast("B")
        size, start = len(data), self._at
        large = size >= _32
        # The sum is that of what was written, also where another thread writes to the memory meanwhile.
        whole = bytes(data) if size <= _PIECE else None
        flags, total = (0, zlib.crc32(whole)) if whole is not None else (_SUM_FOLLOWS, 0)
        told = size if whole is not None else 0
        sizes = struct.pack("<2H2Q", 1, 16, 0, 0) if large else b""
        padding = -(start + _LOCAL.size + len(name) + len(sizes) + 4) % ALIGNMENT
        extra = sizes + b"FB" + struct.pack("<H", padding) + b"Z" * padding
        version = 45 if large else 20
        told_here = _32 if large else told
        self._put(_LOCAL.pack(b"PK\3\4", version, flags, 0, 0, _DATE, total, told_here, told_here, len(name), len(extra))
                  + name + extra)  # fmt: skip
        if whole is not None:
            self._put(whole)
        else:
            for at in range(0, size, _PIECE):
                piece = bytes(data[at : at + _PIECE])
                total = zlib.crc32(piece, total)
                self._put(piece)
            self._put(struct.pack("<4sL2Q" if large else "<4s3L", b"PK\7\10", total, size, size))
        self._directory.append(_central(name, flags, total, size, start))

    def close(self) -> None:
        """Write the directory."""
        start = self._at
        self._put(b"".join(self._directory))
        length, records = self._at - start, len(self._directory)
        end = b""
        if start >= _32 or length >= _32 or records >= _16:
            at = self._at
            end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, records, records, length, start)
            end += struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
        few = min(records, _16)
        end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, min(length, _32), min(start, _32), 0)
        self._put(end)

    def _put(self, data: bytes) -> None:
        """Write bytes, all of them."""
        self._at += len(data)
        written = self.file.write(data)
        while isinstance(written, int) and 0 <= written < len(data):  # raw files and sockets take a part
            if not written:
                raise OSError("the file takes no more bytes")
            data = data[written:]
            written = self.file.write(data)


def _central(name: bytes, flags: int, total: int, size: int, start: int) -> bytes:
    """A record's line in the directory."""
    wide = [n for n in (size, size) if size >= _32] + [start] * (start >= _32)
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version, short = (45 if wide else 20), min(size, _32)
    return _CENTRAL.pack(b"PK\1\2", version, 0, version, 0, flags, 0, 0, _DATE, total, short, short,
                         len(name), len(extra), 0, 0, 0, 0, min(start, _32)) + name + extra  # fmt: skip
