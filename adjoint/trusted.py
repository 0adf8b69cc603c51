"""Trusted: folders and files that no other user can change, for what is run when it is read.

A folder is opened from the root down, one name at a time, and what was opened is looked at, not what its name leads to:
so nothing can be exchanged between the look and the use.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Any

_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_ENTER = stat.S_IXGRP | stat.S_IXOTH
_LINKS = 40


class Untrusted(OSError):
    """A folder or file that another user can change, or could have made; the message says which and why."""


def open_folder(path: str, *, make: bool = False) -> int:
    """A descriptor of a folder that nobody but this user and root can change or put another in the place of.

    ``path`` is absolute; with ``make`` what is missing of it is made, for this user alone.  Symbolic links are followed
    where nobody else can have made them.

    Raises :class:`Untrusted`, FileNotFoundError where there is none, and other OSErrors.
    """
    if not os.path.isabs(path):
        raise ValueError(f"the path has to be absolute, not {path!r}")
    way = [_Step(os.open("/", _FLAGS), "/", False)]
    parts = _parts(path)
    links = 0
    try:
        while True:
            here = way[-1]
            kind = "above" if parts else "folder"
            found = os.fstat(here.descriptor)
            sheltered = kind == "above" and len(way) > 1 and way[-2].sheltered
            fault = fault_of(found, kind)
            if fault is not None and not (sheltered and found.st_uid in (0, os.geteuid())):
                raise Untrusted(errno.EPERM, f"{here.path} {fault}")
            # Into what nobody else may enter they cannot put anything, whatever the modes of the folders below are.
            here.sheltered = sheltered or (found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_ENTER)
            if not parts:
                return way.pop().descriptor
            part = parts.pop()
            if part == "..":
                if len(way) > 1:
                    os.close(way.pop().descriptor)
                continue
            whole = os.path.join(here.path, part)
            try:
                way.append(_Step(_opened(part, here.descriptor, make), whole, False))
            except OSError as error:
                if error.errno not in (errno.ENOTDIR, errno.ELOOP) or links == _LINKS:
                    raise
                links += 1
                target = _link(part, here.descriptor, whole)
                parts += _parts(target)
                while target.startswith("/") and len(way) > 1:
                    os.close(way.pop().descriptor)
    finally:
        for step in way:
            os.close(step.descriptor)


def open_file(name: str, folder: int) -> int:
    """A descriptor, for reading, of a file in a folder that :func:`open_folder` opened; raises as that does."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    fault = fault_of(os.fstat(descriptor), "file")
    if fault is not None:
        os.close(descriptor)
        raise Untrusted(errno.EPERM, f"{name} {fault}")
    return descriptor


def fault_of(found: Any, kind: str) -> str | None:
    """Why something is not to be trusted, by what ``os.fstat`` says of it; None where it is.

    ``kind`` is "file", "folder", or "above" of a folder on the way to another: there one that everybody may write to will
    do if its users cannot rename each other's files, as in ``/tmp``.
    """
    user = os.geteuid()
    if (stat.S_ISREG if kind == "file" else stat.S_ISDIR)(found.st_mode) is False:
        return f"is no {'file' if kind == 'file' else 'folder'}"
    if found.st_uid not in (0, user) and not (kind == "above" and _is_unmapped_root(found.st_uid)):
        return f"belongs to user {found.st_uid} and not to you (user {user})"
    if found.st_mode & _OTHERS_WRITE and not (kind == "above" and found.st_mode & stat.S_ISVTX):
        return f"can be written to by other users (its mode is {stat.S_IMODE(found.st_mode):04o})"
    return None


class _Step:
    """A folder on the way; ``sheltered`` if nobody else can enter what is in it."""

    __slots__ = ("descriptor", "path", "sheltered")

    def __init__(self, descriptor: int, path: str, sheltered: bool) -> None:
        self.descriptor = descriptor
        self.path = path
        self.sheltered = sheltered


def _parts(path: str) -> list[str]:
    """A path's names, the last one first."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _opened(name: str, folder: int, make: bool) -> int:
    try:
        return os.open(name, _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
    except FileExistsError:  # by another process, meanwhile
        pass
    return os.open(name, _FLAGS, dir_fd=folder)


def _link(name: str, folder: int, whole: str) -> str:
    """Where a symbolic link leads to.  If it is this user's or root's, nobody else can exchange it now."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), whole)
    if found.st_uid not in (0, os.geteuid()) and not _is_unmapped_root(found.st_uid):
        raise Untrusted(errno.EPERM, f"{whole} is a link that belongs to user {found.st_uid}")
    return os.readlink(name, dir_fd=folder)


def _is_unmapped_root(user: int) -> bool:
    """Whether a user may be root, of whom containers of ordinary users see no more than that it is not them."""
    try:
        with open("/proc/sys/fs/overflowuid") as told, open("/proc/self/uid_map") as mapped:
            return user == int(told.read()) and not any(int(line.split()[0]) == 0 for line in mapped)
    except (OSError, ValueError):
        return False
