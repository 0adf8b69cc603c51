"""Attention over sequences one after the other: PyTorch has it on GPUs only."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

from adjoint.names import list_names as _list_names

__all__ = ["AuxRequest", "varlen_attn", "varlen_attn_out"]


class AuxRequest(NamedTuple):
    """What is to be returned beside the output."""

    lse: bool = False


def varlen_attn(query: Any, key: Any, value: Any, cu_seq_q: Any, cu_seq_k: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Refused: there is no such attention on a CPU, in PyTorch either."""
    raise NotImplementedError(
        "varlen_attn is there on GPUs only, in PyTorch too; pad the sequences and use scaled_dot_product_attention with a mask, "
        "or flex_attention with a mask_mod that tells them apart"
    )


def varlen_attn_out(out: Any, query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Refused, as :func:`varlen_attn` is."""
    varlen_attn(query, key, value, None, None)


_list_names(__name__)
