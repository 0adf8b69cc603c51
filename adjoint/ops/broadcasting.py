"""Broadcasting: dimensions stretched without copying, and the shapes for which that works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, view
from adjoint.declare.arguments import sizes
from adjoint.declare.operands import sum_to
from adjoint.ops.arrays import Array
from adjoint.ops.memory import strided
from adjoint.ops.shape import viewed_as
from adjoint.tensor import Size, Tensor


def _expand(self: Array, size):
    shape = self.shape
    extra = len(size) - len(shape)
    if extra < 0:
        raise RuntimeError(
            f"expand({dtypes.legacy_name(dtypes.of_array(self))}{{{list(shape)}}}, size={list(size)}): the "
            f"number of sizes provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    found = list(size)
    strides = [0] * extra + list(self.strides)
    for i in reversed(range(len(size))):
        n = size[i]
        if i < extra:
            if n < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                )
            if n == 1:  # as if the dimension had been there
                strides[i] = found[i + 1] * strides[i + 1] if i + 1 < len(size) else self.itemsize
            continue
        own = shape[i - extra]
        if n == -1:
            found[i] = own
        elif n != own:
            if own != 1:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) must match the existing size ({own}) at non-singleton "
                    f"dimension {i}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
                )
            strides[i] = 0
    if not isinstance(self, np.ndarray):
        return np.broadcast_to(self, tuple(found))
    return strided(self, tuple(found), tuple(strides))


expanded_to = view("expand", _expand, where="", self=lambda g, self_shape: sum_to(g, self_shape))


@composite(where="Tensor")
def expand(self: Tensor, *size_given: Any, size: Sequence[int] | None = None, implicit: bool = False) -> Tensor:
    """Dimensions of size 1 stretched, and new ones put in front, without copying; -1 keeps a size.

    Raises RuntimeError where a dimension of another size than 1 would have to change.

    >>> import adjoint as torch
    >>> torch.tensor([[1], [2]]).expand(2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    if size is None:
        if not size_given:
            raise TypeError('expand() missing 1 required positional arguments: "size"')
        size = sizes("expand", size_given)
    return expanded_to.function(self, tuple(size))


@composite(where="Tensor")
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor expanded to the sizes of ``other``."""
    return expanded_to.function(self, other._array.shape)


@composite(where="Tensor")
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The tensor summed over the dimensions along which one of these sizes would have to be broadcast to it."""
    wanted = sizes("sum_to_size", size)
    shape = self._array.shape
    extra = len(shape) - len(wanted)
    if extra < 0 or any(n not in (1, m) for n, m in zip(wanted, shape[extra:])):
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    dims = [*range(extra), *(d for d in range(extra, len(shape)) if wanted[d - extra] == 1 != shape[d])]
    if not wanted:
        return self.sum()  # type: ignore[attr-defined]
    summed = self.sum(dims, keepdim=True) if dims else self  # type: ignore[attr-defined]
    return viewed_as.function(summed, wanted) if extra else summed


@composite
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The tensor expanded to the given sizes."""
    return expanded_to.function(input, tuple(size))


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which all of these broadcast.

    Raises RuntimeError, in PyTorch's words, where there is none.
    """
    found: tuple[int, ...] = ()
    for shape in shapes:
        if shape == found:
            continue
        a, b = (found, shape) if len(found) >= len(shape) else (shape, found)
        extra = len(a) - len(b)
        merged = list(a)
        for i in reversed(range(extra, len(a))):
            n = b[i - extra]
            if merged[i] == 1:
                merged[i] = n
            elif n not in (1, merged[i]):
                first, second = (found[i - len(a)], shape[i - len(a)])
                raise RuntimeError(
                    f"The size of tensor a ({first}) must match the size of tensor b ({second}) at non-singleton "
                    f"dimension {i}"
                )
        found = tuple(merged)
    return found


@composite(where="torch")
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors, each expanded to the shape to which all of them broadcast."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    shape = broadcast_shape(*(x._array.shape for x in given))
    return tuple(x if x._array.shape == shape else expanded_to.function(x, shape) for x in given)


@composite(where="torch")
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which all of these broadcast.

    >>> import adjoint as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    for s in shapes:
        if not isinstance(s, (int, tuple, list)):
            raise RuntimeError(f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {s}")
    given = [Size((s,) if isinstance(s, int) else s) for s in shapes]
    if any(n < 0 for shape in given for n in shape):
        raise ValueError("Attempting to broadcast a dimension with negative length!")
    found = [1] * max(map(len, given), default=0)
    for at, shape in enumerate(given):
        for d in range(-1, -1 - len(shape), -1):
            if shape[d] not in (1, found[d]):
                if found[d] != 1:
                    raise RuntimeError(
                        f"Attempting to broadcast a dimension of length {shape[d]} at {d}! Mismatching argument at index {at} had "
                        f"{shapes[at] if isinstance(shapes[at], int) else tuple(shape)}; but expected shape should be "
                        f"broadcastable to {found}"
                    )
                found[d] = shape[d]
    return Size(found)


# What formulas use, taped

taped(np.broadcast_to)(
    lambda x, shape: expanded_to.function(x, tuple(shape) if not isinstance(shape, int) else (shape,))
)
