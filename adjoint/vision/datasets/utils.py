"""What data sets are read with: files are fetched, checked and unpacked, folders listed.  (torchvision's name for it.)"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypeVar

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets import archives, downloads, flow_files
from adjoint.vision.datasets.archives import extract_archive
from adjoint.vision.datasets.downloads import (
    USER_AGENT,
    calculate_md5,
    check_integrity,
    check_md5,
    download_and_extract_archive,
    download_file_from_google_drive,
    download_url,
)

__all__ = [
    "USER_AGENT",
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_file_from_google_drive",
    "download_url",
    "extract_archive",
    "iterable_to_str",
    "list_dir",
    "list_files",
    "verify_str_arg",
]

# torchvision's underscored names, which programs with data sets of their own use as well
_FILE_TYPE_ALIASES, _ARCHIVE_EXTRACTORS = archives.ALIASES, archives.ARCHIVES
_COMPRESSED_FILE_OPENERS = archives.COMPRESSIONS
_decompress, _detect_file_type = archives.decompress, archives.file_type
_get_redirect_url, _get_google_drive_file_id = downloads.final_address, downloads.google_drive_id
_urlretrieve, _read_pfm = downloads.retrieve, flow_files.read_pfm

T = TypeVar("T", str, bytes)


def list_dir(root: Any, prefix: bool = False) -> list[str]:
    """The folders in a folder: their names, or with ``prefix`` their paths."""
    return _listed(root, os.path.isdir, "", prefix)


def list_files(root: Any, suffix: Any, prefix: bool = False) -> list[str]:
    """The files in a folder whose names end in ``suffix``, or one of a tuple: their names, or with ``prefix`` their paths."""
    return _listed(root, os.path.isfile, suffix, prefix)


def _listed(root: Any, kind: Any, suffix: Any, prefix: bool) -> list[str]:
    root = os.path.expanduser(root)
    found = [name for name in os.listdir(root) if kind(os.path.join(root, name)) and name.endswith(suffix)]
    return [os.path.join(root, name) for name in found] if prefix is True else found


def iterable_to_str(iterable: Iterable[Any]) -> str:
    """Things in quotation marks, with commas between them.

    >>> print(iterable_to_str(["train", "test"]))
    'train', 'test'
    """
    return "'" + "', '".join(str(item) for item in iterable) + "'"


def verify_str_arg(
    value: T, arg: str | None = None, valid_values: Iterable[T] | None = None, custom_msg: str | None = None
) -> T:
    """The word that is given for an argument, if it is one of ``valid_values``.

    Raises ValueError for another one, or what is no string; ``custom_msg`` is what that says instead.
    """
    if not isinstance(value, str):
        named = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{named}, but got type {type(value)}.")
    if valid_values is not None and value not in valid_values:
        raise ValueError(
            custom_msg
            if custom_msg is not None
            else f"Unknown value '{value}' for argument {arg}. Valid values are {{{iterable_to_str(valid_values)}}}."
        )
    return value


_list_names(__name__)
