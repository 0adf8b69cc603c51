"""Images of other sizes, and images looked at through a grid."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator
from adjoint.tensor import Tensor

# Where in an axis of n numbers a place x of m lies; s is the scale, r where the region begins and ends (in parts of the axis)
_COORDINATES: dict[str, Callable[..., Any]] = {
    "half_pixel": lambda x, n, m, s, r: (x + 0.5) / s - 0.5,
    "pytorch_half_pixel": lambda x, n, m, s, r: (x + 0.5) / s - 0.5 if m > 1 else 0 * x,
    "align_corners": lambda x, n, m, s, r: x * (n - 1) / (m - 1) if m > 1 else 0 * x,
    "asymmetric": lambda x, n, m, s, r: x / s,
    "half_pixel_symmetric": lambda x, n, m, s, r: n / 2 * (1 - m / (n * s)) + (x + 0.5) / s - 0.5,
    "tf_half_pixel_for_nn": lambda x, n, m, s, r: (x + 0.5) / s,
    "tf_crop_and_resize": lambda x, n, m, s, r: (
        r[0] * (n - 1) + x * (r[1] - r[0]) * (n - 1) / (m - 1) if m > 1 else 0.5 * (r[0] + r[1]) * (n - 1) + 0 * x
    ),
}
_NEAREST: dict[str, Callable[[Any], Any]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
    "simple": np.floor,  # in version 10: the one behind where an axis becomes shorter, the one before where it does not
}


def _cubic(x: Any, a: float) -> Any:
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


@lru_cache(256)
def _weights(
    n: int, m: int, scale: float, mode: str, coordinates: str, nearest: str, cubic: float, exclude: bool, antialias: bool,
    region: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray | None]:  # fmt: skip
    """What of each of n numbers goes into each of m, as a matrix; and which of the m lie outside."""
    place = np.asarray(_COORDINATES[coordinates](np.arange(m, dtype=np.float64), n, m, scale, region), np.float64)
    outside = (place < 0) | (place > n - 1) if coordinates == "tf_crop_and_resize" else None
    matrix = np.zeros((m, n))
    rows = np.arange(m)
    if mode == "nearest":
        rounded = _NEAREST["ceil" if nearest == "simple" and scale < 1 else nearest](place)
        matrix[rows, np.clip(rounded, 0, n - 1).astype(int)] = 1
        return matrix, outside
    wide = 1 / scale if antialias and scale < 1 else 1.0
    reach = int(np.ceil((1 if mode == "linear" else 2) * wide))
    base = np.floor(place).astype(int)
    taps = base[:, None] + np.arange(-reach + 1, reach + 1)
    distance = (taps - place[:, None]) / wide
    if mode == "linear":
        weights = np.maximum(1 - np.abs(distance), 0)
    else:
        weights = _cubic(distance, cubic)
    if exclude:
        weights = np.where((taps >= 0) & (taps < n), weights, 0)
    if exclude or antialias:
        weights = weights / weights.sum(1, keepdims=True)
    np.add.at(matrix, (rows[:, None], np.clip(taps, 0, n - 1)), weights)
    return matrix, outside


def _by_pytorch(x: Tensor, sizes: list[int], scales: list[float], how: dict[str, Any]) -> Tensor | None:
    """What ``interpolate`` computes, where it computes the same."""
    rank = x.dim() - 2
    exact = all(round(n * s) == m and abs(n * s - m) < 1e-3 for n, m, s in zip(x.shape, sizes, scales))
    if (
        not 1 <= rank <= 3
        or list(x.shape[:2]) != sizes[:2]
        or not exact
        or how["antialias"]
        or not x.dtype.is_floating_point
    ):
        return None
    size = sizes[2:]
    if how["mode"] == "nearest":
        if (
            how["coordinates"] == "asymmetric"
            and how["nearest"] in ("floor", "simple")
            and all(s == int(s) for s in scales)
        ):
            return functional.interpolate(x, size, mode="nearest")
        return None
    corners = how["coordinates"] == "align_corners"
    if (
        not corners
        and how["coordinates"] != "half_pixel"
        and not (how["coordinates"] == "pytorch_half_pixel" and min(size) > 1)
    ):
        return None
    if how["mode"] == "linear":
        return functional.interpolate(
            x, size, mode=("linear", "bilinear", "trilinear")[rank - 1], align_corners=corners
        )
    if rank == 2 and how["cubic"] == -0.75 and not how["exclude"]:
        return functional.interpolate(x, size, mode="bicubic", align_corners=corners)
    return None


def _resized(
    x: Tensor, sizes: list[int], scales: list[float], regions: Any, how: dict[str, Any], outside_value: float
) -> Tensor:
    found = _by_pytorch(x, sizes, scales, how)
    if found is not None:
        return found
    kind = x.dtype
    outside = adjoint.zeros(sizes, dtype=adjoint.bool)
    for dim, (m, scale) in enumerate(zip(sizes, scales)):
        n = x.shape[dim]
        if n == m and scale == 1 and how["coordinates"] != "tf_crop_and_resize":
            continue
        matrix, beyond = _weights(
            n, m, float(scale), how["mode"], how["coordinates"], how["nearest"], how["cubic"], how["exclude"], how["antialias"],
            (0.0, 1.0) if regions is None else (float(regions[dim]), float(regions[dim + x.dim()])),
        )  # fmt: skip
        if how["mode"] == "nearest":
            x = x.index_select(dim, adjoint.as_tensor(matrix.argmax(1)))
        else:
            work = x if x.dtype.is_floating_point else x.to(adjoint.float32)
            weight = adjoint.as_tensor(matrix).to(work.dtype)
            x = adjoint.matmul(weight, work.movedim(dim, -1).unsqueeze(-1)).squeeze(-1).movedim(-1, dim)
        if beyond is not None and beyond.any():
            outside = outside | adjoint.as_tensor(beyond).reshape([-1 if d == dim else 1 for d in range(x.dim())])
    if how["coordinates"] == "tf_crop_and_resize":
        x = adjoint.where(outside, outside_value, x)
    if x.dtype is not kind:
        x = x if kind.is_floating_point else adjoint.round(x).clamp(adjoint.iinfo(kind).min, adjoint.iinfo(kind).max)
        x = x.to(kind)
    return x


def _resizer(how: dict[str, Any], axes: Any, policy: str, extrapolation: float) -> Callable[..., Any]:
    def prepare(regions: Any, scales: Any, sizes: Any) -> Callable[[Tensor], Tensor]:
        factors = [] if scales is None else scales.tolist()
        wanted = None if sizes is None or sizes.size == 0 else sizes.tolist()
        parts = None if regions is None or regions.size == 0 else regions.tolist()

        def run(x: Tensor) -> Tensor:
            rank = x.dim()
            dims = [*range(rank)] if axes is None else [a % rank for a in axes]
            size, scale = [*x.shape], [1.0] * rank
            region = None if parts is None else [0.0] * rank + [1.0] * rank
            if region is not None and parts is not None:
                for k, dim in enumerate(dims):
                    region[dim], region[dim + rank] = parts[k], parts[k + len(dims)]
            if wanted is not None:
                ratios = [m / x.shape[dim] for dim, m in zip(dims, wanted)]
                if policy != "stretch":
                    one = min(ratios) if policy == "not_larger" else max(ratios)
                    for dim in dims:
                        size[dim], scale[dim] = int(np.floor(one * x.shape[dim] + 0.5)), one
                else:
                    for dim, m, ratio in zip(dims, wanted, ratios):
                        size[dim], scale[dim] = m, ratio
            else:
                for k, dim in enumerate(dims):
                    scale[dim] = factors[k]
                    part = (
                        1.0
                        if region is None or how["coordinates"] != "tf_crop_and_resize"
                        else region[dim + rank] - region[dim]
                    )
                    size[dim] = int(np.floor(x.shape[dim] * part * factors[k]))
            return _resized(x, size, scale, region, how, extrapolation)

        return run

    return prepare


def _how(
    mode: str, coordinates: str, nearest: str, cubic: float = -0.75, exclude: int = 0, antialias: int = 0
) -> dict[str, Any]:
    return {
        "mode": mode, "coordinates": coordinates, "nearest": nearest, "cubic": cubic, "exclude": bool(exclude),
        "antialias": bool(antialias),
    }  # fmt: skip


@operator("Upsample", since=7)
def upsample_by_attribute(site: Any, scales: Any, mode: str = "nearest") -> Any:
    return _resizer(_how(mode, "asymmetric", "floor"), None, "stretch", 0.0)(None, np.array(scales), None)


@operator("Upsample", since=9, host=(1,))
@operator("Resize", since=10, host=(1,))
def upsample(site: Any, mode: str = "nearest") -> Any:
    prepare = _resizer(_how(mode, "asymmetric", "simple"), None, "stretch", 0.0)
    return lambda scales: prepare(None, scales, None)


@operator("Resize", since=11, host=(1, 2, 3))
def resize(
    site: Any, antialias: int = 0, axes: Any = None, coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75, exclude_outside: int = 0, extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest", nearest_mode: str = "round_prefer_floor",
) -> Any:  # fmt: skip
    if coordinate_transformation_mode not in _COORDINATES:
        raise ValueError(f"coordinate_transformation_mode={coordinate_transformation_mode!r} is not known")
    how = _how(mode, coordinate_transformation_mode, nearest_mode, cubic_coeff_a, exclude_outside, antialias)
    return _resizer(how, axes, keep_aspect_ratio_policy, extrapolation_value)


@operator("GridSample")
def grid_sample(site: Any, align_corners: int = 0, mode: str = "bilinear", padding_mode: str = "zeros") -> Any:
    how = {
        "bilinear": "bilinear",
        "linear": "bilinear",
        "nearest": "nearest",
        "bicubic": "bicubic",
        "cubic": "bicubic",
    }[mode]
    return lambda x, grid: functional.grid_sample(x, grid, how, padding_mode, bool(align_corners))


@operator("AffineGrid", host=(1,))
def affine_grid(site: Any, align_corners: int = 0) -> Any:
    def prepare(size: Any) -> Any:
        sizes = size.tolist()
        return lambda theta: functional.affine_grid(theta, sizes, bool(align_corners))

    return prepare
