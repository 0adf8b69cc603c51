"""Samples: what a vmap's function sees of a tensor, and what the caller sees of its outputs, as views.

Both look at memory that others look at too: a write to a sample is one to the tensor, history and tangents included, and
so is a write to what a vmap returned of it.
"""

from __future__ import annotations

from adjoint.autograd.batch import batch, unbatch
from adjoint.autograd.captures import look_alike
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.views import become_view
from adjoint.readings.batched import Level, levels_of
from adjoint.tensor import Tensor, writes_of


class _IntoBatch:
    """The step from a tensor to its samples."""

    __slots__ = ("dim", "level")

    def __init__(self, level: Level, dim: int) -> None:
        self.level = level
        self.dim = dim

    def __call__(self, tensor: Tensor) -> Tensor:
        return samples(tensor, self.level, self.dim)

    @property
    def renames(self) -> bool:
        """Whether PyTorch has the very tensor for the samples, and no view of it."""
        return self.dim == 0


class _OutOfBatch(_IntoBatch):
    """The step from samples to the whole."""

    __slots__ = ()

    def __call__(self, tensor: Tensor) -> Tensor:
        made = unbatch(tensor, self.level, self.dim)
        _look(made, tensor, self)
        return made


def samples(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """The tensor with its dimension ``dim`` as the batch of ``level``, as a view."""
    made = batch(tensor, level, dim)
    _look(made, tensor, _IntoBatch(level, dim))
    return made


def whole(output: Tensor, level: Level, dim: int) -> Tensor:
    """All samples' outputs as a tensor over the same memory, with the batch as its dimension ``dim``: a view where PyTorch
    has one."""
    if dim or output._view is not None or level not in levels_of(output._array):
        return _OutOfBatch(level, dim)(output)
    made = unbatch(output, level, 0)
    made._writes = writes_of(output)
    if mode.birth:
        look_alike(made, output)
    return made


def batch_dim(samples_: Tensor) -> int:
    """Which dimension of what it was taken from has the samples that a tensor stands for; 0 where they were computed."""
    return samples_._view.path[-1].dim if is_of_samples(samples_) else 0


def is_of_samples(tensor: Tensor) -> bool:
    """Whether a tensor was taken from what a vmap was called with, and is as it was."""
    view = tensor._view
    step = None if view is None else view.path[-1]
    return step.__class__ is _IntoBatch and step.level is tensor._array.level


def _look(made: Tensor, tensor: Tensor, step: _IntoBatch) -> None:
    become_view(made, tensor, step)
    if tensor._inside:  # known to a function that is differentiated, as what looks at its memory is
        made._inside = tensor._inside
        if tensor._foreign:
            made._foreign = True
    if tensor._tangents:
        assert made._tangents is not None
        for forward_level, tangent in tensor._tangents.items():
            _look(made._tangents[forward_level], tangent, step)
