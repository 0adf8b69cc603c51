"""Versions set by hand: how many writes there were is what the user says, where he knows that no value changed."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.autograd.grad_mode import _ContextDecorator
from adjoint.interrupts import at_once
from adjoint.tensor import Tensor, Writes, tick, writes_of


def set_version_counters(tensors: Sequence[Tensor], versions: Sequence[int]) -> None:
    """Have each tensor's version be a given one.  Graphs that saved one of them take it for unchanged since.

    Raises RuntimeError for a version below 0, or another number of them.
    """
    if len(tensors) != len(versions):
        raise RuntimeError(f"tensors_len={len(tensors)}, versions_len={len(versions)}")
    for tensor, version in zip(tensors, versions):
        if version < 0:
            raise RuntimeError(f"Cannot set a version_counter to a value below 0: {version}")
        _set(writes_of(tensor), version)


def _set(writes: Writes, version: int) -> None:
    """Have the count be a version: what is out of date now looks at it again, and finds that it is, or is not."""
    writes.stamp = stamp = tick()
    writes.said = [*(writes.said or ()), (stamp, version - writes.count)][-256:]
    writes.count = version


class _unsafe_preserve_version_counter(_ContextDecorator):
    """A context at whose end tensors have the versions that they had when it was made, whatever was written to them.

    Gradients are silently wrong if a graph saved what was written.

    >>> import adjoint as torch
    >>> x = torch.ones(2)
    >>> with torch.autograd._unsafe_preserve_version_counter(x):
    ...     _ = x.add_(1)
    >>> x._version
    0
    """

    def __init__(self, tensors: Tensor | tuple[Tensor, ...]) -> None:
        self.tensors = (tensors,) if isinstance(tensors, Tensor) else tensors
        if not isinstance(self.tensors, tuple):
            raise AssertionError("Expected tensors to be a tuple")
        self.prev_versions = tuple(t._version for t in self.tensors)

    def _again(self) -> _unsafe_preserve_version_counter:
        return _unsafe_preserve_version_counter(self.tensors)

    def __enter__(self) -> None: ...

    @at_once
    def __exit__(self, *exc: object) -> None:
        set_version_counters(self.tensors, self.prev_versions)
