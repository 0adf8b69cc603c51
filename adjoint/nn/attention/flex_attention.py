"""Attention with scores and masks that the user's functions say, one score at a time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.nn.attention.block_mask import (
    _DEFAULT_SPARSE_BLOCK_SIZE as _DEFAULT_SPARSE_BLOCK_SIZE,
)
from adjoint.nn.attention.block_mask import (
    _LARGE_SPARSE_BLOCK_SIZE,
    BlockMask,
    and_masks,
    create_block_mask,
    create_mask,
    is_of_a_slice,
    noop_mask,
    or_masks,
    over_all,
)
from adjoint.places import users_level
from adjoint.tensor import Tensor

__all__ = [
    "AuxOutput",
    "AuxRequest",
    "BlockMask",
    "FlexKernelOptions",
    "and_masks",
    "create_block_mask",
    "create_mask",
    "flex_attention",
    "noop_mask",
    "or_masks",
]

_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG = False
_BACKENDS = ("AUTO", "TRITON", "FLASH", "TRITON_DECODE")


class FlexKernelOptions(TypedDict, total=False):
    """How PyTorch's kernels on GPUs run, which changes no result: known, and of no effect here."""

    num_warps: int
    num_stages: int
    BLOCK_M: int
    BLOCK_N: int
    BLOCK_M1: int
    BLOCK_N1: int
    BLOCK_M2: int
    BLOCK_N2: int
    PRESCALE_QK: bool
    ROWS_GUARANTEED_SAFE: bool
    BLOCKS_ARE_CONTIGUOUS: bool
    WRITE_DQ: bool
    FORCE_USE_FLEX_ATTENTION: bool
    USE_TMA: bool
    kpack: int
    matrix_instr_nonkdim: int
    waves_per_eu: int
    BACKEND: str


class AuxRequest(NamedTuple):
    """What :func:`flex_attention` is to return beside its output: each query's logsumexp, and its largest score."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What :func:`flex_attention` returned beside its output."""

    lse: Tensor | None = None
    max_scores: Tensor | None = None


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Callable[..., Tensor] | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: FlexKernelOptions | None = None,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    """``softmax(score_mod(query @ key.T * scale)) @ value``: (B, H, L, E), (B, H, S, E), (B, H, S, V) to (B, H, L, V).

    ``score_mod(score, b, h, q, kv)`` changes one score, given its place; ``block_mask``, of :func:`create_block_mask`,
    leaves scores out.  With ``enable_gqa`` several heads of queries share one of the keys.  Asked for by ``return_aux``, the
    logsumexp (B, H, L) of each query comes with it.  All of it has gradients, also what ``score_mod`` looks at.

    Raises ValueError where sizes do not fit.

    >>> import adjoint as torch
    >>> from adjoint.nn.attention.flex_attention import flex_attention
    >>> q = torch.ones(1, 1, 2, 4)
    >>> flex_attention(q, q, q, score_mod=lambda score, b, h, i, j: score - (i - j).abs()).shape
    torch.Size([1, 1, 2, 4])
    """
    _check(query, key, value, enable_gqa, block_mask)
    if return_lse and return_aux is not None:
        raise ValueError(
            "Cannot specify both return_lse and return_aux. return_lse is deprecated, please use "
            "return_aux=AuxRequest(lse=True) instead."
        )
    if return_lse:
        _warn_once()
    _check_options(kernel_options)
    wide = adjoint.float64 if query.dtype is adjoint.float64 else adjoint.float32
    group = query.size(1) // key.size(1)
    if group > 1:
        key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    if key.size(0) != query.size(0):
        key, value = (t.expand(query.size(0), -1, -1, -1) for t in (key, value))
    scale = 1.0 / math.sqrt(query.size(-1)) if scale is None else scale
    scores = (query @ key.transpose(-2, -1)).to(wide) * scale
    places = [adjoint.arange(0, n, device=query.device) for n in scores.shape]
    if score_mod is not None:
        scores = over_all(score_mod, (0,))(scores, *places)
    if block_mask is not None and block_mask.mask_mod is not noop_mask:
        scores = scores.masked_fill(~over_all(block_mask.mask_mod)(*places), -math.inf)
    nowhere = (scores == -math.inf).all(dim=-1, keepdim=True)  # a query that may look nowhere gets zeros
    scores = scores.to(wide)
    weights = scores.masked_fill(nowhere, 0.0).softmax(dim=-1).masked_fill(nowhere, 0.0)
    output = _lying_as(query, weights.to(query.dtype) @ value.to(query.dtype))
    aux = return_aux or AuxRequest(lse=return_lse)
    lse = scores.logsumexp(dim=-1) if aux.lse else None
    if return_lse:
        return output, lse
    if return_aux is None:
        return output
    return output, AuxOutput(lse, scores.amax(dim=-1) if aux.max_scores else None)


def _lying_as(query: Tensor, output: Tensor) -> Tensor:
    """The output with its dimensions in memory in the order of the query's."""
    strides = query.stride()
    order = sorted(range(4), key=lambda d: -strides[d])
    if order == [0, 1, 2, 3]:
        return output
    back = [order.index(d) for d in range(4)]
    return output.permute(order).contiguous().permute(back)  # type: ignore[no-any-return]


class _Warned:
    already = False


def _warn_once() -> None:
    if not _Warned.already:
        _Warned.already = True
        warnings.warn(
            "return_lse is deprecated and will be removed in v2.10. Please use return_aux=AuxRequest(lse=True) instead.",
            FutureWarning,
            stacklevel=users_level(),
        )


def _check_options(options: Any) -> None:
    """Raise for options that PyTorch has not, or not together."""
    given = options or {}
    unknown = set(given) - set(FlexKernelOptions.__annotations__)
    if unknown:
        raise ValueError(f"flex_attention: no such kernel options: {sorted(unknown)}")
    if "BACKEND" in given:
        if given.get("FORCE_USE_FLEX_ATTENTION", False):
            raise RuntimeError(
                "BACKEND cannot be combined with legacy FORCE_USE_FLEX_ATTENTION. BACKEND supersedes the legacy knob; please "
                "drop FORCE_USE_FLEX_ATTENTION and only specify the desired BACKEND."
            )
        if given["BACKEND"] not in _BACKENDS:
            raise ValueError(f"Invalid BACKEND value '{given['BACKEND']}'. Must be one of {_BACKENDS}")


def _check(query: Tensor, key: Tensor, value: Tensor, enable_gqa: bool, mask: BlockMask | None) -> None:
    """Raise PyTorch's error for what does not fit."""
    if query.size(-1) != key.size(-1):
        raise ValueError(
            f"Expect query and key/value to have the same embedding dimension but got E={query.size(-1)} and "
            f"E={key.size(-1)}."
        )
    if not query.ndim == key.ndim == value.ndim == 4:
        raise NotImplementedError("NYI: query, key, and value must be 4D tensors")
    heads, groups = query.size(1), key.size(1)
    if not enable_gqa and heads != groups:
        raise ValueError(
            f"Expect query and key/value to have the same number of heads but got Hq={heads} and Hkv={groups}. Try setting "
            "enable_gqa=True for GQA."
        )
    if enable_gqa and heads % groups != 0:
        raise ValueError(
            f"Expect number of query heads to be a multiple of kv heads for GQA but got Hq={heads} and Hkv={groups}."
        )
    batch, given = query.size(0), key.size(0)
    if batch != given:
        if mask is None:
            raise ValueError(
                "Expect query and key/value to have the same batch size, or non-none block_mask, but got block_mask=None, "
                f"Bq={batch}, and Bkv={given}."
            )
        if mask.kv_num_blocks.size(0) != batch:
            raise ValueError(
                "Expect query and key/value to have the same batch size, or block_mask and query to have the same batch "
                f"size, but got Bq={batch}, Bkv={given}, B_block_mask={mask.kv_num_blocks.size(0)}."
            )
    if mask is not None:
        _check_mask(mask, query.size(2), key.size(2))


def _check_mask(mask: BlockMask, length: int, source: int) -> None:
    if is_of_a_slice(mask.mask_mod):
        raise RuntimeError("Cannot use mask_mod from a sliced BlockMask")
    if mask.BLOCK_SIZE == (_LARGE_SPARSE_BLOCK_SIZE, _LARGE_SPARSE_BLOCK_SIZE):  # which stands for no mask
        return
    rows, columns = mask.shape[-2:]
    made_for = (
        f"block_mask was created for block_mask.shape={mask.shape} but got q_len={length} and kv_len={source}. As the block mask "
        "was created for a"
    )
    if length > rows or source > columns:
        raise ValueError(
            f"{made_for} smaller length than you're using it for, you likely need to create a new block mask."
        )
    if length < rows or source < columns:
        raise ValueError(
            f"{made_for} larger length than you're using it for, you can either 1. create a new block mask with the correct "
            "length, or 2. 'adjust' the existing block mask to the correct length by calling block_mask._adjust(q_len, kv_len). "
            "This essentially 'crops' the block mask to the upper left corner, which does not work for all mask_mods!"
        )


_list_names(__name__)
