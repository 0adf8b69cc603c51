"""Deprecated: transforms of films (C, T, H, W).  Those of :mod:`adjoint.vision.transforms` take films, too."""

from __future__ import annotations

import numbers
import random
import warnings
from collections.abc import Sequence
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.transforms import RandomCrop, RandomResizedCrop
from adjoint.vision.transforms import _functional_video as F

__all__ = [
    "CenterCropVideo", "NormalizeVideo", "RandomCropVideo", "RandomHorizontalFlipVideo", "RandomResizedCropVideo", "ToTensorVideo",
]  # fmt: skip

warnings.warn(
    "The 'torchvision.transforms._transforms_video' module is deprecated since 0.12 and will be removed in the future. "
    "Please use the 'torchvision.transforms' module instead.",
    stacklevel=users_level(),
)


def _pair(size: Any) -> Any:
    return (int(size), int(size)) if isinstance(size, numbers.Number) else size  # type: ignore[call-overload]


class RandomCropVideo(RandomCrop):
    """A rectangle of the given size from anywhere in the frames."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__(_pair(size))
        self.size = _pair(size)

    def forward(self, clip: Tensor) -> Tensor:
        return F.crop(clip, *self.get_params(clip, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class RandomResizedCropVideo(RandomResizedCrop):
    """A rectangle of random area and aspect from the frames, resized without antialiasing."""

    def __init__(
        self,
        size: int | tuple[int, int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation_mode: str = "bilinear",
    ) -> None:
        if isinstance(size, tuple) and len(size) != 2:
            raise ValueError(f"size should be tuple (height, width), instead got {size}")
        super().__init__(size, scale, ratio)
        self.interpolation_mode = interpolation_mode

    def forward(self, clip: Tensor) -> Tensor:
        part = self.get_params(clip, self.scale, self.ratio)
        return F.resized_crop(clip, *part, self.size, self.interpolation_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation_mode={self.interpolation_mode}, scale={self.scale}, "
            f"ratio={self.ratio})"
        )


class CenterCropVideo:
    """The middle of the frames."""

    def __init__(self, crop_size: int | Sequence[int]) -> None:
        self.crop_size = _pair(crop_size)

    def __call__(self, clip: Tensor) -> Tensor:
        return F.center_crop(clip, self.crop_size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(crop_size={self.crop_size})"


class NormalizeVideo:
    """``(clip - mean) / std`` for each channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, clip: Tensor) -> Tensor:
        return F.normalize(clip, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std}, inplace={self.inplace})"


class ToTensorVideo:
    """A film of bytes (T, H, W, C) as one of floats (C, T, H, W) from 0 to 1."""

    def __call__(self, clip: Tensor) -> Tensor:
        return F.to_tensor(clip)

    def __repr__(self) -> str:
        return type(self).__name__


class RandomHorizontalFlipVideo:
    """Left and right exchanged with probability ``p``, which Python's ``random`` decides."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def __call__(self, clip: Tensor) -> Tensor:
        return F.hflip(clip) if random.random() < self.p else clip

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


_list_names(__name__)
