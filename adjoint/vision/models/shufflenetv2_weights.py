"""The weights of the ShuffleNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import NEW_RECIPE, imagenet
from adjoint.vision.models.weights import WeightsEnum


class ShuffleNet_V2_X0_5_Weights(WeightsEnum):
    """Weights of :func:`shufflenet_v2_x0_5`."""

    IMAGENET1K_V1 = imagenet(
        "shufflenetv2_x0.5-f707e7126e.pth", 1366792, (60.552, 81.746), 0.04, 5.282,
        "https://github.com/ericsun99/Shufflenet-v2-Pytorch",
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X1_0_Weights(WeightsEnum):
    """Weights of :func:`shufflenet_v2_x1_0`."""

    IMAGENET1K_V1 = imagenet(
        "shufflenetv2_x1-5666bf0f80.pth", 2278604, (69.362, 88.316), 0.145, 8.791,
        "https://github.com/ericsun99/Shufflenet-v2-Pytorch",
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X1_5_Weights(WeightsEnum):
    """Weights of :func:`shufflenet_v2_x1_5`."""

    IMAGENET1K_V1 = imagenet(
        "shufflenetv2_x1_5-3c479a10.pth", 3503624, (72.996, 91.086), 0.296, 13.557, "pull/5906", NEW_RECIPE,
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ShuffleNet_V2_X2_0_Weights(WeightsEnum):
    """Weights of :func:`shufflenet_v2_x2_0`."""

    IMAGENET1K_V1 = imagenet(
        "shufflenetv2_x2_0-8be3c8ee.pth", 7393996, (76.23, 93.006), 0.583, 28.433, "pull/5906", NEW_RECIPE,
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
