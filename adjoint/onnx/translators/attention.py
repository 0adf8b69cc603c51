"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.translators.table import translates, unsupported


@translates("scaled_dot_product_attention")
def scaled_dot_product_attention(
    g: Graph,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    """``softmax(query @ keyᵀ * scale + mask) @ value``."""
    if dropout_p:
        raise unsupported(g, "scaled_dot_product_attention with dropout")
    dtype = query.dtype
    if enable_gqa:
        key, value = (_repeated(g, each, query) for each in (key, value))
    width = g.static(query.sizes[-1], "the width of attention's heads")
    root = math.sqrt(1 / math.sqrt(width) if scale is None else scale)
    order = [*range(query.ndim - 2), query.ndim - 1, query.ndim - 2]
    key = Value(g.name_of(key), key.dtype, key.shape)
    turned = g.transpose(key, [*range(key.ndim - 2), key.ndim - 1, key.ndim - 2] if key.ndim != query.ndim else order)
    factor = g.const(root, dtype)
    scores = g.op("MatMul", g.op("Mul", query, factor), g.op("Mul", turned, factor))
    if is_causal:
        mask = _causal(g, query.sizes[-2], key.sizes[-2])
        scores = g.op("Where", mask, scores, g.const(-math.inf, dtype), dtype=dtype)
    if attn_mask is not None:
        if attn_mask.dtype == dtypes.bool_:
            scores = g.op("Where", attn_mask, scores, g.const(-math.inf, dtype), dtype=dtype)
        else:
            scores = g.op("Add", scores, g.cast(attn_mask, dtype))
    weights = g.op("Softmax", scores, axis=-1)
    if attn_mask is not None and attn_mask.dtype == dtypes.bool_:  # rows without any key are zero, and no NaN
        weights = g.op("Where", g.op("IsNaN", weights), g.const(0.0, dtype), weights, dtype=dtype)
    return g.op("MatMul", weights, value)  # type: ignore[no-any-return]


@translates("_scaled_dot_product_flash_attention_for_cpu")
def flash_attention(
    g: Graph,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value | None = None,
    dropout_p: Any = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Value:
    """The same, as multi-head attention asks for it; ``dropout_p`` is then what is dropped, or None."""
    return scaled_dot_product_attention(g, query, key, value, attn_mask, dropout_p or 0.0, is_causal, scale)


def _repeated(g: Graph, each: Value, query: Value) -> Value:
    """Keys or values for as many heads as there are queries: each is repeated for its group."""
    heads, groups = query.sizes[-3], each.sizes[-3]
    if heads == groups:
        return each
    times = heads // groups
    sizes = list(each.sizes)
    wide = g.expand(g.unsqueeze(each, [each.ndim - 2]), [*sizes[:-2], times, *sizes[-2:]])
    return g.reshape(wide, [*sizes[:-3], heads, *sizes[-2:]])


def _causal(g: Graph, rows: Any, columns: Any) -> Value:
    """Which keys each query may look at: those up to its own place."""
    if not isinstance(rows, Varying) and not isinstance(columns, Varying):
        return g.const(np.tri(rows, columns, dtype=bool))
    one = g.op("Expand", g.const(1), g.ints([rows, columns]))
    return g.cast(g.op("Trilu", one, g.const(0), upper=0), dtypes.bool_)
