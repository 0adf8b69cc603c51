"""The weights of the VGGs that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import PORTED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class VGG11_Weights(WeightsEnum):
    """Weights of :func:`vgg11`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11-8a719046.pth", 132863336, (69.02, 88.628), 7.609, 506.84, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg11_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg11_bn-6002323d.pth", 132868840, (70.37, 89.81), 7.609, 506.881, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    """Weights of :func:`vgg13`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13-19584684.pth", 133047848, (69.928, 89.246), 11.308, 507.545, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg13_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg13_bn-abd245e5.pth", 133053736, (71.586, 90.374), 11.308, 507.59, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    """Weights of :func:`vgg16`."""

    IMAGENET1K_V1 = imagenet(
        "vgg16-397923af.pth", 138357544, (71.592, 90.382), 15.47, 527.796, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    IMAGENET1K_FEATURES = imagenet(
        "vgg16_features-amdegroot-88682ab5.pth", 138357544, None, 15.47, 527.802,
        "https://github.com/amdegroot/ssd.pytorch#training-ssd", PORTED, min_size=32, categories=None,
        mean=(0.48235, 0.45882, 0.40784), std=(0.00392156862745098, 0.00392156862745098, 0.00392156862745098),
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg16_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg16_bn-6c64b313.pth", 138365992, (73.36, 91.516), 15.47, 527.866, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    """Weights of :func:`vgg19`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19-dcbb9e9d.pth", 143667240, (72.376, 90.876), 19.632, 548.051, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    """Weights of :func:`vgg19_bn`."""

    IMAGENET1K_V1 = imagenet(
        "vgg19_bn-c79401a0.pth", 143678248, (74.218, 91.842), 19.632, 548.143, "classification#alexnet-and-vgg",
        min_size=32,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
