"""Boxes that better ones overlap, found by compiled code: the same as one pair after the other."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.suppressing import kept
from adjoint.vision.ops.suppression import _at_most, _nms


def one_by_one(boxes, limit):
    """Which boxes (5, N) are kept."""
    x1, y1, x2, y2, area = boxes
    found = []
    for j in range(boxes.shape[1]):
        with np.errstate(all="ignore"):
            wide = np.maximum(np.minimum(x2[found], x2[j]) - np.maximum(x1[found], x1[j]), 0)
            high = np.maximum(np.minimum(y2[found], y2[j]) - np.maximum(y1[found], y1[j]), 0)
            over = wide * high / (area[found] + area[j] - wide * high)
        if not (over > limit).any():
            found.append(j)
    return np.isin(np.arange(boxes.shape[1]), found)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_what_is_kept_is_what_no_better_kept_box_overlaps(real):
    random = np.random.default_rng(0)
    for n in (0, 1, 2, 15, 16, 17, 33, 200):
        for threshold in (0.0, 0.3, 0.5, 1.0):
            corner = random.integers(0, 20, (2, n)).astype(real)
            boxes = np.concatenate([corner, corner + random.integers(0, 15, (2, n)).astype(real)])
            if n > 16:
                boxes[:, 3] = boxes[:, 9]  # twice the same
                boxes[1, 5] = np.nan
            area = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
            boxes = np.ascontiguousarray(np.concatenate([boxes, area[None]]))
            limit = float(_at_most(threshold, real))
            np.testing.assert_array_equal(kept(boxes, limit), one_by_one(boxes, limit))


def test_it_is_what_numpy_finds():
    random = np.random.default_rng(1)
    corner = random.random((300, 2)).astype(np.float32) * 100
    boxes = np.concatenate([corner, corner + random.random((300, 2)).astype(np.float32) * 40], 1)
    scores = random.integers(0, 50, 300).astype(np.float32)
    few = [_nms(boxes[i : i + 12], scores[i : i + 12], 0.3) for i in range(0, 300, 12)]  # which have no kernel
    for i, found in enumerate(few):
        some = slice(12 * i, 12 * i + 12)
        far = boxes[some].copy() + 1000
        both = _nms(np.concatenate([boxes[some], far]), np.concatenate([scores[some], scores[some] - 100]), 0.3)
        np.testing.assert_array_equal(both[: len(found)], found)
        np.testing.assert_array_equal(both[len(found) :] - 12, found)
