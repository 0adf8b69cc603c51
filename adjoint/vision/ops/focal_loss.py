"""The focal loss, in which what is classified well counts less (Lin et al., "Focal Loss for Dense Object Detection", 2017)."""

from __future__ import annotations

from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.ops.loss_reduction import reduced

__all__ = ["sigmoid_focal_loss"]


def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> Tensor:
    """The cross entropy of logits ``inputs`` and ``targets`` from 0 to 1 of the same shape, times (1 - p) ** ``gamma``, where p
    is the probability given to what is right.

    ``alpha`` is the weight of positive examples, 1 - ``alpha`` that of negative ones; -1 for neither.  Raises ValueError for
    others.
    """
    if not (0 <= alpha <= 1) and alpha != -1:
        raise ValueError(f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore.")
    p = inputs.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    right = p * targets + (1 - p) * (1 - targets)
    loss = entropy * ((1 - right) ** gamma)
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return reduced(loss, reduction, empty_is_zero=False)
