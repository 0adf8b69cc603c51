"""Faster R-CNN (Ren et al., 2015): boxes and classes of proposed regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection._utils import overwrite_eps
from adjoint.vision.models.detection.anchor_utils import AnchorGenerator
from adjoint.vision.models.detection.backbone_utils import _mobilenet_extractor, _resnet_fpn_extractor
from adjoint.vision.models.detection.generalized_rcnn import GeneralizedRCNN
from adjoint.vision.models.detection.inputs import IMAGE_MEAN, IMAGE_STD, checked_backbone
from adjoint.vision.models.detection.roi_heads import RoIHeads
from adjoint.vision.models.detection.rpn import RegionProposalNetwork, RPNHead
from adjoint.vision.models.detection.transform import GeneralizedRCNNTransform
from adjoint.vision.models.detection.weights import (
    FasterRCNN_MobileNet_V3_Large_320_FPN_Weights,
    FasterRCNN_MobileNet_V3_Large_FPN_Weights,
    FasterRCNN_ResNet50_FPN_V2_Weights,
    FasterRCNN_ResNet50_FPN_Weights,
    planned,
)
from adjoint.vision.models.mobilenetv3_weights import MobileNet_V3_Large_Weights
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.resnet import resnet50
from adjoint.vision.models.resnet_weights import ResNet50_Weights
from adjoint.vision.models.weights import with_legacy_weights
from adjoint.vision.ops import Conv2dNormActivation, MultiScaleRoIAlign

__all__ = [
    "FasterRCNN",
    "FasterRCNN_MobileNet_V3_Large_320_FPN_Weights",
    "FasterRCNN_MobileNet_V3_Large_FPN_Weights",
    "FasterRCNN_ResNet50_FPN_V2_Weights",
    "FasterRCNN_ResNet50_FPN_Weights",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
]


def _default_anchorgen() -> AnchorGenerator:
    return AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)


def level_pool(pool: Any, name: str, output_size: int) -> MultiScaleRoIAlign:
    """A pool of regions, by default of the four levels of a pyramid; TypeError for what is none."""
    if pool is None:
        return MultiScaleRoIAlign(featmap_names=["0", "1", "2", "3"], output_size=output_size, sampling_ratio=2)
    if not isinstance(pool, MultiScaleRoIAlign):
        raise TypeError(f"{name} should be of type MultiScaleRoIAlign or None instead of {type(pool)}")
    return pool


class FasterRCNN(GeneralizedRCNN):
    """A detector of boxes over a ``backbone`` that says its ``out_channels``, for ``num_classes`` with the background.

    ``min_size`` to ``image_std`` are of :class:`GeneralizedRCNNTransform`, ``rpn_...`` of :class:`RegionProposalNetwork`,
    ``box_...`` of :class:`RoIHeads`; modules that are None are the paper's, with a pyramid.  Raises ValueError and TypeError
    for what does not go together.
    """

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
        **kwargs: Any,
    ) -> None:
        channels = checked_backbone(backbone).out_channels
        if not isinstance(rpn_anchor_generator, (AnchorGenerator, type(None))):
            raise TypeError(
                "rpn_anchor_generator should be of type AnchorGenerator or None instead of "
                f"{type(rpn_anchor_generator)}"
            )
        box_roi_pool = level_pool(box_roi_pool, "box_roi_pool", 7)
        if (num_classes is None) == (box_predictor is None):
            needed = (
                "not be None when box_predictor is not" if box_predictor is None else "be None when box_predictor is"
            )
            raise ValueError(f"num_classes should {needed} specified")
        anchors = rpn_anchor_generator or _default_anchorgen()
        rpn = RegionProposalNetwork(
            anchors,
            RPNHead(channels, anchors.num_anchors_per_location()[0]) if rpn_head is None else rpn_head,
            rpn_fg_iou_thresh,
            rpn_bg_iou_thresh,
            rpn_batch_size_per_image,
            rpn_positive_fraction,
            {"training": rpn_pre_nms_top_n_train, "testing": rpn_pre_nms_top_n_test},
            {"training": rpn_post_nms_top_n_train, "testing": rpn_post_nms_top_n_test},
            rpn_nms_thresh,
            score_thresh=rpn_score_thresh,
        )
        if box_head is None:
            box_head = TwoMLPHead(channels * box_roi_pool.output_size[0] ** 2, 1024)
        if box_predictor is None:
            assert num_classes is not None
            box_predictor = FastRCNNPredictor(1024, num_classes)
        roi_heads = RoIHeads(
            box_roi_pool,
            box_head,
            box_predictor,
            box_fg_iou_thresh,
            box_bg_iou_thresh,
            box_batch_size_per_image,
            box_positive_fraction,
            bbox_reg_weights,
            box_score_thresh,
            box_nms_thresh,
            box_detections_per_img,
        )
        transform = GeneralizedRCNNTransform(
            min_size, max_size, image_mean or list(IMAGE_MEAN), image_std or list(IMAGE_STD), **kwargs
        )
        super().__init__(backbone, rpn, roi_heads, transform)


class TwoMLPHead(nn.Module):
    """Two linear layers over the cells of a region."""

    def __init__(self, in_channels: int, representation_size: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_channels, representation_size)
        self.fc7 = nn.Linear(representation_size, representation_size)

    def forward(self, x: Tensor) -> Tensor:
        """(K, representation_size) of cells (K, C, H, W)."""
        return F.relu(self.fc7(F.relu(self.fc6(x.flatten(start_dim=1)))))


def initialize_convolutions(module: nn.Module) -> None:
    """Draw the weights of all convolutions as He et al. (2015) do, and have no biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class FastRCNNConvFCHead(nn.Sequential):
    """Convolutions and linear layers over the cells of a region, of ``input_size`` (channels, height, width)."""

    def __init__(
        self,
        input_size: tuple[int, int, int],
        conv_layers: list[int],
        fc_layers: list[int],
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        channels, height, width = input_size
        layers: list[nn.Module] = []
        for out in conv_layers:
            layers.append(Conv2dNormActivation(channels, out, norm_layer=norm_layer))
            channels = out
        layers.append(nn.Flatten())
        channels *= height * width
        for out in fc_layers:
            layers += [nn.Linear(channels, out), nn.ReLU(inplace=True)]
            channels = out
        super().__init__(*layers)
        initialize_convolutions(self)


class FastRCNNPredictor(nn.Module):
    """A layer for the classes of regions and one for how to move their boxes, for each class."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(in_channels, num_classes)
        self.bbox_pred = nn.Linear(in_channels, num_classes * 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (K, classes) and moves (K, 4 * classes) of (K, C) or (K, C, 1, 1)."""
        if x.dim() == 4 and list(x.shape[2:]) != [1, 1]:
            raise AssertionError(
                f"x has the wrong shape, expecting the last two dimensions to be [1,1] instead of {list(x.shape[2:])}"
            )
        x = x.flatten(start_dim=1)
        return self.cls_score(x), self.bbox_pred(x)


def v2_parts(out_channels: int) -> dict[str, Any]:
    """What the second versions have in place of the paper's modules: one more convolution, and normalized ones for regions."""
    anchors = _default_anchorgen()
    head = RPNHead(out_channels, anchors.num_anchors_per_location()[0], conv_depth=2)
    box_head = FastRCNNConvFCHead((out_channels, 7, 7), [256] * 4, [1024], norm_layer=nn.BatchNorm2d)
    return {"rpn_anchor_generator": anchors, "rpn_head": head, "box_head": box_head}


@register_model()
@with_legacy_weights(FasterRCNN_ResNet50_FPN_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def fasterrcnn_resnet50_fpn(
    *,
    weights: FasterRCNN_ResNet50_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = ResNet50_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN over a pyramid of ResNet-50.

    ``weights`` are of the whole model, ``weights_backbone`` of the ResNet, downloaded once; ``trainable_backbone_layers``
    (of 5, 3 if nothing is said) are trained where there are some.  The other arguments are those of :class:`FasterRCNN`.
    """
    plan = planned(
        FasterRCNN_ResNet50_FPN_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    model = FasterRCNN(_resnet_fpn_extractor(backbone, plan.layers), num_classes=plan.num_classes, **kwargs)
    model = plan.loaded(model, progress)
    if plan.weights is FasterRCNN_ResNet50_FPN_Weights.COCO_V1:
        overwrite_eps(model, 0.0)
    return model


@register_model()
@with_legacy_weights(FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1, ResNet50_Weights.IMAGENET1K_V1)
def fasterrcnn_resnet50_fpn_v2(
    *,
    weights: FasterRCNN_ResNet50_FPN_V2_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: ResNet50_Weights | None = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """As :func:`fasterrcnn_resnet50_fpn`, with the heads of Li et al. (2021)."""
    plan = planned(
        FasterRCNN_ResNet50_FPN_V2_Weights, weights, ResNet50_Weights, weights_backbone, num_classes,
        trainable_backbone_layers, (5, 3),
    )  # fmt: skip
    backbone = resnet50(weights=plan.backbone, progress=progress)
    pyramid = _resnet_fpn_extractor(backbone, plan.layers, norm_layer=nn.BatchNorm2d)
    model = FasterRCNN(pyramid, num_classes=plan.num_classes, **v2_parts(pyramid.out_channels), **kwargs)
    return plan.loaded(model, progress)  # type: ignore[no-any-return]


def _over_mobilenet(
    known: Any,
    weights: Any,
    progress: bool,
    num_classes: int | None,
    backbone: Any,
    trainable: int | None,
    options: Any,
) -> FasterRCNN:
    """A detector over a pyramid of MobileNet v3, whose three levels have anchors of all sizes."""
    from adjoint.vision.models.mobilenetv3 import mobilenet_v3_large

    plan = planned(known, weights, MobileNet_V3_Large_Weights, backbone, num_classes, trainable, (6, 3))
    model = mobilenet_v3_large(weights=plan.backbone, progress=progress, norm_layer=plan.norm_layer)
    pyramid = _mobilenet_extractor(model, True, plan.layers)
    anchors = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    detector = FasterRCNN(pyramid, plan.num_classes, rpn_anchor_generator=anchors, **options)
    return plan.loaded(detector, progress)  # type: ignore[no-any-return]


@register_model()
@with_legacy_weights(FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1, MobileNet_V3_Large_Weights.IMAGENET1K_V1)
def fasterrcnn_mobilenet_v3_large_320_fpn(
    *,
    weights: FasterRCNN_MobileNet_V3_Large_320_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """As :func:`fasterrcnn_mobilenet_v3_large_fpn`, for images of 320 pixels and with fewer proposals."""
    small = {"min_size": 320, "max_size": 640, "rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 150}
    return _over_mobilenet(
        FasterRCNN_MobileNet_V3_Large_320_FPN_Weights, weights, progress, num_classes, weights_backbone,
        trainable_backbone_layers, {**small, "rpn_score_thresh": 0.05, **kwargs},
    )  # fmt: skip


@register_model()
@with_legacy_weights(FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1, MobileNet_V3_Large_Weights.IMAGENET1K_V1)
def fasterrcnn_mobilenet_v3_large_fpn(
    *,
    weights: FasterRCNN_MobileNet_V3_Large_FPN_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,
) -> FasterRCNN:
    """Faster R-CNN over a pyramid of MobileNet v3; ``trainable_backbone_layers`` are of 6.

    The other arguments are those of :func:`fasterrcnn_resnet50_fpn`.
    """
    return _over_mobilenet(
        FasterRCNN_MobileNet_V3_Large_FPN_Weights, weights, progress, num_classes, weights_backbone,
        trainable_backbone_layers, {"rpn_score_thresh": 0.05, **kwargs},
    )  # fmt: skip


_list_names(__name__)
