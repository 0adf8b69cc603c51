"""DropBlock: blocks of neighbouring pixels that are zero while training (Ghiasi et al., 2018)."""

from __future__ import annotations

from math import prod

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor

__all__ = ["DropBlock2d", "DropBlock3d", "drop_block2d", "drop_block3d"]


def _dropped(input: Tensor, p: float, block_size: int, inplace: bool, eps: float, training: bool, n: int) -> Tensor:
    """Images of ``n`` dimensions with blocks of zeros, the rest scaled up so that the mean stays."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if input.ndim != n + 2:
        raise ValueError(f"input should be {n + 2} dimensional. Got {input.ndim} dimensions.")
    if not training or p == 0.0:
        return input
    space = input.shape[2:]
    block_size = min(block_size, *space)
    if block_size % 2 == 0:
        raise ValueError(f"block size should be odd. Got {block_size} which is even.")
    middles = [size - block_size + 1 for size in space]  # where the middles of whole blocks are
    gamma = p * prod(space) / (block_size**n * prod(middles))
    marks = adjoint.empty((*input.shape[:2], *middles), dtype=input.dtype, device=input.device)
    marks.bernoulli_(gamma)
    marks = F.pad(marks, [block_size // 2] * (2 * n), value=0)
    pool = F.max_pool2d if n == 2 else F.max_pool3d
    kept = 1 - pool(marks, stride=(1,) * n, kernel_size=(block_size,) * n, padding=block_size // 2)
    scale = kept.numel() / (eps + kept.sum())
    return input.mul_(kept).mul_(scale) if inplace else input * kept * scale


@noted
def drop_block2d(
    input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6, training: bool = True
) -> Tensor:
    """Images (N, C, H, W) with square blocks of zeros, so that about ``p`` of the pixels are; the rest is scaled up.

    Raises ValueError for a ``block_size`` that is even.
    """
    return _dropped(input, p, block_size, inplace, eps, training, 2)


@noted
def drop_block3d(
    input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6, training: bool = True
) -> Tensor:
    """As :func:`drop_block2d`, of (N, C, D, H, W) with cubes."""
    return _dropped(input, p, block_size, inplace, eps, training, 3)


class DropBlock2d(nn.Module):
    """:func:`drop_block2d` as a module."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """``input`` with blocks of zeros while training."""
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, block_size={self.block_size}, inplace={self.inplace})"


class DropBlock3d(DropBlock2d):
    """:func:`drop_block3d` as a module."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__(p, block_size, inplace, eps)

    def forward(self, input: Tensor) -> Tensor:
        """``input`` with blocks of zeros while training."""
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
