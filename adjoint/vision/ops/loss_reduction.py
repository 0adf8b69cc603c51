"""What is made of the losses of many boxes: themselves, their mean or their sum."""

from __future__ import annotations

from adjoint.tensor import Tensor


def reduced(loss: Tensor, reduction: str, empty_is_zero: bool = True) -> Tensor:
    """``loss`` for ``"none"``, its ``"mean"`` (of nothing 0, or with ``empty_is_zero`` False not a number) or its ``"sum"``.

    Raises ValueError for other words.
    """
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean() if loss.numel() > 0 or not empty_is_zero else 0.0 * loss.sum()
    if reduction == "sum":
        return loss.sum()
    raise ValueError(
        f"Invalid Value for arg 'reduction': '{reduction} \n Supported reduction modes: 'none', 'mean', 'sum'"
    )
