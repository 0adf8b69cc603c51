"""Files of data sets: fetched, checked and unpacked.  (torchvision's name for it.)"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zipfile
from typing import Any

from adjoint.files import replace_file
from adjoint.hub.downloads import download_url_to_file
from adjoint.names import list_names as _list_names

__all__ = [
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_url",
    "extract_archive",
]


def calculate_md5(fpath: Any, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 of a file, by which publishers of data sets name what should be in it."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            md5.update(chunk)
    return md5.hexdigest()


def check_md5(fpath: Any, md5: str) -> bool:
    """Whether a file has this MD5."""
    return md5 == calculate_md5(fpath)


def check_integrity(fpath: Any, md5: str | None = None) -> bool:
    """Whether there is a file, and has this MD5 where one is given."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(url: str, root: Any, filename: Any = None, md5: str | None = None) -> None:
    """Download a file into the folder ``root``, unless it is there.  Raises RuntimeError if it has another MD5."""
    root = os.path.expanduser(root)
    os.makedirs(root, exist_ok=True)
    path = os.path.join(root, filename or os.path.basename(url))
    if check_integrity(path, md5):
        return
    download_url_to_file(url, path)
    if not check_integrity(path, md5):
        raise RuntimeError("File not found or corrupted.")


def extract_archive(from_path: Any, to_path: Any = None, remove_finished: bool = False) -> Any:
    """Unpack an archive (``.zip``, ``.tar``, ``.tar.gz``, ``.tgz``) into a folder, or a file that is compressed by itself
    (``.gz``); returns where that is.

    Nothing is written outside of the folder: what would be raises an error.
    """
    name = os.fspath(from_path)
    folder = os.fspath(to_path) if to_path is not None else os.path.dirname(name)
    result = folder
    if name.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")):
        with tarfile.open(name) as archive:
            archive.extractall(folder, filter="data")
    elif name.endswith(".zip"):
        with zipfile.ZipFile(name) as zipped:
            zipped.extractall(folder)
    elif name.endswith(".gz"):
        result = os.path.join(folder, os.path.basename(name)[: -len(".gz")])
        with gzip.open(name) as packed:
            replace_file(result, lambda file: shutil.copyfileobj(packed, file))
    else:
        raise RuntimeError(
            f"File '{name}' has no suffixes that could be used to detect the archive type and compression."
        )
    if remove_finished:
        os.remove(name)
    return result


def download_and_extract_archive(
    url: str,
    download_root: Any,
    extract_root: Any = None,
    filename: Any = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """Download an archive into a folder, and unpack it there or in another one."""
    root = os.path.expanduser(download_root)
    filename = filename or os.path.basename(url)
    download_url(url, root, filename, md5)
    extract_archive(os.path.join(root, filename), root if extract_root is None else extract_root, remove_finished)


_list_names(__name__)
