"""Transforms of an image's values."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes, nn
from adjoint.tensor import Tensor
from adjoint.vision.transforms import functional as F


class ToTensor:
    """A PIL image or an array (H, W, C) as a tensor (C, H, W); bytes become floats from 0 to 1."""

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A PIL image as a tensor (C, H, W) of its own values."""

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(nn.Module):
    """An image in another dtype, its values scaled to that dtype's range."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class Normalize(nn.Module):
    """``(image - mean) / std`` for each channel of a float tensor (..., C, H, W)."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class ColorJitter(nn.Module):
    """Brightness, contrast, saturation and hue changed at random, in an order that is drawn, too.

    Each of the first three is a number ``a``, for factors from ``1 - a`` to ``1 + a``, or the least and the largest factor;
    ``hue`` likewise, around 0, within 0.5.  Raises ValueError or TypeError for others.
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = self._range(brightness, "brightness")
        self.contrast = self._range(contrast, "contrast")
        self.saturation = self._range(saturation, "saturation")
        self.hue = self._range(hue, "hue", 0.0, (-0.5, 0.5))

    @staticmethod
    def _range(value: Any, name: str, center: float = 1.0, bound: tuple[float, float] = (0, math.inf)) -> Any:
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
    def get_params(brightness: Any, contrast: Any, saturation: Any, hue: Any) -> tuple[Any, ...]:
        """An order of the four, and a factor for each that has a range."""
        order = adjoint.randperm(4)
        ranges = (brightness, contrast, saturation, hue)
        return order, *(None if r is None else float(adjoint.empty(1).uniform_(r[0], r[1])) for r in ranges)

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


class GaussianBlur(nn.Module):
    """A blur of a width that is drawn from ``sigma``, the least and the largest, or is that number.

    Raises ValueError for sizes that are not odd, or widths that are not positive.
    """

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
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
        return adjoint.empty(1).uniform_(sigma_min, sigma_max).item()  # type: ignore[no-any-return]

    def forward(self, img: Any) -> Any:
        width = self.get_params(*self.sigma)
        return F.gaussian_blur(img, self.kernel_size, [width, width])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class RandomGrayscale(nn.Module):
    """The luminance of an image, in as many channels as it has, with probability ``p``."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        if adjoint.rand(1).item() < self.p:
            return F.rgb_to_grayscale(img, F.get_dimensions(img)[0])
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class Grayscale(nn.Module):
    """The luminance of an image, in 1 or 3 channels."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"
