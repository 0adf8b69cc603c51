"""``torch.nn.attention``: which way attention is computed, and attention with scores and masks of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
from adjoint.ops.attention_backends import SDPBackend as SDPBackend
from adjoint.ops.attention_backends import switch as _switch
from adjoint.ops.attention_backends import switches as _switches

__all__ = [
    "WARN_FOR_UNFUSED_KERNELS",
    "SDPBackend",
    "activate_flash_attention_impl",
    "current_flash_attention_impl",
    "list_flash_attention_impls",
    "register_flash_attention_impl",
    "restore_flash_attention_impl",
    "sdpa_kernel",
]

WARN_FOR_UNFUSED_KERNELS = False

_named(__name__, modules={"bias", "flex_attention", "varlen"})


@contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[dict[str, Any]]:
    """While this is on, attention is computed in one of these ways: an :class:`SDPBackend`, or a list of them.

    With ``set_priority`` they are tried in this order.  On a CPU there are two, ``FLASH_ATTENTION`` and ``MATH``; where
    neither may be used attention raises RuntimeError.

    >>> import adjoint as torch
    >>> from adjoint.nn.attention import SDPBackend, sdpa_kernel
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     torch.nn.functional.scaled_dot_product_attention(*[torch.ones(1, 1, 2, 4)] * 3).shape
    torch.Size([1, 1, 2, 4])
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    chosen = list(dict.fromkeys([backends] if isinstance(backends, SDPBackend) else backends))
    before = _switches.enabled, _switches.order
    first = tuple(int(b) for b in chosen)
    order = (*first, *(b for b in _switches.order if b not in first)) if set_priority else None
    try:
        _switch(frozenset(chosen), order)
        yield {}
    finally:
        _switch(*before)


_NAMES = {
    "cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION,
    "mem_efficient": SDPBackend.EFFICIENT_ATTENTION, "math": SDPBackend.MATH, "overrideable": SDPBackend.OVERRIDEABLE,
}  # fmt: skip


def _cur_sdpa_kernel_backends(with_priority: bool = False) -> list[SDPBackend]:
    """The ways that may be used now."""
    found = [b for b in _NAMES.values() if b in _switches.enabled]
    return sorted(found, key=lambda b: _switches.order.index(int(b))) if with_priority else found


# Kernels of Flash Attention are written for GPUs: there are none to choose from.


def list_flash_attention_impls() -> list[str]:
    """The kernels of Flash Attention that there are: none."""
    return []


def current_flash_attention_impl() -> str | None:
    """The kernel that was chosen: None."""
    return None


def activate_flash_attention_impl(impl: str) -> NoReturn:
    """Choose a kernel of Flash Attention; there is none, which ValueError says."""
    raise ValueError(f"Unknown flash attention impl '{impl}'. Available implementations: {list_flash_attention_impls()}")


def register_flash_attention_impl(impl: str, *, register_fn: Any) -> NoReturn:
    """Add a kernel of Flash Attention: refused, they are for GPUs."""
    raise NotImplementedError("kernels of Flash Attention are for GPUs; attention is computed on the CPU here")


def restore_flash_attention_impl() -> None:
    """Go back to the kernel that there was before one was chosen."""


_list_names(__name__)
