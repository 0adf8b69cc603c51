"""The weights of the MNASNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import NEW_RECIPE, imagenet
from adjoint.vision.models.weights import WeightsEnum


class MNASNet0_5_Weights(WeightsEnum):
    """Weights of :func:`mnasnet0_5`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet0.5_top1_67.823-3ffadce67e.pth", 2218512, (67.734, 87.49), 0.104, 8.591,
        "https://github.com/1e100/mnasnet_trainer",
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class MNASNet0_75_Weights(WeightsEnum):
    """Weights of :func:`mnasnet0_75`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet0_75-7090bc5f.pth", 3170208, (71.18, 90.496), 0.215, 12.303, "pull/6019", NEW_RECIPE, resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class MNASNet1_0_Weights(WeightsEnum):
    """Weights of :func:`mnasnet1_0`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet1.0_top1_73.512-f206786ef8.pth", 4383312, (73.456, 91.51), 0.314, 16.915,
        "https://github.com/1e100/mnasnet_trainer",
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class MNASNet1_3_Weights(WeightsEnum):
    """Weights of :func:`mnasnet1_3`."""

    IMAGENET1K_V1 = imagenet(
        "mnasnet1_3-a4c69d6f.pth", 6282256, (76.506, 93.522), 0.526, 24.246, "pull/6019", NEW_RECIPE, resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
