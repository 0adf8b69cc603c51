"""The weights of the ConvNeXts that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import NEW_RECIPE, imagenet
from adjoint.vision.models.weights import WeightsEnum


class ConvNeXt_Tiny_Weights(WeightsEnum):
    """Weights of :func:`convnext_tiny`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_tiny-983f1562.pth", 28589128, (82.52, 96.146), 4.456, 109.119, "classification#convnext",
        NEW_RECIPE, min_size=32, resize_size=236,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Small_Weights(WeightsEnum):
    """Weights of :func:`convnext_small`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_small-0c510722.pth", 50223688, (83.616, 96.65), 8.684, 191.703, "classification#convnext",
        NEW_RECIPE, min_size=32, resize_size=230,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Base_Weights(WeightsEnum):
    """Weights of :func:`convnext_base`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_base-6075fbad.pth", 88591464, (84.062, 96.87), 15.355, 338.064, "classification#convnext",
        NEW_RECIPE, min_size=32, resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Large_Weights(WeightsEnum):
    """Weights of :func:`convnext_large`."""

    IMAGENET1K_V1 = imagenet(
        "convnext_large-ea097f82.pth", 197767336, (84.414, 96.976), 34.361, 754.537, "classification#convnext",
        NEW_RECIPE, min_size=32, resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
