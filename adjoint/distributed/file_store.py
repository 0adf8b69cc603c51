"""FileStore: a store in a file, for processes that share a file system and nothing else."""

from __future__ import annotations

import fcntl
import os
import struct
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta

from adjoint.distributed.errors import DistStoreError
from adjoint.distributed.store import Store, Table

_WRITES = frozenset("set add compare_set append delete push pop".split())
_HEAD = struct.Struct("<QQ")
_DELETED = (1 << 64) - 1
_CLOSED = b"&closed"


class FileStore(Store):
    """A store in a file, which grows by what is set and is removed when the last of ``world_size`` processes is done.

    Queues are not kept in files.

    >>> import adjoint as torch, os, tempfile
    >>> store = torch.distributed.FileStore(os.path.join(tempfile.mkdtemp(), "store"), 1)
    >>> store.set("a", "1")
    >>> store.get("a")
    b'1'
    """

    def __init__(self, file_name: str, world_size: int = -1) -> None:
        super().__init__()
        self.path = os.fspath(file_name)
        self._table = Table()
        self._read_to = 0
        with open(self.path, "ab"):
            pass
        if world_size > 0:
            weakref.finalize(self, _leave, self.path, world_size, os.getpid())

    def _do(self, operation: str, *parts: bytes) -> list[bytes]:
        if operation in ("push", "pop", "length"):
            raise NotImplementedError("a FileStore has no queues; a TCPStore has")
        with open(self.path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX if operation in _WRITES else fcntl.LOCK_SH)
            self._catch_up(file.fileno())
            done = self._table.do(operation, *parts)
            if operation in _WRITES:
                key = parts[0]
                value = self._table.values.get(key)
                entry = _HEAD.pack(len(key), _DELETED if value is None else len(value)) + key + (value or b"")
                file.seek(0, os.SEEK_END)
                file.write(entry)
                file.flush()
                self._read_to = file.tell()
            return done

    def _catch_up(self, descriptor: int) -> None:
        """Read what others wrote."""
        size = os.fstat(descriptor).st_size
        if size < self._read_to:
            self._table, self._read_to = Table(), 0  # begun anew
        data = b""
        while len(data) < size - self._read_to:
            more = os.pread(descriptor, size - self._read_to - len(data), self._read_to + len(data))
            if not more:
                break
            data += more
        at = 0
        while at + _HEAD.size <= len(data):
            key_size, value_size = _HEAD.unpack_from(data, at)
            deleted = value_size == _DELETED
            start = at + _HEAD.size
            end = start + key_size + (0 if deleted else value_size)
            if end > len(data):
                break
            key = data[start : start + key_size]
            if deleted:
                self._table.values.pop(key, None)
            else:
                self._table.values[key] = data[start + key_size : end]
            at = end
        self._read_to += at

    def _wait(self, keys: Sequence[bytes], timeout: timedelta) -> bool:
        until = time.monotonic() + timeout.total_seconds()
        pause = 1e-3
        while self._do("check", *keys) != [b"1"]:
            if time.monotonic() > until:
                return False
            time.sleep(pause)
            pause = min(1.5 * pause, 0.05)
        return True

    def _too_long(self, keys: Sequence[bytes], timeout: timedelta) -> DistStoreError:
        milliseconds = round(timeout.total_seconds() * 1000)
        named = ", ".join(key.decode(errors="replace") for key in keys)
        return DistStoreError(f"Timeout waiting for key: {named} after {milliseconds} ms")


FileStore.__module__ = __name__.rpartition(".")[0]


def _leave(path: str, world_size: int, process: int) -> None:
    """One of the processes is done; the last removes the file."""
    if os.getpid() != process:  # forked from it
        return
    try:
        if FileStore(path).add(_CLOSED.decode(), 1) >= world_size:
            os.remove(path)
    except OSError:
        pass  # removed by somebody else
