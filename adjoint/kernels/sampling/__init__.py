"""Sampling: the values of images at the points of a grid, and the gradients of both, of float32 and float64.

Images are (N, C, *space) in two or three dimensions, and points (N, P, d), the last dimension's coordinate first; modes and
paddings are the numbers of :mod:`adjoint.ops.grid_sampling`.  Each function answers NotImplemented where it has no kernel.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64
from adjoint.kernels.sampling import backward, forward, places

Array = Any

_KINDS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
_TASKS = 32  # so many at most
_PART = 4096  # products that are worth a task
_BLOCK = 512  # points
_CHANNEL_TASKS = 4  # for which the places of points are computed again
_pack = struct.Struct(f"{places.NUMBERS}q12d").pack


def sample(images: Array, points: Array, mode: int, padding: int, align_corners: bool) -> Any:
    """The values (N, C, P) of the images at the points.

    >>> image = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    >>> sample(image, np.array([[[0, 0], [-1, -1]]], np.float32), places.BILINEAR, places.ZEROS, True)
    array([[[1.5, 0. ]]], dtype=float32)
    """
    if not _fits(images, points):
        return NotImplemented
    images = _contiguous(images)
    result = empty((*images.shape[:2], points.shape[1]), images.dtype)
    _launch(forward.sample, images, points, None, result, mode, padding, align_corners)
    return result


def image_gradient(g: Array, images: Array, points: Array, mode: int, padding: int, align_corners: bool) -> Any:
    """The gradient of the images, ``g`` (N, C, P) added up at the pixels around the points."""
    if not _fits(images, points) or g.dtype != images.dtype:
        return NotImplemented
    result = empty(images.shape, images.dtype)
    _launch(backward.add_to_images, None, points, _contiguous(g), result, mode, padding, align_corners)
    return result


def point_gradient(g: Array, images: Array, points: Array, mode: int, padding: int, align_corners: bool) -> Any:
    """The gradient of the points' coordinates."""
    if not _fits(images, points) or g.dtype != images.dtype:
        return NotImplemented
    result = empty(points.shape, images.dtype)
    _launch(backward.add_to_points, _contiguous(images), points, _contiguous(g), result, mode, padding, align_corners)
    return result


def _fits(images: Array, points: Array) -> bool:
    if images.__class__ is not np.ndarray or points.__class__ is not np.ndarray or images.dtype not in _KINDS:
        return False
    return bool(points.dtype == images.dtype and images.size and points.size and prod(images.shape[2:]) < 1 << 31)


def _launch(kernel: Any, images: Any, points: Array, g: Any, to: Array, mode: int, padding: int, align_corners: bool) -> None:
    points, step = _points_in_order(points)
    shape = to.shape if images is None else images.shape
    n, channels, *space = shape
    number = points.shape[1]
    if kernel is backward.add_to_images:
        block = -(-channels // max(1, min(channels, -(-_CHANNEL_TASKS // n))))
        blocks = -(-channels // block)
    else:
        block = max(_BLOCK, 1)
        blocks = -(-number // block)
    units = n * blocks
    cost = max(1, n * channels * number * 4)
    per_task = max(-(-units // _TASKS), -(-_PART * units // cost), 1)
    dimensions = len(space)
    words = _pack(
        0 if images is None else handle(images), handle(points), 0 if g is None else handle(g), handle(to),
        units, per_task, block, blocks, channels, number, step, *space, *(1,) * (3 - dimensions), prod(space),
        *_numbers(tuple(space), bool(align_corners)),
    )  # fmt: skip
    pool.launch(_address(kernel, dimensions, mode, padding, to.dtype), words, -(-units // per_task))


@lru_cache(maxsize=1024)
def _numbers(space: tuple[int, ...], align_corners: bool) -> tuple[float, ...]:
    """What is made of the coordinates of each dimension (see :mod:`adjoint.kernels.sampling.places`)."""
    found: list[float] = []
    for size in space:
        if align_corners:
            found += ((size - 1) / 2, 0.0, 0.0, size - 1.0)
        else:
            found += (size / 2, -0.5, -0.5, float(size))
    return (*found, *(0.0,) * (12 - len(found)))


@lru_cache(maxsize=None)
def _address(kernel: Any, dimensions: int, mode: int, padding: int, dtype: Any) -> int:
    return address(kernel, dimensions=dimensions, mode=mode, padding=padding, of=_KINDS[dtype])


def _points_in_order(points: Array) -> tuple[Array, int]:
    """The points, copied unless those of an image lie in order, and how many elements the images' points are apart."""
    _, number, dimensions = points.shape
    if len(points) == 1 or points.flags.c_contiguous or points.strides[0] == 0:
        one = points[0]
        if one.flags.c_contiguous:
            return points, 0 if points.strides[0] == 0 else number * dimensions
    return _contiguous(points), number * dimensions


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
