"""The registry of workloads, groups and peers.

A workload is a function that is handed a peer's ``torch`` module, prepares what it needs, and returns the function to
be timed::

    @workload(at_least=2.0)
    def tiny_mean(torch):
        x = torch.ones(3, requires_grad=True)
        return lambda: (x + 2).mean().backward()

A new workload is such a function in a file of :mod:`bench.workloads`; a new peer is a line in :data:`PEERS`.  Workloads
that differ in a shape or an operator are registered in a loop, under the names and titles given, as a group.
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
    """One workload, how it is measured, and what is asked of it."""

    name: str
    function: Callable[..., Any]
    kind: str  # "step": the returned function is timed; "process": a fresh process is; "sizes": one per size
    title: str
    at_least: float | None = None  # how many times PyTorch's speed is asked for
    sizes: tuple[int, ...] = ()
    group: str | None = None
    flops: float | None = None  # floating-point operations of a call, a multiply-add being two
    moved: float | None = None  # bytes that a call has to read and write, if every operator runs by itself
    memory_at_most: float | None = None  # how many times PyTorch's memory may be taken


@dataclass(frozen=True)
class Group:
    """Workloads of one kind, judged by the geometric mean of their ratios too."""

    name: str
    title: str
    mean_at_least: float


WORKLOADS: dict[str, Workload] = {}
GROUPS: dict[str, Group] = {}


def workload(
    *, name: str | None = None, kind: str = "step", title: str | None = None, **asked: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a workload (a decorator).

    Without a name and a title they are the function's name and the first line of its docstring.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        key = name or function.__name__
        assert key not in WORKLOADS and key not in GROUPS, f"{key} is registered twice"
        entry = Workload(key, function, kind, title or _first_line(function) or key, **asked)
        assert entry.group is None or entry.group in GROUPS, f"there is no group {entry.group}"
        WORKLOADS[key] = entry
        return function

    return register


def group(name: str, title: str, mean_at_least: float) -> str:
    """Register a group, before its workloads, and return its name."""
    assert name not in WORKLOADS and name not in GROUPS, f"{name} is registered twice"
    GROUPS[name] = Group(name, title, mean_at_least)
    return name


def members(name: str) -> list[str]:
    """The names of a group's workloads; of a workload its own."""
    return [name] if name in WORKLOADS else [each for each, entry in WORKLOADS.items() if entry.group == name]


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


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
