"""Short-time Fourier transforms: of the windows of a signal, and the signal back from them."""

from __future__ import annotations

import warnings
from typing import Any

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.arguments import type_name
from adjoint.declare.namespaces import FUNCTIONS, OPERATORS
from adjoint.declare.once import warn_once
from adjoint.ops.each_sample import each_sample_of
from adjoint.places import users_level
from adjoint.tensor import Tensor


def _shown(window: Tensor | None) -> str:
    if window is None:
        return "None"
    return f"torch.{dtypes.SCALAR_TYPE_NAMES[window.dtype]}Tensor{{{list(window.shape)}}}"


def _flag(value: bool | None) -> str:
    return "None" if value is None else str(int(value))


def _row(name: str) -> Any:
    return FUNCTIONS["torch"][name].function


def _padded_window(window: Tensor, n_fft: int) -> Tensor:
    """A window in the middle of a transform's length, zeros around it."""
    missing = n_fft - window.shape[0]
    left = missing // 2
    return _row("constant_pad_nd")(window, [left, missing - left]) if missing else window


@composite
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transforms of the windows of a signal, ``hop_length`` apart (a quarter of ``n_fft``, if not given).

    ``input`` has shape (length) or (batch, length).  Each part of ``n_fft`` numbers is multiplied by ``window``, which has
    ``win_length`` weights, zeros around them.  With ``center`` the signal is padded so that the first part has the first
    number in its middle.  ``onesided`` returns the ``n_fft // 2 + 1`` frequencies from which the others follow, for real
    signals the default; ``normalized`` divides by the root of ``n_fft``.

    Returns complex numbers of shape (..., frequencies, windows), or with ``return_complex=False`` their parts in one more
    dimension.  Raises RuntimeError for sizes that do not fit, and where ``return_complex`` is not said of a real signal.

    >>> import adjoint as torch
    >>> torch.stft(torch.ones(8), 4, window=torch.hann_window(4), return_complex=True).shape
    torch.Size([3, 9])
    """
    import adjoint

    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if center:
        pad, ndim = n_fft // 2, input.ndim
        extended = input.reshape((1,) * (3 - ndim) + tuple(input.shape))
        padded = adjoint.nn.functional.pad(extended, (pad, pad), pad_mode)
        input = padded.reshape(padded.shape[padded.ndim - ndim :])
    _warn_of_no_window("stft", window)
    hop = n_fft // 4 if hop_length is None else hop_length
    size = n_fft if win_length is None else win_length

    def refuse(words: str) -> None:
        raise RuntimeError(
            f"stft(torch.{dtypes.SCALAR_TYPE_NAMES[input.dtype]}Tensor{list(input.shape)}, n_fft={n_fft}, hop_length={hop}, "
            f"win_length={size}, window={_shown(window)}, normalized={_flag(normalized)}, onesided={_flag(onesided)}, "
            f"return_complex={_flag(return_complex)}, align_to_window={_flag(align_to_window)}) : expected {words}"
        )

    if return_complex is not None and not isinstance(return_complex, bool):
        raise TypeError(f"stft(): argument 'return_complex' must be bool, not {type_name(return_complex)}")
    if return_complex is None and not (input.dtype.is_complex or (window is not None and window.dtype.is_complex)):
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    if return_complex is False:
        warn_once(
            "stft return_complex",
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for "
            "all inputs, and return_complex=False will raise an error.\n"
            "Note: you can still call torch.view_as_real on the complex output to recover the old return format.",
        )
    if not input.dtype.is_floating_point and not input.dtype.is_complex:
        refuse("a tensor of floating point or complex values")
    if input.ndim not in (1, 2):
        refuse("a 1D or 2D tensor")
    signals = input.unsqueeze(0) if input.ndim == 1 else input
    length = signals.shape[1]
    if not 0 < n_fft <= length:
        refuse(f"0 < n_fft < {length}, but got n_fft={n_fft}")
    if hop <= 0:
        refuse(f"hop_length > 0, but got hop_length={hop}")
    if not 0 < size <= n_fft:
        refuse(f"0 < win_length <= n_fft, but got win_length={size}")
    if window is not None and tuple(window.shape) != (size,):
        refuse(f"a 1D window tensor of size equal to win_length={size}, but got window with size {list(window.shape)}")
    weights = window
    if size < n_fft:
        weights = _padded_window(adjoint.ones(size, dtype=signals.dtype) if window is None else window, n_fft)
    if align_to_window:
        outside = (n_fft - size) // 2
        signals = adjoint.nn.functional.pad(signals, (outside, outside), pad_mode)
    parts = signals.unfold(-1, n_fft, hop)
    parts = parts if weights is None else parts * weights
    onesided = not parts.dtype.is_complex if onesided is None else onesided
    mode = 1 if normalized else 0
    if onesided and parts.dtype.is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    found = _row("_fft_c2c")(parts, (2,), mode, True) if parts.dtype.is_complex else _row("_fft_r2c")(parts, (2,), mode, onesided)
    found.transpose_(1, 2)
    if input.ndim == 1:
        found.squeeze_(0)
    return adjoint.view_as_real(found) if return_complex is False else found


@composite
@each_sample_of("window")
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal whose short-time Fourier transform, with the same arguments, comes nearest to the input.

    ``input`` has shape (frequencies, windows) or (batch, frequencies, windows).  ``length`` says how long the signal is to be,
    zeros behind what is known; ``return_complex`` whether it is complex.

    Raises RuntimeError for real input, sizes that do not fit, and windows between which there is nothing to go by.

    >>> import adjoint as torch
    >>> window = torch.hann_window(4)
    >>> torch.istft(torch.stft(torch.arange(6.), 4, window=window, return_complex=True), 4, window=window).round(decimals=4) + 0
    tensor([0., 1., 2., 3., 4., 5.])
    """
    import adjoint

    _warn_of_no_window("istft", window)
    hop = n_fft // 4 if hop_length is None else hop_length
    size = n_fft if win_length is None else win_length

    def refuse(words: str) -> None:
        raise RuntimeError(
            f"istft(CPU{dtypes.SCALAR_TYPE_NAMES[input.dtype]}Type{list(input.shape)}, n_fft={n_fft}, hop_length={hop}, "
            f"win_length={size}, window={_shown(window)}, center={_flag(center)}, normalized={_flag(normalized)}, "
            f"onesided={_flag(onesided)}, length={length}, return_complex={_flag(return_complex)}) {words}"
        )

    if not input.dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if not input.numel():
        refuse(": input tensor cannot be empty.")
    if input.ndim not in (2, 3):
        refuse(f": expected a tensor with 2 or 3 dimensions, but got {input.ndim}")
    frequencies, count = input.shape[-2:]
    half = frequencies != n_fft if onesided is None else onesided
    if half and n_fft // 2 + 1 != frequencies:
        refuse(
            ": expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when "
            f"onesided=True, but got {frequencies}"
        )
    if not half and n_fft != frequencies:
        refuse(
            ": expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when onesided=False, "
            f"but got {frequencies}"
        )
    if not 0 < hop <= size:
        refuse(": expected 0 < hop_length <= win_length")
    if not 0 < size <= n_fft:
        refuse(": expected 0 < win_length <= n_fft")
    if window is not None and tuple(window.shape) != (size,):
        refuse(": Invalid window shape. window has to be 1D and length of `win_length`")
    if return_complex and half:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not return_complex and window is not None and window.dtype.is_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")

    weights = _padded_window(adjoint.ones(size, dtype=input.real.dtype) if window is None else window, n_fft)
    spectra = (input.unsqueeze(0) if input.ndim == 2 else input).transpose(1, 2)
    mode = 1 if normalized else 2
    if return_complex:
        parts = _row("_fft_c2c")(spectra, (2,), mode, False)
    else:
        parts = _row("_fft_c2r")(spectra if half else spectra.narrow(-1, 0, n_fft // 2 + 1), (2,), mode, n_fft)
    whole = n_fft + hop * (count - 1)
    laid = OPERATORS["unfold_backward"].function
    signal = laid(parts * weights.view(1, 1, n_fft), (parts.shape[0], whole), 1, n_fft, hop)
    envelope = laid(weights.pow(2).expand(1, count, n_fft), (1, whole), 1, n_fft, hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - n_fft // 2 if center else whole
    signal, envelope = signal[:, start:end], envelope[:, start:end]
    if envelope.abs().min() < 1e-11:
        refuse("window overlap add min: 1\n[ CPUBoolType{} ]")
    signal = signal / envelope
    signal = signal.squeeze(0) if input.ndim == 2 else signal
    if end > whole:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. Please "
            "check your center and hop_length settings.",
            UserWarning,
            stacklevel=users_level(),
        )
        signal = _row("constant_pad_nd")(signal, [0, end - whole])
    return signal


def _warn_of_no_window(name: str, window: Tensor | None) -> None:
    if window is not None:
        return
    words = {
        "stft": "which is known to cause spectral leakage. Other windows such as torch.hann_window or torch.hamming_window are "
        "recommended to reduce spectral leakage.",
        "istft": "Please provide the same window used by stft to make the inversion lossless.",
    }[name]
    between = "," if name == "stft" else "."
    warn_once(
        f"{name} window",
        f"A window was not provided. A rectangular window will be applied{between}{words}To suppress this warning and use a "
        "rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`.",
    )
