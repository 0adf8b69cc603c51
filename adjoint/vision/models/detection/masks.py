"""Masks of objects: how a model's are compared with the right ones, and how they become masks of images."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.ops import roi_align


def maskrcnn_inference(x: Tensor, labels: list[Tensor]) -> Any:
    """Of logits (K, classes, M, M) the probabilities of the class that each object has, (k, 1, M, M) for each image."""
    counts = [len(label) for label in labels]
    every = adjoint.cat(labels)
    found = x.sigmoid()[adjoint.arange(x.shape[0], device=every.device), every][:, None]
    return found.split(counts, dim=0)


def project_masks_on_boxes(gt_masks: Tensor, boxes: Tensor, matched_idxs: Tensor, M: int) -> Tensor:
    """What boxes (K, 4) cut out of masks (N, H, W), each of the one with its number, as (K, M, M)."""
    rois = adjoint.cat([matched_idxs.to(boxes)[:, None], boxes], dim=1)
    return roi_align(gt_masks[:, None].to(rois), rois, (M, M), 1.0)[:, 0]


def maskrcnn_loss(mask_logits: Tensor, proposals: Any, gt_masks: Any, gt_labels: Any, mask_matched_idxs: Any) -> Tensor:
    """The cross entropy of the masks (K, classes, M, M) of all images' proposals, for the class that is right for each."""
    side = mask_logits.shape[-1]
    labels = adjoint.cat([label[own] for label, own in zip(gt_labels, mask_matched_idxs)])
    wanted = adjoint.cat(
        [project_masks_on_boxes(m, p, own, side) for m, p, own in zip(gt_masks, proposals, mask_matched_idxs)]
    )
    if wanted.numel() == 0:  # a batch without objects has a gradient, too
        return mask_logits.sum() * 0
    logits = mask_logits[adjoint.arange(labels.shape[0], device=labels.device), labels]
    return F.binary_cross_entropy_with_logits(logits, wanted)


def expand_boxes(boxes: Tensor, scale: float) -> Tensor:
    """Boxes (N, 4) that are ``scale`` times as large around the same centers."""
    half = (boxes[:, 2:] - boxes[:, :2]) * 0.5 * scale
    center = (boxes[:, 2:] + boxes[:, :2]) * 0.5
    return adjoint.cat((center - half, center + half), dim=1)


def expand_masks(mask: Tensor, padding: int) -> tuple[Tensor, float]:
    """Masks with zeros around them, and how much larger they are."""
    side = mask.shape[-1]
    return F.pad(mask, (padding,) * 4), float(side + 2 * padding) / side


def paste_mask_in_image(mask: Tensor, box: Tensor, im_h: int, im_w: int) -> Tensor:
    """A mask (M, M) as large as its box of whole pixels, at the box's place in an image of zeros: (im_h, im_w)."""
    left, top, right, bottom = (int(side) for side in box)
    size = max(bottom - top + 1, 1), max(right - left + 1, 1)
    resized = F.interpolate(mask.expand((1, 1, -1, -1)), size=size, mode="bilinear", align_corners=False)[0][0]
    found = adjoint.zeros((im_h, im_w), dtype=mask.dtype, device=mask.device)
    x0, x1, y0, y1 = max(left, 0), min(right + 1, im_w), max(top, 0), min(bottom + 1, im_h)
    found[y0:y1, x0:x1] = resized[y0 - top : y1 - top, x0 - left : x1 - left]
    return found


def paste_masks_in_image(masks: Tensor, boxes: Tensor, img_shape: tuple[int, int], padding: int = 1) -> Tensor:
    """The masks (N, 1, M, M) of boxes as masks of the image (N, 1, *img_shape).

    They are widened by ``padding`` pixels of zeros, so that their borders are soft.
    """
    masks, scale = expand_masks(masks, padding=padding)
    whole = expand_boxes(boxes, scale).to(dtype=adjoint.int64)
    found = [paste_mask_in_image(mask[0], box, *img_shape) for mask, box in zip(masks, whole)]
    return adjoint.stack(found, dim=0)[:, None] if found else masks.new_empty((0, 1, *img_shape))
