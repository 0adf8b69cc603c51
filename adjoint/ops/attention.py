"""Attention: values, weighted by how well their keys fit the queries."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.arguments import wrong_argument
from adjoint.declare.built_late import built_late
from adjoint.declare.namespaces import lookup
from adjoint.layouts import contiguous_format
from adjoint.ops.arrays import Array
from adjoint.ops.attention_backends import SDPBackend, chosen, switches
from adjoint.ops.attention_kernels import attention, attention_gradients, attention_weights
from adjoint.ops.widening import is_half
from adjoint.places import users_level
from adjoint.readings.meta import MetaArray
from adjoint.tensor import Tensor


@composite(where="nn.functional")
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query @ key.T * scale + mask) @ value``: (*, L, E), (*, S, E), (*, S, V) to (*, L, V).

    ``attn_mask`` is added to the scores, or, if it is of bools, says which keys a query may look at; with ``is_causal``
    these are the ones up to its own place.  Raises RuntimeError for both at once.

    >>> import adjoint as torch
    >>> q = torch.ones(1, 2, 4)
    >>> torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).shape
    torch.Size([1, 2, 4])
    """
    for t in (key, value):
        if t.dtype is not query.dtype:
            shown = ", ".join(f"{n}.dtype: {_cpp(x)}" for n, x in (("query", query), ("key", key)))
            raise RuntimeError(
                f"Expected query, key, and value to have the same dtype, but got {shown}, and value.dtype: {_cpp(value)} "
                "instead."
            )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim(): "
            f"{query.ndim}, key.dim(): {key.ndim} and value.dim(): {value.ndim} instead."
        )
    if attn_mask is not None and is_causal:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    scale = 1 / math.sqrt(max(query.size(-1), 1)) if scale is None else scale  # products of nothing are 0, whatever it is
    constant = attn_mask is None or not attn_mask.requires_grad
    if attn_mask is not None:
        constant = constant and not attn_mask._tangents  # of which the operator knows nothing
        attn_mask = _to_add(attn_mask, query)
    whole = constant and _is_one_operator(query, key, value, attn_mask, enable_gqa)
    if not switches.untouched:
        whole = chosen(whole) == SDPBackend.FLASH_ATTENTION
    if whole:
        dropout = None
        if dropout_p != 0:
            weights = (*query._array.shape[:3], key._array.shape[2])
            dropout = lookup("torch", "dropout")(query.new_ones(weights), dropout_p, True)  # type: ignore[attr-defined]
        return _attention_function(query, key, value, attn_mask, dropout, is_causal, scale)
    given = query.dtype
    if is_half(query._array.dtype):  # made of other operators, it is not rounded between them
        query, key, value = (x.to(dtypes.float32) for x in (query, key, value))
    if enable_gqa:
        if query.size(-3) % key.size(-3) or query.size(-3) % value.size(-3):
            raise RuntimeError("Number of heads in key and value must divide the number of heads in ")
        key = key.repeat_interleave(query.size(-3) // key.size(-3), -3)
        value = value.repeat_interleave(query.size(-3) // value.size(-3), -3)
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    if dropout_p != 0:
        weights = lookup("torch", "dropout")(weights, dropout_p, True)
    return (weights @ value).to(given)


def _attention(
    query: Array, key: Array, value: Array, attn_mask: Array | None, dropout: Array | None, is_causal, scale
):
    return attention(query, key, value, attn_mask, dropout, is_causal, scale)


def _gradients(g, query, key, value, result, logsumexp, attn_mask, dropout, is_causal, scale):
    return attention_gradients(g, query, key, value, result, logsumexp, attn_mask, dropout, is_causal, scale)


# With dropout PyTorch's attention is several nodes; this one goes by the name of the last.
_attention_row = op(
    "_scaled_dot_product_flash_attention_for_cpu", _attention, where="", fused=False, keeps=("logsumexp",),
    node="ScaledDotProductFlashAttentionForCpuBackward0 if dropout is None else UnsafeViewBackward0",
    gradients={"query key value": _gradients},
    reads={
        "query": "scale * (P * (g @ value.T - sum(g * result, -1))) @ key",
        "key": "scale * (P * (g @ value.T - sum(g * result, -1))).T @ query",
        "value": "P.T @ g, P = softmax(scale * query @ key.T)",
    },
)  # fmt: skip
_attention_function = built_late(_attention_row, globals(), "_attention_function")


def _is_one_operator(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, enable_gqa: bool) -> bool:
    """Whether attention is one node, as in PyTorch: of batches of heads of equal sizes."""
    q, k, v = query._array, key._array, value._array
    if not (q.__class__ is k.__class__ is v.__class__ and q.__class__ in (np.ndarray, MetaArray)) or not query.dtype.is_floating_point:
        return False
    if not (q.ndim == k.ndim == v.ndim == 4 and q.size and k.size and k.shape == v.shape):
        return False
    size = q.itemsize
    if not (q.strides[3] == k.strides[3] == v.strides[3] == size):
        return False
    batch, heads, length, features = q.shape
    groups = k.shape[1]
    if (batch, features) != (k.shape[0], k.shape[3]) or (heads != groups and (not enable_gqa or heads % groups)):
        return False
    if mask is None:
        return True
    m = mask._array
    if m.__class__ not in (np.ndarray, MetaArray) or m.ndim not in (2, 4):
        return False
    over = (batch, heads, length, k.shape[2])
    return all(have in (1, want) for have, want in zip(m.shape[::-1], over[::-1]))


def _to_add(mask: Tensor, query: Tensor) -> Tensor:
    """A mask as numbers to add, where one of bools says False minus infinity."""
    if mask.dtype is dtypes.bool_:
        return lookup("torch", "zeros_like")(mask, dtype=query.dtype).masked_fill(~mask, -math.inf)
    if mask.dtype is not query.dtype and mask.dtype is not dtypes.float32:
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{_cpp(mask)} and  query.dtype: {_cpp(query)} instead."
        )
    return mask.to(query.dtype)


def _cpp(t: Tensor) -> str:
    names = {
        "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "int64": "long int",
        "int32": "int",
    }  # fmt: skip
    return names.get(t.dtype.name, t.dtype.name)


@composite(where="nn.functional")
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads: (L, N, E) queries, (S, N, *) keys and values; the output, and the weights if needed.

    Without a batch the inputs are (L, E) and (S, *).
    """
    torch: Any = lambda name: lookup("torch", name)
    linear, pad = lookup("nn.functional", "linear"), lookup("nn.functional", "pad")
    batched = query.ndim == 3
    _check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask, is_causal = _added(attn_mask, query), False
    key_padding_mask = _added(key_padding_mask, query)
    same_kv, same_qk = key is value, query is key
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed = query.shape
    if embed != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed}")
    head = embed // num_heads
    if head * num_heads != embed:
        raise AssertionError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        biases = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))
    elif same_qk and same_kv:
        q, k, v = linear(query, in_proj_weight, in_proj_bias).chunk(3, -1)
    else:
        assert in_proj_weight is not None
        biases = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), in_proj_weight.chunk(3), biases))
    if bias_k is not None and bias_v is not None:
        k = torch("cat")([k, bias_k.repeat(1, batch, 1)])
        v = torch("cat")([v, bias_v.repeat(1, batch, 1)])
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, 1))
        key_padding_mask = None if key_padding_mask is None else pad(key_padding_mask, (0, 1))
    q = q.reshape(length, batch * num_heads, head).transpose(0, 1)
    k = k.reshape(k.shape[0], batch * num_heads, head).transpose(0, 1) if static_k is None else static_k
    v = v.reshape(v.shape[0], batch * num_heads, head).transpose(0, 1) if static_v is None else static_v
    if add_zero_attn:
        nothing = torch("zeros")((batch * num_heads, 1, head), dtype=k.dtype)
        k, v = torch("cat")([k, nothing], 1), torch("cat")([v, nothing], 1)
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, 1))
        key_padding_mask = None if key_padding_mask is None else pad(key_padding_mask, (0, 1))
    source = k.size(1)
    if attn_mask is not None and attn_mask.ndim == 2:
        attn_mask = attn_mask.unsqueeze(0)
    if key_padding_mask is not None:
        by_head = (
            key_padding_mask.view(batch, 1, 1, source)
            .expand(-1, num_heads, -1, -1)
            .reshape(batch * num_heads, 1, source)
        )
        attn_mask = by_head if attn_mask is None else attn_mask + by_head
    dropout_p = dropout_p if training else 0.0
    if need_weights:
        scores = (q * math.sqrt(1.0 / head)) @ k.transpose(-2, -1)
        if attn_mask is not None:
            scores = attn_mask + scores
        attention = scores.softmax(-1)
        if dropout_p > 0:
            attention = torch("dropout")(attention, dropout_p, True)
        output = attention @ v
        output = output.transpose(0, 1).reshape(length * batch, embed)
        output = linear(output, out_proj_weight, out_proj_bias).view(length, batch, out_proj_weight.shape[0])
        attention = attention.view(batch, num_heads, length, source)
        if average_attn_weights:
            attention = attention.mean(1)
        if not batched:
            output, attention = output.squeeze(1), attention.squeeze(0)
        return output, attention
    if attn_mask is not None:
        one_for_all = attn_mask.size(0) == 1 and attn_mask.ndim == 3
        attn_mask = attn_mask.unsqueeze(0) if one_for_all else attn_mask.view(batch, num_heads, -1, source)
    q = q.view(batch, num_heads, length, head)
    k = k.view(batch, num_heads, source, head)
    v = v.view(batch, num_heads, source, head)
    output = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
    output = output.permute(2, 0, 1, 3).reshape(length * batch, embed)
    output = linear(output, out_proj_weight, out_proj_bias).view(length, batch, out_proj_weight.shape[0])
    return (output if batched else output.squeeze(1)), None


def _added(mask: Tensor | None, like: Tensor) -> Tensor | None:
    """A mask as numbers to add: where one of bools says True, minus infinity."""
    if mask is not None and not isinstance(mask, Tensor):
        wrong_argument("is_floating_point", "input", "Tensor", mask, 1)
    if mask is None or mask.is_floating_point():
        return mask
    if mask.dtype is not dtypes.bool_:
        raise AssertionError("only bool and floating types of attn_mask are supported")
    return lookup("torch", "zeros")(tuple(mask.shape), dtype=like.dtype).masked_fill(mask, -math.inf)


def _check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> None:
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    kind = "batched 3-D" if query.ndim == 3 else "unbatched 2-D"
    if key.ndim != query.ndim or value.ndim != query.ndim:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {query.ndim}-D but found {key.ndim}-D and "
            f"{value.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {query.ndim - 1}-D but found "
            f"{key_padding_mask.ndim}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.ndim not in (2, 3):
            raise AssertionError(
                f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.ndim}-D tensor "
                "instead"
            )
        batch = query.shape[1] if query.ndim == 3 else 1
        if attn_mask.ndim == 2:
            wanted: tuple[int, ...] = (query.shape[0], key.shape[0])
        else:
            wanted = (batch * num_heads, query.shape[0], key.shape[0])
        if tuple(attn_mask.shape) != wanted:
            dims = f"{attn_mask.ndim}D"
            raise RuntimeError(
                f"The shape of the {dims} attn_mask is {attn_mask.shape}, but should be {wanted}."
            )


@composite(where="nn.functional")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A draw from the Gumbel-softmax distribution; with ``hard`` one-hot, with the gradient of the soft one."""
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=users_level())
    noise = -lookup("torch", "empty_like")(logits.detach(), memory_format=contiguous_format).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = lookup("torch", "zeros_like")(logits.detach(), memory_format=contiguous_format).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
