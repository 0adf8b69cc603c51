"""A linear layer and its cross entropy, some examples after the others: all scores are never there at once.

The backward has no scores either; it computes each part's again from the input, which costs a third matrix product and keeps
the memory that is needed at that of one part, whatever the number of classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.kernels.reading import fused
from adjoint.ops.arrays import Array, all_values, converted
from adjoint.ops.class_loss import counted_classes
from adjoint.ops.loss import MEAN, NONE, reduction_of
from adjoint.ops.products import dot, over_rows
from adjoint.ops.scatter import index_at
from adjoint.ops.softmax import log_softmax_row
from adjoint.summation import total
from adjoint.tensor import Tensor

_log_softmax_gradient = log_softmax_row.gradients[("self",)]


def in_chunks(
    input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | None, weight: Tensor | None, reduction: str,
    ignore_index: int, options: Any,
) -> Tensor:  # fmt: skip
    """The loss of (N, in), (classes, in) and class numbers (N,), with options that leave nothing open.

    Raises RuntimeError where the sums' dtype is none for the input's, for dtypes that differ, and for a class that there is not.
    """
    wide, dtype = options.acc_dtype, input.dtype
    halves = input._array.dtype.itemsize == 2
    if wide is not dtype and not (halves and str(wide) == "torch.float32"):
        raise RuntimeError(
            f"linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, but got {wide} acc_dtype and {dtype} "
            "inputs."
        )
    wanted = input._array.shape[:1]
    if target._array.shape != wanted:
        raise RuntimeError(f"linear_cross_entropy: expected target shape {wanted}, got {tuple(target.shape)}")
    if linear_weight.dtype is not dtype:
        shown = {"float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double"}
        one, other = (shown.get(t.dtype.name, t.dtype.name) for t in (input, linear_weight))
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {one} != {other}")
    classes = linear_weight._array.shape[0]
    labels = all_values(target._array)
    labels = labels[((labels < 0) | (labels >= classes)) & (labels != ignore_index)]
    if labels.size:
        raise RuntimeError(f"index {labels.flat[0]} is out of bounds for dimension 1 with size {classes}")
    if weight is not None and weight._array.shape != (classes,):
        raise IndexError("index out of range in self")
    rounded = halves and dtype.name == "float16" and options.acc_policy != "accurate"
    kind = reduction_of(reduction, None, None)
    loss = _row.function(
        input, linear_weight, target, linear_bias, weight, kind, ignore_index, options.batch_chunk_size, wide.array, rounded
    )  # fmt: skip
    if kind != NONE and not options.allow_retain_graph and loss.grad_fn is not None:
        loss.grad_fn.register_prehook(_once())
    return loss


def _once() -> Any:
    """A hook that lets a node run once."""
    ran = False

    def hook(gradients: Any) -> None:
        nonlocal ran
        if ran:
            raise RuntimeError(
                "linear_cross_entropy chunked backward called twice; retain_graph=True / double backward are not supported."
            )
        ran = True

    return hook


def _chunked(
    input: Array, linear_weight: Array, target: Array, linear_bias: Array | None, weight: Array | None, reduction, ignore_index,
    rows, wide, rounded,
):  # fmt: skip
    counts, index, count = _counts(target, weight, ignore_index, wide)
    parts = _scores(input, linear_weight, linear_bias, rows, wide, rounded)
    losses = np.concatenate([_likelihoods(scores, index[part], _numbers(scores)) for part, _, scores in parts]) * counts
    if reduction != NONE:
        losses = total(losses)
        if reduction == MEAN:
            losses = losses / count
    return converted(losses).astype(input.dtype)


def _gradients(
    g, input, linear_weight, target, linear_bias, weight, needed, reduction, ignore_index, rows, wide, rounded
):  # fmt: skip
    counts, index, count = _counts(target, weight, ignore_index, wide)
    shares = g.astype(wide) * counts  # what each example's loss counts
    if reduction == MEAN:
        shares = shares / count
    of_input, of_weight, of_bias = [], None, None
    wide_weight = linear_weight.astype(wide, copy=False)
    for part, x, scores in _scores(input, linear_weight, linear_bias, rows, wide, rounded):
        slopes = _slopes(scores, index[part], shares[part], _numbers(scores))
        if needed[0]:
            of_input.append(dot(slopes, wide_weight).astype(input.dtype, copy=False))
        if needed[1]:
            own = dot(slopes.T, x)
            of_weight = own if of_weight is None else of_weight + own
        if needed[2]:
            own = over_rows(slopes)
            of_bias = own if of_bias is None else of_bias + own
    return (
        np.concatenate(of_input) if needed[0] else None,
        of_weight.astype(linear_weight.dtype, copy=False) if needed[1] else None,
        of_bias.astype(linear_bias.dtype, copy=False) if needed[2] else None,
    )


_row = op(
    "_linear_cross_entropy_batch_chunked", _chunked, fused=False, where="",
    node="GeneratedBackwardFor_torch_nn__linear_cross_entropy_batch_chunked_no_reduction_defaultBackward if reduction == 0 else "
    "GeneratedBackwardFor_torch_nn__linear_cross_entropy_batch_chunked_defaultBackward",
    gradients={"input linear_weight linear_bias": _gradients},
    reads={
        "input": "d @ linear_weight, d = g * (softmax(scores) - one_hot(target)) / count, part by part",
        "linear_weight": "d.T @ input, the sum of all parts'",
        "linear_bias": "sum(d, 0)",
    },
)  # fmt: skip


def _counts(target: Array, weight: Array | None, ignore_index: int, wide: Any) -> tuple[Array, Array, Array]:
    """What each example counts, its class (0 where it does not count), and what all count."""
    counted, index = counted_classes(target, ignore_index)
    counts = counted.astype(wide)
    if weight is not None:
        counts = index_at(weight.astype(wide), [index], (0,)) * counts
    return counts, index, total(counts)


def _scores(input: Array, linear_weight: Array, linear_bias: Array | None, rows: int, wide: Any, rounded: bool) -> Any:
    """Of each part: where it is, its input, and its scores, as they lie in memory of the input's dtype if ``rounded``."""
    columns = linear_weight.astype(wide, copy=False).T
    for start in range(0, max(input.shape[0], 1), rows):
        part = slice(start, start + rows)
        x = input[part].astype(wide, copy=False)
        scores = dot(x, columns)
        if linear_bias is not None:
            scores = scores + linear_bias.astype(wide)
        yield part, x, scores.astype(input.dtype).astype(wide) if rounded else scores


def _numbers(scores: Array) -> np.ndarray:
    return np.arange(scores.shape[1], dtype=np.int32)


@fused
def _likelihoods(scores: Array, index: Array, classes: Array) -> Array:
    """The negative of each example's log-softmax at its class."""
    return -total(np.where(_own(index, classes), log_softmax_row.forward(scores, 1), 0), 1)


@fused
def _slopes(scores: Array, index: Array, shares: Array, classes: Array) -> Array:
    """The gradient of the sum of ``shares * likelihoods`` with respect to the scores."""
    at_class = np.where(_own(index, classes), -shares[:, None], 0).astype(scores.dtype)
    return _log_softmax_gradient(at_class, log_softmax_row.forward(scores, 1), 1)


def _own(index: Array, classes: Array) -> Array:
    return index[:, None].astype(classes.dtype) == classes
