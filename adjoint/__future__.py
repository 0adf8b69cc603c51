"""``torch.__future__``: what will be otherwise one day, and may be so already."""

from __future__ import annotations

from adjoint.nn.modules.conversion import Conversion


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Have conversions of a module (``module.double()``) make new parameters, and leave those that there were as they are."""
    Conversion.overwrites = value


def get_overwrite_module_params_on_conversion() -> bool:
    """Whether conversions of a module make new parameters."""
    return Conversion.overwrites


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Have conversions of a module, and loading its state, exchange its parameters with new ones: whoever holds one finds the
    new one in it, its class included."""
    Conversion.swaps = value


def get_swap_module_params_on_conversion() -> bool:
    """Whether conversions of a module, and loading its state, exchange its parameters with new ones."""
    return Conversion.swaps
