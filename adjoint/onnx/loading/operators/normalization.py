"""Normalizations."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of


@operator(
    "BatchNormalization",
    since=7,
    training=lambda site, options: bool(options.get("training_mode")),
    several=True,
    fixed=(3, 4),
)
def batch_norm(
    site: Any, epsilon: float = 1e-5, momentum: float = 0.9, spatial: int = 1, training_mode: int = 0
) -> Any:
    """With ``training_mode`` as the definition has it: statistics of all numbers. Where a file that does not train is trained on,
    what ``nn.BatchNorm2d`` does."""
    if not spatial:
        raise NotImplementedError("batch normalization of each place by itself (spatial=0)")
    ours = len(site.held) > 4 and site.held[3] and site.held[4]

    def run(training: bool, x: Any, weight: Any, bias: Any, mean: Any, var: Any) -> Any:
        if not training:
            y = functional.batch_norm(x, mean, var, weight, bias, False, 0.0, epsilon)
            return (y, mean, var, mean, var)
        if not training_mode:
            if not ours:
                mean, var = mean.clone(), var.clone()
            y = functional.batch_norm(x, mean, var, weight, bias, True, 1 - momentum, epsilon)
            return (y, mean, var, mean, var)
        y = functional.batch_norm(x, None, None, weight, bias, True, 0.0, epsilon)
        with no_grad():
            over = (0, *range(2, x.dim()))
            new_mean = mean * momentum + x.mean(over).to(mean.dtype) * (1 - momentum)
            new_var = var * momentum + x.var(over, correction=0).to(var.dtype) * (1 - momentum)
            if ours:
                mean.copy_(new_mean)
                var.copy_(new_var)
        return (y, new_mean, new_var, new_mean, new_var)

    return run


@operator("InstanceNormalization", since=6)
def instance_norm(site: Any, epsilon: float = 1e-5) -> Any:
    return lambda x, weight, bias: functional.instance_norm(x, weight=weight, bias=bias, eps=epsilon)


@operator("GroupNormalization")
def group_norm_by_groups(site: Any, num_groups: int, epsilon: float = 1e-5) -> Any:
    def run(x: Any, weight: Any, bias: Any) -> Any:
        each = x.shape[1] // num_groups
        return functional.group_norm(
            x, num_groups, weight.repeat_interleave(each), bias.repeat_interleave(each), epsilon
        )

    return run


@operator("GroupNormalization", since=21)
def group_norm(site: Any, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    return lambda x, weight, bias: functional.group_norm(x, num_groups, weight, bias, epsilon)


@operator("LayerNormalization", several=True)
def layer_norm(site: Any, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    alone = not any(site.outputs[1:])

    def run(x: Any, weight: Any, bias: Any = None) -> Any:
        shape = x.shape[axis:]
        if alone and weight.shape == shape and (bias is None or bias.shape == shape):
            return (functional.layer_norm(x, shape, weight, bias, epsilon),)
        over = tuple(range(axis % x.dim(), x.dim()))
        exact = x if x.dtype is adjoint.float64 else x.to(dtype_of(stash_type))
        mean = exact.mean(over, keepdim=True)
        centered = exact - mean
        scale = (centered.square().mean(over, keepdim=True) + epsilon).rsqrt()
        y = (centered * scale).to(x.dtype) * weight
        return (y if bias is None else y + bias, mean, scale)

    return run


@operator("RMSNormalization")
def rms_norm(site: Any, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    def run(x: Any, weight: Any) -> Any:
        shape = x.shape[axis:]
        if weight.shape == shape:
            return functional.rms_norm(x, shape, weight, epsilon)
        return functional.rms_norm(x, shape, None, epsilon) * weight

    return run


@operator("LpNormalization")
def norm(site: Any, axis: int = -1, p: int = 2) -> Any:
    def run(x: Any) -> Any:
        length = adjoint.linalg.vector_norm(x, p, axis, keepdim=True)
        return x / adjoint.where(length == 0, 1.0, length).to(x.dtype)

    return run


@operator("LRN")
def local_response(site: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Any:
    if size % 2:
        return lambda x: functional.local_response_norm(x, size, alpha, beta, bias)

    def run(x: Any) -> Any:
        rest = x.shape[2:]
        square = functional.pad(x.square().flatten(2).unsqueeze(1), [0, 0, (size - 1) // 2, size // 2])
        around = functional.avg_pool2d(square, (size, 1), stride=1).squeeze(1).reshape(*x.shape[:2], *rest)
        return x / (bias + alpha * around) ** beta

    return run


@operator("MeanVarianceNormalization")
def mean_variance(site: Any, axes: Any = (0, 2, 3)) -> Any:
    def run(x: Any) -> Any:
        mean = x.mean(axes, keepdim=True)
        return (x - mean) / ((x.square().mean(axes, keepdim=True) - mean.square()).sqrt() + 1e-9)

    return run
