"""Answers to what libraries ask of PyTorch's inner module: what it was built with, and what it is doing."""

from __future__ import annotations

from typing import Any

_GLIBCXX_USE_CXX11_ABI = True
_has_cuda = _has_cudnn = _has_mkl = _has_mkldnn = _has_mps = _has_xpu = has_mkl = False
_has_distributed = has_lapack = has_openmp = has_spectral = True


def _get_tracing_state() -> None:
    """None: nothing is being traced by TorchScript."""


def _get_default_device() -> str:
    """The type of the device on which new tensors are made."""
    from adjoint.device import get_default_device

    return get_default_device().type  # type: ignore[no-any-return]


def _get_accelerator(check: bool = False) -> Any:
    """The CPU: there is no accelerator."""
    from adjoint.device import CPU

    return CPU


def _get_privateuse1_backend_name() -> str:
    """The name of the device that users may add; nobody did."""
    return "privateuseone"


def _get_cpu_capability() -> str:
    """Which instructions are used, by PyTorch's name: kernels are compiled for the machine that they run on."""
    return "NATIVE"


def _len_torch_dispatch_stack() -> int:
    """How many modes see operators below autograd: none."""
    return 0

