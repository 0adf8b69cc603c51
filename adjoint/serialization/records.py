"""The records of an archive, read: a zip file's directory and what it points to, none of which is believed."""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.reading import Reading

_INTERNAL = (
    "This is an internal miniz error. If you are seeing this error, there is a high likelihood that your checkpoint file "
    "is corrupted. This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the file "
    "was modified after saving."
)
_NEWEST = 10
"""The latest version of the format that PyTorch 2.13 reads."""
_HEADER = 30
_MOST_DEFLATED = 1032
"""The deflate format cannot make more bytes of one."""
_CHUNK = 1 << 20
_PICKLE_WEIGHT = 16
"""What a byte of a compressed pickle is counted as: in memory, what it describes is larger."""


class ArchiveReader:
    """Reads the records of an archive.

    Raises CorruptFileError, in PyTorch's words, for a file that is no archive, and for one whose directory contradicts
    itself: records that share bytes or names, reach outside of the file, or promise more than they can hold.
    """

    def __init__(self, reading: Reading) -> None:
        self.file = file = reading.file
        self.reading = reading
        begin = file.tell()
        try:
            self.zip = zipfile.ZipFile(file)
        except OSError:
            raise
        except Exception as error:  # zipfile's own and many others: struct.error, UnicodeDecodeError, ValueError, ...
            raise _corrupt("failed finding central directory") from error
        infos = self.zip.infolist()
        if not infos:
            raise _corrupt("no files in the archive")
        if len(self.zip.NameToInfo) != len(infos):
            raise _corrupt("two records have the same name")
        self.name = infos[0].filename.split("/")[0]
        self._ends = _ends(infos, begin, self.zip.start_dir)
        if reading.size is None:
            reading.size = file.seek(0, 2)
        self._mapped: Any = None
        self._check_version()

    def __contains__(self, record: str) -> bool:
        return f"{self.name}/{record}" in self.zip.NameToInfo

    def read(self, record: str) -> bytes:
        """A record's bytes."""
        info = self._info(record)
        if info.compress_type != zipfile.ZIP_STORED:
            self.reading.spend(info.file_size * (_PICKLE_WEIGHT - 1))
        return self._content(info, record).tobytes()

    def read_array(self, record: str, nbytes: int) -> Any:
        """A record's bytes as an array of its own, ``nbytes`` of them."""
        info = self._info(record)
        if info.file_size != nbytes:
            raise CorruptFileError(
                f"record {record} has {info.file_size} bytes, but {nbytes} were expected: corrupt file?"
            )
        return self._content(info, record)

    def map_array(self, record: str, nbytes: int) -> Any:
        """A record's bytes in the file itself, mapped into memory; what is written stays in memory."""
        info = self._info(record)
        if info.file_size != nbytes or info.compress_type != zipfile.ZIP_STORED:
            raise CorruptFileError(
                f"record {record} cannot be mapped into memory: it is compressed or has another size"
            )
        start = self._start(info, record)
        if self._mapped is None:  # one map for all: the number of maps that a process may have is limited
            self._mapped = np.frombuffer(mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_COPY), np.uint8)
        found = self._mapped[start : start + nbytes]
        if len(found) != nbytes:
            raise _corrupt(f"record {record} ends early")
        return found

    def _info(self, record: str) -> zipfile.ZipInfo:
        info = self.zip.NameToInfo.get(f"{self.name}/{record}")
        if info is None:
            raise CorruptFileError(f"PytorchStreamReader failed locating file {record}: file not found")
        return info

    def _content(self, info: zipfile.ZipInfo, record: str) -> Any:
        """The bytes of a record, compared with its checksum."""
        if info.compress_type == zipfile.ZIP_STORED:
            pieces = self._stored
        elif info.compress_type == zipfile.ZIP_DEFLATED:
            pieces = self._inflated
            if info.file_size > _MOST_DEFLATED * (info.compress_size + 1):
                raise _corrupt(f"record {record} promises more bytes than it can hold")
            self.reading.spend(info.file_size)
        else:
            raise _corrupt(f"record {record} is compressed in a way that archives of PyTorch are not")
        self.file.seek(self._start(info, record))
        data: Any = np.empty(info.file_size, np.uint8)
        done = checksum = 0
        for size in pieces(info, memoryview(data)):
            checksum = zlib.crc32(data[done : done + size], checksum)
            done += size
        if done != info.file_size:
            raise _corrupt(f"record {record} ends early")
        if checksum != info.CRC:
            raise _corrupt(f"invalid record {record}: Bad CRC-32 for file {info.filename!r}")
        return data

    def _stored(self, info: zipfile.ZipInfo, room: memoryview) -> Iterator[int]:
        """Read a record into memory, piece by piece; their sizes."""
        done = 0
        into = getattr(self.file, "readinto", None)
        while done < len(room):
            piece = room[done : done + _CHUNK]
            if into is not None:
                size = into(piece)
            else:
                read = self.file.read(len(piece))
                size = len(read)
                piece[:size] = read
            if not size:
                return
            yield size
            done += size

    def _inflated(self, info: zipfile.ZipInfo, room: memoryview) -> Iterator[int]:
        """Decompress a record into memory, never more than there is room for; the sizes of the pieces."""
        machine = zlib.decompressobj(-15)
        left, done = info.compress_size, 0
        while done < len(room) and not machine.eof:
            given = machine.unconsumed_tail
            if not given and left:
                given = self.file.read(min(left, _CHUNK))
                left -= len(given)
            made = machine.decompress(given, min(_CHUNK, len(room) - done))
            if not made and not given:
                return
            room[done : done + len(made)] = made
            yield len(made)
            done += len(made)

    def _start(self, info: zipfile.ZipInfo, record: str) -> int:
        """Where a record's bytes begin, by the header before them, which has to agree with the directory."""
        if info.flag_bits & 0x1:
            raise _corrupt(f"record {record} is encrypted")
        self.file.seek(info.header_offset)
        header = self.file.read(_HEADER)
        if len(header) != _HEADER or header[:4] != b"PK\x03\x04":
            raise _corrupt(f"record {record} has no header")
        name, extra = struct.unpack("<HH", header[26:30])
        start: int = info.header_offset + _HEADER + name + extra
        if start + info.compress_size > self._ends[info.header_offset]:
            raise _corrupt(f"record {record} reaches into the next one")
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            raise _corrupt(f"record {record} has two sizes")
        return start

    def _check_version(self) -> None:
        name = next((name for name in ("version", ".data/version") if name in self), None)
        if name is None:
            return
        version = int(self.read(name)[:20])
        if version > _NEWEST:
            raise CorruptFileError(
                f"Attempted to read a PyTorch file with version {version}, but the maximum supported version for reading "
                f"is {_NEWEST}. Your PyTorch installation may be too old."
            )


def _ends(infos: list[zipfile.ZipInfo], begin: int, directory: int) -> dict[int, int]:
    """Where each record has to end at the latest, by where its header is; no two records are in one place."""
    starts = sorted(info.header_offset for info in infos)
    if len(set(starts)) != len(starts) or starts[0] < 0 or starts[-1] >= directory:
        raise _corrupt("records lie over one another, or outside of the file")
    if starts[0] != begin:
        raise _corrupt("the directory at its end is not that of the archive at its start: are several in one file?")
    return dict(zip(starts, [*starts[1:], directory]))


def is_archive(file: Any) -> bool:
    """Whether a file begins as an archive does; its position stays."""
    position = file.tell()
    start = file.read(4)
    file.seek(position)
    return bool(start == b"PK\x03\x04")


def _corrupt(what: str) -> CorruptFileError:
    return CorruptFileError(f"PytorchStreamReader failed reading zip archive: {what}. {_INTERNAL}")
