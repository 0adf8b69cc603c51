"""The archive, written: PyTorch's use of the zip format.

Records are stored, not compressed, and the bytes of each begin at a multiple of 64, so that a file can be mapped
into memory.  The space before them is filled by an extra field of the zip header, as PyTorch does it.
"""

from __future__ import annotations

import struct
import zipfile
from typing import Any

ALIGNMENT = 64
_ZIP64_LIMIT = (1 << 31) - 1


class ArchiveWriter:
    """Writes records into a zip file under one folder name."""

    def __init__(self, file: Any, name: str) -> None:
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self.name = name

    def write(self, record: str, data: Any) -> None:
        """Add a record, bytes or anything with the buffer protocol."""
        info = zipfile.ZipInfo(f"{self.name}/{record}", (1980, 1, 1, 0, 0, 0))
        info.external_attr = 0
        size = len(data)
        header = 30 + len(info.filename.encode()) + (20 if size * 1.05 > _ZIP64_LIMIT else 0)
        start = self.zip.start_dir + header + 4
        padding = -start % ALIGNMENT
        info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        self.zip.writestr(info, data)

    def close(self) -> None:
        """Write the directory."""
        self.zip.close()
