"""``torch.save``."""

from __future__ import annotations

import errno
import os
import pickle
import random
import struct
import sys
from typing import Any

from adjoint.files import replace_file
from adjoint.serialization.archive import ALIGNMENT, ArchiveWriter
from adjoint.serialization.legacy import write_legacy
from adjoint.serialization.pickler import pickled

DEFAULT_PROTOCOL = 2


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save an object: tensors, containers of them, state dicts, or anything that can be pickled.

    ``f`` is a path or a file object with ``write``.  A file at that path is replaced only once the new one is complete
    and on disk; if saving fails, or is interrupted or killed, the old one stays, and so do the file's owner, mode and
    links (:func:`adjoint.files.replace_file`).  Tensors that share memory share it in the file, and in what is loaded
    from it.

    Raises RuntimeError where the path cannot be written to, in PyTorch's words; OSError where the disk is full; and what
    Python's pickle raises for objects that cannot be pickled.

    >>> import io
    >>> import adjoint as torch
    >>> buffer = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2)}, buffer)
    >>> _ = buffer.seek(0)
    >>> torch.load(buffer)
    {'weight': tensor([1., 1.])}
    """
    if pickle_module is not pickle:
        raise NotImplementedError("torch.save pickles with Python's pickle; another pickle_module is not supported")
    path = os.fspath(f) if isinstance(f, (str, os.PathLike)) else None
    if not isinstance(path, str) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    if not isinstance(path, str) and not callable(f.write):
        raise TypeError(f"Buffer of {str(type(f)).strip('<>')} has no callable attribute 'write'")
    begun = False

    def write(file: Any, name: str) -> None:
        nonlocal begun
        begun = True
        if _use_new_zipfile_serialization:
            _write_archive(file, name, obj, pickle_protocol, not _disable_byteorder_record)
        else:
            write_legacy(file, obj, pickle_protocol)

    if not isinstance(path, str):
        write(f, "archive")
        flush = getattr(f, "flush", None)
        if flush is not None:
            flush()
        return
    _check(path)
    stem = os.path.basename(path)
    stem = stem[: stem.rindex(".")] if "." in stem[1:] else stem
    try:
        replace_file(path, lambda file: write(file, stem if stem.isascii() else "archive"), durable=True)
    except OSError as error:
        if begun or not error.errno:
            raise
        raise RuntimeError(_COULD_NOT_OPEN + os.strerror(error.errno)) from error


_COULD_NOT_OPEN = "[enforce fail at inline_container.cc:747] . open file failed with strerror: "


def _check(path: str) -> None:
    """Raise PyTorch's errors for paths of no file."""
    folder, name = os.path.split(path)
    if folder and not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if not name:
        raise RuntimeError(f"[enforce fail at inline_container.cc:720] . invalid file name: {path}")
    if os.path.isdir(path):
        raise RuntimeError(_COULD_NOT_OPEN + os.strerror(errno.EISDIR))


def _write_archive(file: Any, name: str, obj: object, protocol: int, with_byteorder: bool) -> None:
    data, memories = pickled(obj, protocol)
    archive = ArchiveWriter(file, name)
    archive.write("data.pkl", data)
    archive.write(".format_version", b"1")
    archive.write(".storage_alignment", str(ALIGNMENT).encode())
    if with_byteorder:
        archive.write("byteorder", sys.byteorder.encode())
    for memory in memories:
        archive.write(f"data/{memory.key}", memoryview(memory.array))
    archive.write("version", b"3\n")
    archive.write(".data/serialization_id", _identifier(data).encode())
    archive.close()


def _identifier(data: bytes) -> str:
    """Forty digits that are the same for the same content."""
    return str(random.Random(struct.pack("<Q", len(data)) + data).randrange(10**40)).zfill(40)
