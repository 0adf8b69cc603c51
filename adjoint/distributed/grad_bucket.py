"""GradBucket: the gradients that a communication hook reduces."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor, from_array


class GradBucket:
    """What a communication hook is given: a bucket whose gradients of this process are complete, not yet divided."""

    def __init__(self, index: int, count: int, bucket: Any, buffer: Tensor) -> None:
        self._index = index
        self._last = index == count - 1
        self._bucket = bucket
        self._buffer = buffer

    def index(self) -> int:
        """Which bucket it is, in the order in which they are reduced."""
        return self._index

    def is_last(self) -> bool:
        """Whether it is the last to be reduced."""
        return self._last

    def buffer(self) -> Tensor:
        """All gradients as one tensor of one dimension."""
        return self._buffer

    def set_buffer(self, buffer: Tensor) -> None:
        """Have another tensor stand for the gradients."""
        self._buffer = buffer

    def gradients(self) -> list[Tensor]:
        """The gradients in their shapes, which share memory with :meth:`buffer`."""
        return [from_array(view) for view in self._bucket.views_of(self._buffer._array)]

    def parameters(self) -> list[Tensor]:
        """The parameters whose gradients these are."""
        return list(self._bucket.parameters)


GradBucket.__module__ = __name__.rpartition(".")[0]
