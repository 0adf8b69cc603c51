"""The weights of the Swin Transformers that torchvision offers: a row is a file."""

from __future__ import annotations

from adjoint.vision.models.imagenet import BICUBIC, imagenet
from adjoint.vision.models.weights import WeightsEnum


class Swin_T_Weights(WeightsEnum):
    """Weights of :func:`swin_t`."""

    IMAGENET1K_V1 = imagenet(
        "swin_t-704ceda3.pth", 28288354, (81.474, 95.776), 4.491, 108.19, "classification#swintransformer",
        min_size=224, resize_size=232, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Swin_S_Weights(WeightsEnum):
    """Weights of :func:`swin_s`."""

    IMAGENET1K_V1 = imagenet(
        "swin_s-5e29d889.pth", 49606258, (83.196, 96.36), 8.741, 189.786, "classification#swintransformer",
        min_size=224, resize_size=246, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Swin_B_Weights(WeightsEnum):
    """Weights of :func:`swin_b`."""

    IMAGENET1K_V1 = imagenet(
        "swin_b-68c6b09e.pth", 87768224, (83.582, 96.64), 15.431, 335.364, "classification#swintransformer",
        min_size=224, resize_size=238, interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Swin_V2_T_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_t`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_t-b137f0e2.pth", 28351570, (82.072, 96.132), 5.94, 108.626,
        "classification#swintransformer-v2", min_size=256, crop_size=256, resize_size=260,
        interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Swin_V2_S_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_s`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_s-637d8ceb.pth", 49737442, (83.712, 96.816), 11.546, 190.675,
        "classification#swintransformer-v2", min_size=256, crop_size=256, resize_size=260,
        interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Swin_V2_B_Weights(WeightsEnum):
    """Weights of :func:`swin_v2_b`."""

    IMAGENET1K_V1 = imagenet(
        "swin_v2_b-781e5279.pth", 87930848, (84.112, 96.864), 20.325, 336.372,
        "classification#swintransformer-v2", min_size=256, crop_size=256, resize_size=272,
        interpolation=BICUBIC,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1
