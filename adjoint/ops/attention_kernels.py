"""Attention as one array function, and its gradients as another: NumPy's version, the taped and the batched reading.

Arrays are queries (..., H, L, E), keys (..., G, S, E), values (..., G, S, V), where H is a multiple of G: every so many
heads of the queries share one of the keys.  A mask is added to the scores, ``dropout`` is what every weight is
multiplied by; both broadcast to (..., H, L, S).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.kernels.late import LARGE, Late
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.widening import narrow, widen
from adjoint.readings.batched import Level, materialized, rule, wrapped
from adjoint.tensor import Tensor, from_array

# Multiply-adds of a product from which on kernels are worth their call.
MUCH = 4 * LARGE

attend = Late("attention:attend")
attend_gradients = Late("attention:attend_gradients")


def is_much(query: Array, key: Array) -> bool:
    """Whether attention is for the kernels; short queries may meet many keys, so sizes alone do not say."""
    return query.size * key.shape[-2] >= MUCH and query.__class__ is np.ndarray


@array_function
def attention(
    query: Array, key: Array, value: Array, attn_mask: Array | None, dropout: Array | None,
    is_causal: bool, scale: float,
) -> tuple[Array, Array]:  # fmt: skip
    """``softmax(query @ key.T * scale + attn_mask) * dropout @ value``, and each query's logsumexp: (..., H, L).

    A query that may look nowhere gets zeros.
    """
    if query.itemsize == 2:
        arrays = [widen(x) for x in (query, key, value, attn_mask, dropout)]
        output, logsumexp = attention(*arrays, is_causal, scale)
        return output.astype(query.dtype), logsumexp
    if is_much(query, key):
        found = attend(query, key, value, attn_mask, dropout, is_causal, scale)
        if found is not NotImplemented:
            return found
    group = query.shape[-3] // key.shape[-3]
    scores = _scores(query, _spread(key, group), attn_mask, is_causal, scale)
    largest = scores.max(-1, initial=-np.inf, keepdims=True)
    scores -= np.where(largest == -np.inf, 0, largest)
    np.exp(scores, scores)
    total = scores.sum(-1, keepdims=True)
    scores /= np.where(total == 0, 1, total)
    if dropout is not None:
        scores *= dropout
    output = np.matmul(scores, _spread(value, group), _empty_as(query, value.shape[-1]))
    return output, (largest + np.log(total))[..., 0]


@array_function
def attention_gradients(
    g: Array, query: Array, key: Array, value: Array, output: Array, logsumexp: Array,
    attn_mask: Array | None, dropout: Array | None, is_causal: bool, scale: float,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The gradients of query, key and value."""
    if query.itemsize == 2:
        arrays = [widen(x) for x in (g, query, key, value, output, logsumexp, attn_mask, dropout)]
        return narrow(attention_gradients(*arrays, is_causal, scale), query.dtype)
    if is_much(query, key):
        found = attend_gradients(
            g, query, key, value, output, logsumexp, attn_mask, dropout, is_causal, scale
        )
        if found is not NotImplemented:
            return found
    group = query.shape[-3] // key.shape[-3]
    key, value = _spread(key, group), _spread(value, group)
    weights = _scores(query, key, attn_mask, is_causal, scale)
    weights -= np.where(logsumexp == -np.inf, np.inf, logsumexp)[..., None]
    np.exp(weights, weights)
    g_weights = g @ _turned(value)
    kept = weights
    if dropout is not None:
        g_weights *= dropout
        kept = weights * dropout
    g_value = _gathered(_turned(kept) @ g, group)
    g_weights -= (g * output).sum(-1, keepdims=True)
    g_weights *= weights
    g_weights *= scale
    return g_weights @ key, _gathered(_turned(g_weights) @ query, group), g_value


def _empty_as(x: Array, columns: int) -> Array:
    """Not set, of the shape of ``x`` with so many columns; with heads beside each other, where they are in ``x``."""
    *lead, heads, length, _ = x.shape
    if x.strides[-3] < x.strides[-2]:
        return np.empty((*lead, length, heads, columns), x.dtype).swapaxes(-2, -3)
    return np.empty((*lead, heads, length, columns), x.dtype)


def _scores(query: Array, key: Array, mask: Array | None, is_causal: bool, scale: float) -> Array:
    scores = query @ _turned(key)
    scores *= scale
    if is_causal:
        scores[..., ~np.tri(*scores.shape[-2:], dtype=bool)] = -np.inf
    if mask is not None:
        scores += mask
    return scores


def _turned(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def _spread(x: Array, group: int) -> Array:
    """Each head so many times."""
    return x if group == 1 else x.repeat(group, -3)


def _gathered(g: Array, group: int) -> Array:
    """The gradient of ``_spread``."""
    if group == 1:
        return g
    *lead, heads, length, columns = g.shape
    return g.reshape(*lead, heads // group, group, length, columns).sum(-3)


@taped(attention_gradients)
def _attention_gradients(
    g: Tensor, query: Tensor, key: Tensor, value: Tensor, output: Tensor, logsumexp: Tensor,
    attn_mask: Tensor | None, dropout: Tensor | None, is_causal: bool, scale: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    group = query.size(-3) // key.size(-3)
    key, value = (x if group == 1 else x.repeat_interleave(group, -3) for x in (key, value))
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    g_weights = g @ value.mT
    if dropout is not None:
        g_weights = g_weights * dropout
    g_scores = weights * (g_weights - (g_weights * weights).sum(-1, keepdim=True)) * scale
    kept = weights if dropout is None else weights * dropout
    parts = [x if group == 1 else x.unflatten(-3, (-1, group)).sum(-3) for x in (g_scores.mT @ query, kept.mT @ g)]
    return g_scores @ key, parts[0], parts[1]


def attention_weights(
    query: Tensor, key: Tensor, attn_mask: Tensor | None, is_causal: bool, scale: float
) -> Tensor:
    """The weights (..., L, S), made of other operators."""
    root = math.sqrt(abs(scale))  # of each side, so that products of two-byte numbers do not overflow
    scores = (query * math.copysign(root, scale)) @ (key * root).mT
    if is_causal:
        visible = from_array(np.tri(query.size(-2), key.size(-2), dtype=bool))
        return scores.masked_fill(~visible, -np.inf).softmax(-1)
    if attn_mask is None:
        return scores.softmax(-1)
    scores = scores + attn_mask
    # A query that may look nowhere gets zeros, not NaN, and so do its gradients.
    nowhere = (scores.detach() == -np.inf).all(-1, keepdim=True)
    return scores.masked_fill(nowhere, 0.0).softmax(-1).masked_fill(nowhere, 0.0)


@rule(attention_gradients)
def _batched_gradients(level: Level, *args: Any) -> Any:
    ndim = args[1].ndim
    arrays = [a if a is None else materialized(_of_dims(a, ndim), level) for a in args[:8]]
    return wrapped(attention_gradients(*arrays, *args[8:]), level)


def _of_dims(x: Array, ndim: int) -> Array:
    """With ones in front up to so many dimensions: a mask of fewer broadcasts against one sample's, not the batch's."""
    return x if x.ndim >= ndim - 1 else x.reshape((1,) * (ndim - x.ndim) + x.shape)
