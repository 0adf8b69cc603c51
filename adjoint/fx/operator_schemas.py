"""Arguments as a function's signature has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["ArgsKwargsPair", "normalize_function", "normalize_module"]


class ArgsKwargsPair(NamedTuple):
    """Arguments by position, and by name."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def normalize_function(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    arg_types: Any = None,
    kwarg_types: Any = None,
    normalize_to_only_use_kwargs: bool = False,
) -> ArgsKwargsPair | None:
    """The arguments of a call of ``target`` in the order of its signature, with what is there by default.

    None where it has no signature, or takes any number of arguments.

    >>> import adjoint as torch
    >>> from adjoint.fx.operator_schemas import normalize_function
    >>> normalize_function(lambda a, b=2: a, (1,), normalize_to_only_use_kwargs=True)
    ArgsKwargsPair(args=(), kwargs={'a': 1, 'b': 2})
    """
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {n: p for n, p in signature.parameters.items() if p.kind not in variable}
    if len(named) != len(signature.parameters) and len(args) > len(named):
        return None
    try:
        bound = inspect.Signature(list(named.values())).bind(*args, **(kwargs or {}))
    except TypeError:
        return None
    bound.apply_defaults()
    by_name = dict(bound.arguments)
    if normalize_to_only_use_kwargs:
        return ArgsKwargsPair((), by_name)
    positions = list(named)[: len(args)]
    return ArgsKwargsPair(
        tuple([by_name[n] for n in positions]), {n: v for n, v in by_name.items() if n not in positions}
    )


def normalize_module(
    root: Any,
    target: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    normalize_to_only_use_kwargs: bool = False,
) -> ArgsKwargsPair | None:
    """As :func:`normalize_function`, of a call of a submodule of ``root``.  Raises RuntimeError where there is none."""
    try:
        module = root.get_submodule(target)
    except AttributeError:
        raise RuntimeError(f"Tried to normalize node with target {target} but root did not have that target!") from None
    return normalize_function(module.forward, args, kwargs, None, None, normalize_to_only_use_kwargs)
