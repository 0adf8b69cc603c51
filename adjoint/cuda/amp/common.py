"""Whether there may be CUDA, and what the older names say of themselves."""

from __future__ import annotations

import warnings

from adjoint.names import list_names as _list_names
from adjoint.places import users_level

__all__ = ["amp_definitely_not_available"]


def amp_definitely_not_available() -> bool:
    """True: there is no CUDA."""
    return True


def warn_of_old(name: str, arguments: str) -> None:
    """Say that a name is deprecated, and how ``torch.amp``'s is called."""
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}({arguments})` instead.",
        FutureWarning,
        stacklevel=users_level(),
    )


_list_names(__name__)
