"""The compiled reading: a formula whose arrays are large is traced once, fused, compiled, and run on all cores.

``compiled(function, *args)`` is ``function(*args)``.  The first time that a function meets arguments of these shapes,
strides and dtypes (and these other values) it is made a :class:`~adjoint.kernels.plan.Plan`; where that is not possible
NumPy computes, now and whenever the same is asked again.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.kernels import deferred
from adjoint.kernels.deferred import Call, Deferred, add, evaluate, forced, structure_of

LARGE = 16384
"""How many elements an array has from which on kernels are worth their call; see docs/architecture.md."""
NEVER = 1 << 62

_MOST_PLANS = 4096
_plans: dict[Any, Any] = {}


def threshold() -> int:
    """From how many elements on callers come here: never, with ``ADJOINT_KERNELS=0``; tests lower it."""
    if os.environ.get("ADJOINT_KERNELS") == "0":
        return NEVER
    asked = os.environ.get("ADJOINT_KERNELS_FROM", "")
    return int(asked) if asked.isdigit() else LARGE


_LARGE = threshold()


@functools.lru_cache(maxsize=None)
def usable() -> bool:
    """Whether kernels can be made here: llvmlite is there, and the processor one that we know."""
    try:
        from adjoint.kernels.machine import machine

        if machine().family == "unknown":
            return False
        from adjoint.kernels.objects import data_word

        return data_word() > 0
    except (ImportError, OSError, RuntimeError):
        return False


def compiled(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)``, by kernels where that is possible."""
    arrays: list[Any] = []
    plan = _plan_of(function, args, kwargs, arrays)
    if plan is not None:
        return plan(arrays)
    if any([a.__class__ is Deferred for a in args]):
        return compiled_call(Call(function, args), None)
    return function(*args, **kwargs)


deferred.compiled = compiled


def made(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """As :func:`compiled`, of a forward: what it returns is in memory of its own, also where nothing was to be computed.

    >>> x = np.ones((1, 3))
    >>> compiled(lambda x: np.flip(x, 0), x).base is x, made(lambda x: np.flip(x, 0), x).base is x
    (True, False)
    """
    arrays: list[Any] = []
    plan = _plan_of(function, args, kwargs, arrays)
    if plan is None:
        return function(*args, **kwargs)
    found = plan(arrays)
    if not plan.passed:
        return found
    own = [r.copy() if any(np.may_share_memory(r, a) for a in arrays) else r for r in (found if plan.several else (found,))]
    return tuple(own) if plan.several else own[0]


def compiled_call(call: Call, position: int | None) -> Any:
    """A call that was put off, with all that its arguments are computed from, as one; or one after the other."""
    arrays: list[Any] = []
    structure = structure_of(call, position, arrays)
    key = (structure, *[(a.dtype, a.shape, a.strides) for a in arrays])
    try:
        plan = _plans.get(key, 0)
    except TypeError:
        plan = None
    if plan == 0:
        plan = _planned(key, lambda *given: evaluate(structure, given), tuple(arrays), {}, arrays)
    if plan is not None:
        return plan(arrays)
    if len(structure) == 2:  # nothing to take apart
        result = call.function(*[forced(a) for a in call.args])
    else:
        result = compiled(call.function, *[forced(a) for a in call.args])
    return result if position is None else result[position]


def compiled_into(target: Any, ufunc: Any, *args: Any) -> None:
    """``ufunc(*args, out=target)``; ``target`` may be one of the operands, and overlaps none in another way."""
    arrays: list[Any] = []
    plan = _plan_of(ufunc, args, {}, arrays)
    if plan is None or not plan.fill(arrays, target):
        ufunc(*args, out=target)


def explain(function: Callable[..., Any], *args: Any) -> str:
    """What ``compiled(function, *args)`` runs: the program and the native source of its kernels, or why NumPy computes.

    >>> print(explain(lambda x: x * 2 + 1, np.ones(3, np.float32)).partition("def")[0])
    a = input 0 : float32[3]
    b = number : float32[]
    c = multiply a b : float32[3]
    d = number : float32[]
    e = add c d : float32[3]
    return e
    <BLANKLINE>
    """
    arrays: list[Any] = []
    plan = _plan_of(function, args, {}, arrays)
    if plan is not None:
        return f"{plan.program}\n{plan.source}"
    return refused[next(key for key in refused if key[0] is function)] if usable() else "there are no kernels here"


def _plan_of(function: Any, args: Any, kwargs: dict[str, Any], arrays: list[Any]) -> Any:
    """The plan for a call, or None where NumPy is to compute it; collects the arrays among the arguments."""
    key: list[Any] = [function]
    try:
        for a in args:
            if a.__class__ is np.ndarray:  # as in _describe, which most arguments need not be handed to
                key += (a.dtype, a.shape, a.strides)
                arrays.append(a)
            elif a is True or a is False or a is None:
                key.append(a)
            else:
                _describe(a, key, arrays)
        if kwargs:
            for k, a in kwargs.items():
                key.append(k)
                _describe(a, key, arrays)
        plan = _plans.get(tuple(key), 0)
    except TypeError:  # another reading's array, or what cannot be looked up
        return None
    return _planned(tuple(key), function, args, kwargs, arrays) if plan == 0 else plan


def added(a: Any, b: Any) -> Any:
    """``a + b`` of two gradients."""
    if a.__class__ is np.ndarray and a.size >= _LARGE and b.__class__ is np.ndarray:
        return compiled(np.add, a, b)
    if a.__class__ is Deferred or b.__class__ is Deferred:
        return add(a, b)
    return a + b


def copied(g: Any) -> Any:
    """A copy of an array, contiguous."""
    if g.__class__ is np.ndarray and g.size >= _LARGE and usable():
        if g.flags.c_contiguous or not any(g.strides):
            return compiled(np.copy, g)
        from adjoint.kernels.copying import copy

        made = copy(g)
        if made is not NotImplemented:
            return made
    return g.copy()


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function of arrays compiled where its first array is large (a decorator)."""

    @functools.wraps(function)
    def by_size(x: Any, *args: Any) -> Any:
        return function(x, *args) if x.size < _LARGE else compiled(function, x, *args)

    return by_size


def _describe(a: Any, key: list[Any], arrays: list[Any]) -> None:
    kind = a.__class__
    if kind is np.ndarray:
        key += (a.dtype, a.shape, a.strides)
        arrays.append(a)
    elif kind is tuple or kind is list:
        key.append(kind)
        for x in a:
            _describe(x, key, arrays)
    elif kind in _VALUES or isinstance(a, (np.dtype, np.generic, dtypes.dtype)):
        key.append(kind)
        key.append(a if a and a == a else repr(a))  # -0.0 equals 0.0, and a NaN nothing
    else:
        raise TypeError(f"{kind.__name__} is neither an array nor a plain value")


_VALUES = frozenset({int, float, bool, str, type(None), slice})


def _planned(key: Any, function: Any, args: Any, kwargs: dict[str, Any], arrays: list[Any]) -> Any:
    """The plan for a call, or None where NumPy is to compute it."""
    plan = None
    if usable():
        from adjoint.kernels.plan import Plan

        try:
            plan = Plan(function, args, kwargs, arrays)
        except Exception as error:  # the formula's own errors (shapes that do not fit) are NumPy's to raise
            refused[key] = repr(error)  # not the error itself, which holds the arrays
    if len(_plans) >= _MOST_PLANS:
        _plans.clear()
        refused.clear()
    _plans[key] = plan
    return plan


refused: dict[Any, str] = {}
"""Why calls were left to NumPy."""
