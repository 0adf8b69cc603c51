"""States: the instruments at flags, grad modes, modules and optimizers (see :mod:`.instruments`)."""

from __future__ import annotations

import functools
import sys
from typing import Any

from adjoint.why.lines import Line, here, is_users, line_of


def flag(w: Any, own: Any) -> Any:
    def put(self: Any, value: Any) -> None:
        before = self.requires_grad
        own.fset(self, value)
        if before != self.requires_grad:
            v = w.value_of(self)
            w.renew(self)
            w.event("requires_grad", here(), v, str(value), before=before, after=value)

    return property(own.fget, put, doc=own.__doc__)


def flag_method(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = self.requires_grad
        found = function(self, *args, **kwargs)
        if before != self.requires_grad:
            v = w.value_of(self)
            w.renew(self)
            w.event("requires_grad", here(), v, str(self.requires_grad), before=before, after=self.requires_grad)
        return found

    return wrapper


def entered(w: Any, name: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any) -> Any:
        if name == "torch.inference_mode()" and not getattr(self, "mode", True):
            w.off.append((None, ""))
        else:
            w.off.append((switch(), name))
        return function(self)

    return wrapper


def switch() -> Line | None:
    """The line of a ``with`` statement, or of the decorator of the function that runs."""
    frame: Any = sys._getframe(2)
    while frame is not None and not is_users(frame.f_code.co_filename):
        if frame.f_code.co_name == "inside":
            function = frame.f_locals.get("function")
            code = getattr(function, "__code__", None)
            if code is not None and is_users(code.co_filename):
                return Line(code.co_filename, code.co_firstlineno, code.co_name)
        frame = frame.f_back
    return line_of(frame)


def left(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *exc: Any) -> Any:
        if w.off:
            w.off.pop()
        return function(self, *exc)

    return wrapper


def set_enabled(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, mode: Any) -> Any:
        if not mode:
            w.off.append((here(), "torch.set_grad_enabled(False)"))
        else:
            w.off.append((here(), "torch.set_grad_enabled(True)"))
        return function(self, mode)

    return wrapper


# Modules and optimizers


def bumping(w: Any, function: Any) -> Any:
    def bump_at(self: Any, place: Any) -> None:
        function(self, place)
        w.wrote(self)

    return bump_at


def module_call(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        w.module_called(self)
        return function(self, *args, **kwargs)

    return wrapper


def train(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, mode: Any = True) -> Any:
        w.event("train" if mode else "eval", here(), id(self))
        w.trace.kept.append(self)
        return function(self, mode)

    return wrapper


def around(w: Any, what: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        w.stepping += 1
        try:
            return function(self, *args, **kwargs)
        finally:
            w.stepping -= 1
            changed = [w.value_of(p) for p in self.parameters()]
            w.event(what, here(), id(self), after=changed)
            w.trace.kept.append(self)

    return wrapper


def made(w: Any, what: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        function(self, *args, **kwargs)
        w.trace.kept.append(self)
        w.event(what, here(), id(self), type(self).__name__)

    return wrapper


def scheduled(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = [group["lr"] for group in self.optimizer.param_groups]
        found = function(self, *args, **kwargs)
        after = [group["lr"] for group in self.optimizer.param_groups]
        if before != after:
            w.event("scheduled", here(), id(self.optimizer), type(self).__name__, before, after)
        return found

    return wrapper
