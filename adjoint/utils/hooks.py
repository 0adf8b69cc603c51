"""``torch.utils.hooks``: the handles of hooks, and which hooks pickles may leave out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.autograd.hooks import RemovableHandle
from adjoint.names import list_names as _list_names
from adjoint.places import users_level

__all__ = ["RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

F = TypeVar("F", bound=Callable[..., Any])


def unserializable_hook(f: F) -> F:
    """Mark a function as a hook that is left out where tensors are pickled, so that no warning says so (a decorator)."""
    f.__torch_unserializable__ = True  # type: ignore[attr-defined]
    return f


def warn_if_has_hooks(tensor: Any) -> None:
    """Warn of each of a tensor's hooks that is not marked by :func:`unserializable_hook`: it is not pickled."""
    for hook in (tensor._backward_hooks or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the function "
                "with @torch.utils.hooks.unserializable_hook to suppress this warning",
                stacklevel=users_level(),
            )


_list_names(__name__)
