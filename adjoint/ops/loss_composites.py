"""Losses made of other operators, as PyTorch makes them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from adjoint import dtypes
from adjoint.autograd.grad_mode import no_grad
from adjoint.declare import composite
from adjoint.declare.kernel_dtypes import WIDE, Kernel
from adjoint.declare.namespaces import lookup
from adjoint.declare.one_node import as_one_node
from adjoint.ops.activation import logsigmoid
from adjoint.ops.arrays import all_values
from adjoint.ops.by_numbers import multiplied, plus
from adjoint.ops.class_loss import check_rows
from adjoint.ops.loss import reduce_tensor, reduction_of
from adjoint.places import users_level
from adjoint.tensor import Tensor


def _where(condition: Tensor, a: Any, b: Any) -> Tensor:
    return lookup("torch", "where")(condition, a, b)


@composite(where="nn.functional")
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """The cross entropy of ``input @ linear_weight.T + linear_bias``: (N, in) and (classes, *, in), and targets (N, *).

    ``options`` (:class:`adjoint.nn.LinearCrossEntropyOptions`) have it computed some examples after the others.  Raises
    RuntimeError where shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.linear_cross_entropy(torch.zeros(1, 2), torch.ones(4, 2), torch.tensor([1]))
    tensor(1.3863)
    """
    if not 1 <= input.ndim <= 2:
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if linear_weight.ndim < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}")
    batch, in_features = tuple(input.shape[:-1]), input.shape[-1]
    if in_features != linear_weight.shape[-1]:
        raise RuntimeError(
            f"expected equal input and linear_weight last dimensions (in_features), got {in_features} and "
            f"{linear_weight.shape[-1]}, respectively"
        )
    classes, *more = linear_weight.shape[:-1]
    if linear_bias is not None and tuple(linear_bias.shape) != (classes, *more):
        raise RuntimeError(f"expected linear_bias shape {(classes, *more)}, got {tuple(linear_bias.shape)}")
    if more and not batch:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, (N, "
            f"{in_features}), got unbatched input with shape {tuple(input.shape)}"
        )
    shape = (*batch, classes, *more)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if options is not None:
        if not more and reduction in ("mean", "sum", "none") and label_smoothing == 0 and target.dtype is dtypes.int64:
            return _linear_cross_entropy_in_chunks(
                input, linear_weight, target, linear_bias, weight, reduction, ignored, options
            )
        of_bias = None if linear_bias is None else tuple(linear_bias.shape)
        warnings.warn(
            "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, label_smoothing == 0, "
            f"target.dtype == int64, out_features == (). Got reduction={reduction!r}, label_smoothing={label_smoothing}, "
            f"target.dtype={target.dtype}, out_features={tuple(more)}, tracing=False, linear_bias.shape={of_bias}.",
            stacklevel=users_level(),
        )
    rows = math.prod(more, start=classes)
    if more:
        linear_weight = linear_weight.reshape((rows, in_features))
        linear_bias = None if linear_bias is None else linear_bias.reshape(rows)
    scores = lookup("nn.functional", "linear")(input, linear_weight, linear_bias).reshape(shape)
    return lookup("nn.functional", "cross_entropy")(
        scores, target, weight=weight, reduction=reduction, ignore_index=ignored,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def _linear_cross_entropy_in_chunks(
    input: Tensor, weight: Tensor, target: Tensor, bias: Tensor | None, of_classes: Tensor | None, reduction: str, ignored: int,
    options: Any,
) -> Tensor:  # fmt: skip
    from adjoint.ops.chunked_loss import in_chunks

    one = input.ndim == 1
    if one:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
    options = options._adjust(
        num_batches=input.size(0), in_features=input.size(1), num_classes=weight.size(0), dtype=input.dtype, device=input.device
    )
    loss = in_chunks(input, weight, target, bias, of_classes, reduction, ignored, options)
    return loss.squeeze(0) if one else loss


@composite(where="nn.functional")
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence of ``target`` from ``exp(input)``; ``"batchmean"`` divides by the batch size.

    >>> import adjoint as torch
    >>> torch.nn.functional.kl_div(torch.zeros(1, 2), torch.ones(1, 2), reduction="batchmean")
    tensor(0.)
    """
    batchmean = reduction == "batchmean" and size_average is None and reduce is None
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=users_level(),
        )
    kind = reduction_of("sum" if batchmean else reduction, size_average, reduce)
    for kind_of, such in (("Complex", "c"), ("Integral", "iub")):
        if any(t._array.dtype.kind in such for t in (input, target)):
            raise RuntimeError(f"kl_div: {kind_of} inputs not supported.")
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = lookup("torch", "xlogy")(target, target) - target * input
    reduced = reduce_tensor(loss, kind)
    return reduced / input.size(0) if batchmean and input.ndim else reduced


@composite(where="nn.functional")
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of Poisson-distributed counts ``target``."""
    kind = reduction_of(reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * plus(input, eps).log()
    if full:
        stirling = target * target.log() - target + multiplied(multiplied(target, 2 * math.pi).log(), 0.5)
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduce_tensor(loss, kind)


@composite(where="nn.functional")
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """The negative log likelihood of normally distributed targets with mean ``input`` and variance ``var``."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = lookup("torch", "full_like")(input, var)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.size() != input.size():
        if input.size()[:-1] == var.size():
            var = var.unsqueeze(-1)
        elif not (input.size()[:-1] == var.size()[:-1] and var.size(-1) == 1) and not _broadcasts(var, input):
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    kind = reduction_of(reduction, None, None)
    var = var.clone()
    with no_grad():  # as a constant in reverse mode; in forward mode what is clamped has no tangent
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduce_tensor(loss, kind)


def _broadcasts(var: Tensor, input: Tensor) -> bool:
    return var.ndim == input.ndim and sum(a != b for a, b in zip(var.shape, input.shape)) <= 1 and all(
        a in (b, 1) for a, b in zip(var.shape, input.shape)
    )


@composite(where="torch", name="hinge_embedding_loss")
def _hinge(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 1) -> Tensor:
    """As :func:`adjoint.nn.functional.hinge_embedding_loss`."""
    margins = lookup("torch", "full_like")(input, margin)  # of the input's dtype, in which PyTorch subtracts
    far = _where(target != 1, (margins - input).clamp_min(0), 0)
    near = _where(target != -1, input, 0)
    return reduce_tensor(far + near, reduction)


@composite(where="nn.functional")
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1."""
    return _hinge(input, target, margin, reduction_of(reduction, size_average, reduce))


@composite(where="nn.functional")
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)`` for targets 1 and -1."""
    kind = reduction_of(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {input1.size()}, "
            f"input2: {input2.size()}, target: {target.size()} "
        )
    difference = input1 - input2
    return reduce_tensor(plus(-target * difference, float(margin)).clamp_min(0), kind)


@composite(where="nn.functional")
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1: (N, D) or (D,)."""
    kind = reduction_of(reduction, size_average, reduce)
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.ndim == 1 and (input1.ndim != 2 or input2.ndim != 2):
        raise RuntimeError(
            f"1D target tensor expects 2D input tensors, but found inputs with sizes {list(input1.shape)} and "
            f"{list(input2.shape)}."
        )
    if target.ndim == 0 and (input1.ndim != 1 or input2.ndim != 1):
        raise RuntimeError(
            f"0D target tensor expects 1D input tensors, but found inputs with sizes {list(input1.shape)} and "
            f"{list(input2.shape)}."
        )
    dim = target.ndim
    product = (input1 * input2).sum(dim)
    squares = ((input1 * input1).sum(dim) + 1e-12) * ((input2 * input2).sum(dim) + 1e-12)
    cos = product / squares.sqrt()
    near = _where(target == 1, 1 - cos, 0.0)
    far = _where(target == -1, (cos - margin).clamp_min(0), 0.0)
    return reduce_tensor(near + far, kind)


@composite(where="nn.functional")
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, |anchor - positive| - |anchor - negative| + margin)`` with the p-norm."""
    kind = reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = anchor.ndim, positive.ndim, negative.ndim
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    distance = lookup("torch", "pairwise_distance")
    near = distance(anchor, positive, p, eps)
    far = distance(anchor, negative, p, eps)
    if swap:
        far = lookup("torch", "minimum")(far, distance(positive, negative, p, eps))
    return reduce_tensor((plus(near, margin) - far).clamp_min(0), kind)


@composite(where="nn.functional")
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """As :func:`triplet_margin_loss`, with any distance."""
    kind = reduction_of(reduction, None, None)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = anchor.ndim, positive.ndim, negative.ndim
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    distance = distance_function or lookup("torch", "pairwise_distance")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = lookup("torch", "minimum")(far, distance(positive, negative))
    return reduce_tensor((margin + near - far).clamp_min(0), kind)


_MULTILABEL_MARGIN = Kernel("multilabel_margin_loss_forward_out_frame", WIDE, empty=False)


@composite(where="nn.functional")
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of ``max(0, 1 - (x[y] - x[i]))`` over labels ``y`` (up to the first -1) and other classes ``i``."""
    kind = reduction_of(reduction, size_average, reduce)
    check_rows(input)
    if input.shape != target.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    if target.dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {dtypes.SCALAR_TYPE_NAMES[target.dtype]}")
    _MULTILABEL_MARGIN.check(input._array)
    found = all_values(target._array)
    if found.size and (found.min() < -1 or found.max() >= (input._array.shape or (1,))[-1]):
        raise RuntimeError("argument #2 'target' is out of range")
    return as_one_node(  # type: ignore[no-any-return]
        "MultilabelMarginLossBackward0", lambda input: _multilabel_margins(input, target, kind), input
    )


def _multilabel_margins(input: Tensor, target: Tensor, kind: int) -> Tensor:
    x, labels = (t if t.ndim == 2 else t.reshape(1, -1) for t in (input, target))
    torch = _torch()
    counted = (labels >= 0).to(torch.int64).cumprod(1).to(torch.bool)
    index = labels.masked_fill(~counted, 0)
    is_label = torch.zeros_like(x, dtype=torch.int64).scatter_add(1, index, counted.to(torch.int64)) > 0
    gaps = (1 - (x.gather(1, index).unsqueeze(2) - x.unsqueeze(1))).relu()
    gaps = gaps.masked_fill(~counted.unsqueeze(2) | is_label.unsqueeze(1), 0)
    loss = gaps.sum((1, 2)) / x.shape[1]
    return reduce_tensor(loss if input.ndim == 2 or kind else loss.reshape(()), kind)


def _torch() -> Any:
    import adjoint

    return adjoint


@composite(where="nn.functional")
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross entropy of ``sigmoid(input)`` and ``target``."""
    kind = reduction_of(reduction, size_average, reduce)
    log_sigmoid = logsigmoid.function
    loss = -(target * log_sigmoid(input) + (1 - target) * log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduce_tensor(loss.sum(input.ndim - 1) / input.size(-1), kind)
