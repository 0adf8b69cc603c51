"""Fusion: a convolution or linear layer and the batch norm behind it as one layer, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

import adjoint
from adjoint.nn.parameter import Parameter
from adjoint.tensor import Tensor

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A copy of a convolution that computes ``bn(conv(x))``; ``transpose`` for a transposed one.

    Raises AssertionError for modules in training mode, and for a batch norm without running statistics.

    >>> import adjoint as torch
    >>> conv, bn = torch.nn.Conv2d(1, 2, 3).eval(), torch.nn.BatchNorm2d(2).eval()
    >>> x = torch.randn(1, 1, 4, 4)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    fused = _copy_to_fuse(conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of :func:`fuse_conv_bn_eval`, from the convolution's and the batch norm's statistics, scale, shift."""
    dtype = conv_w.dtype
    bias_dtype = dtype if conv_b is None else conv_b.dtype
    bias = adjoint.zeros_like(bn_rm) if conv_b is None else conv_b
    scale = adjoint.ones_like(bn_rm) if bn_w is None else bn_w
    shift = adjoint.zeros_like(bn_rm) if bn_b is None else bn_b
    inverse = adjoint.rsqrt(bn_rv + bn_eps)
    by_channel = [1] * conv_w.ndim
    by_channel[1 if transpose else 0] = -1
    fused_w = (conv_w * (scale * inverse).reshape(by_channel)).to(dtype=dtype)
    fused_b = ((bias - bn_rm) * inverse * scale + shift).to(dtype=bias_dtype)
    return Parameter(fused_w, conv_w.requires_grad), Parameter(fused_b, bias.requires_grad)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A copy of a linear layer that computes ``bn(linear(x))``.

    Raises AssertionError for modules in training mode, for features that do not fit, and without running statistics.
    """
    fused = _copy_to_fuse(linear, bn, linear.out_features)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of :func:`fuse_linear_bn_eval`."""
    dtype = linear_w.dtype
    bias_dtype = dtype if linear_b is None else linear_b.dtype
    bias = adjoint.zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * adjoint.rsqrt(bn_rv + bn_eps)
    fused_w = linear_w * scale.unsqueeze(-1).to(dtype=dtype)
    fused_b = ((bias - bn_rm) * scale + bn_b).to(dtype=bias_dtype)
    return Parameter(fused_w, linear_w.requires_grad), Parameter(fused_b, bias.requires_grad)


def _copy_to_fuse(layer: Any, bn: Any, out_features: int | None = None) -> Any:
    """A copy of the layer; raises where the two cannot be one."""
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if out_features is not None and bn.num_features not in (out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={out_features} and bn.num_features={bn.num_features}"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return copy.deepcopy(layer)
