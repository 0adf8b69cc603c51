"""The life and death of ranks: who waits for a rank that is gone is told so, and does not wait for ever.

MPI has no word for it: a message from a rank whose process was killed just never comes, and ``MPI_Finalize`` waits for all. So
each rank holds a TCP connection to rank 0 that carries news and nothing else, whoever started the processes:

=========  ==========================================================================================================
``died``   A rank failed (an error that nobody caught, a non-zero exit status), or its connection broke without a word:
           killed, or crashed. Collectives with it fail at once, and a rank that calls none is ended after a while, as a
           launcher would do.
``left``   A rank's program ended, or it called ``destroy_process_group``. What it had sent still arrives, so only a
           collective that has not come to an end some seconds later fails.
``here``   It began again.
=========  ==========================================================================================================

At the end of a program a rank stays until all have left, since MPI has to carry what they still send each other, and then has
MPI finalize; where a rank died it does not.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from adjoint.distributed import uncaught
from adjoint.distributed.errors import DistBackendError
from adjoint.threads import share_cores

PATIENCE = 5.0
"""Seconds: how long a collective may still take after a rank of it left, and how long a rank may live after one died."""

_LINGER = 3.0
"""Seconds that a rank which came to its end well stays when another died: the exit status of a launcher of MPI is that of the
first process that ends without having finalized, which had better be one that failed.  Most launchers end this one meanwhile."""

news = False
"""Whether anything was heard of a rank that is gone: what waits reads this, and asks :func:`error_for` only then."""

before_finalize: list[Callable[[], None]] = []
"""Called when all have left, before MPI finalizes: what still calls MPI stops here."""


class RankGone(DistBackendError):
    """A collective cannot come to an end: a rank that has to take part is gone.

    ``died``: that rank failed, and what happened there is what has to be looked at; otherwise it came to its end as if all
    were well.
    """

    died = False


RankGone.__module__ = __name__.rpartition(".")[0]  # where users look for errors of torch.distributed


def join(control: Any) -> None:
    """Begin to watch over the processes of a communicator, which is all of them; collective.

    ``control`` is an ``mpi4py.MPI.Comm``; nothing else may be under way on it. Called again, after :func:`leave`, it says that
    this rank is back.
    """
    global _watch
    if _watch is None:
        _watch = _Watch(control)
        uncaught.install(_watch.rank)
        _at_exit(_end)
    elif _watch.rank in _watch.left:
        _watch.tell({"kind": "here", "rank": _watch.rank})


def leave() -> None:
    """Say that this rank takes no further part; nothing happens where it has said so, or nobody listens."""
    if _watch is not None and _watch.rank not in _watch.left:
        _watch.tell({"kind": "left", "rank": _watch.rank})


def fail(reason: str) -> None:
    """Say that this rank ends with an error, in a few words."""
    if _watch is not None and _watch.rank not in _watch.died and os.getpid() == _watch.process:
        _watch.tell({"kind": "died", "rank": _watch.rank, "reason": reason})


def error_for(ranks: Iterable[int], started: float) -> RankGone | None:
    """The error of a collective of these ranks (of the world), issued at ``started`` (of ``time.monotonic``); None while it
    may still come to an end."""
    if _watch is None:
        return None
    ranks = set(ranks) - {_watch.rank}
    for rank, reason in list(_watch.died.items()):  # the first to die first: the others may have died of it
        if rank in ranks:
            _watch.noticed = True
            error = RankGone(f"rank {rank} is gone: {reason or 'its process was killed, or crashed'}")
            error.died = True
            return error
    now = time.monotonic()
    for rank in ranks:
        heard = _watch.left.get(rank)
        if heard is not None and now - max(heard, started) > PATIENCE:
            return RankGone(
                f"rank {rank} takes no part in this: its program came to its end, or called destroy_process_group(), "
                f"{now - heard:.0f} seconds ago. All ranks have to call the same collectives"
            )
    return None


class _Watch:
    """What this rank knows of the others; on rank 0 also the place where all connections end."""

    def __init__(self, control: Any) -> None:
        from mpi4py import MPI

        self.control = control
        self.rank, self.size = control.Get_rank(), control.Get_size()
        self.process = os.getpid()
        self.left: dict[int, float] = {}
        self.died: dict[int, str] = {}
        self.noticed = False
        self.lock = threading.RLock()
        self.peers: dict[int, socket.socket] = {}
        near = control.Split_type(MPI.COMM_TYPE_SHARED)
        one_machine = near.Get_size() == self.size
        if near.Get_rank() == 0:
            _unlink_shared_memory()
        share_cores(near.Get_size())  # where no launcher said how many they are: multiprocessing's, say
        near.Free()
        listening, where = self._listen(one_machine) if self.rank == 0 else (None, None)
        where = control.bcast(where, root=0)
        if self.size > 1:
            if listening is not None:
                self._start(self._serve, listening, where["token"])
            else:
                connection = _connect(where, self.rank)
                if connection is not None:
                    self.peers[0] = connection
                    self._start(self._hear, connection)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def tell(self, message: dict[str, Any]) -> None:
        """Say something to all."""
        self._note(message)
        self._pass_on(message, but=self.rank)

    def _note(self, message: dict[str, Any]) -> None:
        global news
        rank, kind = message["rank"], message["kind"]
        if kind == "here":
            self.left.pop(rank, None)
        elif kind == "left":
            self.left[rank] = time.monotonic()
        elif rank not in self.died:
            self.died[rank] = message.get("reason", "")
            if rank not in self.left and rank != self.rank:
                threading.Thread(target=self._end_soon, daemon=True).start()
        news = bool(self.left or self.died)

    def _pass_on(self, message: dict[str, Any], but: int) -> None:
        line = json.dumps(message).encode() + b"\n"
        with self.lock:
            for rank, connection in list(self.peers.items()):
                if rank != but:
                    try:
                        connection.sendall(line)
                    except OSError:
                        pass  # its end is seen where it is read

    def _end_soon(self) -> None:
        """A rank that sleeps or computes after another died would never know: no launcher may be there to end it."""
        time.sleep(PATIENCE)
        if not self.noticed and self.rank not in self.died and self.rank not in self.left:
            os.kill(os.getpid(), signal.SIGTERM)

    def _hear(self, connection: socket.socket) -> None:
        try:
            for line in connection.makefile("rb"):
                self._note(json.loads(line))
        except OSError:
            pass
        self._note({"kind": "died", "rank": 0})

    def _listen(self, one_machine: bool) -> tuple[socket.socket, dict[str, Any]]:
        """A socket for the others, and where it is; what is not meant for other machines is not open to them."""
        own = "127.0.0.1"
        listening = socket.create_server((own if one_machine else "", 0), backlog=self.size)
        names = [own] if one_machine else [os.environ.get("MASTER_ADDR", ""), socket.gethostname(), socket.getfqdn()]
        names = [name for name in dict.fromkeys(names) if name and (one_machine or name not in (own, "localhost"))]
        return listening, {"names": names, "port": listening.getsockname()[1], "token": secrets.token_hex(16)}

    def _serve(self, listening: socket.socket, token: str) -> None:
        """Rank 0: accept the others and pass on what each says; a connection's end is news too."""
        chosen = selectors.DefaultSelector()
        chosen.register(listening, selectors.EVENT_READ)
        rests: dict[socket.socket, bytes] = {}
        ranks: dict[socket.socket, int] = {}
        while True:
            for key, _ in chosen.select():
                connection: Any = key.fileobj
                if connection is listening:
                    accepted, _ = listening.accept()
                    chosen.register(accepted, selectors.EVENT_READ)
                    rests[accepted] = b""
                    continue
                try:
                    data = connection.recv(65536)
                except OSError:
                    data = b""
                *lines, rests[connection] = (rests[connection] + data).split(b"\n")
                for line in lines:
                    message = _read(line)
                    if connection not in ranks:
                        if message.get("token") != token:
                            data = b""  # not one of ours
                            break
                        ranks[connection] = message["rank"]
                        with self.lock:
                            self.peers[message["rank"]] = connection
                            for known in self._state():
                                connection.sendall(json.dumps(known).encode() + b"\n")
                        continue
                    self._note(message)
                    self._pass_on(message, but=ranks[connection])
                if not data:
                    chosen.unregister(connection)
                    rank = ranks.get(connection)
                    if rank is not None:
                        with self.lock:
                            self.peers.pop(rank, None)
                        if rank not in self.died:
                            gone = {"kind": "died", "rank": rank}
                            self._note(gone)
                            self._pass_on(gone, but=rank)
                    connection.close()

    def _state(self) -> list[dict[str, Any]]:
        """What one who comes late has to hear."""
        return [{"kind": "left", "rank": rank} for rank in list(self.left)] + [
            {"kind": "died", "rank": rank, "reason": reason} for rank, reason in list(self.died.items())
        ]

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        threading.Thread(target=target, args=args, daemon=True, name="adjoint-ranks").start()

    def _forget(self) -> None:
        """In a forked process: the connection is the rank's, and must end with it."""
        for connection in self.peers.values():
            connection.close()
        self.peers = {}

    def all_left_with_help(self) -> bool:
        """Whether all have left; what they still receive from this rank is carried on meanwhile."""
        self.control.Iprobe()
        return len(self.left) == self.size


_watch: _Watch | None = None


def _read(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _connect(where: dict[str, Any], rank: int) -> socket.socket | None:
    """The connection to rank 0; None where none can be made: launchers still end what they started."""
    for name in where["names"]:
        try:
            connection = socket.create_connection((name, where["port"]), timeout=PATIENCE)
            connection.sendall(json.dumps({"token": where["token"], "rank": rank}).encode() + b"\n")
        except OSError:
            continue
        connection.settimeout(None)
        return connection
    return None


def _unlink_shared_memory() -> None:
    """MPICH unlinks the file of the memory that its processes share when it finalizes, and so not if a rank is killed; now
    that all have mapped it, nobody needs its name."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = {line.split()[-1] for line in maps if "/dev/shm/mpich_shm_" in line}
    except OSError:  # not Linux
        return
    for path in mapped:
        try:
            os.unlink(path)
        except OSError:
            pass


def _at_exit(function: Callable[[], None]) -> None:
    """Have it called at the end of this process, also of one that ``multiprocessing`` started, which runs no ``atexit``."""
    import multiprocessing
    from multiprocessing import util

    if multiprocessing.parent_process() is None:
        atexit.register(function)
    else:
        util.Finalize(None, function, exitpriority=0)


def _end() -> None:
    """The end of this process: say so, and stay while the others need this rank's help."""
    watch = _watch
    if watch is None or os.getpid() != watch.process:
        return
    error = sys.exc_info()[1]  # a process of multiprocessing ends in the `finally` of what it ran
    if error is not None and not (isinstance(error, SystemExit) and not error.code):
        fail(f"{type(error).__name__}: {error}")
    if watch.rank in watch.died:
        return
    leave()
    try:
        if not _waited(watch, watch.all_left_with_help):
            return
        # The interpreter stands still while MPI finalizes: no rank does before all have heard that all have left, since the
        # news may have to pass through it.
        all_know = watch.control.Ibarrier()
        if not _waited(watch, all_know.Test):
            return
    except KeyboardInterrupt:
        return
    for stop in before_finalize:
        stop()
    from mpi4py import MPI

    if not MPI.Is_finalized():
        MPI.Finalize()


def _waited(watch: _Watch, done: Callable[[], bool]) -> bool:
    """Ask until it is done; False if a rank died meanwhile."""
    pause = 1e-4
    while not done():
        if watch.died:
            time.sleep(_LINGER)
            return False
        time.sleep(pause)
        pause = min(1.5 * pause, 0.02)
    return True
