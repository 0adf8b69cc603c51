"""Windows that slide: how far they go over the edges, and how often they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

Ends = tuple[list[int], list[int]]


def edges(
    auto_pad: str, pads: Sequence[int] | None, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int],
    dilations: Sequence[int],
) -> Ends:  # fmt: skip
    """How much is added before and after each dimension, given or found from the sizes."""
    rank = len(sizes)
    if auto_pad in ("NOTSET", ""):
        both = list(pads) if pads is not None else [0] * 2 * rank
        return both[:rank], both[rank:]
    if auto_pad == "VALID":
        return [0] * rank, [0] * rank
    first, last = [], []
    for n, k, s, d in zip(sizes, kernel, strides, dilations):
        missing = max((math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
        less, more = missing // 2, missing - missing // 2
        first.append(less if auto_pad == "SAME_UPPER" else more)
        last.append(more if auto_pad == "SAME_UPPER" else less)
    return first, last


def covered(
    ends: Ends, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], up: bool
) -> Ends:
    """How much is before and after each dimension of what the windows cover; with ``up`` they may go over the end."""
    needed = []
    for n, k, s, d, first, last in zip(sizes, kernel, strides, dilations, *ends):
        needed.append((count(n, k, s, d, first, last, up) - 1) * s + d * (k - 1) + 1 - n - first)
    return ends[0], needed


def count(size: int, kernel: int, stride: int, dilation: int, before: int, after: int, up: bool) -> int:
    """How often a window fits; with ``up`` also where it goes over the end, unless it begins there."""
    rest = size + before + after - dilation * (kernel - 1) - 1
    if not up:
        return rest // stride + 1
    number = -(-rest // stride) + 1
    return number - 1 if (number - 1) * stride >= size + before else number
