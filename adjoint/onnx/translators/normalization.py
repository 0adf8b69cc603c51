"""Normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import product
from adjoint.onnx.translators.table import like, translates, unsupported


def _filled(g: Graph, given: Value | None, size: Any, value: float, dtype: Any) -> Value:
    """A parameter, or a constant in its place."""
    return given if given is not None else g.const(np.full(g.static(size, "the number of channels"), value), dtype)


@translates("batch_norm")
def batch_norm(
    g: Graph,
    input: Value,
    running_mean: Value | None,
    running_var: Value | None,
    weight: Value | None = None,
    bias: Value | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *_: Any,
) -> Value:
    """By the running statistics, or in training by the batch's."""
    channels = input.sizes[1]
    scale, shift = _filled(g, weight, channels, 1, input.dtype), _filled(g, bias, channels, 0, input.dtype)
    if training or running_mean is None or running_var is None:
        axes = [i for i in range(input.ndim) if i != 1]
        return _normalized(g, input, axes, eps, _per_channel(g, scale, input.ndim), _per_channel(g, shift, input.ndim))
    return like(input, g.op("BatchNormalization", input, scale, shift, running_mean, running_var, epsilon=float(eps)))


def _per_channel(g: Graph, value: Value, ndim: int) -> Value:
    return g.unsqueeze(value, range(1, ndim - 1))


def _normalized(g: Graph, input: Value, axes: list[int], eps: float, scale: Value | None, shift: Value | None) -> Value:
    """``(x - mean) / sqrt(variance + eps) * scale + shift`` over some dimensions."""
    centred = g.op("Sub", input, g.reduced("ReduceMean", input, axes, True))
    variance = g.reduced("ReduceMean", g.op("Mul", centred, centred), axes, True)
    made = g.op("Div", centred, g.op("Sqrt", g.op("Add", variance, g.const(eps, input.dtype))))
    made = made if scale is None else g.op("Mul", made, scale)
    made = made if shift is None else g.op("Add", made, shift)
    return like(input, made)


@translates("instance_norm")
def instance_norm(
    g: Graph,
    input: Value,
    running_mean: Value | None = None,
    running_var: Value | None = None,
    weight: Value | None = None,
    bias: Value | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *_: Any,
) -> Value:
    """Each image and channel by itself."""
    if not use_input_stats:
        return batch_norm(g, input, running_mean, running_var, weight, bias, False, momentum, eps)
    channels = input.sizes[1]
    scale, shift = _filled(g, weight, channels, 1, input.dtype), _filled(g, bias, channels, 0, input.dtype)
    return like(input, g.op("InstanceNormalization", input, scale, shift, epsilon=float(eps)))


@translates("layer_norm")
def layer_norm(
    g: Graph,
    input: Value,
    normalized_shape: Any,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
    *_: Any,
) -> Value:
    """Over the last dimensions."""
    shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    if weight is None:
        weight = g.const(np.ones(tuple(g.static(list(shape), "normalized_shape"))), input.dtype)
    return like(input, g.op("LayerNormalization", input, weight, bias, axis=-len(shape), epsilon=float(eps)))


@translates("rms_norm")
def rms_norm(
    g: Graph, input: Value, normalized_shape: Any, weight: Value | None = None, eps: float | None = None
) -> Value:
    """By the root of the mean square over the last dimensions."""
    import adjoint

    eps = adjoint.finfo(input.dtype).eps if eps is None else eps
    count = len(normalized_shape) if isinstance(normalized_shape, (tuple, list)) else 1
    axes = list(range(input.ndim - count, input.ndim))
    square = g.reduced("ReduceMean", g.op("Mul", input, input), axes, True)
    made = g.op("Div", input, g.op("Sqrt", g.op("Add", square, g.const(eps, input.dtype))))
    return like(input, made if weight is None else g.op("Mul", made, weight))


@translates("group_norm")
def group_norm(
    g: Graph,
    input: Value,
    num_groups: int,
    weight: Value | None = None,
    bias: Value | None = None,
    eps: float = 1e-5,
    *_: Any,
) -> Value:
    """Channels in groups: an instance norm of as many channels as there are groups."""
    batch, channels, *rest = input.sizes
    flat = g.reshape(input, [batch, num_groups, channels // num_groups * product(rest)])
    ones, zeros = (g.const(np.full(num_groups, v), input.dtype) for v in (1, 0))
    made = g.op("InstanceNormalization", flat, ones, zeros, epsilon=float(eps))
    made.shape = flat.shape
    made = g.reshape(made, input.sizes)
    made = made if weight is None else g.op("Mul", made, _per_channel(g, weight, input.ndim))
    made = made if bias is None else g.op("Add", made, _per_channel(g, bias, input.ndim))
    return like(input, made)


@translates("local_response_norm")
def local_response_norm(
    g: Graph, input: Value, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Value:
    """By the channels around each."""
    if size % 2 == 0:
        raise unsupported(g, "local_response_norm of an even size")
    return like(input, g.op("LRN", input, size=size, alpha=float(alpha), beta=float(beta), bias=float(k)))


def _dropped(g: Graph, self: Value, p: float, training: bool) -> Value:
    if not training or p == 0:
        return self
    return like(self, g.op("Dropout", self, g.const(float(p), self.dtype), g.const(True, dtypes.bool_)))


@translates("dropout")
def dropout(
    g: Graph, self: Value, p: float = 0.5, training: bool = True, inplace: bool = False, train: bool | None = None
) -> Value:
    """Itself outside of training."""
    return _dropped(g, self, p, training if train is None else train)


@translates("dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout")
def other_dropout(
    g: Graph, self: Value, p: float = 0.5, training: bool = False, inplace: bool = False, train: bool | None = None
) -> Value:
    """Itself outside of training; ONNX has no operator that drops whole channels."""
    if training or train:
        raise unsupported(g, g.key)
    return self
