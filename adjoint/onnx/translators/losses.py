"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.reductions import reduce
from adjoint.onnx.translators.table import translates, unsupported


def _over(g: Graph, loss: Value, like: Value, reduction: str) -> Value:
    if loss.shape is None:
        loss.shape = like.shape
    if reduction == "none":
        return loss
    return reduce(g, "ReduceMean" if reduction == "mean" else "ReduceSum", loss, None, False)


def _difference(g: Graph, input: Value, target: Value) -> Value:
    made = g.op("Sub", input, target)
    made.shape = input.shape
    return made  # type: ignore[no-any-return]


@translates("mse_loss")
def mse_loss(
    g: Graph,
    input: Value,
    target: Value,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Value:
    """The mean square of the difference."""
    if weight is not None:
        raise unsupported(g, "mse_loss with weight")
    d = _difference(g, input, target)
    return _over(g, g.op("Mul", d, d), input, reduction)


@translates("l1_loss")
def l1_loss(
    g: Graph,
    input: Value,
    target: Value,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Value:
    """The mean of the difference's size."""
    if weight is not None:
        raise unsupported(g, "l1_loss with weight")
    return _over(g, g.op("Abs", _difference(g, input, target)), input, reduction)


@translates("smooth_l1_loss")
def smooth_l1_loss(
    g: Graph,
    input: Value,
    target: Value,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Value:
    """A square within ``beta``, a line beyond."""
    return _over(
        g,
        _huber(g, input, target, beta, 1 / beta) if beta else g.op("Abs", _difference(g, input, target)),
        input,
        reduction,
    )


@translates("huber_loss")
def huber_loss(
    g: Graph, input: Value, target: Value, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Value:
    """A square within ``delta``, a line beyond."""
    if weight is not None:
        raise unsupported(g, "huber_loss with weight")
    return _over(g, _huber(g, input, target, delta, 1.0), input, reduction)


def _huber(g: Graph, input: Value, target: Value, delta: float, scale: float) -> Value:
    dtype = input.dtype
    size = g.op("Abs", _difference(g, input, target))
    square = g.op("Mul", g.op("Mul", size, size), g.const(0.5 * scale, dtype))
    line = g.op("Mul", g.op("Sub", size, g.const(0.5 * delta, dtype)), g.const(delta * scale, dtype))
    return g.op("Where", g.op("Less", size, g.const(delta, dtype)), square, line, dtype=dtype)  # type: ignore[no-any-return]


@translates("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    g: Graph,
    input: Value,
    target: Value,
    weight: Value | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Value:
    """Of log-probabilities, those of the targets."""
    return g.op("NegativeLogLikelihoodLoss", input, target, weight, ignore_index=ignore_index, reduction=reduction)  # type: ignore[no-any-return]


@translates("cross_entropy")
def cross_entropy(
    g: Graph,
    input: Value,
    target: Value,
    weight: Value | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Value:
    """Of scores, the log-probabilities of the targets."""
    if label_smoothing or target.dtype != dtypes.int64:
        return _smoothed(g, input, target, weight, ignore_index, reduction, label_smoothing)
    return g.op("SoftmaxCrossEntropyLoss", input, target, weight, ignore_index=ignore_index, reduction=reduction)  # type: ignore[no-any-return]


def _smoothed(
    g: Graph, input: Value, target: Value, weight: Value | None, ignore_index: int, reduction: str, smoothing: float
) -> Value:
    """With targets that are probabilities, or are mixed with equal ones."""
    if weight is not None or input.ndim != 2:
        raise unsupported(g, "cross_entropy_loss with weights, or of images, and label smoothing or probabilities")
    dtype, classes = input.dtype, input.sizes[1]
    logs = g.op("LogSoftmax", input, axis=1)
    if target.dtype.is_floating_point:
        kept = None
        share = g.op("Mul", target, g.const(1 - smoothing, dtype))
    else:
        kept = g.cast(g.op("Not", g.op("Equal", target, g.const(ignore_index))), dtype)
        ones = g.op("OneHot", target, g.number(classes), g.const(np.array([0, 1]), dtype), axis=-1, dtype=dtype)
        share = g.op("Mul", ones, g.const(1 - smoothing, dtype))
    share = g.op("Add", share, g.op("Div", g.const(smoothing, dtype), g.number(classes, dtype)))
    loss = g.op("Neg", g.reduced("ReduceSum", g.op("Mul", share, logs), [1], False))
    if kept is not None:
        loss = g.op("Mul", loss, kept)
    if reduction == "none":
        return loss  # type: ignore[no-any-return]
    total = g.reduced("ReduceSum", loss, None, False)
    if reduction == "sum":
        return total
    count = g.number(input.sizes[0], dtype) if kept is None else g.reduced("ReduceSum", kept, None, False)
    return g.op("Div", total, count)  # type: ignore[no-any-return]


@translates("binary_cross_entropy")
def binary_cross_entropy(
    g: Graph,
    input: Value,
    target: Value,
    weight: Value | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Value:
    """``-(t log(x) + (1 - t) log(1 - x))``, the logarithms at least -100."""
    one, least = g.const(1.0, input.dtype), g.const(-100.0, input.dtype)
    logs = [g.op("Max", g.op("Log", x), least) for x in (input, g.op("Sub", one, input))]
    made = g.op("Add", g.op("Mul", target, logs[0]), g.op("Mul", g.op("Sub", one, target), logs[1]))
    made = g.op("Neg", made)
    return _over(g, made if weight is None else g.op("Mul", made, weight), input, reduction)


@translates("binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    g: Graph,
    input: Value,
    target: Value,
    weight: Value | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Value | None = None,
) -> Value:
    """``(1 - t) x + (1 + (w - 1) t) softplus(-x)``."""
    one = g.const(1.0, input.dtype)
    soft = g.op("Softplus", g.op("Neg", input))
    if pos_weight is not None:
        soft = g.op("Mul", soft, g.op("Add", g.op("Mul", g.op("Sub", pos_weight, one), target), one))
    made = g.op("Add", g.op("Mul", g.op("Sub", one, target), input), soft)
    return _over(g, made if weight is None else g.op("Mul", made, weight), input, reduction)


@translates("kl_div")
def kl_div(
    g: Graph,
    input: Value,
    target: Value,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Value:
    """``target * (log(target) - input)``."""
    if log_target:
        made = g.op("Mul", g.op("Exp", target), g.op("Sub", target, input))
    else:
        zero = g.const(0.0, input.dtype)
        made = g.op("Mul", target, g.op("Sub", g.op("Log", target), input))
        made = g.op("Where", g.op("Greater", target, zero), made, zero, dtype=input.dtype)
    if reduction == "batchmean":
        return g.op("Div", _over(g, made, input, "sum"), g.number(input.sizes[0], input.dtype))  # type: ignore[no-any-return]
    return _over(g, made, input, reduction)


@translates("soft_margin_loss")
def soft_margin_loss(
    g: Graph, input: Value, target: Value, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Value:
    """``log(1 + exp(-target * input))``."""
    return _over(g, g.op("Softplus", g.op("Neg", g.op("Mul", target, input))), input, reduction)
