"""Grad modes: whether operators record themselves, per thread."""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable
from typing import Any, TypeVar, overload

from adjoint.autograd.interception import intercept
from adjoint.interrupts import at_once
from adjoint.places import users_level
from adjoint.tensor import InferenceBlock, InferenceWrites, Tensor
from adjoint.thread_state import declare, hints, put_back, snapshot

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M")

mode = declare(
    enabled=True,
    inference=False,  # or the InferenceBlock that it is in
    wished=False,  # inside of inference mode, which records nothing: whether recording was switched on
    duals=0,  # how many forward-mode levels are entered
    primal=0,  # how many times forward mode was switched off inside of them
    primal_from=0,  # how many of these were before the latest jvp, whose level does not mind them
    transforms=0,  # how many transforms of torch.func are being computed
    pushes=0,  # how many of these are jvps
    within=(),  # these transforms themselves, the outermost first: levels of vmaps, evaluations, ...
    birth=0,  # when the evaluation of the innermost function that is differentiated began (adjoint.autograd.captures)
    evaluating=(),  # the evaluations (adjoint.autograd.evaluation) that are under way, the outermost first
    pulling=None,  # the one whose pullback runs
    multithreading=True,
    view_replay=False,  # whether a stale view's history is the way to it again, not one as_strided
    task=None,  # the backward that runs, (number, roots, captures, needed, depth of nesting, whether gradients may be
    # computed later than they are sent: adjoint.kernels.deferred, whether it is recorded, whether the graph is kept)
)
"""This thread's mode.  Generated operators read ``mode.enabled``, and only when an input requires grad."""
_this = mode  # where an argument has that name

off: dict[Any, bool] = {}
"""The threads that do not record; and, as weak references, the inference modes of which tensors live: these are not to be saved.

Whether a dictionary is empty is found out in a tenth of the time that the thread's own mode takes.
"""


@at_once
def switch_recording(on: bool) -> None:
    """Have operators called in this thread record themselves, or not: the one way to set ``mode.enabled``."""
    state = mode.__dict__
    if on:
        state["enabled"] = True
        try:
            del off[state["ident"]]
        except KeyError:
            pass
    else:
        off[state["ident"]] = True
        state["enabled"] = False


@at_once
def _set(enabled: bool, wished: bool) -> None:
    mode.wished = wished
    switch_recording(enabled)


def set_recording(on: bool) -> None:
    """As :func:`switch_recording`, in the evaluations of functions that are under way: they have to know."""
    if not on and mode.evaluating:
        for evaluation in mode.evaluating:
            evaluation.switched_off = True
    switch_recording(on)


def in_backward(function: Callable[..., Any], *args: Any) -> Any:
    """Call the user's function (a hook, a Function's backward) in the mode of the backward that runs: recorded if it is."""
    state = mode.__dict__
    before = state.get("enabled", True)
    task = state.get("task")
    if task is None or before is task[6]:
        result = function(*args)
        if state.get("enabled", True) is not before:  # what it switched ends with it, as in PyTorch
            switch_recording(before)
        return result
    try:
        switch_recording(task[6])
        result = function(*args)
        switch_recording(before)
        return result
    except BaseException:
        switch_recording(before)
        raise


@at_once
def _agree() -> None:
    """Have ``off`` say whether this thread records."""
    if mode.enabled:
        try:
            del off[mode.ident]
        except KeyError:
            pass
    else:
        off[mode.ident] = True


hints.append(_agree)


def _switch(on: bool) -> tuple[bool, bool]:
    """Switch recording on or off for the user, whom inference mode obeys only inside of a transform; what it was before."""
    before: tuple[bool, bool] = mode.enabled, mode.wished
    wished = before[1]
    if mode.inference:
        wished = on
        on = on and bool(mode.evaluating)
    if not on and mode.evaluating:
        for evaluation in mode.evaluating:
            evaluation.switched_off = True
    try:
        _set(on, wished)
        return before
    except BaseException:
        _set(*before)
        raise


def is_grad_enabled() -> bool:
    """Whether operators called in this thread record themselves, but for inference mode."""
    return mode.enabled or mode.wished  # type: ignore[no-any-return]


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside :class:`inference_mode`."""
    return bool(mode.inference)


def _inference_tensors_are_usable() -> bool:
    """In inference mode, and in derivatives that transforms ask for, which are not of the tensors themselves in PyTorch."""
    return bool(mode.inference or mode.duals) or mode.pulling is not None


InferenceWrites.usable = staticmethod(_inference_tensors_are_usable)


class _ContextDecorator:
    """A context manager that also decorates functions and generators, entering anew at each call."""

    def _again(self) -> Any:
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isclass(function):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions "
                "or methods. To preserve the current behavior of class decoration, you can directly decorate the `__init__` "
                "method and nothing else.",
                FutureWarning,
                stacklevel=users_level(),
            )
            return self._wrap(lambda *args, **kwargs: function(*args, **kwargs))  # type: ignore[return-value]
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)  # type: ignore[return-value]
        return self._wrap(function)  # type: ignore[return-value]

    def _wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Inside the mode while the function runs."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            before = snapshot()
            try:
                with self._again():
                    return function(*args, **kwargs)
            except BaseException:
                put_back(before)
                raise

        return inside

    def _wrap_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Inside the mode while the generator's body runs, outside of it while its consumer does."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            send: Callable[[], Any] = functools.partial(next, generator)
            while True:
                try:
                    with self._again():
                        item = send()
                except StopIteration as stop:
                    return stop.value
                try:
                    received = yield item
                    send = functools.partial(generator.send, received)
                except GeneratorExit:
                    with self._again():
                        generator.close()
                    raise
                except BaseException as error:  # thrown in by the consumer: the body's to handle
                    send = functools.partial(generator.throw, error)

        return inside

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError


class _GradMode(_ContextDecorator):
    _to: bool

    @overload
    def __new__(cls: type[M]) -> M: ...
    @overload
    def __new__(cls, function: F) -> F: ...  # type: ignore[misc]
    def __new__(cls, function: Any = None) -> Any:
        self = object.__new__(cls)
        return self if function is None else self(function)  # `@torch.no_grad` without parentheses

    def __enter__(self) -> None:
        self._before = _switch(self._to)

    def _wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        to = self._to

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            enabled, wished = mode.enabled, mode.wished
            try:
                _switch(to)
                result = function(*args, **kwargs)
                _set(enabled, wished)
                return result
            except BaseException:
                _set(enabled, wished)
                raise

        return inside

    @at_once
    def __exit__(self, *exc: object) -> None:
        enabled, wished = self._before
        _set(enabled, wished)


class recording:
    """Operators are recorded inside, whatever the user has said: for what autograd itself does."""

    def __enter__(self) -> None:
        self._before = mode.enabled, mode.wished
        try:
            set_recording(True)
        except BaseException:
            self.__exit__()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        enabled, wished = self._before
        _set(enabled, wished)


class no_grad(_GradMode):
    """Nothing is recorded inside: a context manager and a decorator.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    _to = False


class enable_grad(_GradMode):
    """Operators are recorded inside, also within :class:`no_grad`, but not within :class:`inference_mode`: a context manager
    and a decorator."""

    _to = True


class set_grad_enabled(_ContextDecorator):
    """Switch recording on or off, at once; as a context manager (or decorator) also back again at its end."""

    def __init__(self, mode_: bool) -> None:
        self.mode = mode_
        self._before = _switch(bool(mode_))

    def __call__(self, function: F) -> F:
        enabled, wished = self._before
        _set(enabled, wished)
        return super().__call__(function)

    def _again(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)

    def __enter__(self) -> None:
        try:
            _switch(bool(self.mode))
        except BaseException:
            enabled, wished = self._before
            _set(enabled, wished)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        enabled, wished = self._before
        _set(enabled, wished)


def is_multithreading_enabled() -> bool:
    """What :class:`set_multithreading_enabled` said last in this thread; True where it said nothing."""
    return mode.multithreading  # type: ignore[no-any-return]


class set_multithreading_enabled(_ContextDecorator):
    """Whether a backward may use a thread per accelerator, at once; as a context manager also back at its end.

    A backward on the CPU runs in the thread that asked for it, in PyTorch as here, whatever this says.
    """

    def __init__(self, mode: bool) -> None:
        self._before = _this.multithreading
        self.mode = mode
        _this.multithreading = bool(mode)

    def _again(self) -> set_multithreading_enabled:
        return set_multithreading_enabled(self.mode)

    def __enter__(self) -> None:
        _this.multithreading = bool(self.mode)

    @at_once
    def __exit__(self, *exc: object) -> None:
        _this.multithreading = self._before


def is_view_replay_enabled() -> bool:
    """Whether views are told by the steps to them again once their base was written to: see ``_force_original_view_tracking``."""
    return mode.view_replay  # type: ignore[no-any-return]


class _force_original_view_tracking(_ContextDecorator):
    """Whether a view of what was written to gets its history from the steps that led to it (True) or from one ``as_strided``,
    at once; as a context manager also back at its end."""

    def __init__(self, mode: bool) -> None:
        self._before = _this.view_replay
        self.mode = mode
        _this.view_replay = bool(mode)

    def __call__(self, function: F) -> F:
        _this.view_replay = self._before
        return super().__call__(function)

    def _again(self) -> _force_original_view_tracking:
        return _force_original_view_tracking(self.mode)

    def __enter__(self) -> None:
        _this.view_replay = bool(self.mode)

    @at_once
    def __exit__(self, *exc: object) -> None:
        _this.view_replay = self._before


class inference_mode(_ContextDecorator):
    """Like :class:`no_grad`, and the tensors made inside can never be recorded, not even later.

    ``inference_mode(False)`` leaves an enclosing inference mode.

    >>> import adjoint as torch
    >>> with torch.inference_mode():
    ...     y = torch.ones(2) * 2
    >>> y.is_inference()
    True
    """

    mode: bool

    @overload
    def __new__(cls: type[M], mode: bool = True) -> M: ...
    @overload
    def __new__(cls, mode: F) -> F: ...  # type: ignore[misc]
    def __new__(cls, mode: Any = True) -> Any:
        self = object.__new__(cls)
        self.mode = True if callable(mode) else bool(mode)
        return self(mode) if callable(mode) else self

    def _again(self) -> inference_mode:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        self._before = mode.enabled, mode.inference, mode.wished, mode.interceptors
        try:
            if self.mode:
                intercept.add(_mark_inference)
            mode.inference = _new_block() if self.mode else False
            mode.wished = False
            set_recording(not self.mode)
        except BaseException:
            enabled, mode.inference, wished, mode.interceptors = self._before
            _set(enabled, wished)
            intercept.agree()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        enabled, mode.inference, wished, _ = self._before
        _set(enabled, wished)
        if self.mode:
            intercept.remove(_mark_inference)


def _new_block() -> InferenceBlock:
    """A block that ``off`` has until it dies; no line of Python runs then, in which an interrupt could strike, and be swallowed."""
    block = InferenceBlock()
    off[weakref.ref(block, off.pop)] = True
    return block


def nobody_looks() -> bool:
    """Whether this thread has no interceptor that wants to see each operator: inference mode's takes several in one."""
    if not intercept.active:
        return True
    every, depth = mode.interceptors
    return every[:depth].count(_mark_inference) == depth  # type: ignore[no-any-return]


def _mark_inference(operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run the operator and mark what it made as inference tensors."""
    result = run(*args, **kwargs)
    if mode.inference:
        for made in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(made, Tensor) and made._writes is None:  # else it is an argument, or looks at the memory of one
                made._writes = InferenceWrites(mode.inference)
    return result


intercept.known = _mark_inference


def record_in_inference() -> InferenceWrites | None:
    """The record of what an operator makes where :func:`_mark_inference` would mark it and no other interceptor sees the call."""
    return InferenceWrites(mode.inference) if mode.interceptors[1] and mode.inference else None
