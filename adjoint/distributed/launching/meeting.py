"""Where the processes of one run meet: the nodes' numbers, and the address and port of rank 0."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any

from adjoint.distributed.launching.environment import DEFAULT_PORT


@dataclass
class Meeting:
    """What a node has to know of the run; ``store`` has to live as long as the run does."""

    node: int
    nodes: int
    address: str
    port: int
    run_id: str
    store: Any = None


def alone(run_id: str) -> Meeting:
    """A run of one node, with a free port."""
    return Meeting(0, 1, "127.0.0.1", free_port(), run_id)


def static(node: int, nodes: int, address: str, port: int | None, run_id: str) -> Meeting:
    """A run whose nodes were all told where the first is; raises ValueError where they were not."""
    if not 0 <= node < nodes:
        raise ValueError(f"--node-rank={node}: there are {nodes} nodes, 0 to {nodes - 1}")
    if nodes == 1 and port is None:
        return Meeting(0, 1, address, free_port(), run_id)
    return Meeting(node, nodes, address, port or DEFAULT_PORT, run_id)


def by_store(nodes: int, endpoint: str, run_id: str) -> Meeting:
    """A run whose nodes meet at ``host:port``, and are numbered as they come; raises ValueError for another endpoint."""
    host, colon, port = endpoint.rpartition(":")
    if not colon:
        host, port = endpoint, str(DEFAULT_PORT)
    if not host or not port.isdigit():
        raise ValueError(f"--rdzv-endpoint={endpoint}: <host>:<port> is expected")
    if nodes == 1:
        return alone(run_id)
    from adjoint.distributed.tcp_store import TCPStore

    store = TCPStore(host, int(port), None, is_master=_is_here(host) and _is_free(int(port)), wait_for_workers=False)
    node = store.add(f"{run_id}/nodes", 1) - 1
    if node >= nodes:
        raise ValueError(f"a run {run_id!r} of {nodes} nodes has begun at {endpoint}: give another --rdzv-id")
    if node == 0:
        store.set(f"{run_id}/rank 0", f"{host if _is_here(host) else socket.getfqdn()}:{free_port('')}")
    address, _, own_port = store.get(f"{run_id}/rank 0").decode().rpartition(":")
    return Meeting(node, nodes, address, int(own_port), run_id, store)


def run_id(given: str) -> str:
    """The id of a run that was given none."""
    return given if given != "none" else str(os.getpid())


def free_port(address: str = "127.0.0.1") -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address, 0))
        return int(found.getsockname()[1])


def _is_here(host: str) -> bool:
    """Whether this machine answers to that name."""
    try:
        with socket.socket() as own:
            own.bind((socket.gethostbyname(host), 0))
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    try:
        with socket.socket() as own:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            own.bind(("", port))
    except OSError:
        return False
    return True
