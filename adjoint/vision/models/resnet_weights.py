"""The weights of the ResNets that torchvision offers: a row is a file.

``meta`` has the number of parameters and the smallest image; the names of ImageNet's classes are not in it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from adjoint.vision.models.weights import Weights, WeightsEnum
from adjoint.vision.transforms.presets import ImageClassification

_SITE = "https://download.pytorch.org/models/"


def _row(file: str, num_params: int, resize_size: int = 256, **meta: Any) -> Weights:
    transforms = partial(ImageClassification, crop_size=224, resize_size=resize_size)
    return Weights(
        _SITE + file, transforms, {"min_size": (1, 1), "num_params": num_params, "num_classes": 1000, **meta}
    )


class ResNet18_Weights(WeightsEnum):
    """Weights of :func:`resnet18`."""

    IMAGENET1K_V1 = _row("resnet18-f37072fd.pth", 11689512)
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Weights of :func:`resnet34`."""

    IMAGENET1K_V1 = _row("resnet34-b627a593.pth", 21797672)
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Weights of :func:`resnet50`."""

    IMAGENET1K_V1 = _row("resnet50-0676ba61.pth", 25557032)
    IMAGENET1K_V2 = _row("resnet50-11ad3fa6.pth", 25557032, 232)
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Weights of :func:`resnet101`."""

    IMAGENET1K_V1 = _row("resnet101-63fe2227.pth", 44549160)
    IMAGENET1K_V2 = _row("resnet101-cd907fc2.pth", 44549160, 232)
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Weights of :func:`resnet152`."""

    IMAGENET1K_V1 = _row("resnet152-394f9c45.pth", 60192808)
    IMAGENET1K_V2 = _row("resnet152-f82ba261.pth", 60192808, 232)
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Weights of :func:`resnext50_32x4d`."""

    IMAGENET1K_V1 = _row("resnext50_32x4d-7cdf4587.pth", 25028904)
    IMAGENET1K_V2 = _row("resnext50_32x4d-1a0047aa.pth", 25028904, 232)
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Weights of :func:`resnext101_32x8d`."""

    IMAGENET1K_V1 = _row("resnext101_32x8d-8ba56ff5.pth", 88791336)
    IMAGENET1K_V2 = _row("resnext101_32x8d-110c445d.pth", 88791336, 232)
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet50_2`."""

    IMAGENET1K_V1 = _row("wide_resnet50_2-95faca4d.pth", 68883240)
    IMAGENET1K_V2 = _row("wide_resnet50_2-9ba9bcbe.pth", 68883240, 232)
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet101_2`."""

    IMAGENET1K_V1 = _row("wide_resnet101_2-32ee1156.pth", 126886696)
    IMAGENET1K_V2 = _row("wide_resnet101_2-d733dc28.pth", 126886696, 232)
    DEFAULT = IMAGENET1K_V2
