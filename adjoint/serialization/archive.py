"""The archive: PyTorch's use of the zip format.

Records are stored, not compressed, and the bytes of each begin at a multiple of 64, so that a file can be mapped
into memory.  The space before them is filled by an extra field of the zip header, as PyTorch does it.
"""

from __future__ import annotations

import struct
import zipfile
from typing import Any

import numpy as np

ALIGNMENT = 64
_CORRUPT = (
    "This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint file "
    "is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file "
    "was modified after saving."
)
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


class ArchiveReader:
    """Reads the records of an archive.

    Raises RuntimeError, in PyTorch's words, for a file that is no archive.
    """

    def __init__(self, file: Any) -> None:
        self.file = file
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
            raise _corrupt("failed finding central directory") from error
        names = self.zip.namelist()
        if not names:
            raise _corrupt("no files in the archive")
        self.name = names[0].split("/")[0]

    def __contains__(self, record: str) -> bool:
        return f"{self.name}/{record}" in self.zip.NameToInfo

    def read(self, record: str) -> bytes:
        """A record's bytes."""
        try:
            return self.zip.read(self._info(record))
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise _corrupt(f"invalid record {record}: {error}") from error

    def read_array(self, record: str, nbytes: int) -> Any:
        """A record's bytes as an array of its own, ``nbytes`` of them."""
        info = self._info(record)
        if info.file_size != nbytes:
            raise RuntimeError(f"record {record} has {info.file_size} bytes, but {nbytes} were expected: corrupt file?")
        data: Any = np.empty(nbytes, np.uint8)
        view = memoryview(data)
        done = 0
        try:
            with self.zip.open(info) as record_file:
                while done < nbytes:
                    chunk = record_file.readinto(view[done : done + (1 << 24)])  # type: ignore[attr-defined]
                    if not chunk:
                        break
                    done += chunk
                record_file.read(1)  # the end: the checksum is compared
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise _corrupt(f"invalid record {record}: {error}") from error
        if done != nbytes:
            raise _corrupt(f"record {record} ends early")
        return data

    def map_array(self, record: str, nbytes: int, path: str) -> Any:
        """A record's bytes in the file itself, mapped into memory; what is written stays in memory."""
        info = self._info(record)
        if info.file_size != nbytes or info.compress_type != zipfile.ZIP_STORED:
            raise RuntimeError(f"record {record} cannot be mapped into memory: it is compressed or has another size")
        if not nbytes:
            return np.empty(0, np.uint8)
        with open(path, "rb") as file:
            file.seek(info.header_offset + 26)
            name_length, extra_length = struct.unpack("<HH", file.read(4))
        offset = info.header_offset + 30 + name_length + extra_length
        return np.asarray(np.memmap(path, np.uint8, "c", offset, (nbytes,)))

    def _info(self, record: str) -> zipfile.ZipInfo:
        info = self.zip.NameToInfo.get(f"{self.name}/{record}")
        if info is None:
            raise RuntimeError(f"PytorchStreamReader failed locating file {record}: file not found")
        return info


def is_archive(file: Any) -> bool:
    """Whether a file begins as an archive does; its position stays."""
    position = file.tell()
    start = file.read(4)
    file.seek(position)
    return start == b"PK\x03\x04"


def _corrupt(what: str) -> RuntimeError:
    return RuntimeError(f"PytorchStreamReader failed reading zip archive: {what}. {_CORRUPT}")
