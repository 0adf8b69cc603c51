"""One node: what is computed of several rows here, and is one operator with a derivative of its own in PyTorch.

The function is applied to second names of its inputs, whose history begins there, and its results get one node, which keeps the
graph between.  Its backward is a backward of that graph; recorded, it goes on behind the names, so derivatives of every order are
those of the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import IdentityBackward0, Node, Output, record
from adjoint.autograd.saved import alias, is_freed, raise_freed
from adjoint.tensor import NO_EDGE, Tensor


class OneNode(Node):
    """A node over a graph of its own."""

    __slots__ = ("_outputs",)

    def apply(self, g: Any) -> Any:
        """The gradients of the inputs, by a backward of the graph between."""
        return self._through(g, False)

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, on tensors: recorded where that is asked for, and not where it is for their tangents alone."""
        return self._through(g, mode.enabled)

    def _through(self, g: Any, recorded: bool) -> Any:
        if is_freed(self._kept):
            raise_freed(self._kept)
        ends, starts = self._kept
        arrived = g if self._outputs > 1 else [g]
        roots = [(end, x) for end, x in zip(ends, arrived) if x is not None and end is not NO_EDGE]
        captures = {start: [(0, i)] for i, start in enumerate(starts) if start is not None}
        needed = _between(ends, captures)
        found = engine.run(roots, keep_graph=True, create_graph=recorded, captures=captures, needed=needed)
        return tuple([found.get(i) for i in range(len(starts))])


def _between(ends: tuple[Any, ...], starts: Any) -> set[Any]:
    """The nodes of the graph that ends and starts enclose."""
    found: set[Any] = set()
    stack = list(ends)
    while stack:
        edge = stack.pop()
        node = edge.node if edge.__class__ is Output else edge
        if node is NO_EDGE or node in found or node in starts:
            continue
        found.add(node)
        stack += node._edges
    return found


@lru_cache(maxsize=None)
def _kind(name: str) -> type[OneNode]:
    return type(name, (OneNode,), {"__slots__": (), "__module__": "builtins"})


def as_one_node(name: str, function: Callable[..., Any], *inputs: Any) -> Any:
    """``function(*inputs)``, a tensor or a tuple of tensors made of other operators, recorded as one node of this name."""
    edges = tuple([edge_of(x) if isinstance(x, Tensor) and x.requires_grad else NO_EDGE for x in inputs])
    if not mode.enabled or all(edge is NO_EDGE for edge in edges):
        return function(*inputs)
    starts = [None if edge is NO_EDGE else record(IdentityBackward0(), (edge,)) for edge in edges]
    results = function(*[x if start is None else alias(x, start) for x, start in zip(inputs, starts)])
    made = [t for t in (results if isinstance(results, tuple) else (results,)) if t._array.dtype.kind not in "iub"]
    if not any(t.requires_grad for t in made):
        return results
    node = _kind(name)()
    record(node, edges, (tuple([edge_of(t) if t.requires_grad else NO_EDGE for t in made]), starts))
    node._outputs = len(made)
    node._forms = [(t._array.shape, t._array.dtype) for t in made]  # type: ignore[attr-defined]
    for i, t in enumerate(made):
        t._edge = node if len(made) == 1 else Output(node, i)
    return results
