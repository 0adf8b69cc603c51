"""Weight norm: a weight as a length and a direction."""

from __future__ import annotations

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.ops.arrays import Array
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import in_float32
from adjoint.summation import total
from adjoint.tensor import Tensor


def _others(ndim: int, dim: int) -> tuple[int, ...]:
    return tuple([d for d in range(ndim) if d != dim])


def _lengths(v: Array, dim: int) -> Array:
    return np.sqrt(total(v * v, _others(v.ndim, dim), True))


@in_float32
def _weight_norm_interface(v: Array, length: Array, dim):
    if v.dtype.kind == "c":
        unsupported("weight_norm_kernel", v)
    return v * (length / _lengths(v, dim))


@in_float32
def _gradients(g, v, length, dim):
    lengths = _lengths(v, dim)
    along = total(g * v, _others(v.ndim, dim), True)
    return length / lengths * (g - v * (along / (lengths * lengths))), along / lengths


_row = op(
    "_weight_norm_interface", _weight_norm_interface, lies=IN_ORDER, where="", node="WeightNormInterfaceBackward0",
    gradients={"v length": _gradients},
    reads={"v": "length / |v| * (g - v * sum(g * v) / |v| ** 2)", "length": "sum(g * v) / |v|"},
)  # fmt: skip


@composite(where="torch")
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of what lies at each place of ``dim`` (the first or the last; any other too), with as many dimensions as
    ``v``; for ``dim=-1`` that of all of ``v``.

    >>> import adjoint as torch
    >>> torch.norm_except_dim(torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5.],
            [1.]])
    """
    if dim == -1:
        return v.norm(pow)
    if v.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if not -v.ndim <= dim < v.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [-{v.ndim}, {v.ndim - 1}], but got {dim})"
        )
    return v.norm(pow, list(_others(v.ndim, dim)) or [0], keepdim=True) if v.ndim > 1 else v.abs()


@composite(where="torch", name="_weight_norm")
def weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """``v`` with the norms ``g``, one for each place of ``dim``: ``v * (g / norm_except_dim(v, 2, dim))``."""
    if dim in (0, v.ndim - 1):
        return _row.function(v, g, dim)
    return v * (g / norm_except_dim(v, 2, dim))
