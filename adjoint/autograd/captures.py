"""Captures: what a function that is differentiated did not make itself, and is not handed, it may read and not write to.

Inside of ``grad``, ``vjp`` and ``jvp`` a write to such a tensor is refused, as in PyTorch: its gradient would be wrong without a
word.  A tensor that was recorded has a time; any other has none, so while one of these transforms is being computed, and only
then, an interceptor notes at the memory of what operators make when it was made (``Writes.born``), and at the tensor where its
memory is older (``Tensor._inside``): an input is another name of what the caller has, a view looks at what there was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import as_pair
from adjoint.interrupts import at_once
from adjoint.tensor import NO_EDGE, InferenceWrites, Tensor, Writes, tick
from adjoint.thread_state import Switch


def is_captured(tensor: Tensor, birth: int) -> bool:
    """Whether a tensor comes from outside of the function whose evaluation began at a time."""
    inside: int = tensor._inside
    if inside:
        return inside >= birth
    writes = tensor._writes
    if writes is not None and writes.born < birth:
        return False
    view = tensor._view
    if view is not None:
        return is_captured(view.base, birth)
    edge = tensor._edge
    if edge is NO_EDGE or edge is None:
        return True
    node = as_pair(edge)[0]
    return node is None or node._order > birth


def refuse_captured(name: str) -> NoReturn:
    """Raise PyTorch's error for a write to what is captured; ``name``: the in-place operator."""
    raise RuntimeError(
        f"During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation (aten::{name}) "
        "that would mutate a captured Tensor. This is not supported; please rewrite the function being transformed to explicitly "
        "accept the mutated Tensor(s) as inputs."
    )


def is_foreign(tensor: Tensor) -> bool:
    """Whether a function that is being differentiated may not write to a tensor."""
    return bool(mode.birth) and (tensor._foreign or is_captured(tensor, mode.birth))


def come_in(tensor: Tensor, foreign: bool) -> Tensor:
    """Note that a tensor is to be an input of a function, where it stands for one that may be foreign; returns it."""
    tensor._inside = tick()
    if foreign:
        tensor._foreign = True
    return tensor


class let_in:
    """Where tensors that a function is handed beside its inputs are known to it, too: for the time of a ``with``."""

    __slots__ = ("before",)

    def __init__(self, tensors: Iterable[Any]) -> None:
        self.before = [(t, t._inside) for t in tensors if isinstance(t, Tensor)]

    def __enter__(self) -> None:
        for tensor, _ in self.before:
            tensor._inside = tick()

    @at_once
    def __exit__(self, *exc: object) -> None:
        for tensor, inside in self.before:
            tensor._inside = inside


def begin(transform: Any, birth: int) -> tuple[Any, ...]:
    """Be inside of a function that is differentiated, from a time on; what was before, for :func:`end`."""
    before = mode.within, mode.birth
    if not before[1]:
        intercept.add(_note_births)
    mode.within = (*before[0], transform)
    mode.birth = birth
    return before


@at_once
def end(before: tuple[Any, ...]) -> None:
    """Be outside of it again."""
    mode.within, mode.birth = before
    if not before[1]:
        intercept.remove(_note_births)


class unchecked(Switch):
    """Where writes to what is captured are let pass: in what PyTorch does not look at."""

    fields = ("birth",)

    def switch(self) -> None:
        mode.birth = 0


def below(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function that computes outside of those that are differentiated, on what tensors hold: a user's forward, which may
    hand their memory to NumPy.  What it makes is known inside."""
    if not mode.birth:
        return function(*args, **kwargs)
    with unchecked():
        result = function(*args, **kwargs)
    for made in result if isinstance(result, (tuple, list)) else (result,):
        if not any(made is a for a in args):
            made_here((made,))
    return result


def record_of_new() -> Writes | None:
    """The record of writes of memory that no operator makes (``torch.zeros``), where an interceptor is on that would mark it."""
    writes: Writes | None = InferenceWrites(mode.inference) if mode.inference else None
    if mode.birth:
        writes = writes or Writes()
        writes.born = tick()
    return writes


def _note_births(operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The interceptor: run the operator, and note at its results when they were made, where their history does not tell."""
    result = run(*args, **kwargs)
    if result.__class__ is Tensor:
        edge = result._edge
        if edge is NO_EDGE or edge is None or result._view is not None:
            _note_birth(result, args, kwargs)
    elif isinstance(result, (tuple, list)):
        for made in result:
            if isinstance(made, Tensor):
                _note_birth(made, args, kwargs)
    elif isinstance(result, Tensor):
        _note_birth(result, args, kwargs)
    return result


def _note_birth(made: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    writes = made._writes
    if writes is None:
        made._writes = record_of_new()
    elif writes.born >= mode.birth and not made._inside:
        source = _of_memory(writes, (*args, *kwargs.values()))
        if source is None:  # saved by its node, or shared by what else the operator made
            writes.born = tick()
        elif source is not made:
            look_alike(made, source)


def made_here(values: Iterable[Any]) -> None:
    """Note at what no operator made, the results of a transform or of a backward, that it was made just now."""
    for value in values:
        if isinstance(value, Tensor):
            value._inside = tick()


def look_alike(made: Tensor, source: Tensor) -> None:
    """Note at what looks at the memory of another tensor whether that one is captured."""
    if mode.birth and not is_captured(source, mode.birth):
        made._inside = tick()
        if source._foreign:
            made._foreign = True


def _of_memory(writes: Writes, values: Iterable[Any]) -> Tensor | None:
    """The first of the tensors in these values that has this record of writes."""
    for value in values:
        if isinstance(value, Tensor):
            if value._writes is writes:
                return value
        elif isinstance(value, (tuple, list)):
            found = _of_memory(writes, value)
            if found is not None:
                return found
    return None
