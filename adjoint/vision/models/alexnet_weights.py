"""The weights of the AlexNet that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import imagenet
from adjoint.vision.models.weights import WeightsEnum


class AlexNet_Weights(WeightsEnum):
    """Weights of :func:`alexnet`."""

    IMAGENET1K_V1 = imagenet(
        "alexnet-owt-7be5be79.pth", 61100840, (56.522, 79.066), 0.714, 233.087, "classification#alexnet-and-vgg",
        min_size=63,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
