"""The weights of the GoogLeNet that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import PORTED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class GoogLeNet_Weights(WeightsEnum):
    """Weights of :func:`googlenet`."""

    IMAGENET1K_V1 = imagenet(
        "googlenet-1378be20.pth", 6624904, (69.778, 89.53), 1.498, 49.731, "classification#googlenet", PORTED,
        min_size=15,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
