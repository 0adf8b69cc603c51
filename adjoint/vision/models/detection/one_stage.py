"""Detectors in one stage: what a head says of every anchor is what is found."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import _topk_min
from adjoint.vision.models.detection.inputs import check_targets, refuse_degenerate, sizes_of
from adjoint.vision.ops import boxes as box_ops


class OneStageDetector(nn.Module):
    """Has a ``backbone``, an ``anchor_generator``, a ``head`` and a ``transform``; says what is lost and what is found."""

    backbone: Any
    anchor_generator: Any
    head: Any
    transform: Any
    score_thresh: float
    nms_thresh: float
    detections_per_img: int
    topk_candidates: int

    def eager_outputs(self, losses: Any, detections: Any) -> Any:
        """The losses while training, else what was found."""
        return losses if self.training else detections

    def losses_of(self, targets: Any, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor]) -> Any:
        """The losses, by name, of what the head says of each image's anchors."""
        raise NotImplementedError

    def found_in(self, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor], sizes: Any) -> Any:
        """What is found in each image, from what the head says of its anchors."""
        raise NotImplementedError

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        """While training, losses by name, from images (C, H, W) and the ``boxes`` (N, 4) and ``labels`` (N,) of what is in them.
        Otherwise for each image the ``boxes``, ``scores`` and ``labels`` of what was found."""
        if self.training:
            check_targets(targets)
        originals = sizes_of(images)
        batch, targets = self.transform(images, targets)
        refuse_degenerate(targets)
        maps = self.backbone(batch.tensors)
        features = list((OrderedDict([("0", maps)]) if isinstance(maps, Tensor) else maps).values())
        outputs = self.head(features)
        anchors = self.anchor_generator(batch, features)
        losses: dict[str, Tensor] = {}
        detections: list[dict[str, Tensor]] = []
        if self.training:
            losses = self.losses_of(targets, outputs, anchors, features)
        else:
            detections = self.found_in(outputs, anchors, features, batch.image_sizes)
            detections = self.transform.postprocess(detections, batch.image_sizes, originals)
        return self.eager_outputs(losses, detections)

    def thinned(self, boxes: list[Tensor], scores: list[Tensor], labels: list[Tensor]) -> dict[str, Tensor]:
        """Of an image's boxes, level by level or class by class, the best that do not overlap others of their class."""
        every = {"boxes": adjoint.cat(boxes), "scores": adjoint.cat(scores), "labels": adjoint.cat(labels)}
        kept = box_ops.batched_nms(every["boxes"], every["scores"], every["labels"], self.nms_thresh)
        kept = kept[: self.detections_per_img]
        return {name: of[kept] for name, of in every.items()}


class DenseDetector(OneStageDetector):
    """A detector whose head gives every anchor a score for each class."""

    box_coder: Any

    def scores_of(self, outputs: dict[str, Tensor]) -> Tensor:
        """The scores of anchors (A, classes), from what the head says of them."""
        raise NotImplementedError

    def moved(self, moves: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of anchors."""
        raise NotImplementedError

    def postprocess_detections(self, head_outputs: Any, anchors: Any, image_shapes: Any) -> list[dict[str, Tensor]]:
        """What is found in each image, from what the head says of the anchors of each level: lists of (N, A, ...)."""
        return [
            self._of_image(
                [
                    {name: level[i] for name, level in zip(head_outputs, levels)}
                    for levels in zip(*head_outputs.values())
                ],
                anchors[i],
                size,
            )
            for i, size in enumerate(image_shapes)
        ]

    def _of_image(self, levels: list[dict[str, Tensor]], anchors: list[Tensor], size: Any) -> dict[str, Tensor]:
        found: tuple[list[Tensor], ...] = ([], [], [])
        for outputs, own in zip(levels, anchors):
            classes = outputs["cls_logits"].shape[-1]
            scores = self.scores_of(outputs).flatten()
            likely = adjoint.where(scores > self.score_thresh)[0]
            best, at = scores[likely].topk(_topk_min(likely, self.topk_candidates, 0))
            likely = likely[at]
            anchor = likely // classes
            boxes = box_ops.clip_boxes_to_image(self.moved(outputs["bbox_regression"][anchor], own[anchor]), size)
            for part, value in zip(found, (boxes, best, likely % classes)):
                part.append(value)
        return self.thinned(*found)

    def found_in(self, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor], sizes: Any) -> Any:
        """What is found in each image."""
        counts = self.anchors_of_levels(outputs, features)
        by_level = {name: list(of.split(counts, dim=1)) for name, of in outputs.items()}
        return self.postprocess_detections(by_level, [list(own.split(counts)) for own in anchors], sizes)

    @staticmethod
    def anchors_of_levels(outputs: dict[str, Tensor], features: list[Tensor]) -> list[int]:
        """How many anchors each level has."""
        pixels = [level.size(2) * level.size(3) for level in features]
        return [n * (outputs["cls_logits"].size(1) // sum(pixels)) for n in pixels]


def by_anchor(maps: Tensor, columns: int) -> Tensor:
    """Of (N, A * columns, H, W), so many numbers for each of A anchors at each pixel, (N, H * W * A, columns)."""
    n, _, height, width = maps.shape
    return maps.view(n, -1, columns, height, width).permute(0, 3, 4, 1, 2).reshape(n, -1, columns)


def initialize(module: nn.Module, weight: Callable[[Tensor], Any]) -> None:
    """Draw the weights of all convolutions, which have no biases in the beginning."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            weight(layer.weight)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0)


def small(weight: Tensor) -> None:
    """Draw a layer's weights as Lin et al. ("Focal Loss for Dense Object Detection", 2017) do."""
    nn.init.normal_(weight, std=0.01)


def unlikely(layer: nn.Conv2d, probability: float) -> None:
    """Have a layer find everything to be unlikely, so that the many anchors without an object lose little in the beginning."""
    small(layer.weight)
    nn.init.constant_(layer.bias, -math.log((1 - probability) / probability))
