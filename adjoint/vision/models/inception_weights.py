"""The weights of the Inception v3 that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import PORTED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class Inception_V3_Weights(WeightsEnum):
    """Weights of :func:`inception_v3`."""

    IMAGENET1K_V1 = imagenet(
        "inception_v3_google-0cc3c7bd.pth", 27161264, (77.294, 93.45), 5.713, 103.903, "classification#inception-v3",
        PORTED, min_size=75, crop_size=299, resize_size=342,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
