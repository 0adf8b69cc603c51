"""Dimensions: negative ones counted from the end, with PyTorch's errors for those that do not exist."""

from __future__ import annotations

from collections.abc import Iterable


def wrap_dim(dim: int, ndim: int, wrap_scalar: bool = True) -> int:
    """``dim`` as a number from 0 on, for a tensor of ``ndim`` dimensions.

    A tensor without dimensions counts as having one, unless ``wrap_scalar`` is False.

    Raises IndexError for a dimension that the tensor does not have.
    """
    if 0 <= dim < ndim:
        return dim
    if -ndim <= dim < 0:
        return dim + ndim
    if ndim == 0:
        if not wrap_scalar:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        if dim == 0 or dim == -1:
            return 0
        ndim = 1
    raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")


def wrap_dims(dims: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """``dims`` (one, several, or None for all) as numbers from 0 on.

    Raises IndexError for a dimension that the tensor does not have, RuntimeError for one that appears twice.
    """
    if dims is None:
        return tuple(range(ndim))
    if isinstance(dims, int):
        return (wrap_dim(dims, ndim),)
    found: list[int] = []
    for dim in dims:
        dim = wrap_dim(dim, ndim)
        if dim in found:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
        found.append(dim)
    return tuple(found)
