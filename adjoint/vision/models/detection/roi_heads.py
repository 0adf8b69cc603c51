"""What is in proposed regions: classes and boxes, and masks and points if asked for (He et al., "Mask R-CNN", 2017)."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher, taken
from adjoint.vision.models.detection.keypoints import (
    heatmaps_to_keypoints,
    keypointrcnn_inference,
    keypointrcnn_loss,
    keypoints_to_heatmap,
)
from adjoint.vision.models.detection.masks import (
    expand_boxes,
    expand_masks,
    maskrcnn_inference,
    maskrcnn_loss,
    paste_mask_in_image,
    paste_masks_in_image,
    project_masks_on_boxes,
)
from adjoint.vision.ops import boxes as box_ops

__all__ = [
    "RoIHeads",
    "expand_boxes",
    "expand_masks",
    "fastrcnn_loss",
    "heatmaps_to_keypoints",
    "keypointrcnn_inference",
    "keypointrcnn_loss",
    "keypoints_to_heatmap",
    "maskrcnn_inference",
    "maskrcnn_loss",
    "paste_mask_in_image",
    "paste_masks_in_image",
    "project_masks_on_boxes",
]


def fastrcnn_loss(
    class_logits: Tensor, box_regression: Tensor, labels: list[Tensor], regression_targets: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """The losses of classes (N, C) and of moves (N, 4 * C) of all images' proposals, of moves for the right class alone."""
    every = adjoint.cat(labels, dim=0)
    positive = adjoint.where(every > 0)[0]
    moves = box_regression.reshape(len(class_logits), box_regression.size(-1) // 4, 4)[positive, every[positive]]
    wanted = adjoint.cat(regression_targets, dim=0)[positive]
    box_loss = F.smooth_l1_loss(moves, wanted, beta=1 / 9, reduction="sum")
    return F.cross_entropy(class_logits, every), box_loss / every.numel()


class RoIHeads(nn.Module):
    """Boxes of ``box_roi_pool``, ``box_head`` and ``box_predictor``; masks and points of three modules each, or none.

    Proposals that overlap an object by ``fg_iou_thresh`` are trained to be it, those by less than ``bg_iou_thresh`` to be
    background; ``batch_size_per_image`` are drawn, ``positive_fraction`` of them objects.  Boxes of ``score_thresh`` are
    thinned out class by class by ``nms_thresh``, and ``detections_per_img`` are left.
    """

    def __init__(
        self,
        box_roi_pool: Any,
        box_head: Any,
        box_predictor: Any,
        fg_iou_thresh: float,
        bg_iou_thresh: float,
        batch_size_per_image: int,
        positive_fraction: float,
        bbox_reg_weights: Any,
        score_thresh: float,
        nms_thresh: float,
        detections_per_img: int,
        mask_roi_pool: Any = None,
        mask_head: Any = None,
        mask_predictor: Any = None,
        keypoint_roi_pool: Any = None,
        keypoint_head: Any = None,
        keypoint_predictor: Any = None,
    ) -> None:
        super().__init__()
        self.box_similarity = box_ops.box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=False)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self.box_coder = BoxCoder((10.0, 10.0, 5.0, 5.0) if bbox_reg_weights is None else bbox_reg_weights)
        self.box_roi_pool = box_roi_pool
        self.box_head = box_head
        self.box_predictor = box_predictor
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.mask_roi_pool = mask_roi_pool
        self.mask_head = mask_head
        self.mask_predictor = mask_predictor
        self.keypoint_roi_pool = keypoint_roi_pool
        self.keypoint_head = keypoint_head
        self.keypoint_predictor = keypoint_predictor

    def has_mask(self) -> bool:
        """Whether there are masks."""
        return None not in (self.mask_roi_pool, self.mask_head, self.mask_predictor)

    def has_keypoint(self) -> bool:
        """Whether there are points."""
        return None not in (self.keypoint_roi_pool, self.keypoint_head, self.keypoint_predictor)

    def assign_targets_to_proposals(self, proposals: Any, gt_boxes: Any, gt_labels: Any) -> tuple[Any, Any]:
        """For each proposal the number of an object, and its label: 0 for background, -1 for neither."""
        numbers, labels = [], []
        for own, objects, kinds in zip(proposals, gt_boxes, gt_labels):
            if objects.numel() == 0:
                nothing = adjoint.zeros((own.shape[0],), dtype=adjoint.int64, device=own.device)
                numbers.append(nothing)
                labels.append(nothing.clone())
                continue
            matched = self.proposal_matcher(self.box_similarity(objects, own))
            numbers.append(matched.clamp(min=0))
            label = kinds[numbers[-1]].to(dtype=adjoint.int64)
            label[matched == self.proposal_matcher.BELOW_LOW_THRESHOLD] = 0
            label[matched == self.proposal_matcher.BETWEEN_THRESHOLDS] = -1
            labels.append(label)
        return numbers, labels

    def subsample(self, labels: list[Tensor]) -> list[Tensor]:
        """The numbers of the proposals that are drawn of each image."""
        return [adjoint.where(positive | negative)[0] for positive, negative in zip(*self.fg_bg_sampler(labels))]

    def add_gt_proposals(self, proposals: list[Tensor], gt_boxes: list[Tensor]) -> list[Tensor]:
        """The proposals of each image, and its objects."""
        return [adjoint.cat(both) for both in zip(proposals, gt_boxes)]

    def check_targets(self, targets: Any) -> None:
        """Raise ValueError for targets without what is trained."""
        if targets is None:
            raise ValueError("targets should not be None")
        for key in ("boxes", "labels", *(["masks"] if self.has_mask() else [])):
            if not all(key in target for target in targets):
                raise ValueError(f"Every element of targets should have a {key} key")

    def select_training_samples(self, proposals: Any, targets: Any) -> tuple[Any, Any, Any, Any]:
        """Of each image proposals that are drawn, the numbers of their objects, labels, and how they are to be moved."""
        self.check_targets(targets)
        dtype, device = proposals[0].dtype, proposals[0].device
        objects = [target["boxes"].to(dtype) for target in targets]
        proposals = self.add_gt_proposals(proposals, objects)
        numbers, labels = self.assign_targets_to_proposals(proposals, objects, [t["labels"] for t in targets])
        drawn = self.subsample(labels)
        proposals, numbers, labels = ([v[at] for v, at in zip(of, drawn)] for of in (proposals, numbers, labels))
        boxes = [
            (own if own.numel() else adjoint.zeros((1, 4), dtype=dtype, device=device))[number]
            for own, number in zip(objects, numbers)
        ]
        return proposals, numbers, labels, self.box_coder.encode(boxes, proposals)

    def postprocess_detections(
        self, class_logits: Tensor, box_regression: Tensor, proposals: list[Tensor], image_shapes: Any
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """The boxes, scores and labels of what was found in each image."""
        counts = [len(own) for own in proposals]
        boxes = self.box_coder.decode(box_regression, proposals).split(counts, 0)
        scores = F.softmax(class_logits, -1).split(counts, 0)
        found = [self._thinned(*own) for own in zip(boxes, scores, image_shapes)]
        return tuple([list(part) for part in zip(*found)])  # type: ignore[return-value]

    def _thinned(self, boxes: Tensor, scores: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        boxes = box_ops.clip_boxes_to_image(boxes, size)
        labels = adjoint.arange(scores.shape[-1], device=scores.device).view(1, -1).expand_as(scores)
        boxes, scores, labels = boxes[:, 1:].reshape(-1, 4), scores[:, 1:].reshape(-1), labels[:, 1:].reshape(-1)
        boxes, scores, labels = taken(adjoint.where(scores > self.score_thresh)[0], boxes, scores, labels)
        boxes, scores, labels = taken(box_ops.remove_small_boxes(boxes, min_size=1e-2), boxes, scores, labels)
        best = box_ops.batched_nms(boxes, scores, labels, self.nms_thresh)[: self.detections_per_img]
        return boxes[best], scores[best], labels[best]

    def _check_dtypes(self, targets: Any) -> None:
        for target in targets or ():
            if target["boxes"].dtype not in (adjoint.float32, adjoint.float64, adjoint.float16):
                raise TypeError(f"target boxes must of float type, instead got {target['boxes'].dtype}")
            if target["labels"].dtype != adjoint.int64:
                raise TypeError(f"target labels must of int64 type, instead got {target['labels'].dtype}")
            if self.has_keypoint() and target["keypoints"].dtype != adjoint.float32:
                raise TypeError(f"target keypoints must of float type, instead got {target['keypoints'].dtype}")

    def forward(self, features: Any, proposals: Any, image_shapes: Any, targets: Any = None) -> tuple[Any, Any]:
        """What was found in each image, from features by name and proposed boxes; or, while training, losses by name."""
        self._check_dtypes(targets)
        numbers: Any = None
        labels: Any = None
        moves: Any = None
        if self.training:
            proposals, numbers, labels, moves = self.select_training_samples(proposals, targets)
        logits, regression = self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, image_shapes)))
        result: list[dict[str, Tensor]] = []
        losses: dict[str, Tensor] = {}
        if self.training:
            of_classes, of_boxes = fastrcnn_loss(logits, regression, labels, moves)
            losses = {"loss_classifier": of_classes, "loss_box_reg": of_boxes}
            positive = [adjoint.where(label > 0)[0] for label in labels]
            boxes = [own[at] for own, at in zip(proposals, positive)]
            numbers = [own[at] for own, at in zip(numbers, positive)]
        else:
            found = self.postprocess_detections(logits, regression, proposals, image_shapes)
            result = [dict(zip(("boxes", "labels", "scores"), (b, kind, s))) for b, s, kind in zip(*found)]
            boxes = found[0]
        if self.has_mask():
            masks = self.mask_predictor(self.mask_head(self.mask_roi_pool(features, boxes, image_shapes)))
            if self.training:
                known = [t["masks"] for t in targets], [t["labels"] for t in targets]
                losses["loss_mask"] = maskrcnn_loss(masks, boxes, *known, numbers)
            else:
                for mask, own in zip(maskrcnn_inference(masks, [own["labels"] for own in result]), result):
                    own["masks"] = mask
        if self.has_keypoint():
            maps = self.keypoint_predictor(self.keypoint_head(self.keypoint_roi_pool(features, boxes, image_shapes)))
            if self.training:
                losses["loss_keypoint"] = keypointrcnn_loss(maps, boxes, [t["keypoints"] for t in targets], numbers)
            else:
                for points, heat, own in zip(*keypointrcnn_inference(maps, boxes), result):
                    own["keypoints"], own["keypoints_scores"] = points, heat
        return result, losses


_list_names(__name__)
