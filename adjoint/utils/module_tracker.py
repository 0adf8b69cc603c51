"""``torch.utils.module_tracker``: in which modules' forwards, or backwards, a program is."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from adjoint.autograd.graph import register_multi_grad_hook
from adjoint.autograd.variable import Variable
from adjoint.interrupts import at_once
from adjoint.names import list_names
from adjoint.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from adjoint.pytree import tree_leaves
from adjoint.tensor import Tensor

__all__ = ["ModuleTracker"]


class ModuleTracker:
    """Inside of ``with``, knows which modules are being run: their names are in ``parents``, besides ``"Global"``.

    A module's name is that of its class, followed by the way to it from the module that was called first: ``Net.layers.0``.
    In a backward, a module is entered when the gradients of its outputs have come, and left when those of its inputs have.

    >>> import adjoint as torch
    >>> from adjoint.utils.module_tracker import ModuleTracker
    >>> class Net(torch.nn.Module):
    ...     def forward(self, x):
    ...         print(sorted(tracker.parents))
    ...         return x
    >>> with ModuleTracker() as tracker:
    ...     _ = torch.nn.Sequential(Net())(torch.ones(1))
    ['Global', 'Sequential', 'Sequential.0']
    """

    parents: set[str]

    def __init__(self) -> None:
        self.parents = {"Global"}
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._looked_into: weakref.WeakSet[Any] = weakref.WeakSet()
        self._waits_for_the_end = False
        self._backward = False
        self._hooks: list[Any] = []

    @property
    def is_bw(self) -> bool:
        """Whether a backward is being run."""
        return self._backward

    def _name(self, module: Any) -> str:
        name = self._names.setdefault(module, type(module).__name__)
        if module not in self._looked_into:
            for child_name, child in module.named_children():
                self._names[child] = f"{name}.{child_name}"
                self._name(child)
            self._looked_into.add(module)
        return name

    def _entering(self, name: str, backward: bool) -> Callable[..., None]:
        def enter(*args: Any) -> None:
            if backward:
                self._wait_for_the_end()
            self.parents.add(name)

        return enter

    def _leaving(self, name: str) -> Callable[..., None]:
        return lambda *args: self.parents.discard(name)

    def _wait_for_the_end(self) -> None:
        """When the backward is over, no module is being run: one whose inputs need no gradients is never left."""
        self._backward = True
        if self._waits_for_the_end:
            return

        def over() -> None:
            self.parents = {"Global"}
            self._waits_for_the_end = self._backward = False

        Variable._execution_engine.queue_callback(over)
        self._waits_for_the_end = True

    def _before(self, module: Any, given: Any) -> None:
        name = self._name(module)
        self._entering(name, False)()
        self._hook(given, self._leaving(name))

    def _after(self, module: Any, given: Any, output: Any) -> None:
        name = self._name(module)
        self._leaving(name)()
        self._hook(output, self._entering(name, True))

    def _hook(self, values: Any, function: Callable[..., None]) -> None:
        tensors = [t for t in tree_leaves(values) if isinstance(t, Tensor) and t.requires_grad]
        if tensors:
            self._hooks.append(register_multi_grad_hook(tensors, function))

    def __enter__(self) -> ModuleTracker:
        before = register_module_forward_pre_hook(self._before)
        try:
            self._handles = before, register_module_forward_hook(self._after)
            return self
        except BaseException:
            before.remove()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        for handle in (*self._handles, *self._hooks):
            handle.remove()
        self._hooks.clear()


list_names(__name__)
