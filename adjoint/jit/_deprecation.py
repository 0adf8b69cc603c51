"""The warning that PyTorch gives of its TorchScript functions, for those who ask to see deprecations."""

from __future__ import annotations

import sys
import warnings

from adjoint.places import users_level


def deprecated(name: str, instead: str = "Please use `torch.compile` instead.", dropped: bool = False) -> None:
    """Warn that ``torch.jit.name`` is deprecated; ``dropped``: Python 3.14 and later do without it."""
    if dropped and sys.version_info >= (3, 14):
        text = f"`torch.jit.{name}` is not supported in Python 3.14+ and may break. {instead}"
    else:
        text = f"`torch.jit.{name}` is deprecated. {instead}"
    warnings.warn(text, DeprecationWarning, stacklevel=users_level())


SWITCH = "Please switch to `torch.compile` or `torch.export`."
