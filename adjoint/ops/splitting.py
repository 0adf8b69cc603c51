"""Splitting: a tensor in parts along a dimension, each a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op, view
from adjoint.ops.arrays import Array
from adjoint.ops.bulk import concatenate, stack
from adjoint.ops.dims import wrap_dim
from adjoint.ops.slicing import slice_, sliced
from adjoint.tensor import Tensor


def _unbind(self: Array, dim=0):
    dim = wrap_dim(dim, self.ndim, False)
    return [self[(*(slice(None),) * dim, i, ...)] for i in range(self.shape[dim])]


unbind = view(
    "unbind",
    _unbind,
    outputs="list",
    self=lambda gs, self_shape, self_dtype, dim: stack(gs, dim) if gs else np.zeros(self_shape, self_dtype),
    doc="""All places of a dimension, as a tuple of views without that dimension.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))
    """,
    reads={"self": "stack(gs, dim)"},
)


def _parts(x, sizes, dim):
    start = 0
    found = []
    for size in sizes:
        found.append(x[sliced(dim, start, start + size, None)])
        start += size
    return found


def _split_sizes(size, length):
    if size == 0:
        return [0]
    count = max((length + size - 1) // size, 1)
    return [min(size, length - i * size) for i in range(count)]


def _split(self: Array, split_size, dim=0):
    if self.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if split_size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
    dim = wrap_dim(dim, self.ndim)
    length = self.shape[dim]
    if split_size == 0 and length != 0:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    return _parts(self, _split_sizes(split_size, length), dim)


def _split_with_sizes(self: Array, split_sizes, dim=0):
    if self.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, self.ndim)
    sizes = list(split_sizes)
    if any(s < 0 for s in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}"
        )
    if sum(sizes) != self.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {self.shape[dim]} (input tensor's size at dimension "
            f"{dim}), but got split_sizes={sizes}"
        )
    return _parts(self, sizes, dim)


_split_row = view("split", _split, where="", outputs="list", self=lambda gs, dim: concatenate(gs, dim), reads={"self": "cat(gs, dim)"})
_split_with_sizes_row = view(
    "split_with_sizes", _split_with_sizes, outputs="list", self=lambda gs, dim: concatenate(gs, dim),
    doc="The tensor in parts of the given sizes along a dimension.",
    reads={"self": "cat(gs, dim)"},
)  # fmt: skip


unsafe_split = op(
    "unsafe_split", _split, outputs="list", tangent="linear", self=lambda gs, dim: concatenate(gs, dim),
    doc="As :func:`split`, in parts that autograd does not take for views.",
    reads={"self": "cat(gs, dim)"},
)  # fmt: skip
unsafe_split_with_sizes = op(
    "unsafe_split_with_sizes", _split_with_sizes, outputs="list", tangent="linear",
    self=lambda gs, dim: concatenate(gs, dim),
    doc="As :func:`split_with_sizes`, in parts that autograd does not take for views.",
    reads={"self": "cat(gs, dim)"},
)  # fmt: skip


@composite(where="torch", name="split")
def _torch_split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor in parts along a dimension: of one size (the last may be smaller), or of the sizes listed.

    >>> import adjoint as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if isinstance(split_size_or_sections, int):
        return _split_row.function(tensor, split_size_or_sections, dim)
    return _split_with_sizes_row.function(tensor, tuple(split_size_or_sections), dim)


@composite(where="Tensor", name="split")
def _tensor_split_method(self: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    return _torch_split(self, split_size, dim)


_tensor_split_method.__doc__ = _torch_split.__doc__


def _chunk_sizes(input: Tensor, chunks: int, dim: int) -> tuple[bool, Any]:
    """Whether the parts are of one size, and that size; or the sizes."""
    shape = input._array.shape
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = (shape[wrap_dim(dim, len(shape))] + chunks - 1) // chunks
    return (True, size) if size else (False, (0,) * chunks)


@composite
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor in at most ``chunks`` parts of one size along a dimension; the last may be smaller.

    >>> import adjoint as torch
    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    one, size = _chunk_sizes(input, chunks, dim)
    return (_split_row if one else _split_with_sizes_row).function(input, size, dim)


@composite
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """As :func:`chunk`, in parts that autograd does not take for views."""
    one, size = _chunk_sizes(input, chunks, dim)
    return (unsafe_split if one else unsafe_split_with_sizes).function(input, size, dim)


@composite(where="torch", name="tensor_split")
def _torch_tensor_split(
    input: Tensor,
    indices_or_sections: Any = None,
    dim: int = 0,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
    tensor_indices_or_sections: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """The tensor in ``sections`` parts as equal as possible, or cut at the ``indices``, along a dimension.

    >>> import adjoint as torch
    >>> torch.arange(5).tensor_split(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    given = next(
        (v for v in (indices_or_sections, indices, sections, tensor_indices_or_sections) if v is not None), None
    )
    given_ndim = given._array.ndim if isinstance(given, Tensor) else 0
    if given_ndim > 1:
        raise RuntimeError(
            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor "
            f"with {given_ndim} dims"
        )
    ndim = input._array.ndim
    if ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    if isinstance(given, Tensor):
        if given.dtype is not dtypes.int64:
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{dtypes.SCALAR_TYPE_NAMES[given.dtype]}"
            )
        given = given._array.tolist()
    dim = wrap_dim(dim, ndim)
    length = input._array.shape[dim]
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {given}")
        small, larger = divmod(length, given)
        cuts = [i * small + min(i, larger) for i in range(1, given)]
    elif given is None:
        raise TypeError(
            "tensor_split() received an invalid combination of arguments - got (), but expected one of:\n"
            " * (Tensor tensor_indices_or_sections, int dim)\n * (int sections, int dim)\n * (tuple of ints indices, int dim)\n"
        )
    else:
        cuts = list(given)
    return tuple(slice_.function(input, dim, start, end) for start, end in zip([0, *cuts], [*cuts, length]))


@composite(where="Tensor", name="tensor_split")
def _tensor_tensor_split(
    self: Tensor,
    indices_or_sections: Any = None,
    dim: int = 0,
    *,
    indices: Sequence[int] | None = None,
    sections: int | None = None,
    tensor_indices_or_sections: Tensor | None = None,
) -> tuple[Tensor, ...]:
    return _torch_tensor_split(
        self, indices_or_sections, dim, indices=indices, sections=sections,
        tensor_indices_or_sections=tensor_indices_or_sections,
    )  # fmt: skip


_tensor_tensor_split.__doc__ = _torch_tensor_split.__doc__


def _split_along(name: str, least: int) -> Any:
    def split_along(
        input: Tensor, indices_or_sections: Any = None, *, indices: Any = None, sections: Any = None
    ) -> Any:
        given = indices_or_sections if indices_or_sections is not None else indices if indices is not None else sections
        ndim = input._array.ndim
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {ndim} dimensions!"
            )
        dim = {"hsplit": 0 if ndim == 1 else 1, "vsplit": 0, "dsplit": 2}[name]
        length = input._array.shape[dim]
        if isinstance(given, int) and (given == 0 or length % given):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {length} is not "
                f"divisible by the split_size {given}!"
            )
        return _torch_tensor_split(input, given, dim)

    split_along.__name__ = name
    split_along.__qualname__ = name
    split_along.__doc__ = f"The tensor split as by ``tensor_split`` along the dimension that ``{name}`` is named for."
    return composite(split_along)


hsplit = _split_along("hsplit", 1)
vsplit = _split_along("vsplit", 2)
dsplit = _split_along("dsplit", 3)
