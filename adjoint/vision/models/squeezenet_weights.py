"""The weights of the SqueezeNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import imagenet
from adjoint.vision.models.weights import WeightsEnum


class SqueezeNet1_0_Weights(WeightsEnum):
    """Weights of :func:`squeezenet1_0`."""

    IMAGENET1K_V1 = imagenet(
        "squeezenet1_0-b66bff10.pth", 1248424, (58.092, 80.42), 0.819, 4.778, "pull/49#issuecomment-277560717",
        min_size=21,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class SqueezeNet1_1_Weights(WeightsEnum):
    """Weights of :func:`squeezenet1_1`."""

    IMAGENET1K_V1 = imagenet(
        "squeezenet1_1-b8a52dc0.pth", 1235496, (58.178, 80.624), 0.349, 4.729, "pull/49#issuecomment-277560717",
        min_size=17,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
