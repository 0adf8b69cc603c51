"""The weights of the EfficientNets that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import BICUBIC, BILINEAR, NEW_RECIPE, PORTED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class EfficientNet_B0_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b0`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b0_rwightman-7f5810bc.pth", 5288548, (77.692, 93.532), 0.386, 20.451,
        "classification#efficientnet-v1", PORTED, min_size=1, resize_size=256, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B1_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b1`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b1_rwightman-bac287d4.pth", 7794184, (78.642, 94.186), 0.687, 30.134,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=240, resize_size=256, interpolation=BICUBIC,
    )  # fmt: skip
    IMAGENET1K_V2 = imagenet(
        "efficientnet_b1-c27df63c.pth", 7794184, (79.838, 94.934), 0.687, 30.136,
        "issues/3995#new-recipe-with-lr-wd-crop-tuning", min_size=1, crop_size=240, resize_size=255,
        interpolation=BILINEAR,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V2


class EfficientNet_B2_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b2`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b2_rwightman-c35c1473.pth", 9109994, (80.608, 95.31), 1.088, 35.174,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=288, resize_size=288, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B3_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b3`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b3_rwightman-b3899882.pth", 12233232, (82.008, 96.054), 1.827, 47.184,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=300, resize_size=320, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B4_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b4`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b4_rwightman-23ab8bcd.pth", 19341616, (83.384, 96.594), 4.394, 74.489,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=380, resize_size=384, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B5_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b5`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b5_lukemelas-1a07897c.pth", 30389784, (83.444, 96.628), 10.266, 116.864,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=456, resize_size=456, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B6_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b6`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b6_lukemelas-24a108a5.pth", 43040704, (84.008, 96.916), 19.068, 165.362,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=528, resize_size=528, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B7_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_b7`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_b7_lukemelas-c5b4e57e.pth", 66347960, (84.122, 96.908), 37.746, 254.675,
        "classification#efficientnet-v1", PORTED, min_size=1, crop_size=600, resize_size=600, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_S_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_s`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_s-dd5fe13b.pth", 21458488, (84.228, 96.878), 8.366, 82.704, "classification#efficientnet-v2",
        NEW_RECIPE, min_size=33, crop_size=384, resize_size=384, interpolation=BILINEAR,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_M_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_m`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_m-dc08266a.pth", 54139356, (85.112, 97.156), 24.582, 208.01,
        "classification#efficientnet-v2", NEW_RECIPE, min_size=33, crop_size=480, resize_size=480,
        interpolation=BILINEAR,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_L_Weights(WeightsEnum):
    """Weights of :func:`efficientnet_v2_l`."""

    IMAGENET1K_V1 = imagenet(
        "efficientnet_v2_l-59c71312.pth", 118515272, (85.808, 97.788), 56.08, 454.573,
        "classification#efficientnet-v2", PORTED, min_size=33, crop_size=480, resize_size=480, interpolation=BICUBIC,
        mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5),
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
