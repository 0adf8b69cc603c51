"""The graph as users see it: nodes and edges, hooks on what is saved, hooks on several gradients."""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from adjoint.autograd import saved_hooks
from adjoint.autograd.edges import GradientEdge, edge_of
from adjoint.autograd.grad_mode import mode as _grad_mode
from adjoint.autograd.hooks import RemovableHandle
from adjoint.autograd.node import Node, as_pair
from adjoint.autograd.task import nodes_that_run
from adjoint.interrupts import at_once
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor, writes_of
from adjoint.thread_state import Switch, put_back, snapshot

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

F = TypeVar("F", bound=Callable[..., Any])


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge to which the gradient of ``tensor`` flows.

    Raises RuntimeError on a tensor that does not require grad.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> edge = torch.autograd.graph.get_gradient_edge(x * 2)
    >>> edge.node.name(), edge.output_nr
    ('MulBackward0', 0)
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, index = as_pair(edge_of(tensor))
    assert node is not None
    edge = GradientEdge(node, index)
    edge.form = tensor._array.shape, tensor._array.dtype
    return edge


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count one in-place write to a tensor, or to each of several, that autograd could not see.

    >>> import adjoint as torch
    >>> x = torch.ones(2)
    >>> torch.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    try:
        tensors = (tensor,) if isinstance(tensor, Tensor) else tuple(tensor)
    except TypeError:
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input") from None
    for t in tensors:
        if not isinstance(t, Tensor):
            raise RuntimeError("increment_version expects each element of the iterable to be a tensor")
    for t in tensors:
        writes_of(t).bump()


class saved_tensors_hooks:
    """Have what operators save for the backward go through ``pack_hook``, and through ``unpack_hook`` when it is used.

    ``pack_hook(tensor)`` may return anything; ``unpack_hook`` of it has to give a tensor of the same values.  The
    innermost pair is used.

    >>> import adjoint as torch
    >>> x = torch.tensor([2., 3.], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda values: torch.tensor(values)):
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([4., 6.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        for hook in (self.pack_hook, self.unpack_hook):
            if not callable(hook):
                raise TypeError(
                    "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument types "
                    "are supported:\n    1. (arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\n"
                    f"Invoked with: {self.pack_hook!r}, {self.unpack_hook!r}"
                )
        saved_hooks.push(self.pack_hook, self.unpack_hook)

    @at_once
    def __exit__(self, *exc: object) -> None:
        saved_hooks.pop()


class save_on_cpu(saved_tensors_hooks):
    """Keep saved tensors in the CPU's memory and bring them back to their device for the backward.

    ``pin_memory`` needs a GPU whose driver pins memory: without one it raises, as PyTorch does.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> Any:
            if not pin_memory:
                return tensor.device, tensor.cpu()
            return tensor.device, tensor.cpu().pin_memory()

        def unpack(packed: Any) -> Tensor:
            device, tensor = packed
            return tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks(contextlib.ContextDecorator, Switch):
    """Where saved-tensor hooks would go wrong: using them inside raises RuntimeError with this message."""

    fields = ("saving_disabled",)

    def __init__(self, error_message: str) -> None:
        self.message = error_message

    def switch(self) -> None:
        if saved_hooks.state.saving:
            raise RuntimeError(self.message)
        saved_hooks.state.saving_disabled = self.message


class _MutationContext:
    """What :class:`allow_mutation_on_saved_tensors` yields: it keeps copies of what was saved, one per state of it."""

    def __init__(self) -> None:
        self.copies: weakref.WeakValueDictionary[Any, Tensor] = weakref.WeakValueDictionary()
        self.closed = False

    def pack(self, tensor: Tensor) -> Any:
        """The copy of a tensor that is to be saved."""
        array = tensor._array
        writes = writes_of(tensor)
        key = (id(writes), writes.count, array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)
        copy = self.copies.get(key)
        if copy is None:
            copy = self.copies[key] = tensor.detach().clone()
            copy.__dict__["_copy_of"] = writes  # so that its id is not given to another one's
        return copy

    def unpack(self, copy: Tensor) -> Tensor:
        """That copy."""
        if self.closed:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the graph was "
                "originally recorded."
            )
        return copy

    def clear(self) -> None:
        """Forget all copies."""
        self.copies.clear()
        self.closed = True


_mutation_allowed = False


class allow_mutation_on_saved_tensors(contextlib.ContextDecorator):
    """Inside, saved tensors may be written to: the backward, which has to run inside too, uses them as they were saved.

    Adjoint copies a tensor when it is saved, once for all that save it unchanged.

    >>> import adjoint as torch
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = torch.ones(2, requires_grad=True)
    ...     y = x.clone()
    ...     z = (y * y).sum()
    ...     _ = y.mul_(5)
    ...     z.backward()
    >>> x.grad
    tensor([2., 2.])
    """

    def __enter__(self) -> _MutationContext:
        global _mutation_allowed
        self._context = context = _MutationContext()
        self._hooks = hooks = saved_tensors_hooks(context.pack, context.unpack)
        if _mutation_allowed:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        before = snapshot()
        try:
            _mutation_allowed = True
            hooks.__enter__()
            return context
        except BaseException:
            _mutation_allowed = False
            put_back(before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        global _mutation_allowed
        _mutation_allowed = False
        self._hooks.__exit__()
        self._context.clear()


class _MultiHandle(RemovableHandle):
    """The handle of one hook on several tensors."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Sequence[Tensor | None]], None] | Callable[[Tensor], None],
    *,
    mode: str = "all",
) -> RemovableHandle:
    """Have ``fn`` called once in every backward, given the gradients of several tensors.

    In mode "all", ``fn(gradients)`` is called when those of all tensors have arrived that get one in this backward;
    for the others there is None.  In mode "any", ``fn(gradient)`` is called for the first that arrives.

    >>> import adjoint as torch
    >>> a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((a, b), lambda grads: print(grads))
    >>> (a * 2).sum().backward()
    [tensor([2., 2.]), None]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        seen: list[Any] = [None]

        @functools.wraps(fn)
        def first(gradient: Tensor) -> None:
            number = _grad_mode.task[0]
            if seen[0] != number:
                seen[0] = number
                fn(gradient)  # type: ignore[arg-type]

        return _MultiHandle(tuple(t.register_hook(first) for t in tensors))

    for t in tensors:
        if not t.requires_grad:
            raise AssertionError("Expected gradient function to be set")
    sinks = [as_pair(edge_of(t))[0] for t in tensors]
    waiting: dict[int, tuple[list[Tensor | None], list[int]]] = {}  # backward -> gradients, how many are missing

    def hook_of(position: int) -> Callable[[Tensor], None]:
        def arrived(gradient: Tensor) -> None:
            task = _grad_mode.task
            known = waiting.get(task[0])
            if known is None:
                will_run = nodes_that_run(task)
                known = waiting[task[0]] = ([None] * len(tensors), [sum(node in will_run for node in sinks)])
            gradients, missing = known
            gradients[position] = gradient
            missing[0] -= 1
            if missing[0] == 0:
                del waiting[task[0]]
                fn(gradients)  # type: ignore[arg-type]

        return arrived

    return _MultiHandle(tuple(t.register_hook(hook_of(i)) for i, t in enumerate(tensors)))


_list_names(__name__)
