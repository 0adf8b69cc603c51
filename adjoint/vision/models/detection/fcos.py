"""FCOS (Tian et al., "Fully Convolutional One-Stage Object Detection", 2019): every pixel of a pyramid says how far it is to the
sides of the object that it is in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import BoxLinearCoder
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.backbone_utils import _resnet_fpn_extractor
from adjoint.vision.models.detection.inputs import IMAGE_MEAN, IMAGE_STD, checked_backbone
from adjoint.vision.models.detection.one_stage import DenseDetector, by_anchor, initialize, small, unlikely
from adjoint.vision.models.detection.transform import GeneralizedRCNNTransform
from adjoint.vision.models.detection.weights import FCOS_ResNet50_FPN_Weights, planned
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.resnet import resnet50
from adjoint.vision.models.resnet_weights import ResNet50_Weights
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops import generalized_box_iou_loss, sigmoid_focal_loss
from adjoint.vision.ops.feature_pyramid_network import LastLevelP6P7

__all__ = ["FCOS", "FCOS_ResNet50_FPN_Weights", "fcos_resnet50_fpn"]


class FCOSHead(nn.Module):
    """What is at each pixel, how far its sides are, and how far from the middle it is."""

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int, num_convs: int | None = 4) -> None:
        super().__init__()
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        convs = 4 if num_convs is None else num_convs
        self.classification_head = FCOSClassificationHead(in_channels, num_anchors, num_classes, convs)
        self.regression_head = FCOSRegressionHead(in_channels, num_anchors, convs)

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        matched_idxs: list[Tensor],
    ) -> dict[str, Tensor]:
        """The losses of classes, of boxes, and of how central pixels are, by the number of those in objects."""
        every = [_wanted(target, matched) for target, matched in zip(targets, matched_idxs)]
        labels, boxes = adjoint.stack([label for label, _ in every]), adjoint.stack([box for _, box in every])
        cells = adjoint.stack(anchors)
        inside = labels >= 0
        many = max(1, inside.sum().item())
        logits, moves, central = (head_outputs[n] for n in ("cls_logits", "bbox_regression", "bbox_ctrness"))
        classes = adjoint.zeros_like(logits)
        classes[inside, labels[inside]] = 1.0
        found = self.box_coder.decode(moves, cells)
        sides = self.box_coder.encode(cells, boxes)
        losses = {
            "classification": sigmoid_focal_loss(logits, classes, reduction="sum"),
            "bbox_regression": generalized_box_iou_loss(found[inside], boxes[inside], reduction="sum"),
            "bbox_ctrness": F.binary_cross_entropy_with_logits(
                central.squeeze(dim=2)[inside], _centerness(sides)[inside], reduction="sum"
            ),
        }
        return {name: loss / many for name, loss in losses.items()}

    def forward(self, x: list[Tensor]) -> dict[str, Tensor]:
        """``cls_logits`` (N, A, classes), ``bbox_regression`` (N, A, 4) and ``bbox_ctrness`` (N, A, 1) of all levels' pixels."""
        moves, central = self.regression_head(x)
        return {"cls_logits": self.classification_head(x), "bbox_regression": moves, "bbox_ctrness": central}


def _wanted(target: dict[str, Tensor], matched: Tensor) -> tuple[Tensor, Tensor]:
    """The label of each pixel, -1 for none, and its box."""
    if len(target["labels"]) == 0:
        labels = target["labels"].new_zeros((len(matched),))
        boxes = target["boxes"].new_zeros((len(matched), 4))
    else:
        at = matched.clip(min=0)
        labels, boxes = target["labels"][at], target["boxes"][at]
    labels[matched < 0] = -1
    return labels, boxes


def _centerness(sides: Tensor) -> Tensor:
    """How central pixels are, from how far the left, top, right and bottom sides are (equation 3 of the paper)."""
    if len(sides) == 0:
        return sides.new_zeros(sides.size()[:-1])
    across, down = sides[:, :, [0, 2]], sides[:, :, [1, 3]]
    ratios = [side.min(dim=-1)[0] / side.max(dim=-1)[0] for side in (across, down)]
    return adjoint.sqrt(ratios[0] * ratios[1])


def _tower(in_channels: int, num_convs: int, norm_layer: Callable[..., nn.Module] | None) -> nn.Sequential:
    """Convolutions that all levels share."""
    normalize = norm_layer or partial(nn.GroupNorm, 32)
    layers: list[nn.Module] = []
    for _ in range(num_convs):
        layers += [nn.Conv2d(in_channels, in_channels, 3, stride=1, padding=1), normalize(in_channels), nn.ReLU()]
    return nn.Sequential(*layers)


class FCOSClassificationHead(nn.Module):
    """What is at each pixel: a logit for each class, ``prior_probability`` in the beginning."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_classes: int,
        num_convs: int = 4,
        prior_probability: float = 0.01,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.num_anchors = num_anchors
        self.conv = _tower(in_channels, num_convs, norm_layer)
        initialize(self.conv, small)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, kernel_size=3, stride=1, padding=1)
        unlikely(self.cls_logits, prior_probability)

    def forward(self, x: list[Tensor]) -> Tensor:
        """(N, A, classes) of all levels' pixels."""
        return adjoint.cat([by_anchor(self.cls_logits(self.conv(level)), self.num_classes) for level in x], dim=1)


class FCOSRegressionHead(nn.Module):
    """How far the sides of the object are from each pixel, and how central it is."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_convs: int = 4,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.conv = _tower(in_channels, num_convs, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=3, stride=1, padding=1)
        self.bbox_ctrness = nn.Conv2d(in_channels, num_anchors * 1, kernel_size=3, stride=1, padding=1)
        for module in (self.bbox_reg, self.bbox_ctrness, self.conv):
            initialize(module, small)

    def forward(self, x: list[Tensor]) -> tuple[Tensor, Tensor]:
        """(N, A, 4) and (N, A, 1) of all levels' pixels."""
        hidden = [self.conv(level) for level in x]
        moves = [by_anchor(F.relu(self.bbox_reg(level)), 4) for level in hidden]
        central = [by_anchor(self.bbox_ctrness(level), 1) for level in hidden]
        return adjoint.cat(moves, dim=1), adjoint.cat(central, dim=1)


class FCOS(DenseDetector):
    """A detector over a ``backbone`` that says its ``out_channels``, for ``num_classes``, with one anchor at a pixel.

    ``min_size`` to ``image_std`` are of :class:`GeneralizedRCNNTransform`.  Pixels within ``center_sampling_radius`` (in pixels of
    their level) of the middle of an object that fits their level are trained to be it.  The other arguments are as of
    :class:`RetinaNet`.
    """

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        min_size: int = 800,
        max_size: int = 1333,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        anchor_generator: AnchorGenerator | None = None,
        head: nn.Module | None = None,
        center_sampling_radius: float = 1.5,
        score_thresh: float = 0.2,
        nms_thresh: float = 0.6,
        detections_per_img: int = 100,
        topk_candidates: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.backbone = checked_backbone(backbone)
        if not isinstance(anchor_generator, (AnchorGenerator, type(None))):
            raise TypeError(
                f"anchor_generator should be of type AnchorGenerator or None, instead  got {type(anchor_generator)}"
            )
        self.anchor_generator = anchor_generator or AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), ((1.0,),) * 5)
        count = self.anchor_generator.num_anchors_per_location()[0]
        if count != 1:
            raise ValueError(f"anchor_generator.num_anchors_per_location()[0] should be 1 instead of {count}")
        self.head = FCOSHead(self.backbone.out_channels, count, num_classes) if head is None else head
        self.box_coder = BoxLinearCoder(normalize_by_size=True)
        self.transform = GeneralizedRCNNTransform(
            min_size, max_size, image_mean or list(IMAGE_MEAN), image_std or list(IMAGE_STD), **kwargs
        )
        self.center_sampling_radius = center_sampling_radius
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        num_anchors_per_level: list[int],
    ) -> Any:
        """The losses, by name, of what the head says of each image's pixels."""
        matched = [self._matched(own, target["boxes"], num_anchors_per_level) for own, target in zip(anchors, targets)]
        return self.head.compute_loss(targets, head_outputs, anchors, matched)

    def _matched(self, anchors: Tensor, boxes: Tensor, counts: list[int]) -> Tensor:
        """The number of the object that each pixel is for, the smallest of several; -1 for none."""
        if boxes.numel() == 0:
            return adjoint.full((anchors.size(0),), -1, dtype=adjoint.int64, device=anchors.device)
        middles, centers = (anchors[:, :2] + anchors[:, 2:]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
        sizes = anchors[:, 2] - anchors[:, 0]
        apart = (middles[:, None] - centers[None]).abs().max(dim=2).values
        fits = apart < self.center_sampling_radius * sizes[:, None]
        sides = adjoint.cat((middles[:, None] - boxes[None, :, :2], boxes[None, :, 2:] - middles[:, None]), dim=2)
        fits &= sides.min(dim=2).values > 0  # the pixel is in the object
        least, most = sizes * 4, sizes * 8  # each level has objects of its own sizes
        least[: counts[0]] = 0
        most[-counts[-1] :] = float("inf")
        farthest = sides.max(dim=2).values
        fits &= (farthest > least[:, None]) & (farthest < most[:, None])
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        best, number = (fits.to(adjoint.float32) * (1e8 - areas[None])).max(dim=1)
        number[best < 1e-5] = -1
        return number

    def losses_of(self, targets: Any, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor]) -> Any:
        """As :meth:`compute_loss`."""
        return self.compute_loss(targets, outputs, anchors, [level.size(2) * level.size(3) for level in features])

    def scores_of(self, outputs: dict[str, Tensor]) -> Tensor:
        """The geometric mean of what is likely and what is central."""
        return adjoint.sqrt(outputs["cls_logits"].sigmoid() * outputs["bbox_ctrness"].sigmoid())

    def moved(self, moves: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of anchors."""
        return self.box_coder.decode(moves, anchors)  # type: ignore[no-any-return]


@register_model()
@with_legacy_weights(FCOS_ResNet50_FPN_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def fcos_resnet50_fpn(
    *,
    weights: FCOS_ResNet50_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FCOS:
    """FCOS over a pyramid of ResNet-50; arguments as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`FCOS`."""
    plan = planned(
        FCOS_ResNet50_FPN_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    pyramid = _resnet_fpn_extractor(backbone, plan.layers, [2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
    return plan.loaded(FCOS(pyramid, plan.num_classes, **kwargs), progress)  # type: ignore[no-any-return]


_list_names(__name__)
