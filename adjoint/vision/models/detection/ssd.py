"""SSD (Liu et al., "Single Shot MultiBox Detector", 2016): boxes of many shapes at maps of many sizes, each with layers of
its own."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import BoxCoder, SSDMatcher, _topk_min, retrieve_out_channels
from adjoint.vision.models.detection.anchor_utils import DefaultBoxGenerator
from adjoint.vision.models.detection.backbone_utils import freeze
from adjoint.vision.models.detection.inputs import IMAGE_MEAN, IMAGE_STD
from adjoint.vision.models.detection.one_stage import OneStageDetector, by_anchor, initialize
from adjoint.vision.models.detection.retinanet import matched
from adjoint.vision.models.detection.transform import GeneralizedRCNNTransform
from adjoint.vision.models.detection.weights import SSD300_VGG16_Weights, planned
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.vgg import vgg16
from adjoint.vision.models.vgg_weights import VGG16_Weights
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops import boxes as box_ops

__all__ = ["SSD300_VGG16_Weights", "ssd300_vgg16"]


class SSDHead(nn.Module):
    """What is at each box, and how to move it."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int) -> None:
        super().__init__()
        self.classification_head: nn.Module = SSDClassificationHead(in_channels, num_anchors, num_classes)
        self.regression_head: nn.Module = SSDRegressionHead(in_channels, num_anchors)

    def forward(self, x: list[Tensor]) -> dict[str, Tensor]:
        """``bbox_regression`` (N, A, 4) and ``cls_logits`` (N, A, classes) of the boxes of all maps."""
        return {"bbox_regression": self.regression_head(x), "cls_logits": self.classification_head(x)}


class SSDScoringHead(nn.Module):
    """Modules, one for each map, that give ``num_columns`` numbers for each box."""

    def __init__(self, module_list: nn.ModuleList, num_columns: int) -> None:
        super().__init__()
        self.module_list = module_list
        self.num_columns = num_columns

    def forward(self, x: list[Tensor]) -> Tensor:
        """(N, A, num_columns) of the boxes of all maps."""
        found = [by_anchor(module(level), self.num_columns) for module, level in zip(self.module_list, x)]
        return adjoint.cat(found, dim=1)


def _convolutions(in_channels: list[int], num_anchors: list[int], columns: int) -> nn.ModuleList:
    """A convolution for each map."""
    layers = nn.ModuleList(
        [nn.Conv2d(channels, columns * n, kernel_size=3, padding=1) for channels, n in zip(in_channels, num_anchors)]
    )
    initialize(layers, nn.init.xavier_uniform_)
    return layers


class SSDClassificationHead(SSDScoringHead):
    """What is at each box: a logit for each class."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int) -> None:
        super().__init__(_convolutions(in_channels, num_anchors, num_classes), num_classes)


class SSDRegressionHead(SSDScoringHead):
    """How to move each box."""

    def __init__(self, in_channels: list[int], num_anchors: list[int]) -> None:
        super().__init__(_convolutions(in_channels, num_anchors, 4), 4)


class SSD(OneStageDetector):
    """A detector over a ``backbone`` of several maps, for images of ``size`` (width, height) and ``num_classes`` with the
    background.

    Boxes that overlap an object by ``iou_thresh`` are trained to be it, and ``positive_fraction`` of all that are trained are such:
    the others are those that are most wrong.  Of each class the best ``topk_candidates`` of ``score_thresh`` are looked at, thinned
    out by ``nms_thresh``, and ``detections_per_img`` are left.
    """

    def __init__(
        self,
        backbone: nn.Module,
        anchor_generator: DefaultBoxGenerator,
        size: tuple[int, int],
        num_classes: int,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        head: nn.Module | None = None,
        score_thresh: float = 0.01,
        nms_thresh: float = 0.45,
        detections_per_img: int = 200,
        iou_thresh: float = 0.5,
        topk_candidates: int = 400,
        positive_fraction: float = 0.25,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.anchor_generator = anchor_generator
        self.box_coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
        if head is None:
            channels: Any = getattr(backbone, "out_channels", None) or retrieve_out_channels(backbone, size)
            check_maps(channels, anchor_generator)
            head = SSDHead(channels, anchor_generator.num_anchors_per_location(), num_classes)
        self.head = head
        self.proposal_matcher = SSDMatcher(iou_thresh)
        self.transform = GeneralizedRCNNTransform(
            min(size), max(size), image_mean or list(IMAGE_MEAN), image_std or list(IMAGE_STD), size_divisible=1,
            fixed_size=size, **kwargs,
        )  # fmt: skip
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates
        self.neg_to_pos_ratio = (1.0 - positive_fraction) / positive_fraction

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        matched_idxs: list[Tensor],
    ) -> dict[str, Tensor]:
        """The losses of boxes and of classes, by the number of boxes that are objects."""
        box_losses, classes, many = [], [], 0
        for target, moves, logits, own, number in zip(
            targets, head_outputs["bbox_regression"], head_outputs["cls_logits"], anchors, matched_idxs
        ):
            at = adjoint.where(number >= 0)[0]
            of = number[at]
            many += of.numel()
            wanted = self.box_coder.encode_single(target["boxes"][of], own[at])
            box_losses.append(F.smooth_l1_loss(moves[at], wanted, reduction="sum"))
            labels = adjoint.zeros((logits.size(0),), dtype=target["labels"].dtype, device=target["labels"].device)
            labels[at] = target["labels"][of]
            classes.append(labels)
        labels = adjoint.stack(classes)
        logits = head_outputs["cls_logits"]
        losses = F.cross_entropy(logits.view(-1, logits.size(-1)), labels.view(-1), reduction="none").view(
            labels.size()
        )
        positive = labels > 0
        n = max(1, many)
        return {
            "bbox_regression": adjoint.stack(box_losses).sum() / n,
            "classification": (losses[positive].sum() + losses[self._most_wrong(losses, positive)].sum()) / n,
        }

    def _most_wrong(self, losses: Tensor, positive: Tensor) -> Tensor:
        """Which boxes of background lose most, so many for each that is an object."""
        among = losses.clone()
        among[positive] = -float("inf")
        rank = among.sort(1, descending=True)[1].sort(1)[1]
        return rank < self.neg_to_pos_ratio * positive.sum(1, keepdim=True)

    def losses_of(self, targets: Any, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor]) -> Any:
        """As :meth:`compute_loss`, of the boxes that overlap objects."""
        return self.compute_loss(targets, outputs, anchors, matched(anchors, targets, self.proposal_matcher))

    def found_in(self, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor], sizes: Any) -> Any:
        """As :meth:`postprocess_detections`."""
        return self.postprocess_detections(outputs, anchors, sizes)

    def postprocess_detections(
        self, head_outputs: dict[str, Tensor], image_anchors: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> list[dict[str, Tensor]]:
        """What is found in each image, from what the head says of its boxes."""
        every = F.softmax(head_outputs["cls_logits"], dim=-1)
        return [
            self._of_image(*own) for own in zip(head_outputs["bbox_regression"], every, image_anchors, image_shapes)
        ]

    def _of_image(self, moves: Tensor, scores: Tensor, anchors: Tensor, size: Any) -> dict[str, Tensor]:
        boxes = box_ops.clip_boxes_to_image(self.box_coder.decode_single(moves, anchors), size)
        found: tuple[list[Tensor], ...] = ([], [], [])
        for label in range(1, scores.size(-1)):
            likely = scores[:, label] > self.score_thresh
            best = scores[:, label][likely]
            best, at = best.topk(_topk_min(best, self.topk_candidates, 0))
            for part, value in zip(
                found, (boxes[likely][at], best, adjoint.full_like(best, label, dtype=adjoint.int64))
            ):
                part.append(value)
        return self.thinned(*found)


def check_maps(channels: Any, anchor_generator: DefaultBoxGenerator, shown: str = "({})") -> None:
    """Raise ValueError where there are not as many maps as lists of aspect ratios."""
    if len(channels) != len(anchor_generator.aspect_ratios):
        lengths = [shown.format(len(of)) for of in (channels, anchor_generator.aspect_ratios)]
        raise ValueError(
            f"The length of the output channels from the backbone {lengths[0]} do not match the length of the anchor generator "
            f"aspect ratios {lengths[1]}"
        )


def _shrinking(in_channels: int, hidden: int, out_channels: int, **last: Any) -> nn.Sequential:
    """Two convolutions that make a map smaller."""
    return nn.Sequential(
        nn.Conv2d(in_channels, hidden, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(hidden, out_channels, **last),
        nn.ReLU(inplace=True),
    )


class SSDFeatureExtractorVGG(nn.Module):
    """Six maps from the layers of a VGG and convolutions behind them; with ``highres`` seven."""

    def __init__(self, backbone: nn.Module, highres: bool) -> None:
        super().__init__()
        layers: Any = backbone
        _, _, third, fourth, _ = (i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d))
        layers[third].ceil_mode = True  # so that a map of 75 pixels becomes one of 38
        self.scale_weight = nn.Parameter(adjoint.ones(512) * 20)
        self.features = nn.Sequential(*layers[:fourth])
        half = {"kernel_size": 3, "padding": 1, "stride": 2}
        extra = [
            _shrinking(1024, 256, 512, **half),
            _shrinking(512, 128, 256, **half),
            _shrinking(256, 128, 256, kernel_size=3),
            _shrinking(256, 128, 256, kernel_size=3),
        ]
        if highres:
            extra.append(_shrinking(256, 128, 256, kernel_size=4))
        behind = nn.ModuleList(extra)
        initialize(behind, nn.init.xavier_uniform_)
        last = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=False),
            nn.Conv2d(512, 1024, kernel_size=3, padding=6, dilation=6),
            nn.ReLU(inplace=True),
            nn.Conv2d(1024, 1024, kernel_size=1),
            nn.ReLU(inplace=True),
        )
        initialize(last, nn.init.xavier_uniform_)
        behind.insert(0, nn.Sequential(*layers[fourth:-1], last))
        self.extra = behind

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps by number, the first with a length of 20 at every pixel to begin with."""
        x = self.features(x)
        found = [self.scale_weight.view(1, -1, 1, 1) * F.normalize(x)]
        for block in self.extra:
            x = block(x)
            found.append(x)
        return OrderedDict((str(i), level) for i, level in enumerate(found))


def _vgg_extractor(backbone: Any, highres: bool, trainable_layers: int) -> SSDFeatureExtractorVGG:
    features = backbone.features
    stages = [0, *[i for i, layer in enumerate(features) if isinstance(layer, nn.MaxPool2d)][:-1]]
    if not 0 <= trainable_layers <= len(stages):
        raise AssertionError(
            f"trainable_layers should be in the range [0, {len(stages)}]. Instead got {trainable_layers}"
        )
    freeze(features, stages, trainable_layers)
    return SSDFeatureExtractorVGG(features, highres)


def warn_of_size(options: dict[str, Any]) -> None:
    """Warn that a model's size is not taken."""
    if "size" in options:
        warnings.warn("The size of the model is already fixed; ignoring the parameter.", stacklevel=users_level())


@register_model()
@with_legacy_weights(SSD300_VGG16_Weights.COCO_V1, VGG16_Weights.IMAGENET1K_FEATURES)
def ssd300_vgg16(
    *,
    weights: SSD300_VGG16_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: VGG16_Weights | None = VGG16_Weights.IMAGENET1K_FEATURES,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> SSD:
    """SSD over VGG-16 for images of 300 pixels; ``trainable_backbone_layers`` (of 5) are 4 if nothing is said.

    The other arguments are as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`SSD`.
    """
    warn_of_size(kwargs)
    plan = planned(
        SSD300_VGG16_Weights, weights, VGG16_Weights, weights_backbone, num_classes, trainable_backbone_layers, (5, 4)
    )
    backbone = _vgg_extractor(vgg16(weights=plan.backbone, progress=progress), False, plan.layers)
    anchors = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05],
        steps=[8, 16, 32, 64, 100, 300],
    )
    # the backbone's weights were trained with colors from 0 to 255
    usual = {"image_mean": [0.48235, 0.45882, 0.40784], "image_std": [1.0 / 255.0] * 3}
    model = SSD(backbone, anchors, (300, 300), plan.num_classes, **{**usual, **kwargs})
    return plan.loaded(model, progress)  # type: ignore[no-any-return]


_list_names(__name__)
