"""Deprecated: functions of films (C, T, H, W).  Those of :mod:`adjoint.vision.transforms.functional` take films, too."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor

warnings.warn(
    "The 'torchvision.transforms._functional_video' module is deprecated since 0.12 and will be removed in the future. "
    "Please use the 'torchvision.transforms.functional' module instead.",
    stacklevel=users_level(),
)


def _is_tensor_video_clip(clip: Any) -> bool:
    """True for a film; raises TypeError for what is no tensor, and ValueError for one of other dimensions."""
    if not isinstance(clip, Tensor):
        raise TypeError(f"clip should be Tensor. Got {type(clip)}")
    if clip.ndim != 4:
        raise ValueError(f"clip should be 4D. Got {clip.ndim}D")
    return True


def crop(clip: Tensor, i: int, j: int, h: int, w: int) -> Tensor:
    """The rectangle at row ``i`` and column ``j`` of each frame."""
    if clip.ndim != 4:
        raise ValueError("clip should be a 4D tensor")
    return clip[..., i : i + h, j : j + w]


def resize(clip: Tensor, target_size: Sequence[int], interpolation_mode: str) -> Tensor:
    """Frames of another height and width, without antialiasing."""
    if len(target_size) != 2:
        raise ValueError(f"target size should be tuple (height, width), instead got {target_size}")
    return adjoint.nn.functional.interpolate(  # type: ignore[no-any-return]
        clip, size=tuple(target_size), mode=interpolation_mode, align_corners=False
    )


def resized_crop(
    clip: Tensor, i: int, j: int, h: int, w: int, size: Sequence[int], interpolation_mode: str = "bilinear"
) -> Tensor:
    """A rectangle of each frame, resized."""
    _is_tensor_video_clip(clip)
    return resize(crop(clip, i, j, h, w), size, interpolation_mode)


def center_crop(clip: Tensor, crop_size: Sequence[int]) -> Tensor:
    """The middle of each frame.  Raises ValueError for smaller frames."""
    _is_tensor_video_clip(clip)
    (height, width), (h, w) = clip.shape[-2:], crop_size
    if height < h or width < w:
        raise ValueError("height and width must be no smaller than crop_size")
    return crop(clip, round((height - h) / 2.0), round((width - w) / 2.0), h, w)


def to_tensor(clip: Tensor) -> Tensor:
    """A film of bytes (T, H, W, C) as one of floats (C, T, H, W) from 0 to 1.  Raises TypeError for other dtypes."""
    _is_tensor_video_clip(clip)
    if clip.dtype != dtypes.uint8:
        raise TypeError(f"clip tensor should have data type uint8. Got {clip.dtype}")
    return clip.float().permute(3, 0, 1, 2) / 255.0


def normalize(clip: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """``(clip - mean) / std`` for each channel."""
    _is_tensor_video_clip(clip)
    middle, spread = (adjoint.as_tensor(v, dtype=clip.dtype)[:, None, None, None] for v in (mean, std))
    return (clip if inplace else clip.clone()).sub_(middle).div_(spread)  # type: ignore[no-any-return]


def hflip(clip: Tensor) -> Tensor:
    """Left and right exchanged."""
    _is_tensor_video_clip(clip)
    return clip.flip(-1)  # type: ignore[no-any-return]


_list_names(__name__)
