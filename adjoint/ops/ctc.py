"""The CTC loss: how likely a sequence of labels is, over all ways in which longer sequences of predictions can say it.

Graves et al., "Connectionist Temporal Classification" (2006).  Between the labels, and around them, there may be blanks; of this
*path* (blank, label, blank, label, ..., blank) a prediction goes on by no, one or two steps at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.namespaces import lookup
from adjoint.ops.arithmetic import not_implemented
from adjoint.ops.arrays import Array, all_values, array_function
from adjoint.ops.each_sample import each_sample_of
from adjoint.ops.loss import MEAN, SUM, reduction_of
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor, from_array

_NEVER = -np.inf


def _log_add(*terms: Any) -> Any:
    """``log(sum(exp(x)))`` of arrays, element by element; minus infinity where all are."""
    most = np.maximum.reduce(terms)
    shift = np.where(most == _NEVER, most.dtype.type(0), most)
    return np.log(sum(np.exp(term - shift) for term in terms)) + shift


def _shifted(x: Any, steps: int) -> Any:
    """Of (N, S), what is so many places before each; minus infinity where there is nothing."""
    found = np.full_like(x, _NEVER)
    if steps > 0:
        found[:, steps:] = x[:, :-steps]
    else:
        found[:, :steps] = x[:, -steps:]
    return found


class _Paths:
    """A batch of paths: labels (N, L) with blanks between them, and what there is of predictions and labels."""

    def __init__(self, targets: Any, input_lengths: Any, target_lengths: Any, blank: int) -> None:
        n, longest = targets.shape
        self.labels = np.full((n, 2 * longest + 1), blank, np.int64)
        self.labels[:, 1::2] = targets
        self.input_lengths = input_lengths
        self.target_lengths = target_lengths
        self.last = 2 * target_lengths  # the last place of each path
        self.rows = np.arange(n)
        places = np.arange(2 * longest + 1)
        self.exists = places <= self.last[:, None]
        # Two steps at a time leave out a blank, which is allowed between different labels.
        self.skips = np.zeros_like(self.exists)
        self.skips[:, 2:] = self.labels[:, 2:] != self.labels[:, :-2]

    def predicted(self, log_probs: Any) -> Any:
        """The log-probabilities (T, N, C) of what is at each place of the paths: (T, N, S)."""
        found = np.take_along_axis(log_probs, np.broadcast_to(self.labels, (len(log_probs), *self.labels.shape)), 2)
        return np.where(self.exists, found, log_probs.dtype.type(_NEVER))

    def forth(self, predicted: Any) -> Any:
        """The log-probability to be at each place at each time, having begun at the first (or second): (T, N, S)."""
        alpha = np.full(predicted.shape, _NEVER, predicted.dtype)
        if len(alpha):
            alpha[0, :, :2] = predicted[0, :, :2]
        for t in range(1, len(alpha)):
            before = alpha[t - 1]
            two = np.where(self.skips, _shifted(before, 2), before.dtype.type(_NEVER))
            alpha[t] = _log_add(before, _shifted(before, 1), two) + predicted[t]
        return alpha

    def back(self, predicted: Any) -> Any:
        """The log-probability of what is left to be said from each place at each time, that time included."""
        beta = np.full(predicted.shape, _NEVER, predicted.dtype)
        skips = np.zeros_like(self.skips)
        skips[:, :-2] = self.skips[:, 2:]
        behind = np.full(predicted.shape[1:], _NEVER, predicted.dtype)
        for t in reversed(range(len(beta))):
            two = np.where(skips, _shifted(behind, -2), behind.dtype.type(_NEVER))
            beta[t] = _log_add(behind, _shifted(behind, -1), two) + predicted[t]
            ends = t == self.input_lengths - 1
            for place in (self.last, np.maximum(self.last - 1, 0)):
                beta[t, self.rows[ends], place[ends]] = predicted[t, self.rows[ends], place[ends]]
            beta[t, t >= self.input_lengths] = _NEVER
            behind = beta[t]
        return beta

    def losses(self, alpha: Any) -> Any:
        """The negative log-likelihoods (N,): to be at the last blank, or the last label, when the predictions end."""
        none = np.where(self.target_lengths == 0, 0, np.inf).astype(alpha.dtype)
        if not len(alpha):
            return none
        end = alpha[np.maximum(self.input_lengths - 1, 0), self.rows]
        at_blank = end[self.rows, self.last]
        at_label = np.where(self.target_lengths > 0, end[self.rows, np.maximum(self.last - 1, 0)], _NEVER)
        found = -_log_add(at_blank, at_label.astype(alpha.dtype))
        return np.where(self.input_lengths == 0, none, found)


def _ctc_loss(log_probs: Array, targets: Array, input_lengths, target_lengths, blank, zero_infinity):
    if log_probs.dtype not in (np.float32, np.float64):
        unsupported("ctc_loss_cpu", log_probs)
    paths = _Paths(targets, np.asarray(input_lengths), np.asarray(target_lengths), blank)
    alpha = paths.forth(paths.predicted(log_probs.astype(np.float64)))  # hundreds of steps, whose roundings would add up
    return paths.losses(alpha).astype(log_probs.dtype), alpha


@array_function
def _ctc_gradient(g: Array, log_probs: Array, targets: Array, alpha: Array, lengths, blank, zero_infinity):
    """As if the log-probabilities came of a log-softmax, whose gradient is then left as it is: what each class gets sums to
    zero at each time, ``exp(log_probs)`` less the share that the class has in the likelihood."""
    paths = _Paths(targets, *map(np.asarray, lengths), blank)
    dtype = log_probs.dtype
    log_probs = log_probs.astype(np.float64)
    with_back = alpha + paths.back(paths.predicted(log_probs))
    losses = paths.losses(alpha)
    found = np.full(log_probs.shape, _NEVER)
    places = np.broadcast_to(paths.labels, with_back.shape)
    for place in range(places.shape[2]):  # classes may be at several places of a path
        at = places[:, :, place : place + 1]
        both = _log_add(np.take_along_axis(found, at, 2), with_back[:, :, place : place + 1])
        np.put_along_axis(found, at, both, 2)
    share = np.exp(found + losses[:, None] - log_probs)
    gradient = (np.exp(log_probs) - share) * g[:, None]
    unsaid = np.arange(len(log_probs))[:, None] >= paths.input_lengths
    if zero_infinity:
        unsaid = unsaid | (losses == np.inf)
    return np.where(unsaid[:, :, None], 0, gradient).astype(dtype)


# PyTorch has no second derivative either; the first is that of a log-softmax behind it, and could not be had again.
op(
    "_ctc_loss_backward", _ctc_gradient, where="", node="NotImplemented",
    gradients={"g log_probs": lambda g: not_implemented("_ctc_loss_backward")},
)  # fmt: skip

_row = op(
    "_ctc_loss", _ctc_loss, where="", fused=False, node="CtcLossBackward0", keeps=("alpha",),
    log_probs=lambda g, log_probs, targets, alpha, input_lengths, target_lengths, blank, zero_infinity: _ctc_gradient(
        g, log_probs, targets, alpha, (input_lengths, target_lengths), blank, zero_infinity
    ),
    reads={"log_probs": "g * (exp(log_probs) - the share of each class in the likelihood)"},
)  # fmt: skip


def _lengths(lengths: Any, name: str) -> list[int]:
    if not isinstance(lengths, Tensor):
        return [int(n) for n in lengths]
    if lengths._array.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral")
    return [int(n) for n in lengths._array.reshape(-1)]


_WHERE = " (while checking arguments for ctc_loss_allocate_outputs)"


def _padded(targets: Any, target_lengths: list[int], classes: int) -> Any:
    """The labels of a batch as rows (N, longest), of rows or of all labels one after the other."""
    longest = max(target_lengths, default=0)
    counts = np.asarray(target_lengths, np.int64).reshape(-1, 1)
    filled = np.arange(longest) < counts
    if targets.ndim == 1:
        if targets.size != sum(target_lengths):
            raise RuntimeError(
                f"Expected tensor to have size {sum(target_lengths)} at dimension 0, but got size {targets.size} for argument "
                f"#2 'targets'{_WHERE}"
            )
        place = np.where(filled, np.cumsum(counts).reshape(-1, 1) - counts + np.arange(longest), 0)
        padded = np.where(filled, targets[place], 0) if targets.size else np.zeros(filled.shape, np.int64)
    else:
        if targets.shape[0] != len(target_lengths):
            raise RuntimeError(
                f"Expected tensor to have size {len(target_lengths)} at dimension 0, but got size {targets.shape[0]} for "
                f"argument #2 'targets'{_WHERE}"
            )
        if targets.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size {targets.shape[1]} for "
                f"argument #2 'targets'{_WHERE}"
            )
        padded = np.where(filled, targets[:, :longest], 0)
    padded = padded.astype(np.int64)
    labels = all_values(padded)[..., filled]
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise IndexError(f"ctc_loss: target {wrong} is out of bounds for {classes} classes")
    return padded


@composite(where="torch", name="ctc_loss")
@each_sample_of("targets", "input_lengths", "target_lengths")
def _torch_ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = MEAN,
    zero_infinity: bool = False,
) -> Tensor:
    """As :func:`adjoint.nn.functional.ctc_loss`, with a number for the reduction."""
    batched = log_probs.ndim == 3
    inputs, labels = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    probabilities = log_probs if batched else log_probs.unsqueeze(1)
    given = targets._array if batched else targets._array.reshape(-1)
    if given.dtype.kind not in "iu":
        raise RuntimeError("targets must be integral")
    time, batch, classes = probabilities.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    if len(inputs) != batch:
        raise RuntimeError("input_lengths must be of size batch_size")
    if len(labels) != batch:
        raise RuntimeError("target_lengths must be of size batch_size")
    for n in labels:
        if n < 0:
            raise RuntimeError(f"Expected target_lengths to have value at least 0, but got value {n}{_WHERE}")
    padded = _padded(given, labels, classes)
    for n in inputs:
        if n < 0:
            raise RuntimeError(f"Expected input_lengths to have value at least 0, but got value {n}{_WHERE}")
        if n > time:
            raise RuntimeError(f"Expected input_lengths to have value at most {time}, but got value {n}{_WHERE}")
    losses = _row.function(probabilities, from_array(padded), tuple(inputs), tuple(labels), blank, zero_infinity)
    if zero_infinity:
        infinite = losses == float("inf")
        losses = lookup("torch", "where")(infinite, lookup("torch", "zeros")((), dtype=losses.dtype), losses)
    if reduction == MEAN:
        counts = np.maximum(np.asarray(labels), 1).astype(losses._array.dtype)
        return (losses / from_array(counts)).mean()
    if reduction == SUM:
        return losses.sum()
    return losses if batched else losses.squeeze(0)


@composite(where="nn.functional")
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """How unlikely the labels ``targets`` are as what predictions say, repetitions and ``blank`` left out.

    ``log_probs`` (T, N, C), of a log-softmax, are the predictions, of which ``input_lengths`` (N,) count; the labels are
    (N, S), or one after the other, and there are ``target_lengths`` (N,) of them.  Or without N.  "mean" divides each loss by its
    number of labels first.  With ``zero_infinity`` what cannot be said costs nothing.  Raises RuntimeError where sizes
    do not fit.

    >>> import adjoint as torch
    >>> log_probs = torch.zeros(2, 1, 2) - torch.tensor(2.).log()
    >>> torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """
    if not log_probs.is_floating_point():
        unsupported("ctc_loss_cpu", log_probs._array)
    return _torch_ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, reduction_of(reduction, None, None), zero_infinity
    )
