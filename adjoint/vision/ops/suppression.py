"""Non-maximum suppression: of boxes that overlap, the one of the highest score."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.kernels.late import Late, from_on
from adjoint.ops.arrays import Array
from adjoint.ops.unsupported import unsupported

_BLOCK = 128  # boxes that are compared with all behind them at once
_WORTH_A_KERNEL = from_on(32)  # boxes

_by_kernel = Late("suppressing:kept")


def check(dets: Any, scores: Any) -> None:
    """Raise PyTorch's error for what are no boxes and their scores."""
    if dets.ndim != 2:
        raise RuntimeError(f"boxes should be a 2d tensor, got {dets.ndim}D")
    if dets.shape[1] != 4:
        raise RuntimeError(f"boxes should have 4 elements in dimension 1, got {dets.shape[1]}")
    if scores.ndim != 1:
        raise RuntimeError(f"scores should be a 1d tensor, got {scores.ndim}D")
    if dets.shape[0] != scores.shape[0]:
        raise RuntimeError(
            f"boxes and scores should have same number of elements in dimension 0, got {dets.shape[0]} and {scores.shape[0]}"
        )
    if dets.dtype.kind != "f" or dets.dtype.itemsize < 4:
        unsupported("nms_kernel", dets)
    if dets.dtype != scores.dtype:
        raise RuntimeError("dets should have the same type as scores")


def _nms(dets: Array, scores: Array, iou_threshold):
    check(dets, scores)
    order = _best_first(scores)
    boxes = np.ascontiguousarray(dets[order].T)
    areas = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    limit = _at_most(iou_threshold, dets.dtype.type)
    if len(order) >= _WORTH_A_KERNEL:
        found = _by_kernel(np.concatenate([boxes, areas[None]]), float(limit))
        if found is not NotImplemented:
            return order[found]
    left, kept = np.arange(len(order)), []
    while left.size:
        block, left = left[:_BLOCK], left[_BLOCK:]
        best = block[_kept_of_block(_overlapping(boxes, areas, block, block, limit))]
        kept.append(best)
        if left.size:
            left = left[~_overlapping(boxes, areas, best, left, limit).any(0)]
    return order[np.concatenate(kept)] if kept else np.empty(0, np.int64)


nms = op("nms", _nms, where="", fused=False, doc="See :func:`adjoint.vision.ops.nms`.")


def _best_first(scores: Any) -> Any:
    """The order of descending scores, of equal ones that in which they are given; what is no number comes first."""
    if np.isnan(scores).any():
        return np.lexsort((-scores, ~np.isnan(scores)))
    return np.argsort(-scores, kind="stable")


def _at_most(threshold: float, kind: Any) -> Any:
    """The largest number of a dtype that is not above a threshold: above the one is above the other."""
    nearest = kind(threshold)
    return np.nextafter(nearest, kind(-np.inf)) if float(nearest) > threshold else nearest


def _overlapping(boxes: Any, areas: Any, some: Any, others: Any, limit: Any) -> Any:
    """Which of ``some`` boxes overlap which of ``others`` by more than the limit."""
    width = np.minimum(boxes[2, some, None], boxes[2, others])
    width -= np.maximum(boxes[0, some, None], boxes[0, others])
    height = np.minimum(boxes[3, some, None], boxes[3, others])
    height -= np.maximum(boxes[1, some, None], boxes[1, others])
    both = np.maximum(width, 0, out=width)
    both *= np.maximum(height, 0, out=height)
    either = np.add(areas[some, None], areas[others], out=height)
    either -= both
    both /= either
    return both > limit


def _kept_of_block(overlapping: Any) -> Any:
    """Of boxes of which the best come first, those that none before them that is kept overlaps."""
    suppressed = np.zeros(len(overlapping), bool)
    kept = []
    for i, row in enumerate(overlapping):
        if not suppressed[i]:
            kept.append(i)
            suppressed |= row
    return kept
