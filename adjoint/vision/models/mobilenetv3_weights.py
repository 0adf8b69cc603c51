"""The weights of the MobileNet v3 that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import NEW_RECIPE, imagenet
from adjoint.vision.models.weights import WeightsEnum


class MobileNet_V3_Large_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v3_large`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v3_large-8738ca79.pth", 5483032, (74.042, 91.34), 0.217, 21.114,
        "classification#mobilenetv3-large--small",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "mobilenet_v3_large-5c1a4163.pth", 5483032, (75.274, 92.566), 0.217, 21.107,
        "issues/3995#new-recipe-with-reg-tuning", resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class MobileNet_V3_Small_Weights(WeightsEnum):
    """Weights of :func:`mobilenet_v3_small`."""

    IMAGENET1K_V1 = imagenet(
        "mobilenet_v3_small-047dcff4.pth", 2542856, (67.668, 87.402), 0.057, 9.829,
        "classification#mobilenetv3-large--small", NEW_RECIPE,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
