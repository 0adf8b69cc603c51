"""Losses of classes."""

from __future__ import annotations

from typing import Any

from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator


def _loss(scores: Any, target: Any, weight: Any, ignore_index: int | None, reduction: str) -> Any:
    shape = target.shape
    target = target.long()
    if scores.dim() > 4:
        scores, target = scores.flatten(2), target.flatten(1)
    none = -100 if ignore_index is None else ignore_index
    result = functional.nll_loss(scores, target, weight, ignore_index=none, reduction=reduction)
    return result.reshape(shape) if reduction == "none" else result


@operator("NegativeLogLikelihoodLoss")
def nll(site: Any, ignore_index: int | None = None, reduction: str = "mean") -> Any:
    return lambda x, target, weight=None: _loss(x, target, weight, ignore_index, reduction)


@operator("SoftmaxCrossEntropyLoss", several=True)
def cross_entropy(site: Any, ignore_index: int | None = None, reduction: str = "mean") -> Any:
    def run(x: Any, target: Any, weight: Any = None) -> Any:
        scores = functional.log_softmax(x, 1)
        return _loss(scores, target, weight, ignore_index, reduction), scores

    return run
