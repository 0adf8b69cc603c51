"""Files that are written whole or not at all, whatever happens in the middle: an error, an interrupt, a kill, a full disk.

A file is written beside the one that it is to become, and renamed.  The name beside, ``.NAME.0.tmp``, is locked for as long
as its writer lives.  So one that nobody locks is what a killed writer left, and the next one of that file removes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import IO

_SLOTS = 8  # names beside that are looked at for what was left; more writers of one file at a time are rare
_LONG = 80  # bytes of a name from which on the names beside it are shortened, since names have at most 255
_PIECE = 1 << 20
_PATIENCE = 5.0  # seconds to wait for another who writes over the same file
_UNCLOSED = (OSError, ValueError)
_INTERRUPTS = 100  # that do not keep a copy from being finished


def replace_file(path: str | os.PathLike[str], write: Callable[[IO[bytes]], object], *, durable: bool = False) -> None:
    """Write a file: its new contents in place of its old ones, or, if anything fails, its old ones untouched.

    ``write(file)`` writes to a binary file object, once.  With ``durable`` the contents are on disk before they get their
    name, so that a machine that loses its power has the old file or the new one as well.

    Symbolic links are followed.  Owner, group, mode and extended attributes stay.  Some files are written over with what is
    complete by then, and a kill in that moment leaves them half with the whole beside them: those that have several names
    (hard links), an owner or attributes that this user cannot give, or a folder that this user cannot write to, and empty
    ones, which were made for somebody who has them open (``NamedTemporaryFile``).  What is no ordinary file (a device, a
    pipe, ``/dev/stdout``) is written to as it is.

    Raises OSError where the file cannot be opened or written, and whatever ``write`` raises.

    >>> import os, tempfile
    >>> from adjoint.files import replace_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(os.path.join(folder, "note"), lambda file: file.write(b"kept"))
    ...     os.listdir(folder)
    ['note']
    """
    target = _followed(os.fspath(path))
    if target is None:
        with open(path, "wb") as direct:
            write(direct)
        return
    old = _stat_of(target)
    if old is not None and not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        with open(target, "r+b"):  # raises what keeps this user from writing to it
            pass
    aside = Aside(target, 0o666 if old is None else 0o600)
    over: _CopyOver | None = None
    try:
        try:
            file: IO[bytes] = aside.open()
        except OSError as error:
            _write_over(target, write, old, error)
            return
        write(file)
        file.flush()
        if durable:
            os.fsync(file.fileno())
        if not _renamed(aside, old):
            over = _CopyOver(file.fileno(), target, durable)
            over.run()
        aside.close()
    except BaseException:
        if over is not None:
            over.finish()
        aside.close(keep=over is not None and over.begun)
        raise
    if durable:
        _sync_folder(os.path.dirname(target))


def _renamed(aside: Aside, old: os.stat_result | None) -> bool:
    """Have a complete file take its place; False where it has to be copied over the old one."""
    assert aside.file is not None
    if old is None:
        aside.take_place()
        return True
    if old.st_nlink > 1 or not old.st_size or not _made_alike(aside.file.fileno(), aside.target, old):
        return False
    try:
        aside.take_place()
    except OSError:  # mounted by itself, or another's in a folder where only owners rename
        return False
    return True


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text into a file, in UTF-8, all of it or nothing: see :func:`replace_file`."""
    replace_file(path, lambda file: file.write(text.encode("utf-8")))


class Aside:
    """A file beside another, whose place it takes once it is complete.

    ``mode`` is what it is made with, before the process's mask.  With ``folder``, a descriptor, names are of that folder.
    """

    def __init__(self, target: str, mode: int, folder: int | None = None) -> None:
        self.target = target
        self.mode = mode
        self.folder = folder
        self.path: str | None = None
        self.file: IO[bytes] | None = None

    def open(self) -> IO[bytes]:
        """Make it, and remove what killed writers of the same file left."""
        names = _names_beside(self.target)
        name = next(names)
        opener = partial(os.open, mode=self.mode, dir_fd=self.folder)  # no Python in it that could be interrupted
        while True:
            self.path = name
            try:
                self.file = open(name, "x+b", opener=opener)
            except FileExistsError:
                self.path = None
                if not cleared(name, self.folder):
                    name = next(names)
                continue
            if _locked(self.file.fileno()) and os.fstat(self.file.fileno()).st_nlink:
                break
            self.file.close()  # somebody took it for abandoned before it was locked
            self.file = None
        for n, other in enumerate(_names_beside(self.target)):
            if other != name and _stat_of(other, self.folder) is None:
                if n >= _SLOTS:
                    break
            elif other != name:
                cleared(other, self.folder)
        return self.file

    def take_place(self) -> None:
        """Rename it to its target; nobody sees a moment without the one or the other."""
        assert self.path is not None
        if self.folder is None:
            os.replace(self.path, self.target)
        else:
            os.replace(self.path, self.target, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def close(self, *, keep: bool = False) -> None:
        """Close it, and remove it unless it has taken its place, or is the only whole copy that there is (``keep``)."""
        if self.file is None:
            if self.path is not None:  # interrupted while it was made
                cleared(self.path, self.folder)
            return
        assert self.path is not None
        # By what lies there and not by what was done: by now the name may be another writer's.
        with contextlib.suppress(*_UNCLOSED):
            found = None if keep else _stat_of(self.path, self.folder)
            if found is not None and os.path.samestat(found, os.fstat(self.file.fileno())):
                os.unlink(self.path, dir_fd=self.folder)
        with contextlib.suppress(*_UNCLOSED):  # what could not be written was told already
            self.file.close()


def cleared(path: str, folder: int | None = None) -> bool:
    """Remove a file that was written beside another, if its writer is dead; whether nothing is there now."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, os.O_RDWR | flags, dir_fd=folder)
        except PermissionError:
            descriptor = os.open(path, os.O_RDONLY | flags, dir_fd=folder)
    except OSError as error:  # else a link, a folder, or another user's: none that was made here
        return error.errno == errno.ENOENT
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine, there = os.fstat(descriptor), os.stat(path, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(mine.st_mode):
            return False
        if os.path.samestat(mine, there):
            os.unlink(path, dir_fd=folder)
        return True
    except FileNotFoundError:
        return True
    except OSError:  # locked by its writer
        return False
    finally:
        os.close(descriptor)


def _names_beside(target: str) -> Iterator[str]:
    """The names beside a file, in the order in which they are tried."""
    folder, name = os.path.split(target)
    encoded = os.fsencode(name)
    if len(encoded) > _LONG:
        name = encoded[:_LONG].decode("utf-8", "ignore") + "~" + hashlib.sha256(encoded).hexdigest()[:16]
    return (os.path.join(folder, f".{name}.{n}.tmp") for n in count())


def _locked(descriptor: int) -> bool:
    """Whether a lock was to be had; also true of file systems that have none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _followed(path: str) -> str | None:
    """The name of the file that a path leads to, which need not exist; None where it is none that could be renamed to."""
    for _ in range(40):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if folder == "/dev" or folder.startswith(("/proc/", "/dev/fd")):  # names of what somebody has open
            return None if os.path.lexists(path) else path
        path = os.path.join(folder, name)
        try:
            there = os.lstat(path)
        except FileNotFoundError:
            return path
        if not stat.S_ISLNK(there.st_mode):
            return path if stat.S_ISREG(there.st_mode) else None
        path = os.path.join(folder, os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _stat_of(path: str, folder: int | None = None) -> os.stat_result | None:
    try:
        return os.stat(path, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _made_alike(descriptor: int, path: str, old: os.stat_result) -> bool:
    """Give a file the owner, mode and attributes of the one at ``path``; False where this user cannot."""
    try:
        mine = os.fstat(descriptor)
        if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        _make_attributes_alike(descriptor, path)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    except OSError:
        return False
    return True


def _make_attributes_alike(descriptor: int, path: str) -> None:
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted, mine = os.listxattr(path), os.listxattr(descriptor)
    except OSError:  # a file system without
        return
    for name in mine:
        if name not in wanted:
            os.removexattr(descriptor, name)
    for name in wanted:
        value = os.getxattr(path, name)
        if name not in mine or os.getxattr(descriptor, name) != value:
            os.setxattr(descriptor, name, value)


def _write_over(
    target: str, write: Callable[[IO[bytes]], object], old: os.stat_result | None, refused: OSError
) -> None:
    """Write a file beside which nothing can be made: what is complete, from the folder of temporary files."""
    import tempfile

    if old is None and refused.errno != errno.ENAMETOOLONG:
        raise refused
    try:
        whole = tempfile.TemporaryFile()
    except OSError:  # no place at all
        with open(target, "wb") as file:
            write(file)
        return
    with whole:
        write(whole)
        whole.flush()
        over = _CopyOver(whole.fileno(), target, False)
        try:
            over.run()
        except BaseException:
            over.finish()
            raise


class _CopyOver:
    """A complete file that is copied over another; ``begun`` for as long as that may be half the old and half the new."""

    def __init__(self, source: int, target: str, durable: bool) -> None:
        self.source = source
        self.target = target
        self.durable = durable
        self.begun = False

    def run(self) -> None:
        """Copy; no byte is written over before there is room for all."""
        size = os.fstat(self.source).st_size
        with open(os.open(self.target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666), "wb", buffering=0) as file:
            target = file.fileno()
            _wait_for_lock(target)
            before = os.fstat(target).st_size
            again, self.begun = self.begun, True
            try:
                if size > before:
                    _extend(target, before, size)
            except OSError:
                self.begun = again
                raise
            done = 0
            while piece := os.pread(self.source, _PIECE, done):
                done += os.pwrite(target, piece, done)
            os.ftruncate(target, done)
            if self.durable:
                os.fsync(target)
            self.begun = False

    def finish(self) -> None:
        """Copy again where an interrupt cut it short, however many more there are: what is half the one and half the other
        is neither."""
        for _ in range(_INTERRUPTS):
            if not self.begun:
                return
            try:
                self.run()
            except OSError:
                return
            except BaseException:
                continue


def _extend(descriptor: int, before: int, size: int) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, before, size - before)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EBADF):
            return
        os.ftruncate(descriptor, before)
        raise


def _wait_for_lock(descriptor: int) -> None:
    """Wait until nobody else copies over the same file; not for ever, for users lock files for reasons of their own."""
    end = time.monotonic() + _PATIENCE
    while not _locked(descriptor) and time.monotonic() < end:
        time.sleep(0.01)


def _sync_folder(folder: str) -> None:
    """Have a folder's names on disk, where its file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
