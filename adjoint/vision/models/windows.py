"""Attention within windows that are shifted from layer to layer (Liu et al., 2021), for any number of dimensions.

Tensors are (N, *sizes, C), channels last.  A window of M places is attended to as a sequence of M; where the windows were
shifted around the edges, those at the edges hold places that are not neighbours, and do not attend to each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

import adjoint
from adjoint.nn import functional as F
from adjoint.tensor import Tensor, from_array


def relative_places(window: Sequence[int]) -> Tensor:
    """For each two of the M places of a window, which of the ``prod(2 * w - 1)`` distances lies between them: (M, M)."""
    places = np.indices(window).reshape(len(window), -1)
    apart = places[:, :, None] - places[:, None, :] + np.array(window).reshape(-1, 1, 1) - 1
    found = np.zeros(apart.shape[1:], np.int64)
    for distance, w in zip(apart, window):
        found = found * (2 * w - 1) + distance
    return adjoint.tensor(found)


def bias_of_places(table: Tensor, places: Tensor, window: Sequence[int]) -> Tensor:
    """What a table (distances, heads) has for each two places of a window: (1, heads, M, M)."""
    m = math.prod(window)
    return table[places.flatten()].view(m, m, -1).permute(2, 0, 1).contiguous().unsqueeze(0)


def to_fill(sizes: Sequence[int], window: Sequence[int]) -> list[int]:
    """What is added at the end of each dimension for windows to fill it."""
    return [-size % w for size, w in zip(sizes, window)]


@lru_cache(maxsize=64)
def _apart(sizes: tuple[int, ...], window: tuple[int, ...], shift: tuple[int, ...]) -> np.ndarray:
    """Added to what places of a window attend to: -100 where the shift brought them together, (windows, 1, M, M)."""
    regions = np.zeros(sizes, np.int64)
    for dim, (size, w, s) in enumerate(zip(sizes, window, shift)):
        place = np.arange(size)
        region = (place >= size - w).astype(np.int64) + (place >= size - s) if s else np.zeros(size, np.int64)
        regions = 3 * regions + region.reshape([-1 if d == dim else 1 for d in range(len(sizes))])
    split = [n for size, w in zip(sizes, window) for n in (size // w, w)]
    regions = regions.reshape(split).transpose(*range(0, len(split), 2), *range(1, len(split), 2))
    regions = regions.reshape(-1, 1, math.prod(window))
    return np.where(regions[..., None] != regions[..., None, :], np.float32(-100), np.float32(0))


def attend_in_windows(
    x: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    bias: Tensor,
    window: Sequence[int],
    num_heads: int,
    shift: Sequence[int],
    attention_dropout: float,
    dropout: float,
    qkv_bias: Tensor | None,
    proj_bias: Tensor | None,
    logit_scale: Tensor | None,
    training: bool,
) -> Tensor:
    """Self-attention of (N, *sizes, C) within windows that are moved by ``shift``; of its shape.

    ``bias`` (1, heads, M, M) is added before the softmax.  With ``logit_scale`` (heads, 1, 1) attention is by cosines, times its
    exponential, at most 100, and keys have no bias (Liu et al., 2022).
    """
    n, *sizes, c = x.shape
    dims = len(sizes)
    more = to_fill(sizes, window)
    if any(more):
        x = F.pad(x, (0, 0, *[n for extra in reversed(more) for n in (0, extra)]))
    filled = [size + extra for size, extra in zip(sizes, more)]
    moved = tuple(range(1, dims + 1))
    if any(shift):
        x = adjoint.roll(x, shifts=tuple(-s for s in shift), dims=moved)
        # A window's own mask, and that of all heads and images, in one.
        bias = bias + from_array(_apart(tuple(filled), tuple(window), tuple(shift))).to(bias)

    counts = [size // w for size, w in zip(filled, window)]
    m = math.prod(window)
    split = [number for pair in zip(counts, window) for number in pair]
    outer, inner = range(1, 2 * dims, 2), range(2, 2 * dims + 1, 2)
    x = x.view(n, *split, c).permute(0, *outer, *inner, 2 * dims + 1).reshape(n, math.prod(counts), m, c)

    if logit_scale is not None and qkv_bias is not None:
        qkv_bias = adjoint.cat([qkv_bias[:c], adjoint.zeros_like(qkv_bias[:c]), qkv_bias[2 * c :]])
    qkv = F.linear(x, qkv_weight, qkv_bias).reshape(n, -1, m, 3, num_heads, c // num_heads).permute(3, 0, 1, 4, 2, 5)
    q, k, v = qkv.unbind(0)
    scale = (c // num_heads) ** -0.5
    if logit_scale is not None:
        q = F.normalize(q, dim=-1) * adjoint.clamp(logit_scale, max=math.log(100.0)).exp()
        k, scale = F.normalize(k, dim=-1), 1.0
    dropped = attention_dropout if training else 0.0
    x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropped, scale=scale)
    x = F.linear(x.transpose(2, 3).reshape(n, -1, m, c), proj_weight, proj_bias)
    x = F.dropout(x, p=dropout, training=training)

    joined = [place for i in range(dims) for place in (1 + i, 1 + dims + i)]
    x = x.view(n, *counts, *window, c).permute(0, *joined, 2 * dims + 1).reshape(n, *filled, c)
    if any(shift):
        x = adjoint.roll(x, shifts=tuple(shift), dims=moved)
    if any(more):
        x = x[(slice(None), *[slice(size) for size in sizes])].contiguous()
    return x
