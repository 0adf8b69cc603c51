"""Fourier transforms, and what is around them."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of


def _transform(x: Any, axis: int, length: Any, inverse: int, onesided: int) -> Any:
    """Of numbers whose last dimension is their real part, or both parts."""
    axis = axis % x.dim()
    count = None if length is None else int(length)
    if inverse and onesided:
        return adjoint.fft.irfft(adjoint.view_as_complex(x.contiguous()), count, axis).unsqueeze(-1)
    if x.shape[-1] == 1:
        real = x.squeeze(-1)
        function = adjoint.fft.rfft if onesided else adjoint.fft.ifft if inverse else adjoint.fft.fft
        result = function(real, count, axis)
    else:
        result = (adjoint.fft.ifft if inverse else adjoint.fft.fft)(
            adjoint.view_as_complex(x.contiguous()), count, axis
        )
        if onesided:
            result = result.narrow(axis, 0, result.shape[axis] // 2 + 1)
    return adjoint.view_as_real(result)


@operator("DFT", host=(1,))
def dft_by_attribute(site: Any, axis: int = 1, inverse: int = 0, onesided: int = 0) -> Any:
    return lambda length: lambda x: _transform(x, axis, length, inverse, onesided)


@operator("DFT", since=20, host=(1, 2))
def dft(site: Any, inverse: int = 0, onesided: int = 0) -> Any:
    def prepare(length: Any, axis: Any) -> Any:
        dim = -2 if axis is None else int(axis)
        return lambda x: _transform(x, dim, length, inverse, onesided)

    return prepare


@operator("STFT", host=(1, 3))
def stft(site: Any, onesided: int = 1) -> Any:
    def prepare(step: Any, length: Any) -> Any:
        def run(x: Any, window: Any = None) -> Any:
            size = int(length) if length is not None else window.shape[0]
            frames = x.unfold(1, size, int(step)).movedim(-1, 2)  # batch, frame, place, part
            if window is not None:
                frames = frames * window.reshape(-1, 1)
            return _transform(frames, 2, None, 0, onesided)

        return run

    return prepare


_WINDOWS = {
    "HannWindow": (0.5, 0.5, 0.0),
    "HammingWindow": (25 / 46, 21 / 46, 0.0),
    "BlackmanWindow": (0.42, 0.5, 0.08),
}


@operator(*_WINDOWS, host=(0,))
def window(site: Any, output_datatype: int = 1, periodic: int = 1) -> Any:
    kind = dtype_of(output_datatype)
    level, once, twice = _WINDOWS[site.operator]

    def prepare(size: Any) -> Any:
        count = int(size)
        angle = 2 * np.pi * np.arange(count) / (count if periodic else count - 1)
        return lambda: adjoint.as_tensor(level - once * np.cos(angle) + twice * np.cos(2 * angle)).to(kind)

    return prepare


@operator("MelWeightMatrix", host=(0, 1, 2, 3, 4))
def mel_weights(site: Any, output_datatype: int = 1) -> Any:
    kind = dtype_of(output_datatype)

    def prepare(bins: Any, length: Any, rate: Any, low: Any, high: Any) -> Any:
        count, size, samples = int(bins), int(length), int(rate)
        ends = 2595 * np.log10(1 + np.array([float(low), float(high)]) / 700)
        places = ends[0] + np.arange(count + 2) * ((ends[1] - ends[0]) / (count + 2))
        first = ((size + 1) * (700 * (10 ** (places / 2595) - 1)) // samples).astype(int)
        weights = np.zeros((size // 2 + 1, count))
        for n in range(count):
            a, b, c = first[n : n + 3]
            if a == b:
                weights[b, n] = 1
            else:
                rising = np.arange(a, b + 1)
                weights[rising, n] = (rising - a) / (b - a)
            if c > b:
                falling = np.arange(b, c)
                weights[falling, n] = (c - falling) / (c - b)
        return lambda: adjoint.as_tensor(weights).to(kind)

    return prepare
