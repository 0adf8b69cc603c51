"""``torch.save``."""

from __future__ import annotations

import os
import pathlib
import pickle
import random
import struct
import sys
import tempfile
from typing import Any

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
    and on disk; if saving fails, the old one stays.  Tensors that share memory share it in the file, and in what is
    loaded from it.

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
    if not isinstance(f, (str, os.PathLike)) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")

    def write(file: Any, name: str) -> None:
        if _use_new_zipfile_serialization:
            _write_archive(file, name, obj, pickle_protocol, not _disable_byteorder_record)
        else:
            write_legacy(file, obj, pickle_protocol)

    if not isinstance(f, (str, os.PathLike)):
        write(f, "archive")
        return
    path = os.fspath(f)
    stem = pathlib.PurePath(path).name
    stem = stem[: stem.rindex(".")] if "." in stem[1:] else stem
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.isdir(path):
        raise RuntimeError(
            f"[enforce fail at inline_container.cc:747] . open file failed with strerror: {os.strerror(21)}"
        )
    replace_file(path, lambda file: write(file, stem if stem.isascii() and stem else "archive"))


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


def replace_file(path: Any, write: Any) -> None:
    """Write a file under a temporary name beside ``path``, and rename it once it is complete and on disk.

    What is no ordinary file, and what lies in a folder that cannot be written to, is written to directly.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            write(file)
        return
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)[:100]}.", suffix=".tmp", dir=folder)
    except PermissionError:
        with open(target, "wb") as file:
            write(file)
        return
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode_of(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name itself on disk
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        except OSError:  # not every file system can
            pass
        finally:
            os.close(directory)


def _mode_of(path: str) -> int:
    """The permissions that writing to ``path`` would leave it with."""
    try:
        return os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
