"""Shape: the same elements under other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.saved import alias
from adjoint.autograd.taped import taped
from adjoint.autograd.waiting import waits
from adjoint.declare import composite, op, view
from adjoint.declare.arguments import sizes, type_name
from adjoint.layouts import contiguous_format
from adjoint.ops.arrays import Array
from adjoint.ops.dims import wrap_dim, wrap_dims
from adjoint.ops.memory import geometry
from adjoint.tensor import NO_EDGE, Tensor


def infer_size(shape: Sequence[int], numel: int) -> tuple[int, ...]:
    """``shape`` with its -1, if it has one, replaced by what ``numel`` elements leave for it.

    Raises RuntimeError, in PyTorch's words, where the sizes do not multiply up to ``numel``.
    """
    known = 1
    unknown = None
    for i, size in enumerate(shape):
        if size == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = i
        elif size < 0:
            raise RuntimeError(f"invalid shape dimension {size} at index {i} of shape {list(shape)}")
        else:
            known *= size
    if unknown is None:
        if known == numel:
            return tuple(shape)
    elif known > 0 and numel % known == 0:
        return (*shape[:unknown], numel // known, *shape[unknown + 1 :])
    elif known == 0 and numel == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can "
            "be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


def _fits_as_view(array: Array, shape: tuple[int, ...]) -> bool:
    """Whether the array in another shape, of as many elements, takes no copy."""
    if array.__class__ is not np.ndarray:
        return bool(array.flags.c_contiguous or np.may_share_memory(array.reshape(shape), array))
    runs: list[int] = []  # sizes of dimensions that follow each other in memory, taken together
    before = 0
    for n, stride in zip(array.shape, array.strides):
        if n != 1:
            if runs and before == n * stride:
                runs[-1] *= n
            else:
                runs.append(n)
            before = stride
    rest, left = 1, iter(runs)
    for n in shape:
        if n != 1:
            rest = next(left) if rest == 1 else rest
            if rest % n:
                return False
            rest //= n
    return True


def _view(self: Array, size):
    try:
        found = self.reshape(size)
    except ValueError:
        found = self.reshape(infer_size(size, self.size))
    else:
        if min(size, default=0) < 0:
            infer_size(size, self.size)
    if self.flags.c_contiguous or self.size == 0 or np.may_share_memory(found, self):
        return found
    raise RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
        "contiguous subspaces). Use .reshape(...) instead."
    )


viewed_as = view(
    "view",
    _view,
    where="",
    tangent=lambda self_t, size: self_t.reshape(size),  # which need not lie in memory as the tensor does
    self=lambda g, self_shape: g.reshape(self_shape),
)


def _reshaped(self: Array, size):
    return self.reshape(size)


_unsafe_view = op(
    "_unsafe_view",
    _reshaped,
    fused=False,  # a product that nobody else has seen is not copied
    tangent="linear",
    where="",
    node="UnsafeViewBackward0",
    self=lambda g, self_shape: g.reshape(self_shape),
)
_reshape_alias = view(
    "_reshape_alias",
    _view,
    where="",
    node="ReshapeAliasBackward0",
    tangent=lambda self_t, size: self_t.reshape(size),
    self=lambda g, self_shape: g.reshape(self_shape),
)


@composite(where="Tensor", name="view")
def _tensor_view(self: Tensor, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The same memory with other sizes, one of which may be -1, or read as another dtype.

    Raises RuntimeError if the sizes do not fit the number of elements, or the memory's order does not allow a view.

    >>> import adjoint as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if dtype is not None:
        return view_as_dtype(self, dtype)
    if size is None:
        if len(shape) == 1 and shape[0].__class__ is dtypes.dtype:
            return view_as_dtype(self, shape[0])
        if not shape or isinstance(shape[0], (float, str)):
            given = ", ".join(type_name(s) for s in shape)
            raise TypeError(
                f"view() received an invalid combination of arguments - got ({given}), but expected one of:\n"
                " * (torch.dtype dtype)\n * (tuple of ints size)\n"
            )
        size = sizes("view", shape)
    return viewed_as.function(self, tuple(size))


def view_as_dtype(self: Tensor, dtype: dtypes.dtype) -> Tensor:
    """The same memory read as another dtype; not differentiable.

    Raises RuntimeError where the last dimension cannot be divided accordingly.
    """
    array = self._array
    if self._waits is not None:
        which = "conjugate view tensors" if waits(self)[0] else "tensors with negative bit set"
        raise RuntimeError(
            f"torch.Tensor.view is not supported for {which} when converting to a different dtype."
        )
    old, new = array.dtype.itemsize, dtype.itemsize
    names = f"{dtypes.SCALAR_TYPE_NAMES[self.dtype]} as {dtypes.SCALAR_TYPE_NAMES[dtype]}"
    if old != new:
        if array.ndim == 0:
            raise RuntimeError(f"self.dim() cannot be 0 to view {names} (different element sizes)")
        if array.size and array.strides[-1] != old and array.shape[-1] != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {names} (different element sizes), but got {array.strides[-1] // old}"
            )
        if new > old:
            ratio = new // old
            if array.shape[-1] % ratio:
                raise RuntimeError(
                    f"self.size(-1) must be divisible by {ratio} to view {names} (different element sizes), but got "
                    f"{array.shape[-1]}"
                )
            start = geometry(array)[1]
            if start % ratio:
                raise RuntimeError(
                    f"self.storage_offset() must be divisible by {ratio} to view {names} (different element sizes), but "
                    f"got {start}"
                )
            for d, stride in enumerate(array.strides[:-1]):
                if stride % new:
                    raise RuntimeError(
                        f"self.stride({d}) must be divisible by {ratio} to view {names} (different element sizes), but "
                        f"got {stride // old}"
                    )
    return alias(self, NO_EDGE, array=array.view(dtype.array))


@composite
def reshape(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The same elements with other sizes, one of which may be -1: a view where the memory's order allows, else a copy.

    Raises RuntimeError if the sizes do not fit the number of elements.

    >>> import adjoint as torch
    >>> torch.arange(6).reshape(2, -1).shape
    torch.Size([2, 3])
    """
    if named:
        shape = (named.pop("shape"),)
    if not shape:
        raise TypeError('reshape() missing 1 required positional arguments: "shape"')
    size = sizes("reshape", shape, "shape")
    array = input._array
    if array.flags.c_contiguous:
        return viewed_as.function(input, size)
    size = infer_size(size, array.size)
    if array.size == 0 or _fits_as_view(array, size):
        return _reshape_alias.function(input, size)
    return _unsafe_view.function(input.clone(memory_format=contiguous_format), size)


@composite(where="Tensor")
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor viewed with the sizes of ``other``."""
    return viewed_as.function(self, other._array.shape)


@composite(where="Tensor")
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor reshaped to the sizes of ``other``."""
    return reshape(self, other._array.shape)


@composite
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from ``start_dim`` to ``end_dim`` made one.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._array.shape
    ndim = len(shape)
    start, end = wrap_dim(start_dim, ndim), wrap_dim(end_dim, ndim)
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if ndim == 0:
        return reshape(input, (1,))
    if start == end:
        return input
    size = 1
    for n in shape[start : end + 1]:
        size *= n
    return reshape(input, (*shape[:start], size, *shape[end + 1 :]))


@composite
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension: a view where possible.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).ravel().shape
    torch.Size([6])
    """
    if input._array.size and input.__class__ is Tensor and not input._array.flags.c_contiguous:
        input = input.contiguous()
    return reshape(input, (-1,)) if input._array.size else reshape(input, (0,))


@composite
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension divided into several, one of whose sizes may be -1.

    >>> import adjoint as torch
    >>> torch.zeros(2, 6).unflatten(1, (2, -1)).shape
    torch.Size([2, 2, 3])
    """
    shape = input._array.shape
    if not shape:
        raise RuntimeError(
            f"unflatten got an unexpected error:\nDimension specified as {dim} but tensor has no dimensions"
        )
    dim = wrap_dim(dim, len(shape))
    given = list(sizes)
    if not given:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        inferred = infer_size(given, shape[dim])
    except RuntimeError:
        if given.count(-1) > 1:
            raise
        raise RuntimeError(
            f"unflatten: Provided sizes {given} don't multiply up to the size of dim {dim} ({shape[dim]}) in the input "
            "tensor"
        ) from None
    return viewed_as.function(input, (*shape[:dim], *inferred, *shape[dim + 1 :]))


# Dimensions of size one


def _squeeze(self: Array, dim=None):
    if dim is not None and not isinstance(dim, (int, tuple, list)):
        raise TypeError(
            f"squeeze() received an invalid combination of arguments - got ({type_name(dim)}), but expected one of:\n"
            " * ()\n * (int dim)\n * (tuple of ints dim)\n"
        )
    dims = wrap_dims(dim, self.ndim)
    return self[(*[0 if n == 1 and d in dims else slice(None) for d, n in enumerate(self.shape)], ...)]


_SQUEEZE_NODES = "SqueezeBackward0 if dim is None else SqueezeBackward2 if isinstance(dim, tuple) else SqueezeBackward1"
squeezed = view(
    "squeeze",
    _squeeze,
    node=_SQUEEZE_NODES,
    self=lambda g, self_shape: g.reshape(self_shape),
    doc="""Without the dimensions of size 1: all of them, the one given, or those of the tuple given.

    >>> import adjoint as torch
    >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
    (torch.Size([2]), torch.Size([2, 1]))
    """,
)


def _unsqueeze(self: Array, dim):
    dim = wrap_dim(dim, self.ndim + 1)
    return self[(*(slice(None),) * dim, None, ...)]


unsqueeze = view(
    "unsqueeze",
    _unsqueeze,
    self=lambda g, self_shape: g.reshape(self_shape),
    doc="""With a new dimension of size 1 at ``dim``.

    >>> import adjoint as torch
    >>> torch.zeros(2).unsqueeze(0).shape, torch.zeros(2).unsqueeze(-1).shape
    (torch.Size([1, 2]), torch.Size([2, 1]))
    """,
)


# The same


def _alias(self: Array):
    return self[...]


alias_view = view("alias", _alias, where="", self=lambda g: g)

# What formulas use, taped

taped(np.reshape)(lambda x, shape: reshape(x, shape))
taped(np.ravel)(lambda x: ravel(x))
taped(np.squeeze)(lambda x, axis=None: squeezed.function(x, axis))
taped(np.expand_dims)(lambda x, axis: _expand_dims(x, axis))


def _expand_dims(x: Tensor, axis: Any) -> Tensor:
    for d in sorted(wrap_dims(axis, x.ndim + (1 if isinstance(axis, int) else len(axis)))):
        x = unsqueeze.function(x, d)
    return x
