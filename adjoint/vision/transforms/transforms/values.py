"""Transforms of an image's values: colours, contrast, sharpness."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from adjoint import nn
from adjoint.vision.transforms import draws
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.transforms.arguments import check_kernel_size, size_of


class ColorJitter(nn.Module):
    """Brightness, contrast, saturation and hue changed at random, in an order that is drawn, too.

    Each of the first three is a number ``a``, for factors from ``1 - a`` to ``1 + a``, or the least and the largest factor;
    ``hue`` likewise, around 0, within 0.5.  Raises ValueError or TypeError for others.

    >>> from adjoint.vision import transforms
    >>> transforms.ColorJitter(brightness=0.5, hue=0.1)
    ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=(-0.1, 0.1))
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = self._range(brightness, "brightness")
        self.contrast = self._range(contrast, "contrast")
        self.saturation = self._range(saturation, "saturation")
        self.hue = self._range(hue, "hue", 0, (-0.5, 0.5))

    @staticmethod
    def _range(value: Any, name: str, center: int = 1, bound: tuple[float, float] = (0, math.inf)) -> Any:
        if isinstance(value, numbers.Number):
            if value < 0:  # type: ignore[operator]
                raise ValueError(f"If {name} is a single number, it must be non negative.")
            least, most = center - float(value), center + float(value)  # type: ignore[arg-type]
            ends = [max(least, 0.0) if center else least, most]
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            ends = [float(value[0]), float(value[1])]
        else:
            raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
        if not bound[0] <= ends[0] <= ends[1] <= bound[1]:
            raise ValueError(f"{name} values should be between {bound}, but got {ends}.")
        return None if ends[0] == ends[1] == center else tuple(ends)

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Any, ...]:
        """An order of the four, and a factor for each that has a range."""
        return draws.color_factors(brightness, contrast, saturation, hue)

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        change = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            if factors[i] is not None:
                img = change[i](img, factors[i])
        return img

    def __repr__(self) -> str:
        ranges = f"brightness={self.brightness}, contrast={self.contrast}, saturation={self.saturation}, hue={self.hue}"
        return f"{type(self).__name__}({ranges})"


class Grayscale(nn.Module):
    """The luminance of an image, in 1 or 3 channels.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.Grayscale()(torch.rand(3, 4, 4)).shape
    torch.Size([1, 4, 4])
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(nn.Module):
    """The luminance of an image, in as many channels as it has, with probability ``p``."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        channels = F.get_dimensions(img)[0]
        return F.rgb_to_grayscale(img, num_output_channels=channels) if draws.happens(self.p) else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class GaussianBlur(nn.Module):
    """A blur of a width that is drawn from ``sigma``, the least and the largest, or is that number.

    Raises ValueError for sizes of the kernel that are not odd, or widths that are not positive.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.GaussianBlur(3)(torch.ones(3, 4, 4)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = size_of(kernel_size, "Kernel size should be a tuple/list of two integers")
        check_kernel_size(self.kernel_size)
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:  # type: ignore[operator]
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError("sigma values should be positive and of the form (min, max).")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A width."""
        return draws.number(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        width = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [width, width])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class _Sometimes(nn.Module):
    """A change that is made with probability ``p``; it prints the attributes ``_shown`` without spaces between them."""

    _shown: tuple[str, ...] = ("p",)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return self._changed(img) if draws.happens(self.p) else img

    def _changed(self, img: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({','.join(f'{name}={getattr(self, name)}' for name in self._shown)})"


class RandomInvert(_Sometimes):
    """The negative of an image, with probability ``p``.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.RandomInvert(p=1)(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    tensor([[[255,   0]]], dtype=torch.uint8)
    """

    def _changed(self, img: Any) -> Any:
        return F.invert(img)


class RandomPosterize(_Sometimes):
    """Only the first ``bits`` of each value kept, with probability ``p``, of an image of bytes."""

    _shown = ("bits", "p")

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def _changed(self, img: Any) -> Any:
        return F.posterize(img, self.bits)


class RandomSolarize(_Sometimes):
    """Values from ``threshold`` on inverted, with probability ``p``."""

    _shown = ("threshold", "p")

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def _changed(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)


class RandomAdjustSharpness(_Sometimes):
    """An image sharpened by a factor, with probability ``p``: 0 is blurred, 1 the image, 2 twice as sharp."""

    _shown = ("sharpness_factor", "p")

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def _changed(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor)


class RandomAutocontrast(_Sometimes):
    """Each channel's values stretched over the whole range, with probability ``p``."""

    def _changed(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_Sometimes):
    """Each channel's histogram made even, with probability ``p``, of an image of bytes."""

    def _changed(self, img: Any) -> Any:
        return F.equalize(img)
