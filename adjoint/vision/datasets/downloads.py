"""Downloads of data sets: a file is there when all of it is, and is what its publisher says; and what to do without a network."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any
from urllib.parse import urlparse

from adjoint.files import replace_file
from adjoint.hub.downloads import receive, told_what_to_do
from adjoint.vision.datasets.archives import extract_archive

USER_AGENT = "pytorch/vision"
CORRUPTED = "File not found or corrupted."


def calculate_md5(fpath: Any, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 of a file, by which publishers of data sets name what should be in it."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            md5.update(chunk)
    return md5.hexdigest()


def check_md5(fpath: Any, md5: str, **kwargs: Any) -> bool:
    """Whether a file has this MD5."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: Any, md5: str | None = None) -> bool:
    """Whether there is a file, and has this MD5 where one is given."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(url: str, root: Any, filename: Any = None, md5: str | None = None, max_redirect_hops: int = 3) -> None:
    """Download a file into the folder ``root``, unless it is there, under the name that the address ends with or ``filename``.

    It gets its name when all of it has arrived and has its MD5.  Raises RuntimeError for another MD5, RecursionError where the
    address leads on more than ``max_redirect_hops`` times, and URLError without a network: that says where to put the file.
    """
    root = os.path.expanduser(root)
    path = os.fspath(os.path.join(root, filename or os.path.basename(url)))
    os.makedirs(root, exist_ok=True)
    if check_integrity(path, md5):
        return
    try:
        address = final_address(url, max_redirect_hops)
        shared = google_drive_id(address)
        if shared is None:
            _fetch(address, path, md5)
    except OSError as error:
        raise told_what_to_do(error, url, path) from error
    if shared is not None:
        download_file_from_google_drive(shared, root, os.path.basename(path), md5)


def _fetch(url: str, path: str, md5: str | None) -> None:
    """Download a file; where a host has no encrypted connection, without one, if a checksum says what should arrive."""
    try:
        retrieve(url, path, md5)
    except OSError:
        if not url.startswith("https:") or md5 is None:
            raise
        retrieve("http:" + url.removeprefix("https:"), path, md5)


def retrieve(url: str, filename: Any, md5: str | None = None) -> None:
    """Download a file, which gets its name only when it is complete and has its MD5.  Raises RuntimeError otherwise."""

    def fetch(file: Any) -> None:
        found = receive(url, file, hashlib.md5(usedforsecurity=False), USER_AGENT)
        if md5 is not None and found != md5:
            raise RuntimeError(CORRUPTED)

    replace_file(filename, fetch)


def final_address(url: str, max_hops: int = 3) -> str:
    """Where an address leads, from host to host.  Raises RecursionError if that does not end soon."""
    from urllib.request import Request, urlopen

    first = url
    for _ in range(max_hops + 1):
        with urlopen(Request(url, headers={"Method": "HEAD", "User-Agent": USER_AGENT})) as response:
            if response.url == url or response.url is None:
                return url
            url = response.url
    raise RecursionError(f"Request to {first} exceeded {max_hops} redirects. The last redirect points to {url}.")


def google_drive_id(url: str) -> str | None:
    """The number of a file on Google Drive, where an address is of one."""
    parts = urlparse(url)
    if re.match(r"(drive|docs)[.]google[.]com", parts.netloc) is None:
        return None
    match = re.match(r"/file/d/(?P<id>[^/]*)", parts.path)
    return None if match is None else match.group("id")


def download_file_from_google_drive(file_id: str, root: Any, filename: Any = None, md5: str | None = None) -> None:
    """Download a file from Google Drive into the folder ``root``, unless it is there.

    Needs ``gdown``, which answers Google's questions; raises RuntimeError without it, and for another MD5.
    """
    root = os.path.expanduser(root)
    path = os.fspath(os.path.join(root, filename or file_id))
    try:
        import gdown
    except ModuleNotFoundError:
        raise RuntimeError(
            "To download files from GDrive, 'gdown' is required. You can install it with 'pip install gdown'.\n"
            f"Or get https://drive.google.com/uc?id={file_id} with a browser and put it at {path}"
        ) from None
    os.makedirs(root, exist_ok=True)
    if check_integrity(path, md5):
        return
    gdown.download(id=file_id, output=path, quiet=False, user_agent=USER_AGENT)
    if not check_integrity(path, md5):
        raise RuntimeError(CORRUPTED)


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
