"""SSDlite (Sandler et al., "MobileNetV2", 2018): SSD whose convolutions are divided into those across and those along channels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import retrieve_out_channels
from adjoint.vision.models.detection.anchor_utils import DefaultBoxGenerator
from adjoint.vision.models.detection.backbone_utils import freeze, stages_of
from adjoint.vision.models.detection.one_stage import initialize
from adjoint.vision.models.detection.ssd import SSD, SSDScoringHead, check_maps, warn_of_size
from adjoint.vision.models.detection.weights import SSDLite320_MobileNet_V3_Large_Weights, planned
from adjoint.vision.models.mobilenetv3_weights import MobileNet_V3_Large_Weights
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops.misc import Conv2dNormActivation

__all__ = ["SSDLite320_MobileNet_V3_Large_Weights", "ssdlite320_mobilenet_v3_large"]

Norm = Callable[..., nn.Module]


def _layer(in_channels: int, out_channels: int, kernel_size: int, norm_layer: Norm, **options: Any) -> nn.Module:
    return Conv2dNormActivation(
        in_channels, out_channels, kernel_size, norm_layer=norm_layer, activation_layer=nn.ReLU6, **options
    )


def _prediction_block(in_channels: int, out_channels: int, kernel_size: int, norm_layer: Norm) -> nn.Sequential:
    """A convolution of each channel by itself, and one across them."""
    return nn.Sequential(
        _layer(in_channels, in_channels, kernel_size, norm_layer, groups=in_channels),
        nn.Conv2d(in_channels, out_channels, 1),
    )


def _extra_block(in_channels: int, out_channels: int, norm_layer: Norm) -> nn.Sequential:
    """Convolutions that halve a map."""
    hidden = out_channels // 2
    return nn.Sequential(
        _layer(in_channels, hidden, 1, norm_layer),
        _layer(hidden, hidden, 3, norm_layer, stride=2, groups=hidden),
        _layer(hidden, out_channels, 1, norm_layer),
    )


_normal = partial(nn.init.normal_, mean=0.0, std=0.03)


def _blocks(in_channels: list[int], num_anchors: list[int], columns: int, norm_layer: Norm) -> nn.ModuleList:
    """A prediction for each map."""
    blocks = nn.ModuleList(
        [_prediction_block(channels, columns * n, 3, norm_layer) for channels, n in zip(in_channels, num_anchors)]
    )
    initialize(blocks, _normal)
    return blocks


class SSDLiteHead(nn.Module):
    """What is at each box, and how to move it."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int, norm_layer: Norm) -> None:
        super().__init__()
        self.classification_head = SSDLiteClassificationHead(in_channels, num_anchors, num_classes, norm_layer)
        self.regression_head = SSDLiteRegressionHead(in_channels, num_anchors, norm_layer)

    def forward(self, x: list[Tensor]) -> dict[str, Tensor]:
        """``bbox_regression`` (N, A, 4) and ``cls_logits`` (N, A, classes) of the boxes of all maps."""
        return {"bbox_regression": self.regression_head(x), "cls_logits": self.classification_head(x)}


class SSDLiteClassificationHead(SSDScoringHead):
    """What is at each box: a logit for each class."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], num_classes: int, norm_layer: Norm) -> None:
        super().__init__(_blocks(in_channels, num_anchors, num_classes, norm_layer), num_classes)


class SSDLiteRegressionHead(SSDScoringHead):
    """How to move each box."""

    def __init__(self, in_channels: list[int], num_anchors: list[int], norm_layer: Norm) -> None:
        super().__init__(_blocks(in_channels, num_anchors, 4, norm_layer), 4)


class SSDLiteFeatureExtractorMobileNet(nn.Module):
    """Six maps: inside of a MobileNet's block ``c4_pos``, at its end, and four that are made smaller and smaller.

    Raises ValueError where that block has a shortcut, for it is cut in two.
    """

    def __init__(
        self, backbone: nn.Module, c4_pos: int, norm_layer: Norm, width_mult: float = 1.0, min_depth: int = 16
    ) -> None:
        super().__init__()
        blocks: Any = backbone
        if blocks[c4_pos].use_res_connect:
            raise ValueError("backbone[c4_pos].use_res_connect should be False")
        inner = blocks[c4_pos].block
        self.features = nn.Sequential(
            nn.Sequential(*blocks[:c4_pos], inner[0]), nn.Sequential(inner[1:], *blocks[c4_pos + 1 :])
        )
        depths = [max(min_depth, int(depth * width_mult)) for depth in (512, 256, 256, 128)]
        channels = [blocks[-1].out_channels, *depths]
        self.extra = nn.ModuleList([_extra_block(*both, norm_layer) for both in zip(channels, depths)])
        initialize(self.extra, _normal)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps by number."""
        found = []
        for block in (*self.features, *self.extra):
            x = block(x)
            found.append(x)
        return OrderedDict((str(i), level) for i, level in enumerate(found))


def _mobilenet_extractor(backbone: Any, trainable_layers: int, norm_layer: Norm) -> SSDLiteFeatureExtractorMobileNet:
    features = backbone.features
    stages = stages_of(features)
    if not 0 <= trainable_layers <= len(stages):
        raise ValueError(f"trainable_layers should be in the range [0, {len(stages)}], instead got {trainable_layers}")
    freeze(features, stages, trainable_layers)
    return SSDLiteFeatureExtractorMobileNet(features, stages[-2], norm_layer)


@register_model()
@with_legacy_weights(SSDLite320_MobileNet_V3_Large_Weights.COCO_V1, MobileNet_V3_Large_Weights.IMAGENET1K_V1)
def ssdlite320_mobilenet_v3_large(
    *,
    weights: SSDLite320_MobileNet_V3_Large_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    norm_layer: Norm | None = None,
    **kwargs: Any,
) -> SSD:
    """SSDlite over MobileNet v3 for images of 320 pixels; all of ``trainable_backbone_layers`` (of 6) are trained if nothing
    is said.

    The other arguments are as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`SSD`.
    """
    from adjoint.vision.models.mobilenetv3 import mobilenet_v3_large

    warn_of_size(kwargs)
    plan = planned(
        SSDLite320_MobileNet_V3_Large_Weights, weights, MobileNet_V3_Large_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (6, 6),
    )  # fmt: skip
    norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
    model = mobilenet_v3_large(
        weights=plan.backbone, progress=progress, norm_layer=norm, reduced_tail=plan.backbone is None, **kwargs
    )
    if plan.backbone is None:
        initialize(model, _normal)
    backbone = _mobilenet_extractor(model, plan.layers, norm)
    size = (320, 320)
    anchors = DefaultBoxGenerator([[2, 3] for _ in range(6)], min_ratio=0.2, max_ratio=0.95)
    channels = retrieve_out_channels(backbone, size)
    check_maps(channels, anchors, "{}")
    head = SSDLiteHead(channels, anchors.num_anchors_per_location(), plan.num_classes, norm)
    usual = {
        "score_thresh": 0.001, "nms_thresh": 0.55, "detections_per_img": 300, "topk_candidates": 300,
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    }  # fmt: skip
    detector = SSD(backbone, anchors, size, plan.num_classes, head=head, **{**usual, **kwargs})
    return plan.loaded(detector, progress)  # type: ignore[no-any-return]


_list_names(__name__)
