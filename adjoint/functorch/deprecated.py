"""The transforms by their old names: each warns, and does what its successor does."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.func import transforms
from adjoint.func.vmap import vmap as _vmap
from adjoint.functorch import stateless
from adjoint.places import users_level

F = TypeVar("F", bound=Callable[..., Any])


def _old(function: F, now: str = "") -> F:
    """A function that warns as PyTorch does of its old name, and calls the function."""
    name = function.__name__
    text = (
        f"We've integrated functorch into PyTorch. As the final step of the integration, `functorch.{name}` is deprecated as of "
        "PyTorch 2.0 and will be deleted in a future version of PyTorch >= 2.3. Please use "
        f"`{now or 'torch.func.' + name}` instead; see the PyTorch 2.0 release notes and/or the `torch.func` migration guide for "
        "more details https://pytorch.org/docs/main/func.migrating.html"
    )

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(text, FutureWarning, stacklevel=users_level())
        return function(*args, **kwargs)

    called.__module__ = __name__
    return called  # type: ignore[return-value]


vmap = _old(_vmap, "torch.vmap")
grad = _old(transforms.grad)
grad_and_value = _old(transforms.grad_and_value)
vjp = _old(transforms.vjp)
jvp = _old(transforms.jvp)
jacrev = _old(transforms.jacrev)
jacfwd = _old(transforms.jacfwd)
hessian = _old(transforms.hessian)
functionalize = _old(transforms.functionalize)
make_functional = _old(stateless.make_functional, "torch.func.functional_call")
make_functional_with_buffers = _old(stateless.make_functional_with_buffers, "torch.func.functional_call")
combine_state_for_ensemble = _old(stateless.combine_state_for_ensemble, "torch.func.stack_module_state")
