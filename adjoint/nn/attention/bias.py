"""Causal masks by their kind: attention computes with them without that they are made."""

from __future__ import annotations

import warnings
from enum import IntEnum, auto
from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.places import users_level
from adjoint.tensor import Tensor

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Where the diagonal of a mask that is not square begins (upper left), or ends (lower right)."""

    UPPER_LEFT = auto()
    LOWER_RIGHT = auto()


class CausalBias(Tensor):
    """Says which keys a query may look at: those up to its own place, which is counted from the first or from the last key.

    It is for ``attn_mask`` of :func:`adjoint.nn.functional.scaled_dot_product_attention`.

    >>> import adjoint as torch
    >>> from adjoint.nn.attention.bias import causal_lower_right
    >>> causal_lower_right(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> Any:
        # Of the sizes that PyTorch's has, which come of its constructor, and without memory for them.
        return adjoint.empty(()).expand(int(variant), seq_len_q, seq_len_kv).as_subclass(cls)

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        self.variant = variant
        self.seq_len_q = seq_len_q
        self.seq_len_kv = seq_len_kv
        if seq_len_q > seq_len_kv and variant == CausalVariant.LOWER_RIGHT:
            warnings.warn(
                "Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!",
                stacklevel=users_level(),
            )

    def _materialize(self, device: Any = None) -> Tensor:
        """The mask: (seq_len_q, seq_len_kv) bools."""
        shift = self.seq_len_kv - self.seq_len_q if self.variant == CausalVariant.LOWER_RIGHT else 0
        ones = adjoint.ones(self.seq_len_q, self.seq_len_kv, dtype=adjoint.bool, device=device)
        return adjoint.tril(ones, diagonal=shift)

    @staticmethod
    def _dispatch(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: CausalBias,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Attention with such a mask."""
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        square = attn_mask.seq_len_q == attn_mask.seq_len_kv
        whole = square or attn_mask.variant == CausalVariant.UPPER_LEFT
        mask = None if whole else attn_mask._materialize(query.device)
        return F.scaled_dot_product_attention(query, key, value, mask, dropout_p, whole, scale, enable_gqa)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.scaled_dot_product_attention:
            return cls._dispatch(*args, **(kwargs or {}))
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[misc]

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return repr(self._materialize())


def _causal(name: str, variant: CausalVariant, size: tuple[int, ...]) -> CausalBias:
    if len(size) != 2:
        raise AssertionError(f"{name} only supports 2D tensors")
    return CausalBias(variant, *size)


def causal_upper_left(*size: int) -> CausalBias:
    """The mask of ``size`` (queries, keys) in which query i may look at the keys up to i."""
    return _causal("causal_upper_left", CausalVariant.UPPER_LEFT, size)


def causal_lower_right(*size: int) -> CausalBias:
    """The mask of ``size`` (queries, keys) in which the last query may look at all keys, and each before at one less."""
    return _causal("causal_lower_right", CausalVariant.LOWER_RIGHT, size)


_list_names(__name__)
