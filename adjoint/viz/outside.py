"""Outside: what surrounds the operators while a recorder is on: modules that are called, optimizers that step."""

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any

from adjoint.viz import model, names

# In a notebook: the latest recording in which a module was called, which is shown below it.
latest: weakref.WeakKeyDictionary[Any, model.Recording] = weakref.WeakKeyDictionary()


class Outside:
    """Follows modules and optimizers by hooks on all of them, for as long as it is on."""

    def __init__(self, recorder: Any) -> None:
        self.recorder = recorder
        self.stepping = 0
        self.optimizers = False  # whether one has stepped
        self._stack: list[tuple[Any, int, int]] = []  # (module, its id, which of its calls this is)
        self._known: dict[int, tuple[Any, int]] = {}  # id of a module -> reference, its id in the recording
        self._calls: dict[int, int] = {}
        self._handles: list[Any] = []

    def start(self) -> None:
        """Put the hooks in place."""
        from adjoint.nn.modules import module, module_hooks
        from adjoint.optim import optimizer

        self._handles.append(module_hooks.register_module_forward_pre_hook(self._enter))
        self._handles.append(module_hooks.register_module_forward_hook(self._leave, always_call=True))
        self._handles.append(optimizer.register_optimizer_step_pre_hook(self._step))
        self._handles.append(optimizer.register_optimizer_step_post_hook(self._stepped))
        _listeners.append(self)
        if len(_listeners) == 1:
            for owner in (optimizer.Optimizer, module.Module):
                _originals.append((owner, owner.zero_grad))
                owner.zero_grad = _told(owner.zero_grad)  # type: ignore[method-assign]

    def zeroed(self, thing: Any) -> None:
        """A thing's ``zero_grad()`` was called."""
        if self.recorder.is_here():
            self.recorder.passes.settle()
            self.recorder.graph.step("zero_grad", text=f"{type(thing).__name__}.zero_grad()")

    def stop(self) -> None:
        """Take them away, those that are there."""
        if self in _listeners:
            _listeners.remove(self)
        while _originals and not _listeners:
            owner, original = _originals[-1]
            owner.zero_grad = original
            del _originals[-1]
        while self._handles:
            self._handles[-1].remove()
            del self._handles[-1]
        if "IPython" in sys.modules:
            for reference, number in self._known.values():
                module = reference()
                if module is not None and self.recorder.recording.modules[number].parent is None:
                    latest[module] = self.recorder.recording

    def module(self) -> tuple[int, int] | None:
        """The module whose forward runs, and which of its calls it is."""
        if not self._stack:
            return None
        _, number, call = self._stack[-1]
        return number, call

    def _enter(self, module: Any, args: Any) -> None:
        if not self.recorder.is_here():
            return
        number = self._number(module)
        call = self._calls.get(number, 0)
        self._calls[number] = call + 1
        self._stack.append((module, number, call))

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        if not self.recorder.is_here():
            return
        if any(m is module for m, _, _ in self._stack):
            while self._stack.pop()[0] is not module:  # what raised on its way here was never left
                pass

    def _number(self, module: Any) -> int:
        """A module's id in the recording; the outermost one's modules, and their parameters, get their paths from it."""
        known = self._known.get(id(module))
        if known is not None and known[0]() is module:
            return known[1]
        modules = self.recorder.recording.modules
        if self._stack:  # not of those of the outermost
            return self._add(module, f"{type(module).__name__.lower()}", self._stack[-1][1]).id
        root = self._add(module, "", None)
        root.name = _variable(module) or root.name
        paths = {id(m): (path, m) for path, m in module.named_modules() if path}
        for path, inner in paths.values():
            above, _, name = path.rpartition(".")
            parent = next((m.id for m in modules[root.id :] if m.path == above), root.id)
            self._add(inner, path, parent)
        for path, tensor in (*module.named_parameters(), *module.named_buffers()):
            above = path.rpartition(".")[0]
            owner = next((m.id for m in modules[root.id :] if m.path == above), root.id)
            self.recorder.graph.paths[id(tensor)] = weakref.ref(tensor), path, owner
        return root.id

    def _add(self, module: Any, path: str, parent: int | None) -> model.Module:
        modules = self.recorder.recording.modules
        kind = type(module).__name__
        try:
            text = f"{kind}({module.extra_repr()})"
        except Exception:  # a user's own
            text = kind
        count = sum(p._array.size for p in module.parameters())
        made = model.Module(len(modules), path, path.rpartition(".")[2] or kind, kind, parent, text, count)
        modules.append(made)
        self._known[id(module)] = weakref.ref(module), made.id
        return made

    def _step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.recorder.is_here():
            self.stepping += 1

    def _stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.recorder.is_here():
            self.stepping = max(0, self.stepping - 1)
            self.recorder.graph.step("optimizer", text=f"{type(optimizer).__name__}.step()")
            self.optimizers = True
            if not self.stepping:
                self.recorder.step_ended()


# `zero_grad` has no hooks: while anybody listens, it is another function, which tells.
_listeners: list[Outside] = []
_originals: list[tuple[Any, Any]] = []


def _told(original: Any) -> Any:
    @functools.wraps(original)
    def zero_grad(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        for listener in list(_listeners):
            listener.zeroed(self)
        return result

    return zero_grad


def _variable(module: Any) -> str | None:
    """The user's variable that a module is."""
    for frame in names.frames_around(sys._getframe(1)):
        for name, value in list(frame.f_locals.items()):
            if value is module and not name.startswith("_") and name != "self":
                return name
    return None
