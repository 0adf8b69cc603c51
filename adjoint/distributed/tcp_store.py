"""TCPStore: a store in one process that others reach over a socket.

A message is the number of its parts and each part with its length before it; nothing is unpickled.  The first part of a
request is the operation, of an answer whether it was carried out.  One thread for each connection, since some wait.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
import weakref
from collections.abc import Sequence
from datetime import timedelta

from adjoint.distributed.errors import DistNetworkError, DistStoreError
from adjoint.distributed.store import OPERATIONS, Store, Table

_GREETING = b"adjoint store 1"
_LONGEST = 1 << 30  # of a part, in bytes
_LOCAL = ("localhost", "127.0.0.1", "::1")


class TCPStore(Store):
    """A store that one process (``is_master``) keeps for all that connect to ``host_name`` and ``port``.

    Port 0 takes a free one, which ``port`` then says.  With ``wait_for_workers`` the master waits until ``world_size``
    processes, itself among them, are there.  Only a host name that is not this machine's own opens the store to others.

    Raises DistNetworkError where nobody answers within the timeout, DistStoreError where too few come.

    >>> import adjoint as torch
    >>> store = torch.distributed.TCPStore("127.0.0.1", 0, 1, is_master=True)
    >>> store.set("a", b"1")
    >>> store.get("a"), store.port > 0
    (b'1', True)
    """

    def __init__(
        self,
        host_name: str,
        port: int,
        world_size: int | None = None,
        is_master: bool = False,
        timeout: timedelta = timedelta(minutes=5),
        wait_for_workers: bool = True,
        multi_tenant: bool = False,
        master_listen_fd: int | None = None,
        use_libuv: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(port, int) or not 0 <= port < 65536:
            raise TypeError(f"TCPStore: port is a number from 0 to 65535, not {port!r}")
        self._timeout = timeout
        self.host = host_name
        self._served: _Served | None = None
        if is_master:
            self._served = _share(host_name, port, master_listen_fd, multi_tenant)
            port = self._served.port
        self.port = port
        self._lock = threading.Lock()
        self._connection = _connect("127.0.0.1" if self._served else host_name, port, timeout)
        weakref.finalize(self, self._connection.close)
        if is_master and wait_for_workers and world_size:
            self._wait_for(world_size)

    libuvBackend = False

    def _wait_for(self, world_size: int) -> None:
        assert self._served is not None
        until = time.monotonic() + self._timeout.total_seconds()
        while self._served.came < world_size:
            if time.monotonic() > until:
                raise DistStoreError(
                    f"Timed out after {max(1, round(self._timeout.total_seconds()))} seconds waiting for clients. "
                    f"{self._served.came}/{world_size} clients joined."
                )
            time.sleep(0.005)

    def _do(self, operation: str, *parts: bytes) -> list[bytes]:
        with self._lock:
            try:
                _send(self._connection, [operation.encode(), *parts])
                status, *values = _receive(self._connection)
            except (OSError, EOFError, ValueError) as error:
                raise DistNetworkError(
                    f"The store at {self.host}:{self.port} was lost: {error or 'connection closed'}. "
                    "Did the remote server shutdown or crash?"
                ) from None
        if status != b"done":
            raise ValueError(values[0].decode(errors="replace"))
        return values

    def _wait(self, keys: Sequence[bytes], timeout: timedelta) -> bool:
        """In short pieces, so that other threads of this process get their turn."""
        until = time.monotonic() + timeout.total_seconds()
        piece = 0.0
        while True:
            left = until - time.monotonic()
            if self._do("wait", str(max(0.0, min(left, piece))).encode(), *keys) == [b"1"]:
                return True
            if left <= 0:
                return False
            piece = 0.5

    def clone(self) -> TCPStore:
        """Another connection to the same store."""
        return TCPStore(self.host, self.port, timeout=self._timeout)

    def __repr__(self) -> str:
        return f"TCPStore(host={self.host!r}, port={self.port}, is_master={self._served is not None})"


TCPStore.__module__ = __name__.rpartition(".")[0]


class _Served:
    """The table and the threads that answer for it, until the last store of this process that holds it is gone."""

    def __init__(self, host: str, port: int, descriptor: int | None) -> None:
        self.table = Table()
        self.came = 0
        if descriptor is not None:
            self.listening = socket.socket(fileno=descriptor)
        else:
            try:
                self.listening = socket.create_server(("127.0.0.1" if is_here_only(host) else "", port), backlog=2048)
            except OSError as error:
                raise DistNetworkError(
                    f"The server socket has failed to listen on any local network address. port: {port}, {error.strerror}"
                ) from None
        self.port = self.listening.getsockname()[1]
        _start(_accept, self.listening, weakref.ref(self), self.table)
        weakref.finalize(self, _close, self.listening)


_shared: weakref.WeakValueDictionary[int, _Served] = weakref.WeakValueDictionary()


def _share(host: str, port: int, descriptor: int | None, multi_tenant: bool) -> _Served:
    """The table behind a port: a new one, or, with ``multi_tenant``, the one that this process has there already."""
    served = _shared.get(port) if multi_tenant and port else None
    if served is None:
        served = _Served(host, port, descriptor)
        _shared[served.port] = served
    return served


def is_here_only(host: str) -> bool:
    """Whether a name is this machine's for itself alone."""
    return host in _LOCAL or host.startswith("127.")


def _accept(listening: socket.socket, owner: weakref.ref[_Served], table: Table) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        if owner() is None:
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _start(_serve, connection, owner, table)


def _serve(connection: socket.socket, owner: weakref.ref[_Served], table: Table) -> None:
    try:
        connection.settimeout(30)
        if _receive(connection) != [_GREETING]:
            return
        _send(connection, [_GREETING])
        connection.settimeout(None)
        served = owner()
        if served is not None:
            served.came += 1
            del served
        while True:
            operation, *parts = _receive(connection)
            try:
                if operation.decode() not in OPERATIONS:
                    raise ValueError("no such operation")
                answer = [b"done", *table.do(operation.decode(), *parts)]
            except (ValueError, TypeError) as error:
                answer = [b"error", str(error).encode()]
            _send(connection, answer)
    except (OSError, EOFError, ValueError):
        pass  # gone, or none of ours
    finally:
        connection.close()


def _connect(host: str, port: int, timeout: timedelta) -> socket.socket:
    """A connection to a store, which may not be there yet."""
    until = time.monotonic() + timeout.total_seconds()
    pause = 0.005
    while True:
        left = until - time.monotonic()
        try:
            connection = socket.create_connection((host, port), timeout=max(left, 0.01))
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _send(connection, [_GREETING])
                if _receive(connection) != [_GREETING]:
                    raise ValueError
                connection.settimeout(None)
                return connection
            except BaseException:
                connection.close()
                raise
        except (OSError, EOFError, ValueError) as error:
            if time.monotonic() + pause > until:
                if isinstance(error, ValueError):
                    raise DistNetworkError(f"What listens at {host}:{port} is not a store of Adjoint's.") from None
                raise DistNetworkError(
                    f"The client socket has timed out after {round(timeout.total_seconds() * 1000)}ms while trying to "
                    f"connect to ({host}, {port})."
                ) from None
        time.sleep(pause)
        pause = min(2 * pause, 0.2)


def _send(connection: socket.socket, parts: Sequence[bytes]) -> None:
    message = [struct.pack("<I", len(parts))]
    for part in parts:
        message += [struct.pack("<Q", len(part)), part]
    connection.sendall(b"".join(message))


def _receive(connection: socket.socket) -> list[bytes]:
    (count,) = struct.unpack("<I", _exactly(connection, 4))
    if count > 1 << 20:
        raise ValueError("not a message of a store")
    parts = []
    for _ in range(count):
        (length,) = struct.unpack("<Q", _exactly(connection, 8))
        if length > _LONGEST:
            raise ValueError("not a message of a store")
        parts.append(_exactly(connection, length))
    return parts


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(min(count - len(data), 1 << 20))
        if not more:
            raise EOFError("connection closed")
        data += more
    return bytes(data)


def _close(listening: socket.socket) -> None:
    try:
        listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
    except OSError:
        pass
    listening.close()


def _start(function: object, *args: object) -> None:
    threading.Thread(target=function, args=args, daemon=True, name="adjoint-store").start()  # type: ignore[arg-type]
