"""Buffers: a tensor as the flat array that travels, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.autograd.waiting import waits
from adjoint.tensor import Tensor, writes_of


def check_tensor(tensor: Any, name: str) -> None:
    """Raise TypeError unless it is a tensor."""
    if not isinstance(tensor, Tensor):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(tensor)} instead."
        )


def check_tensors(tensors: Any, name: str) -> None:
    """Raise TypeError unless it is a list of tensors."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n"
            f"             but got {type(tensors)} instead."
        )
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n"
                f"             but got {type(tensors)} with elements of type {[type(t) for t in tensors]}."
            )


class Buffer:
    """A tensor's elements as a flat array: its own memory where they lie in order, and else a copy that is put back."""

    def __init__(self, tensor: Tensor, *, read: bool = True, written: bool = True) -> None:
        array = tensor._array
        if not isinstance(array, np.ndarray):
            raise RuntimeError("Cannot send or receive tensors inside of torch.func's transforms")
        if written and any(waits(tensor)):
            raise RuntimeError("Nothing is received into a tensor with the conj or neg bit: use resolve_conj() or resolve_neg()")
        if written and array.size > 1 and any([n > 1 and not step for n, step in zip(array.shape, array.strides)]):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
                "Please clone() the tensor before performing the operation."
            )
        self.array = array
        self.whole = array.flags.c_contiguous
        if self.whole:
            self.flat = array.reshape(-1)
        elif read:
            self.flat = np.ascontiguousarray(array).reshape(-1)
        else:
            self.flat = np.empty(array.size, array.dtype)
        if written:
            writes_of(tensor).bump()

    def put_back(self) -> None:
        """Have the tensor hold what the flat array does."""
        if not self.whole:
            self.array[...] = self.flat.reshape(self.array.shape)


def check_list(group: Any, tensors: Sequence[Tensor], like: Tensor, call: str, name: str) -> None:
    """Raise unless there is a tensor for each rank, all with the shape and dtype of ``like``."""
    if len(tensors) != group.size():
        raise RuntimeError(
            f"ProcessGroupGloo::{call}: invalid {name} tensor list at index 0 (expected length {group.size()}, "
            f"got {len(tensors)})"
        )
    for index, tensor in enumerate(tensors):
        if tensor.dtype is not like.dtype:
            raise RuntimeError(
                f"Invalid usage of tensors with different dtypes"
                f"Found {like.dtype} and  {tensor.dtype}"
            )
        if tensor.shape != like.shape:
            raise RuntimeError(
                f"ProcessGroupGloo::{call}: invalid tensor size at index {index} (expected {told(like)}, got {told(tensor)})"
            )


def told(tensor: Tensor) -> str:
    """A shape as PyTorch's C++ prints it."""
    return str(list(tensor.shape))


def check_whole(group: Any, whole: Tensor, part: Tensor, whole_name: str, part_name: str) -> None:
    """Raise unless one tensor has room for one other of each rank."""
    if whole.dtype is not part.dtype:
        raise ValueError(f"{whole_name} tensor must have the same type as {part_name} tensor")
    if whole._array.size != part._array.size * group.size():
        raise ValueError(f"{whole_name} tensor size must be equal to world_size times {part_name} tensor size")


def pack(tensors: Sequence[Tensor]) -> np.ndarray:
    """The elements of several tensors, one after the other."""
    return np.concatenate([np.asarray(tensor._array).reshape(-1) for tensor in tensors])


def real_parts(flat: np.ndarray) -> np.ndarray:
    """Complex numbers as pairs of real ones; others as they are."""
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def signature(tensor: Tensor) -> tuple[tuple[str, Any], ...]:
    """In what ranks have to agree of a tensor; dimensions of size one aside, which do not change what is sent."""
    return ("shape", Shape(n for n in tensor._array.shape if n != 1)), ("dtype", tensor.dtype.name)


class Shape(tuple[int, ...]):
    """A shape that prints as a list."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(list(self))
