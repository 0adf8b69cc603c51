"""The weights of segmentation models that torchvision offers: a row is a file."""

from __future__ import annotations

from functools import partial

from adjoint.vision.models._meta import _VOC_CATEGORIES
from adjoint.vision.models.weights import Weights, WeightsEnum, offered
from adjoint.vision.transforms.presets import SemanticSegmentation

_RECIPES = "https://github.com/pytorch/vision/tree/main/references/segmentation#"


def _row(
    file: str, num_params: int, miou: float, pixel_acc: float, ops: float, file_size: float, recipe: str
) -> Weights:
    """``miou`` is the mean intersection over union in percent, ``pixel_acc`` how many places are right."""
    return offered(
        file,
        partial(SemanticSegmentation, resize_size=520),
        num_params,
        ops,
        file_size,
        {"COCO-val2017-VOC-labels": {"miou": miou, "pixel_acc": pixel_acc}},
        categories=_VOC_CATEGORIES,
        min_size=(1, 1),
        recipe=_RECIPES + recipe,
        _docs="Trained on the images of COCO that have one of the 20 classes of Pascal VOC.",
    )


class FCN_ResNet50_Weights(WeightsEnum):
    """Weights of :func:`fcn_resnet50`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "fcn_resnet50_coco-1167a1af.pth", 35322218, 60.5, 91.4, 152.717, 135.009, "fcn_resnet50"
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class FCN_ResNet101_Weights(WeightsEnum):
    """Weights of :func:`fcn_resnet101`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "fcn_resnet101_coco-7ecb50ca.pth", 54314346, 63.7, 91.9, 232.738, 207.711, "deeplabv3_resnet101"
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_ResNet50_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_resnet50`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "deeplabv3_resnet50_coco-cd0a2569.pth", 42004074, 66.4, 92.4, 178.722, 160.515, "deeplabv3_resnet50"
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_ResNet101_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_resnet101`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "deeplabv3_resnet101_coco-586e9e4e.pth", 60996202, 67.4, 92.4, 258.743, 233.217, "fcn_resnet101"
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class DeepLabV3_MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`deeplabv3_mobilenet_v3_large`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "deeplabv3_mobilenet_v3_large-fc3c493d.pth",
        11029328,
        60.3,
        91.2,
        10.452,
        42.301,
        "deeplabv3_mobilenet_v3_large",
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1


class LRASPP_MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`lraspp_mobilenet_v3_large`."""

    COCO_WITH_VOC_LABELS_V1 = _row(
        "lraspp_mobilenet_v3_large-d234d4ea.pth", 3221538, 57.9, 91.2, 2.086, 12.49, "lraspp_mobilenet_v3_large"
    )
    DEFAULT = COCO_WITH_VOC_LABELS_V1
