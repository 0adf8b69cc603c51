"""Unpacking: archives into folders that nobody sees half, whatever the archive says and whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator

from adjoint.hub.downloads import check_size

_EXCHANGE = 2  # renameat2's RENAME_EXCHANGE
_HERE = -100  # AT_FDCWD


def unpack(packed: str, into: str) -> str:
    """Unpack a repository's archive into a new folder; the one folder in it.

    Raises ValueError where a name leads outside of it, RuntimeError where it becomes far larger than it is, or is no
    repository.
    """
    with zipfile.ZipFile(packed) as archive:
        members = archive.infolist()
        check_size(members, os.path.getsize(packed), packed)
        for member in members:
            _check_name(member.filename)
        os.mkdir(into, 0o755)
        archive.extractall(into)  # links become files that say where they lead
    _close_to_others(into)
    tops = os.listdir(into)
    if len(tops) != 1:
        raise RuntimeError(f"expected an archive of one folder, not of {', '.join(sorted(tops)) or 'nothing'}")
    return os.path.join(into, tops[0])


def _close_to_others(folder: str) -> None:
    """Take from what was unpacked the right of others to write to it, which a process's mask may leave."""
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(above, name)
            mode = os.lstat(path).st_mode
            if mode & 0o022:
                os.chmod(path, stat.S_IMODE(mode) & ~0o022)


def _check_name(name: str) -> None:
    parts = re.split(r"[/\\]", name)
    if parts[0] == "" or re.match(r"[A-Za-z]:", name):
        raise ValueError(f"Archive entry has absolute path: {name}")
    if ".." in parts:
        raise ValueError(f"Archive entry contains directory traversal: {name}")


@contextlib.contextmanager
def fresh_folder(beside: str) -> Iterator[str]:
    """A folder beside another, for as long as the block runs; what killed processes left of such is removed.

    Like a file beside another (:mod:`adjoint.files`) it is locked for as long as its process lives.
    """
    above, name = os.path.split(os.path.abspath(beside))
    n = 0
    lock = None
    path = ""
    try:
        while lock is None:
            path = os.path.join(above, f".{name}.{n}.tmp")
            try:
                os.mkdir(path, 0o755)
            except FileExistsError:
                if not _removed(path):
                    n += 1
                continue
            lock = _locked(path)
        yield path
    finally:
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _locked(path: str) -> int | None:
    """A folder's lock: a descriptor to hold; None where another has it, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _removed(path: str) -> bool:
    """Remove a folder whose process is dead; whether it was."""
    lock = _locked(path)
    if lock is None:
        return not os.path.lexists(path)
    try:
        shutil.rmtree(path, ignore_errors=True)
        return not os.path.lexists(path)
    finally:
        os.close(lock)


def replace_folder(new: str, old: str) -> None:
    """Have a folder take another's place, at once where the system can; what was there is then where the new one was."""
    try:
        os.rename(new, old)  # none there, or an empty one
        return
    except OSError:
        if not os.path.lexists(old):
            raise
    with contextlib.suppress(OSError, AttributeError):
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
        if renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(old), _EXCHANGE) == 0:
            return
    away = f"{new}.old"
    os.rename(old, away)
    os.rename(new, old)
