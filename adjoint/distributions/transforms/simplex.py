"""Transforms to the simplex: vectors of probabilities."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.transforms.elementwise import _clipped_sigmoid, _WithoutParameters
from adjoint.nn.functional import logsigmoid, pad
from adjoint.tensor import Tensor


class SoftmaxTransform(_WithoutParameters):
    """``y = exp(x)``, normalised; the inverse is the logarithm, one of many origins.

    >>> import adjoint as torch
    >>> torch.distributions.SoftmaxTransform()(torch.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        probs = (x - x.max(-1, True)[0]).exp()
        return probs / probs.sum(-1, True)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(_WithoutParameters):
    """A vector to one of probabilities that has an element more: each number says how much of what is left it takes.

    Zeros give equal probabilities.

    >>> import adjoint as torch
    >>> torch.distributions.StickBreakingTransform()(torch.zeros(3))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        taken = _clipped_sigmoid(x - _offset(x, x.shape[-1]).log())
        left = (1 - taken).cumprod(-1)
        return pad(taken, [0, 1], value=1) * pad(left, [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        cropped = y[..., :-1]
        left = (1 - cropped.cumsum(-1)).clamp(min=adjoint.finfo(y.dtype).tiny)  # the sum may have rounded to 1
        return cropped.log() - left.log() + _offset(y, cropped.shape[-1]).log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - _offset(x, x.shape[-1]).log()
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape[:-1] + (shape[-1] + 1,)

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape[:-1] + (shape[-1] - 1,)


def _offset(like: Tensor, n: int) -> Tensor:
    """From ``n`` down to 1: how many pieces are still to be broken off."""
    return n + 1 - like.new_ones(n).cumsum(-1)
