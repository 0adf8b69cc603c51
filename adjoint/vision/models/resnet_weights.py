"""The weights of the ResNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import NEW_RECIPE, imagenet
from adjoint.vision.models.weights import WeightsEnum


class ResNet18_Weights(WeightsEnum):
    """Weights of :func:`resnet18`."""

    IMAGENET1K_V1 = imagenet(
        "resnet18-f37072fd.pth", 11689512, (69.758, 89.078), 1.814, 44.661, "classification#resnet",
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Weights of :func:`resnet34`."""

    IMAGENET1K_V1 = imagenet("resnet34-b627a593.pth", 21797672, (73.314, 91.42), 3.664, 83.275, "classification#resnet")
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Weights of :func:`resnet50`."""

    IMAGENET1K_V1 = imagenet("resnet50-0676ba61.pth", 25557032, (76.13, 92.862), 4.089, 97.781, "classification#resnet")
    IMAGENET1K_V2 = imagenet(
        "resnet50-11ad3fa6.pth", 25557032, (80.858, 95.434), 4.089, 97.79, "issues/3995#issuecomment-1013906621",
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Weights of :func:`resnet101`."""

    IMAGENET1K_V1 = imagenet(
        "resnet101-63fe2227.pth", 44549160, (77.374, 93.546), 7.801, 170.511, "classification#resnet",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "resnet101-cd907fc2.pth", 44549160, (81.886, 95.78), 7.801, 170.53, "issues/3995#new-recipe", resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Weights of :func:`resnet152`."""

    IMAGENET1K_V1 = imagenet(
        "resnet152-394f9c45.pth", 60192808, (78.312, 94.046), 11.514, 230.434, "classification#resnet",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "resnet152-f82ba261.pth", 60192808, (82.284, 96.002), 11.514, 230.474, "issues/3995#new-recipe",
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Weights of :func:`resnext50_32x4d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext50_32x4d-7cdf4587.pth", 25028904, (77.618, 93.698), 4.23, 95.789, "classification#resnext",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "resnext50_32x4d-1a0047aa.pth", 25028904, (81.198, 95.34), 4.23, 95.833, "issues/3995#new-recipe",
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Weights of :func:`resnext101_32x8d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext101_32x8d-8ba56ff5.pth", 88791336, (79.312, 94.526), 16.414, 339.586, "classification#resnext",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "resnext101_32x8d-110c445d.pth", 88791336, (82.834, 96.228), 16.414, 339.673,
        "issues/3995#new-recipe-with-fixres", resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """Weights of :func:`resnext101_64x4d`."""

    IMAGENET1K_V1 = imagenet(
        "resnext101_64x4d-173b62eb.pth", 83455272, (83.246, 96.454), 15.46, 319.318, "pull/5935", NEW_RECIPE,
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet50_2`."""

    IMAGENET1K_V1 = imagenet(
        "wide_resnet50_2-95faca4d.pth", 68883240, (78.468, 94.086), 11.398, 131.82, "pull/912#issue-445437439",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "wide_resnet50_2-9ba9bcbe.pth", 68883240, (81.602, 95.758), 11.398, 263.124,
        "issues/3995#new-recipe-with-fixres", resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Weights of :func:`wide_resnet101_2`."""

    IMAGENET1K_V1 = imagenet(
        "wide_resnet101_2-32ee1156.pth", 126886696, (78.848, 94.284), 22.753, 242.896, "pull/912#issue-445437439",
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "wide_resnet101_2-d733dc28.pth", 126886696, (82.51, 96.02), 22.753, 484.747, "issues/3995#new-recipe",
        resize_size=232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2
