"""Mask R-CNN (He et al., 2017): boxes, classes and masks of proposed regions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.vision.models.detection._utils import overwrite_eps
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.backbone_utils import _resnet_fpn_extractor
from adjoint.vision.models.detection.faster_rcnn import FasterRCNN, initialize_convolutions, level_pool, v2_parts
from adjoint.vision.models.detection.weights import (
    MaskRCNN_ResNet50_FPN_V2_Weights,
    MaskRCNN_ResNet50_FPN_Weights,
    planned,
)
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.resnet import resnet50
from adjoint.vision.models.resnet_weights import ResNet50_Weights
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops import Conv2dNormActivation, MultiScaleRoIAlign

__all__ = [
    "MaskRCNN",
    "MaskRCNN_ResNet50_FPN_V2_Weights",
    "MaskRCNN_ResNet50_FPN_Weights",
    "maskrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn_v2",
]


class MaskRCNN(FasterRCNN):
    """A :class:`FasterRCNN` that also finds the masks of objects, by ``mask_roi_pool``, ``mask_head`` and ``mask_predictor``."""

    def __init__(
        self,
        backbone: Any,
        num_classes: int | None = None,
        min_size: Any = 800,
        max_size: int = 1333,
        image_mean: list[float] | None = None,
        image_std: list[float] | None = None,
        rpn_anchor_generator: AnchorGenerator | None = None,
        rpn_head: nn.Module | None = None,
        rpn_pre_nms_top_n_train: int = 2000,
        rpn_pre_nms_top_n_test: int = 1000,
        rpn_post_nms_top_n_train: int = 2000,
        rpn_post_nms_top_n_test: int = 1000,
        rpn_nms_thresh: float = 0.7,
        rpn_fg_iou_thresh: float = 0.7,
        rpn_bg_iou_thresh: float = 0.3,
        rpn_batch_size_per_image: int = 256,
        rpn_positive_fraction: float = 0.5,
        rpn_score_thresh: float = 0.0,
        box_roi_pool: MultiScaleRoIAlign | None = None,
        box_head: nn.Module | None = None,
        box_predictor: nn.Module | None = None,
        box_score_thresh: float = 0.05,
        box_nms_thresh: float = 0.5,
        box_detections_per_img: int = 100,
        box_fg_iou_thresh: float = 0.5,
        box_bg_iou_thresh: float = 0.5,
        box_batch_size_per_image: int = 512,
        box_positive_fraction: float = 0.25,
        bbox_reg_weights: Any = None,
        mask_roi_pool: MultiScaleRoIAlign | None = None,
        mask_head: nn.Module | None = None,
        mask_predictor: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        mask_roi_pool = level_pool(mask_roi_pool, "mask_roi_pool", 14)
        if num_classes is not None and mask_predictor is not None:
            raise ValueError("num_classes should be None when mask_predictor is specified")
        if mask_head is None:
            mask_head = MaskRCNNHeads(backbone.out_channels, (256, 256, 256, 256), 1)
        if mask_predictor is None:
            mask_predictor = MaskRCNNPredictor(256, 256, num_classes)
        super().__init__(
            backbone, num_classes, min_size, max_size, image_mean, image_std, rpn_anchor_generator, rpn_head,
            rpn_pre_nms_top_n_train, rpn_pre_nms_top_n_test, rpn_post_nms_top_n_train, rpn_post_nms_top_n_test,
            rpn_nms_thresh, rpn_fg_iou_thresh, rpn_bg_iou_thresh, rpn_batch_size_per_image, rpn_positive_fraction,
            rpn_score_thresh, box_roi_pool, box_head, box_predictor, box_score_thresh, box_nms_thresh,
            box_detections_per_img, box_fg_iou_thresh, box_bg_iou_thresh, box_batch_size_per_image,
            box_positive_fraction, bbox_reg_weights, **kwargs,
        )  # fmt: skip
        self.roi_heads.mask_roi_pool = mask_roi_pool
        self.roi_heads.mask_head = mask_head
        self.roi_heads.mask_predictor = mask_predictor


class MaskRCNNHeads(nn.Sequential):
    """Convolutions over the cells of a region."""

    _version = 2

    def __init__(
        self, in_channels: int, layers: Any, dilation: int, norm_layer: Callable[..., nn.Module] | None = None
    ) -> None:
        blocks = []
        for channels in layers:
            blocks.append(
                Conv2dNormActivation(
                    in_channels, channels, 3, padding=dilation, dilation=dilation, norm_layer=norm_layer
                )
            )
            in_channels = channels
        super().__init__(*blocks)
        initialize_convolutions(self)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:  # a block was a convolution, counted from 1
            for i in range(len(self)):
                for kind in ("weight", "bias"):
                    if (old := f"{prefix}mask_fcn{i + 1}.{kind}") in state_dict:
                        state_dict[f"{prefix}{i}.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)


class MaskRCNNPredictor(nn.Sequential):
    """Masks of twice the size of the cells, for each class."""

    def __init__(self, in_channels: int, dim_reduced: int, num_classes: Any) -> None:
        layers: list[tuple[str, nn.Module]] = [
            ("conv5_mask", nn.ConvTranspose2d(in_channels, dim_reduced, 2, 2, 0)),
            ("relu", nn.ReLU(inplace=True)),
            ("mask_fcn_logits", nn.Conv2d(dim_reduced, num_classes, 1, 1, 0)),
        ]
        super().__init__(OrderedDict(layers))
        for name, parameter in self.named_parameters():
            if "weight" in name:
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")


@register_model()
@with_legacy_weights(MaskRCNN_ResNet50_FPN_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def maskrcnn_resnet50_fpn(
    *,
    weights: MaskRCNN_ResNet50_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> MaskRCNN:
    """Mask R-CNN over a pyramid of ResNet-50; arguments as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`MaskRCNN`."""
    plan = planned(
        MaskRCNN_ResNet50_FPN_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    model = MaskRCNN(_resnet_fpn_extractor(backbone, plan.layers), num_classes=plan.num_classes, **kwargs)
    model = plan.loaded(model, progress)
    if plan.weights is MaskRCNN_ResNet50_FPN_Weights.COCO_V1:
        overwrite_eps(model, 0.0)
    return model


@register_model()
@with_legacy_weights(MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def maskrcnn_resnet50_fpn_v2(
    *,
    weights: MaskRCNN_ResNet50_FPN_V2_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> MaskRCNN:
    """As :func:`maskrcnn_resnet50_fpn`, with the heads of Li et al. (2021)."""
    plan = planned(
        MaskRCNN_ResNet50_FPN_V2_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress)
    pyramid = _resnet_fpn_extractor(backbone, plan.layers, norm_layer=nn.BatchNorm2d)
    parts = v2_parts(pyramid.out_channels)
    parts["mask_head"] = MaskRCNNHeads(pyramid.out_channels, [256] * 4, 1, norm_layer=nn.BatchNorm2d)
    model = MaskRCNN(pyramid, num_classes=plan.num_classes, **parts, **kwargs)
    return plan.loaded(model, progress)  # type: ignore[no-any-return]


_list_names(__name__)
