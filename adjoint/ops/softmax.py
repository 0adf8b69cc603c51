"""softmax and log_softmax."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.kernel_dtypes import FLOATING, Kernel
from adjoint.declare.outs import SAME, write_outs
from adjoint.ops.arrays import Array
from adjoint.ops.dims import wrap_dim
from adjoint.ops.widening import in_float32, widen
from adjoint.places import users_level
from adjoint.summation import total
from adjoint.tensor import Tensor


def _shifted(x, dim):
    """``x`` less its largest along ``dim``, a new array; and ``dim`` from 0 on."""
    dim = wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        x = x.reshape(1)
    if x.size == 0:
        return x.copy(), dim
    return x - np.maximum.reduce(x, dim, None, None, True), dim


def _softmax(self: Array, dim):
    x = widen(self) if self.dtype.itemsize == 2 else self
    e, dim = _shifted(x, dim)
    if not e.size:
        return e.astype(self.dtype, copy=False)
    e = np.exp(e)
    e *= 1 / total(e, dim, True)  # a division for each element would take as long as all the rest
    e = e.reshape(()) if not x.ndim else e
    return e if x is self else e.astype(self.dtype)


def _log_softmax(self: Array, dim):
    x = widen(self) if self.dtype.itemsize == 2 else self
    s, dim = _shifted(x, dim)
    if not s.size:
        return s.astype(self.dtype, copy=False)
    s -= np.log(total(np.exp(s), dim, True))
    s = s.reshape(()) if not x.ndim else s
    return s if x is self else s.astype(self.dtype)


def _softmax_gradient(g, result, dim):
    if not result.ndim:
        dim = None
    weighted = g * result
    return weighted - result * total(weighted, dim, True)


def _log_softmax_gradient(g, result, dim):
    if not result.ndim:
        dim = None
    return g - np.exp(result) * total(g, dim, True)


def _kernel(name: str) -> Kernel:
    def called(self, dim):
        last = not self.ndim or dim in (-1, self.ndim - 1)
        return f"{name}_lastdim_kernel_impl" if last else f"{name}_kernel_impl"

    return Kernel(called, FLOATING, empty=False)


_softmax_row = op("softmax", _softmax, least=2048, kernel=_kernel("softmax"), lies=IN_ORDER, where="", self=in_float32(_softmax_gradient), reads={"self": "result * (g - sum(g * result, dim))"})
log_softmax_row = op("log_softmax", _log_softmax, least=2048, kernel=_kernel("log_softmax"), lies=IN_ORDER, where="", self=in_float32(_log_softmax_gradient))


def _implicit_dim(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=users_level(),
    )
    return 0 if ndim in (0, 1, 3) else 1


def _forms(name: str, row: Any) -> None:
    def at_dim(
        input: Tensor, dim: int, dtype: dtypes.dtype | None = None, *, out: Tensor | None = None
    ) -> Tensor:
        if dtype is not None and input.dtype is not dtype:
            input = input.to(dtype)
        result = row.function(input, dim)
        if out is None:
            return result
        return write_outs(name, result, out)

    def functional(
        input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None
    ) -> Tensor:
        if dim is None:
            dim = _implicit_dim(name, input.ndim)
        return at_dim(input, dim, dtype)

    at_dim.__name__ = at_dim.__qualname__ = functional.__name__ = functional.__qualname__ = name
    of = "exponentials, divided by their sum" if name == "softmax" else "logarithms of softmax"
    at_dim.__doc__ = functional.__doc__ = f"The {of} along ``dim``, of the tensor converted to ``dtype`` where it is given."
    composite(at_dim, where="torch Tensor special", out=SAME)
    composite(functional, where="nn.functional")


_forms("softmax", _softmax_row)
_forms("log_softmax", log_softmax_row)


@composite(where="nn.functional")
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtypes.dtype | None = None) -> Tensor:
    """The softmax of ``-input``.

    >>> import adjoint as torch
    >>> torch.nn.functional.softmin(torch.tensor([1., 1.]), 0)
    tensor([0.5000, 0.5000])
    """
    if dim is None:
        dim = _implicit_dim("softmin", input.ndim)
    negative = -input
    if dtype is not None and input.dtype is not dtype:
        negative = negative.to(dtype)
    return _softmax_row.function(negative, dim)


