"""The weights of RAFT that torchvision offers: a row is a file."""

from __future__ import annotations

from typing import Any

from adjoint.vision.models.weights import Weights, WeightsEnum, offered
from adjoint.vision.transforms.presets import OpticalFlow

_AUTHORS = "https://github.com/princeton-vl/RAFT"
_TORCHVISION = "https://github.com/pytorch/vision/tree/main/references/optical_flow"

# How many parameters, billions of operations, and megabytes.
_LARGE, _SMALL = (5257536, 211.007, 20.129), (990162, 47.655, 3.821)

_ON = {
    "C_T": "Trained on FlyingChairs and FlyingThings3D.",
    "C_T_SKHT": "Trained on FlyingChairs and FlyingThings3D, then on Sintel, KittiFlow, HD1K and FlyingThings3D.",
    "C_T_SKHT_K": "Trained on FlyingChairs and FlyingThings3D, then on Sintel and others, then on KittiFlow.",
}


def _row(file: str, sizes: tuple[int, float, float], on: str, recipe: str, **metrics: Any) -> Weights:
    """``metrics`` of data sets: how far a flow's end is from the true one in the mean, in pixels, and what share is far off."""
    params, ops, megabytes = sizes
    measured = {name.replace("_", "-"): figures for name, figures in metrics.items()}
    return offered(
        file, OpticalFlow, params, ops, megabytes, measured, min_size=(128, 128), recipe=recipe, _docs=_ON[on]
    )


def _trained(clean: float, final: float, kitti: float, far: float) -> dict[str, Any]:
    return {
        "Sintel_Train_Cleanpass": {"epe": clean},
        "Sintel_Train_Finalpass": {"epe": final},
        "Kitti_Train": {"per_image_epe": kitti, "fl_all": far},
    }


def _tested(clean: float, final: float) -> dict[str, Any]:
    return {"Sintel_Test_Cleanpass": {"epe": clean}, "Sintel_Test_Finalpass": {"epe": final}}


class Raft_Large_Weights(WeightsEnum):
    """Weights of :func:`raft_large`, by the data sets they were trained on: chairs, things, Sintel and others, Kitti.

    Those of ``V1`` are the authors', those of ``V2`` torchvision's.
    """

    C_T_V1 = _row(
        "raft_large_C_T_V1-22a6c225.pth", _LARGE, "C_T", _AUTHORS, **_trained(1.4411, 2.7894, 5.0172, 17.4506)
    )
    C_T_V2 = _row(
        "raft_large_C_T_V2-1bb1363a.pth", _LARGE, "C_T", _TORCHVISION, **_trained(1.3822, 2.7161, 4.5118, 16.0679)
    )
    C_T_SKHT_V1 = _row("raft_large_C_T_SKHT_V1-0b8c9e55.pth", _LARGE, "C_T_SKHT", _AUTHORS, **_tested(1.94, 3.18))
    C_T_SKHT_V2 = _row("raft_large_C_T_SKHT_V2-ff5fadd5.pth", _LARGE, "C_T_SKHT", _TORCHVISION, **_tested(1.819, 3.067))
    C_T_SKHT_K_V1 = _row(
        "raft_large_C_T_SKHT_K_V1-4a6a5039.pth", _LARGE, "C_T_SKHT_K", _AUTHORS, Kitti_Test={"fl_all": 5.10}
    )
    C_T_SKHT_K_V2 = _row(
        "raft_large_C_T_SKHT_K_V2-b5c70766.pth", _LARGE, "C_T_SKHT_K", _TORCHVISION, Kitti_Test={"fl_all": 5.19}
    )
    DEFAULT = C_T_SKHT_V2


class Raft_Small_Weights(WeightsEnum):
    """Weights of :func:`raft_small`; those of ``V1`` are the authors', those of ``V2`` torchvision's."""

    C_T_V1 = _row(
        "raft_small_C_T_V1-ad48884c.pth", _SMALL, "C_T", _AUTHORS, **_trained(2.1231, 3.2790, 7.6557, 25.2801)
    )
    C_T_V2 = _row(
        "raft_small_C_T_V2-01064c6d.pth", _SMALL, "C_T", _TORCHVISION, **_trained(1.9901, 3.2831, 7.5978, 25.2369)
    )
    DEFAULT = C_T_V2
