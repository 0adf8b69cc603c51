"""Transposing: the dimensions in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, view
from adjoint.declare.arguments import sizes
from adjoint.declare.once import warn_once
from adjoint.ops.arrays import Array
from adjoint.ops.dims import wrap_dim
from adjoint.ops.shape import alias_view
from adjoint.tensor import Tensor, attach


def _transpose(self: Array, dim0, dim1):
    dim0, dim1 = wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim)
    return self.swapaxes(dim0, dim1) if self.ndim else self[...]


transpose = view(
    "transpose",
    _transpose,
    aliases=("swapaxes", "swapdims"),
    self=lambda g, dim0, dim1: _transpose(g, dim0, dim1),
    doc="""With two dimensions exchanged.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """,
)


def _t(self: Array):
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.transpose()


t = view("t", _t, self=lambda g: g.transpose(), doc="A matrix transposed; a vector as it is.")


def _order(dims, ndim):
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = [wrap_dim(d, ndim) for d in dims]
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


def _permute(self: Array, dims):
    return self.transpose(_order(dims, self.ndim))


def _permute_back(g, dims):
    order = _order(dims, g.ndim)
    return g.transpose(sorted(range(g.ndim), key=order.__getitem__))


permuted = view("permute", _permute, where="", self=lambda g, dims: _permute_back(g, dims), reads={"self": "g, the dimensions back in order"})


@composite
def permute(input: Tensor, *dims_given: Any, dims: Sequence[int] | None = None) -> Tensor:
    """The dimensions in another order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    if dims is None:
        if not dims_given:
            raise TypeError('permute() missing 1 required positional arguments: "dims"')
        dims = sizes("permute", dims_given, "dims")
    return permuted.function(input, tuple(dims))


@composite(aliases=("moveaxis",))
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """The dimensions ``source`` moved to the places ``destination``, the others in their order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """
    ndim = input._array.ndim
    src = [source] if isinstance(source, int) else list(source)
    dst = [destination] if isinstance(destination, int) else list(destination)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({src} dims) should contain the same number of dims as "
            f"destination ({dst} dims)"
        )
    wrapped_src = [wrap_dim(d, ndim) for d in src]
    wrapped_dst = [wrap_dim(d, ndim) for d in dst]
    for name, given, wrapped in (("source", src, wrapped_src), ("destination", dst, wrapped_dst)):
        if len(set(wrapped)) != len(wrapped):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({given})")
    if ndim == 0:
        return alias_view.function(input)
    rest = iter(d for d in range(ndim) if d not in wrapped_src)
    places = dict(zip(wrapped_dst, wrapped_src))
    return permuted.function(input, tuple(places[d] if d in places else next(rest) for d in range(ndim)))


_DEPRECATED_T = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error "
    "in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, "
    "-1))` to reverse the dimensions of a tensor."
)


def _reversed(self: Tensor) -> Tensor:
    """The dimensions in reversed order: a matrix transposed."""
    ndim = self._array.ndim
    if ndim != 2:
        warn_once(*(("x.T", _DEPRECATED_T) if ndim else ("0-D .T", _OF_A_NUMBER.format("Tensor.T"))))
    return permuted.function(self, tuple(range(ndim))[::-1])


_OF_A_NUMBER = "{} is deprecated on 0-D tensors. This function is the identity in these cases."
_CONJUGATE = "{} is deprecated on 0-D tensors. Consider using x.conj()."


def _matrices_transposed(self: Tensor, name: str = "mT", of_a_number: str = _OF_A_NUMBER) -> Tensor:
    if self._array.ndim < 2:
        if self._array.ndim == 0:
            warn_once(name, of_a_number.format(name if name.endswith("()") else f"Tensor.{name}"))
            return self
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
        )
    return transpose.function(self, -2, -1)


def _conjugated(self: Tensor) -> Tensor:
    return self.conj() if self.dtype.is_complex else self


def _hermitian(self: Tensor) -> Tensor:
    """A matrix transposed and conjugated."""
    ndim = self._array.ndim
    if ndim == 0:
        warn_once("H", _CONJUGATE.format("Tensor.H"))
        return _conjugated(self)
    if ndim != 2:
        also = " For batches of matrices, consider using tensor.mH" if ndim > 2 else ""
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor.{also}")
    return _conjugated(transpose.function(self, 0, 1))


attach(property(_reversed), name="T")
attach(
    property(lambda self: _matrices_transposed(self), doc="The matrices in the last two dimensions, transposed: a view."),
    name="mT",
)
attach(property(_hermitian), name="H")
attach(
    property(
        lambda self: _conjugated(_matrices_transposed(self, "mH", _CONJUGATE)),
        doc="The matrices in the last two dimensions, transposed and conjugated: a view.",
    ),
    name="mH",
)


@composite
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and the elements conjugated.

    >>> import adjoint as torch
    >>> torch.zeros(5, 2, 3).adjoint().shape
    torch.Size([5, 3, 2])
    """
    return _conjugated(_matrices_transposed(input, "adjoint()", _CONJUGATE))


# What formulas use, taped

taped(np.transpose)(lambda x, axes=None: permuted.function(x, tuple(axes or range(x.ndim)[::-1])))
taped(np.swapaxes)(lambda x, axis1, axis2: transpose.function(x, axis1, axis2))
taped(np.moveaxis)(lambda x, source, destination: movedim(x, source, destination))
