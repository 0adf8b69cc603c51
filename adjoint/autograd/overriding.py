"""Overriding: functions of ``torch`` that are offered to classes with ``__torch_function__``, and to modes.

Nobody looks for those while there are none: functions are as they were declared.  The first tensor of a user's class, the first
other object with ``__torch_function__`` that reaches a function, or the first mode that is entered has :func:`switch_on` give
every public function another beginning, and from then on calls go through :func:`_offered`.  A function stays the object that it
was, which tables of what a class overrides have as their keys; only its code becomes that of :func:`_begins`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.interrupts import at_once
from adjoint.places import users_level
from adjoint.tensor import Number, Size, Tensor
from adjoint.thread_state import Switch, declare

# How much of it is off in this thread (0: nothing, 1: classes, 2: modes as well), and the modes that are on, the innermost last.
# ``overriding_skips``: the next question whether something overrides a function is answered with no.
_thread = declare(overriding_off=0, function_modes=(), overriding_skips=False)

on: list[bool] = []
"""Not empty once functions look for overriding."""

begin_all: list[Callable[[], None]] = []
"""What has all functions that exist :func:`begin`; the layer that knows them puts it here."""

_originals: dict[Any, Any] = {}  # of functions with another beginning, and what they were


def disabled(func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
    """The ``__torch_function__`` of classes that do not override anything: parameters, which are tensors."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


disabled.__name__ = disabled.__qualname__ = "_disabled_torch_function_impl"

# What most arguments are: not looked at any further.
_PLAIN = {
    Tensor, Number, int, float, bool, complex, str, bytes, NoneType, slice, type(Ellipsis), range, dict, set, Size, type,
    np.ndarray, dtypes.dtype, FunctionType, BuiltinFunctionType,
}  # fmt: skip
Number.__torch_function__ = staticmethod(disabled)  # type: ignore[attr-defined]


class DisableTorchFunctionSubclass(Switch):
    """Inside, no class's ``__torch_function__`` is called; modes still are."""

    fields = ("overriding_off",)

    def switch(self) -> None:
        """Switch it off."""
        _thread.overriding_off = max(1, _thread.overriding_off)


class DisableTorchFunction(Switch):
    """Inside, no ``__torch_function__`` is called: neither a class's nor a mode's."""

    fields = ("overriding_off",)

    def switch(self) -> None:
        """Switch it off."""
        _thread.overriding_off = 2


class Enabled(Switch):
    """Inside, classes and modes are asked, though that may be off around."""

    fields = ("overriding_off",)

    def switch(self) -> None:
        """Switch it on."""
        _thread.overriding_off = 0


class Modes(Switch):
    """Inside, these are the modes that are on."""

    fields = ("function_modes",)

    def __init__(self, modes: tuple[Any, ...]) -> None:
        self.modes = modes

    def switch(self) -> None:
        """Switch them."""
        if self.modes:
            switch_on()
        _thread.function_modes = self.modes


def modes() -> tuple[Any, ...]:
    """The modes that are on in this thread, the innermost last."""
    return _thread.function_modes  # type: ignore[no-any-return]


def enter(mode: Any) -> None:
    """Switch a mode on, inside of those that are on."""
    switch_on()
    _thread.function_modes = (*_thread.function_modes, mode)


@at_once
def leave() -> Any:
    """Switch the innermost mode off, and return it."""
    left = _thread.function_modes
    if not left:
        raise AssertionError("no torch function mode is on")
    _thread.function_modes = left[:-1]
    return left[-1]


def is_off(modes_too: bool = False) -> bool:
    """Whether classes (and modes) are not asked in this thread."""
    return _thread.overriding_off > (1 if modes_too else 0)  # type: ignore[no-any-return]


def overrides(kind: type) -> bool:
    """Whether a class has a ``__torch_function__`` that is to be asked."""
    return kind not in _PLAIN and getattr(kind, "__torch_function__", disabled) is not disabled


def made_of_class(kind: type) -> None:
    """An instance of a class of tensors is being made: have functions ask it.

    Raises NotImplementedError for one with ``__torch_dispatch__``, which nothing would call.
    """
    if kind in _PLAIN:
        return
    if hasattr(kind, "__torch_dispatch__"):
        raise NotImplementedError(
            f"{kind.__name__} defines __torch_dispatch__, which would have to see every operator below autograd; Adjoint has "
            "__torch_function__, which sees the functions that are called"
        )
    if not on and overrides(kind):
        switch_on()


def relevant(values: Iterable[Any]) -> list[Any]:
    """Those of the arguments whose classes are to be asked, one of each class, in the order in which they are: as the
    arguments stand, but subclasses before their bases."""
    found: list[Any] = []
    kinds: list[type] = []
    for value in values:
        kind = type(value)
        if kind in _PLAIN:
            continue
        if getattr(kind, "__torch_function__", disabled) is disabled or kind in kinds:
            continue
        at = next((i for i, other in enumerate(kinds) if issubclass(kind, other)), len(kinds))
        kinds.insert(at, kind)
        found.insert(at, value)
    return found


def _looked_at(args: Iterable[Any]) -> Iterable[Any]:
    """The arguments, and what is in lists and tuples."""
    for value in args:
        kind = value.__class__
        if kind is tuple or kind is list:
            yield from value
        elif kind not in _PLAIN:
            yield value


def _offered(
    function: Any, known_as: Any, classes: bool, as_told: Any, leaves: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a function, or what overrides it for these arguments."""
    original = _originals.get(function, function)  # where tests have put it back, a copy that was made before still comes here
    thread = _thread
    off = thread.overriding_off
    if off > 1:
        return original(*args, **kwargs)
    asked: Sequence[Any] = relevant(_looked_at(args)) if classes and not off else ()
    if kwargs and classes and not off:
        asked = relevant((*asked, *_looked_at(kwargs.values())))
    if not asked and not thread.function_modes:
        return original(*args, **kwargs)
    if as_told is not None:
        args, kwargs = as_told(original, args, kwargs)
    if known_as.__class__ is str:  # a special method, whose overriding is that of another one
        known_as, leaves = getattr(Tensor, known_as), True
    try:
        return ask(known_as, asked, args, kwargs)
    except TypeError:
        if not leaves or len(args) != 2:
            raise
        return NotImplemented  # Python asks the other operand


def ask(function: Any, asked: Sequence[Any], args: tuple[Any, ...], kwargs: dict[str, Any], own_words: bool = False) -> Any:
    """What the innermost mode, or else the first of the arguments ``asked`` that knows an answer, makes of a call.

    Where none does, a TypeError says so; ``own_words`` in those of :func:`adjoint.overrides.handle_torch_function`.
    """
    types = tuple([type(value) for value in asked])
    outer = _thread.function_modes
    if outer and _thread.overriding_off < 2:
        with Modes(outer[:-1]):
            result = outer[-1].__torch_function__(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    for value in asked:
        method = value.__torch_function__
        if getattr(method, "__self__", None) is value and not isinstance(value, type):
            warnings.warn(
                "Defining your `__torch_function__` as a plain method is deprecated and will be an error in future, please "
                "define it as a classmethod.",
                UserWarning,
                stacklevel=users_level(),
            )
        result = method(function, types, args, kwargs)
        if result is not NotImplemented:
            return result
    name = name_of(function)
    if own_words or (name or "").startswith(("torch.functional.", "torch.nn.functional.")):
        text = f"no implementation found for '{name}' on types that implement __torch_function__: {list(types)}"
        if outer:
            text += f" nor in mode {outer[-1]}"
        raise TypeError(text)
    text = f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n\n"
    if outer:
        text += f"  - mode object {outer[-1]}\n"
    text += "".join(f"  - tensor subclass {kind}\n" for kind in types)
    raise TypeError(text + "\nFor more information, try re-running with TORCH_LOGS=not_implemented")


def call_inside(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function without its being offered; the functions that it calls are."""
    held_by = getattr(function, "__self__", None)
    if isinstance(held_by, property):
        part: Any = {"__get__": held_by.fget, "__set__": held_by.fset, "__delete__": held_by.fdel}[function.__name__]
        return _originals.get(part, part)(*args)
    original = _originals.get(function)
    if original is not None:
        return original(*args, **kwargs)
    before = _thread.overriding_skips
    try:
        _thread.overriding_skips = True
        return function(*args, **kwargs)
    finally:
        _thread.overriding_skips = before


IN_FUNCTIONAL = frozenset(
    {
        "align_tensors", "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors",
        "cartesian_prod", "cdist", "chain_matmul", "einsum", "lu", "meshgrid", "norm", "split", "stft", "tensordot", "unique",
        "unique_consecutive", "unravel_index",
    }
)  # fmt: skip
"""What PyTorch defines in ``torch.functional``, and names so."""


def name_of(function: Any) -> str | None:
    """The name by which PyTorch knows a function: ``torch.Tensor.add``, ``torch.Tensor.shape.__get__``; None for what is none of
    its functions."""
    held_by = getattr(function, "__self__", None)
    if isinstance(held_by, property):
        name = next((n for n, value in vars(Tensor).items() if value is held_by), None)
        return name and f"torch.Tensor.{name}.{function.__name__}"
    name = getattr(function, "__name__", None)
    if name is None:
        return None
    if vars(Tensor).get(name) is function:
        return f"torch.Tensor.{name}"
    top, _, rest = (getattr(function, "__module__", None) or "").partition(".")
    if top not in ("adjoint", "torch"):
        return None
    return ".".join(part for part in ("torch", "functional" if not rest and name in IN_FUNCTIONAL else rest, name) if part)


def _begins(*args: Any, offered_: Any, **kwargs: Any) -> Any:
    return offered_(args, kwargs)


def begin(function: Any, known_as: Any = None, classes: bool = True, as_told: Any = None, leaves: bool = False) -> None:
    """Have calls of a function be offered; ``known_as`` is what they are told that it is, the function itself if None,
    the method of that name if a string.  ``classes=False``: to modes alone.  ``as_told(function, args, kwargs)`` gives the
    arguments as they are told.  ``leaves``: where nothing answers, it is for Python to ask the other operand."""
    if not isinstance(function, FunctionType) or function in _originals:
        return
    original = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    original.__kwdefaults__ = function.__kwdefaults__
    original.__dict__.update(function.__dict__)
    original.__qualname__, original.__module__ = function.__qualname__, function.__module__
    original.__annotations__, original.__doc__ = function.__annotations__, function.__doc__
    _originals[function] = original
    told = function if known_as is None else known_as

    def offered(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _offered(function, told, classes, as_told, leaves, args, kwargs)

    # Its code is replaced last: until then the default of a parameter that it does not have changes nothing.
    function.__wrapped__ = original  # type: ignore[attr-defined]
    function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "offered_": offered}
    function.__code__ = _begins.__code__.replace(
        co_freevars=original.__code__.co_freevars, co_name=original.__code__.co_name
    )


def as_declared(function: Any) -> Any:
    """What a function was before it got another beginning."""
    return _originals.get(function, function) if on else function


def switch_on() -> None:
    """Have every public function, from now on, be offered to what overrides it."""
    if on:
        return
    on.append(True)
    for function in begin_all:
        function()


def begin_with_others(function: Any) -> None:
    """Have a function that no table declares be offered as those are: from when the others are."""
    begin_all.append(lambda: begin(function))
    if on:
        begin(function)


def convert(result: Any, kind: type) -> Any:
    """A function's result, with its tensors as instances of a class of tensors."""
    if kind is Tensor:
        return result
    if isinstance(result, Tensor):
        return result if isinstance(result, kind) else result.as_subclass(kind)  # type: ignore[attr-defined]
    if isinstance(result, (tuple, list)):
        return type(result)([convert(each, kind) for each in result])
    return result


def not_converted() -> set[Any]:
    """The functions whose results stay tensors of the class that they are of."""
    return {vars(Tensor)[name].__get__ for name in ("_base", "grad")}


def _torch_function(
    cls: type, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """Call the function on tensors as they are, and have the result be of this class.

    What a class of tensors has that defines no ``__torch_function__``, and what the one of a class that does calls by
    ``super()``.

    >>> import adjoint as torch
    >>> class Named(torch.Tensor):
    ...     @classmethod
    ...     def __torch_function__(cls, func, types, args=(), kwargs=None):
    ...         print(func.__name__)
    ...         return super().__torch_function__(func, types, args, kwargs)
    >>> type(torch.ones(2).as_subclass(Named) + 1).__name__
    add
    'Named'
    """
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        if result is None or func in not_converted():
            return result
        return convert(result, cls)


_torch_function.__name__ = "__torch_function__"
_torch_function.__qualname__ = "Tensor.__torch_function__"
Tensor.__torch_function__ = classmethod(_torch_function)  # type: ignore[attr-defined]


def late(function: Any, values: dict[str, Any], keywords: int, defaults: dict[str, Any]) -> tuple[Any, ...] | None:
    """What a call that failed, of a function that did not look for overriding yet, is to be repeated with: None where there is
    none among its arguments ``values``, the last ``keywords`` of which are given by name.  What is as it is by default is left
    out."""
    if on or not relevant(_looked_at(values.values())):
        return None
    switch_on()
    begin(function)
    names = list(values)
    by_place, by_name = names[: len(names) - keywords], names[len(names) - keywords :]
    while by_place and values[by_place[-1]] is defaults.get(by_place[-1], defaults):
        by_place.pop()
    named = {n: values[n] for n in by_name if values[n] is not defaults.get(n, defaults)}
    return tuple([values[n] for n in by_place]), named


def not_implemented(method: Any, self: Any, other: Any) -> Any:
    """What a special method, which did not look for overriding yet, returns of something that is no operand: NotImplemented,
    or what that makes of it."""
    if late(method, {"other": other}, 0, {}) is None:
        return NotImplemented
    return getattr(self, method.__name__)(other)
