"""PMI: what makes one MPI world of processes that no ``mpiexec`` started.

A process that MPICH (or an MPI of its family: Intel MPI, MVAPICH, Cray MPICH) finds with ``PMI_PORT`` and ``PMI_ID`` in its
environment connects there while it starts, and asks in lines of text, ``cmd=put kvsname=w key=addr-0 value=...``, who it is,
how many there are, and how the others are reached: PMI-1, the process managers' old and simple protocol. This file is that
manager. Rank 0 runs it as a program of its own, since a process that waits in ``MPI_Init`` cannot answer others; it ends when
all of them are gone.

Nothing of Adjoint is imported here: the program has to be there at once.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from collections.abc import Sequence

SPACE = "world"
LIMITS = {"kvsname_max": 64, "keylen_max": 64, "vallen_max": 4096}


class Server:
    """The manager of one world of ``len(identities)`` processes.

    ``identities`` are the numbers by which the processes introduce themselves, in the order of their ranks; whoever does not
    know one is not let in. ``machines`` says of each rank which machine it is on, as numbers from zero.
    """

    def __init__(self, listening: socket.socket, identities: Sequence[int], machines: Sequence[int]) -> None:
        self.listening = listening
        self.ranks = {identity: rank for rank, identity in enumerate(identities)}
        self.size = len(identities)
        self.values = {"PMI_process_mapping": mapping(machines)}
        self.members: dict[socket.socket, int] = {}
        self.rests: dict[socket.socket, bytes] = {}
        self.waiting: list[socket.socket] = []
        self.came = 0
        self.chosen = selectors.DefaultSelector()
        self.chosen.register(listening, selectors.EVENT_READ)

    def run(self, patience: float) -> None:
        """Answer until all processes came and went, or do not come for ``patience`` seconds, or the parent is gone."""
        parent, until = os.getppid(), time.monotonic() + patience
        while self.came < self.size or self.members:
            for key, _ in self.chosen.select(timeout=1.0):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if connection is self.listening:
                    self._accept()
                else:
                    self._read(connection)
            if self.came < self.size and (time.monotonic() > until or os.getppid() != parent):
                return

    def _accept(self) -> None:
        connection, _ = self.listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rests[connection] = b""
        self.chosen.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        *lines, rest = (self.rests[connection] + data).split(b"\n")
        self.rests[connection] = rest
        try:
            for line in lines:
                self._answer(connection, dict(part.partition("=")[::2] for part in line.decode().split()))
            if not data or len(rest) > 65536:
                raise ConnectionError
        except (OSError, KeyError, ValueError):  # gone, or none of ours
            self.chosen.unregister(connection)
            self.rests.pop(connection, None)
            self.members.pop(connection, None)
            connection.close()

    def _answer(self, connection: socket.socket, asked: dict[str, str]) -> None:
        command = asked["cmd"]
        if connection not in self.members:
            if command != "initack":
                raise ValueError(command)
            self.members[connection] = rank = self.ranks.pop(int(asked["pmiid"]))
            self.came += 1
            _say(connection, "initack", rc=0)
            for name, value in (("size", self.size), ("rank", rank), ("debug", 0)):
                _say(connection, "set", **{name: value})
        elif command == "barrier_in":
            self.waiting.append(connection)
            if len(self.waiting) == self.size:
                for member in self.waiting:
                    _say(member, "barrier_out", rc=0, msg="success")
                self.waiting = []
        elif command == "put":
            self.values[asked["key"]] = asked["value"]
            _say(connection, "put_result", rc=0, msg="success")
        elif command == "get":
            found = self.values.get(asked["key"])
            if found is None:
                _say(connection, "get_result", rc=-1, msg=f"key_{asked['key']}_not_found", value="unknown")
            else:
                _say(connection, "get_result", rc=0, msg="success", value=found)
        elif command == "init":
            _say(connection, "response_to_init", pmi_version=1, pmi_subversion=1, rc=0)
        elif command == "get_maxes":
            _say(connection, "maxes", **LIMITS, rc=0)
        elif command == "get_appnum":
            _say(connection, "appnum", appnum=0, rc=0)
        elif command == "get_my_kvsname":
            _say(connection, "my_kvsname", kvsname=SPACE, rc=0)
        elif command == "get_universe_size":
            _say(connection, "universe_size", size=self.size, rc=0)
        elif command == "finalize":
            _say(connection, "finalize_ack", rc=0)
        elif command == "abort":
            raise ConnectionError
        else:  # publishing of names, spawning
            _say(connection, f"{command}_result", rc=-1, msg="not_supported")


def mapping(machines: Sequence[int]) -> str:
    """Which ranks share a machine, and so memory: ``(vector,(machine,1,ranks),...)``.

    >>> mapping([0, 0, 1])
    '(vector,(0,1,2),(1,1,1))'
    """
    blocks: list[list[int]] = []
    for machine in machines:
        if blocks and blocks[-1][0] == machine:
            blocks[-1][1] += 1
        else:
            blocks.append([machine, 1])
    return "(vector," + ",".join(f"({machine},1,{count})" for machine, count in blocks) + ")"


def _say(connection: socket.socket, command: str, **values: object) -> None:
    words = [f"cmd={command}", *(f"{name}={value}" for name, value in values.items())]
    connection.sendall(" ".join(words).encode() + b"\n")


def main() -> None:
    """``pmi.py ADDRESS PATIENCE``, with a line of identities and one of machines on standard input: prints its port and serves."""
    address, patience = sys.argv[1], float(sys.argv[2])
    identities, machines = ([int(word) for word in sys.stdin.readline().split()] for _ in range(2))
    listening = socket.create_server((address, 0), backlog=len(identities))
    print(listening.getsockname()[1], flush=True)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # whoever reads what the ranks write must not wait for this program as well
        os.dup2(null, stream)
    Server(listening, identities, machines).run(patience)


if __name__ == "__main__":
    main()
