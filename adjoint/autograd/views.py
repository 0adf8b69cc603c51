"""Views: tensors that share memory, and what an in-place write does to their history.

A view remembers its base and the way from the base to it.  All tensors over the same memory share one record of
writes.  A write to a view gives its *base* a new history, :class:`CopySlices`.  Every write, recorded or not, makes the
views of a base that requires grad *stale*: they take the way from the base again when their edge is next asked for.
A view made without recording has no history of its own; it *follows* its base, and requires grad while that does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from adjoint.autograd import engine
from adjoint.autograd.batch import in_batches_of, note_shared, sample_by_sample, ways_in
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode, recording
from adjoint.autograd.node import IdentityBackward0, Node, as_pair, record
from adjoint.autograd.overlap import check_no_overlap
from adjoint.autograd.saved import is_freed, operator_name, raise_freed
from adjoint.autograd.taped import Taped
from adjoint.autograd.waiting import look_at, memory_of, waits, write
from adjoint.kernels.deferred import settle, unsettled
from adjoint.places import explain, here, tell
from adjoint.readings.batched import BatchedArray, MissingRule
from adjoint.readings.meta import MetaArray, nested
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import NO_EDGE, InferenceWrites, Sink, Tensor, Writes, attach, from_array, writes_of

Step = Callable[[Tensor], Tensor]

MULTIPLE = "multiple"
NO_GRAD = "no_grad"
INFERENCE = "inference"
IN_FUNCTION = "function"


_OF_SPARSE = (
    "a view of a sparse tensor (or its base) is written to in place while recording, and views of sparse tensors share no memory "
    "with their base: clone() it before, or use the out-of-place operator."
)


class View:
    """How a view came to be: from which base, by which steps, and where."""

    __slots__ = ("base", "made", "path", "version")

    def __init__(self, base: Tensor, path: tuple[Step, ...], made: str, version: int) -> None:
        self.base = base
        self.path = path
        self.version = version  # how many writes there had been when the view's edge was found
        self.made = made  # "", or why it may not be written to while recording: NO_GRAD, INFERENCE, MULTIPLE or IN_FUNCTION


def become_view(view: Tensor, source: Tensor, step: Step, made: str = "") -> None:
    """Note that ``view``, a new tensor, looks at the memory of ``source``; ``step(source)`` makes it again."""
    if source.__class__ is not Tensor and source._waits is not None:
        look_at(view, memory_of(step(from_array(memory_of(source)))), waits(source))
    writes = view._writes = source._writes or writes_of(source)
    if not writes.strided and not memory_of(view).flags.c_contiguous:
        writes.looked_across()
    earlier = source._view
    if not mode.enabled:
        made = INFERENCE if mode.inference else NO_GRAD
    if earlier is None:
        base = source
        view._view = View(source, (step,), made, writes.count)
    else:
        base = earlier.base
        view._view = View(base, (*earlier.path, step), made or earlier.made, writes.count)
    if _without_history(writes):
        view._edge = NO_EDGE  # views of inference tensors have no history, not even that of their base
    elif view._edge is NO_EDGE and base._edge is not NO_EDGE:
        view._edge = None
        view._follows = True
    views = writes.views
    if views is None:
        writes.views = [weakref.ref(view)]
    else:
        if len(views) >= writes.room:  # forget the dead, seldom enough that it costs nothing per view
            views[:] = [r for r in views if r() is not None]
            writes.room = max(32, 2 * len(views))
        views.append(weakref.ref(view))


def _without_history(writes: Writes) -> bool:
    """Whether the views of a memory have no history: that of inference tensors, but for the names that transforms give them."""
    return writes.__class__ is InferenceWrites and not (mode.transforms or mode.duals or mode.pulling is not None)


def step_in_place(tensor: Tensor, array: Any, edge: Sink, step: Step, back: Step) -> None:
    """Give a tensor the array and edge of a view of itself (``squeeze_``, ``t_``): nothing is written, only looked at
    otherwise.  ``back`` undoes ``step``, for the views of this tensor that exist."""
    writes = writes_of(tensor)
    view = tensor._view
    for reference in writes.views or ():
        other = reference()
        if other is not None and other._view is not None and other._view.base is tensor:
            way = other._view
            other._view = View(tensor, (back, *way.path), way.made, way.version)
    writes.bump()
    if view is not None:
        tensor._view = View(view.base, (*view.path, step), view.made, writes.count)
    if tensor._waits is None:
        tensor._array = array
    else:
        look_at(tensor, memory_of(step(from_array(memory_of(tensor)))), waits(tensor))
    tensor._edge = edge
    tensor._stale = False


def replay(path: tuple[Step, ...], tensor: Tensor) -> Tensor:
    """Go the way from a base to a view again, from a tensor of the base's shape."""
    for step in path:
        tensor = step(tensor)
    return tensor


class _Form:
    """A base's shape, dtype and order of dimensions in memory, without the base: a graph must not hold its outputs."""

    __slots__ = ("dtype", "order", "shape", "without_memory")

    def __init__(self, array: Any) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.without_memory = array.__class__ is MetaArray
        flags = getattr(array, "flags", None)
        self.order = None
        if flags is not None and not flags.c_contiguous:
            self.order = sorted(range(array.ndim), key=lambda d: -array.strides[d])

    def empty(self) -> Any:
        """A new array of this form."""
        if self.without_memory:
            return nested(self.shape, self.dtype, self.order or range(len(self.shape)))
        if self.order is None:
            return np.empty(self.shape, self.dtype)
        back = sorted(range(len(self.order)), key=self.order.__getitem__)
        return np.empty([self.shape[d] for d in self.order], self.dtype).transpose(back)


def outdate(writes: Writes) -> None:
    """After a write, or a change of what a base is: have every live view find its edge anew."""
    count = writes.count
    for reference in writes.views or ():
        view = reference()
        if view is None or view._view is None:
            continue
        edge = view._edge
        if view._view.base._edge is NO_EDGE:
            if view._follows:
                view._follows = False
                view._stale = False
                view._edge = NO_EDGE
                continue
            if edge is NO_EDGE or (edge is None and not view._stale):  # it requires grad by itself, or not at all
                continue
        elif edge is NO_EDGE:
            if _without_history(writes):
                continue
            view._follows = True
            view._edge = view._accumulator = None
        if view._view.version != count and not view._stale:
            view._stale = edge if edge is not None and edge is not NO_EDGE else True
            view._edge = view._accumulator = None


Writes.outdate = outdate  # type: ignore[method-assign, assignment]


def find_edge(view: Tensor) -> Sink | None:
    """The edge of a stale view: back to its base by the way that led to it; None for a leaf.

    Raises PyTorch's error for a view that may not be written to: neither may its base.
    """
    way = view._view
    if way.base._array.__class__ is SparseArray:
        raise RuntimeError(_OF_SPARSE)
    before = view._stale
    edge = edge_of(way.base)
    if edge is NO_EDGE and before is True:
        view._stale = False
        view._edge = NO_EDGE if view._follows else None
        return view._edge
    if way.made:
        _raise_made(view, way, indirect=True)
    if view._waits is None and not mode.view_replay:
        edge = record(AsStridedBackward0(), (edge,), extra=(way.path, _Form(way.base._array)))
    else:  # no strides lead there, or the user wants it so: the way itself is the history
        with recording():
            edge = edge_of(replay(way.path, way.base))
    view._edge = edge
    note_shared(view)
    view._stale = view._follows = False
    way.version = writes_of(view).count
    if view._retains:
        if before is not True:
            _stop_retaining(view, before)
        view.retain_grad()
    return edge


Tensor._find_edge = find_edge  # type: ignore[method-assign, assignment]


def _stop_retaining(tensor: Tensor, edge: Sink | None) -> None:
    """Have the node of the tensor's value until now no longer keep gradients for it: its new one will."""
    if edge is not None:
        node, number = as_pair(edge)
        if node is not None and node._hooks is not None:
            node._hooks.retained.pop(number, None)


def check_writable(tensor: Tensor, recorded: bool) -> None:
    """Raise PyTorch's error where the tensor may not be written to; ``recorded``: whether the write requires grad.

    What a backward put off, and will compute from what is in memory, is computed first.
    """
    if unsettled:
        settle()
    if recorded and mode.enabled:
        _check_recorded(tensor)
    if tensor._inference and not mode.inference:
        refuse_inference_write()


def refuse_inference_write() -> NoReturn:
    """Raise PyTorch's error for a write to an inference tensor outside of inference mode."""
    raise RuntimeError(
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor "
        "before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
    )


def _check_recorded(tensor: Tensor) -> None:
    """Raise PyTorch's error where a write that requires grad may not be."""
    view = tensor._view
    if view is not None:
        if view.base._array.__class__ is SparseArray:
            raise RuntimeError(_OF_SPARSE)
        if view.made:
            _raise_made(tensor, view)
        if tensor.requires_grad and (view.base.is_leaf or _is_leaf(view.base)):
            renamed = all(getattr(step, "renames", False) for step in view.path)
            what = "a leaf Variable" if renamed else "a view of a leaf Variable"
            _raise_leaf(f"{what} that requires grad is being used in an in-place operation.")
    if _is_leaf(tensor) and tensor.requires_grad:
        _raise_leaf("a leaf Variable that requires grad is being used in an in-place operation.")


def _is_leaf(tensor: Tensor) -> bool:
    """Whether a tensor is a leaf that requires grad, or an input of a function that is differentiated, which is one there."""
    return tensor._edge.__class__ is IdentityBackward0 or (tensor._edge is None and tensor.is_leaf)


def _raise_leaf(text: str) -> NoReturn:
    """PyTorch's error for a recorded write to a leaf, with the line of the write and what to do about it."""
    raise explain(
        RuntimeError(text),
        "It would be written to at",
        tell(here()),
        "Write to it under torch.no_grad(), or to a clone() of it.",
    )


def _raise_made(tensor: Tensor, view: View, indirect: bool = False) -> NoReturn:
    """PyTorch's error for writing to a view that was made in a way which forbids it; ``indirect``: to its base."""
    what = "its base or another view of its base has been" if indirect else "is being"
    edge = tensor._edge or tensor._stale
    node, number = as_pair(edge) if isinstance(edge, Sink) else (None, 0)
    if node is None:
        text = f"A view {_made_in(view)} and {what} modified inplace {_written_in(view)}."
    else:
        text = f"Output {number} of {operator_name(node)} is a view"
        if view.made in (NO_GRAD, INFERENCE):
            text += f" of a view which {_made_in(view)} and {what} modified inplace {_written_in(view)}."
        else:
            text += f" and {what} modified inplace."
    if view.made == MULTIPLE:
        raise RuntimeError(
            f"{text} This view is the output of a function that returns multiple views. Such functions do not allow the "
            "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if view.made == IN_FUNCTION:
        raise RuntimeError(
            f"{text} This view was created inside a custom Function (or because an input was returned as-is) and the "
            "autograd logic to handle view+inplace would override the custom backward associated with the custom Function, "
            "leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the "
            "custom Function."
        )
    block = "inference_mode" if view.made == INFERENCE else "no_grad"
    raise RuntimeError(
        f"{text} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
        f"moving both the view and the inplace either both inside the {block} block (if you don't want the inplace to be "
        "tracked) or both outside (if you want the inplace to be tracked)."
    )


def _made_in(view: View) -> str:
    return f"was created in {'inference' if view.made == INFERENCE else 'no_grad'} mode"


def _written_in(view: View) -> str:
    return "in normal mode" if view.made == INFERENCE else "with grad mode enabled"


def rebase(tensor: Tensor, node: Sink) -> None:
    """Give a tensor that was written to its new history: ``node``, whose first edge is the tensor's old one."""
    view = tensor._view
    if view is None:
        if tensor._retains:
            _stop_retaining(tensor, tensor._edge)
        tensor._edge = node
        tensor._stale = False
        writes_of(tensor).outdate()
        if tensor._retains:
            tensor.retain_grad()
        return
    base = view.base
    copy = CopySlices()
    assert isinstance(node, Node)
    record(copy, (edge_of(base), *node._edges[1:]), saved=(node,), extra=(view.path, _Form(base._array)))
    if tensor._array.__class__ is BatchedArray:  # samples of the base, perhaps
        ways_in.add(weakref.ref(copy, ways_in.discard))
    rebase(base, copy)
    note_shared(base)
    tensor._follows = False
    if not tensor._stale:
        tensor._stale = tensor._edge or True
        tensor._edge = None
    find_edge(tensor)


class CopySlices(Node):
    """A write to a part of a tensor: outside of the part the gradient passes, inside it goes through the write."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def apply(self, g: Any) -> Any:
        """The gradients of the base as it was and of what was written."""
        if is_freed(self._kept):
            raise_freed(self._kept)
        (node,) = self._kept
        path, form = self._extra
        whole = _in_batches_of(from_array(form.empty()), g)
        whole._array[...] = g
        part = replay(path, whole)
        inner, *others = _through(node, part._array.copy(), False)
        if self._edges[0] is NO_EDGE:
            return (None, *others)
        if inner is not None:
            check_no_overlap(memory_of(part))
            whole = _in_batches_of(whole, inner, part)
            part = replay(path, whole)
        write(part, np.zeros((), part._array.dtype) if inner is None else inner)
        return (whole._array, *others)

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, recorded: the write into the gradient is itself a write to a view."""
        if is_freed(self._kept):
            raise_freed(self._kept)
        (node,) = self._kept
        path, form = self._extra
        whole = _in_batches_of(from_array(form.empty()), g.tensor._array)
        whole.copy_(g.tensor)
        part = replay(path, whole)
        inner, *others = _through(node, Taped(part.clone()), True)
        if self._edges[0] is NO_EDGE:
            return (None, *others)
        if inner is None:
            part.zero_()
        else:
            whole = _in_batches_of(whole, inner.tensor._array, part)
            replay(path, whole).copy_(inner.tensor)
        return (Taped(whole), *others)


def _through(node: Node, g: Any, taped: bool) -> Any:
    """Run the node of a write, sample by sample if that is the only way."""
    try:
        return node.apply_taped(g) if taped else node.apply(g)
    except MissingRule:
        return sample_by_sample(node, g, taped)


def _in_batches_of(whole: Tensor, array: Any, part: Tensor | None = None) -> Tensor:
    """Memory of its own for each sample of the array that is to be written into it or into a part of it."""
    if array.__class__ is not BatchedArray:
        return whole
    found = in_batches_of(whole, array, part)
    return whole if found is whole else found.clone()


class AsStridedBackward0(Node):
    """From a view back to its base, by the way that leads from the base to the view."""

    __slots__ = ()

    def _back(self, g: Any, taped: bool) -> Any:
        """Go the way from a stand-in for the base, whose values do not matter, and send the gradient back along it."""
        path, form = self._extra
        stand_in = from_array(form.empty())
        arrived = g.tensor._array if g.__class__ is Taped else g
        if arrived.__class__ is BatchedArray:
            stand_in = _in_batches_of(stand_in, arrived, replay(path, stand_in))
        stand_in._edge = None
        with recording():
            view = replay(path, stand_in)
        end = edge_of(stand_in)
        assert isinstance(end, Node)
        captures = {end: [(0, 0)]}
        recorded = taped and mode.enabled  # not where it is for tangents alone
        got = engine.run([(edge_of(view), g)], keep_graph=taped, create_graph=recorded, captures=captures, needed=None)
        return (got[0],)

    def apply(self, g: Any) -> Any:
        """The gradient of the base."""
        return self._back(g, taped=False)

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, recorded."""
        return self._back(g, taped=True)


@attach
def _is_view(self: Tensor) -> bool:
    """Whether this tensor looks at another one's memory, and autograd knows: not of an inference tensor's."""
    return self._view is not None and not self._inference


attach(property(lambda self: self._view.base if self._is_view() else None), name="_base")
