"""Functions of ``torch`` that ``torch.nn`` calls: the same as there, with numbers for reductions and what they compute on the way.

Reductions are 0, 1 and 2 for none, the mean and the sum.
"""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.autograd.grad_mode import no_grad
from adjoint.declare import composite
from adjoint.declare.namespaces import lookup
from adjoint.ops.loss import reduce_tensor
from adjoint.ops.normalization import instance_norm as normalized_instances
from adjoint.tensor import Tensor


def _functional(name: str) -> Any:
    return lookup("nn.functional", name)


@composite(where="torch")
def _assert_async(input: Tensor, assert_msg: str | None = None) -> None:
    """Raise RuntimeError unless the one element of a tensor is not zero."""
    if input._array.size != 1:
        which = "more than one value" if input._array.size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {which} is ambiguous")
    if not input._array.item():
        raise RuntimeError(assert_msg or "Expected Tensor with single nonzero value, but got zero")


@composite(where="torch")
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1
) -> Tensor:
    """As :func:`adjoint.nn.functional.cosine_embedding_loss`, with a number for the reduction."""
    return reduce_tensor(_functional("cosine_embedding_loss")(input1, input2, target, margin, reduction="none"), reduction)


@composite(where="torch")
def kl_div(input: Tensor, target: Tensor, reduction: int = 1, *, log_target: bool = False) -> Tensor:
    """As :func:`adjoint.nn.functional.kl_div`, with a number for the reduction.

    >>> import adjoint as torch
    >>> torch.kl_div(torch.zeros(2), torch.ones(2), 2)
    tensor(0.)
    """
    return reduce_tensor(_functional("kl_div")(input, target, reduction="none", log_target=log_target), reduction)


@composite(where="torch")
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 1
) -> Tensor:
    """As :func:`adjoint.nn.functional.margin_ranking_loss`, with a number for the reduction."""
    return reduce_tensor(_functional("margin_ranking_loss")(input1, input2, target, margin, reduction="none"), reduction)


@composite(where="torch")
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """As :func:`adjoint.nn.functional.poisson_nll_loss`, with a number for the reduction."""
    loss = _functional("poisson_nll_loss")(input, target, log_input, full, eps=eps, reduction="none")
    return reduce_tensor(loss, reduction)


@composite(where="torch")
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 1,
) -> Tensor:
    """As :func:`adjoint.nn.functional.triplet_margin_loss`, with a number for the reduction."""
    loss = _functional("triplet_margin_loss")(anchor, positive, negative, margin, p, eps, swap, reduction="none")
    return reduce_tensor(loss, reduction)


@composite(where="torch")
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """As :func:`adjoint.nn.functional.instance_norm`, in another order of arguments."""
    return normalized_instances(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def _statistics(x: Tensor, dims: Any, keepdim: bool, weight: Tensor | None, eps: float) -> tuple[Tensor, Tensor]:
    """The means over some dimensions, and 1 / the deviations: of halves from float32, and in the weight's dtype."""
    wide = x.to(dtypes.float32) if x.dtype.itemsize == 2 else x
    mean, deviations = wide.mean(dims, keepdim), (wide.var(dims, correction=0, keepdim=keepdim) + eps).rsqrt()
    dtype = x.dtype if weight is None else weight.dtype
    return mean.to(dtype), deviations.to(dtype)


@composite(where="torch")
def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.layer_norm`; also each example's mean, and 1 / its deviation.

    >>> import adjoint as torch
    >>> torch.native_layer_norm(torch.tensor([[1., 3.]]), (2,), None, None, 0.)[1:]
    (tensor([[2.]]), tensor([[1.]]))
    """
    output = _functional("layer_norm")(input, normalized_shape, weight, bias, eps)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
    with no_grad():
        return output, *_statistics(input, tuple(range(-len(shape), 0)), True, weight, eps)


@composite(where="torch")
def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.group_norm`; also each group's mean, and 1 / its deviation: (N, group).

    These have gradients, unlike those of the other two.
    """
    output = _functional("group_norm")(input, group, weight, bias, eps)
    return output, *_statistics(input.reshape(N, group, -1), 2, False, weight, eps)


@composite(where="torch")
def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.batch_norm`; also, in training, each channel's mean and 1 / its deviation."""
    output = lookup("torch", "batch_norm")(
        input, weight, bias, running_mean, running_var, training, momentum, eps, False
    )
    if not training:
        dtype = input.dtype if weight is None else weight.dtype
        return output, input.new_empty(0, dtype=dtype), input.new_empty(0, dtype=dtype)
    with no_grad():
        return output, *_statistics(input, (0, *range(2, input.ndim)), False, weight, eps)
