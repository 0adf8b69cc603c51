"""Losses that PyTorch gives a node of their own: one row each, and what `nn.functional` checks before it.

``reduction`` is a number in the rows, as in PyTorch's: 0 for none, 1 for the mean, 2 for the sum.
"""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.operands import raise_shapes
from adjoint.kernels.deferred import put_off
from adjoint.kernels.reading import compiled, fused, threshold
from adjoint.ops.activation import floating, kept_where, sigmoid, softplus_of
from adjoint.ops.arrays import Array, all_values, array_function, converted
from adjoint.ops.jointly import jointly, worthwhile
from adjoint.ops.scatter import index_at
from adjoint.ops.softmax import log_softmax_row
from adjoint.ops.widening import in_float32, widen
from adjoint.tensor import Tensor

LARGE = threshold()
NONE, MEAN, SUM = range(3)
_REDUCTIONS = {"none": NONE, "mean": MEAN, "sum": SUM}


def reduction_of(reduction: str, size_average: bool | None, reduce: bool | None) -> int:
    """The reduction's number; the two deprecated arguments are understood, with PyTorch's warning."""
    if size_average is not None or reduce is not None:
        average = size_average is None or size_average
        name = "none" if reduce is False else "mean" if average else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.", stacklevel=4
        )
        return _REDUCTIONS[name]
    found = _REDUCTIONS.get(reduction)
    if found is None:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return found


def _reduced(loss, reduction):
    if reduction == NONE:
        return loss
    total = np.add.reduce(loss, None)
    return total / loss.size if reduction == MEAN else total


def _share(g, x, reduction):
    """What arrives at each element's loss."""
    # ``g[()]`` is a NumPy scalar, which is divided in a tenth of a 0-d array's time
    return g[()] / x.size if reduction == MEAN else g


def promoted(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors, all of one dtype."""
    first = tensors[0]._array.dtype
    if all(t._array.dtype is first for t in tensors):
        return tensors
    d = tensors[0].dtype
    for t in tensors[1:]:
        d = dtypes.promote_types(d, t.dtype)
    return tuple(t if t.dtype is d else t.to(d) for t in tensors)


def broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both expanded to their common shape (with PyTorch's warning that this is rarely meant) and of one dtype."""
    if input._array.shape != target._array.shape:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
        try:
            shape = np.broadcast_shapes(input._array.shape, target._array.shape)
        except ValueError:
            raise_shapes(input._array, target._array)
        input, target = input.expand(shape), target.expand(shape)
    if input._array.dtype is not target._array.dtype:
        input, target = promoted(input, target)
    return input, target


def no_gradient(function: str, **tensors: Tensor | None) -> None:
    """Raise PyTorch's error where one of the tensors, with respect to which there is no gradient, requires one."""
    for name, tensor in tensors.items():
        if tensor is not None and tensor.requires_grad and mode.enabled:
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument '{name}'. This input cannot "
                "have requires_grad True."
            )


# Regression


@in_float32
def _mse_loss(self: Array, target: Array, reduction=MEAN):
    floating(self, "mse_cpu")
    d = self - target
    return _reduced(d * d, reduction)


_mse_row = op(
    "mse_loss", _mse_loss, where="",
    self=in_float32(lambda g, self, target, reduction: (self - target) * (_share(g, self, reduction) * 2)),
    target=in_float32(lambda g, self, target, reduction: (target - self) * (_share(g, self, reduction) * 2)),
)  # fmt: skip
_mse_function = _mse_row.function


def _weighted(loss: Tensor, weight: Tensor, reduction: int) -> Tensor:
    """A loss per element with weights: the mean is over the weights' sum."""
    weighted = loss * weight
    if reduction == NONE:
        return weighted
    return weighted.sum() if reduction == SUM else weighted.sum() / weight.expand_as(loss).sum()


@composite(where="nn.functional")
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of ``(input - target) ** 2``.

    >>> import adjoint as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(2.)
    """
    kind = _REDUCTIONS.get(reduction)
    if kind is None or size_average is not None or reduce is not None:
        kind = reduction_of(reduction, size_average, reduce)
    if input._array.shape != target._array.shape or input._array.dtype is not target._array.dtype:
        input, target = broadcast(input, target)
    if weight is not None:
        return _weighted(_mse_function(input, target, NONE), weight, kind)
    return _mse_function(input, target, kind)


@composite(where="nn.functional")
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of ``|input - target|``."""
    kind = reduction_of(reduction, size_average, reduce)
    input, target = broadcast(input, target)
    loss = (input - target).abs()
    if weight is not None:
        return _weighted(loss, weight, kind)
    return reduce_tensor(loss, kind)


def reduce_tensor(loss: Tensor, reduction: int) -> Tensor:
    """A loss per element, its mean or its sum."""
    if reduction == NONE:
        return loss
    return loss.mean() if reduction == MEAN else loss.sum()


@in_float32
def _smooth_l1(self: Array, target: Array, reduction=MEAN, beta=1.0):
    d = np.absolute(self - target)
    return _reduced(np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


def _smooth_l1_slope(d, beta):
    return np.where(np.absolute(d) < beta, d / beta, np.sign(d))


_smooth_l1_row = op(
    "smooth_l1_loss", _smooth_l1, where="", node="SmoothL1LossBackward0",
    self=in_float32(
        lambda g, self, target, reduction, beta: _share(g, self, reduction) * _smooth_l1_slope(self - target, beta)
    ),
    target=in_float32(
        lambda g, self, target, reduction, beta: _share(g, self, reduction) * _smooth_l1_slope(target - self, beta)
    ),
)  # fmt: skip


@composite(where="nn.functional")
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The mean of ``|d|``, made quadratic where it is below ``beta``.  Raises RuntimeError for a negative ``beta``."""
    kind = reduction_of(reduction, size_average, reduce)
    input, target = broadcast(input, target)
    if beta == 0:
        return l1_loss(input, target, reduction=[*_REDUCTIONS][kind])
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return _smooth_l1_row.function(input, target, kind, beta)


@in_float32
def _huber(self: Array, target: Array, reduction=MEAN, delta=1.0):
    d = np.absolute(self - target)
    return _reduced(np.where(d < delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def _clip(x, bound):
    return np.minimum(np.maximum(x, -bound), bound)


_huber_row = op(
    "huber_loss", _huber, where="",
    self=in_float32(lambda g, self, target, reduction, delta: _share(g, self, reduction) * _clip(self - target, delta)),
    target=in_float32(lambda g, self, target, reduction, delta: _share(g, self, reduction) * _clip(target - self, delta)),
)  # fmt: skip


@composite(where="nn.functional")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of ``d**2 / 2``, made linear where ``|d|`` is above ``delta``."""
    kind = reduction_of(reduction, None, None)
    input, target = broadcast(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return _weighted(_huber_row.function(input, target, NONE, delta), weight, kind)
    return _huber_row.function(input, target, kind, delta)


# Binary classification


@in_float32
def _bce_with_logits(
    self: Array, target: Array, weight: Array | None = None, pos_weight: Array | None = None, reduction=MEAN
):
    # log(1 + exp(x)): one slow ufunc beats six fast ones where there is little to compute.
    softplus = np.logaddexp(0, self) if self.size < 512 else softplus_of(self)
    if pos_weight is None:
        loss = softplus - self * target
    else:
        loss = (1 - target) * self + (1 + (pos_weight - 1) * target) * (softplus - self)
    if weight is not None:
        loss = loss * weight
    return _reduced(loss, reduction)


def _bce_logits_slope(x, target, pos_weight):
    if pos_weight is None:
        return sigmoid(x) - target
    positive = pos_weight * target
    return (positive + 1 - target) * sigmoid(x) - positive


def _times(a, weight):
    return a if weight is None else a * weight


_bce_logits_row = op(
    "binary_cross_entropy_with_logits", _bce_with_logits, where="torch",
    self=in_float32(lambda g, self, target, weight, pos_weight, reduction: _times(
        _bce_logits_slope(self, target, pos_weight) * _share(g, self, reduction), weight
    )),
    target=in_float32(lambda g, self, weight, pos_weight, reduction: _times(
        (-self if pos_weight is None else -softplus_of(self) + pos_weight * softplus_of(-self))
        * _share(g, self, reduction), weight
    )),
)  # fmt: skip
_bce_logits_function = _bce_logits_row.function


@composite(where="nn.functional")
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The cross entropy of ``sigmoid(input)`` and ``target``, stable for inputs of any size.

    Raises ValueError where the shapes differ.

    >>> import adjoint as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.zeros(3), torch.ones(3))
    tensor(0.6931)
    """
    kind = _REDUCTIONS.get(reduction)
    if kind is None or size_average is not None or reduce is not None:
        kind = reduction_of(reduction, size_average, reduce)
    if target._array.shape != input._array.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    if target._array.dtype is not input._array.dtype:
        input, target = promoted(input, target)
    if weight is not None or pos_weight is not None:
        no_gradient("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    return _bce_logits_function(input, target, weight, pos_weight, kind)


@in_float32
def _bce(self: Array, target: Array, weight: Array | None = None, reduction=MEAN):
    if self.size and not all_values((self >= 0) & (self <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    loss = (target - 1) * np.maximum(np.log1p(-self), -100) - target * np.maximum(np.log(self), -100)
    return _reduced(loss if weight is None else loss * weight, reduction)


_bce_row = op(
    "binary_cross_entropy", _bce, where="",
    self=in_float32(lambda g, self, target, weight, reduction: _times(
        _share(g, self, reduction) * (self - target) / np.maximum((1 - self) * self, 1e-12), weight
    )),
    target=in_float32(lambda g, self, weight, reduction: _times(
        _share(g, self, reduction) * (np.maximum(np.log1p(-self), -100) - np.maximum(np.log(self), -100)), weight
    )),
)  # fmt: skip


@composite(where="nn.functional")
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities ``input`` and ``target``; logarithms are taken to be at least -100.

    Raises ValueError where the shapes differ, RuntimeError for an input outside of [0, 1].
    """
    kind = reduction_of(reduction, size_average, reduce)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated. "
            "Please ensure they have the same size."
        )
    if target._array.dtype != input._array.dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[t.dtype] for t in (input, target)]
        raise RuntimeError(f"Found dtype {names[1]} but expected {names[0]}")
    if weight is not None and weight.size() != input.size():
        weight = weight.expand(np.broadcast_shapes(weight._array.shape, target._array.shape))
    no_gradient("binary_cross_entropy", weight=weight)
    return _bce_row.function(input, target, weight, kind)


@in_float32
def _soft_margin(self: Array, target: Array, reduction=MEAN):
    return _reduced(softplus_of(-target * self), reduction)


_soft_margin_row = op(
    "soft_margin_loss", _soft_margin, where="",
    self=in_float32(
        lambda g, self, target, reduction: _share(g, self, reduction) * (-target * sigmoid(-target * self))
    ),
)  # fmt: skip


@composite(where="nn.functional")
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of ``log(1 + exp(-target * input))`` for targets 1 and -1."""
    kind = reduction_of(reduction, size_average, reduce)
    no_gradient("soft_margin_loss", target=target)
    input, target = promoted(input, target)
    return _soft_margin_row.function(input, target, kind)


# Classification


@array_function
def class_gather(x: Array, target: Array) -> Array:
    """Of (N, C, *), the element of each example's class: (N, *)."""
    return np.take_along_axis(x, target[:, None], 1)[:, 0]


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
    counted, index = _counted(target, ignore_index)
    picked = class_gather(self, index)
    loss, *rest = _likelihood(widen(picked), counted, index, weight, reduction)
    return converted(loss).astype(self.dtype, copy=False), *rest


@fused
def _counted(target: Array, ignore_index: int) -> tuple[Array, Array]:
    """Which examples count, and the class of each (0 where it does not)."""
    counted = target != ignore_index
    return counted, np.where(counted, target, 0).astype(np.int64)


@fused
def _likelihood(picked: Array, counted: Array, index: Array, weight: Array | None, reduction: int) -> tuple[Array, ...]:
    """The loss from each example's element; and what :func:`_nll` returns beside it."""
    dtype = picked.dtype
    counts = counted.astype(dtype) if weight is None else index_at(weight.astype(dtype), [index], (0,)) * counted
    # An infinite loss that does not count must not become NaN.
    loss = -np.where(counted, picked, dtype.type(0)) * counts
    total = converted(np.add.reduce(counts, None))
    if reduction != NONE:
        loss = np.add.reduce(loss, None)
        if reduction == MEAN:
            loss = loss / total
    return converted(loss), counts, total, index


def _nll_gradient(g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index):
    share = g
    if reduction == MEAN:  # where nothing counts, the loss is not a number, but the gradient is zero
        share = g / (np.maximum(total, 1) if weight is None else total)
    values = -share * counts
    if weight is not None:
        values = np.where(target.reshape(index.shape) != ignore_index, values, 0)
    values = values.astype(self_dtype)
    if len(self_shape) == 1:
        return class_scatter(values, index, (1, *self_shape)).reshape(self_shape)
    return class_scatter(values, index, self_shape)


def _nll_row(name: str, node: str) -> Any:
    return op(
        name, _nll, fused=False, where="", node=node, keeps=("counts", "total", "index"),
        self=lambda g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index: _nll_gradient(
            g, target, weight, counts, total, index, self_shape, self_dtype, reduction, ignore_index
        ),
    )  # fmt: skip


_nll_rows = _nll_row("nll_loss", "NllLossBackward0"), _nll_row("nll_loss2d", "NllLoss2DBackward0")


def _log_softmax_and_picked(input: Array, index: Array, classes: Array) -> tuple[Array, Array]:
    """The log-softmax of (N, C, *), and of each example the element of its class, picked while its row is there: as a sum
    in which all others are zero.  ``classes`` is ``arange(C)``."""
    logp = log_softmax_row.forward(input, 1)
    own = index[:, None].astype(classes.dtype) == classes.reshape(-1, *(1,) * (input.ndim - 2))
    return logp, np.add.reduce(np.where(own, logp, 0), 1)


def _cross_entropy(
    input: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int
) -> tuple[Array, tuple[Array, ...]]:
    """What the rows of log-softmax and of the likelihood return."""
    counted, index = _counted(target, ignore_index)
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
    n, c = input._array.shape[:2]
    found = two.function(
        input.contiguous().view(n, c, 1, -1), target.contiguous().view(n, 1, -1), weight, reduction, ignore_index
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
        if target._array.dtype.kind in "iub":
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
    return -products.sum() / (logp._array.size // classes if classes else 0)


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
            count = int((~ignored._array).sum())
            smooth = smooth.sum() / count if count else smooth.sum() * float("nan")
    classes = logp._array.shape[dim]
    return likelihood * (1 - label_smoothing) + smooth * (label_smoothing / classes)


@in_float32
def _multi_margin(self: Array, target: Array, weight: Array | None = None, p=1, margin=1.0, reduction=MEAN):
    z = margin - class_gather(self, target)[:, None] + self
    other = np.arange(self.shape[1]) != target[:, None]
    loss = np.maximum(z, 0) ** p * other
    loss = loss.sum(1) / self.shape[1]
    return _reduced(loss if weight is None else loss * weight[target], reduction)


def _multi_margin_gradient(g, x, target, weight, p, margin, reduction):
    z = margin - class_gather(x, target)[:, None] + x
    other = (z > 0) & (np.arange(x.shape[1]) != target[:, None])
    share = g / x.shape[0] if reduction == MEAN else g
    if weight is not None:
        share = share * weight[target]
    slope = kept_where(other, z * 0 + 1 if p == 1 else 2 * z) * ((share[:, None] if share.ndim else share) / x.shape[1])
    return slope - class_scatter(np.sum(slope, axis=1), target, x.shape)


_multi_margin_row = op(
    "multi_margin_loss", _multi_margin, where="",
    self=in_float32(lambda g, self, target, weight, p, margin, reduction: _multi_margin_gradient(
        g, self, target, weight, p, margin, reduction
    )),
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
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    targets = target.reshape(-1)
    if targets._array.size != rows._array.shape[0]:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{rows.shape[0]}], but got {list(target.shape)}. Input has shape {list(shape)}."
        )
    t = all_values(targets._array)
    if t.size and (t.min() < 0 or t.max() >= rows._array.shape[1]):
        raise RuntimeError("target out of range")
    no_gradient("multi_margin_loss", weight=weight)
    result = _multi_margin_row.function(rows, targets, weight, p, margin, kind)
    return result if kind != NONE or input.ndim == 2 else result.reshape(target._array.shape)
