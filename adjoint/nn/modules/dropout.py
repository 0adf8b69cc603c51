"""Dropout layers."""

from __future__ import annotations

from adjoint.nn import functional as F
from adjoint.nn.modules.module import Module
from adjoint.tensor import Tensor


class _DropoutNd(Module):
    _function: str

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input with zeros in it while training, and as it is otherwise."""
        return getattr(F, self._function)(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The options."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zeroes each element with probability ``p`` while training, and scales the others by 1 / (1 - p).

    >>> import adjoint as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(2))
    tensor([1., 1.])
    """

    _function = "dropout"


class Dropout1d(_DropoutNd):
    """Zeroes whole channels of (N, C, L) or (C, L)."""

    _function = "dropout1d"


class Dropout2d(_DropoutNd):
    """Zeroes whole channels of (N, C, H, W) or (C, H, W)."""

    _function = "dropout2d"


class Dropout3d(_DropoutNd):
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W)."""

    _function = "dropout3d"


class _AlphaDropout(_DropoutNd):
    def forward(self, input: Tensor) -> Tensor:
        """The input with some elements replaced while training, and as it is otherwise; never in place, as in PyTorch."""
        return getattr(F, self._function)(input, self.p, self.training)


class AlphaDropout(_AlphaDropout):
    """Dropout that keeps mean and variance, for use with SELU."""

    _function = "alpha_dropout"


class FeatureAlphaDropout(_AlphaDropout):
    """Alpha dropout of whole channels."""

    _function = "feature_alpha_dropout"


__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]
