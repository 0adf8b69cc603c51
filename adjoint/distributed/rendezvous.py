"""Rendezvous: how processes that know nothing but an address find a store, their rank and how many they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlparse

from adjoint.distributed.constants import default_pg_timeout
from adjoint.distributed.file_store import FileStore
from adjoint.distributed.store import PrefixStore, Store
from adjoint.distributed.tcp_store import TCPStore

__all__ = ["register_rendezvous_handler", "rendezvous"]

Handler = Callable[..., Iterator[tuple[Store, int, int]]]

_handlers: dict[str, Handler] = {}


def register_rendezvous_handler(scheme: str, handler: Handler) -> None:
    """Say how a kind of address is understood: ``handler(url, timeout=...)`` yields a store, a rank and the number of processes.

    Raises RuntimeError if the kind is known already.
    """
    if scheme in _handlers:
        raise RuntimeError(f"Rendezvous handler for {scheme}:// already registered")
    _handlers[scheme] = handler


def rendezvous(url: str, rank: int = -1, world_size: int = -1, **kwargs: Any) -> Iterator[tuple[Store, int, int]]:
    """An iterator whose next is a store, this process' rank, and the number of processes.

    ``url`` is ``env://`` (the environment variables ``MASTER_ADDR``, ``MASTER_PORT``, ``RANK`` and ``WORLD_SIZE``),
    ``tcp://host:port`` or ``file:///path``; a rank and a number of processes that are given come before the address' own.

    Raises RuntimeError for another kind of address, ValueError where something is missing.
    """
    if not isinstance(url, (str, bytes)):
        raise RuntimeError(f"`url` must be a string. {type(url)}: {url}")
    if isinstance(rank, bool) or not isinstance(rank, int):
        raise RuntimeError(f"`rank` must be an integer. {rank}")
    if isinstance(world_size, bool) or not isinstance(world_size, int):
        raise RuntimeError(f"`world_size` must be an integer. {world_size}")
    given = {"rank": rank, "world_size": world_size}
    text = url if isinstance(url, str) else url.decode()
    parts = urlparse(text)
    query = dict(parse_qsl(parts.query))
    for name, value in given.items():
        if value != -1:
            query[name] = str(value)
    if parts.scheme not in _handlers:
        raise RuntimeError(f"No rendezvous handler for {parts.scheme}://")
    text = parts._replace(query="&".join(f"{name}={value}" for name, value in query.items())).geturl()
    return _handlers[parts.scheme](text, **kwargs)


def _numbers(url: str, scheme: str) -> tuple[int, int]:
    query = dict(parse_qsl(urlparse(url).query))
    for name, said in (("rank", "rank parameter"), ("world_size", "world size parameter")):
        if name not in query:
            raise ValueError(f"Error initializing torch.distributed using {scheme}:// rendezvous: {said} missing")
    return int(query["rank"]), int(query["world_size"])


def _by_file(url: str, **kwargs: Any) -> Iterator[tuple[Store, int, int]]:
    path = unquote(urlparse(url).path)
    if not path:
        raise ValueError("Error initializing torch.distributed using file:// rendezvous: path missing")
    rank, size = _numbers(url, "file")
    yield FileStore(path, size), rank, size
    raise RuntimeError("Unable to perform rerendezvous using file:// method")


def _by_tcp(url: str, timeout: timedelta = default_pg_timeout, **kwargs: Any) -> Iterator[tuple[Store, int, int]]:
    address = urlparse(url)
    if address.port is None:
        raise ValueError("Error initializing torch.distributed using tcp:// rendezvous: port number missing")
    rank, size = _numbers(url, "tcp")
    yield _met(address.hostname or "", address.port, rank, size, timeout), rank, size
    raise RuntimeError("Unable to perform re-rendezvous using tcp:// method")


def _by_environment(url: str, timeout: timedelta = default_pg_timeout, **kwargs: Any) -> Iterator[tuple[Store, int, int]]:
    query = dict(parse_qsl(urlparse(url).query))

    def known(name: str) -> str:
        value = os.environ.get(name)
        if not value:
            raise ValueError(
                f"Error initializing torch.distributed using env:// rendezvous: environment variable {name} expected, "
                "but not set"
            )
        return value

    rank = int(query["rank"] if "rank" in query else known("RANK"))
    size = int(query["world_size"] if "world_size" in query else known("WORLD_SIZE"))
    host, port = known("MASTER_ADDR"), int(known("MASTER_PORT"))
    yield _met(host, port, rank, size, timeout), rank, size
    raise RuntimeError("Unable to perform re-rendezvous using env:// method")


def _met(host: str, port: int, rank: int, size: int, timeout: timedelta) -> Store:
    """The store that rank 0 keeps.

    Where a launcher keeps one of its own at that address (``TORCHELASTIC_USE_AGENT_STORE``: PyTorch's, with its own protocol),
    ours is at the next free port, and known by the run's name.
    """
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        return _beside(host, port, rank, size, timeout)
    return TCPStore(host, port, size, rank == 0, timeout, wait_for_workers=False, multi_tenant=True)


def _beside(host: str, port: int, rank: int, size: int, timeout: timedelta) -> Store:
    """Ports above the launcher's, tried one after the other until the store of this run is found."""
    import time

    from adjoint.distributed.errors import DistNetworkError

    run = ".".join(os.environ.get(name, "") for name in ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"))
    attempts = [p for p in range(port + 1, port + 33) if p < 65536]
    until = time.monotonic() + timeout.total_seconds()
    while True:
        for candidate in attempts:
            try:
                store = TCPStore(
                    host, candidate, size, rank == 0, timeout if rank == 0 else timedelta(seconds=0.3),
                    wait_for_workers=False, multi_tenant=True,
                )  # fmt: skip
                if rank == 0:
                    store.set("run", run)
                elif not store.check(["run"]) or store.get("run") != run.encode():
                    continue
            except DistNetworkError:
                continue
            store.set_timeout(timeout)
            return PrefixStore(run, store)
        if rank == 0 or time.monotonic() > until:
            raise DistNetworkError(f"No store of run {run!r} was found beside the launcher's, {host}:{port}.")
        time.sleep(0.05)


register_rendezvous_handler("tcp", _by_tcp)
register_rendezvous_handler("env", _by_environment)
register_rendezvous_handler("file", _by_file)
