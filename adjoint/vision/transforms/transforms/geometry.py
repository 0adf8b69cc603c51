"""Transforms of which part of an image is taken, its size and its orientation."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from adjoint import nn
from adjoint.vision.transforms import draws
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.transforms.arguments import check_scale_and_ratio, interpolation_of, size_of


class Resize(nn.Module):
    """An image of another size; one number is that of the shorter side, and ``max_size`` bounds the longer one.

    ``antialias`` is for tensors; PIL images are always smoothed when they shrink.  Raises TypeError or ValueError for what is
    no size.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.Resize(4)(torch.rand(3, 8, 12)).shape
    torch.Size([3, 4, 6])
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_of(interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(nn.Module):
    """The middle of an image; a smaller image is padded with 0.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.CenterCrop(2)(torch.arange(16).reshape(1, 4, 4))
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = size_of(size)

    def forward(self, img: Any) -> Any:
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class FiveCrop(nn.Module):
    """The four corners of an image, and its middle: five images of one size.  Raises ValueError for a smaller image.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> [int(crop) for crop in transforms.FiveCrop(1)(torch.arange(9).reshape(1, 3, 3))]
    [0, 2, 6, 8, 4]
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = size_of(size)

    def forward(self, img: Any) -> Any:
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(nn.Module):
    """The crops of :class:`FiveCrop`, and those of the image flipped: left to right, or with ``vertical_flip`` upside down.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> [int(crop) for crop in transforms.TenCrop(1)(torch.arange(9).reshape(1, 3, 3))]
    [0, 2, 6, 8, 4, 2, 0, 8, 6, 4]
    """

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = size_of(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> Any:
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


class Pad(nn.Module):
    """An image with a border: one width, two for (left and right, top and bottom), or left, top, right and bottom.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.Pad((1, 0), fill=7)(torch.zeros(1, 1, 2))
    tensor([[[7., 0., 0., 7.]]])
    """

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        if not isinstance(padding, (numbers.Number, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, (numbers.Number, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
            raise ValueError(
                f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple"
            )
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class RandomCrop(nn.Module):
    """A rectangle of the given size from anywhere in the image, which is padded first if ``padding`` says so, and, with
    ``pad_if_needed``, where it is too small.  Raises ValueError for an image that is still too small."""

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(size_of(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width, drawn."""
        _, h, w = F.get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ValueError(f"Required crop size {(height, width)} is larger than input image size {(h, w)}")
        if (w, h) == (width, height):
            return 0, 0, h, w
        top = draws.whole(0, h - height + 1)
        return top, draws.whole(0, w - width + 1), height, width

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, h, w = F.get_dimensions(img)
        if self.pad_if_needed and w < self.size[1]:
            img = F.pad(img, [self.size[1] - w, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and h < self.size[0]:
            img = F.pad(img, [0, self.size[0] - h], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class _RandomFlip(nn.Module):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_RandomFlip):
    """Left and right exchanged, with probability ``p``.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1)(torch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if draws.happens(self.p) else img


class RandomVerticalFlip(_RandomFlip):
    """Top and bottom exchanged, with probability ``p``."""

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if draws.happens(self.p) else img


class RandomResizedCrop(nn.Module):
    """A rectangle of random area (a part of the image's, in ``scale``) and aspect (in ``ratio``), resized to ``size``.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.RandomResizedCrop(4)(torch.rand(3, 8, 12)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = size_of(size)
        check_scale_and_ratio(scale, ratio)
        self.interpolation = interpolation_of(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Top, left, height and width, drawn: ten tries, then the middle."""
        _, height, width = F.get_dimensions(img)
        return draws.part_of_image(height, width, scale, ratio)

    def forward(self, img: Any) -> Any:
        part = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *part, self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(v, 4) for v in pair) for pair in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )
