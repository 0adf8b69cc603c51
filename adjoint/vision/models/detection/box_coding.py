"""Boxes as what a model predicts: with respect to boxes that are there anyway, its anchors or proposals."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.ops import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss


def _centers(boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of boxes (N, 4): the centers' coordinates, widths and heights, (N, 1) each."""
    x1, y1, x2, y2 = (boxes[:, i : i + 1] for i in range(4))
    w, h = x2 - x1, y2 - y1
    return x1 + 0.5 * w, y1 + 0.5 * h, w, h


def encode_boxes(reference_boxes: Tensor, proposals: Tensor, weights: Tensor) -> Tensor:
    """How the first boxes (N, 4) differ from ``proposals``: by their centers, in sides, and by the logarithms of their
    sides; each of the four times a weight (Girshick et al., 2014)."""
    (x, y, w, h), (own_x, own_y, own_w, own_h) = _centers(reference_boxes), _centers(proposals)
    wx, wy, ww, wh = (weights[i] for i in range(4))
    return adjoint.cat(
        (
            wx * (x - own_x) / own_w,
            wy * (y - own_y) / own_h,
            ww * adjoint.log(w / own_w),
            wh * adjoint.log(h / own_h),
        ),
        dim=1,
    )


class BoxCoder:
    """Boxes as differences from other boxes, and back.

    ``weights`` are those of the centers' coordinates, width and height; a side grows by ``exp(bbox_xform_clip)`` at most.
    """

    def __init__(
        self, weights: tuple[float, float, float, float], bbox_xform_clip: float = math.log(1000.0 / 16)
    ) -> None:
        self.weights = weights
        self.bbox_xform_clip = bbox_xform_clip

    def encode(self, reference_boxes: list[Tensor], proposals: list[Tensor]) -> Any:
        """The differences of the boxes from the proposals of each image."""
        counts = [len(boxes) for boxes in reference_boxes]
        return self.encode_single(adjoint.cat(reference_boxes), adjoint.cat(proposals)).split(counts, 0)

    def encode_single(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """The differences of boxes (N, 4) from others."""
        weights = adjoint.as_tensor(self.weights, dtype=reference_boxes.dtype, device=reference_boxes.device)
        return encode_boxes(reference_boxes, proposals, weights)

    def decode(self, rel_codes: Tensor, boxes: list[Tensor]) -> Tensor:
        """The boxes (N, classes, 4) that differ so from the boxes of all images, N together."""
        if not isinstance(boxes, (list, tuple)):
            raise AssertionError("This function expects boxes of type list or tuple.")
        if not isinstance(rel_codes, Tensor):
            raise AssertionError("This function expects rel_codes of type torch.Tensor.")
        count = sum(len(of_image) for of_image in boxes)
        if count > 0:
            rel_codes = rel_codes.reshape(count, -1)
        found = self.decode_single(rel_codes, adjoint.cat(boxes))
        return found.reshape(count, -1, 4) if count > 0 else found

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes (N, classes * 4) that differ so from boxes (N, 4)."""
        x, y, w, h = _centers(boxes.to(rel_codes.dtype))
        dx, dy, dw, dh = (rel_codes[:, i::4] / weight for i, weight in enumerate(self.weights))
        x, y = dx * w + x, dy * h + y
        w, h = (
            0.5 * (adjoint.exp(d.clamp(max=self.bbox_xform_clip)) * side) for d, side in ((dw, w), (dh, h))
        )  # halves
        return adjoint.stack((x - w, y - h, x + w, y + h), dim=2).flatten(1)


class BoxLinearCoder:
    """Boxes as the distances of their sides from the centers of other boxes, in sides of those with ``normalize_by_size``."""

    def __init__(self, normalize_by_size: bool = True) -> None:
        self.normalize_by_size = normalize_by_size

    def encode(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        """The distances (..., 4) of the sides of ``proposals`` from the centers of the first boxes."""
        center = self._center(reference_boxes)
        found = adjoint.cat((center - proposals[..., :2], proposals[..., 2:] - center), dim=-1)
        return found / self._sizes(reference_boxes) if self.normalize_by_size else found

    def decode(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        """The boxes (..., 4) whose sides are at these distances from the centers of ``boxes``."""
        boxes = boxes.to(dtype=rel_codes.dtype)
        center = self._center(boxes)
        if self.normalize_by_size:
            rel_codes = rel_codes * self._sizes(boxes)
        return adjoint.cat((center - rel_codes[..., :2], center + rel_codes[..., 2:]), dim=-1)

    @staticmethod
    def _center(boxes: Tensor) -> Tensor:
        return 0.5 * (boxes[..., :2] + boxes[..., 2:])

    @staticmethod
    def _sizes(boxes: Tensor) -> Tensor:
        sides = boxes[..., 2:] - boxes[..., :2]
        return adjoint.cat((sides, sides), dim=-1)


_OF_BOXES = {"ciou": complete_box_iou_loss, "diou": distance_box_iou_loss, "giou": generalized_box_iou_loss}


def _box_loss(
    type: str,
    box_coder: BoxCoder,
    anchors_per_image: Tensor,
    matched_gt_boxes_per_image: Tensor,
    bbox_regression_per_image: Tensor,
    cnf: dict[str, float] | None = None,
) -> Tensor:
    """The sum of losses of what was predicted for anchors: ``"l1"`` and ``"smooth_l1"`` compare differences from them, ``"ciou"``,
    ``"diou"`` and ``"giou"`` boxes.  ``cnf`` may have ``beta`` or ``eps``."""
    given = cnf or {}
    if type in ("l1", "smooth_l1"):
        wanted = box_coder.encode_single(matched_gt_boxes_per_image, anchors_per_image)
        if type == "l1":
            return F.l1_loss(bbox_regression_per_image, wanted, reduction="sum")
        return F.smooth_l1_loss(bbox_regression_per_image, wanted, reduction="sum", beta=given.get("beta", 1.0))
    if type not in _OF_BOXES:
        raise AssertionError(f"Unsupported loss: {type}")
    boxes = box_coder.decode_single(bbox_regression_per_image, anchors_per_image)
    return _OF_BOXES[type](boxes, matched_gt_boxes_per_image, reduction="sum", eps=given.get("eps", 1e-7))
