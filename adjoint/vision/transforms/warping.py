"""Warping: where the pixels of an image come from when it is turned, sheared, or seen from elsewhere.

A *grid* (1, H, W, 2) has for each pixel of the output the place in the input, x and y, from -1 to 1 over the image.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor, from_array


def affine_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float], inverted: bool = True
) -> list[float]:
    """The first two rows of ``T C R S H C^-1``, or of its inverse: shear (degrees, first along x, then along y), scale and turn
    by ``angle`` degrees around ``center``, then move by ``translate``."""
    turn, shear_x, shear_y = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(turn - shear_y) / math.cos(shear_y)
    b = -(a * math.tan(shear_x) + math.sin(turn))
    c = math.sin(turn - shear_y) / math.cos(shear_y)
    d = math.cos(turn) - c * math.tan(shear_x)
    if not inverted:
        a, b, c, d = a * scale, b * scale, c * scale, d * scale
        return [a, b, (cx + tx) - a * cx - b * cy, c, d, (cy + ty) - c * cx - d * cy]
    # The determinant of the part without the scale is 1.
    a, b, c, d = d / scale, -b / scale, -c / scale, a / scale
    return [a, b, cx - a * (cx + tx) - b * (cy + ty), c, d, cy - c * (cx + tx) - d * (cy + ty)]


def affine_arguments(
    angle: Any, translate: Any, scale: float, shear: Any, center: Any = None
) -> tuple[float, list[float], list[float], list[float] | None]:
    """Angle, translation, shears and centre as lists of floats.  Raises TypeError and ValueError for what they cannot be."""
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    shears: Any = [shear, 0.0] if isinstance(shear, numbers.Number) else list(shear)
    if len(shears) == 1:
        shears = shears * 2
    if len(shears) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shears}")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    return float(angle), list(translate), shears, None if center is None else [float(c) for c in center]


def from_middle(center: Sequence[float] | None, size: Sequence[int]) -> list[float]:
    """A centre (x, y) in pixels, counted from the middle of an image of this height and width."""
    return [0.0, 0.0] if center is None else [1.0 * (c - s * 0.5) for c, s in zip(center, (size[-1], size[-2]))]


def turned_size(matrix: Sequence[float], w: int, h: int) -> tuple[int, int]:
    """Width and height of what holds all of an image that the matrix (an inverse one, around the middle) turns."""
    half = np.array([0.5 * w, 0.5 * h], np.float32)
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]], np.float32) * half
    theta = np.array(matrix, np.float32).reshape(2, 3)
    places = np.concatenate([corners, np.ones((4, 1), np.float32)], 1) @ theta.T
    # Within 1e-4 of a whole pixel is that pixel.
    most, least = (np.trunc((end + half) / np.float32(1e-4)) * np.float32(1e-4) for end in (places.max(0), places.min(0)))
    width, height = np.ceil(most) - np.floor(least)
    return int(width), int(height)


def affine_grid(matrix: Sequence[float], size: Sequence[int], out: Sequence[int], dtype: dtypes.dtype) -> Tensor:
    """The grid of an inverse matrix around the middle, from an image of this height and width to one of ``out``."""
    theta = np.array(matrix, dtype.array).reshape(2, 3).T / np.array([0.5 * size[-1], 0.5 * size[-2]], dtype.array)
    places = _places(out, [(1.0 - n) * 0.5 for n in out], dtypes.float32 if dtype is not dtypes.float64 else dtype, dtype)
    return _mapped(places, theta).view(1, out[0], out[1], 2)


def perspective_grid(coefficients: Sequence[float], size: Sequence[int], dtype: dtypes.dtype) -> Tensor:
    """The grid of eight coefficients: x' = (c0 x + c1 y + c2) / (c6 x + c7 y + 1), y' = (c3 x + c4 y + c5) / the same."""
    c = coefficients
    above = np.array([c[:3], c[3:6]], dtype.array).T / np.array([0.5 * size[-1], 0.5 * size[-2]], dtype.array)
    below = np.array([[c[6], c[7], 1.0]] * 2, dtype.array).T
    places = _places(size, [0.5, 0.5], dtype, dtype)
    return (_mapped(places, above) / _mapped(places, below) - 1.0).view(1, size[0], size[1], 2)


def identity_grid(size: Sequence[int], dtype: dtypes.dtype) -> Tensor:
    """The grid that leaves an image of this height and width as it is."""
    y, x = (adjoint.linspace((-n + 1) / n, (n - 1) / n, n, dtype=dtype) for n in size)
    return adjoint.stack([x.expand(*size), y[:, None].expand(*size)], -1)[None]  # type: ignore[no-any-return]


def _places(size: Sequence[int], first: Sequence[float], made: dtypes.dtype, dtype: dtypes.dtype) -> Tensor:
    """The places (H * W, 3) of pixels, x, y and 1, of which the first are y and x."""
    y, x = (adjoint.linspace(start, start + n - 1.0, steps=n, dtype=made).to(dtype) for n, start in zip(size, first))
    whole = (x.expand(*size), y[:, None].expand(*size), adjoint.ones(*size, dtype=dtype))
    return adjoint.stack(whole, -1).view(-1, 3)  # type: ignore[no-any-return]


def _mapped(places: Tensor, theta: Any) -> Tensor:
    return adjoint.bmm(places[None], from_array(np.ascontiguousarray(theta))[None])  # type: ignore[no-any-return]


def perspective_coefficients(startpoints: Any, endpoints: Any) -> list[float]:
    """The eight coefficients that take four corners of the output, ``endpoints``, back to those of the input."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and {len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (to_x, to_y) in zip(endpoints, startpoints):
        rows.append([x, y, 1, 0, 0, 0, -to_x * x, -to_x * y])
        rows.append([0, 0, 0, x, y, 1, -to_y * x, -to_y * y])
    system = adjoint.tensor(rows, dtype=dtypes.float32).to(dtypes.float64)
    wanted = adjoint.tensor(startpoints, dtype=dtypes.float64).view(8)
    solution = adjoint.linalg.lstsq(system, wanted, driver="gels").solution
    return solution.to(dtypes.float32).tolist()  # type: ignore[no-any-return]


def check_warp(
    image: Tensor, interpolation: str, fill: Any, *, matrix: Any = None, coefficients: Any = None, channels: int = 0
) -> None:
    """Raise for a matrix, coefficients, an interpolation or a fill that images (..., C, H, W) cannot be warped by; ``channels``
    says how many channels others have."""
    if matrix is not None and not isinstance(matrix, list):
        raise TypeError("Argument matrix should be a list")
    if matrix is not None and len(matrix) != 6:
        raise ValueError("Argument matrix should have 6 float values")
    if coefficients is not None and len(coefficients) != 8:
        raise ValueError("Argument coeffs should have 8 float values")
    if isinstance(fill, (tuple, list)):
        channels = channels or image.shape[-3]
        if len(fill) > 1 and len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' cannot broadcast to match the number of channels of the image "
                f"({len(fill)} != {channels})"
            )
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(f"Interpolation mode '{interpolation}' is unsupported with Tensor input")


def sampled(images: Tensor, grid: Tensor, mode: str, fill: Any, *, blended: str) -> Tensor:
    """Images (N, C, H, W) of the grid's dtype at the places of a grid; what lies outside is ``fill``, or 0.

    ``blended`` says how bilinear edges are mixed with the fill, which rounds otherwise: ``"towards"`` is ``(x - f) m + f``,
    ``"sum"`` is ``x m + (1 - m) f``.
    """
    if images.shape[0] > 1:
        grid = grid.expand(images.shape[0], *grid.shape[1:])
    if fill is None:
        return _at(images, grid, mode)
    inside = adjoint.ones(images.shape[0], 1, images.shape[2], images.shape[3], dtype=images.dtype)
    warped = _at(adjoint.cat([images, inside], 1), grid, mode)
    warped, inside = warped[:, :-1], warped[:, -1:]
    values = list(fill) if isinstance(fill, (tuple, list)) else [float(fill)]
    filled = adjoint.tensor(values, dtype=images.dtype).view(1, -1, 1, 1)
    if mode == "nearest":
        return adjoint.where(inside < 0.5, filled, warped)  # type: ignore[no-any-return]
    return (warped - filled) * inside + filled if blended == "towards" else warped * inside + (1.0 - inside) * filled


def _at(images: Tensor, grid: Tensor, mode: str) -> Tensor:
    return adjoint.nn.functional.grid_sample(  # type: ignore[no-any-return]
        images, grid, mode=mode, padding_mode="zeros", align_corners=False
    )
