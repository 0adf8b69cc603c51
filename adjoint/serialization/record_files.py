"""Record files: ``torch.PyTorchFileReader`` and ``PyTorchFileWriter``, what is in a file of tensors, one record at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.serialization.archive import ArchiveWriter
from adjoint.serialization.reading import Reading
from adjoint.serialization.records import ArchiveReader
from adjoint.tensor import Tensor, from_array


class PyTorchFileReader:
    """Reads the records of a file that :func:`adjoint.save` wrote: a path, or an open file.

    Raises RuntimeError for what is no such file, and for a record that is not in it.

    >>> import adjoint as torch, io
    >>> file = io.BytesIO()
    >>> torch.save(torch.ones(2), file)
    >>> reader = torch.PyTorchFileReader(io.BytesIO(file.getvalue()))
    >>> reader.has_record("data/0"), reader.get_record_size("data/0")
    (True, 8)
    """

    def __init__(self, name_or_buffer: Any) -> None:
        file = open(name_or_buffer, "rb") if isinstance(name_or_buffer, str) else name_or_buffer
        self._archive = ArchiveReader(Reading(file, trusted=True))

    def get_all_records(self) -> list[str]:
        """The records' names."""
        return [name.partition("/")[2] for name in self._archive.zip.namelist()]

    def has_record(self, name: str) -> bool:
        """Whether there is a record of that name."""
        return name in self._archive

    def get_record(self, name: str) -> bytes:
        """A record's bytes."""
        return self._archive.read(name)

    def get_record_size(self, name: str) -> int:
        """How many bytes a record has."""
        return self._archive._info(name).file_size

    def get_record_offset(self, name: str) -> int:
        """Where in the file its bytes begin."""
        return self._archive._start(self._archive._info(name), name)

    def get_record_header_offset(self, name: str) -> int:
        """Where in the file the header before its bytes begins."""
        return self._archive._info(name).header_offset

    def get_storage_from_record(self, name: str, numel: int, dtype: Any) -> Tensor:
        """A record's bytes as a tensor: of so many elements of a dtype, or, for a class of storages, of bytes."""
        array = self._archive.read_array(name, self.get_record_size(name))
        if isinstance(dtype, dtypes.dtype):
            array = array.view(dtype.array)
        if len(array) < numel:
            raise RuntimeError(f"record {name} has {len(array)} elements, but {numel} were asked for")
        return from_array(np.asarray(array[:numel]))

    def serialization_id(self) -> str:
        """What tells this file from others that are alike, if it has it."""
        return self.get_record(".data/serialization_id").decode() if ".data/serialization_id" in self._archive else ""


class PyTorchFileWriter:
    """Writes records into a file, or what has a ``write``; :meth:`write_end_of_file` ends it."""

    def __init__(self, name_or_buffer: Any, compute_crc32: bool = True, storage_alignment: int = 64) -> None:
        if not compute_crc32 or storage_alignment != 64:
            raise NotImplementedError("PyTorchFileWriter: records have check sums, and begin at multiples of 64 bytes")
        self._own = isinstance(name_or_buffer, str)
        self._file = open(name_or_buffer, "wb") if self._own else name_or_buffer
        name = name_or_buffer.rpartition("/")[2].rpartition(".")[0] if self._own else ""
        self._archive = ArchiveWriter(self._file, name or "archive")
        self._records: set[str] = set()

    def archive_name(self) -> str:
        """The folder that all records are in."""
        return self._archive.name

    def write_record(self, name: str, data: Any, size: int) -> None:
        """Add a record: the first ``size`` bytes of bytes or of a storage.  Raises RuntimeError for a name that is taken."""
        if name in self._records:
            raise RuntimeError(f"a record of the name {name} was written before")
        self._records.add(name)
        content = data if isinstance(data, (bytes, bytearray, memoryview)) else bytes(data.untyped())
        self._archive.write(name, memoryview(content)[:size])

    def write_end_of_file(self) -> None:
        """Write the directory of the records."""
        if "version" not in self._records:
            self.write_record("version", b"3\n", 2)
        self._archive.close()
        if self._own:
            self._file.close()
