"""Archives of data sets: unpacked whole or not at all, and never outside of their folder."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adjoint.files import replace_file


def _unpack_tar(path: Any, folder: Any, compression: str | None) -> None:
    with tarfile.open(path, f"r:{compression[1:]}" if compression else "r") as archive:  # type: ignore[call-overload]
        archive.extractall(folder, filter="data")  # raises for what leads out of the folder


def _unpack_zip(path: Any, folder: Any, compression: str | None) -> None:
    with zipfile.ZipFile(path) as archive:  # which says itself how each of its files is compressed
        archive.extractall(folder)


ARCHIVES: dict[str, Callable[[Any, Any, str | None], None]] = {".tar": _unpack_tar, ".zip": _unpack_zip}
COMPRESSIONS: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open, ".xz": lzma.open}
ALIASES = {".tbz": (".tar", ".bz2"), ".tbz2": (".tar", ".bz2"), ".tgz": (".tar", ".gz")}
_ASIDE = ".unpacking-"


def file_type(file: Any) -> tuple[str, str | None, str | None]:
    """What a file's name says of it: its ending, which kind of archive it is, and how it is compressed.

    Raises RuntimeError for a name without an ending, or with one that is none of these.

    >>> file_type("images.tar.gz"), file_type("labels.gz"), file_type("all.zip")
    (('.tar.gz', '.tar', '.gz'), ('.gz', None, '.gz'), ('.zip', '.zip', None))
    """
    endings = Path(file).suffixes
    if not endings:
        raise RuntimeError(
            f"File '{file}' has no suffixes that could be used to detect the archive type and compression."
        )
    last = endings[-1]
    if last in ALIASES:
        return (last, *ALIASES[last])
    if last in ARCHIVES:
        return last, last, None
    if last in COMPRESSIONS:
        before = endings[-2] if len(endings) > 1 else None
        return (before + last, before, last) if before in ARCHIVES else (last, None, last)  # type: ignore[operator]
    known = sorted({*ALIASES, *ARCHIVES, *COMPRESSIONS})
    raise RuntimeError(f"Unknown compression or archive type: '{last}'.\nKnown suffixes are: '{known}'.")


def decompress(from_path: Any, to_path: Any = None, remove_finished: bool = False) -> Path:
    """Unpack a file that is compressed by itself; without ``to_path`` beside it, under its name without the ending.

    Raises RuntimeError for a file whose name does not say that it is compressed.
    """
    ending, archive, compression = file_type(from_path)
    if not compression:
        raise RuntimeError(f"Couldn't detect a compression from suffix {ending}.")
    target = Path(os.fspath(from_path).replace(ending, archive or "") if to_path is None else to_path)
    with COMPRESSIONS[compression](from_path, "rb") as packed:
        replace_file(target, lambda file: shutil.copyfileobj(packed, file))
    if remove_finished:
        os.remove(from_path)
    return target


def extract_archive(from_path: Any, to_path: Any = None, remove_finished: bool = False) -> Any:
    """Unpack an archive (``.zip``, ``.tar``, ``.tar.gz``, ``.tgz``, ...) into a folder, or a file that is compressed by itself
    (``.gz``, ``.bz2``, ``.xz``); returns where that is, as a string or a path, whichever it was asked with.

    Nothing is written outside of the folder: what would be raises an error.  Folders and files get their names when all is
    unpacked, so that what an interrupt leaves is not taken for a data set.
    """
    folder = os.path.dirname(from_path) if to_path is None else to_path
    ending, archive, compression = file_type(from_path)
    if archive is None:
        name = os.path.basename(from_path).replace(ending, "")
        result = decompress(from_path, os.path.join(folder, name), remove_finished)
    else:
        os.makedirs(folder or ".", exist_ok=True)
        _forget_interrupted(folder or ".")
        aside = tempfile.mkdtemp(prefix=_ASIDE, dir=folder or ".")
        try:
            ARCHIVES[archive](from_path, aside, compression)
            _move_into(aside, folder or ".")
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if remove_finished:
            os.remove(from_path)
        result = Path(folder)
    return os.fspath(result) if isinstance(from_path, str) else result


def _move_into(source: str, folder: Any) -> None:
    """Move all of a folder's entries into another, into folders that are there already, and over files that are."""
    for name in os.listdir(source):
        old, new = os.path.join(source, name), os.path.join(folder, name)
        if os.path.isdir(old) and not os.path.islink(old) and os.path.isdir(new):
            _move_into(old, new)
        else:
            os.replace(old, new)


def _forget_interrupted(folder: Any) -> None:
    """Remove what a process that was killed left here, a day ago or earlier: a younger one may be at work."""
    import time

    for name in os.listdir(folder):
        if name.startswith(_ASIDE):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                if os.path.getmtime(path) < time.time() - 24 * 3600:
                    shutil.rmtree(path, ignore_errors=True)
