"""Resizing images: per dimension, each output element is a weighted sum of a few input elements."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER, as_images
from adjoint.declare.kernel_dtypes import FLOATING, FLOATING_OR_BYTE, WIDE, Kernel
from adjoint.declare.namespaces import lookup
from adjoint.declare.signatures import combination
from adjoint.layouts import has_channels_last
from adjoint.ops.arrays import Array
from adjoint.ops.weighing import Weights, from_taps, weighed_by_kernel, weighted
from adjoint.ops.widening import in_float32
from adjoint.places import users_level
from adjoint.tensor import Tensor

# mode, n, out, scale, align_corners, antialias -> what gives one dimension
Axis = tuple[str, int, int, float, bool, bool]


@lru_cache(maxsize=512)
def weights_of(axis: Axis) -> Weights:
    """How the elements of one dimension are summed; places and weights are 32-bit floats, as PyTorch has them, but of doubles."""
    mode, n, out, scale, align_corners, antialias = axis
    i = np.arange(out, dtype=np.float64)
    if mode.startswith("nearest"):
        start = 0.5 if "exact" in mode else 0.0
        source = (i + start) * (scale if mode.endswith("in double") else np.float32(scale))
        found = np.floor((source - start + start).astype(np.float32)).astype(np.int64)
        return from_taps(n, np.minimum(found, n - 1)[:, None], None)
    real: Any = np.float64 if mode.endswith("in double") else np.float32
    mode, scale = mode.removesuffix(" in double"), real(scale)
    if antialias:
        return _antialiased(mode, n, out, real, scale)
    # A product and a sum that are rounded once.
    source = (i * scale if align_corners else (i + 0.5) * np.float64(scale) - 0.5).astype(real)
    if mode == "cubic":
        low = np.floor(source)
        t = source - low
        a = -0.75
        weights = np.stack([_cubic(t + 1, a), _cubic(t, a), _cubic(1 - t, a), _cubic(2 - t, a)], 1)
        return from_taps(n, np.clip(low.astype(np.int64)[:, None] + np.arange(-1, 3), 0, n - 1), weights)
    source = np.maximum(source, 0)
    low = np.minimum(np.floor(source).astype(np.int64), n - 1)
    t = np.clip(source - low, 0, 1)
    following = low if out == n else np.minimum(low + 1, n - 1)  # of as many, each is its own: what follows is not looked at
    return from_taps(n, np.stack([low, following], 1), np.stack([1 - t, t], 1))


def _cubic(x: Any, a: float) -> Any:
    """Keys' cubic convolution kernel."""
    x = np.abs(x)
    near = _fused(_fused(a + 2, x, -(a + 3)) * x, x, 1)
    far = _fused(_fused(_fused(a, x, -5 * a), x, 8 * a), x, -4 * a)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _fused(x: Any, y: Any, z: Any) -> Any:
    """``x * y + z`` of 32-bit floats, rounded once."""
    real = y.dtype
    return (np.multiply(x, y, dtype=np.float64) + z).astype(real)


def _antialiased(mode: str, n: int, out: int, real: Any, scale: Any) -> Weights:
    """The kernel stretched over all the input that one output element covers."""
    radius, kernel = _KERNELS[mode]
    stretch = max(scale, real(1))
    support, half = radius * stretch, real(0.5)
    width = math.ceil(support) * 2 + 1
    center = scale * (np.arange(out).astype(real) + half)
    start = np.maximum((center - support + half).astype(np.int64), 0)  # towards zero
    counts = np.minimum((center + support + half).astype(np.int64), n) - start
    indices = start[:, None] + np.arange(width)
    inside = np.arange(width) < counts[:, None]
    w = kernel((indices.astype(real) - center[:, None] + half) * (real(1) / stretch)).astype(real)
    w = np.where(inside, w, real(0))
    return from_taps(n, indices, w / np.add.accumulate(w, 1)[:, -1:], counts)


def _lanczos(x: Any) -> Any:
    """Lanczos' kernel: a sinc, windowed by another that is three times as wide."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


# How wide kernels are, and what they are.
_KERNELS: dict[str, tuple[float, Any]] = {
    "linear": (1.0, lambda x: np.maximum(1 - np.abs(x), 0)),
    "cubic": (2.0, lambda x: _cubic(x, -0.5)),
    "lanczos": (3.0, _lanczos),
}


@lru_cache(maxsize=512)
def _whole_weights_of(axis: Axis) -> tuple[Weights, Any]:
    """The weights of bytes, which are 16-bit integers over a power of two, as many bits as there is room for, and a dtype of floats
    that holds their sums exactly.

    Pillow's way of resizing, which PyTorch has from there.
    """
    along = weights_of(axis)
    if along.weight is None:
        return along, np.uint8
    to, of, weights = along.to, along.of, along.weight.astype(np.float64)
    if not ((of[1:] > of[:-1]) | (to[1:] != to[:-1])).all():  # some element may have several weights in a sum
        places, which = np.unique(to * along.size + of, return_inverse=True)
        weights = np.bincount(which, weights)
        to, of = np.divmod(places, along.size)
    largest = float(weights.max())
    bits = next((n for n in range(22) if int(0.5 + largest * 2 ** (n + 1)) >= 2**15), 22)
    whole = np.trunc(weights * 2.0**bits + np.copysign(0.5, weights))
    dtype = np.float32 if 255 * np.bincount(to, np.abs(whole)).max() < 2**24 else np.float64
    return Weights(along.size, along.out, to, of, whole / 2.0**bits, bits), dtype


def _resized_bytes(self: Array, axes: tuple[Axis, ...]) -> Array:
    """Along one dimension after the other, from the last on: sums are rounded to bytes each time."""
    found = weighed_by_kernel(self, _whole_weights_along(axes))
    if found is not NotImplemented:
        return found
    for axis in range(len(axes) - 1, -1, -1):
        if axes[axis][1:4] == (self.shape[axis - len(axes)], self.shape[axis - len(axes)], 1.0):
            continue  # as long as it was
        weights, dtype = _whole_weights_of(axes[axis])
        others = tuple(_as_they_are(n) for n in self.shape[self.ndim - len(axes) + axis + 1 :])
        mixed = weighted(self.astype(dtype, copy=False), (weights, *others))
        if dtype is not np.uint8:
            mixed += dtype(0.5)
            if axes[axis][0].startswith(("cubic", "lanczos")):  # which overshoot
                mixed = np.clip(mixed, 0, 255)
            mixed = mixed.astype(np.uint8)
        self = mixed
    return self


@lru_cache(maxsize=512)
def _as_they_are(n: int) -> Weights:
    return from_taps(n, np.arange(n)[:, None], None)


@in_float32
def _upsample(self: Array, axes):
    if self.dtype == np.uint8:
        return _resized_bytes(self, axes)
    return weighted(self, _weights_along(axes))  # from the last dimension on: PyTorch rounds in this order


@lru_cache(maxsize=512)
def _weights_along(axes: tuple[Axis, ...]) -> tuple[Weights, ...]:
    return tuple([weights_of(axis) for axis in axes])


@lru_cache(maxsize=512)
def _weights_back(axes: tuple[Axis, ...]) -> tuple[Weights, ...]:
    """Of the gradient."""
    return tuple([weights_of(axis).transposed for axis in axes])


@lru_cache(maxsize=512)
def _whole_weights_along(axes: tuple[Axis, ...]) -> tuple[Weights, ...]:
    return tuple([_whole_weights_of(axis)[0] for axis in axes])


def _kernel(node: str) -> Kernel:
    if node.endswith("Aa"):
        return Kernel("compute_index_ranges_weights", WIDE | {np.dtype(np.uint8)})
    if node in ("Nearest2D", "NearestExact2D", "Bilinear2D"):
        name = f"upsample_{node.removesuffix('2D').removesuffix('Exact').lower()}2d_channels_last"
    else:
        name = f"compute_indices_weights_{'nearest' if 'Nearest' in node else 'cubic' if 'Bicubic' in node else 'linear'}"
    return Kernel(name, FLOATING if node in ("Linear1D", "Trilinear3D") else FLOATING_OR_BYTE)


def _row(node: str) -> Any:
    return op(
        "upsample_" + node, _upsample, kernel=_kernel(node), lies=as_images() if "1D" not in node else IN_ORDER, where="", node=f"Upsample{node}Backward0", tangent="linear",
        self=in_float32(lambda g, axes: weighted(g, _weights_back(axes))),
        reads={"self": "g, with the interpolation's weights transposed"},
    )  # fmt: skip


_ROWS = {
    node: _row(node)
    for node in (
        "Nearest1D", "Nearest2D", "Nearest3D", "NearestExact1D", "NearestExact2D", "NearestExact3D", "Linear1D",
        "Bilinear2D", "Trilinear3D", "Bicubic2D", "Bilinear2DAa", "Bicubic2DAa", "Lanczos2DAa",
    )
}  # fmt: skip

_MODES = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
_NODES = {
    "linear": "Linear1D", "bilinear": "Bilinear2D", "trilinear": "Trilinear3D", "bicubic": "Bicubic2D", "lanczos": "Lanczos2D",
}  # fmt: skip
# What a mode weighs by along each dimension.
_KINDS = {"bicubic": "cubic", "lanczos": "lanczos"}


def _target(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[tuple[int, ...], list[float | None]]:
    """The output size, and the scale to sample with where it is not given by the sizes."""
    space = tuple(input.shape[2:])
    n = len(space)
    for given in (size, scale_factor):
        if isinstance(given, Tensor) and given.ndim:
            raise combination("interpolate", {"input": input, "size": size, "scale_factor": scale_factor}, {"size": None, "scale_factor": None})
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)):
            if len(size) != n:
                raise ValueError(
                    f"Input and output must have the same number of spatial dimensions, but got input with spatial "
                    f"dimensions of {list(space)} and output size of {size}. Please provide input tensor in (N, C, d1, "
                    "d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
                )
            if any(isinstance(s, float) or (isinstance(s, Tensor) and s.is_floating_point()) for s in size):
                raise TypeError(
                    "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with "
                    f"types {[type(s) for s in size]}"
                )
            out = tuple(int(s) for s in size)
        else:
            if isinstance(size, (float, bool)):
                raise combination("interpolate", {"input": input, "size": size, "scale_factor": scale_factor}, {"size": None, "scale_factor": None})
            out = (int(size),) * n
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return out, [None] * n
    if isinstance(scale_factor, (list, tuple)):
        if len(scale_factor) != n:
            raise ValueError(
                f"Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(space)} and scale_factor of shape {scale_factor}. Please provide input tensor in "
                "(N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
            )
        factors = [float(s) for s in scale_factor]
    else:
        factors = [float(scale_factor)] * n
    if not all(abs(m * f) < 2**63 for m, f in zip(space, factors)):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    out = tuple(math.floor(m * f) for m, f in zip(space, factors))
    return out, [None] * n if recompute else list(factors)


@composite(where="nn.functional")
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize (N, C, *space) to ``size`` or by ``scale_factor``.

    ``mode`` is "nearest", "nearest-exact", "area", or "linear" (3D input), "bilinear", "bicubic" (4D), "trilinear"
    (5D), or "lanczos" (4D, with ``antialias``).  Raises ValueError where the sizes do not fit the dimensions.

    >>> import adjoint as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    array = input._array
    key: Any = None
    if array.__class__ is np.ndarray and _is_of(int, size) and _is_of(float, scale_factor):
        size_key, factor_key = (tuple(s) if s.__class__ is list else s for s in (size, scale_factor))
        key = (
            array.shape, array.dtype, array.flags.c_contiguous or array.strides, size_key, factor_key, mode, align_corners,
            recompute_scale_factor, antialias,
        )  # fmt: skip
        found = _resolved.get(key)
        if found is not None:
            return found[0].function(input, found[1])
    row, argument = _resolve(input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    if key is not None:
        if len(_resolved) >= _MOST_RESOLVED:
            _resolved.clear()
        _resolved[key] = row, argument
    return row.function(input, argument)


_resolved: dict[Any, tuple[Any, Any]] = {}  # which row computes a call of interpolate, and its argument
_MOST_RESOLVED = 1024


def _is_of(kind: type, given: Any) -> bool:
    """Whether this is a number of exactly that type, a list or tuple of such, or None."""
    if given is None or given.__class__ is kind:
        return True
    return given.__class__ in (list, tuple) and all([g.__class__ is kind for g in given])


def _resolve(
    input: Tensor, size: Any, scale_factor: Any, mode: str, align_corners: bool | None, recompute: bool | None, antialias: bool
) -> tuple[Any, Any]:
    """The row that resizes, and its argument; PyTorch's errors for what cannot be."""
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False
    out, factors = _target(input, size, scale_factor, recompute)
    n = input.ndim - 2
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    known = (*_MODES, "nearest", "nearest-exact", "area")
    if n not in (1, 2, 3) or mode not in known:
        raise NotImplementedError(_only(input, mode))
    if mode == "area":
        return _Call(lookup("nn.functional", f"adaptive_avg_pool{n}d")), out
    if mode in _KINDS and n != 2:
        raise NotImplementedError(_only(input, mode))
    if mode in _MODES and _MODES[mode] != n:
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {_MODES[mode] + 2}D input")
    if any(o <= 0 for o in out) or 0 in input.shape[2:]:
        raise RuntimeError(
            "Input and output sizes should be greater than 0, but got "
            f"input ({_sides(input.shape[2:])}) {'and ' if n == 1 else ''}output ({_sides(out)})"
        )
    if not input.shape[1]:
        raise RuntimeError(f"Non-empty {n + 2}D data tensor expected but got a tensor with sizes {list(input.shape)}")
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")
    if mode == "lanczos" and align_corners:
        raise ValueError("Lanczos mode does not support align_corners=True")
    kind = _KINDS.get(mode) or (mode if mode.startswith("nearest") else "linear")
    if kind.startswith("nearest"):  # PyTorch has a kernel of its own for small images
        small = n == 2 and (sum(out) <= 128 or (input.shape[1] > 3 and has_channels_last(input._array)))
        as_they_are = (1, 2) if small and mode == "nearest" else ()
        if not small and input.dtype is dtypes.float64:
            kind += " in double"
    else:
        as_they_are = () if antialias or kind != "linear" else (1,)
        if input.dtype in (dtypes.float64, dtypes.uint8):
            kind += " in double"
    axes = []
    for size_in, size_out, factor in zip(input.shape[2:], out, factors):
        if size_out / size_in in as_they_are:  # which are what they are whatever the scale was that led to them
            scale = size_in / size_out
        elif align_corners:
            scale = (size_in - 1) / (size_out - 1) if size_out > 1 else 0.0
        else:
            scale = 1 / factor if factor is not None and factor > 0 else size_in / size_out
        axes.append((kind, size_in, size_out, scale, bool(align_corners), antialias))
    node = _NODES.get(mode) or f"{'NearestExact' if mode == 'nearest-exact' else 'Nearest'}{n}D"
    return _ROWS[node + ("Aa" if antialias else "")], tuple(axes)


class _Call(NamedTuple):
    """A function in the place of a row."""

    function: Any


def _only(input: Tensor, mode: str) -> str:
    return (
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | linear "
        f"| bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _sides(sizes: Any) -> str:
    return ", ".join(f"{side}: {size}" for side, size in zip("DHW"[-len(sizes) :], sizes))


def _deprecated(name: str, **fixed: Any) -> None:
    def resize(
        input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
    ) -> Tensor:
        warnings.warn(
            f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=users_level()
        )
        return interpolate(input, size, scale_factor, **{"mode": mode, "align_corners": align_corners, **fixed})

    resize.__name__ = name
    resize.__doc__ = "A deprecated name of :func:`interpolate`."
    composite(resize, where="nn.functional")


_deprecated("upsample")
_deprecated("upsample_nearest", mode="nearest")
_deprecated("upsample_bilinear", mode="bilinear", align_corners=True)
