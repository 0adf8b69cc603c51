"""Kept: machine code, and what LLVM says of processors, on disk between runs.

Files are named by a hash of what was asked for, and begin with a hash of what they hold: one that is damaged is made anew.
What is read is run, so folders and files that another user can change are neither read nor written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import warnings

from adjoint import trusted
from adjoint.files import Aside, cleared
from adjoint.places import users_level

CODE, PROCESSOR = ".o", ".cpu"
"""What is kept: object files, and what LLVM says of processors."""

_DAY = 86400.0  # seconds
_DAYS = 60  # that machine code is kept without being used
_ROOM = 512 << 20  # bytes, beyond which what was used least recently goes
_WRITES = 500  # after so many it is looked again whether there is room
_MAGIC = b"adjoint machine code 2\n"


def read(digest: str, kind: str = CODE) -> bytes | None:
    """What is kept under a name; None where it is missing, damaged or another user's."""
    folder = _folder(make=False)
    if folder is None:
        return None
    try:
        with open(trusted.open_file(f"{digest}{kind}", folder), "rb") as file:
            data = file.read()
            if time.time() - os.fstat(file.fileno()).st_mtime > _DAY:
                with contextlib.suppress(OSError):  # another's, who lets this user read
                    os.utime(file.fileno())  # it is in use
    except OSError:  # another user's file among them: it is made anew, in its place
        return None
    code = data[len(_MAGIC) + 32 :]
    return code if data and data.startswith(_head(digest, code)) else None


def write(digest: str, code: bytes, kind: str = CODE) -> None:
    """Keep something; a folder that cannot be written to is no error, the next process compiles again."""
    global _written
    folder = _folder(make=True)
    if folder is None:
        return
    aside = Aside(f"{digest}{kind}", 0o644, folder)
    try:
        with contextlib.suppress(OSError):
            file = aside.open()
            file.write(_head(digest, code) + code)
            file.flush()
            aside.take_place()
            if _written % _WRITES == 0:
                _make_room(folder)
            _written += 1
    finally:  # an interruption, too
        aside.close()


_written = 0
_opened: tuple[str, int, os.stat_result] | None = None
_told = False


def _head(digest: str, code: bytes) -> bytes:
    """What a file begins with; it differs where the code does, or the name."""
    return _MAGIC + hashlib.sha256(digest.encode() + code).digest()


def _where() -> str | None:
    """The folder's path; None where this user has none."""
    asked = os.environ.get("ADJOINT_CACHE")
    if asked:
        path = os.path.expanduser(asked)
        if _is_place(path):
            return path
        _tell(f"ADJOINT_CACHE has to be the absolute path of a folder, not {asked!r}")
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not _is_place(base):
        home = _home()
        if home is None:
            return None
        base = os.path.join(home, ".cache")
    return os.path.join(base, "adjoint", "kernels")


def _home() -> str | None:
    """This user's home, if there is one: daemons have "/" or one that does not exist."""
    home = os.environ.get("HOME", "")
    if not home:
        import pwd

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return None
    return home if _is_place(home) and os.path.isdir(home) else None


def _is_place(path: str) -> bool:
    return os.path.isabs(path) and os.path.normpath(path).strip("/") != ""


def _folder(make: bool) -> int | None:
    """A descriptor of the folder, which stays open; None where there is none that is trusted."""
    global _opened
    path = _where()
    if path is None:
        return None
    if _opened is not None:
        if _opened[0] == path and _still_is(*_opened[1:]):
            return _opened[1]
        _opened = None  # left open: the number may be somebody else's by now
    try:
        descriptor = trusted.open_folder(path, make=make)
    except trusted.Untrusted as error:
        _tell(error)
        return None
    except (OSError, ValueError):
        return None
    _opened = path, descriptor, os.fstat(descriptor)
    return descriptor


def _still_is(descriptor: int, then: os.stat_result) -> bool:
    """Whether a descriptor is the folder's that was opened (programs close what they do not know), and as trusted."""
    try:
        now = os.fstat(descriptor)
    except OSError:
        return False
    return os.path.samestat(now, then) and now.st_nlink > 0 and trusted.fault_of(now, "folder") is None


def _tell(what: object) -> None:
    """Say, once, why every process compiles."""
    global _told
    if not _told:
        _told = True
        reason = what.strerror if isinstance(what, OSError) else what
        warnings.warn(
            f"machine code is not kept on disk, and every process compiles its own: {reason}. "
            "ADJOINT_CACHE names a folder of your own.",
            stacklevel=users_level(),
        )


def _make_room(folder: int) -> None:
    """Delete what no process has read for a long time (the code of old versions, mostly), what killed writers left, and
    what there is no room for."""
    now = time.time()
    files = []
    listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        for name in os.listdir(listed):
            if name.endswith(".tmp"):
                cleared(name, folder)
            elif name.endswith((CODE, PROCESSOR)):
                with contextlib.suppress(OSError):
                    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    files.append((found.st_mtime, found.st_blocks * 512, name))
    finally:
        os.close(listed)
    files.sort()
    room = sum(size for _, size, _ in files)
    full = room > _ROOM
    for used, size, name in files:
        if used < now - _DAYS * _DAY or (full and room > _ROOM * 3 // 4):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)
                room -= size
