"""Modules made ready for inference, which needs them compiled; others stay what they are."""

from __future__ import annotations

from typing import Any, TypeVar

from adjoint.jit._deprecation import deprecated
from adjoint.nn import Module

M = TypeVar("M", bound=Module)


def freeze(mod: M, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True) -> M:
    """``mod`` itself, a module in ``eval`` mode: there is no compiled program into which its parameters could be written.

    Raises RuntimeError for what is no module, or one that trains.
    """
    deprecated("freeze")
    _check(mod, "Freezing")
    if mod.training:
        raise RuntimeError(
            "Freezing is currently only implemented for modules in eval mode. "
            "Please call .eval() on your module before freezing."
        )
    return mod


def optimize_for_inference(mod: M, other_methods: list[str] | None = None) -> M:
    """``mod`` itself, in ``eval`` mode from now on, as PyTorch sets it.  Raises RuntimeError for what is no module."""
    deprecated("optimize_for_inference")
    _check(mod, "optimize_for_inference")
    return mod.eval()


def run_frozen_optimizations(
    mod: Any, optimize_numerics: bool = True, preserved_methods: list[str] | None = None
) -> None:
    """Nothing: a frozen module here is the module itself.  Raises RuntimeError for what is no module."""
    _check(mod, "run_frozen_optimizations")


def _check(mod: Any, what: str) -> None:
    if not isinstance(mod, Module):
        raise RuntimeError(
            f"{what} expects a ScriptModule as input. "
            "Please use torch.jit.script or torch.jit.trace to script your 'nn.Module'."
        )
