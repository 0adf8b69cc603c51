"""Transforms that turn, shear and bend images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.transforms import draws
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.transforms.arguments import (
    angles_of,
    check_affine,
    check_sequence,
    fill_for,
    fill_of,
    interpolation_of,
)


class RandomPerspective(nn.Module):
    """An image as seen at an angle, with probability ``p``: each corner moves inwards by up to ``distortion_scale`` halves of
    the image.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.RandomPerspective(p=1)(torch.rand(3, 8, 12)).shape
    torch.Size([3, 8, 12])
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = interpolation_of(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = fill_of(fill)

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[list[list[int]], list[list[int]]]:
        """The corners (x, y) from the top left clockwise, and where they go, drawn."""
        return draws.corners(width, height, distortion_scale)

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = fill_for(img, channels, self.fill)
        if not draws.happens(self.p):
            return img
        start, end = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, start, end, self.interpolation, fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomRotation(nn.Module):
    """An image turned, by an angle in ``degrees``: the least and the largest, or one number for those up to it either way.

    With ``expand`` the result holds the whole image.  ``center`` is (x, y), the middle by default.
    """

    def __init__(
        self,
        degrees: Any,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[int] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles_of(degrees, "degrees")
        if center is not None:
            check_sequence(center, "center", req_sizes=(2,))
        self.center = center
        self.interpolation = interpolation_of(interpolation)
        self.expand = expand
        self.fill = fill_of(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """An angle."""
        return draws.number(float(degrees[0]), float(degrees[1]))

    def forward(self, img: Any) -> Any:
        fill = fill_for(img, F.get_dimensions(img)[0], self.fill)
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}, "
            f"expand={self.expand}{center}, fill={self.fill})"
        )


class RandomAffine(nn.Module):
    """An image turned, shifted, scaled and sheared, about its middle or ``center``.

    Each is drawn from its range: ``degrees`` (as in :class:`RandomRotation`), ``translate`` (parts of the width and the height,
    either way), ``scale`` (least and largest), and ``shear`` in degrees (as ``degrees`` along x, or four numbers along x and y).
    """

    def __init__(
        self,
        degrees: Any,
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Any = None,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = angles_of(degrees, "degrees")
        check_affine(translate, scale, center)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else angles_of(shear, "shear", req_sizes=(2, 4))
        self.interpolation = interpolation_of(interpolation)
        self.fill = fill_of(fill)
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Angle, shift, scale and shear for an image of this width and height."""
        return draws.affine(degrees, translate, scale_ranges, shears, *img_size)

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = fill_for(img, channels, self.fill)
        drawn = self.get_params(self.degrees, self.translate, self.scale, self.shear, [width, height])
        return F.affine(img, *drawn, interpolation=self.interpolation, fill=fill, center=self.center)

    def __repr__(self) -> str:
        shown = [f"degrees={self.degrees}"]
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                shown.append(f"{name}={getattr(self, name)}")
        if self.interpolation != InterpolationMode.NEAREST:
            shown.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            shown.append(f"fill={self.fill}")
        if self.center is not None:
            shown.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(shown)})"


class ElasticTransform(nn.Module):
    """An image as if seen through moving water: each pixel moves by smooth noise, as far as ``alpha`` and as smoothly as
    ``sigma`` say, each one number or (x, y).

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.ElasticTransform(alpha=20.0, sigma=1.0)(torch.rand(3, 16, 16)).shape
    torch.Size([3, 16, 16])
    """

    def __init__(
        self,
        alpha: Any = 50.0,
        sigma: Any = 5.0,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = _pair_of_floats(alpha, "alpha")
        self.sigma = _pair_of_floats(sigma, "sigma")
        self.interpolation = interpolation_of(interpolation)
        if isinstance(fill, (int, float)):
            fill = [fill]
        elif not isinstance(fill, (list, tuple)):
            raise TypeError(f"fill should be int or float or a list or tuple of them. Got {type(fill)}")
        self.fill = [float(f) for f in fill]

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Tensor:
        """How far each pixel of an image (height, width) moves: (1, H, W, 2), in halves of the image."""
        return draws.displacement(alpha, sigma, size[0], size[1], F.gaussian_blur)

    def forward(self, tensor: Any) -> Any:
        _, height, width = F.get_dimensions(tensor)
        moved = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(tensor, moved, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )


def _pair_of_floats(value: Any, name: str) -> Any:
    if not isinstance(value, (float, Sequence)):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    if isinstance(value, float):
        return [value, value]
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    for element in value:
        if not isinstance(element, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return value
