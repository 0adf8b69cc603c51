"""Into and out of a vmap: a tensor's dimension becomes the batch that operators do not see, and one again.

Both are recorded, so that gradients pass from samples to the tensor they were taken from and back.

What a vmap's samples share, a tensor from outside for one, gets the sum of their gradients.  They are summed where a
gradient leaves the samples: on its way from a node that tells them apart to one that does not.  So all that is added up
at a node is of one kind, wherever it came from: another vmap, chunks of one, or no vmap at all.  While a vmap is being
computed nothing is summed over its samples, for a derivative that is taken inside of it is each sample's own.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, Output, record
from adjoint.autograd.taped import Taped
from adjoint.readings.batched import (
    BatchedArray,
    Level,
    MissingRule,
    current_levels,
    into_batch,
    levels_of,
    out_of_batch,
    summed,
)
from adjoint.readings.meta import without_memory, zeros_for
from adjoint.tensor import NO_EDGE, Sink, Tensor, as_array, from_array

ways_in: set[Any] = set()
"""The nodes at which gradients become gradients of samples: weak references that take themselves out.  While there are
none, nobody has to look whether a gradient leaves a vmap."""


def batch(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """The tensor with its dimension ``dim`` as the batch of ``level``."""
    made = from_array(into_batch(tensor._array, level, dim))
    made._writes = tensor._writes
    if mode.enabled and tensor._edge is not NO_EDGE:
        made._edge = record(BatchBackward0(), (edge_of(tensor),), extra=(level, dim))
        note_shared(made)
    if tensor._tangents:
        made._tangents = {k: batch(t, level, dim) for k, t in tensor._tangents.items()}
    return made


def unbatch(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """The tensor with the batch of ``level`` as its dimension ``dim``; every sample's value where it has no batch."""
    made = from_array(out_of_batch(tensor._array, level, dim))
    if mode.enabled and tensor._edge is not NO_EDGE:
        node = made._edge = record(UnbatchBackward0(), (edge_of(tensor),), extra=(level, dim))
        ways_in.add(weakref.ref(node, ways_in.discard))
        note_shared(made)
    if tensor._tangents:
        made._tangents = {k: unbatch(t, level, dim) for k, t in tensor._tangents.items()}
    return made


def in_batches_of(tensor: Tensor, array: Any, part: Tensor | None = None) -> Tensor:
    """The tensor once for each sample of the batches that ``array`` has and it has not; samples may share memory.

    ``part``: the part of it that the array is to be written into, which may have some of these batches.
    """
    own = levels_of((tensor if part is None else part)._array)
    for level in levels_of(array):
        if level not in own:
            tensor = batch(unbatch(tensor, level, 0), level, 0)
    return tensor


class BatchBackward0(Node):
    """Gradients of samples become the gradient of the whole."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return (out_of_batch(g, *self._extra),)

    def apply_taped(self, g: Any) -> Any:
        return (Taped(unbatch(g.tensor, *self._extra)),)


class UnbatchBackward0(Node):
    """The gradient of the whole becomes one for each sample."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return (into_batch(g, *self._extra),)

    def apply_taped(self, g: Any) -> Any:
        return (Taped(batch(g.tensor, *self._extra)),)


def note_shared(tensor: Tensor) -> None:
    """Note at the node of a tensor that was made just now which of the vmaps around it do not tell its samples apart."""
    levels = current_levels()
    if levels:
        of_samples = levels_of(tensor._array)
        for level in levels:
            if level not in of_samples:
                note_shared_in(tensor, level)


def note_shared_in(tensor: Tensor, level: Level) -> None:
    """Note at the node of a tensor without the batch of a vmap, made inside of it, that the samples share it."""
    edge = tensor._edge
    node = edge.node if isinstance(edge, Output) else edge
    if isinstance(node, Node) and node._order < level.birth and level not in node._shared:
        node._shared = (*node._shared, level)


def _is_shared(sink: Sink, level: Level) -> bool:
    """Whether a vmap's samples share the tensor whose gradient flows there."""
    node: Any = sink.node if isinstance(sink, Output) else sink
    if node.__class__ is AccumulateGrad:  # which is recorded whenever the leaf is first used
        return level not in levels_of(node.variable._array)
    return node._order > level.birth or level in node._shared


def brought_out(edges: Any, grads: Any) -> Any:
    """A node's gradients, each as its edge's target takes it: summed over the samples that share this, of every vmap that
    is over."""
    found: Any = None
    for i, g in enumerate(grads):
        taped = g.__class__ is Taped
        array = g.tensor._array if taped else g
        if array.__class__ is not BatchedArray:
            continue
        for level in levels_of(array):
            if level.active or edges[i] is NO_EDGE or not _is_shared(edges[i], level):
                continue
            g = np.sum(Taped(unbatch(g.tensor, level, 0)), axis=0) if taped else summed(g, level)  # type: ignore[call-overload]
            if found is None:
                found = list(grads)
            found[i] = g
    return grads if found is None else found


def sample_by_sample(node: Node, g: Any, taped: bool) -> Any:
    """Run a node whose formulas need a rule that is missing: a batching rule, once per sample; of arrays without memory, with
    zeros in their place."""
    level = _level_of(node, g)
    if level is None:
        return _of_zeros(node, g)
    runs = []
    for i in range(level.size):
        one = sample_of(node, level, i)
        mine = sample_of(g, level, i)
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


def _level_of(node: Node, g: Any) -> Level | None:
    found: list[Level] = []

    def look(value: Any) -> None:
        if isinstance(value, (tuple, list)):
            for v in value:
                look(v)
        elif isinstance(value, BatchedArray):
            found.append(value.level)
        elif isinstance(value, Taped):
            look(value.tensor)
        elif isinstance(value, Node):
            look(value._kept)
        elif value is not None and hasattr(value, "_array"):
            look(value._array)
            look(tuple((value._tangents or {}).values()))

    look(node._kept)
    look(g)
    return max(found, key=lambda level: level.number, default=None)


def _of_zeros(node: Node, g: Any) -> Any:
    def zeros(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(zeros(v) for v in value)
        return from_array(zeros_for(value._array)) if isinstance(value, Tensor) else zeros_for(value)

    one = _another(node, zeros(node._kept))
    one._extra = zeros(node._extra)
    return without_memory(one.apply(zeros_for(g)))


def _another(node: Node, kept: Any) -> Any:
    """A node like this one, without its hooks, that has saved other things."""
    one = object.__new__(type(node))
    for cls in type(node).__mro__:
        for name in getattr(cls, "__slots__", ()):
            if name[:2] != "__" and hasattr(node, name):
                setattr(one, name, getattr(node, name))
    one.__dict__.update(node.__dict__)
    one._hooks = None
    one._kept = kept
    return one


def sample_of(value: Any, level: Level, i: int) -> Any:
    """Sample ``i`` of whatever has the batch."""
    if isinstance(value, (tuple, list)):
        return type(value)(sample_of(v, level, i) for v in value)
    if isinstance(value, BatchedArray):
        return value.array[i] if value.level is level else value
    if isinstance(value, Taped):
        return Taped(sample_of(value.tensor, level, i))
    if isinstance(value, Node):
        return _another(value, sample_of(value._kept, level, i))
    if isinstance(value, Tensor):
        differentiable = value._tangents or (mode.enabled and value._edge is not NO_EDGE)
        if isinstance(value._array, BatchedArray) and value._array.level is level:
            return unbatch(value, level, 0)[i] if differentiable else from_array(as_array(value._array.array[i]))
        if differentiable:
            return unbatch(value, level, 0)[i]  # what differs between the samples' gradients stays apart
    return value
