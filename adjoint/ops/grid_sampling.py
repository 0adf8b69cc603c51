"""Sampling images at the points of a grid, whose coordinates are learned as well; and the grids of affine maps.

A coordinate from -1 to 1 becomes a place among the pixels; along each dimension a few pixels around it (*taps*) have a weight,
and a point's value is the sum over all their combinations.
"""

from __future__ import annotations

import warnings
from itertools import product
from math import prod
from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arguments import type_name as kind_of
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.namespaces import lookup
from adjoint.dtypes import OF_ARRAY
from adjoint.kernels.late import Late, from_on
from adjoint.ops.arrays import Array
from adjoint.ops.scatter import add_at, index_at
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.ops.widening import in_float32
from adjoint.places import users_level
from adjoint.summation import total
from adjoint.tensor import Tensor

BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2

_WORTH_A_KERNEL = from_on(16)  # coordinates; NumPy makes a hundred calls and more for any number of them
_sampled_by_kernel, _image_gradient_by_kernel, _point_gradient_by_kernel = (
    Late(f"sampling:{name}") for name in ("sample", "image_gradient", "point_gradient")
)

_NOWHERE = -100.0  # a place outside of every image, for coordinates that are no numbers


def _clipped(x: Array, size: int) -> tuple[Array, Array]:
    """Places brought to the nearest pixel, and the slope of that: 0 at the border, too, as in PyTorch."""
    inside = (x > 0) & (x < size - 1)
    return np.where(inside, x, np.where(x > 0, x.dtype.type(size - 1), x.dtype.type(0))), inside


def _reflected(x: Array, size: int, align_corners: bool) -> tuple[Array, Any]:
    """Places reflected at the border as often as it takes to come inside, and the slope of that, 1 or -1."""
    low, span = (0.0, float(size - 1)) if align_corners else (-0.5, float(size))
    if span == 0:
        return x * 0, 0
    away = x - low
    left = away < 0
    away = np.where(left, -away, away)
    flips = np.floor(away / span)
    rest = away - flips * span
    odd = flips != 2 * np.floor(flips / 2)
    return np.where(odd, span - rest, rest) + low, np.where(left != odd, x.dtype.type(-1), x.dtype.type(1))


def _padded(x: Array, size: int, padding: int, align_corners: bool) -> tuple[Array, Any]:
    """Places as they are where ``padding`` is with zeros, brought inside of the image otherwise, and the slope of that."""
    slope: Any = 1
    if padding == REFLECTION:
        x, slope = _reflected(x, size, align_corners)
    if padding != ZEROS:
        x, inside = _clipped(x, size)
        slope = np.where(inside, slope, x.dtype.type(0))
    return x, slope


def _rounded(x: Array) -> Array:
    """The nearest integers, of two the even one."""
    low = np.floor(x)
    rest = x - low
    return np.where((rest > 0.5) | ((rest == 0.5) & (low != 2 * np.floor(low / 2))), low + 1, low)


def _cubic(t: Array) -> list[tuple[Array, Array]]:
    """Weights of the four pixels around a place, ``t`` behind the second, and their slopes (Keys' kernel, a = -0.75)."""
    a = -0.75
    found = []
    for x, sign in ((t + 1, 1), (t, 1), (1 - t, -1), (2 - t, -1)):
        if len(found) in (1, 2):
            weight, slope = ((a + 2) * x - (a + 3)) * x * x + 1, (3 * (a + 2) * x - 2 * (a + 3)) * x
        else:
            weight, slope = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a, (3 * a * x - 10 * a) * x + 8 * a
        found.append((weight, slope * sign))
    return found


def _taps(coordinate: Array, size: int, mode: int, padding: int, align_corners: bool) -> list[tuple[Array, Array, Any, Any]]:
    """Along one dimension, the pixels that a coordinate stands for: number, whether there is such a pixel, weight and slope."""
    factor = (size - 1) / 2 if align_corners else size / 2
    place = (coordinate + 1) * factor if align_corners else ((coordinate + 1) * size - 1) / 2
    if mode == BICUBIC:
        low = np.floor(place)
        numbers = [_padded(low + k, size, padding, align_corners)[0] for k in (-1, 0, 1, 2)]
        found = [(n, w, slope * factor) for n, (w, slope) in zip(numbers, _cubic(place - low))]
    else:
        place, slope = _padded(place, size, padding, align_corners)
        slope = slope * factor
        if mode == NEAREST:
            found = [(_rounded(place), None, None)]
        else:
            low = np.floor(place)
            t = place - low
            found = [(low, 1 - t, -slope), (low + 1, t, slope)]
    taps = []
    for number, weight, slope in found:
        there = (number >= 0) & (number <= size - 1)  # also where it is not a number: it is in no image
        taps.append((np.where(there, number, 0).astype(np.int64), there, weight, slope))
    return taps


def _combinations(grid: Array, space: tuple[int, ...], *options: Any) -> Any:
    """Of all pixels around the points (N, P, d): their place among all pixels of all images (N, P), whether they are there,
    their weight (None for 1), and its derivatives by the coordinates (functions, to be called where they are wanted)."""
    n = grid.shape[0]
    d = len(space)
    each = [_taps(grid[..., d - 1 - k], space[k], *options) for k in range(d)]
    start = np.arange(n)[:, None] * prod(space)
    for taps in product(*each):
        index, there = 0, True
        for (number, exists, _, _), size in zip(taps, space):
            index, there = index * size + number, exists & there
        weights = [weight for _, _, weight, _ in taps]

        def derivatives(taps: Any = taps, weights: Any = weights) -> list[Array]:
            return [_product([*weights[:k], taps[k][3], *weights[k + 1 :]]) for k in reversed(range(d))]

        yield index + start, there[..., None], _product(weights), derivatives


def _product(factors: list[Any]) -> Any:
    found = factors[0]
    for factor in factors[1:]:
        found = found if factor is None else found * factor
    return found if found is None else found[..., None]


def _pixels(images: Array) -> Array:
    """(N, C, *space) with a row for each pixel: (N * S, C)."""
    n, c = images.shape[:2]
    each = prod(images.shape[2:])
    return np.swapaxes(images.reshape(n, c, each), 1, 2).reshape(n * each, c)


def _as_images(rows: Array, n: int, space: tuple[int, ...]) -> Array:
    """Pixels (N, S, C) as images (N, C, *space)."""
    c = rows.shape[-1]
    return np.swapaxes(rows.reshape(n, prod(space), c), 1, 2).reshape(n, c, *space)


@in_float32
def _grid_sampler(input: Array, grid: Array, interpolation_mode, padding_mode, align_corners):
    _check_sizes(input.shape, grid.shape)
    n, space = grid.shape[0], grid.shape[1:-1]
    points = grid.reshape(n, prod(space), len(space))
    options = interpolation_mode, padding_mode, align_corners
    for place, (name, mode) in enumerate((("interpolation_mode", interpolation_mode), ("padding_mode", padding_mode)), 3):
        if not isinstance(mode, int):
            raise TypeError(
                f"grid_sampler_{len(space)}d(): argument '{name}' (position {place}) must be int, not {kind_of(mode)}"
            )
    if type(input) is type(grid) is np.ndarray and grid.size >= _WORTH_A_KERNEL and input.size:
        found = _sampled_by_kernel(input, points, *options)
        if found is not NotImplemented:
            return found.reshape(*input.shape[:2], *space)
    if n == 1 and type(input) is type(grid) is np.ndarray and input.size and grid.size:
        return _of_one_image(input, points, space, options)
    rows = _pixels(input)
    result = 0
    for index, there, weight, _ in _combinations(points, input.shape[2:], *options):
        values = np.where(there, index_at(rows, [index], (0,)), rows.dtype.type(0))
        if weight is not None and len(space) > 2:  # in two dimensions a coordinate that is no number gives none, as in PyTorch
            weight = np.where(there, weight, rows.dtype.type(0))
        result = result + (values if weight is None else values * weight)
    return _as_images(result, n, space)


def _of_one_image(input: np.ndarray, points: np.ndarray, space: tuple[int, ...], options: tuple[Any, ...]) -> np.ndarray:
    """The same sum, channel by channel, where all channels have the pixels at the same places."""
    channels = input.reshape(input.shape[1], -1)
    result = None
    for index, there, weight, _ in _combinations(points, input.shape[2:], *options):
        values = channels.take(index[0], 1)
        outside = ~there[0, :, 0]
        if outside.any():
            np.copyto(values, 0, where=outside)
        if weight is not None:
            values *= np.where(outside, 0, weight[0, :, 0]) if len(space) > 2 else weight[0, :, 0]
        result = values if result is None else np.add(result, values, out=result)
    return result.reshape(1, -1, *space)  # type: ignore[union-attr]


def _steps_of_one(points: Array) -> Array:
    """The weight of the nearest pixel: one, as a step function of the coordinates, so that a gradient that is differentiated
    once more has zeros for the grid, as in PyTorch."""
    x = points[..., :1]
    return np.floor(np.where(np.isfinite(x), x, x.dtype.type(0))) * 0 + 1


@in_float32
def _gradients(g, input, grid, needed, interpolation_mode, padding_mode, align_corners):
    if type(g) is type(input) is type(grid) is np.ndarray and grid.size >= _WORTH_A_KERNEL and input.size:
        found = _gradients_by_kernel(g, input, grid, needed, interpolation_mode, padding_mode, align_corners)
        if found is not None:
            return found
    n, space = input.shape[0], input.shape[2:]
    arrived = _pixels(g).reshape(n, prod(g.shape[2:]), g.shape[1])
    rows = _pixels(input)
    nothing = g.dtype.type(0)
    points = grid.reshape(n, prod(grid.shape[1:-1]), len(space))
    g_input = g_grid = 0
    for index, there, weight, derivatives in _combinations(points, space, interpolation_mode, padding_mode, align_corners):
        if needed[0]:
            share = np.where(there, arrived * (_steps_of_one(points) if weight is None else weight), nothing)
            g_input = g_input + add_at(share.reshape(index.size, share.shape[-1]), index.reshape(-1), rows.shape[0])
        if needed[1] and weight is not None:
            along = total(np.where(there, index_at(rows, [index], (0,)) * arrived, nothing), 2, True)
            g_grid = g_grid + np.concatenate([along * by for by in derivatives()], 2)
    if needed[1]:
        g_grid = np.zeros_like(grid) if interpolation_mode == NEAREST else g_grid.reshape(grid.shape)
    return _as_images(g_input, n, space) if needed[0] else None, g_grid if needed[1] else None


def _gradients_by_kernel(
    g: np.ndarray, input: np.ndarray, grid: np.ndarray, needed: Any, mode: int, *options: Any
) -> tuple[Any, Any] | None:
    """The same of large arrays; None where there is no kernel."""
    points = grid.reshape(len(grid), -1, grid.shape[-1])
    g = g.reshape(*g.shape[:2], -1)
    g_input = _image_gradient_by_kernel(g, input, points, mode, *options) if needed[0] else None
    if not needed[1]:
        g_grid = None
    elif mode == NEAREST:
        g_grid = np.zeros_like(grid)
    else:
        g_grid = _point_gradient_by_kernel(g, input, points, mode, *options)
    if g_input is NotImplemented or g_grid is NotImplemented:
        return None
    return g_input, None if g_grid is None else g_grid.reshape(grid.shape)


def _row(d: int) -> Any:
    return op(
        f"grid_sampler_{d}d", _grid_sampler, lies=IN_ORDER, where="torch", fused=False, node=f"GridSampler{d}DBackward0", joint="input grid",
        gradients={"input grid": _gradients},
        reads={"input": "g times the weights, added up at the pixels", "grid": "sum(g * pixels * derivatives of their weights)"},
        doc=f"The values of images in {d} dimensions at the points of a grid: see :func:`adjoint.nn.functional.grid_sample`; the modes "
        "are numbers here.",
    )  # fmt: skip


_ROWS = {2: _row(2), 3: _row(3)}


def _check(input: Tensor, grid: Tensor, mode: int) -> None:
    """Raise PyTorch's error for what cannot be sampled."""
    if input.device != grid.device:
        raise RuntimeError(
            "grid_sampler(): expected input and grid to be on same device, but input is on "
            f"{input.device} and grid is on {grid.device}"
        )
    _check_sizes(input._array.shape, grid._array.shape)
    if input.ndim == 5 and mode == BICUBIC:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input._array.dtype != grid._array.dtype:
        raise RuntimeError(f"expected scalar type {type_name(input._array)} but found {type_name(grid._array)}")
    if input._array.dtype.kind not in "fV":
        unsupported("grid_sampler_2d_cpu_kernel_impl" if input.ndim == 4 else "grid_sampler3d_cpu", input._array)


def _check_sizes(shape: tuple[int, ...], points: tuple[int, ...]) -> None:
    n = len(shape)
    if (n == 4 or n == 5) and len(points) == n and points[-1] == n - 2 and shape[0] == points[0] and 0 not in shape[2:]:
        return
    shown = f"{list(shape)}", f"{list(points)}"
    if len(shape) == 0 or len(points) == 0 or shape[0] != points[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {shown[0]} and grid "
            f"with sizes {shown[1]}"
        )
    if points[-1] != len(shape) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(shape) - 2} in last dimension, but got grid with sizes {shown[1]}"
        )
    for i in range(2, len(shape)):
        if shape[i] <= 0:
            raise RuntimeError(
                f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {shown[0]} with "
                f"dimension {i} being empty"
            )
    if len(shape) not in (4, 5) or len(shape) != len(points):
        wanted = f"{len(shape)}D" if len(shape) in (4, 5) else "4D or 5D"
        raise RuntimeError(
            f"grid_sampler(): expected {wanted} input and grid with same number of dimensions, but got input with sizes {shown[0]}"
            f" and grid with sizes {shown[1]}"
        )


@composite(where="torch")
def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """As :func:`adjoint.nn.functional.grid_sample`, with numbers for the modes."""
    _check(input, grid, interpolation_mode)
    row = _ROWS[input.ndim - 2]
    return row.function(input, grid, interpolation_mode, padding_mode, bool(align_corners))


_MODES = {"bilinear": BILINEAR, "nearest": NEAREST, "bicubic": BICUBIC}
_PADDINGS = {"zeros": ZEROS, "border": BORDER, "reflection": REFLECTION}


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.",
            stacklevel=users_level(),
        )
    elif not isinstance(align_corners, bool | np.bool_):
        raise TypeError(f"grid_sampler(): argument 'align_corners' (position 5) must be bool, not {kind_of(align_corners)}")
    return bool(align_corners)


@composite(where="nn.functional")
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The values of images (N, C, H, W) at the points (N, H', W', 2) of a grid: (N, C, H', W'); or the same with a depth,
    where a point is of three numbers.

    A point is (x, y) or (x, y, z), each from -1 to 1: with ``align_corners`` from the middle of the first pixel to that of
    the last, otherwise from edge to edge.  ``mode`` is "bilinear", "nearest" or, without a depth, "bicubic".  What is outside of the image
    is, by ``padding_mode``, "zeros", its "border", or its "reflection".  Both inputs have gradients, of any order.

    >>> import adjoint as torch
    >>> image = torch.tensor([[[[1., 2.], [3., 4.]]]])
    >>> torch.nn.functional.grid_sample(image, torch.tensor([[[[0., -1.], [0., 0.]]]]), align_corners=True)
    tensor([[[[1.5000, 2.5000]]]])
    """
    if mode not in tuple(_MODES):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in tuple(_PADDINGS):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    return grid_sampler(input, grid, _MODES[mode], _PADDINGS[padding_mode], _aligned(align_corners))


def _points(space: tuple[int, ...], dtype: Any, align_corners: bool) -> Any:
    """The middles of the pixels of an image, x first, and a one behind them: (S, d + 1)."""
    d = len(space)
    found = np.ones((*space, d + 1), dtype)
    for k, n in enumerate(space):
        line = np.zeros(n, dtype)
        if n > 1:
            line = lookup("torch", "linspace")(-1, 1, n, dtype=OF_ARRAY[line.dtype])._array
        if not align_corners:
            line = line * line.dtype.type((n - 1) / n)
        found[..., d - 1 - k] = line.reshape([-1 if j == k else 1 for j in range(d)])
    return found.reshape(-1, d + 1)


@in_float32
def _affine_grid_generator(theta: Array, size, align_corners):
    n, _, *space = size
    points = _points(tuple(space), theta.dtype, align_corners)
    return np.matmul(points, np.swapaxes(theta, 1, 2)).reshape(n, *space, len(space))


@in_float32
def _affine_gradient(g, theta_shape, size, align_corners):
    n, _, *space = size
    points = _points(tuple(space), g.dtype, align_corners)
    return np.matmul(np.swapaxes(g.reshape(n, len(points), len(space)), 1, 2), points)


affine_grid_generator = op(
    "affine_grid_generator", _affine_grid_generator, where="torch", fused=False, tangent="linear",
    theta=_affine_gradient, reads={"theta": "g.T @ points"},
    doc="As :func:`adjoint.nn.functional.affine_grid`.",
)  # fmt: skip


@composite(where="nn.functional")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The points, for :func:`grid_sample`, to which affine maps ``theta`` (N, 2, 3) take those of images of ``size`` (N, C, H, W):
    (N, H, W, 2); or the same of maps (N, 3, 4) and images with a depth.

    Raises ValueError where they do not fit each other.

    >>> import adjoint as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    aligned = _aligned(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    d = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[-2:]) != (d, d + 1):
        raise ValueError(
            f"Expected a batch of {d}D affine matrices of shape Nx{d}x{d + 1} for size {size}. Got {theta.shape}."
        )
    if aligned and min(size[-d:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not "
            "an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=users_level(),
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator.function(theta, [int(s) for s in size], aligned)
