"""Buckets: gradients side by side in one array, so that one collective reduces many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import _is_dense as lies_without_gaps
from adjoint.tensor import Tensor

FIRST_BUCKET_BYTES = 1 << 20
"""How large the first bucket may become where no size was asked for: small, for the first reduction is to start early."""


class Bucket:
    """Some parameters of one dtype, and the array that holds their gradients one after the other.

    ``views`` are the parts of ``array`` in the parameters' shapes and layouts; ``waiting`` counts the gradients that are
    not there yet; ``future`` is the reduction under way.
    """

    def __init__(self, indices: Sequence[int], parameters: Sequence[Tensor]) -> None:
        self.indices = list(indices)
        self.parameters = [parameters[i] for i in self.indices]
        arrays = [parameter._array for parameter in self.parameters]
        self.lengths = [array.size for array in arrays]
        self.offsets = [int(n) for n in np.cumsum([0, *self.lengths[:-1]])]
        self.array = np.zeros(sum(self.lengths), arrays[0].dtype)
        self.views = self.views_of(self.array)
        self.waiting = len(self.indices)
        self.future: Any = None

    def views_of(self, flat: Any) -> list[Any]:
        """The gradients in an array of this bucket's form, as the parameters lie in memory."""
        views = []
        for parameter, offset, length in zip(self.parameters, self.offsets, self.lengths):
            array = parameter._array
            part = flat[offset : offset + length]
            if array.flags.c_contiguous or not lies_without_gaps(array):
                views.append(part.reshape(array.shape))
            else:
                strides = [step // array.itemsize * flat.itemsize for step in array.strides]
                views.append(np.lib.stride_tricks.as_strided(part, array.shape, strides))
        return views

    @property
    def nbytes(self) -> int:
        """How many bytes are reduced."""
        return self.array.nbytes


def assigned_by_size(
    parameters: Sequence[Tensor], limits: Sequence[int], order: Sequence[int] | None = None
) -> list[list[int]]:
    """Which parameters share a bucket: lists of their positions.

    Each dtype fills buckets of its own, the first up to ``limits[0]`` bytes, the next up to ``limits[1]``, the last of the
    limits being that of all further ones.  With ``order`` parameters are taken in that order and buckets stand in the order
    in which they are full; otherwise in the order of their first parameters.

    >>> import adjoint as torch
    >>> assigned_by_size([torch.zeros(4), torch.zeros(4), torch.zeros(1)], [16, 1024])
    [[0], [1, 2]]
    """
    full: list[list[int]] = []
    filling: dict[Any, tuple[list[int], int]] = {}
    at: dict[Any, int] = {}
    for index in range(len(parameters)) if order is None else order:
        array = parameters[index]._array
        key = array.dtype
        indices, size = filling.get(key, ([], 0))
        indices.append(index)
        size += array.nbytes
        filling[key] = (indices, size)
        limit = at.setdefault(key, 0)
        if size >= limits[limit]:
            full.append(indices)
            del filling[key]
            at[key] = min(limit + 1, len(limits) - 1)
    full += [indices for indices, _ in filling.values()]
    return full if order is not None else sorted(full, key=min)


def scaled_into(view: Any, gradient: Any, factor: float) -> None:
    """Write ``gradient * factor`` into ``view``, rounded once: half precision is multiplied in single precision."""
    if factor == 1.0:
        view[...] = gradient
    elif view.dtype.itemsize < 4:
        view[...] = np.multiply(gradient, np.float32(factor), dtype=np.float32)
    else:
        np.multiply(gradient, factor, out=view)
