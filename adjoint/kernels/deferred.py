"""Deferred gradients: what an elementwise node of a large graph sends on before it is computed.

A backward runs through chains of elementwise nodes, and nobody sees the gradients between them.  So such a node only
notes what is to be computed; the note grows until it reaches a node of another kind, or a leaf, and becomes one kernel
that reads what was saved and writes one result.  Only nodes that said so (``defers``) are sent such notes, and none are
made while somebody could look: hooks, anomaly detection, a backward that is recorded.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from threading import get_ident
from typing import Any

import numpy as np

from adjoint.readings.face import ArrayFace

_DEEPEST = 16  # nodes that become one kernel: longer chains are cut
SOON = 1 << 19
"""Fewer elements that go to leaves are computed at once: a note costs more than another kernel where a leaf gets several."""


class _Pending(threading.local):
    """Weak references to what this thread has put off."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.room = 64  # how many there may be before those that are gone are forgotten


_pending = _Pending()

unsettled: dict[int, bool] = {}
"""The threads in whose backward something was put off.  What writes to memory asks whether there are any, and settles: a signal's
handler, or a finalizer, may write to what a gradient will be computed from."""

compiled: Callable[..., Any] = bool
"""``compiled(function, *args)`` is what computes at once (:mod:`.reading` says)."""

may_defer: Callable[[], bool] = bool
"""Whether this thread is in a backward whose gradients nobody sees (the engine says)."""


class Call:
    """A call that was put off: a function of arrays, other deferred results, and values."""

    __slots__ = ("args", "depth", "function")

    def __init__(self, function: Any, args: Any) -> None:
        self.function = function
        self.args = args
        self.depth = 1 + max([a.call.depth for a in args if a.__class__ is Deferred and a.call is not None], default=0)


class Deferred(ArrayFace):
    """One result of a call that was put off; anything but another elementwise node makes it happen."""

    __slots__ = ("__weakref__", "array", "call", "dtype", "position", "shape")

    def __init__(self, call: Call, position: int | None, shape: Any, dtype: Any) -> None:
        self.call: Call | None = call
        self.position = position  # in the tuple that the call returns; None where it returns this alone
        self.shape = shape
        self.dtype = dtype
        self.array: Any = None
        found = _pending.found
        unsettled[get_ident()] = True
        found.append(weakref.ref(self))
        if len(found) > _pending.room:
            found[:] = [r for r in found if r() is not None]
            _pending.room = 64 + 2 * len(found)

    ndim = property(lambda self: len(self.shape))  # type: ignore[assignment]

    @property
    def size(self) -> int:  # type: ignore[override]
        n = 1
        for s in self.shape:
            n *= s
        return n

    def force(self) -> Any:
        """The array, computed now if it has not been."""
        if self.array is None:
            from adjoint.kernels.reading import compiled_call

            assert self.call is not None
            self.array = np.asarray(compiled_call(self.call, self.position))
            self.call = None
        return self.array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.force(), dtype)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.force(), name)

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        args = [forced(a) for a in args]
        kwargs = {name: forced(a) for name, a in kwargs.items()}
        if function.__class__ is tuple:
            return getattr(function[0], function[1])(*args, **kwargs)
        return function(*args, **kwargs)


def forced(x: Any) -> Any:
    """An array for a deferred one; of a list or tuple, of all that is in it."""
    if x.__class__ is Deferred:
        return x.force()
    if x.__class__ is list or x.__class__ is tuple:
        return x.__class__([forced(a) for a in x])
    return x


def settle() -> None:
    """Compute all that this thread has put off: before the user's code may change what it is computed from."""
    unsettled.pop(get_ident(), None)
    if _pending.found:
        found, _pending.found = _pending.found, []
        for reference in found:
            waiting = reference()
            if waiting is not None:
                waiting.force()


def deferred(edges: Any, forms: Any, function: Any, g: Any, *args: Any) -> Any:
    """``function(g, *args, forms?)``, the gradients of an elementwise node: deferred, if all who get one can take it.

    ``edges`` are where the gradients go; ``forms`` says to what shapes and dtypes they are to be brought.
    """
    if forms is None and may_defer() and (g.__class__ is np.ndarray or g.__class__ is Deferred) and g.dtype.char in "fd":
        last = g.__class__ is np.ndarray and g.size < SOON
        for edge in edges:
            if not edge.defers:
                break
            last = last and not (edge.wants and edge._edges)
        else:
            if last:  # at leaves, where nothing follows
                return compiled(function, g, *args)
            call = Call(function, (g, *args))
            if call.depth <= _DEEPEST:
                return tuple([Deferred(call, i, g.shape, g.dtype) if e.wants else None for i, e in enumerate(edges)])
    return compiled(function, g, *args)


def put_off(function: Any, args: Any, shape: Any, dtype: Any) -> Any:
    """``function(*args)`` of that shape and dtype: deferred, in a backward whose gradients nobody sees."""
    if may_defer() and dtype.char in "fd":
        return Deferred(Call(function, args), None, shape, dtype)
    return compiled(function, *args)


def add(a: Any, b: Any) -> Any:
    """``a + b``, where one of them is deferred."""
    if a.shape == b.shape and a.dtype == b.dtype:
        call = Call(np.add, (a, b))
        if call.depth <= _DEEPEST:
            return Deferred(call, None, a.shape, a.dtype)
    return forced(a) + forced(b)


def structure_of(call: Call, position: int | None, arrays: list[Any]) -> tuple[Any, ...]:
    """What is to be computed, without the arrays, which are collected: the calls in order, each with its arguments as
    ("array", place), ("result", call, position) or ("value", class, value)."""
    calls: list[Any] = []
    _visit(call, calls, {}, arrays, {})
    return (*calls, position)


def _visit(call: Call, calls: list[Any], numbers: dict[int, int], arrays: list[Any], places: dict[int, int]) -> int:
    """Put a call and those that it depends on into ``calls``; its number there."""
    number = numbers.get(id(call))
    if number is not None:
        return number
    described: list[Any] = []
    for a in call.args:
        if a.__class__ is Deferred:
            if a.call is not None:
                described.append(("result", _visit(a.call, calls, numbers, arrays, places), a.position))
                continue
            a = a.array
        if a.__class__ is np.ndarray:
            place = places.get(id(a))
            if place is None:
                place = places[id(a)] = len(arrays)
                arrays.append(a)
            described.append(("array", place))
        else:
            described.append(("value", a.__class__, a))
    numbers[id(call)] = len(calls)
    calls.append((call.function, tuple(described)))
    return len(calls) - 1


def evaluate(structure: tuple[Any, ...], arrays: Any) -> Any:
    """What :func:`structure_of` described, for these arrays."""
    *calls, position = structure
    results: list[Any] = []
    for function, arguments in calls:
        results.append(function(*[_value(a, arrays, results) for a in arguments]))
    return results[-1] if position is None else results[-1][position]


def _value(described: Any, arrays: Any, results: list[Any]) -> Any:
    kind, first, *rest = described
    if kind == "array":
        return arrays[first]
    if kind == "value":
        return rest[0]
    result = results[first]
    return result if rest[0] is None else result[rest[0]]
