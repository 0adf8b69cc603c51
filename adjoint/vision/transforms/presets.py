"""Presets: the transforms that go with trained weights, one for each kind of task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.interpolation import InterpolationMode

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_ACCEPTED = "Accepts ``PIL.Image``, batched ``(B, C, H, W)`` and single ``(C, H, W)`` image ``torch.Tensor`` objects. "


class _Preset(nn.Module):
    """A preset that prints the attributes ``_shown``, a line each."""

    _shown: Sequence[str] = ()

    def __repr__(self) -> str:
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in self._shown)
        return f"{type(self).__name__}({lines}{chr(10) if lines else ''})"


class _Normalizing(_Preset):
    """A preset that resizes by ``interpolation``, and in the end normalizes by ``mean`` and ``std``."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], interpolation: InterpolationMode) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation

    def _normalized(self, img: Any) -> Tensor:
        return F.normalize(_floats(img), mean=self.mean, std=self.std)

    def _resizing(self) -> str:
        return f"resized to ``resize_size={self.resize_size}`` using ``interpolation={self.interpolation}``"

    def _cropping(self) -> str:
        return f", followed by a central crop of ``crop_size={self.crop_size}``"

    def _normalizing(self) -> str:
        return (
            f". Finally the values are first rescaled to ``[0.0, 1.0]`` and then normalized using ``mean={self.mean}`` and "
            f"``std={self.std}``."
        )


class ObjectDetection(_Preset):
    """An image as a float tensor with values from 0 to 1."""

    def forward(self, img: Any) -> Tensor:
        return _floats(img)

    def describe(self) -> str:
        """What the preset takes and does, in words."""
        return _ACCEPTED + "The images are rescaled to ``[0.0, 1.0]``."


class ImageClassification(_Normalizing):
    """Resize, take the middle, convert to floats, normalize.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms.presets import ImageClassification
    >>> ImageClassification(crop_size=4, resize_size=6)(torch.zeros(3, 8, 10, dtype=torch.uint8)).shape
    torch.Size([3, 4, 4])
    """

    _shown = ("crop_size", "resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = IMAGENET_MEAN,
        std: tuple[float, ...] = IMAGENET_STD,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(mean, std, interpolation)
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        img = F.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        return self._normalized(F.center_crop(img, self.crop_size))

    def describe(self) -> str:
        """What the preset takes and does, in words."""
        return f"{_ACCEPTED}The images are {self._resizing()}{self._cropping()}{self._normalizing()}"


class VideoClassification(_Normalizing):
    """The same of every frame of videos (..., T, C, H, W), as (..., C, T, H, W)."""

    _shown = ("crop_size", "resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        crop_size: tuple[int, int],
        resize_size: tuple[int] | tuple[int, int],
        mean: tuple[float, ...] = (0.43216, 0.394666, 0.37645),
        std: tuple[float, ...] = (0.22803, 0.22145, 0.216989),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    ) -> None:
        super().__init__(mean, std, interpolation)
        self.crop_size = list(crop_size)
        self.resize_size = list(resize_size)

    def forward(self, vid: Tensor) -> Tensor:
        alone = vid.ndim < 5
        videos = vid.unsqueeze(0) if alone else vid
        n, time, channels, height, width = videos.shape
        frames = videos.view(-1, channels, height, width)
        frames = F.resize(frames, self.resize_size, interpolation=self.interpolation, antialias=False)
        frames = self._normalized(F.center_crop(frames, self.crop_size))
        height, width = self.crop_size
        made = frames.view(n, time, channels, height, width).permute(0, 2, 1, 3, 4)
        return made.squeeze(0) if alone else made

    def describe(self) -> str:
        """What the preset takes and does, in words."""
        return (
            "Accepts batched ``(B, T, C, H, W)`` and single ``(T, C, H, W)`` video frame ``torch.Tensor`` objects. The frames "
            f"are {self._resizing()}{self._cropping()}{self._normalizing()} Finally the output dimensions are permuted to "
            "``(..., C, T, H, W)`` tensors."
        )


class SemanticSegmentation(_Normalizing):
    """Resize (unless ``resize_size`` is None), convert to floats, normalize."""

    _shown = ("resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        resize_size: int | None,
        mean: tuple[float, ...] = IMAGENET_MEAN,
        std: tuple[float, ...] = IMAGENET_STD,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(mean, std, interpolation)
        self.resize_size = None if resize_size is None else [resize_size]
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        if self.resize_size is not None:
            img = F.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        return self._normalized(img)

    def describe(self) -> str:
        """What the preset takes and does, in words."""
        return f"{_ACCEPTED}The images are {self._resizing()}{self._normalizing()}"


class OpticalFlow(_Preset):
    """A pair of images as float tensors with values from -1 to 1."""

    def forward(self, img1: Any, img2: Any) -> tuple[Tensor, Tensor]:
        one, other = (F.normalize(_floats(img), [0.5] * 3, [0.5] * 3).contiguous() for img in (img1, img2))
        return one, other

    def describe(self) -> str:
        """What the preset takes and does, in words."""
        return _ACCEPTED + "The images are rescaled to ``[-1.0, 1.0]``."


def _floats(img: Any) -> Tensor:
    """An image as a tensor of float32, from 0 to 1."""
    return F.convert_image_dtype(img if isinstance(img, Tensor) else F.pil_to_tensor(img))
