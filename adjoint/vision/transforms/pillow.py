"""What is done to images of Pillow's, by Pillow.  It is imported when the first image comes."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from adjoint.vision.transforms.images import is_pil_image

F = TypeVar("F", bound=Callable[..., Any])


def _of_images(function: F) -> F:
    """The function, which raises TypeError for what is no image of Pillow's."""

    @functools.wraps(function)
    def call(img: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_pil_image(img):
            raise TypeError(f"img should be PIL Image. Got {type(img)}")
        return function(img, *args, **kwargs)

    return call  # type: ignore[return-value]


# Places


@_of_images
def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    from PIL import Image

    return img.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


@_of_images
def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    from PIL import Image

    return img.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


@_of_images
def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle at (top, left); what lies outside of the image is 0."""
    return img.crop((left, top, left + width, top + height))


@_of_images
def resize(img: Any, size: Any, interpolation: int = 2) -> Any:
    """The image with another height and width, by one of Pillow's filters."""
    if not (isinstance(size, list) and len(size) == 2):
        raise TypeError(f"Got inappropriate size arg: {size}")
    return img.resize((size[1], size[0]), interpolation)


@_of_images
def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The image with a border of these widths: for all sides, left and right and top and bottom, or left, top, right, bottom."""
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    widths = tuple(padding) if isinstance(padding, (list, tuple)) else (padding,)
    if len(widths) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(widths)} element tuple")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    from PIL import Image, ImageOps

    palette = img.getpalette() if img.mode == "P" else None
    if padding_mode == "constant":
        border = widths[0] if len(widths) == 1 else widths
        padded = ImageOps.expand(img, border=border, fill=filling(img, fill))
    else:
        sides = np.array(widths * (4 // len(widths)))
        left, top, right, bottom = -np.minimum(sides, 0)
        if (sides < 0).any():
            img = img.crop((left, top, img.width - right, img.height - bottom))
        left, top, right, bottom = np.maximum(sides, 0)
        pixels = np.asarray(img)
        around = [(top, bottom), (left, right)] + [(0, 0)] * (pixels.ndim - 2)
        padded = Image.fromarray(np.pad(pixels, around, mode=padding_mode))  # type: ignore[call-overload]
    if palette is not None:
        padded.putpalette(palette)
    return padded


def filling(img: Any, fill: Any) -> Any:
    """What Pillow fills an image's pixels with: a number for each channel, whole ones unless pixels are floats."""
    channels = len(img.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)) and channels > 1:
        fill = (fill,) * channels
    if isinstance(fill, (list, tuple)):
        if len(fill) == 1:
            fill = tuple(fill) * channels
        elif len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the image "
                f"({len(fill)} != {channels})"
            )
        return tuple(fill) if img.mode == "F" else tuple(int(x) for x in fill)
    return fill if img.mode == "F" else int(fill)


@_of_images
def affine(img: Any, matrix: list[float], interpolation: int = 0, fill: Any = None) -> Any:
    """The image whose pixel at a place is the one at the matrix times that place."""
    from PIL import Image

    return img.transform(img.size, Image.Transform.AFFINE, matrix, interpolation, fillcolor=filling(img, fill))


@_of_images
def rotate(
    img: Any, angle: float, interpolation: int = 0, expand: bool = False, center: Any = None, fill: Any = None
) -> Any:
    """The image turned counter-clockwise by ``angle`` degrees."""
    return img.rotate(angle, interpolation, expand, center, fillcolor=filling(img, fill))


@_of_images
def perspective(img: Any, perspective_coeffs: list[float], interpolation: int = 3, fill: Any = None) -> Any:
    """The image seen from elsewhere."""
    from PIL import Image

    how = Image.Transform.PERSPECTIVE
    return img.transform(img.size, how, perspective_coeffs, interpolation, fillcolor=filling(img, fill))


# Colours


def _enhanced(by: str, img: Any, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, by)(img).enhance(factor)


@_of_images
def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The image, so many times as bright."""
    return _enhanced("Brightness", img, brightness_factor)


@_of_images
def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The image, its differences from its mean luminance times the factor."""
    return _enhanced("Contrast", img, contrast_factor)


@_of_images
def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The image, its differences from its luminance times the factor."""
    return _enhanced("Color", img, saturation_factor)


@_of_images
def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """The image, its differences from a smoothed one times the factor."""
    return _enhanced("Sharpness", img, sharpness_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The image, its hues moved by ``hue_factor`` of the circle."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")
    if img.mode in ("L", "1", "I", "F"):
        return img
    from PIL import Image

    hue, saturation, value = img.convert("HSV").split()
    moved = np.array(hue, dtype=np.uint8) + np.int32(hue_factor * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(moved), saturation, value)).convert(img.mode)


@_of_images
def adjust_gamma(img: Any, gamma: float, gain: float = 1.0) -> Any:
    """The image, each value v from 0 to 1 as ``gain * v**gamma``."""
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)]
    return img.convert("RGB").point(table * 3).convert(img.mode)


@_of_images
def to_grayscale(img: Any, num_output_channels: int) -> Any:
    """The luminance, in 1 or 3 channels."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    gray = img.convert("L")
    return gray if num_output_channels == 1 else gray.convert("RGB")


@_of_images
def invert(img: Any) -> Any:
    """The negative."""
    from PIL import ImageOps

    return ImageOps.invert(img)


@_of_images
def posterize(img: Any, bits: int) -> Any:
    """The image with so many bits for each value."""
    from PIL import ImageOps

    return ImageOps.posterize(img, bits)


@_of_images
def solarize(img: Any, threshold: Any) -> Any:
    """The image, what is at least as bright as the threshold inverted."""
    from PIL import ImageOps

    return ImageOps.solarize(img, threshold)


@_of_images
def autocontrast(img: Any) -> Any:
    """The image, its values spread over all of their range."""
    from PIL import ImageOps

    return ImageOps.autocontrast(img)


@_of_images
def equalize(img: Any) -> Any:
    """The image, all of its values about as frequent."""
    from PIL import ImageOps

    return ImageOps.equalize(img)
