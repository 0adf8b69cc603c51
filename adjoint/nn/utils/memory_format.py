"""The weights of convolutions in another order in memory."""

from __future__ import annotations

from typing import Any

from adjoint.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def convert_conv2d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Have the weights of all two-dimensional convolutions in a module lie in ``memory_format``; returns the module.

    >>> import adjoint as torch
    >>> m = torch.nn.Conv2d(2, 4, 3)
    >>> m = torch.nn.utils.convert_conv2d_weight_memory_format(m, torch.channels_last)
    >>> m.weight.is_contiguous(memory_format=torch.channels_last)
    True
    """
    return _converted(module, memory_format, (Conv2d, ConvTranspose2d))


def convert_conv3d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Have the weights of all three-dimensional convolutions in a module lie in ``memory_format``; returns the module."""
    return _converted(module, memory_format, (Conv3d, ConvTranspose3d))


def _converted(module: Any, memory_format: Any, kinds: Any) -> Any:
    for part in module.modules():
        if isinstance(part, kinds):
            part.weight.data = part.weight.detach().clone(memory_format=memory_format)
    return module
