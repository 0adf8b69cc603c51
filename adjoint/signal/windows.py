"""``torch.signal.windows``: the weights by which signals are cut into pieces.

Every window has ``M`` weights, its largest being 1.  With ``sym=False`` it is periodic: the first ``M`` weights of a symmetric
window of ``M + 1``, which is what spectra are taken with.  All raise ValueError for a negative ``M``, and for dtypes other than
float32 and float64.

>>> import adjoint as torch
>>> torch.signal.windows.hann(5)
tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import adjoint
from adjoint.device import device as _device
from adjoint.dtypes import dtype as _dtype
from adjoint.layouts import layout as _layout
from adjoint.names import named as _named
from adjoint.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


class _Made:
    """How a window's tensors are made: its dtype and the like, checked in the name of its function."""

    def __init__(self, name: str, M: int, dtype: _dtype | None, layout: Any, device: Any, requires_grad: bool) -> None:
        wanted = dtype or adjoint.get_default_dtype()
        if M < 0:
            raise ValueError(f"{name} requires non-negative window length, got M={M}")
        if layout is not None and layout is not adjoint.strided:
            raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
        if wanted not in (adjoint.float32, adjoint.float64):
            raise ValueError(f"{name} expects float32 or float64 dtypes, got: {wanted}")
        self.count = M
        self.options: dict[str, Any] = {"dtype": wanted, "device": device, "requires_grad": requires_grad}

    def places(self, start: Any, end: Any) -> Tensor:
        """Numbers at equal distances, one for each weight."""
        return adjoint.linspace(start, end, self.count, **self.options)

    def trivial(self, ones: bool = True) -> Tensor | None:
        """A window of no weights, or of a single one."""
        if self.count == 0:
            return adjoint.empty((0,), **self.options)
        return adjoint.ones((1,), **self.options) if ones and self.count == 1 else None


def _span(M: int, sym: bool) -> int:
    """How many steps there are from the first weight to the last of a symmetric window."""
    return M - 1 if sym else M


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``exp(-abs(n - center) / tau)``.  Raises ValueError for a ``tau`` that is not positive, and for a symmetric window with
    a ``center`` of its own.

    >>> import adjoint as torch
    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    made = _Made("exponential", M, dtype, layout, device, requires_grad)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if (found := made.trivial(False)) is not None:
        return found
    middle = (M if not sym and M > 1 else M - 1) / 2.0 if center is None else center
    scale = 1 / tau
    return adjoint.exp(-adjoint.abs(made.places(-middle * scale, (-middle + (M - 1)) * scale)))


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Half a wave: ``sin(pi (n + 1/2) / M)``.

    >>> import adjoint as torch
    >>> torch.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    made = _Made("cosine", M, dtype, layout, device, requires_grad)
    if (found := made.trivial(False)) is not None:
        return found
    step = math.pi / (M + 1 if not sym and M > 1 else M)
    return adjoint.sin(made.places(0.5 * step, (0.5 + (M - 1)) * step))


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A bell of standard deviation ``std``, in steps.  Raises ValueError where that is not positive.

    >>> import adjoint as torch
    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    made = _Made("gaussian", M, dtype, layout, device, requires_grad)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    if (found := made.trivial(False)) is not None:
        return found
    start = -(M if not sym and M > 1 else M - 1) / 2.0
    scale = 1 / (std * math.sqrt(2))
    return adjoint.exp(-(made.places(start * scale, (start + (M - 1)) * scale) ** 2))


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """The Kaiser window, of Bessel functions; the larger ``beta``, the narrower.  Raises ValueError for a negative one.

    >>> import adjoint as torch
    >>> torch.signal.windows.kaiser(3, beta=2.)
    tensor([0.4387, 1.0000, 0.4387])
    """
    made = _Made("kaiser", M, dtype, layout, device, requires_grad)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    if (found := made.trivial()) is not None:
        return found
    edge = adjoint.tensor(beta, dtype=made.options["dtype"], device=device)
    end = adjoint.minimum(edge, -edge + (M - 1) * (2.0 * edge / _span(M, sym)))
    return adjoint.i0(adjoint.sqrt(edge * edge - adjoint.pow(made.places(-edge, end), 2))) / adjoint.i0(edge)


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle, which begins and ends with zero.

    >>> import adjoint as torch
    >>> torch.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    made = _Made("bartlett", M, dtype, layout, device, requires_grad)
    if (found := made.trivial()) is not None:
        return found
    return 1 - adjoint.abs(made.places(-1, -1 + (M - 1) * (2 / _span(M, sym))))


def general_cosine(
    M: int,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A sum of cosines of one, two, ... waves with the coefficients ``a``, their signs alternating.

    Raises TypeError and ValueError where ``a`` is no sequence, or an empty one.

    >>> import adjoint as torch
    >>> torch.signal.windows.general_cosine(3, a=[0.46, 0.23, 0.31])
    tensor([0.5400, 1.0000, 0.5400])
    """
    made = _Made("general_cosine", M, dtype, layout, device, requires_grad)
    if (found := made.trivial()) is not None:
        return found
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    places = made.places(0, (M - 1) * (2 * math.pi / _span(M, sym)))
    coefficients = adjoint.tensor([(-1) ** i * weight for i, weight in enumerate(a)], **made.options)
    waves = adjoint.arange(coefficients.shape[0], **made.options)
    return (coefficients.unsqueeze(-1) * adjoint.cos(waves.unsqueeze(-1) * places)).sum(0)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A raised cosine: ``alpha - (1 - alpha) cos(...)``.

    >>> import adjoint as torch
    >>> torch.signal.windows.general_hamming(3, alpha=0.75)
    tensor([0.5000, 1.0000, 0.5000])
    """
    return general_cosine(
        M, a=[alpha, 1.0 - alpha], sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad
    )


def _of_cosines(name: str, a: list[float], words: str) -> Callable[..., Tensor]:
    """A window that is a sum of cosines with fixed coefficients."""

    def window(
        M: int,
        *,
        sym: bool = True,
        dtype: _dtype | None = None,
        layout: _layout | None = None,
        device: _device | str | None = None,
        requires_grad: bool = False,
    ) -> Tensor:
        if name == "blackman":  # which PyTorch checks in its own name
            _Made(name, M, dtype, layout, device, requires_grad)
        return general_cosine(M, a=a, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)

    window.__name__ = window.__qualname__ = name
    window.__doc__ = f"""{words}

    >>> import adjoint as torch
    >>> bool(torch.signal.windows.{name}(5)[2].isclose(torch.tensor(1.)))
    True
    """
    return window


hamming = _of_cosines("hamming", [0.54, 1.0 - 0.54], "The Hamming window: a raised cosine that does not reach zero.")
hann = _of_cosines("hann", [0.5, 0.5], "The Hann window: a raised cosine, which begins and ends with zero.")
blackman = _of_cosines("blackman", [0.42, 0.5, 0.08], "The Blackman window: a sum of three cosines.")
nuttall = _of_cosines(
    "nuttall", [0.3635819, 0.4891775, 0.1365995, 0.0106411], "Nuttall's window: a sum of four cosines, whose side lobes are least."
)
_named(__name__)
