"""The weights of the DenseNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import PORTED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class DenseNet121_Weights(WeightsEnum):
    """Weights of :func:`densenet121`."""

    IMAGENET1K_V1 = imagenet(
        "densenet121-a639ec97.pth", 7978856, (74.434, 91.972), 2.834, 30.845, "pull/116", PORTED, min_size=29,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class DenseNet161_Weights(WeightsEnum):
    """Weights of :func:`densenet161`."""

    IMAGENET1K_V1 = imagenet(
        "densenet161-8d451a50.pth", 28681000, (77.138, 93.56), 7.728, 110.369, "pull/116", PORTED, min_size=29,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class DenseNet169_Weights(WeightsEnum):
    """Weights of :func:`densenet169`."""

    IMAGENET1K_V1 = imagenet(
        "densenet169-b2777c0a.pth", 14149480, (75.6, 92.806), 3.36, 54.708, "pull/116", PORTED, min_size=29,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class DenseNet201_Weights(WeightsEnum):
    """Weights of :func:`densenet201`."""

    IMAGENET1K_V1 = imagenet(
        "densenet201-c1103571.pth", 20013928, (76.896, 93.37), 4.291, 77.373, "pull/116", PORTED, min_size=29,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
