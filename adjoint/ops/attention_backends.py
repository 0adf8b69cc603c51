"""Which ways of computing attention may be used: PyTorch's switches, of which two mean something on a CPU.

``FLASH_ATTENTION`` is the operator as a whole, ``MATH`` its products and softmax one by one.
"""

from __future__ import annotations

from enum import IntEnum


class SDPBackend(IntEnum):
    """The ways that :func:`adjoint.nn.attention.sdpa_kernel` chooses from.

    >>> import adjoint as torch
    >>> torch.nn.attention.SDPBackend.MATH
    <SDPBackend.MATH: 0>
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __str__(self) -> str:
        return f"SDPBackend.{self.name}"


class switches:
    """The switches, of the process: what may be used, the order that was asked for, and whether that changes anything."""

    enabled: frozenset[int] = frozenset(b for b in SDPBackend if b != SDPBackend.ERROR)
    order: tuple[int, ...] = (1, 2, 0, 3, 4)
    untouched = True


def switch(enabled: frozenset[int], order: tuple[int, ...] | None = None) -> None:
    """Set what may be used, and an order, which matters on GPUs: on a CPU the operator as a whole comes first."""
    switches.enabled = enabled
    switches.order = switches.order if order is None else order
    switches.untouched = {SDPBackend.FLASH_ATTENTION, SDPBackend.MATH} <= enabled


def chosen(fits: bool) -> SDPBackend:
    """Which way attention is computed, given whether the operator as a whole can; RuntimeError where none may be used."""
    if fits and SDPBackend.FLASH_ATTENTION in switches.enabled:
        return SDPBackend.FLASH_ATTENTION
    if SDPBackend.MATH in switches.enabled:
        return SDPBackend.MATH
    raise RuntimeError(
        "No viable backend for scaled_dot_product_attention was found. This is likely due to turning off both the math kernel "
        "and the fused kernels."
    )
