"""RetinaNet (Lin et al., "Focal Loss for Dense Object Detection", 2017): every anchor of a pyramid is classified and moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import BoxCoder, Matcher, _box_loss, overwrite_eps
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.backbone_utils import _resnet_fpn_extractor
from adjoint.vision.models.detection.inputs import IMAGE_MEAN, IMAGE_STD, checked_backbone
from adjoint.vision.models.detection.one_stage import DenseDetector, by_anchor, initialize, small, unlikely
from adjoint.vision.models.detection.transform import GeneralizedRCNNTransform
from adjoint.vision.models.detection.weights import (
    RetinaNet_ResNet50_FPN_V2_Weights,
    RetinaNet_ResNet50_FPN_Weights,
    planned,
)
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.resnet import resnet50
from adjoint.vision.models.resnet_weights import ResNet50_Weights
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops import Conv2dNormActivation, sigmoid_focal_loss
from adjoint.vision.ops import boxes as box_ops
from adjoint.vision.ops.feature_pyramid_network import LastLevelP6P7

__all__ = [
    "RetinaNet",
    "RetinaNet_ResNet50_FPN_V2_Weights",
    "RetinaNet_ResNet50_FPN_Weights",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
]


def _default_anchorgen() -> AnchorGenerator:
    sizes = tuple((n, int(n * 2 ** (1.0 / 3)), int(n * 2 ** (2.0 / 3))) for n in (32, 64, 128, 256, 512))
    return AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))


class RetinaNetHead(nn.Module):
    """What is at each anchor, and how to move it."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_classes: int,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.classification_head = RetinaNetClassificationHead(
            in_channels, num_anchors, num_classes, norm_layer=norm_layer
        )
        self.regression_head = RetinaNetRegressionHead(in_channels, num_anchors, norm_layer=norm_layer)

    def compute_loss(self, targets: Any, head_outputs: Any, anchors: Any, matched_idxs: Any) -> dict[str, Tensor]:
        """The losses of classes and of boxes."""
        return {
            "classification": self.classification_head.compute_loss(targets, head_outputs, matched_idxs),
            "bbox_regression": self.regression_head.compute_loss(targets, head_outputs, anchors, matched_idxs),
        }

    def forward(self, x: list[Tensor]) -> dict[str, Tensor]:
        """``cls_logits`` (N, A, classes) and ``bbox_regression`` (N, A, 4) of the anchors of all levels."""
        return {"cls_logits": self.classification_head(x), "bbox_regression": self.regression_head(x)}


class _Tower(nn.Module):
    """Four convolutions that all levels share."""

    _version = 2

    def __init__(self, in_channels: int, norm_layer: Callable[..., nn.Module] | None) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *[Conv2dNormActivation(in_channels, in_channels, norm_layer=norm_layer) for _ in range(4)]
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # convolutions and activations were in one sequence
            for i in range(4):
                for kind in ("weight", "bias"):
                    if (old := f"{prefix}conv.{2 * i}.{kind}") in state_dict:
                        state_dict[f"{prefix}conv.{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)


class RetinaNetClassificationHead(_Tower):
    """What is at each anchor: a logit for each class, ``prior_probability`` in the beginning."""

    def __init__(
        self,
        in_channels: int,
        num_anchors: int,
        num_classes: int,
        prior_probability: float = 0.01,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__(in_channels, norm_layer)
        initialize(self.conv, small)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors * num_classes, kernel_size=3, stride=1, padding=1)
        unlikely(self.cls_logits, prior_probability)
        self.num_classes = num_classes
        self.num_anchors = num_anchors
        self.BETWEEN_THRESHOLDS = Matcher.BETWEEN_THRESHOLDS

    def compute_loss(self, targets: Any, head_outputs: Any, matched_idxs: Any) -> Tensor:
        """The focal loss of all anchors that are an object or none, by the number of objects."""
        losses = []
        for target, logits, matched in zip(targets, head_outputs["cls_logits"], matched_idxs):
            object_ = matched >= 0
            wanted = adjoint.zeros_like(logits)
            wanted[object_, target["labels"][matched[object_]]] = 1.0
            clear = matched != self.BETWEEN_THRESHOLDS
            loss = sigmoid_focal_loss(logits[clear], wanted[clear], reduction="sum")
            losses.append(loss / max(1, object_.sum()))
        return sum(losses[1:], losses[0]) / len(targets)

    def forward(self, x: list[Tensor]) -> Tensor:
        """(N, A, classes) of the anchors of all levels."""
        return adjoint.cat([by_anchor(self.cls_logits(self.conv(level)), self.num_classes) for level in x], dim=1)


class RetinaNetRegressionHead(_Tower):
    """How to move each anchor."""

    def __init__(self, in_channels: int, num_anchors: int, norm_layer: Callable[..., nn.Module] | None = None) -> None:
        super().__init__(in_channels, norm_layer)
        self.bbox_reg = nn.Conv2d(in_channels, num_anchors * 4, kernel_size=3, stride=1, padding=1)
        initialize(self.bbox_reg, small)
        initialize(self.conv, small)
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self._loss_type = "l1"

    def compute_loss(self, targets: Any, head_outputs: Any, anchors: Any, matched_idxs: Any) -> Tensor:
        """The loss of the boxes of the anchors that are objects, by their number."""
        losses = []
        for target, moves, own, matched in zip(targets, head_outputs["bbox_regression"], anchors, matched_idxs):
            at = adjoint.where(matched >= 0)[0]
            loss = _box_loss(self._loss_type, self.box_coder, own[at], target["boxes"][matched[at]], moves[at])
            losses.append(loss / max(1, at.numel()))
        return sum(losses[1:], losses[0]) / max(1, len(targets))

    def forward(self, x: list[Tensor]) -> Tensor:
        """(N, A, 4) of the anchors of all levels."""
        return adjoint.cat([by_anchor(self.bbox_reg(self.conv(level)), 4) for level in x], dim=1)


class RetinaNet(DenseDetector):
    """A detector over a ``backbone`` that says its ``out_channels``, for ``num_classes``.

    ``min_size`` to ``image_std`` are of :class:`GeneralizedRCNNTransform`; anchors that overlap an object by ``fg_iou_thresh`` are
    trained to be it, those by less than ``bg_iou_thresh`` to be none.  Of each level the best ``topk_candidates`` of
    ``score_thresh`` are looked at, thinned out by ``nms_thresh``, and ``detections_per_img`` are left.
    """

    def __init__(
        self,
        backbone: Any,
        num_classes: int,
        min_size: int = 800,
        max_size: int = 1333,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        anchor_generator: AnchorGenerator | None = None,
        head: nn.Module | None = None,
        proposal_matcher: Matcher | None = None,
        score_thresh: float = 0.05,
        nms_thresh: float = 0.5,
        detections_per_img: int = 300,
        fg_iou_thresh: float = 0.5,
        bg_iou_thresh: float = 0.4,
        topk_candidates: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.backbone = checked_backbone(backbone)
        if not isinstance(anchor_generator, (AnchorGenerator, type(None))):
            raise TypeError(
                f"anchor_generator should be of type AnchorGenerator or None instead of {type(anchor_generator)}"
            )
        self.anchor_generator = anchors = anchor_generator or _default_anchorgen()
        if head is None:
            head = RetinaNetHead(backbone.out_channels, anchors.num_anchors_per_location()[0], num_classes)
        self.head = head
        self.proposal_matcher = proposal_matcher or Matcher(
            fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True
        )
        self.box_coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.transform = GeneralizedRCNNTransform(
            min_size, max_size, image_mean or list(IMAGE_MEAN), image_std or list(IMAGE_STD), **kwargs
        )
        self.score_thresh = score_thresh
        self.nms_thresh = nms_thresh
        self.detections_per_img = detections_per_img
        self.topk_candidates = topk_candidates

    def compute_loss(self, targets: Any, head_outputs: Any, anchors: Any) -> Any:
        """The losses, by name, of what the head says of each image's anchors."""
        return self.head.compute_loss(targets, head_outputs, anchors, matched(anchors, targets, self.proposal_matcher))

    def losses_of(self, targets: Any, outputs: dict[str, Tensor], anchors: list[Tensor], features: list[Tensor]) -> Any:
        """As :meth:`compute_loss`."""
        return self.compute_loss(targets, outputs, anchors)

    def scores_of(self, outputs: dict[str, Tensor]) -> Tensor:
        """The probabilities."""
        return outputs["cls_logits"].sigmoid()

    def moved(self, moves: Tensor, anchors: Tensor) -> Tensor:
        """The boxes of anchors."""
        return self.box_coder.decode_single(moves, anchors)  # type: ignore[no-any-return]


def matched(anchors: list[Tensor], targets: list[dict[str, Tensor]], matcher: Matcher) -> list[Tensor]:
    """The numbers of the objects that the anchors of each image are for; -1 for all, where there are no objects."""
    return [
        matcher(box_ops.box_iou(target["boxes"], own))
        if target["boxes"].numel()
        else adjoint.full((own.size(0),), -1, dtype=adjoint.int64, device=own.device)
        for own, target in zip(anchors, targets)
    ]


@register_model()
@with_legacy_weights(RetinaNet_ResNet50_FPN_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def retinanet_resnet50_fpn(
    *,
    weights: RetinaNet_ResNet50_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> RetinaNet:
    """RetinaNet over a pyramid of ResNet-50; arguments as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`RetinaNet`."""
    plan = planned(
        RetinaNet_ResNet50_FPN_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    # P6 is made of P5, for which weights were trained, and not of the features as in the paper
    pyramid = _resnet_fpn_extractor(backbone, plan.layers, [2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
    model = plan.loaded(RetinaNet(pyramid, plan.num_classes, **kwargs), progress)
    if plan.weights is RetinaNet_ResNet50_FPN_Weights.COCO_V1:
        overwrite_eps(model, 0.0)
    return model  # type: ignore[no-any-return]


@register_model()
@with_legacy_weights(RetinaNet_ResNet50_FPN_V2_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def retinanet_resnet50_fpn_v2(
    *,
    weights: RetinaNet_ResNet50_FPN_V2_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> RetinaNet:
    """As :func:`retinanet_resnet50_fpn`, with normalized heads and a loss of boxes' overlaps (Zhang et al., "ATSS", 2020)."""
    plan = planned(
        RetinaNet_ResNet50_FPN_V2_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress)
    pyramid = _resnet_fpn_extractor(backbone, plan.layers, [2, 3, 4], extra_blocks=LastLevelP6P7(2048, 256))
    anchors = _default_anchorgen()
    head = RetinaNetHead(
        pyramid.out_channels,
        anchors.num_anchors_per_location()[0],
        plan.num_classes,
        norm_layer=partial(nn.GroupNorm, 32),
    )
    head.regression_head._loss_type = "giou"
    model = RetinaNet(pyramid, plan.num_classes, anchor_generator=anchors, head=head, **kwargs)
    return plan.loaded(model, progress)  # type: ignore[no-any-return]


_list_names(__name__)
