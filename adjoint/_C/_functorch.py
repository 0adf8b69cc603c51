"""``torch._C._functorch``: what programs ask of a tensor inside of a ``vmap``, and two moves of dimensions."""

from __future__ import annotations

from adjoint.declare.namespaces import lookup
from adjoint.readings.batched import BatchedArray, Level, current_levels
from adjoint.tensor import Tensor, from_array

__all__ = [
    "get_unwrapped",
    "is_batchedtensor",
    "is_functorch_wrapped_tensor",
    "maybe_get_bdim",
    "maybe_get_level",
    "reshape_dim_into",
    "reshape_dim_outof",
]


def _level(tensor: Tensor) -> Level | None:
    array = tensor._array
    return array.level if array.__class__ is BatchedArray else None


def is_batchedtensor(tensor: Tensor) -> bool:
    """Whether a tensor stands for the samples of a vmap."""
    return _level(tensor) is not None


def is_functorch_wrapped_tensor(tensor: Tensor) -> bool:
    """Whether a tensor stands for others: for samples; a derivative needs no others here."""
    return is_batchedtensor(tensor)


def maybe_get_bdim(tensor: Tensor) -> int:
    """Which dimension of :func:`get_unwrapped` has the samples: the first; -1 where there are none."""
    return 0 if is_batchedtensor(tensor) else -1


def maybe_get_level(tensor: Tensor) -> int:
    """The number of the innermost vmap whose samples a tensor stands for, the outermost being 1; -1 for none."""
    level = _level(tensor)
    levels = current_levels()
    return levels.index(level) + 1 if level in levels else -1


def get_unwrapped(tensor: Tensor) -> Tensor:
    """All samples of a tensor as one, the batch its first dimension.  Raises RuntimeError for one that has no samples."""
    if not is_batchedtensor(tensor):
        raise RuntimeError("No wrappers present!")
    return from_array(tensor._array.array)


def reshape_dim_into(src: int, dst: int, x: Tensor) -> Tensor:
    """The tensor with its dimension ``src`` merged into that which is ``dst`` among the others, as the outer part of it."""
    src %= x.ndim
    dst %= x.ndim - 1
    moved = lookup("torch", "movedim")(x, src, dst)
    shape = [*moved.shape[:dst], moved.shape[dst] * moved.shape[dst + 1], *moved.shape[dst + 2 :]]
    return lookup("torch", "reshape")(moved, shape)  # type: ignore[no-any-return]


def reshape_dim_outof(src: int, size1: int, x: Tensor) -> Tensor:
    """The tensor with its dimension ``src`` divided into one of ``size1`` and one of what is left.

    Raises RuntimeError if ``size1`` does not divide it.
    """
    src %= x.ndim
    if x.shape[src] % size1:
        raise RuntimeError(f"reshape_dim_outof: {size1} does not divide the dimension's size {x.shape[src]}")
    shape = [*x.shape[:src], size1, x.shape[src] // size1, *x.shape[src + 1 :]]
    return lookup("torch", "reshape")(x, shape)  # type: ignore[no-any-return]
