"""Attention, and rotations that say places."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of


def heads(x: Any, count: int) -> Any:
    """Numbers of several heads side by side as a dimension of heads."""
    batch, length, size = x.shape
    return x.reshape(batch, length, count, size // count).transpose(1, 2)


@operator("Attention", several=True)
def attention(
    site: Any, is_causal: int = 0, kv_num_heads: int = 0, q_num_heads: int = 0, qk_matmul_output_mode: int = 0,
    scale: float | None = None, softcap: float = 0.0, softmax_precision: int | None = None, left_window_size: int = -1,
    right_window_size: int = -1,
) -> Any:  # fmt: skip
    scores_wanted = len(site.outputs) > 3 and site.outputs[3]

    def run(
        q: Any, k: Any, v: Any, mask: Any = None, past_k: Any = None, past_v: Any = None, lengths: Any = None
    ) -> Any:  # fmt: skip
        flat = q.dim() == 3
        if flat:
            q, k, v = heads(q, q_num_heads), heads(k, kv_num_heads), heads(v, kv_num_heads)
        if past_k is not None:
            k, v = adjoint.cat([past_k, k], 2), adjoint.cat([past_v, v], 2)
        present = (k, v)
        groups = q.shape[1] // k.shape[1]
        queries, keys = q.shape[2], k.shape[2]
        plain = mask is None and lengths is None and past_k is None and max(left_window_size, right_window_size) < 0
        if plain and not scores_wanted and not softcap and softmax_precision is None:
            y = functional.scaled_dot_product_attention(
                q, k, v, None, 0.0, bool(is_causal), scale, enable_gqa=groups > 1
            )
            return (_joined(y) if flat else y, *present)
        if groups > 1:
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        root = (q.shape[-1] ** -0.5 if scale is None else scale) ** 0.5
        scores = adjoint.matmul(q * root, (k * root).transpose(-1, -2))
        # Before the queries lie what was kept of keys, inside or outside of this operator
        first: Any = 0 if past_k is None else past_k.shape[2]
        if lengths is not None and past_k is None:
            first = (lengths - queries).reshape(-1, 1, 1, 1)
        ahead = adjoint.arange(keys) - (first + adjoint.arange(queries).unsqueeze(1))  # of a key before a query
        allowed = adjoint.ones_like(ahead, dtype=adjoint.bool)
        for bound, beyond in ((left_window_size, -ahead), (right_window_size, ahead), (0 if is_causal else -1, ahead)):
            if bound >= 0:
                allowed = allowed & (beyond <= bound)
        if lengths is not None:
            allowed = allowed & (adjoint.arange(keys) < lengths.reshape(-1, 1, 1, 1))
        bias = adjoint.zeros(allowed.shape, dtype=q.dtype).masked_fill(~allowed, float("-inf"))
        if mask is not None:
            if mask.shape[-1] < keys:
                rest = keys - mask.shape[-1]
                mask = functional.pad(mask, (0, rest), value=False if mask.dtype is adjoint.bool else float("-inf"))
            if mask.dtype is adjoint.bool:
                mask = adjoint.zeros(mask.shape, dtype=q.dtype).masked_fill(~mask, float("-inf"))
            bias = bias + mask
        capped = softcap * adjoint.tanh(scores / softcap) if softcap else scores
        masked = capped + bias
        kind = q.dtype if softmax_precision is None else dtype_of(softmax_precision)
        # A query that may look at no key gets zeros, and its gradient is zero: it must not be 0 / 0 on the way
        alone = (masked == float("-inf")).all(-1, keepdim=True)
        weights = functional.softmax(masked.masked_fill(alone, 0.0).to(kind), -1).masked_fill(alone, 0.0).to(q.dtype)
        shown = {0: scores, 1: capped, 2: masked, 3: weights}[qk_matmul_output_mode]
        y = adjoint.matmul(weights, v)
        return (_joined(y) if flat else y, *present, shown)

    return run


def _joined(y: Any) -> Any:
    return y.transpose(1, 2).flatten(2)


@operator("RotaryEmbedding")
def rotary(site: Any, interleaved: int = 0, num_heads: int = 0, rotary_embedding_dim: int = 0) -> Any:
    def run(x: Any, cos: Any, sin: Any, places: Any = None) -> Any:
        flat = x.dim() == 3
        if flat:
            batch, length, size = x.shape
            x = x.reshape(batch, length, num_heads, size // num_heads)
        else:
            x = x.transpose(1, 2)  # batch, length, head, number
        turned = rotary_embedding_dim or x.shape[-1]
        part, rest = x[..., :turned], x[..., turned:]
        if places is not None:
            cos, sin = cos[places], sin[places]
        cos, sin = cos[..., : turned // 2].unsqueeze(2), sin[..., : turned // 2].unsqueeze(2)
        first, second = (part[..., ::2], part[..., 1::2]) if interleaved else part.chunk(2, -1)
        real, imaginary = cos * first - sin * second, sin * first + cos * second
        result = adjoint.stack([real, imaginary], -1).flatten(-2) if interleaved else adjoint.cat([real, imaginary], -1)
        if rest.shape[-1]:
            result = adjoint.cat([result, rest], -1)
        return result.flatten(2) if flat else result.transpose(1, 2)

    return run
