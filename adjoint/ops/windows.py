"""Windows: the weights by which signals are cut into pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.ops.creation import made, options
from adjoint.tensor import Tensor


def _window(
    name: str,
    length: int,
    periodic: bool,
    shape: Any,
    dtype: dtypes.dtype | None,
    layout: Any,
    device: Any,
    pin_memory: bool,
    requires_grad: bool,
) -> Tensor:
    """A window of ``length`` weights, ``shape(places)`` of places from 0 to 1; periodic ones leave the last away."""
    chosen = options(name, dtype, layout, device, pin_memory) or dtypes.get_default_dtype()
    if chosen.category < dtypes.FLOAT:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtypes.SCALAR_TYPE_NAMES[chosen]}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    span = length if periodic else length - 1
    weights = np.ones(length) if length <= 1 else shape(np.arange(length) / span)
    return made(weights.astype(chosen.array), requires_grad, function=name)


def _cosines(places: Any, *coefficients: float) -> Any:
    """A sum of cosines of alternating signs."""
    return sum((-1) ** k * c * np.cos(2 * np.pi * k * places) for k, c in enumerate(coefficients))


@composite(where="torch")
def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Hann window, a raised cosine.

    >>> import adjoint as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(
        "hann_window", window_length, periodic, lambda x: _cosines(x, 0.5, 0.5), dtype, layout, device, pin_memory,
        requires_grad,
    )  # fmt: skip


@composite(where="torch")
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Hamming window, ``alpha - beta * cos(...)``."""
    return _window(
        "hamming_window", window_length, periodic, lambda x: _cosines(x, alpha, beta), dtype, layout, device, pin_memory,
        requires_grad,
    )  # fmt: skip


@composite(where="torch")
def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Blackman window, a sum of three cosines."""
    return _window(
        "blackman_window", window_length, periodic, lambda x: _cosines(x, 0.42, 0.5, 0.08), dtype, layout, device,
        pin_memory, requires_grad,
    )  # fmt: skip


@composite(where="torch")
def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Bartlett window, a triangle."""
    return _window(
        "bartlett_window", window_length, periodic, lambda x: 1 - np.abs(2 * x - 1), dtype, layout, device, pin_memory,
        requires_grad,
    )  # fmt: skip


@composite(where="torch")
def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Kaiser window, of Bessel functions; the larger ``beta``, the narrower."""
    return _window(
        "kaiser_window", window_length, periodic,
        lambda x: np.i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / np.i0(beta), dtype, layout, device,
        pin_memory, requires_grad,
    )  # fmt: skip
