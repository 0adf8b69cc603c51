"""The registry of workloads and peers.

A workload is a function that is handed a peer's ``torch`` module, prepares what it needs, and returns the function to
be timed::

    @workload(at_least=2.0)
    def tiny_mean(torch):
        x = torch.ones(3, requires_grad=True)
        return lambda: (x + 2).mean().backward()

A new workload is such a function in a file of :mod:`bench.workloads`; a new peer is a line in :data:`PEERS`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

THREADS = 2

PEERS = {"adjoint": "adjoint", "torch": "torch"}
"""Name -> the module that is the peer's ``torch``.  The first one is compared with each of the others."""


@dataclass(frozen=True)
class Workload:
    """One workload and how it is measured."""

    name: str
    function: Callable[..., Any]
    kind: str  # "step": the returned function is timed; "process": a fresh process is; "sizes": one per size
    at_least: float | None  # how many times PyTorch's speed is asked for
    sizes: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or self.name).strip().splitlines()[0]


WORKLOADS: dict[str, Workload] = {}


def workload(
    *, kind: str = "step", at_least: float | None = None, sizes: tuple[int, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a workload under its function's name (a decorator)."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        assert name not in WORKLOADS, f"workload {name} is registered twice"
        WORKLOADS[name] = Workload(name, function, kind, at_least, sizes)
        return function

    return register


def load_workloads() -> dict[str, Workload]:
    """All workloads, after their files were imported."""
    from bench import workloads

    for module in pkgutil.iter_modules(workloads.__path__):
        importlib.import_module(f"bench.workloads.{module.name}")
    return WORKLOADS


def load_peer(name: str) -> Any:
    """A peer's module, with its number of threads set and its generator seeded."""
    torch = importlib.import_module(PEERS[name])
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    return torch
