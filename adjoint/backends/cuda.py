"""``torch.backends.cuda``: absent.  Its switches may be set, and would matter only if it were there; but for those of attention,
of which two, the operator as a whole (flash) and its parts (math), choose on the CPU, too."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adjoint.ops.attention_backends import SDPBackend, switch, switches
from adjoint.places import users_level


class _Matmul:
    def __init__(self) -> None:
        self.allow_tf32 = False
        self.allow_fp16_reduced_precision_reduction = True
        self.allow_bf16_reduced_precision_reduction = True


matmul = _Matmul()


def is_built() -> bool:
    """False."""
    return False


def _enable(backend: SDPBackend, enabled: bool) -> None:
    switch(switches.enabled | {backend} if enabled else switches.enabled - {backend})


def flash_sdp_enabled() -> bool:
    """Whether attention may be computed as a whole."""
    return SDPBackend.FLASH_ATTENTION in switches.enabled


def enable_flash_sdp(enabled: bool) -> None:
    """Let attention be computed as a whole, or not."""
    _enable(SDPBackend.FLASH_ATTENTION, enabled)


def math_sdp_enabled() -> bool:
    """Whether attention may be computed in its parts."""
    return SDPBackend.MATH in switches.enabled


def enable_math_sdp(enabled: bool) -> None:
    """Let attention be computed in its parts, or not."""
    _enable(SDPBackend.MATH, enabled)


def mem_efficient_sdp_enabled() -> bool:
    """Whether a kernel of GPUs may be used."""
    return SDPBackend.EFFICIENT_ATTENTION in switches.enabled


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Let a kernel of GPUs be used, or not."""
    _enable(SDPBackend.EFFICIENT_ATTENTION, enabled)


def cudnn_sdp_enabled() -> bool:
    """Whether a kernel of cuDNN may be used."""
    return SDPBackend.CUDNN_ATTENTION in switches.enabled


def enable_cudnn_sdp(enabled: bool) -> None:
    """Let a kernel of cuDNN be used, or not."""
    _enable(SDPBackend.CUDNN_ATTENTION, enabled)


def is_flash_attention_available() -> bool:
    """False: that kernel is for GPUs."""
    return False


class SDPAParams:
    """The arguments of attention, about which is asked whether kernels of GPUs can compute it."""

    def __init__(
        self, query: Any, key: Any, value: Any, attn_mask: Any, dropout: float, is_causal: bool, enable_gqa: bool
    ) -> None:
        self.query = query
        self.key = key
        self.value = value
        self.attn_mask = attn_mask
        self.dropout = dropout
        self.is_causal = is_causal
        self.enable_gqa = enable_gqa


def can_use_flash_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: there is no GPU."""
    return False


def can_use_efficient_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: there is no GPU."""
    return False


def can_use_cudnn_attention(params: SDPAParams, debug: bool = False) -> bool:
    """False: there is no GPU."""
    return False


@contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[dict[str, Any]]:
    """Deprecated: :func:`adjoint.nn.attention.sdpa_kernel` takes its place."""
    warnings.warn(
        "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager will be removed. Please see "
        "`torch.nn.attention.sdpa_kernel()` for the new context manager, with updated signature.",
        FutureWarning,
        stacklevel=users_level(),
    )
    wanted = {
        SDPBackend.FLASH_ATTENTION: enable_flash, SDPBackend.MATH: enable_math,
        SDPBackend.EFFICIENT_ATTENTION: enable_mem_efficient, SDPBackend.CUDNN_ATTENTION: enable_cudnn,
    }  # fmt: skip
    before = switches.enabled
    try:
        switch(frozenset(backend for backend, use in wanted.items() if use))
        yield {}
    finally:
        switch(before)
