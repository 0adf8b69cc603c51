"""Attention in tiles: no matrix of all scores, whatever the length.

``attend`` and ``attend_gradients`` take float32 arrays of shape (B, H, L, E), (B, G, S, E), (B, G, S, V), where H is a
multiple of G; for others they return NotImplemented.  ``mask`` (added to the scores) and ``dropout`` (what each weight
is multiplied by) broadcast to (B, H, L, S).  Arrays are read where they are, at any strides, if the elements of a row
are next to each other; others are copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.kernels.attention.plan import FLOAT32, plan_of
from adjoint.kernels.memory import empty

Array = Any


def attend(
    q: Array, k: Array, v: Array, mask: Array | None, dropout: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """``softmax(q k^T * scale + mask) * dropout v``, in memory as ``q``, and the logsumexp of the scores: (B, H, L)."""
    if not _fits(q, k, v, mask, dropout):
        return NotImplemented
    q, k, v, mask, dropout = _rows(q), _rows(k), _rows(v), _tiles(mask, k), _tiles(dropout, k)
    output = _empty_as(q, v.shape[3])
    logsumexp = empty(q.shape[:3], FLOAT32)
    plan_of(q, k, v, mask, dropout, output, None, causal, scale).forward(q, k, v, mask, dropout, output, logsumexp)
    return output, logsumexp


def attend_gradients(
    g: Array, q: Array, k: Array, v: Array, output: Array, logsumexp: Array,
    mask: Array | None, dropout: Array | None, causal: bool, scale: float,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The gradients of ``q``, ``k`` and ``v``, each in memory as what it is the gradient of."""
    if not _fits(q, k, v, mask, dropout):
        return NotImplemented
    g, output, q, k, v, mask, dropout = *map(_rows, (g, output, q, k, v)), _tiles(mask, k), _tiles(dropout, k)
    logsumexp = np.ascontiguousarray(logsumexp)
    to = _empty_as(q, q.shape[3]), _empty_as(k, k.shape[3]), _empty_as(v, v.shape[3])
    plan = plan_of(q, k, v, mask, dropout, output, g, causal, scale, *to)
    plan.backward(q, k, v, mask, dropout, output, g, logsumexp, *to)
    return to


def _fits(q: Array, k: Array, v: Array, mask: Array | None, dropout: Array | None) -> bool:
    if not (q.dtype is k.dtype is v.dtype is FLOAT32 and q.ndim == k.ndim == v.ndim == 4):
        return False
    if not (q.size and k.size and v.size):
        return False
    return all(x is None or (x.dtype is FLOAT32 and x.ndim >= 2) for x in (mask, dropout))


def _rows(x: Array) -> Array:
    return x if x.strides[3] == 4 else np.ascontiguousarray(x)


def _tiles(x: Array | None, k: Array) -> Array | None:
    """A mask with an element for each key, next to each other in a row."""
    if x is None or (x.shape[-1] == k.shape[2] and x.strides[-1] == 4):
        return x
    return np.ascontiguousarray(np.broadcast_to(x, (*x.shape[:-1], k.shape[2])))


def _empty_as(x: Array, columns: int) -> Array:
    """Not set, of the shape of ``x`` with so many columns; with heads beside each other, where they are in ``x``."""
    batch, heads, length, _ = x.shape
    if x.strides[1] < x.strides[2]:
        return empty((batch, length, heads, columns), FLOAT32).transpose(0, 2, 1, 3)
    return empty((batch, heads, length, columns), FLOAT32)
