"""The weights of the VGGs that torchvision offers: a row is a file."""

from __future__ import annotations

from functools import partial
from typing import Any

from adjoint.vision.models.weights import Weights, WeightsEnum
from adjoint.vision.transforms.presets import ImageClassification

_SITE = "https://download.pytorch.org/models/"


def _row(file: str, num_params: int, **preparation: Any) -> Weights:
    meta = {"min_size": (32, 32), "num_params": num_params, "num_classes": 1000}
    return Weights(_SITE + file, partial(ImageClassification, crop_size=224, **preparation), meta)


class VGG11_Weights(WeightsEnum):
    """Weights of :func:`vgg11`."""

    IMAGENET1K_V1 = _row("vgg11-8a719046.pth", 132863336)
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg11_bn`."""

    IMAGENET1K_V1 = _row("vgg11_bn-6002323d.pth", 132868840)
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    """Weights of :func:`vgg13`."""

    IMAGENET1K_V1 = _row("vgg13-19584684.pth", 133047848)
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg13_bn`."""

    IMAGENET1K_V1 = _row("vgg13_bn-abd245e5.pth", 133053736)
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    """Weights of :func:`vgg16`; ``IMAGENET1K_FEATURES`` are those of its convolutions alone, for images of 0 to 255."""

    IMAGENET1K_V1 = _row("vgg16-397923af.pth", 138357544)
    IMAGENET1K_FEATURES = _row(
        "vgg16_features-amdegroot-88682ab5.pth", 138357544, mean=(0.48235, 0.45882, 0.40784), std=(1 / 255, 1 / 255, 1 / 255)
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg16_bn`."""

    IMAGENET1K_V1 = _row("vgg16_bn-6c64b313.pth", 138365992)
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    """Weights of :func:`vgg19`."""

    IMAGENET1K_V1 = _row("vgg19-dcbb9e9d.pth", 143667240)
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg19_bn`."""

    IMAGENET1K_V1 = _row("vgg19_bn-c79401a0.pth", 143678248)
    DEFAULT = IMAGENET1K_V1
