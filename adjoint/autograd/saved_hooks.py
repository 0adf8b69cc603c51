"""Saved-tensor hooks: what a node keeps goes through the user's functions on its way in and on its way out.

While hooks are on, an interceptor looks at the node that each operator recorded and replaces what it saved by
:class:`Packed` handles.  A handle stands in for a saved tensor: ``_array`` and ``tensor`` unpack it; ``_writes`` is
None, since what the user packed is the user's to keep unchanged.  While no hooks are on, nothing here runs.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import in_backward, mode, set_recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, Output
from adjoint.autograd.saved import alias, is_freed, raise_modified
from adjoint.interrupts import at_once
from adjoint.readings.batched import levels_of, with_levels
from adjoint.tensor import NO_EDGE, Sink, Tensor, from_array, tick, version_of
from adjoint.thread_state import declare, put_back, snapshot
from adjoint.type_names import type_name

Pack = Callable[[Tensor], Any]
Unpack = Callable[[Any], Tensor]


state = declare(
    saving=(),  # the hooks of this thread, (pack, unpack) pairs, the innermost last
    saving_disabled=None,  # the message of disable_saved_tensors_hooks
)


class Packed:
    """What a pack hook made of a saved tensor, in that tensor's place.

    ``place`` is a tensor in the same place of the graph; ``edge``, where the gradient goes, is None for a leaf, whose
    AccumulateGrad is then held instead, and for a view whose edge nobody has asked for yet.
    """

    __slots__ = ("_accumulator", "_dtype", "_edge", "_levels", "_of", "_tangents", "_writes", "packed", "packed_for", "unpack")

    _waits = None

    def __init__(
        self, tensor: Tensor, edge: Sink | None, pack: Pack, unpack: Unpack, place: Tensor | None = None
    ) -> None:
        self.unpack = unpack
        found = edge_of(tensor if place is None else place) if edge is None else edge  # that of a view is found when needed
        self._accumulator = found if edge is None and isinstance(found, AccumulateGrad) else None
        self._edge = None if self._accumulator is not None else found
        self._dtype = tensor._array.dtype
        self._levels = levels_of(tensor._array)
        self._tangents = tensor._tangents  # which hooks do not see: what they give back has them again
        self._of = id(tensor._array)
        self._writes = None
        self.packed_for: int | None = None  # which output of its Function this was
        self.packed = pack_with(pack, tensor)

    @property
    def _array(self) -> Any:
        array = self._unpacked()
        return array if array.dtype == self._dtype else array.astype(self._dtype)

    @property
    def tensor(self) -> Tensor:
        """The unpacked tensor, in the place in the graph of the one that was packed; what is outside of it, as it is."""
        given = self._given()
        if self._edge is NO_EDGE and not (self._tangents or self._levels or given.requires_grad):
            return given
        t = from_array(self._as_packed(given))
        t._edge = self._edge
        if self._tangents:
            t._tangents = dict(self._tangents)
        if self._accumulator is not None:
            t._accumulator = weakref.ref(self._accumulator)
        return t

    def stands_for(self, tensor: Tensor) -> bool:
        """Whether it is of this tensor, just made, that it was packed."""
        return self._of == id(tensor._array)

    def _unpacked(self) -> Any:
        return self._as_packed(self._given())

    def _given(self) -> Tensor:
        """What the unpack hook gives.  Hooks that it entered and did not leave are left with it."""
        before = state.saving
        tensor = in_backward(self.unpack, self.packed)
        if len(state.saving) > len(before):
            for _ in state.saving[len(before) :]:
                pop()
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type_name(tensor)}"
            )
        return tensor

    def _as_packed(self, tensor: Tensor) -> Any:
        array = tensor._array
        if self._levels:  # a vmap that was run again, by a checkpoint, stands for the one that the tensor is of
            levels = levels_of(array)
            if levels != self._levels and len(levels) == len(self._levels):
                array = with_levels(array, self._levels)
        return array


def pack_with(pack: Pack, tensor: Tensor) -> Any:
    """Run a pack hook: without recording, and on a tensor that it must not write to."""
    before = snapshot()
    recorded = mode.enabled
    version = version_of(tensor)
    try:
        set_recording(False)
        packed = pack(tensor)
        set_recording(recorded)
    except BaseException:
        put_back(before)
        raise
    if version_of(tensor) != version:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
            "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you "
            "need to perform in-place operations on the input to a pack hook."
        )
    return packed


def pack_node(node: Node, outputs: Any) -> None:
    """Replace what a node just saved by what this thread's innermost hooks make of it.

    ``outputs`` are the operator's results: what the node saved of them goes to the hooks with its place in the graph.
    """
    edges = {id(t._array): t._edge for t in outputs if isinstance(t, Tensor)}
    node._kept = tuple([_pack_one(saved, edges) for saved in node._kept])


def _pack_one(saved: Any, edges: dict[int, Any]) -> Any:
    if isinstance(saved, tuple):
        return tuple([_pack_one(s, edges) for s in saved])
    if not isinstance(saved, Tensor) or saved._wrapped:
        return saved
    pack, unpack = state.saving[-1]
    edge = saved._edge
    of_output = edges.get(id(saved._array), NO_EDGE) if edge is NO_EDGE else NO_EDGE
    if of_output is not NO_EDGE:
        return Packed(alias(saved, of_output), NO_EDGE, pack, unpack)
    return Packed(saved, None if saved.is_leaf and edge is not NO_EDGE else edge_of(saved), pack, unpack)


def pack_what_was_saved(operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The interceptor: run the operator and pack what the node that it recorded saved."""
    if getattr(operator, "steps", None) is not None:  # each of which saves something
        return intercept.in_parts(functools.partial(operator.step_by_step, *args, **kwargs))
    before = tick()
    result = run(*args, **kwargs)
    if state.saving:
        node = recorded_node(result, before)
        if node is not None and node._kept:
            pack_node(node, result if isinstance(result, (tuple, list)) else (result,))
    return result


def recorded_node(result: Any, before: int) -> Node | None:
    """The node that a call recorded, given what it returned and a ``tick()`` from before it."""
    for tensor in result if isinstance(result, (tuple, list)) else (result,):
        edge = getattr(tensor, "_edge", None)
        node = edge.node if edge.__class__ is Output else edge  # type: ignore[union-attr]
        if isinstance(node, Node) and node._order < before:
            return node
    return None


def copy_before_write(tensor: Tensor) -> Tensor:
    """What hooks, or tangents, get to see of a tensor that is about to be written to: a copy in the same place of the
    graph."""
    copy = from_array(tensor._array.copy())
    copy._edge = tensor._edge if tensor._edge is NO_EDGE else edge_of(tensor)
    if tensor._tangents:
        copy._tangents = dict(tensor._tangents)
    return copy


def push(pack: Pack, unpack: Unpack) -> None:
    """Have everything saved in this thread go through these hooks."""
    if state.saving_disabled is not None:
        raise RuntimeError(state.saving_disabled)
    before = snapshot()
    try:
        state.saving = (*state.saving, (pack, unpack))
        intercept.add(pack_what_was_saved)
    except BaseException:
        put_back(before)
        raise


@at_once
def pop() -> None:
    """Undo the latest :func:`push`."""
    state.saving = state.saving[:-1]
    intercept.remove(pack_what_was_saved)


class SavedTensor:
    """One saved tensor of a node, as ``node._raw_saved_self`` shows it: hooks may be put on it alone."""

    __slots__ = ("_get", "_node", "_path")

    _node: Any
    _path: tuple[int, ...]  # where among what the node keeps
    _get: Callable[[Any], Any]

    def __init__(self) -> None:
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    def _entry(self) -> Any:
        entry = self._node._kept
        if is_freed(entry):
            return None
        for i in self._path:
            if entry is None:
                return None
            entry = entry[i]
        return entry

    def unpack(self) -> Tensor | None:
        """The saved tensor."""
        return self._get(self._node)

    @property
    def data(self) -> Any:
        """What the pack hook returned; the tensor itself where there are no hooks."""
        entry = self._entry()
        return entry.packed if isinstance(entry, Packed) else entry

    @property
    def unpack_hook(self) -> Any:
        """The unpack hook, None where there is none."""
        entry = self._entry()
        return entry.unpack if isinstance(entry, Packed) else None

    def register_hooks(self, *hooks: Callable[[Any], Any]) -> None:
        """Pack this saved tensor with ``pack_hook`` now, and unpack it with ``unpack_hook`` when it is asked for.

        Raises RuntimeError where it has hooks already, or was freed, or ``pack_hook`` writes to it.
        """
        if len(hooks) != 2 or not all(callable(hook) for hook in hooks):
            raise TypeError(
                "register_hooks(): incompatible function arguments. The following argument types are supported:\n    1. (self: "
                "torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\n"
                f"Invoked with: {', '.join(map(repr, (self, *hooks)))}"
            )
        pack_hook, unpack_hook = hooks
        entry = self._entry()
        if entry is None:
            if is_freed(self._node._kept):
                raise RuntimeError(
                    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the "
                    "graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need "
                    "to backward through the graph a second time or if you need to access saved variables after calling "
                    "backward."
                )
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if isinstance(entry, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks "
                "is allowed at a time."
            )
        if entry._writes is not None and entry._writes.stamp < self._node._order:
            raise_modified(self._node, entry)
        given = self._get(self._node)
        of_node = given._edge is not NO_EDGE and entry._edge is NO_EDGE  # an output of the node: must not hold it
        edge = NO_EDGE if of_node else None if given.is_leaf and given.requires_grad else edge_of(given)
        packed = Packed(alias(given, NO_EDGE), edge, pack_hook, unpack_hook, given)
        self._node._kept = _replaced(self._node._kept, self._path, packed)

    def __repr__(self) -> str:
        return f"<torch._C._autograd.SavedTensor object at {id(self):#x}>"


def saved_tensor(node: Any, path: tuple[int, ...], get: Callable[[Any], Any]) -> SavedTensor:
    """The handle of what a node keeps at a place; ``get(node)`` is it, unpacked."""
    handle = object.__new__(SavedTensor)
    handle._node, handle._path, handle._get = node, path, get
    return handle


class _Loose:
    """In the place of a node: what is saved by itself."""

    _order = 0

    def __init__(self, tensor: Tensor) -> None:
        self._kept = (tensor,)
        self._order = tick()

    def name(self) -> str:
        """What an error says saved it."""
        return "SavedTensor"


def make_saved_tensor(tensor: Tensor, is_output: bool = False) -> SavedTensor:
    """A tensor as a node would save it, without a node."""
    return saved_tensor(_Loose(tensor), (0,), lambda holder: _unpacked(holder, holder._kept[0]))


def _unpacked(holder: Any, entry: Any) -> Tensor:
    if isinstance(entry, Packed):
        return entry.tensor
    if entry._writes is not None and entry._writes.stamp < holder._order:
        raise_modified(holder, entry)
    return entry  # type: ignore[no-any-return]


def hooks_are_enabled() -> bool:
    """Whether hooks on what is saved may be set in this thread."""
    return state.saving_disabled is None


def top(ignore_is_tracing: bool = False) -> tuple[Pack, Unpack] | None:
    """The hooks of this thread that are used, None where there are none."""
    return state.saving[-1] if state.saving else None


def _replaced(entries: tuple[Any, ...], path: tuple[int, ...], new: Any) -> tuple[Any, ...]:
    first, *rest = path
    value = _replaced(entries[first], tuple(rest), new) if rest else new
    return (*entries[:first], value, *entries[first + 1 :])
