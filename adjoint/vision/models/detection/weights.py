"""The weights of detectors that torchvision offers, and what the builders of detectors share: a row is a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint import nn
from adjoint.vision.models._meta import _COCO_CATEGORIES, _COCO_PERSON_CATEGORIES, _COCO_PERSON_KEYPOINT_NAMES
from adjoint.vision.models.detection.backbone_utils import _validate_trainable_layers
from adjoint.vision.models.weights import Weights, WeightsEnum, decided, offered
from adjoint.vision.ops import FrozenBatchNorm2d
from adjoint.vision.transforms.presets import ObjectDetection

_SOURCES = "https://github.com/pytorch/vision/"


def _coco(
    file: str,
    num_params: int,
    box_map: float,
    ops: float,
    file_size: float,
    recipe: str,
    *,
    about: str = "",
    **more: Any,
) -> Weights:
    """A row: the mean average precision of boxes (and of what ``more`` says, by name), operations, size and recipe."""
    metrics = {"box_map": box_map}
    for name in ("mask_map", "kp_map"):
        if name in more:
            metrics[name] = more.pop(name)
    meta: dict[str, Any] = {"categories": _COCO_CATEGORIES, "min_size": (1, 1), **more}
    meta["recipe"] = _SOURCES + (recipe if "/" in recipe else f"tree/main/references/detection#{recipe}")
    docs = about or "These weights were made by a recipe that is close to the paper's."
    return offered(file, ObjectDetection, num_params, ops, file_size, {"COCO-val2017": metrics}, _docs=docs, **meta)


_ENHANCED = "These weights were made by a recipe that is better than the paper's."
_PERSONS: dict[str, Any] = {"categories": _COCO_PERSON_CATEGORIES, "keypoint_names": _COCO_PERSON_KEYPOINT_NAMES}


class FasterRCNN_ResNet50_FPN_Weights(WeightsEnum):
    """Weights of :func:`fasterrcnn_resnet50_fpn`."""

    COCO_V1 = _coco(
        "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", 41755286, 37.0, 134.38, 159.743, "faster-r-cnn-resnet-50-fpn"
    )
    DEFAULT = COCO_V1


class FasterRCNN_ResNet50_FPN_V2_Weights(WeightsEnum):
    """Weights of :func:`fasterrcnn_resnet50_fpn_v2`."""

    COCO_V1 = _coco(
        "fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth", 43712278, 46.7, 280.371, 167.104, "pull/5763", about=_ENHANCED
    )
    DEFAULT = COCO_V1


class FasterRCNN_MobileNet_V3_Large_FPN_Weights(WeightsEnum):
    """Weights of :func:`fasterrcnn_mobilenet_v3_large_fpn`."""

    COCO_V1 = _coco(
        "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth", 19386354, 32.8, 4.494, 74.239,
        "faster-r-cnn-mobilenetv3-large-fpn",
    )  # fmt: skip
    DEFAULT = COCO_V1


class FasterRCNN_MobileNet_V3_Large_320_FPN_Weights(WeightsEnum):
    """Weights of :func:`fasterrcnn_mobilenet_v3_large_320_fpn`."""

    COCO_V1 = _coco(
        "fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth", 19386354, 22.8, 0.719, 74.239,
        "faster-r-cnn-mobilenetv3-large-320-fpn",
    )  # fmt: skip
    DEFAULT = COCO_V1


class MaskRCNN_ResNet50_FPN_Weights(WeightsEnum):
    """Weights of :func:`maskrcnn_resnet50_fpn`."""

    COCO_V1 = _coco(
        "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth", 44401393, 37.9, 134.38, 169.84, "mask-r-cnn", mask_map=34.6
    )
    DEFAULT = COCO_V1


class MaskRCNN_ResNet50_FPN_V2_Weights(WeightsEnum):
    """Weights of :func:`maskrcnn_resnet50_fpn_v2`."""

    COCO_V1 = _coco(
        "maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth", 46359409, 47.4, 333.577, 177.219, "pull/5773", mask_map=41.8,
        about=_ENHANCED,
    )  # fmt: skip
    DEFAULT = COCO_V1


class KeypointRCNN_ResNet50_FPN_Weights(WeightsEnum):
    """Weights of :func:`keypointrcnn_resnet50_fpn`."""

    COCO_LEGACY = _coco(
        "keypointrcnn_resnet50_fpn_coco-9f466800.pth", 59137258, 50.6, 133.924, 226.054, "issues/1606", kp_map=61.1,
        about="These weights were made by a recipe that is close to the paper's, and are from an early epoch.", **_PERSONS,
    )  # fmt: skip
    COCO_V1 = _coco(
        "keypointrcnn_resnet50_fpn_coco-fc266e95.pth", 59137258, 54.6, 137.42, 226.054, "keypoint-r-cnn", kp_map=65.0,
        **_PERSONS,
    )  # fmt: skip
    DEFAULT = COCO_V1


class RetinaNet_ResNet50_FPN_Weights(WeightsEnum):
    """Weights of :func:`retinanet_resnet50_fpn`."""

    COCO_V1 = _coco("retinanet_resnet50_fpn_coco-eeacb38b.pth", 34014999, 36.4, 151.54, 130.267, "retinanet")
    DEFAULT = COCO_V1


class RetinaNet_ResNet50_FPN_V2_Weights(WeightsEnum):
    """Weights of :func:`retinanet_resnet50_fpn_v2`."""

    COCO_V1 = _coco(
        "retinanet_resnet50_fpn_v2_coco-5905b1c5.pth", 38198935, 41.5, 152.238, 146.037, "pull/5756", about=_ENHANCED
    )
    DEFAULT = COCO_V1


class FCOS_ResNet50_FPN_Weights(WeightsEnum):
    """Weights of :func:`fcos_resnet50_fpn`."""

    COCO_V1 = _coco("fcos_resnet50_fpn_coco-99b0c9b7.pth", 32269600, 39.2, 128.207, 123.608, "fcos-resnet-50-fpn")
    DEFAULT = COCO_V1


class SSD300_VGG16_Weights(WeightsEnum):
    """Weights of :func:`ssd300_vgg16`."""

    COCO_V1 = _coco("ssd300_vgg16_coco-b556d3b4.pth", 35641826, 25.1, 34.858, 135.988, "ssd300-vgg16")
    DEFAULT = COCO_V1


class SSDLite320_MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`ssdlite320_mobilenet_v3_large`."""

    COCO_V1 = _coco(
        "ssdlite320_mobilenet_v3_large_coco-a79551df.pth", 3440060, 21.3, 0.583, 13.418,
        "ssdlite320-mobilenetv3-large",
    )  # fmt: skip
    DEFAULT = COCO_V1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a builder was asked for, once weights have decided what they decide."""

    weights: Any
    backbone: Any  # the weights of the backbone
    num_classes: int
    layers: int  # of the backbone that are trained

    @property
    def norm_layer(self) -> Callable[..., nn.Module]:
        """The normalization of a backbone: fixed, if it was trained before."""
        return nn.BatchNorm2d if self.weights is None and self.backbone is None else FrozenBatchNorm2d

    def loaded(self, model: Any, progress: bool) -> Any:
        """The model with the weights."""
        if self.weights is not None:
            model.load_state_dict(self.weights.get_state_dict(progress=progress, check_hash=True))
        return model


def planned(
    known: type[WeightsEnum], weights: Any, known_backbone: type[WeightsEnum], backbone: Any, num_classes: int | None,
    trainable: int | None, layers: tuple[int, int], usual_classes: int = 91,
) -> Plan:  # fmt: skip
    """The plan of a builder whose weights are of these classes; ``layers`` are how many layers the backbone has that can be
    trained, and how many of one with weights are."""
    weights, backbone = known.verify(weights), known_backbone.verify(backbone)
    if weights is not None:
        backbone = None
        num_classes = decided("num_classes", num_classes, len(weights.meta["categories"]))
    elif num_classes is None:
        num_classes = usual_classes
    trained = weights is not None or backbone is not None
    return Plan(weights, backbone, num_classes, _validate_trainable_layers(trained, trainable, *layers))  # type: ignore[arg-type]
