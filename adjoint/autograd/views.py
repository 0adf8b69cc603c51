"""Views: tensors that share memory, and what an in-place write does to their history.

A view remembers its base and the way from the base to it.  All tensors over the same memory share one record of
writes.  A write to a view gives its *base* a new history, :class:`CopySlices`; every view of a base whose history
is new takes the way from the base again when its edge is next asked for.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd import engine
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import enable_grad, mode
from adjoint.autograd.node import Node, record
from adjoint.autograd.saved import raise_freed
from adjoint.autograd.taped import Taped
from adjoint.tensor import NO_EDGE, Sink, Tensor, attach, from_array, writes_of


class View:
    """How a view came to be: from which base, by which steps, and where."""

    __slots__ = ("base", "made", "path")

    def __init__(self, base: Tensor, path: tuple[Callable[[Tensor], Tensor], ...], made: str) -> None:
        self.base = base
        self.path = path
        self.made = made  # "", or why it may not be written to while recording: "no_grad", "multiple: ..."

    def replay(self, tensor: Tensor) -> Tensor:
        """Go the way from the base to the view again, from a tensor of the base's shape."""
        for step in self.path:
            tensor = step(tensor)
        return tensor


def become_view(view: Tensor, source: Tensor, step: Callable[[Tensor], Tensor], made: str = "") -> None:
    """Note that ``view``, a new tensor, looks at the memory of ``source``; ``step(source)`` makes it again."""
    writes = writes_of(source)
    view._writes = writes
    earlier = source._view
    if earlier is None:
        base, path = source, (step,)
    else:
        base, path = earlier.base, (*earlier.path, step)
        made = made or earlier.made
    view._view = View(base, path, made or ("" if mode.enabled else "no_grad"))
    views = writes.views
    if views is None:
        writes.views = [weakref.ref(view)]
    else:
        if len(views) & 31 == 31:  # forget the dead now and then, so that the list stays as long as it must
            views[:] = [r for r in views if r() is not None]
        views.append(weakref.ref(view))


def _outdate_views(base: Tensor) -> None:
    """Have every live view of ``base`` find its edge anew."""
    writes = base._writes
    if writes is None or writes.views is None:
        return
    for reference in writes.views:
        view = reference()
        if view is not None and view._view is not None and view._view.base is base:
            view._edge = None
            view._stale = True


def refresh(view: Tensor) -> Sink:
    """Give a view of a base with a new history its edge: back to the base."""
    node = record(AsStridedBackward0(), (edge_of(view._view.base),), extra=(view._view,))
    view._edge = node
    view._stale = False
    return node


def check_writable(tensor: Tensor, recorded: bool) -> None:
    """Raise PyTorch's error where the tensor may not be written to; ``recorded``: whether the write requires grad."""
    if tensor._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not recorded or not mode.enabled:
        return
    view = tensor._view
    if view is not None:
        base = view.base
        if base._edge is None and base.is_leaf:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
        if view.made == "no_grad":
            raise RuntimeError(
                "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that "
                "this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
                "the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
                "tracked) or both outside (if you want the inplace to be tracked)."
            )
        if view.made:
            raise RuntimeError(view.made)
    elif tensor._edge is None and tensor.is_leaf:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def rebase(tensor: Tensor, node: Sink) -> None:
    """Give a tensor that was written to its new history: ``node``, whose first edge is the tensor's old one."""
    view = tensor._view
    if view is None:
        retained = tensor._retains
        tensor._edge = node
        tensor._stale = False
        _outdate_views(tensor)
        if retained:
            tensor.retain_grad()
        return
    base = view.base
    copy = CopySlices()
    assert isinstance(node, Node)
    record(copy, (edge_of(base), *node.edges[1:]), saved=(node,), extra=(view,))
    rebase(base, copy)
    tensor._edge = None
    tensor._stale = True


class CopySlices(Node):
    """A write to a part of a tensor: outside of the part the gradient passes, inside it goes through the write."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        if self.saved is None:
            raise_freed()
        (node,) = self.saved
        whole = from_array(g.copy())
        part = self.extra[0].replay(whole)._array
        inner, *others = node.apply(part.copy())
        part[...] = 0 if inner is None else inner
        return (None if self.edges[0] is NO_EDGE else whole._array, *others)

    def apply_taped(self, g: Any) -> Any:
        if self.saved is None:
            raise_freed()
        (node,) = self.saved
        whole = g.tensor.clone()
        part = self.extra[0].replay(whole)
        inner, *others = node.apply_taped(Taped(part.clone()))
        if inner is None:
            part.zero_()
        else:
            part.copy_(inner.tensor)
        return (None if self.edges[0] is NO_EDGE else Taped(whole), *others)


class AsStridedBackward0(Node):
    """From a view back to its base, by the way that leads from the base to the view."""

    __slots__ = ()

    def _start(self, dtype: Any) -> tuple[Tensor, Tensor]:
        """A stand-in for the base (without memory of its own) and the view of it."""
        base = self.extra[0].base
        stand_in = from_array(np.broadcast_to(np.zeros((), dtype), base._array.shape))
        stand_in._edge = None
        with enable_grad():
            return stand_in, self.extra[0].replay(stand_in)

    def apply(self, g: Any) -> Any:
        stand_in, view = self._start(g.dtype)
        end = edge_of(stand_in)
        assert isinstance(end, Node)
        got = engine.run(
            [(edge_of(view), g)], keep_graph=False, create_graph=False, captures={end: [(0, 0)]}, needed=None
        )
        stand_in._grad = None
        return (got[0],)

    def apply_taped(self, g: Any) -> Any:
        stand_in, view = self._start(g.dtype)
        end = edge_of(stand_in)
        assert isinstance(end, Node)
        got = engine.run(
            [(edge_of(view), g)], keep_graph=True, create_graph=True, captures={end: [(0, 0)]}, needed=None
        )
        stand_in._grad = None
        return (got[0],)


@attach
def _is_view(self: Tensor) -> bool:
    """Whether this tensor looks at another one's memory, and autograd knows."""
    return self._view is not None


attach(property(lambda self: None if self._view is None else self._view.base), name="_base")
