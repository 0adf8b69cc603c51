"""Levels: which of the transforms that are being computed a tensor belongs to, and how that is printed.

PyTorch wraps a tensor once for each of them: in a ``BatchedTensor`` where a vmap's samples differ in it, in a
``GradTrackingTensor`` where a function that is differentiated made it or was handed it.  Here it is one tensor throughout; what
a wrapper would hold is another name of it (:func:`unwrapped`), which prints as PyTorch prints that.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent
from typing import Any, NamedTuple

from adjoint import printing
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.batch import BatchBackward0, UnbatchBackward0
from adjoint.autograd.captures import is_captured
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import IdentityBackward0, Node, Output
from adjoint.autograd.samples import batch_dim, is_of_samples
from adjoint.autograd.views import replay
from adjoint.readings.batched import BatchedArray, Level
from adjoint.tensor import NO_EDGE, Sink, Tensor, from_array, tick


class Wrapper(NamedTuple):
    """What PyTorch wraps a tensor in."""

    name: str
    level: int  # the number of the transform, the outermost being 1
    dim: int | None  # for samples, which dimension of what it holds has them


def wrapper_of(tensor: Tensor) -> Wrapper | None:
    """The innermost wrapper of a tensor in PyTorch; None for one that comes from outside of all transforms that are computed."""
    within = mode.within
    array = tensor._array
    for number in range(len(within), 0, -1):
        transform = within[number - 1]
        if isinstance(transform, Level):
            if array.__class__ is BatchedArray and array.level is transform:
                return Wrapper("BatchedTensor", number, batch_dim(tensor))
        elif _is_inside(tensor, number):
            return Wrapper("GradTrackingTensor", number, None)
    return None


def _is_inside(tensor: Tensor, number: int) -> bool:
    """Whether a tensor is known to the function that is differentiated by the transform with a number."""
    within = mode.within
    birth = getattr(within[number - 1], "birth", 0)
    if not birth or isinstance(within[number - 1], Level) or is_captured(tensor, birth):
        return False
    return not (tensor._foreign and any(_is_inside(tensor, n) for n in range(number + 1, len(within) + 1)))


def unwrapped(tensor: Tensor, wrapper: Wrapper) -> Tensor:
    """What the wrapper of a tensor holds: the same memory, as it is known further out."""
    source = _source(tensor, wrapper)
    if source is not None:
        return source
    array = tensor._array if wrapper.dim is None else tensor._array.array
    edge, leaf = _place_outside(tensor)
    if leaf is not None and leaf._array is array:
        return leaf
    found = from_array(array)
    found._edge = edge
    found._writes = tensor._writes
    births = [0 if isinstance(t, Level) else getattr(t, "birth", 0) for t in mode.within]
    known = max((n for n in range(1, wrapper.level) if births[n - 1] and _is_inside(tensor, n)), default=0)
    found._inside = next((birth for birth in births[known:] if birth), tick() if known else 0)
    return found


def _source(tensor: Tensor, wrapper: Wrapper) -> Tensor | None:
    """What the caller handed to a transform, of which a tensor is the input there."""
    if wrapper.dim is None:
        transform = mode.within[wrapper.level - 1]
        for given, source in zip(transform.inputs, transform.sources):
            if given is tensor:
                return source  # type: ignore[no-any-return]
        return None
    view = tensor._view
    if view is not None and is_of_samples(tensor):
        return view.base if len(view.path) == 1 else replay(view.path[:-1], view.base)
    return None


def _place_outside(tensor: Tensor) -> tuple[Sink | None, Tensor | None]:
    """The edge that a tensor has outside of the transforms, and the leaf that it is a name of, if it is one."""
    edge: Any = tensor._edge
    if edge is NO_EDGE:
        return NO_EDGE, None
    if edge is None and tensor.is_leaf:
        return NO_EDGE, None
    edge = edge_of(tensor)
    while edge.__class__ in (IdentityBackward0, BatchBackward0, UnbatchBackward0):
        edge = edge._edges[0]
    if edge.__class__ is AccumulateGrad:
        leaf = edge.variable
        return (None, leaf) if _is_outside(leaf) else (NO_EDGE, None)
    return (edge if _leads_out(edge) else NO_EDGE), None


def _is_outside(leaf: Tensor) -> bool:
    """Whether a leaf is none of a function that is differentiated."""
    births = [0 if isinstance(t, Level) else getattr(t, "birth", 0) for t in mode.within]
    outermost = next(filter(None, births), 0)
    return not outermost or is_captured(leaf, outermost)


def _leads_out(edge: Sink) -> bool:
    """Whether a graph leads to a leaf outside of all functions that are differentiated."""
    seen: set[Any] = set()
    stack: list[Any] = [edge]
    while stack:
        at = stack.pop()
        node = at.node if isinstance(at, Output) else at
        if node is NO_EDGE or node in seen:
            continue
        seen.add(node)
        if node.__class__ is AccumulateGrad:
            if not node.variable._only_a_name and _is_outside(node.variable):
                return True
        elif isinstance(node, Node):
            stack += node._edges
    return False


def _text(tensor: Tensor, write: Callable[[Tensor], str]) -> str | None:
    """The text of a tensor that belongs to a transform; ``write`` has that of what its wrapper holds."""
    wrapper = wrapper_of(tensor)
    if wrapper is None:
        return None
    held = write(unwrapped(tensor, wrapper))
    held = indent(held, "    ")
    dim = "" if wrapper.dim is None else f"bdim={wrapper.dim}, "
    return f"{wrapper.name}(lvl={wrapper.level}, {dim}value=\n{held}\n)"


printing.inside_transforms = _text


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """What a tensor inside of a transform is outside of all of them (of the innermost only, without ``recurse``): to look at in a
    debugger.  What is computed of it there has no derivative inside.

    >>> import adjoint as torch
    >>> seen = []
    >>> _ = torch.vmap(lambda x: seen.append(torch.func.debug_unwrap(x)) or x)(torch.ones(2))
    >>> seen
    [tensor([1., 1.])]
    """
    wrapper = wrapper_of(tensor)
    if wrapper is None:
        return tensor
    held = unwrapped(tensor, wrapper)
    return debug_unwrap(held) if recurse else held
