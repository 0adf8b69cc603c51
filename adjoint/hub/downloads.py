"""Downloads: a file from the network, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from typing import Any

from adjoint.files import replace_file

CHUNK = 128 * 1024


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Download ``url`` into the file ``dst``, with a progress bar on stderr unless ``progress`` is False.

    The file appears under its name only when it is complete and its SHA-256 begins with ``hash_prefix``.  Raises
    RuntimeError for another hash or a download that breaks off, URLError where the network is not to be had; nothing
    is left behind then, and what was there stays.  What a process that was killed left is removed by the next download.
    """

    def fetch(file: Any) -> None:
        digest = receive(url, file, hashlib.sha256(), "torch.hub", progress)
        if hash_prefix is not None and not digest.startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest}")')

    replace_file(os.path.expanduser(dst), fetch, durable=True)


def receive(url: str, file: Any, digest: Any, agent: str, progress: bool = True) -> str:
    """Copy what is at ``url`` into an open file and into a hash of ``hashlib``'s; the hash in hexadecimal digits.

    ``agent`` is who asks.  Raises RuntimeError where the download breaks off, URLError where there is no network.
    """
    from urllib.request import Request, urlopen

    from tqdm import tqdm

    with urlopen(Request(url, headers={"User-Agent": agent})) as response:
        length = response.headers.get("Content-Length")
        expected = int(length) if length is not None and length.strip().isdigit() else None
        received = 0
        with tqdm(total=expected, disable=not progress, unit="B", unit_scale=True, unit_divisor=1024) as bar:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                bar.update(len(chunk))
    if expected is not None and received != expected:
        raise RuntimeError(f"the download of {url} broke off after {received} of {expected} bytes")
    return str(digest.hexdigest())


def make_folder(path: str) -> None:
    """Make a folder and those above it, as far as they are missing; whatever the process's mask, for nobody else to write to."""
    if not os.path.isdir(path):
        above = os.path.dirname(path)
        if above != path and above:
            make_folder(above)
        with contextlib.suppress(FileExistsError):  # made by another process meanwhile, or refused by what uses it
            os.mkdir(path, 0o755)


def told_what_to_do(error: OSError, url: str, cached: str) -> OSError:
    """The error of a download, of its own type, that says what to do by hand."""
    from urllib.error import HTTPError, URLError

    if not isinstance(error, (URLError, ConnectionError, TimeoutError)):
        return error
    advice = f"could not download {url}. Without a network: get this file by other means and put it at {cached}"
    if isinstance(error, HTTPError):
        return HTTPError(url, error.code, f"{error.reason} ({advice})", error.headers, None)
    return URLError(f"{error.reason if isinstance(error, URLError) else error} ({advice})")


def only_member(path: str) -> bytes | None:
    """What a zip archive of one file holds, how files of old formats were once offered; None of any other file.

    Raises RuntimeError where it would become far larger than it is.
    """
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1 or members[0].is_dir():
            return None
        check_size(members, os.path.getsize(path), path)
        return archive.read(members[0])


def check_size(members: list[zipfile.ZipInfo], size: int, path: str) -> None:
    """Raise RuntimeError for an archive of so many bytes whose members would have far more."""
    unpacked = sum(member.file_size for member in members)
    if unpacked > (256 << 20) + 64 * size:
        raise RuntimeError(f"{path} has {size} bytes and would have {unpacked} when it is unpacked: it is not")
