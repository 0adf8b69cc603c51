"""Into and out of a vmap: a tensor's dimension becomes the batch that operators do not see, and one again.

Both are recorded, so that gradients pass from samples to the tensor they were taken from and back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, record
from adjoint.autograd.taped import Taped
from adjoint.readings.batched import BatchedArray, Level, MissingRule, materialized, physical
from adjoint.tensor import NO_EDGE, Tensor, as_array, from_array


def batch(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """The tensor with its dimension ``dim`` as the batch of ``level``."""
    made = from_array(BatchedArray(_front(tensor._array, dim), level))
    made._writes = tensor._writes
    if mode.enabled and tensor._edge is not NO_EDGE:
        made._edge = record(BatchBackward0(), (edge_of(tensor),), extra=(level, dim))
    if tensor._tangents:
        made._tangents = {k: batch(t, level, dim) for k, t in tensor._tangents.items()}
    return made


def unbatch(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """The tensor with the batch of ``level`` as its dimension ``dim``; every sample's value where it has no batch."""
    array, batched = physical(tensor._array, level)
    made = from_array(_back(materialized(tensor._array, level), dim))
    if mode.enabled and tensor._edge is not NO_EDGE:
        made._edge = record(UnbatchBackward0(), (edge_of(tensor),), extra=(level, dim, batched))
    if tensor._tangents:
        made._tangents = {k: unbatch(t, level, dim) for k, t in tensor._tangents.items()}
    return made


def spread(tensor: Tensor, level: Level) -> Tensor:
    """A tensor that all samples share, once for each of them in a first dimension: what differs between their gradients
    stays apart."""
    made = unbatch(tensor, level, 0)
    if isinstance(made._edge, UnbatchBackward0):
        made._edge._extra = (level, 0, True)
    return made


def _front(array: Any, dim: int) -> Any:
    return array if dim == 0 else np.moveaxis(array, dim, 0)


def _back(array: Any, dim: int) -> Any:
    return array if dim == 0 else np.moveaxis(array, 0, dim)


class BatchBackward0(Node):
    """Gradients of samples become the gradient of the whole."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        level, dim = self._extra
        return (_back(materialized(g, level), dim),)

    def apply_taped(self, g: Any) -> Any:
        level, dim = self._extra
        return (Taped(unbatch(g.tensor, level, dim)),)


class UnbatchBackward0(Node):
    """The gradient of the whole becomes one for each sample, or, where all samples were the same, their sum."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        level, dim, batched = self._extra
        return (BatchedArray(_front(g, dim), level) if batched else g.sum(axis=dim),)

    def apply_taped(self, g: Any) -> Any:
        level, dim, batched = self._extra
        return (Taped(batch(g.tensor, level, dim)) if batched else np.sum(g, axis=dim),)


def settled(g: Any) -> Any:
    """A gradient that arrives outside of the vmaps it came through: summed over their samples."""
    while g.__class__ is BatchedArray and not g.level.active:
        g = g.array.sum(axis=0)
    if g.__class__ is Taped:
        array = g.tensor._array
        while array.__class__ is BatchedArray and not array.level.active:
            g = np.sum(Taped(unbatch(g.tensor, array.level, 0)), axis=0)  # type: ignore[call-overload]
            array = g.tensor._array
    return g


def sample_by_sample(node: Node, g: Any, taped: bool) -> Any:
    """Run a node whose formulas need a batching rule that is missing: once per sample."""
    level = _level_of(node, g)
    runs = []
    for i in range(level.size):
        one = object.__new__(type(node))
        one._edges, one._extra, one._hooks, one._order = node._edges, node._extra, None, node._order
        one.__dict__.update(node.__dict__)
        one._kept = _sample(node._kept, level, i)
        mine = _sample(g, level, i)
        try:
            runs.append(one.apply_taped(mine) if taped else one.apply(mine))
        except MissingRule:  # the samples are themselves batches, of a vmap further out
            runs.append(sample_by_sample(one, mine, taped))
    return tuple(None if parts[0] is None else _together(parts, level) for parts in zip(*runs))


def _together(parts: Any, level: Level) -> Any:
    if isinstance(parts[0], Taped):
        stacked: Any = np.stack(parts)
        return Taped(batch(stacked.tensor, level, 0))
    return BatchedArray(np.stack(parts), level)


def _level_of(node: Node, g: Any) -> Level:
    found: list[Level] = []

    def look(value: Any) -> None:
        if isinstance(value, (tuple, list)):
            for v in value:
                look(v)
        elif isinstance(value, BatchedArray):
            found.append(value.level)
        elif isinstance(value, Taped):
            look(value.tensor._array)
        elif value is not None and hasattr(value, "_array"):
            look(value._array)

    look(node._kept)
    look(g)
    return max(found, key=lambda level: level.number)


def _sample(value: Any, level: Level, i: int) -> Any:
    """Sample ``i`` of whatever has the batch."""
    if isinstance(value, (tuple, list)):
        return type(value)(_sample(v, level, i) for v in value)
    if isinstance(value, BatchedArray):
        return value.array[i] if value.level is level else value
    if isinstance(value, Taped):
        return Taped(_sample(value.tensor, level, i))
    if isinstance(value, Tensor) and isinstance(value._array, BatchedArray) and value._array.level is level:
        if mode.enabled and value._edge is not NO_EDGE:
            return unbatch(value, level, 0)[i]
        return from_array(as_array(value._array.array[i]))
    if isinstance(value, Tensor) and mode.enabled and value._edge is not NO_EDGE:
        return spread(value, level)[i]
    return value


