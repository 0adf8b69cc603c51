"""The region proposal network: which of many anchors may be objects (Ren et al., "Faster R-CNN", 2015)."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import (
    BalancedPositiveNegativeSampler,
    BoxCoder,
    Matcher,
    _topk_min,
    taken,
)
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.image_list import ImageList
from adjoint.vision.ops import Conv2dNormActivation
from adjoint.vision.ops import boxes as box_ops

__all__ = ["AnchorGenerator", "RPNHead", "RegionProposalNetwork", "concat_box_prediction_layers", "permute_and_flatten"]


class RPNHead(nn.Module):
    """Convolutions that say at every pixel of every map how much each of ``num_anchors`` is an object, and how to move it."""

    _version = 2

    def __init__(self, in_channels: int, num_anchors: int, conv_depth: int = 1) -> None:
        super().__init__()
        layers = [Conv2dNormActivation(in_channels, in_channels, 3, norm_layer=None) for _ in range(conv_depth)]
        self.conv = nn.Sequential(*layers)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, kernel_size=1, stride=1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=1, stride=1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, 0)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # there was one convolution, by itself
            for kind in ("weight", "bias"):
                if (old := f"{prefix}conv.{kind}") in state_dict:
                    state_dict[f"{prefix}conv.0.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """For each map (N, C, H, W) the logits (N, A, H, W) and the moves (N, 4 * A, H, W)."""
        hidden = [self.conv(features) for features in x]
        return [self.cls_logits(t) for t in hidden], [self.bbox_pred(t) for t in hidden]


def permute_and_flatten(layer: Tensor, N: int, A: int, C: int, H: int, W: int) -> Tensor:
    """Of (N, A * C, H, W), C numbers for each of A anchors at each pixel, (N, H * W * A, C)."""
    return layer.view(N, -1, C, H, W).permute(0, 3, 4, 1, 2).reshape(N, -1, C)


def concat_box_prediction_layers(box_cls: list[Tensor], box_regression: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The predictions of all maps together, one anchor after the other: (N * anchors, C) and (N * anchors, 4)."""
    classes, moves = [], []
    for logits, regression in zip(box_cls, box_regression):
        n, channels, height, width = logits.shape
        anchors = regression.shape[1] // 4
        classes.append(permute_and_flatten(logits, n, anchors, channels // anchors, height, width))
        moves.append(permute_and_flatten(regression, n, anchors, 4, height, width))
    return adjoint.cat(classes, dim=1).flatten(0, -2), adjoint.cat(moves, dim=1).reshape(-1, 4)


class RegionProposalNetwork(nn.Module):
    """From the anchors of ``anchor_generator``, those that ``head`` finds to be objects, moved.

    Anchors that overlap an object by ``fg_iou_thresh`` are trained to be it, those by less than ``bg_iou_thresh`` to be none;
    ``batch_size_per_image`` of them are drawn, ``positive_fraction`` of them objects.  The best ``pre_nms_top_n`` of each map are
    thinned out by ``nms_thresh``, and ``post_nms_top_n`` are left (each for ``"training"`` and ``"testing"``), with at least
    ``score_thresh``.
    """

    def __init__(
        self,
        anchor_generator: AnchorGenerator,
        head: nn.Module,
        fg_iou_thresh: float,
        bg_iou_thresh: float,
        batch_size_per_image: int,
        positive_fraction: float,
        pre_nms_top_n: dict[str, int],
        post_nms_top_n: dict[str, int],
        nms_thresh: float,
        score_thresh: float = 0.0,
    ) -> None:
        super().__init__()
        self.anchor_generator = anchor_generator
        self.head = head
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.box_similarity = box_ops.box_iou
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self._pre_nms_top_n = pre_nms_top_n
        self._post_nms_top_n = post_nms_top_n
        self.nms_thresh = nms_thresh
        self.score_thresh = score_thresh
        self.min_size = 1e-3

    def pre_nms_top_n(self) -> int:
        """How many anchors of each map are looked at."""
        return self._pre_nms_top_n["training" if self.training else "testing"]

    def post_nms_top_n(self) -> int:
        """How many proposals there are at most."""
        return self._post_nms_top_n["training" if self.training else "testing"]

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """For each anchor of each image, whether it is an object (1), none (0) or neither (-1), and the object's box."""
        labels, boxes = [], []
        for own, target in zip(anchors, targets):
            objects = target["boxes"]
            if objects.numel() == 0:
                labels.append(adjoint.zeros((own.shape[0],), dtype=adjoint.float32, device=own.device))
                boxes.append(adjoint.zeros(own.shape, dtype=adjoint.float32, device=own.device))
                continue
            matched = self.proposal_matcher(self.box_similarity(objects, own))
            label = (matched >= 0).to(dtype=adjoint.float32)
            label[matched == self.proposal_matcher.BETWEEN_THRESHOLDS] = -1.0
            labels.append(label)
            boxes.append(objects[matched.clamp(min=0)])
        return labels, boxes

    def _get_top_n_idx(self, objectness: Tensor, num_anchors_per_level: list[int]) -> Tensor:
        found, first = [], 0
        for level in objectness.split(num_anchors_per_level, 1):
            found.append(level.topk(_topk_min(level, self.pre_nms_top_n(), 1), dim=1)[1] + first)
            first += level.shape[1]
        return adjoint.cat(found, dim=1)

    def filter_proposals(
        self,
        proposals: Tensor,
        objectness: Tensor,
        image_shapes: list[tuple[int, int]],
        num_anchors_per_level: list[int],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Of boxes (N, anchors, 4) the best, for each image: boxes and how much they are objects."""
        device, count = proposals.device, proposals.shape[0]
        objectness = objectness.detach().reshape(count, -1)
        levels = adjoint.cat(
            [
                adjoint.full((n,), level, dtype=adjoint.int64, device=device)
                for level, n in enumerate(num_anchors_per_level)
            ]
        )
        best = self._get_top_n_idx(objectness, num_anchors_per_level)
        image = adjoint.arange(count, device=device)[:, None]
        boxes, scores = proposals[image, best], objectness[image, best].sigmoid()
        level = levels.reshape(1, -1).expand_as(objectness)[image, best]
        found = [self._thinned(*own) for own in zip(boxes, scores, level, image_shapes)]
        return [boxes for boxes, _ in found], [scores for _, scores in found]

    def _thinned(self, boxes: Tensor, scores: Tensor, level: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        boxes = box_ops.clip_boxes_to_image(boxes, size)
        boxes, scores, level = taken(box_ops.remove_small_boxes(boxes, self.min_size), boxes, scores, level)
        boxes, scores, level = taken(adjoint.where(scores >= self.score_thresh)[0], boxes, scores, level)
        best = box_ops.batched_nms(boxes, scores, level, self.nms_thresh)[: self.post_nms_top_n()]
        return boxes[best], scores[best]

    def compute_loss(
        self, objectness: Tensor, pred_bbox_deltas: Tensor, labels: list[Tensor], regression_targets: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The losses of what is an object, and of how it is moved, of anchors that are drawn."""
        positive, negative = (adjoint.where(adjoint.cat(drawn))[0] for drawn in self.fg_bg_sampler(labels))
        sampled = adjoint.cat([positive, negative], dim=0)
        moves = adjoint.cat(regression_targets, dim=0)[positive]
        box_loss = F.smooth_l1_loss(pred_bbox_deltas[positive], moves, beta=1 / 9, reduction="sum") / sampled.numel()
        known = adjoint.cat(labels, dim=0)[sampled]
        return F.binary_cross_entropy_with_logits(objectness.flatten()[sampled], known), box_loss

    def forward(
        self, images: ImageList, features: dict[str, Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """The proposed boxes of each image; and while training losses, by name."""
        maps = list(features.values())
        objectness, moves = self.head(maps)
        anchors = self.anchor_generator(images, maps)
        counts = [level[0].numel() for level in objectness]
        objectness, moves = concat_box_prediction_layers(objectness, moves)
        proposals = self.box_coder.decode(moves.detach(), anchors).view(len(anchors), -1, 4)
        boxes, _ = self.filter_proposals(proposals, objectness, images.image_sizes, counts)
        if not self.training:
            return boxes, {}
        if targets is None:
            raise ValueError("targets should not be None")
        labels, matched = self.assign_targets_to_anchors(anchors, targets)
        of_objects, of_moves = self.compute_loss(objectness, moves, labels, self.box_coder.encode(matched, anchors))
        return boxes, {"loss_objectness": of_objects, "loss_rpn_box_reg": of_moves}


_list_names(__name__)
