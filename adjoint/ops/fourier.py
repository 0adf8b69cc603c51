"""Fourier transforms as rows: of complex numbers, of real ones to half of a spectrum, and from that back.

The other functions of ``torch.fft`` are made of these three (:mod:`.fourier_transforms`).  ``normalization`` says what the
sums are divided by: 0 nothing, 1 the root of how many numbers are transformed, 2 how many they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.declare.arranging import UNORDERED
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.slicing import slice_backward
from adjoint.ops.unsupported import type_name
from adjoint.readings.batched import BatchedArray, Level, rule

_PER_THREAD = 1 << 16  # numbers from which on a transform is worth another thread


def _workers(x: Any) -> int:
    from adjoint.threads import get_num_threads

    return 1 if x.size < 2 * _PER_THREAD else min(get_num_threads(), x.size // _PER_THREAD)


def _transformed(x: Any, dim: tuple[int, ...], normalization: int, kind: str, size: int | None = None) -> Any:
    """SciPy's transform along some dimensions, laid out as MKL leaves it: what is not transformed outermost, and of both
    parts what lay further out in the input.  The last dimension of one between real and complex numbers stays the last."""
    import scipy.fft

    if x.dtype.itemsize == 2:
        raise RuntimeError(f"MKL FFT doesn't support tensors of type: {type_name(x)}")
    further = lambda d: -abs(x.strides[d])
    across = [d for d in range(x.ndim) if d not in dim]
    between = kind == "irfft" or x.dtype.kind == "f"
    along = sorted(dim[:-1], key=further) + [dim[-1]] if between else sorted(dim, key=further)
    order = sorted(across, key=further) + along
    inverse = kind in ("ifft", "irfft")
    norm = (("forward" if inverse else "backward"), "ortho", ("backward" if inverse else "forward"))[normalization]
    lines = x.transpose(order)
    axes = tuple(range(len(across), x.ndim))
    options = {"norm": norm, "workers": _workers(x)}
    if not x.size:
        found = _of_nothing(lines, kind, size)
    elif size is not None:
        found = scipy.fft.irfft(lines, size, axes[-1], **options)
    elif kind == "fft" and x.dtype.kind == "f":
        found = _mirrored(scipy.fft.rfftn(lines, axes=axes, **options), lines.shape[-1], axes[:-1])
    else:
        found = getattr(scipy.fft, kind + "n")(lines, axes=axes, **options)
    return found.transpose(np.argsort(order))


def _mirrored(half: Any, size: int, others: tuple[int, ...]) -> Any:
    """A whole spectrum of ``size`` numbers along the last dimension, and the conjugates of the half's behind it."""
    back = half[..., (size - 1) // 2 : 0 : -1]
    for d in others:  # a frequency's negative lies as far from the end as it from the beginning
        back = np.roll(np.flip(back, d), 1, d)
    return np.concatenate([half, back.conj()], -1)


def _of_nothing(lines: Any, kind: str, size: int | None) -> Any:
    shape = list(lines.shape)
    if size is not None:
        return np.zeros((*shape[:-1], size), lines.real.dtype)
    if kind == "rfft":
        shape[-1] = shape[-1] // 2 + 1
    return np.zeros(shape, np.result_type(lines.dtype, np.complex64))


# Complex to complex


@array_function
def fourier(self: Array, dim, normalization, forth):
    """The transform of complex numbers, or its inverse."""
    if self.dtype.kind != "c":
        raise RuntimeError(f"Only supports complex dtypes, but found: {type_name(self)}")
    if not dim:
        return self.copy()
    return _transformed(self, _counted(dim, self.ndim), normalization, "fft" if forth else "ifft")


def _counted(dim: Any, ndim: int) -> tuple[int, ...]:
    from adjoint.ops.dims import wrap_dim

    return tuple(wrap_dim(d, ndim) for d in dim)


op(
    "_fft_c2c", fourier, where="torch", node="FftC2CBackward0", tangent="linear", lies=UNORDERED, fused=False,
    self=lambda g, dim, normalization, forth: fourier(g, dim, normalization, not forth),
    reads={"self": "the transform of g in the other direction"},
    doc="The Fourier transform of complex numbers along the dimensions ``dim``, or with ``forth=False`` its inverse.",
)  # fmt: skip


# Real to complex


@array_function
def half_spectrum(self: Array, dim, normalization, onesided):
    """The transform of real numbers: along the last of the dimensions its first half, or the whole."""
    if self.dtype.kind not in "fV":
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {type_name(self)}")
    return _transformed(self, _counted(dim, self.ndim), normalization, "rfft" if onesided else "fft")


def _half_spectrum_gradient(g, self_shape, dim, normalization, onesided):
    if onesided:
        last = dim[-1]
        shape = (*g.shape[:last], self_shape[last], *g.shape[last + 1 :]) if last >= 0 else self_shape
        g = slice_backward(g, shape, last, 0, g.shape[last], 1)
    return fourier(g, dim, normalization, False).real


op(
    "_fft_r2c", half_spectrum, where="torch", node="FftR2CBackward0", tangent="linear", lies=UNORDERED, fused=False,
    self=_half_spectrum_gradient, reads={"self": "the real part of the inverse transform of g, and zeros behind it"},
    doc="The Fourier transform of real numbers along the dimensions ``dim``; with ``onesided`` the half of the last of them "
    "from which the rest follows.",
)  # fmt: skip


# Complex to real


@array_function
def from_half_spectrum(self: Array, dim, normalization, last_dim_size):
    """The inverse transform of half a spectrum: so many real numbers along the last of the dimensions."""
    if self.dtype.kind != "c":
        raise RuntimeError(f"Only supports complex dtypes, but found: {type_name(self)}")
    dim = _counted(dim, self.ndim)
    if dim[:-1]:
        self = _transformed(self, dim[:-1], normalization, "ifft")
    return _transformed(self, dim[-1:], normalization, "irfft", last_dim_size)


def _from_half_spectrum_gradient(g, dim, normalization, last_dim_size):
    """What lies in the half stands for its mirror image, too, but for the first and, of an even number, the last."""
    found = half_spectrum(g, dim, normalization, True)
    counts = np.ones(last_dim_size // 2 + 1, g.dtype)
    counts[1 : (last_dim_size + 1) // 2] = 2
    behind = (g.ndim - 1 - dim[-1]) % g.ndim
    return found * counts.reshape(-1, *(1,) * behind)


op(
    "_fft_c2r", from_half_spectrum, where="torch", node="FftC2RBackward0", tangent="linear", lies=UNORDERED, fused=False,
    self=_from_half_spectrum_gradient, reads={"self": "the transform of g, twice what has a mirror image"},
    doc="The inverse Fourier transform along the dimensions ``dim`` of half a spectrum: ``last_dim_size`` real numbers along the "
    "last of them.",
)  # fmt: skip


def _along(function: Any) -> None:
    """The samples of a vmap are one more dimension in front."""

    @rule(function)
    def of_samples(level: Level, x: Any, dim: Any, *rest: Any) -> Any:
        dim = tuple(d + 1 for d in _counted(dim, x.ndim))
        return BatchedArray(function(x.array, dim, *rest), level)


for _f in (fourier, half_spectrum, from_half_spectrum):
    _along(_f)
