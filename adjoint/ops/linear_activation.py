"""A linear layer and the activation after it, by one pass over the result."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.grad_mode import mode
from adjoint.declare.operator import Operator
from adjoint.declare.saved import saved_names
from adjoint.kernels.late import Late
from adjoint.ops.contraction import _linear_row, _matmul_folded, mm
from adjoint.ops.jointly import worthwhile
from adjoint.ops.products import MUCH, is_kernels, is_row
from adjoint.tensor import NO_EDGE, Tensor, writes_of

_product_then = Late("contraction.matmul:product_then")
_fragment = Late("fragment:fragment")


def linear_activation(
    input: Tensor, weight: Tensor, bias: Tensor | None, activation: Operator, values: dict[str, Any], inplace: bool
) -> Tensor | None:
    """``activation(linear(input, weight, bias), **values)`` where a kernel can apply it to the product it has just made.

    The graph is that of the two operators.  None where they are to be called one after the other: arrays are small, shapes
    or dtypes do not fit, or somebody asks to see each call.
    """
    x, w = input._array, weight._array
    if not worthwhile(x) or x.ndim < 2 or w.ndim != 2 or x.size * len(w) < MUCH or not is_kernels(x, w.T):
        return None
    if inplace and bias is not None and x.ndim > 2:  # rewrites the history of a view
        return None
    if bias is not None and not is_row(bias._array, w):
        return None
    after = _fragment(getattr(activation.forward, "of_wide", activation.forward), x.dtype, values)
    if after is None:
        return None
    shape = (*x.shape[:-1], len(w))
    rows = x.reshape(-1, x.shape[-1])
    made = _product_then(after, rows, w.T, None if bias is None else bias._array, _is_saved(activation, input, weight, bias))
    if made is NotImplemented:
        return None
    product, result = made
    if product is None:  # nobody will ask for it
        product = result
    if x.ndim > 2:
        result = result.reshape(shape)
    if bias is not None:
        flat = input if x.ndim == 2 else input.reshape(-1, x.shape[-1])
        between = _linear_row.recorded(product, bias, flat, weight)
        between = between if x.ndim == 2 else between.view(*shape)
    elif x.ndim == 2:
        between = mm.recorded(product, input, weight.t())
    else:
        between = _matmul_folded.recorded(product.reshape(shape), input, weight.t())
    found = activation.recorded(result, between, **values)
    if inplace:
        writes_of(found).count = 1
    return found


def _is_saved(activation: Operator, *operands: Tensor | None) -> bool:
    """Whether the activation's gradient needs what it was applied to."""
    if not mode.enabled or saved_names(activation) == ["result"]:
        return False
    return any([t is not None and t._edge is not NO_EDGE for t in operands])
