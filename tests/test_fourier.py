"""Fourier transforms: every function of torch.fft, short-time transforms and windows, beside PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree
from tests.in_both import assert_same

torch = pytest.importorskip("torch")

OF_COMPLEX = ("fft", "ifft", "irfft", "hfft")
OF_REAL = ("fft", "ifft", "rfft", "ihfft", "irfft", "hfft")


def same(scenario: Any) -> None:
    agree(scenario, tolerance=2e-5)


@pytest.mark.parametrize("name, complex", [*((n, True) for n in OF_COMPLEX), *((n, False) for n in OF_REAL)])
@pytest.mark.parametrize("norm", [None, "forward", "backward", "ortho"])
def test_transforms_and_their_gradients_are_pytorchs(name: str, complex: bool, norm: str | None) -> None:
    def scenario(torch: Any) -> Any:
        found = []
        for end, arguments in itertools.product(("", "2", "n"), ((), (5,), (3, 0), (None, 1))):
            sizes = (arguments[0],) * 2 if end and arguments and arguments[0] else None
            rest = ((0, 1) if end else arguments[1],) if len(arguments) > 1 else ()
            x = torch.linspace(-1, 2, 24).reshape(2, 3, 4)
            x = (torch.complex(x, x.flip(0) * 0.5) if complex else x).requires_grad_()
            made = getattr(torch.fft, name + end)(x, *((sizes if end else arguments[0],) if arguments else ()), *rest, norm=norm)
            weights = torch.linspace(0.5, 1.5, made.numel()).reshape(made.shape)
            parts = torch.view_as_real(made.resolve_conj()) if made.is_complex() else made
            (parts * (weights[..., None] if made.is_complex() else weights)).sum().backward()
            found.append((made.detach().resolve_conj(), made.stride(), x.grad))
        return found

    same(scenario)


def test_a_transform_has_derivatives_of_any_order_and_in_forward_mode() -> None:
    x = adjoint.linspace(-1, 1, 6, dtype=adjoint.float64).reshape(2, 3).requires_grad_()
    power = lambda x: adjoint.fft.rfft(x).abs().pow(2)
    assert adjoint.autograd.gradcheck(power, x, check_forward_ad=True)
    assert adjoint.autograd.gradgradcheck(power, x)
    assert adjoint.autograd.gradgradcheck(lambda x: adjoint.fft.irfft(adjoint.complex(x, x * 2), 5).pow(2), x)


def test_samples_of_a_vmap_are_transformed_at_once() -> None:
    x = adjoint.rand(4, 3, 5)
    for function in (adjoint.fft.fft2, adjoint.fft.rfft, lambda t: adjoint.fft.irfft(adjoint.fft.rfft(t), 5)):
        assert adjoint.allclose(adjoint.vmap(function)(x), function(x), atol=1e-6)


def test_large_batches_are_transformed_on_several_threads() -> None:
    x = np.random.default_rng(0).standard_normal((64, 4096)).astype(np.float32)
    np.testing.assert_allclose(adjoint.fft.rfft(adjoint.tensor(x)).numpy(), np.fft.rfft(x), atol=1e-3)


@pytest.mark.parametrize(
    "expression",
    """
fft(x.half())
fft(x.bfloat16())
fft(x, 0)
fft(x, dim=5)
fft(x, norm='a')
fft(torch.tensor(1.))
fft(1.)
fft(x, 'a')
fft(torch.arange(4)).dtype
rfft(x + 0j)
ihfft(x + 0j)
rfftn(x + 0j)
ihfftn(x + 0j)
rfftn(x, dim=())
irfftn(x, dim=())
fftn(x, dim=()).shape
irfft(x[..., :1])
fft2(x, dim=(0, 0))
fft2(x[0, 0])
fftn(x, s=(1, 2, 3, 4))
fftn(x, s=(2, 2), dim=(0,))
fftn(x, s=(2, 0))
fftn(x, s=(2, -1)).shape
fft(x, out=torch.empty(0))
irfft(x, out=torch.empty(0, dtype=torch.complex64))
rfft(x, out=torch.empty(0, dtype=torch.complex64)).shape
fftfreq(5)
fftfreq(6, 0.5, dtype=torch.float64)
rfftfreq(6, 0.25, requires_grad=True)
fftfreq(4.5)
fftfreq(5, dtype=torch.int32)
fftshift(torch.arange(6).reshape(2, 3))
ifftshift(torch.arange(6).reshape(2, 3), 1)
fftshift(x, 7)
""".strip().splitlines(),
)
def test_arguments_are_checked_as_in_pytorch(expression: str) -> None:
    assert_same(f"(lambda x: torch.fft.{expression})(torch.ones(2, 3, 4))")


SHORT_TIME = """
stft(x, 8, return_complex=True)
stft(x2, 8, 3, 6, w6, return_complex=True, normalized=True)
stft(x2, 8, 3, 8, w8, onesided=False, return_complex=True)
stft(x2, 8, 3, 6, w6, center=False, align_to_window=True, return_complex=True)
stft(x2, 8, pad_mode='constant', return_complex=True)
stft(x2, 8, pad_mode='replicate', return_complex=True)
stft(x, 8, window=w8, return_complex=False)
stft(torch.complex(x, x), 8, window=w8)
x.stft(8, window=w8.double(), return_complex=True)
stft(x, 8, window=w8)
stft(torch.complex(x, x), 8, window=w8, onesided=True)
stft(x, 8, align_to_window=True, return_complex=True)
stft(x, 0, return_complex=True)
stft(x, 40, center=False, return_complex=True)
stft(x, 8, 0, return_complex=True)
stft(x, 8, 2, 9, return_complex=True)
stft(x, 8, 2, 7, w8, return_complex=True)
stft(x[None, None], 8, return_complex=True)
stft(torch.arange(32), 8, return_complex=True)
istft(spectra, 8, 3, 8, w8)
istft(spectra, 8, 3, 8, w8, length=32)
istft(spectra, 8, 3, 8, w8, length=40)
istft(spectra, 8, 3, 8, w8, center=False)
istft(spectra, 8, 3, 8, torch.hann_window(8), center=False)
istft(stft(torch.complex(x, x), 8, window=w8), 8, window=w8, return_complex=True)
spectra.istft(8)
istft(x, 8)
istft(spectra, 8, 0)
istft(spectra, 8, 2, 9)
istft(spectra, 8, 2, 8, w6)
istft(spectra, 8, onesided=False)
istft(spectra, 8, return_complex=True)
istft(spectra, 8, window=w8 + 0j)
istft(spectra[:, :, :0], 8)
""".strip().splitlines()


@pytest.mark.parametrize("expression", SHORT_TIME)
def test_short_time_transforms_are_pytorchs(expression: str) -> None:
    def scenario(torch: Any) -> Any:
        torch.set_warn_always(True)
        try:
            x, w8 = torch.linspace(-1, 1, 32).sin(), torch.linspace(0.5, 1, 8)
            names = {
                "torch": torch, "stft": torch.stft, "istft": torch.istft, "x": x, "x2": torch.stack([x, x * x]), "w8": w8,
                "w6": w8[:6].clone(), "spectra": torch.stft(torch.stack([x, x * x]), 8, 3, 8, w8, return_complex=True),
            }  # fmt: skip
            found = eval(expression, names)
            return found.resolve_conj(), found.stride()
        finally:
            torch.set_warn_always(False)

    same(scenario)


def test_a_signal_gets_the_gradient_of_what_is_made_of_its_spectra() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.linspace(-1, 1, 32).requires_grad_()
        window = torch.linspace(0.5, 1, 8).requires_grad_()
        spectra = torch.stft(x, 8, 3, window=window, return_complex=True)
        (spectra.abs().sum() + torch.istft(spectra * 0.5, 8, 3, window=window).pow(2).sum()).backward()
        return x.grad, window.grad

    same(scenario)


@pytest.mark.parametrize("name", adjoint.signal.windows.__all__)
def test_windows_are_pytorchs(name: str) -> None:
    given = "a=[0.4, 0.3, 0.2], " if name == "general_cosine" else ""
    for rest in ("", "sym=False", "dtype=torch.float64", "requires_grad=True", "dtype=torch.float16", "layout=torch.sparse_coo"):
        for M in (0, 1, 2, 7, 8, -1):
            assert_same(f"torch.signal.windows.{name}({M}, {given}{rest})")


def test_windows_refuse_what_makes_no_window() -> None:
    for call in ("exponential(4, tau=0)", "exponential(4, center=1)", "exponential(4, center=1, sym=False)", "gaussian(4, std=-1)",
                 "kaiser(4, beta=-1)", "general_cosine(4, a=[])", "general_cosine(4, a=3)", "gaussian(4, std=0.5)"):  # fmt: skip
        assert_same(f"torch.signal.windows.{call}")
