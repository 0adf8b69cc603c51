"""The weights of the MobileNet v2 that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import imagenet
from adjoint.vision.models.weights import WeightsEnum


class MobileNet_V2_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v2`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v2-b0353104.pth", 3504872, (71.878, 90.286), 0.301, 13.555, "classification#mobilenetv2",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "mobilenet_v2-7ebf99e0.pth", 3504872, (72.154, 90.822), 0.301, 13.598,
        "issues/3995#new-recipe-with-reg-tuning", resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2
