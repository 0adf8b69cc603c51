"""Losses of numbers that PyTorch gives a node of their own: one row each, and what `nn.functional` checks before it.

``reduction`` is a number in the rows, as in PyTorch's: 0 for none, 1 for the mean, 2 for the sum.
"""

from __future__ import annotations

import warnings

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import as_operands
from adjoint.declare.built_late import built_late
from adjoint.declare.kernel_dtypes import COMPLEX, FLOATING, Kernel
from adjoint.declare.namespaces import lookup
from adjoint.declare.operands import raise_shapes
from adjoint.ops.activation import hardtanh, sigmoid, softplus_of
from adjoint.ops.arrays import Array, all_values, array_function
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.widening import in_float32
from adjoint.places import users_level
from adjoint.summation import total
from adjoint.tensor import Tensor

_add_reduce = np.add.reduce
NONE, MEAN, SUM = range(3)
_REDUCTIONS = {"none": NONE, "mean": MEAN, "sum": SUM}


def reduction_of(reduction: str, size_average: bool | None, reduce: bool | None) -> int:
    """The reduction's number; the two deprecated arguments are understood, with PyTorch's warning."""
    if size_average is not None or reduce is not None:
        average = size_average is None or size_average
        name = "none" if reduce is False else "mean" if average else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.", stacklevel=users_level()
        )
        return _REDUCTIONS[name]
    found = _REDUCTIONS.get(reduction) if isinstance(reduction, str) else None
    if found is None:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return found


def reduced(loss, reduction):
    if reduction == NONE:
        return loss
    plain = loss.__class__ is np.ndarray and loss.itemsize > 2 and loss.flags.forc  # which NumPy adds in pairs
    found = _add_reduce(loss, None) if plain else total(loss)
    return found / loss.size if reduction == MEAN else found


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
            stacklevel=users_level(),
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
    d = self - target
    return reduced(d * d, reduction)


_mse_row = op(
    "mse_loss", _mse_loss, kernel=Kernel("mse_cpu", FLOATING), lies=as_operands("self", "target"), where="",
    self=in_float32(lambda g, self, target, reduction: (self - target) * (_share(g, self, reduction) * 2)),
    target=in_float32(lambda g, self, target, reduction: (target - self) * (_share(g, self, reduction) * 2)),
    reads={
        "self": "2 * (self - target) * g / self.size if reduction == 1 else 2 * (self - target) * g",
        "target": "2 * (target - self) * g / self.size if reduction == 1 else 2 * (target - self) * g",
    },
)  # fmt: skip
_mse_function = built_late(_mse_row, globals(), "_mse_function")


def _check_weight(input: Tensor, weight: Tensor | None) -> None:
    if weight is not None and weight._array.shape != input._array.shape:
        raise ValueError("Weights and input must have the same size.")


def _weighted(loss: Tensor, weight: Tensor, reduction: int) -> Tensor:
    """A loss per element with weights: the mean is over the weights' sum."""
    weighted = loss * weight
    if reduction == NONE:
        return weighted
    return weighted.sum() if reduction == SUM else weighted.sum() / weight.sum()


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
    _check_weight(input, weight)
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
    _check_weight(input, weight)
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
    return reduced(np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


@array_function
def bounded(x: Array, bound: float) -> Array:
    """Numbers between a bound and its negative; a NaN stays one.  There, and at the bounds, the slope is 0."""
    return np.minimum(np.maximum(x, -bound), bound)


@taped(bounded)
def _taped_bounded(x: Tensor, bound: float) -> Tensor:
    beyond = hardtanh.function(x.detach(), -bound, bound)
    return lookup("torch", "where")(x.abs() < bound, x, beyond)  # type: ignore[no-any-return]


def _smooth_l1_slope(d, beta):
    return bounded(d, beta) / beta


_smooth_l1_row = op(
    "smooth_l1_loss", _smooth_l1, kernel=Kernel("smooth_l1_cpu", FLOATING), lies=as_operands("self", "target"), where="", node="SmoothL1LossBackward0",
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
    return reduced(np.where(d < delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


_huber_row = op(
    "huber_loss", _huber, kernel=Kernel("huber_cpu", FLOATING), lies=as_operands("self", "target"), where="",
    self=in_float32(lambda g, self, target, reduction, delta: _share(g, self, reduction) * bounded(self - target, delta)),
    target=in_float32(lambda g, self, target, reduction, delta: _share(g, self, reduction) * bounded(target - self, delta)),
)  # fmt: skip


@composite(where="nn.functional")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of ``d**2 / 2``, made linear where ``|d|`` is above ``delta``."""
    kind = reduction_of(reduction, None, None)
    _check_weight(input, weight)
    own = input.dtype  # which the result has, whatever the target's is
    input, target = broadcast(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    loss = _huber_row.function(input, target, kind if weight is None else NONE, delta)
    if loss.dtype is not own:
        loss = loss.to(own)
    return loss if weight is None else reduce_tensor(loss * weight, kind)  # a mean over the elements


# Binary classification


@in_float32
def _bce_with_logits(
    self: Array, target: Array, weight: Array | None = None, pos_weight: Array | None = None, reduction=MEAN
):
    # What is large is taken off before a small log(1 + exp(-|x|)) is added, which is all that is left of a confident right
    # answer.  One slow ufunc beats six fast ones where there is little to compute.
    few = self.size < 512
    if pos_weight is not None:
        wrong = np.logaddexp(0, -self) if few else softplus_of(-self)
        loss = (1 - target) * self + (1 + (pos_weight - 1) * target) * wrong
    elif few:
        loss = (1 - target) * self + np.logaddexp(0, -self)
    else:
        loss = (1 - target) * self - np.minimum(self, 0) + np.log1p(np.exp(-np.absolute(self)))
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


def _bce_logits_slope(x, target, pos_weight):
    if pos_weight is None:
        return sigmoid(x) - target
    positive = pos_weight * target
    return (positive + 1 - target) * sigmoid(x) - positive


def _times(a, weight):
    return a if weight is None else a * weight


_bce_logits_row = op(
    "binary_cross_entropy_with_logits", _bce_with_logits, kernel=Kernel("log_sigmoid_cpu", FLOATING), lies=as_operands("target"), where="torch",
    self=in_float32(lambda g, self, target, weight, pos_weight, reduction: _times(
        _bce_logits_slope(self, target, pos_weight) * _share(g, self, reduction), weight
    )),
    target=in_float32(lambda g, self, weight, pos_weight, reduction: _times(
        (-self if pos_weight is None else -softplus_of(self) + pos_weight * softplus_of(-self))
        * _share(g, self, reduction), weight
    )),
    doc="The cross entropy of targets from 0 to 1 and of the sigmoid of ``input``, computed of the "
    "logits themselves; ``reduction`` is 0 (none), 1 (mean) or 2 (sum).",
)  # fmt: skip
_bce_logits_function = built_late(_bce_logits_row, globals(), "_bce_logits_function")


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
    if weight is not None or pos_weight is not None:
        no_gradient("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    if target._array.dtype is not input._array.dtype:
        return _bce_in_dtype_of_target(input, target, weight, pos_weight, kind)
    return _bce_logits_function(input, target, weight, pos_weight, kind)


def _bce_in_dtype_of_target(
    input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, kind: int
) -> Tensor:
    """The loss of operands of two dtypes, which is of the target's, as PyTorch computes it there; RuntimeError if that has no fractions."""
    from adjoint.declare.one_node import as_one_node

    if target.dtype is dtypes.bool_:
        target - target  # raises PyTorch's error
    own, other = promoted(input, target)
    if not target.is_floating_point():
        kinds = [dtypes.SCALAR_TYPE_NAMES[t.dtype] for t in (own, target)]
        raise RuntimeError(f"result type {kinds[0]} can't be cast to the desired output type {kinds[1]}")

    def loss(input: Tensor, target: Tensor) -> Tensor:
        found = _bce_logits_function(*promoted(input, target), weight, pos_weight, kind)
        return found.to(target.dtype)

    return as_one_node("BinaryCrossEntropyWithLogitsBackward0", loss, input, target)  # type: ignore[no-any-return]


@in_float32
def _bce(self: Array, target: Array, weight: Array | None = None, reduction=MEAN):
    # x - x^2 is negative outside of [0, 1], however little, and NaN of a NaN.
    if self.size and not all_values(np.minimum(self - self * self, target - target * target)).min() >= 0:
        which = "target" if all_values(self - self * self).min() >= 0 else "input"
        raise RuntimeError(f"all elements of {which} should be between 0 and 1")
    loss = (target - 1) * np.maximum(np.log1p(-self), -100) - target * np.maximum(np.log(self), -100)
    return reduced(loss if weight is None else loss * weight, reduction)


_bce_row = op(
    "binary_cross_entropy", _bce, kernel=Kernel("binary_cross_entropy", FLOATING), lies=as_operands("self"), where="",
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
    return reduced(softplus_of(-target * self), reduction)


_soft_margin_row = op(
    "soft_margin_loss", _soft_margin, kernel=Kernel("exp_vml_cpu", FLOATING, plain=COMPLEX), lies=as_operands("target", "self"), where="",
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
    broadcast_shape(input._array.shape, target._array.shape)  # raises PyTorch's error
    if input._array.dtype.kind in "iub":
        target = -target if input.dtype is not dtypes.bool_ else -input  # which no bool has
        default, own = (dtypes.SCALAR_TYPE_NAMES[d] for d in (dtypes.get_default_dtype(), input.dtype))
        raise RuntimeError(f"result type {default} can't be cast to the desired output type {own}")
    input, target = promoted(input, target)
    return _soft_margin_row.function(input, target, kind)
