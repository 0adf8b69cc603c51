"""The weights of the MaxViT that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import BICUBIC, imagenet
from adjoint.vision.models.weights import WeightsEnum


class MaxVit_T_Weights(WeightsEnum):
    """Weights of :func:`maxvit_t`."""

    IMAGENET1K_V1 = imagenet(
        "maxvit_t-bc5ab103.pth", 30919624, (83.7, 96.722), 5.558, 118.769, "classification#maxvit",
        min_size=224, resize_size=224, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
