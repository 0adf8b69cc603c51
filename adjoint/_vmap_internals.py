"""``torch._vmap_internals``: the vmap from before :mod:`adjoint.func`, which PyTorch's gradcheck still goes by.

It is the same vmap, but no transform of a function: Functions of the user's without ``setup_context`` run inside, on batches.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import mode
from adjoint.func.vmap import vmap as _vmap_of_functions
from adjoint.places import users_level
from adjoint.thread_state import put_back, snapshot


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0) -> Callable[..., Any]:
    """As :func:`adjoint.vmap`, with a warning that it is the one to use."""
    warnings.warn(
        "Please use `torch.vmap` instead of `torch._vmap_internals.vmap`.", FutureWarning, stacklevel=users_level()
    )
    return _vmap(func, in_dims, out_dims)


def _vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, allow_none_pass_through: bool = False
) -> Callable[..., Any]:
    """``func`` over a batch; with ``allow_none_pass_through`` a result of it may be None.

    Raises RuntimeError where a random number is drawn inside.
    """
    nothing: list[int] = []

    @functools.wraps(func)
    def inside(*args: Any, **kwargs: Any) -> Any:
        before = snapshot()
        try:
            mode.transforms -= 1
            found = func(*args, **kwargs)
            mode.transforms += 1
        except BaseException:
            put_back(before)
            raise
        if not allow_none_pass_through or not isinstance(found, tuple):
            return found
        nothing[:] = [i for i, t in enumerate(found) if t is None]
        return tuple(t for t in found if t is not None)

    batched = _vmap_of_functions(inside, in_dims, out_dims)

    @functools.wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            found = batched(*args, **kwargs)
        except RuntimeError as error:
            if str(error).startswith("vmap: called random operation"):
                raise RuntimeError(
                    "vmap: We do not yet support calling random operations inside of vmap. Please perform random operations "
                    "outside of vmap as a workaround"
                ) from None
            raise
        if nothing:
            parts = list(found)
            for i in nothing:
                parts.insert(i, None)
            found = tuple(parts)
        return found

    return run
