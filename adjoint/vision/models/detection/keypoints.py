"""Points of objects as maps of heat, each of which is hottest where a point is."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional as F
from adjoint.tensor import Tensor


def keypoints_to_heatmap(keypoints: Tensor, rois: Tensor, heatmap_size: int) -> tuple[Tensor, Tensor]:
    """Where in flat maps of their boxes points are: of (N, K, 3) with (x, y, whether visible) and boxes (N, 4), (N, K) numbers, and
    which of the points are in the boxes and visible (int64)."""
    corner, end = rois[:, None, :2], rois[:, None, 2:]
    points = keypoints[..., :2]
    at = ((points - corner) * (heatmap_size / (end - corner))).floor().long()
    at[points == end] = heatmap_size - 1  # the last pixel has its border
    inside = ((at >= 0) & (at < heatmap_size)).all(dim=-1)
    valid = (inside & (keypoints[..., 2] > 0)).long()
    return (at[..., 1] * heatmap_size + at[..., 0]) * valid, valid


def heatmaps_to_keypoints(maps: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Where maps (N, K, H, W) are hottest once they are as large as their boxes (N, 4): (x, y, 1) in the image (N, K, 3), and how
    hot (N, K)."""
    sides = (rois[:, 2:] - rois[:, :2]).clamp(min=1)
    whole = sides.ceil()
    points = adjoint.zeros((len(rois), 3, maps.shape[1]), dtype=adjoint.float32, device=maps.device)
    heat = adjoint.zeros((len(rois), maps.shape[1]), dtype=adjoint.float32, device=maps.device)
    for i in range(len(rois)):
        width, height = (int(n) for n in whole[i])
        resized = F.interpolate(maps[i][:, None], size=(height, width), mode="bicubic", align_corners=False)[:, 0]
        place = resized.reshape(len(resized), -1).argmax(dim=1)
        y, x = place // width, place % width
        for row, coordinate, count in ((0, x, width), (1, y, height)):
            points[i, row] = (coordinate.float() + 0.5) * (sides[i, row] / count) + rois[i, row]
        points[i, 2] = 1
        heat[i] = resized[adjoint.arange(len(resized), device=maps.device), y, x]
    return points.permute(0, 2, 1), heat


def keypointrcnn_loss(keypoint_logits: Tensor, proposals: Any, gt_keypoints: Any, keypoint_matched_idxs: Any) -> Tensor:
    """The cross entropy of maps (N, K, H, H) of all images' proposals, whose pixels are classes, for the points that are visible.

    Raises ValueError for maps that are not square.
    """
    n, k, height, width = keypoint_logits.shape
    if height != width:
        raise ValueError(
            "keypoint_logits height and width (last two elements of shape) should be equal. Instead got H = "
            f"{height} and W = {width}"
        )
    found = [
        keypoints_to_heatmap(points[own], boxes, height)
        for boxes, points, own in zip(proposals, gt_keypoints, keypoint_matched_idxs)
    ]
    targets = adjoint.cat([place.view(-1) for place, _ in found])
    visible = adjoint.where(adjoint.cat([valid.view(-1) for _, valid in found]))[0]
    if targets.numel() == 0 or len(visible) == 0:  # a batch without points has a gradient, too
        return keypoint_logits.sum() * 0
    return F.cross_entropy(keypoint_logits.view(n * k, height * width)[visible], targets[visible])


def keypointrcnn_inference(x: Tensor, boxes: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The points of each image's boxes, and how hot the maps are there."""
    counts = [box.size(0) for box in boxes]
    found = [heatmaps_to_keypoints(maps, own) for maps, own in zip(x.split(counts, dim=0), boxes)]
    return [points for points, _ in found], [heat for _, heat in found]
