"""The weights of the Vision Transformers that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import BICUBIC, NEW_RECIPE, SWAG_FROZEN, SWAG_LICENSE, SWAG_TUNED, imagenet
from adjoint.vision.models.weights import WeightsEnum


class ViT_B_16_Weights(WeightsEnum):
    """Weights of :func:`vit_b_16`."""

    IMAGENET1K_V1 = imagenet(
        "vit_b_16-c867db91.pth", 86567656, (81.072, 95.318), 17.564, 330.285, "classification#vit_b_16",
        min_size=224,
    )  # fmt: skip
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_b_16_swag-9ac1b537.pth", 86859496, (85.304, 97.65), 55.484, 331.398,
        "https://github.com/facebookresearch/SWAG", SWAG_TUNED, license=SWAG_LICENSE, min_size=384,
        crop_size=384, resize_size=384, interpolation=BICUBIC,
    )  # fmt: skip
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_b_16_lc_swag-4e70ced5.pth", 86567656, (81.886, 96.18), 17.564, 330.285, "pull/5793", SWAG_FROZEN,
        license=SWAG_LICENSE, min_size=224, resize_size=224, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ViT_B_32_Weights(WeightsEnum):
    """Weights of :func:`vit_b_32`."""

    IMAGENET1K_V1 = imagenet(
        "vit_b_32-d86f8d99.pth", 88224232, (75.912, 92.466), 4.409, 336.604, "classification#vit_b_32",
        min_size=224,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ViT_L_16_Weights(WeightsEnum):
    """Weights of :func:`vit_l_16`."""

    IMAGENET1K_V1 = imagenet(
        "vit_l_16-852ce7e3.pth", 304326632, (79.662, 94.638), 61.555, 1161.023, "classification#vit_l_16",
        NEW_RECIPE, min_size=224, resize_size=242,
    )  # fmt: skip
    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_l_16_swag-4f3808c9.pth", 305174504, (88.064, 98.512), 361.986, 1164.258,
        "https://github.com/facebookresearch/SWAG", SWAG_TUNED, license=SWAG_LICENSE, min_size=512,
        crop_size=512, resize_size=512, interpolation=BICUBIC,
    )  # fmt: skip
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_l_16_lc_swag-4d563306.pth", 304326632, (85.146, 97.422), 61.555, 1161.023, "pull/5793",
        SWAG_FROZEN, license=SWAG_LICENSE, min_size=224, resize_size=224, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ViT_L_32_Weights(WeightsEnum):
    """Weights of :func:`vit_l_32`."""

    IMAGENET1K_V1 = imagenet(
        "vit_l_32-c7638314.pth", 306535400, (76.972, 93.07), 15.378, 1169.449, "classification#vit_l_32",
        min_size=224,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class ViT_H_14_Weights(WeightsEnum):
    """Weights of :func:`vit_h_14`."""

    IMAGENET1K_SWAG_E2E_V1 = imagenet(
        "vit_h_14_swag-80465313.pth", 633470440, (88.552, 98.694), 1016.717, 2416.643,
        "https://github.com/facebookresearch/SWAG", SWAG_TUNED, license=SWAG_LICENSE, min_size=518,
        crop_size=518, resize_size=518, interpolation=BICUBIC,
    )  # fmt: skip
    IMAGENET1K_SWAG_LINEAR_V1 = imagenet(
        "vit_h_14_lc_swag-c1eb923e.pth", 632045800, (85.708, 97.73), 167.295, 2411.209, "pull/5793",
        SWAG_FROZEN, license=SWAG_LICENSE, min_size=224, resize_size=224, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_SWAG_E2E_V1
