"""Hooks: the user's functions that see, and may replace, gradients on their way."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.edges import edge_of
from adjoint.autograd.engine import as_gradient, as_tensor, awaited, hooked
from adjoint.autograd.evaluation import of_its_evaluation
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, as_pair
from adjoint.autograd.quiet import silence
from adjoint.autograd.refusals import refuse
from adjoint.dtypes import FLOAT, dtype
from adjoint.places import explain, tell_function
from adjoint.tensor import Tensor, attach
from adjoint.type_names import type_name


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away; so does leaving it as a context.

    ``extra_dict``: one or more dictionaries of what is also known of the hook, by the same number.
    """

    _ids = count()

    def __init__(self, hooks_dict: dict[int, Any], *, extra_dict: Any = None) -> None:
        self.id = next(RemovableHandle._ids)
        self._refer_to(hooks_dict, *([extra_dict] if isinstance(extra_dict, dict) else extra_dict or ()))

    def _refer_to(self, *dicts: dict[int, Any]) -> None:
        self._dicts = tuple(weakref.ref(d) if isinstance(d, OrderedDict) else (lambda d=d: d) for d in dicts)

    def remove(self) -> None:
        """Take the hook away; once is enough, twice does no harm."""
        for reference in self._dicts:
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> tuple[Any, ...]:
        hooks, *extra = (reference() for reference in self._dicts)
        return (hooks, self.id, tuple(extra)) if extra else (hooks, self.id)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        hooks, self.id, *extra = state
        RemovableHandle._ids = count(max(next(RemovableHandle._ids), self.id + 1))
        self._refer_to(*(OrderedDict() if d is None else d for d in (hooks, *(extra[0] if extra else ()))))

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def add_hook(hooks: OrderedDict[int, Any], hook: Any) -> RemovableHandle:
    """Put a hook last into ``hooks`` and return its handle."""
    handle = RemovableHandle(hooks)
    try:
        hooks[handle.id] = hook
        return handle
    except BaseException:
        handle.remove()
        raise


class NodeHooks:
    """The hooks of one node, in the order in which they run: those of its output tensors, retained gradients, the
    node's own before and after it runs, and, on a leaf, those after accumulation."""

    __slots__ = ("__weakref__", "after_accumulate", "arrives_as", "post", "pre", "retained", "seen", "tensor_pre", "waiters")

    def __init__(self, seen: bool = True) -> None:
        self.seen = False
        self.arrives_as: dtype | None = None  # of a leaf with a `grad_dtype`: to what its gradients are brought first
        if seen:
            self.see()
        self.waiters: list[tuple[weakref.ref[Any], int]] = []
        self.tensor_pre: dict[int, OrderedDict[int, Any]] = {}
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        self.pre: OrderedDict[int, Any] = OrderedDict()
        self.post: OrderedDict[int, Any] = OrderedDict()
        self.after_accumulate: OrderedDict[int, Any] = OrderedDict()

    def see(self) -> None:
        """From now on there are hooks here that see gradients, not only who waits for a leaf."""
        if not self.seen:
            self.seen = True
            hooked.add(weakref.ref(self, hooked.discard))

    def of_node(self) -> NodeHooks | None:
        """Of a leaf's hooks those of one of its AccumulateGrad nodes: before and after it runs it has its own.

        None where nothing sees the gradient on its way.
        """
        if not self.seen:
            return None
        hooks = NodeHooks()
        hooks.tensor_pre = self.tensor_pre
        hooks.after_accumulate = self.after_accumulate
        hooks.arrives_as = self.arrives_as
        return hooks

    def before_capture(self, g: Any, taped: bool) -> Any:
        """Run the output tensors' hooks on what arrived, and keep the gradients that are to be retained."""
        if self.arrives_as is not None and g is not None:
            g = _brought_to(self.arrives_as, g, taped)
        for index, hooks in self.tensor_pre.items():
            for hook in list(hooks.values()):
                given = g[index] if isinstance(g, list) else g
                tensor = _shown(given)
                replacement = hook(tensor)
                if replacement is None:
                    if tensor is None or taped or tensor._array is given:
                        continue
                    replacement = tensor  # which the hook may have written to
                if tensor is None:
                    raise RuntimeError("can't replace a None gradient with a non-None value")
                _check_replacement(hook, tensor, replacement)
                if isinstance(g, list):
                    g[index] = as_gradient(replacement, taped)
                else:
                    g = as_gradient(replacement, taped)
        for index, reference in self.retained.items():
            tensor = reference()
            given = g[index] if isinstance(g, list) else g
            if tensor is not None and given is not None:
                new = as_tensor(given)
                old: Any = tensor._grad
                if old is None:
                    tensor._grad = new if taped else as_tensor(given.copy())
                else:
                    tensor._grad = old + new
        return g

    def come_before(self) -> bool:
        """Whether any is called before the node runs."""
        return bool(self.tensor_pre or self.pre or self.retained or self.arrives_as)

    def before(self, node: Node, g: Any, taped: bool) -> Any:
        """Run everything that comes before the node itself."""
        g = self.before_capture(g, taped)
        for hook in list(self.pre.values()):
            many = isinstance(g, list)
            given = tuple([_shown(x) for x in g]) if many else (_shown(g),)
            replacement = hook(given)
            if replacement is not None:
                _check_replacements(hook, given, replacement)
                g = [as_gradient(t, taped) for t in replacement] if many else as_gradient(replacement[0], taped)
        return g

    def after(self, node: Node, grads: Any, g: Any, taped: bool) -> Any:
        """Run the hooks that see the gradients of the inputs."""
        for hook in list(self.post.values()):
            outputs = tuple(as_tensor(x) for x in (g if isinstance(g, list) else [g]))
            given = tuple([_shown(x) for x in grads])
            replacement = hook(given, outputs)
            if replacement is not None:
                _check_replacements(hook, given, replacement)
                grads = tuple([as_gradient(t, taped) for t in replacement])
        return grads

    def after_accumulation(self, leaf: Tensor) -> None:
        """Run the hooks that wait for a leaf's ``grad`` to be complete."""
        for hook in list(self.after_accumulate.values()):
            result = hook(leaf)
            if isinstance(result, Tensor):
                raise RuntimeError("Tensor post accumulate grad hooks should return None.")
            if result is not None:
                raise TypeError(f"expected Variable, but hook returned '{type_name(result)}'")

    def tell_waiters(self) -> None:
        """Tell who waits for a leaf that its ``grad`` is complete (:func:`await_accumulation`)."""
        for reference, index in self.waiters:
            waiter = reference()
            if waiter is not None:
                waiter.accumulated(index)


def _brought_to(wanted: dtype, g: Any, taped: bool) -> Any:
    """A leaf's gradient in the dtype that the leaf asks for; RuntimeError if no gradient can be of it."""
    given: Any = as_tensor(g)
    if given.dtype is wanted:
        return g
    if wanted.category < FLOAT:
        raise RuntimeError(f"A gradient cannot be of {wanted}, which a tensor's grad_dtype asks for.")
    return as_gradient(given.to(wanted), taped)


def _shown(g: Any) -> Tensor | None:
    """A gradient as a hook sees it, which may write to it: elements that share memory here have their own in PyTorch."""
    if g.__class__ is np.ndarray and g.flags.writeable and 0 in g.strides and g.size > 1:
        g = g.copy()
    return as_tensor(g)


def _check_replacements(hook: Any, given: tuple[Any, ...], replacement: Any) -> None:
    """Raise PyTorch's errors for what a node's hook returned in the place of several gradients."""
    if not isinstance(replacement, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type_name(replacement)}'")
    if len(replacement) != len(given):
        name = getattr(hook, "__name__", type(hook).__name__)
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(replacement)}, but expected {len(given)})"
        )
    for old, new in zip(given, replacement):
        if new is not None:
            if old is None:
                raise RuntimeError("can't replace a None gradient with a non-None value")
            _check_replacement(hook, old, new)


def _check_replacement(hook: Any, given: Any, replacement: Any) -> None:
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(replacement, Tensor):
        raise TypeError("expected Variable, but hook returned '" + type_name(replacement) + "'")
    if replacement._array.dtype != given._array.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value (was {given.type()} got {replacement.type()})")
    if replacement._array.shape != given._array.shape:
        raise explain(
            RuntimeError(f"hook '{name}' has changed the size of value"),
            f"It was given a gradient of shape {list(given.shape)} and returned one of {list(replacement.shape)}; it is",
            tell_function(hook) or "",
        )


def hooks_of(node: Node) -> NodeHooks:
    """The node's hooks, made if it has none yet; a leaf keeps those of its tensor, for its node comes and goes."""
    if node._hooks is None:
        if isinstance(node, AccumulateGrad):
            leaf = node.variable
            if leaf._hooks is None:
                leaf._hooks = NodeHooks()
            leaf._hooks.see()
            node._hooks = leaf._hooks.of_node()
        else:
            node._hooks = NodeHooks()
    return node._hooks


def _hooks_to_be(view: Tensor) -> NodeHooks:
    """The hooks of a view that requires grad only because its base does: no gradient arrives before it is made a leaf."""
    if view._hooks is None:
        view._hooks = NodeHooks()
    view._hooks.see()
    return view._hooks


class AccumulationWaiter(Protocol):
    """What is told that a leaf has its gradient."""

    def accumulated(self, index: int) -> None: ...


def await_accumulation(leaf: Tensor, waiter: AccumulationWaiter, index: int) -> None:
    """Have ``waiter.accumulated(index)`` called when a backward is done with a leaf: its ``grad`` is complete, or no gradient came.

    It is called after the leaf's own hooks, and without slowing what a hook would: gradients on their way are seen by nobody, so
    they may still be put off until they are needed.  The waiter is known weakly, and forgotten with its last reference.
    """
    if leaf._hooks is None:
        leaf._hooks = NodeHooks(seen=False)
    waiters = leaf._hooks.waiters
    waiters[:] = [known for known in waiters if known[0]() is not None]
    waiters.append((weakref.ref(waiter), index))
    awaited.add(weakref.ref(waiter, awaited.discard))


def await_no_longer(leaf: Tensor, waiter: AccumulationWaiter) -> None:
    """Take back what :func:`await_accumulation` asked for a leaf."""
    if leaf._hooks is not None:
        waiters = leaf._hooks.waiters
        waiters[:] = [known for known in waiters if known[0]() not in (None, waiter)]


def _register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Have ``hook(grad)`` called whenever a gradient with respect to this tensor was computed.

    It may return a tensor to go on with instead.  Raises RuntimeError on a tensor that does not require grad.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> handle = x.register_hook(lambda grad: grad * 10)
    >>> x.sum().backward()
    >>> x.grad
    tensor([10., 10.])
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    node, index = as_pair(edge_of(self))
    if node is None:
        return add_hook(_hooks_to_be(self).tensor_pre.setdefault(0, OrderedDict()), hook)
    if mode.evaluating:
        hook = of_its_evaluation(self, node, hook)
    return add_hook(hooks_of(node).tensor_pre.setdefault(index, OrderedDict()), hook)


attach(_register_hook, name="register_hook")


def _backward_hooks(self: Tensor) -> dict[int, Any] | None:
    """The hooks that see this tensor's gradient, by the numbers of their handles; None where there are none."""
    if not self.requires_grad:
        return None if self._hooks is None else self._hooks.tensor_pre.get(0)
    node, index = as_pair(edge_of(self))
    hooks = self._hooks if node is None else node._hooks
    return hooks.tensor_pre.get(0 if node is None else index) if hooks is not None else None


def _set_backward_hooks(self: Tensor, hooks: dict[int, Any] | None) -> None:
    """Put the hooks that see this tensor's gradient in a dictionary of the user's; None takes them away.

    Where it does not require grad they wait until it does.
    """
    node, index = as_pair(edge_of(self))
    own = _hooks_to_be(self) if node is None else hooks_of(node)
    if hooks is None:
        own.tensor_pre.pop(index, None)
    else:
        own.tensor_pre[index] = hooks  # type: ignore[assignment]


def _keep_backward_hooks(self: Tensor) -> None:
    raise RuntimeError("Deletion of _backwards_hooks not allowed!")


attach(property(_backward_hooks, _set_backward_hooks, _keep_backward_hooks), name="_backward_hooks")


@attach
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Have ``hook(leaf)`` called after a gradient was accumulated into this leaf's ``grad``."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if not self.is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    node, _ = as_pair(edge_of(self))
    if node is None:
        return add_hook(_hooks_to_be(self).after_accumulate, hook)
    return add_hook(hooks_of(node).after_accumulate, hook)


@attach
def retain_grad(self: Tensor) -> None:
    """Keep this non-leaf's gradient in ``grad``; on a leaf it does nothing.

    Raises RuntimeError on a tensor that does not require grad, and inside of a transform of ``torch.func``.
    """
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if mode.transforms:
        refuse("Tensor.retain_grad()", "retain_grad")
    if self._stale is True or (self._stale and self._retains) or (not self._stale and self.is_leaf):
        return
    node, index = as_pair(edge_of(self))
    assert node is not None
    hooks_of(node).retained[index] = weakref.ref(self)
    self._retains = True


def _retains_grad(self: Tensor) -> bool:
    """Whether this is a non-leaf whose gradient is kept in ``grad``."""
    return self._retains and not self.is_leaf


attach(property(_retains_grad), name="retains_grad")


def register_node_hook(self: Node, fn: Callable[..., Any]) -> RemovableHandle:
    """Have ``fn(grad_inputs, grad_outputs)`` called after this node ran; it may return other ``grad_inputs``."""
    return add_hook(hooks_of(self).post, fn)


def register_node_prehook(self: Node, fn: Callable[..., Any]) -> RemovableHandle:
    """Have ``fn(grad_outputs)`` called before this node runs; it may return other ``grad_outputs``."""
    return add_hook(hooks_of(self).pre, fn)


def call_node(self: Node, *grads: Tensor | None) -> Any:
    """Run this node alone, without its hooks: the gradients of its inputs, given those of its outputs (None: undefined).

    They are recorded where grad mode is on.
    """
    if len(grads) != self._outputs:
        raise TypeError(f"expected {self._outputs} arguments, got {len(grads)} instead")
    taped = mode.enabled
    given: Any = [as_gradient(g, taped) for g in grads]
    given = given if self._outputs > 1 else given[0]
    with silence():
        found = tuple(as_tensor(g) for g in (self.apply_taped(given) if taped else self.apply(given)))
    return found[0] if len(found) == 1 else found


Node.__call__ = call_node  # type: ignore[method-assign]
Node.register_hook = register_node_hook  # type: ignore[method-assign]
Node.register_prehook = register_node_prehook  # type: ignore[method-assign]
