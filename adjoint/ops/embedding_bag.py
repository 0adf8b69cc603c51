"""Embedding bags: sums, means or maxima of bags of vectors of a table."""

from __future__ import annotations

import math
import warnings

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.namespaces import lookup
from adjoint.declare.one_node import as_one_node
from adjoint.ops.arrays import all_values
from adjoint.ops.each_sample import each_sample_of
from adjoint.places import users_level
from adjoint.tensor import Tensor, from_array


def _padded(
    flat: np.ndarray, offsets: np.ndarray, include_last_offset: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bags of different sizes as rows: positions in ``flat`` (B, longest), and which of them are filled."""
    starts = offsets[:-1] if include_last_offset else offsets
    ends = offsets[1:] if include_last_offset else np.append(offsets[1:], len(flat))
    sizes = ends - starts
    at = np.arange(max(int(sizes.max(initial=0)), 1))
    filled = at < sizes[:, None]
    positions = np.where(filled, starts[:, None] + at, 0)
    return positions, filled, sizes


@composite(where="nn.functional")
@each_sample_of("offsets")
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The "sum", "mean" or "max" of bags of rows of ``weight``: (B, D).

    A bag is a row of a (B, N) ``input``, or the part of a flat one that begins at its offset.  Raises ValueError where
    the arguments do not go together.

    >>> import adjoint as torch
    >>> table = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([[0, 1]]), table)
    tensor([[2., 3.]])
    """
    if weight.dtype is dtypes.int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, "
            "and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=users_level(),
        )
        weight, input = input, weight
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the same "
            f"shape as the input ({input.shape})"
        )
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")

    def bags(weight: Tensor, weights: Tensor | None) -> Tensor:
        return _bags(
            input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse, weights, include_last_offset, padding_idx
        )

    return as_one_node("EmbeddingBagBackward0", bags, weight, per_sample_weights)  # type: ignore[no-any-return]


def _bags(
    input: Tensor, weight: Tensor, offsets: Tensor | None, max_norm: float | None, norm_type: float, scale_grad_by_freq: bool,
    mode: str, sparse: bool, weights: Tensor | None, include_last_offset: bool, padding_idx: int | None,
) -> Tensor:  # fmt: skip
    indices = input._array
    if indices.ndim == 2:
        if offsets is not None:
            raise ValueError(
                f"if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        rows, filled = indices, np.ones(indices.shape, bool)
    elif indices.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.ndim != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        start = offsets._array
        if start.size and start[0] != 0:
            raise RuntimeError(
                f"offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                f"However, got {int(start[0])}"
            )
        if start.size and start[-1] > len(indices):
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {len(indices)} but got offsets[-1] of {int(start[-1])}"
            )
        positions, filled, _ = _padded(indices, start, include_last_offset)
        rows = np.where(filled, indices[positions] if indices.size else 0, 0)
        if weights is not None:
            weights = weights[from_array(positions)] if indices.size else weights.sum().expand(positions.shape)
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {indices.ndim}")
    if padding_idx is not None:
        filled = filled & (rows != padding_idx % weight.shape[0])
    embedding = lookup("nn.functional", "embedding")
    if indices.size and indices.ndim == 1 and (max_norm is not None or scale_grad_by_freq or sparse):  # of what is asked for alone
        once = embedding(input, weight, padding_idx if sparse else None, max_norm, norm_type, scale_grad_by_freq, sparse)
        vectors = embedding(from_array(positions), once)
    else:
        vectors = embedding(from_array(rows), weight, padding_idx if sparse else None, max_norm, norm_type, scale_grad_by_freq, sparse)
    empty = ~filled[..., None]
    if mode == "max":
        if all_values(empty).any():
            vectors = vectors.masked_fill(from_array(empty), -math.inf)
        found = vectors.max(1)[0]
        nothing = from_array(empty.all(1))
        return found.masked_fill(nothing, 0.0)
    if weights is not None:
        vectors = vectors * weights.unsqueeze(-1)
    if all_values(empty).any():
        vectors = vectors.masked_fill(from_array(empty), 0.0)
    total = vectors.sum(1)
    if mode == "sum":
        return total
    counts = np.maximum(filled.sum(1, keepdims=True), 1).astype(weight._array.dtype)
    return total / from_array(counts)
