"""Keypoint R-CNN (He et al., 2017): boxes, classes and points of proposed regions."""

from __future__ import annotations

from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import overwrite_eps
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.backbone_utils import _resnet_fpn_extractor
from adjoint.vision.models.detection.faster_rcnn import FasterRCNN, initialize_convolutions, level_pool
from adjoint.vision.models.detection.weights import KeypointRCNN_ResNet50_FPN_Weights, planned
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.resnet import resnet50
from adjoint.vision.models.resnet_weights import ResNet50_Weights
from adjoint.vision.models.weights import decided, handle_legacy_interface
from adjoint.vision.ops import MultiScaleRoIAlign

__all__ = ["KeypointRCNN", "KeypointRCNN_ResNet50_FPN_Weights", "keypointrcnn_resnet50_fpn"]


class KeypointRCNN(FasterRCNN):
    """A :class:`FasterRCNN` that also finds ``num_keypoints`` points of objects, by ``keypoint_roi_pool``, ``keypoint_head`` and
    ``keypoint_predictor``."""

    def __init__(
        self,
        backbone: Any,
        num_classes: int | None = None,
        min_size: Any = None,
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
        keypoint_roi_pool: MultiScaleRoIAlign | None = None,
        keypoint_head: nn.Module | None = None,
        keypoint_predictor: nn.Module | None = None,
        num_keypoints: int | None = None,
        **kwargs: Any,
    ) -> None:
        keypoint_roi_pool = level_pool(keypoint_roi_pool, "keypoint_roi_pool", 14)
        if min_size is None:
            min_size = (640, 672, 704, 736, 768, 800)
        if num_keypoints is not None and keypoint_predictor is not None:
            raise ValueError("num_keypoints should be None when keypoint_predictor is specified")
        if keypoint_head is None:
            keypoint_head = KeypointRCNNHeads(backbone.out_channels, (512,) * 8)
        count = 17 if num_keypoints is None else num_keypoints
        if keypoint_predictor is None:
            keypoint_predictor = KeypointRCNNPredictor(512, count)
        super().__init__(
            backbone, num_classes, min_size, max_size, image_mean, image_std, rpn_anchor_generator, rpn_head,
            rpn_pre_nms_top_n_train, rpn_pre_nms_top_n_test, rpn_post_nms_top_n_train, rpn_post_nms_top_n_test,
            rpn_nms_thresh, rpn_fg_iou_thresh, rpn_bg_iou_thresh, rpn_batch_size_per_image, rpn_positive_fraction,
            rpn_score_thresh, box_roi_pool, box_head, box_predictor, box_score_thresh, box_nms_thresh,
            box_detections_per_img, box_fg_iou_thresh, box_bg_iou_thresh, box_batch_size_per_image,
            box_positive_fraction, bbox_reg_weights, **kwargs,
        )  # fmt: skip
        self.roi_heads.keypoint_roi_pool = keypoint_roi_pool
        self.roi_heads.keypoint_head = keypoint_head
        self.roi_heads.keypoint_predictor = keypoint_predictor


class KeypointRCNNHeads(nn.Sequential):
    """Convolutions over the cells of a region."""

    def __init__(self, in_channels: int, layers: Any) -> None:
        blocks: list[nn.Module] = []
        for channels in layers:
            blocks += [nn.Conv2d(in_channels, channels, 3, stride=1, padding=1), nn.ReLU(inplace=True)]
            in_channels = channels
        super().__init__(*blocks)
        initialize_convolutions(self)


class KeypointRCNNPredictor(nn.Module):
    """Maps of four times the size of the cells, for each point."""

    def __init__(self, in_channels: int, num_keypoints: int) -> None:
        super().__init__()
        self.kps_score_lowres = nn.ConvTranspose2d(in_channels, num_keypoints, 4, stride=2, padding=1)
        nn.init.kaiming_normal_(self.kps_score_lowres.weight, mode="fan_out", nonlinearity="relu")
        nn.init.constant_(self.kps_score_lowres.bias, 0)
        self.up_scale = 2
        self.out_channels = num_keypoints

    def forward(self, x: Tensor) -> Tensor:
        """(K, num_keypoints, 4 * H, 4 * W) of (K, C, H, W)."""
        return F.interpolate(
            self.kps_score_lowres(x),
            scale_factor=float(self.up_scale),
            mode="bilinear",
            align_corners=False,
            recompute_scale_factor=False,
        )


def _pretrained(options: dict[str, Any]) -> KeypointRCNN_ResNet50_FPN_Weights:
    legacy = options["pretrained"] == "legacy"
    return KeypointRCNN_ResNet50_FPN_Weights.COCO_LEGACY if legacy else KeypointRCNN_ResNet50_FPN_Weights.COCO_V1


@register_model()
@handle_legacy_interface(
    weights=("pretrained", _pretrained), weights_backbone=("pretrained_backbone", ResNet50_Weights.IMAGENET1K_V1)
)
def keypointrcnn_resnet50_fpn(
    *,
    weights: KeypointRCNN_ResNet50_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    num_keypoints: int | None = None,
    weights_backbone: ResNet50_Weights | None = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> KeypointRCNN:
    """Keypoint R-CNN over a pyramid of ResNet-50; arguments as of :func:`fasterrcnn_resnet50_fpn`, and of :class:`KeypointRCNN`.

    There are 2 classes and 17 points if nothing is said.
    """
    plan = planned(
        KeypointRCNN_ResNet50_FPN_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3), usual_classes=2,
    )  # fmt: skip
    if plan.weights is not None:
        num_keypoints = decided("num_keypoints", num_keypoints, len(plan.weights.meta["keypoint_names"]))
    backbone = resnet50(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    pyramid = _resnet_fpn_extractor(backbone, plan.layers)
    model = KeypointRCNN(pyramid, plan.num_classes, num_keypoints=num_keypoints, **kwargs)
    model = plan.loaded(model, progress)
    if plan.weights is KeypointRCNN_ResNet50_FPN_Weights.COCO_V1:
        overwrite_eps(model, 0.0)
    return model


_list_names(__name__)
