"""Losses of classes: likelihoods, cross entropy, and the margin between an example's class and the others."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.kernel_dtypes import FLOATING, WIDE, Kernel
from adjoint.kernels.deferred import put_off
from adjoint.kernels.late import LARGE
from adjoint.kernels.reading import compiled, fused
from adjoint.ops.activation import kept_where
from adjoint.ops.along import take_along
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, all_values, array_function, conj, converted
from adjoint.ops.by_numbers import multiplied, over
from adjoint.ops.jointly import jointly, worthwhile
from adjoint.ops.loss import MEAN, NONE, SUM, no_gradient, reduced, reduction_of
from adjoint.ops.scatter import index_at
from adjoint.ops.softmax import log_softmax_row
from adjoint.ops.widening import in_float32, widen
from adjoint.summation import total
from adjoint.tensor import Tensor, from_array


@array_function
def class_gather(x: Array, target: Array) -> Array:
    """Of (N, C, *), the element of each example's class: (N, *)."""
    found = take_along(x, 1, target[:, None])
    return (np.take_along_axis(x, target[:, None], 1) if found is NotImplemented else found)[:, 0]


@array_function
def class_scatter(values: Array, target: Array, shape: tuple[int, ...]) -> Array:
    """(N, *) put at each example's class of (N, C, *), zero elsewhere."""
    if prod(shape) >= LARGE:
        classes = np.arange(shape[1], dtype=target.dtype).reshape(-1, *(1,) * (len(shape) - 2))
        return put_off(_at_class, (values, target, classes), shape, values.dtype)
    result = np.zeros(shape, values.dtype)
    np.put_along_axis(result, target[:, None], values[:, None], 1)
    return result


def _at_class(values, target, classes):
    return np.where(target[:, None] == classes, values[:, None], 0)


def _class_gather(x: Array, target):
    return class_gather(x, target)


def _class_scatter(values: Array, target, shape):
    return class_scatter(values, target, shape)


_class_gather_row = op(
    "_class_gather", _class_gather, where="", tangent="linear",
    x=lambda g, target, x_shape: class_scatter(g, target, x_shape),
)  # fmt: skip
_class_scatter_row = op(
    "_class_scatter", _class_scatter, where="", tangent="linear",
    values=lambda g, target: class_gather(g, target),
)  # fmt: skip
taped(class_gather)(lambda x, target: _class_gather_row.function(x, target._array))
taped(class_scatter)(lambda values, target, shape: _class_scatter_row.function(values, target._array, shape))


def _nll(self: Array, target: Array, weight: Array | None = None, reduction=MEAN, ignore_index=-100):
    """(N, C, *) and (N, *), or (C,) and (); also what each example counts, their sum, and the classes with a valid index."""
    if self.ndim == 1:
        loss, *rest = _nll(self[None], target.reshape(1), weight, reduction, ignore_index)
        return (loss.reshape(target.shape) if reduction == NONE else loss), *rest
    counted, index = counted_classes(target, ignore_index)
    picked = class_gather(self, index)
    loss, *rest = _likelihood(widen(picked), counted, index, weight, reduction)
    return converted(loss).astype(self.dtype, copy=False), *rest


@fused
def counted_classes(target: Array, ignore_index: int) -> tuple[Array, Array]:
    """Which examples count, and the class of each (0 where it does not)."""
    counted = target != ignore_index
    return counted, np.where(counted, target, 0).astype(np.int64, copy=False)


@fused
def _likelihood(picked: Array, counted: Array, index: Array, weight: Array | None, reduction: int) -> tuple[Array, ...]:
    """The loss from each example's element; and what :func:`_nll` returns beside it."""
    dtype = picked.dtype
    loss = -np.where(counted, picked, dtype.type(0))  # an infinite loss that does not count must not become NaN
    if weight is None:
        counts, count = counted, total(counted.astype(dtype))
    else:
        counts = index_at(weight.astype(dtype), [index], (0,)) * counted
        count = total(counts)
        loss = loss * counts
    count = converted(count)
    if reduction != NONE:
        loss = total(loss)
        if reduction == MEAN:
            loss = loss / count
    return converted(loss), counts, count, index


def _nll_gradient(g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index):
    share = g
    if reduction == MEAN:  # where nothing counts, the loss is not a number, but the gradient is zero
        share = g / (np.maximum(total, 1) if weight is None else conj(total))
    # What does not count gets nothing, not even of a NaN.
    if weight is None:
        values = np.where(counts, -share, constant(0, share))
    else:
        values = np.where(target.reshape(index.shape) != ignore_index, -share * conj(counts), constant(0, share))
    values = values.astype(self_dtype)
    if len(self_shape) == 1:
        return class_scatter(values, index, (1, *self_shape)).reshape(self_shape)
    return class_scatter(values, index, self_shape)


def _nll_row(name: str, node: str) -> Any:
    return op(
        name, _nll, kernel=Kernel("nll_loss_out_frame", FLOATING), lies=IN_ORDER, fused=False, where="", node=node, flat="self", keeps=("counts", "total", "index"),
        self=lambda g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index: _nll_gradient(
            g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index
        ),
        reads={"self": "-g / total at the target, 0 elsewhere"},
    )  # fmt: skip


_nll_rows = _nll_row("nll_loss", "NllLossBackward0"), _nll_row("nll_loss2d", "NllLoss2DBackward0")


def _log_softmax_and_picked(input: Array, index: Array, classes: Array) -> tuple[Array, Array]:
    """The log-softmax of (N, C, *), and of each example the element of its class, picked while its row is there: as a sum
    in which all others are zero.  ``classes`` is ``arange(C)``."""
    logp = log_softmax_row.forward(input, 1)
    own = index[:, None].astype(classes.dtype) == classes.reshape(-1, *(1,) * (input.ndim - 2))
    return logp, total(np.where(own, logp, 0), 1)


def _cross_entropy(
    input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int
) -> tuple[Array, tuple[Array, ...]]:
    """What the rows of log-softmax and of the likelihood return."""
    counted, index = counted_classes(target, ignore_index)
    logp, picked = compiled(_log_softmax_and_picked, input, index, np.arange(input.shape[1], dtype=np.int32))
    return logp, _likelihood(picked, counted, index, weight, reduction)


def _check_target(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Raise PyTorch's error for a target that does not fit."""
    shape, wanted = input._array.shape, target._array.shape
    n = len(shape)
    if n <= 2:
        if len(wanted) > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif n == 4 and len(wanted) == 3:
        if shape[2:] != wanted[1:]:
            raise RuntimeError(f"size mismatch (got input: {list(shape)} , target: {list(wanted)}")
    elif (shape[0], *shape[2:]) != wanted:
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {list(wanted)}")
    if target._array.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {dtypes.SCALAR_TYPE_NAMES[target.dtype]}"
        )
    classes = shape[1] if n > 1 else shape[0]
    if weight is not None and weight._array.shape != (classes,):
        if n > 2:
            raise RuntimeError("weight tensor should be defined either for all or no classes")
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight.shape)}"
        )
    if weight is not None and weight._array.dtype != input._array.dtype:
        of_input, of_weight = (dtypes.SCALAR_TYPE_NAMES[t.dtype] for t in (input, weight))
        raise RuntimeError(f"expected scalar type {of_input} but found {of_weight}")
    if n > 2 and target._array.dtype != np.int64:
        raise RuntimeError("expected scalar type Long but found Byte")


def _check_classes(target: Any, classes: int, ignore_index: int) -> None:
    target = all_values(target)
    if not target.size:
        return
    if target.min() >= 0 and target.max() < classes:
        return
    bad = (target < 0) | (target >= classes)
    if bad.any() and (bad := bad & (target != ignore_index)).any():
        raise IndexError(f"Target {int(target[bad].flat[0])} is out of bounds.")


def check_likelihood(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    """Raise PyTorch's error for what has no likelihood."""
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim != 1 and target.ndim and input._array.shape[0] != target._array.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.size(0)}) to match target batch_size ({target.size(0)})."
        )
    _check_target(input, target, weight)
    _check_classes(target._array, input._array.shape[1 if input.ndim > 1 else 0], ignore_index)
    no_gradient("nll_loss_forward", weight=weight)


def nll(input: Tensor, target: Tensor, weight: Tensor | None, reduction: int, ignore_index: int) -> Tensor:
    """The negative log likelihood, for inputs of any number of dimensions."""
    check_likelihood(input, target, weight, ignore_index)
    one, two = _nll_rows
    if input.ndim <= 2:
        return one.function(input, target, weight, reduction, ignore_index)
    if input.ndim == 4:
        return two.function(input, target, weight, reduction, ignore_index)
    n, c, *space = input._array.shape
    rest = prod(space)
    found = two.function(
        input.contiguous().view(n, c, 1, rest), target.contiguous().view(n, 1, rest), weight, reduction, ignore_index
    )
    return found.view(target._array.shape) if reduction == NONE else found


@composite(where="nn.functional")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative of each example's ``input`` at its class: (N, C, *) and class numbers (N, *).

    The mean is over the ``weight`` of the classes; examples of class ``ignore_index`` do not count.  Raises IndexError
    for a class that there is not.

    >>> import adjoint as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.]]), torch.tensor([1]))
    tensor(2.)
    """
    return nll(input, target, weight, reduction_of(reduction, size_average, reduce), ignore_index)


@composite(where="nn.functional")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of ``softmax(input)``, (N, C, *), and class numbers (N, *) or probabilities (N, C, *).

    >>> import adjoint as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """
    kind = reduction_of(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    dim = 0 if input.ndim == 1 else 1
    if input._array.shape == target._array.shape:
        if target._array.dtype.kind in "iubc":
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got "
                f"{dtypes.SCALAR_TYPE_NAMES[target.dtype]}"
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _with_probabilities(input.log_softmax(dim), target, weight, kind, label_smoothing, dim)
    if worthwhile(input._array) and input.ndim in (2, 4) and not label_smoothing:
        return _cross_entropy_at_once(input, target, weight, kind, ignore_index)
    logp = input.log_softmax(dim)
    if label_smoothing > 0:
        return _smoothed(logp, target, weight, kind, ignore_index, label_smoothing, dim)
    return nll(logp, target, weight, kind, ignore_index)


def _cross_entropy_at_once(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: int, ignore_index: int
) -> Tensor:
    """Log-softmax and the likelihood by one kernel, recorded as two nodes."""
    check_likelihood(input, target, weight, ignore_index)
    arrays = input._array, target._array, None if weight is None else weight._array
    logp, made = jointly(_cross_entropy, *arrays, reduction, ignore_index)
    row = _nll_rows[input.ndim == 4]
    return row.recorded(made, log_softmax_row.recorded(logp, input, 1), target, weight, reduction, ignore_index)


def _column(weight: Tensor, ndim: int, dim: int) -> Tensor:
    return weight.view([-1 if i == dim else 1 for i in range(ndim)])


def _with_probabilities(
    logp: Tensor, target: Tensor, weight: Tensor | None, reduction: int, label_smoothing: float, dim: int
) -> Tensor:
    classes = logp._array.shape[dim]
    if weight is not None and weight._array.size != classes:
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
    if label_smoothing > 0:
        target = target * (1 - label_smoothing) + label_smoothing / classes
    products = logp * target if weight is None else logp * target * _column(weight, logp.ndim, dim)
    if reduction == NONE:
        return -products.sum(dim)
    if reduction == SUM:
        return -products.sum()
    return over(-products.sum(), logp._array.size // classes if classes else 0)


def _smoothed(
    logp: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: int,
    ignore_index: int,
    label_smoothing: float,
    dim: int,
) -> Tensor:
    likelihood = nll(logp, target, weight, reduction, ignore_index)
    smooth = -(logp if weight is None else logp * _column(weight, logp.ndim, dim)).sum(dim)
    ignored = target == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == SUM:
        smooth = smooth.sum()
    elif reduction == MEAN:
        if weight is not None:
            counts = weight.gather(0, target.masked_fill(ignored, 0).flatten()).masked_fill(ignored.flatten(), 0.0)
            smooth = smooth.sum() / counts.sum()
        else:
            kept = (~ignored._array).sum()
            if isinstance(kept, (np.integer, np.ndarray)):
                smooth = smooth.sum() / int(kept) if kept else smooth.sum() * float("nan")
            else:  # one number for each sample, or none of which anything is known
                smooth = smooth.sum() / from_array(kept.astype(logp._array.dtype))
    classes = logp._array.shape[dim]
    return multiplied(likelihood, 1 - label_smoothing) + multiplied(smooth, label_smoothing / classes)


def check_rows(input: Tensor) -> None:
    """Raise PyTorch's error where scores are not (N, C), (C,) or a single one, of classes of which there is at least one."""
    shape = input._array.shape
    if len(shape) > 2 or (shape and not shape[-1]):
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}")


@in_float32
def _multi_margin(self: Array, target: Array, weight: Array | None = None, p=1, margin=1.0, reduction=MEAN):
    z = margin - class_gather(self, target)[:, None] + self
    counts = (z > 0) & (np.arange(self.shape[1]) != target[:, None])
    loss = kept_where(counts, z if p == 1 else z * z)
    loss = total(loss, 1) / self.shape[1]
    return reduced(loss if weight is None else loss * weight[target], reduction)


def _multi_margin_gradient(g, x, target, weight, p, margin, reduction):
    z = margin - class_gather(x, target)[:, None] + x
    other = (z > 0) & (np.arange(x.shape[1]) != target[:, None])
    share = g / x.shape[0] if reduction == MEAN else g
    if weight is not None:
        share = share * weight[target]
    slope = kept_where(other, np.ones_like(z) if p == 1 else 2 * z) * ((share[:, None] if share.ndim else share) / x.shape[1])
    return slope - class_scatter(total(slope, 1), target, x.shape)


_multi_margin_row = op(
    "multi_margin_loss", _multi_margin, kernel=Kernel("multi_margin_loss_cpu_kernel", WIDE, empty=False), where="", flat="self",
    self=in_float32(lambda g, self, target, weight, p, margin, reduction: _multi_margin_gradient(
        g, self, target, weight, p, margin, reduction
    )),
    reads={"self": "g for each class within the margin, less that at the target"},
)  # fmt: skip


@composite(where="nn.functional")
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over examples of ``sum(max(0, margin - x[y] + x[i]) ** p) / C``: (N, C) and class numbers (N,)."""
    kind = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    shape = input._array.shape
    check_rows(input)
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    targets = target.reshape(-1)
    if targets._array.size != rows._array.shape[0]:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{rows.shape[0]}], but got {list(target.shape)}. Input has shape {list(shape)}."
        )
    if weight is not None and weight._array.shape != rows._array.shape[1:]:
        raise RuntimeError(f"inconsistent weight size, expected {rows._array.shape[1]} but got {list(weight.shape)}")
    if target.dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {dtypes.SCALAR_TYPE_NAMES[target.dtype]}")
    t = all_values(targets._array)
    if t.size and (t.min() < 0 or t.max() >= rows._array.shape[1]):
        raise RuntimeError("target out of range")
    no_gradient("multi_margin_loss", weight=weight)
    result = _multi_margin_row.function(rows, targets, weight, p, margin, kind)
    return result if kind != NONE or input.ndim == 2 else result.reshape(target._array.shape)
