"""Compiling: ``torch.compile``, which runs what it is given as it is."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from adjoint._dynamo.backends import check_backend, check_mode
from adjoint._dynamo.eval_frame import OptimizedModule
from adjoint.nn import Module
from adjoint.places import users_level

_said = False


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
    **others: Any,
) -> Any:
    """``model`` itself if it is a function; of a module an :class:`~adjoint._dynamo.OptimizedModule`, whose state has
    ``_orig_mod.`` before its names; without one, a decorator.  The first call warns that nothing is compiled.

    Raises RuntimeError for a ``mode`` that there is not, or one together with ``options``, ``torch._dynamo.exc.InvalidBackend``
    for a ``backend`` that there is not, and NotImplementedError for one of your own, which would be handed graphs.

    >>> import adjoint as torch, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     double = torch.compile(lambda x: x * 2)
    ...     linear = torch.compile(torch.nn.Linear(1, 1))
    >>> double(torch.ones(2))
    tensor([2., 2.])
    >>> list(linear.state_dict())
    ['_orig_mod.weight', '_orig_mod.bias']
    """
    check_mode(mode, options)
    if model is None:
        return functools.partial(
            compile, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, disable=disable
        )
    check_backend(backend)
    if not disable:
        _say_once()
    return OptimizedModule(model, backend) if isinstance(model, Module) else model


def _say_once() -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            "torch.compile: Adjoint does not compile yet; the function or module is returned as it is and runs eagerly.",
            UserWarning,
            stacklevel=users_level(),
        )
