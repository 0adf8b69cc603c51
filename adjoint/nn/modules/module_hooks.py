"""Hooks on modules: the user's functions that see a module's inputs, outputs and gradients.

A module without hooks never gets here (see ``Module.__call__``).
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.hooks import RemovableHandle, add_hook
from adjoint.autograd.node import Node, Output, record
from adjoint.autograd.saved import alias
from adjoint.autograd.views import IN_FUNCTION, MULTIPLE, become_view
from adjoint.declare.namespaces import lookup
from adjoint.places import users_level
from adjoint.tensor import Tensor

GLOBAL: OrderedDict[int, tuple[str, Any, bool]] = OrderedDict()
"""Hooks on every module: id -> (kind, hook, always_call)."""

REGISTRATION: dict[str, OrderedDict[int, Any]] = {
    "buffer": OrderedDict(),
    "module": OrderedDict(),
    "parameter": OrderedDict(),
}
"""Hooks on what is registered with any module."""


class _Global:
    """Whether hooks on every module's backward are full ones; they are of one kind, whichever came first."""

    full: bool | None = None


def _of_one_kind(full: bool) -> None:
    if _Global.full is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only one of "
            "them."
        )
    _Global.full = full


def _add_global(kind: str, hook: Any, always_call: bool = False) -> RemovableHandle:
    return add_hook(GLOBAL, (kind, hook, always_call))


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, args)`` called before the forward of every module."""
    return _add_global("forward_pre", hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Have ``hook(module, args, output)`` called after the forward of every module."""
    return _add_global("forward_with_kwargs" if with_kwargs else "forward", hook, always_call)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Deprecated: have ``hook(module, grad_input, grad_output)`` called after the node of any module's output ran.

    Raises RuntimeError once :func:`register_module_full_backward_hook` was called, which takes its place.
    """
    _of_one_kind(full=False)
    return _add_global("backward_of_node", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, grad_input, grad_output)`` called whenever a module's input gradients were computed.

    Raises RuntimeError once :func:`register_module_backward_hook` was called.
    """
    _of_one_kind(full=True)
    return _add_global("backward", hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, grad_output)`` called whenever a module's output gradients were computed."""
    return _add_global("backward_pre", hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, name, buffer)`` called when a buffer is registered with any module; it may replace it."""
    return add_hook(REGISTRATION["buffer"], hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, name, submodule)`` called when a submodule is registered; it may replace it."""
    return add_hook(REGISTRATION["module"], hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(module, name, param)`` called when a parameter is registered; it may replace it."""
    return add_hook(REGISTRATION["parameter"], hook)


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """What the registration hooks make of ``value``."""
    for hook in REGISTRATION[kind].values():
        replacement = hook(module, name, value)
        if replacement is not None:
            value = replacement
    return value


class _Hooked:
    """The part of :class:`Module` that registers hooks and runs them."""

    _forward_pre_hooks: OrderedDict[int, Any]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks: OrderedDict[int, Any]
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _backward_hooks: OrderedDict[int, Any]
    _backward_pre_hooks: OrderedDict[int, Any]
    _is_full_backward_hook: bool | None
    forward: Callable[..., Any]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Have ``hook(module, args)`` called before ``forward``; it may return other args.

        With ``with_kwargs`` it is ``hook(module, args, kwargs)``, which may return ``(args, kwargs)``.
        """
        handle = RemovableHandle(self._forward_pre_hooks, extra_dict=self._forward_pre_hooks_with_kwargs)
        self._forward_pre_hooks[handle.id] = hook
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        if prepend:
            self._forward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Have ``hook(module, args, output)`` called after ``forward``; it may return another output.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, output)``.  With ``always_call`` it is also called when
        something raised.

        >>> import adjoint as torch
        >>> m = torch.nn.Identity()
        >>> handle = m.register_forward_hook(lambda module, args, output: output * 2)
        >>> m(torch.tensor([1.]))
        tensor([2.])
        """
        handle = RemovableHandle(
            self._forward_hooks, extra_dict=[self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        )
        self._forward_hooks[handle.id] = hook
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        if prepend:
            self._forward_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(module, grad_output)`` called when the outputs' gradients are there; it may return others."""
        handle = add_hook(self._backward_pre_hooks, hook)
        if prepend:
            self._backward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(module, grad_input, grad_output)`` called when the inputs' gradients are there; it may return
        other input gradients.

        Raises RuntimeError on a module that has hooks of :meth:`register_backward_hook`.
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = True
        handle = add_hook(self._backward_hooks, hook)
        if prepend:
            self._backward_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Deprecated: have ``hook(module, grad_input, grad_output)`` called after the node of the output ran."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = False
        return add_hook(self._backward_hooks, hook)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[Any] = set()
        result: Any = None
        try:
            args, kwargs = self._run_forward_pre_hooks(args, kwargs)
            backward = _BackwardHooks.of(self)
            if backward is not None:
                args = backward.watch_inputs(args)
            result = self.forward(*args, **kwargs)
            for key, hook, with_kwargs, _ in self._all_forward_hooks():
                called.add(key)
                replacement = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                if replacement is not None:
                    result = replacement
        except Exception:
            self._run_hooks_that_are_always_called(args, kwargs, result, called)
            raise
        if backward is not None:
            result = backward.watch_outputs(result)
        _, of_node = self._get_backward_hooks()
        if of_node:
            self._hook_output_node(args, result, of_node)
        return result

    def _get_backward_hooks(self) -> tuple[list[Any], list[Any]]:
        """The hooks on this module's backward, its own and the global ones: full ones, and those on the node of its output."""
        full = [hook for kind, hook, _ in GLOBAL.values() if kind == "backward"]
        of_node = [hook for kind, hook, _ in GLOBAL.values() if kind == "backward_of_node"]
        if self._is_full_backward_hook is not None:
            (full if self._is_full_backward_hook else of_node).extend(self._backward_hooks.values())
        return full, of_node

    def _get_backward_pre_hooks(self) -> list[Any]:
        """The hooks before this module's backward, the global ones and its own."""
        return [hook for kind, hook, _ in GLOBAL.values() if kind == "backward_pre"] + [*self._backward_pre_hooks.values()]

    def _run_forward_pre_hooks(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        hooks = [(hook, False) for kind, hook, _ in list(GLOBAL.values()) if kind == "forward_pre"]
        hooks += [(h, i in self._forward_pre_hooks_with_kwargs) for i, h in list(self._forward_pre_hooks.items())]
        for hook, with_kwargs in hooks:
            if with_kwargs:
                replacement = hook(self, args, kwargs)
                if replacement is not None:
                    if not (isinstance(replacement, tuple) and len(replacement) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                            f"{replacement}."
                        )
                    args, kwargs = replacement
            else:
                replacement = hook(self, args)
                if replacement is not None:
                    args = replacement if isinstance(replacement, tuple) else (replacement,)
        return args, kwargs

    def _all_forward_hooks(self) -> list[tuple[Any, Any, bool, bool]]:
        """(key, hook, with_kwargs, always_call), in the order in which they run."""
        hooks: list[tuple[Any, Any, bool, bool]] = [
            (("global", i), hook, kind == "forward_with_kwargs", always)
            for i, (kind, hook, always) in list(GLOBAL.items())
            if kind in ("forward", "forward_with_kwargs")
        ]
        for i, hook in list(self._forward_hooks.items()):
            hooks.append((i, hook, i in self._forward_hooks_with_kwargs, i in self._forward_hooks_always_called))
        return hooks

    def _run_hooks_that_are_always_called(self, args: Any, kwargs: Any, result: Any, called: set[Any]) -> None:
        for key, hook, with_kwargs, always in self._all_forward_hooks():
            if not always or key in called:
                continue
            try:
                replacement = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                if replacement is not None:
                    result = replacement
            except Exception as e:
                where = "global module forward hook" if isinstance(key, tuple) else "module forward hook"
                warnings.warn(
                    f"{where} with ``always_call=True`` raised an exception that was silenced as another error was "
                    f"raised in forward: {e!s}",
                    stacklevel=users_level(),
                )

    def _hook_output_node(self, args: Any, result: Any, hooks: list[Any]) -> None:
        tensor = result
        while not isinstance(tensor, Tensor):
            if isinstance(tensor, dict):
                tensor = next(v for v in tensor.values() if isinstance(v, Tensor))
            else:
                tensor = tensor[0]
        node = tensor.grad_fn
        if node is not None:
            for hook in hooks:
                node.register_hook(lambda grad_input, grad_output, hook=hook: hook(self, grad_input, grad_output))
            self._maybe_warn_non_full_backward_hook(args, result, node)

    def _maybe_warn_non_full_backward_hook(self, inputs: Any, result: Any, grad_fn: Any) -> None:
        """Warn where the node of the output is not all that there is between inputs and outputs."""
        what = _what_is_missed(inputs, result, grad_fn)
        if what is not None:
            warnings.warn(what, FutureWarning, stacklevel=users_level())


def _what_is_missed(inputs: Any, result: Any, grad_fn: Any) -> str | None:
    """PyTorch's warning of what a hook on the node of a module's output does not see; None where that is nothing."""
    instead = "Please use register_full_backward_hook to get the documented behavior."
    gone = "is deprecated and will be removed in future versions. This hook will be missing some"
    sides: list[tuple[Any, ...]] = []
    for value, verb, missed in ((result, "return", "of the grad_output"), (inputs, "take as input", "of the grad_input")):
        values = (value,) if isinstance(value, Tensor) else value
        if not (isinstance(values, tuple) and all(isinstance(v, Tensor) for v in values)):
            return (
                f"Using non-full backward hooks on a Module that does not {verb} a single Tensor or a tuple of Tensors {gone} "
                f"{missed}. {instead}"
            )
        sides.append(values)
    of_outputs, of_inputs = ({t.grad_fn for t in side if t.grad_fn is not None} for side in sides)
    if not of_outputs or (len(of_outputs) == 1 and grad_fn not in of_outputs):
        return f"Using a non-full backward hook when outputs are nested in python data structure {gone} grad_output."
    if len(of_outputs) > 1:
        return (
            f"Using a non-full backward hook when outputs are generated by different autograd Nodes {gone} grad_output. {instead}"
        )
    if of_inputs != {node for node, _ in grad_fn.next_functions}:
        return f"Using a non-full backward hook when the forward contains multiple autograd Nodes {gone} grad_input. {instead}"
    return None


class BackwardHookFunctionBackward(Node):
    """Where gradients pass from a module's output, or out of its input."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<torch.autograd.function.BackwardHookFunctionBackward object at {id(self):#x}>"

    def apply(self, g: Any) -> Any:
        return tuple(g) if isinstance(g, list) else (g,)

    apply_taped = apply


def _pass_through(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], BackwardHookFunctionBackward | None, list[int]]:
    """The values with every tensor among them that requires grad behind one new node; which ones they are."""
    where = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]
    if not where or not mode.enabled:
        return values, None, []
    node = BackwardHookFunctionBackward()
    record(node, tuple(edge_of(values[i]) for i in where))
    node._outputs = len(where)
    passed = list(values)
    for k, i in enumerate(where):
        edge = node if len(where) == 1 else Output(node, k)
        passed[i] = t = alias(values[i], edge)
        become_view(t, values[i], lambda x: x.view(x.shape), IN_FUNCTION if len(where) == 1 else MULTIPLE)
        t._edge = edge  # a write to it would pass the hooks by, and is refused
    return tuple(passed), node, where


class _BackwardHooks:
    """One call of a module that has full backward hooks."""

    def __init__(self, module: Any, pre: list[Any], post: list[Any]) -> None:
        self.module = module
        self.pre = pre
        self.post = post
        self.grad_outputs: tuple[Any, ...] | None = None
        self.watches_inputs = False
        self.input_count = 0

    @classmethod
    def of(cls, module: Any) -> _BackwardHooks | None:
        """The full backward hooks that this module has now, its own and the global ones; None without any."""
        pre = module._get_backward_pre_hooks()
        post, _ = module._get_backward_hooks()
        return cls(module, pre, post) if pre or post else None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, passed through a node that calls the hooks with the gradients of the inputs."""
        self.input_count = len(args)
        args, node, where = _pass_through(args)
        if node is None or not self.post:
            self.watches_inputs = node is not None
            return args
        self.watches_inputs = True
        count = len(args)
        constants = [(i, a.shape, a.dtype) for i, a in enumerate(args) if isinstance(a, Tensor) and i not in where]

        def after(grad_input: tuple[Any, ...], _: Any) -> Any:
            if self.grad_outputs is None:
                return None  # backward began inside of the module
            spread: list[Any] = [None] * count
            for i, shape, dtype in constants:  # as in PyTorch
                spread[i] = lookup("torch", "zeros")(shape, dtype=dtype)
            for i, g in zip(where, grad_input):
                spread[i] = g
            grads: tuple[Any, ...] = tuple(spread)
            grad_outputs, self.grad_outputs = self.grad_outputs, None
            for hook in self.post:
                returned = hook(self.module, grads, grad_outputs)
                if returned is None:
                    continue
                returned = returned if isinstance(returned, tuple) else (returned,)
                if len(returned) != count:
                    raise RuntimeError(
                        "Backward hook returned an invalid number of grad_input, "
                        f"got {len(returned)}, but expected {count}"
                    )
                grads = returned
            return tuple(grads[i] for i in where)

        node.register_hook(after)  # type: ignore[attr-defined]
        return args

    def watch_outputs(self, result: Any) -> Any:
        """The result, passed through a node that sees the gradients of the outputs first."""
        single = not isinstance(result, tuple)
        if single and not isinstance(result, Tensor):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}",
                stacklevel=users_level(),
            )
            return result
        values = (result,) if single else result
        passed, node, where = _pass_through(values)
        if node is None:
            return result
        count = len(values)

        def before(grad_output: tuple[Any, ...]) -> Any:
            spread: list[Any] = [None] * count
            for i, g in zip(where, grad_output):
                spread[i] = g
            grads: tuple[Any, ...] = tuple(spread)
            for hook in self.pre:
                returned = hook(self.module, grads)
                if returned is None:
                    continue
                returned = returned if isinstance(returned, tuple) else (returned,)
                if len(returned) != count:
                    raise RuntimeError(
                        "Backward pre hook returned an invalid number of grad_output, "
                        f"got {len(returned)}, but expected {count}"
                    )
                grads = returned
            self.grad_outputs = grads
            if not self.watches_inputs:
                warnings.warn(
                    "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                    "inputs require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                    "#torch.nn.Module.register_full_backward_hook for more details.",
                    stacklevel=users_level(),
                )
                for hook in self.post:
                    returned = hook(self.module, (None,) * self.input_count, grads)
                    if returned is not None and not (isinstance(returned, tuple) and all(r is None for r in returned)):
                        raise RuntimeError(
                            "Backward hook for Modules where no input requires gradient should always return None or "
                            "None for all gradients."
                        )
                self.grad_outputs = None
            return tuple(grads[i] for i in where)

        node.register_prehook(before)  # type: ignore[attr-defined]
        if single:
            return passed[0]
        return type(result)(*passed) if hasattr(result, "_fields") else passed
