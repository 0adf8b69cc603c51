"""Strategies: how processes are told where a tensor lies.

Memory has no name with either of PyTorch's two: a descriptor is sent.  ``file_system``, to which programs turn that run out
of open files, lets this process open as many as it may.
"""

from __future__ import annotations

from adjoint.interop.segments import many_files

_STRATEGIES = {"file_descriptor", "file_system"}
_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The names that :func:`set_sharing_strategy` takes.

    >>> import adjoint as torch
    >>> sorted(torch.multiprocessing.get_all_sharing_strategies())
    ['file_descriptor', 'file_system']
    """
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """The strategy that was set; "file_descriptor" at first."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Set how tensors are shared: "file_descriptor", or "file_system", for programs that share very many at once.

    With both, a shared tensor costs an open file; with "file_system" this process's limit of them is raised to the most
    that the system allows it.  Raises AssertionError for another name.
    """
    global _strategy
    assert new_strategy in _STRATEGIES
    if new_strategy == "file_system":
        many_files()
    _strategy = new_strategy
