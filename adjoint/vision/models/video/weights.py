"""The weights of models of videos that torchvision offers: a row is a file."""

from __future__ import annotations

from functools import partial
from typing import Any

from adjoint.vision.models._meta import _KINETICS400_CATEGORIES
from adjoint.vision.models.weights import Weights, WeightsEnum, offered
from adjoint.vision.transforms.presets import IMAGENET_MEAN, IMAGENET_STD, VideoClassification

_TRAINED = "https://github.com/pytorch/vision/tree/main/references/video_classification"
_MVIT = "https://github.com/facebookresearch/pytorchvideo/blob/main/docs/source/model_zoo.md"
_SLOWFAST = "https://github.com/facebookresearch/SlowFast/blob/main/MODEL_ZOO.md"
_SWIN = "https://github.com/SwinTransformer/Video-Swin-Transformer#kinetics-400"

_SMALL: dict[str, Any] = {"crop_size": (112, 112), "resize_size": (128, 171)}
_LARGE: dict[str, Any] = {"crop_size": (224, 224), "resize_size": (256, 256)}
_GREY: dict[str, Any] = {
    "crop_size": (224, 224),
    "resize_size": (256,),
    "mean": (0.45, 0.45, 0.45),
    "std": (0.225, 0.225, 0.225),
}
_IMAGENET: dict[str, Any] = {**_GREY, "mean": IMAGENET_MEAN, "std": IMAGENET_STD}


def _row(
    file: str,
    num_params: int,
    accuracy: tuple[float, float],
    ops: float,
    file_size: float,
    recipe: str,
    preparation: dict[str, Any],
    measured: tuple[float, int, int],
    **sizes: Any,
) -> Weights:
    """``accuracy`` is that of the first guess and of the first five, in percent, on clips ``measured`` at so many frames in a
    second, so many of a video, each of so many frames."""
    rate, clips, frames = measured
    return offered(
        file,
        partial(VideoClassification, **preparation),
        num_params,
        ops,
        file_size,
        {"Kinetics-400": {"acc@1": accuracy[0], "acc@5": accuracy[1]}},
        categories=_KINETICS400_CATEGORIES,
        recipe=recipe,
        _docs=f"Measured at {rate} frames in a second, on {clips} clips of {frames} frames of each video.",
        **sizes,
    )


class R3D_18_Weights(WeightsEnum):
    """Weights of :func:`r3d_18`."""

    KINETICS400_V1 = _row(
        "r3d_18-b3b3357e.pth", 33371472, (63.2, 83.479), 40.697, 127.359, _TRAINED, _SMALL, (15, 5, 16), min_size=(1, 1),
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class MC3_18_Weights(WeightsEnum):
    """Weights of :func:`mc3_18`."""

    KINETICS400_V1 = _row(
        "mc3_18-a90a0ba3.pth", 11695440, (63.96, 84.13), 43.343, 44.672, _TRAINED, _SMALL, (15, 5, 16), min_size=(1, 1),
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class R2Plus1D_18_Weights(WeightsEnum):
    """Weights of :func:`r2plus1d_18`."""

    KINETICS400_V1 = _row(
        "r2plus1d_18-91a641e6.pth", 31505325, (67.463, 86.175), 40.519, 120.318, _TRAINED, _SMALL, (15, 5, 16), min_size=(1, 1),
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class S3D_Weights(WeightsEnum):
    """Weights of :func:`s3d`."""

    KINETICS400_V1 = _row(
        "s3d-d76dad2f.pth", 8320048, (68.368, 88.05), 17.979, 31.972, f"{_TRAINED}#s3d", _LARGE, (15, 1, 128),
        min_size=(224, 224), min_temporal_size=14,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class MViT_V1_B_Weights(WeightsEnum):
    """Weights of :func:`mvit_v1_b`."""

    KINETICS400_V1 = _row(
        "mvit_v1_b-dbeb1030.pth", 36610672, (78.477, 93.582), 70.599, 139.764, _MVIT, _GREY, (7.5, 5, 16),
        min_size=(224, 224), min_temporal_size=16,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class MViT_V2_S_Weights(WeightsEnum):
    """Weights of :func:`mvit_v2_s`."""

    KINETICS400_V1 = _row(
        "mvit_v2_s-ae3be167.pth", 34537744, (80.757, 94.665), 64.224, 131.884, _SLOWFAST, _GREY, (7.5, 5, 16),
        min_size=(224, 224), min_temporal_size=16,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class Swin3D_T_Weights(WeightsEnum):
    """Weights of :func:`swin3d_t`."""

    KINETICS400_V1 = _row(
        "swin3d_t-7615ae03.pth", 28158070, (77.715, 93.519), 43.882, 121.543, _SWIN, _IMAGENET, (15, 12, 32),
        min_size=(1, 1), min_temporal_size=1,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class Swin3D_S_Weights(WeightsEnum):
    """Weights of :func:`swin3d_s`."""

    KINETICS400_V1 = _row(
        "swin3d_s-da41c237.pth", 49816678, (79.521, 94.158), 82.841, 218.288, _SWIN, _IMAGENET, (15, 12, 32),
        min_size=(1, 1), min_temporal_size=1,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1


class Swin3D_B_Weights(WeightsEnum):
    """Weights of :func:`swin3d_b`; those of ``IMAGENET22K`` were trained on its images first."""

    KINETICS400_V1 = _row(
        "swin3d_b_1k-24f7c7c6.pth", 88048984, (79.427, 94.386), 140.667, 364.134, _SWIN, _IMAGENET, (15, 12, 32),
        min_size=(1, 1), min_temporal_size=1,
    )  # fmt: skip
    KINETICS400_IMAGENET22K_V1 = _row(
        "swin3d_b_22k-7c6ae6fa.pth", 88048984, (81.643, 95.574), 140.667, 364.134, _SWIN, _IMAGENET, (15, 12, 32),
        min_size=(1, 1), min_temporal_size=1,
    )  # fmt: skip
    DEFAULT = KINETICS400_V1
