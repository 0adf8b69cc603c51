"""Node: one recorded operator in the graph, and what its users may ask of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from adjoint.names import listed_without
from adjoint.tensor import NO_EDGE, Sink, tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from adjoint.autograd.hooks import RemovableHandle
    from adjoint.tensor import Tensor


class Node(Sink):
    """A recorded operator: ``apply`` turns the gradient of its output into those of its inputs.

    The classes of operators are generated from the tables (:mod:`adjoint.declare`); each is named as PyTorch names
    it, ``MulBackward0`` and so on.
    """

    __slots__ = ("__dict__", "__weakref__", "_edges", "_extra", "_hooks", "_kept", "_order")

    _edges: tuple[Sink, ...]  # where the gradients of the inputs go, NO_EDGE where none is needed
    _kept: Any  # tuple of saved tensors, None once they were freed
    _extra: tuple[Any, ...]  # what else the formulas ask for: shapes, dims, flags
    _hooks: Any  # autograd.hooks.NodeHooks, None where there are none
    _order: int  # time of recording; the latest is the smallest (of nodes that were opened, a float: declare.steps)

    _outputs = 1  # how many outputs the forward had
    _shared: tuple[Any, ...] = ()  # of the vmaps that it was recorded in, those whose samples share what it made

    def apply(self, g: Any) -> Any:
        """The gradients of the inputs, given that of the output (a list of them where there are several)."""
        raise NotImplementedError

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply` on :class:`~adjoint.autograd.taped.Taped` arrays, so that what it does is recorded."""
        raise NotImplementedError

    def apply_undefined(self, g: Any, taped: bool) -> Any:
        """What :meth:`apply` gives where no gradient arrived, only None (a list of it where there are several)."""
        return (None,) * len(self._edges)

    def name(self) -> str:
        """The node's name, ``"MulBackward0"``."""
        name = type(self).__name__
        return name if name not in ("CopyBackwards", "NotImplemented") else f"torch::autograd::{name}"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """Per input, the node that its gradient flows to and which of that node's outputs it was."""
        return tuple(as_pair(edge) for edge in self._edges)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user's own notes on this node."""
        return self.__dict__.setdefault("_metadata", {})

    @property
    def requires_grad(self) -> bool:
        """True: what does not take part in a backward has no node."""
        return True

    @property
    def _input_metadata(self) -> list[Any]:
        from adjoint.autograd.input_metadata import input_metadata

        return input_metadata(self)

    def _known_forms(self) -> dict[int, Any]:
        """Per output that is known, its shape, dtype and whether it is on the device "meta"."""
        known = {i: (*form, False) for i, form in enumerate(getattr(self, "_forms", None) or ()) if form is not None}
        return known | self.__dict__.get("_forms_told", {})

    def _sequence_nr(self) -> int:
        return -math.ceil(self._order)

    if TYPE_CHECKING:  # :mod:`adjoint.autograd.hooks` puts them there

        def __call__(self, *gradients: Tensor | None) -> Any:
            """The gradients of the inputs, given those of the outputs."""

        def register_hook(self, fn: Callable[..., Any]) -> RemovableHandle:
            """Call ``fn(gradients of the inputs, those of the outputs)`` after the node; it may return other ones."""
            ...

        def register_prehook(self, fn: Callable[..., Any]) -> RemovableHandle:
            """Call ``fn(gradients of the outputs)`` before the node; it may return other ones."""
            ...

    __dir__ = listed_without("_forms_told", "_metadata", "apply", "apply_taped", "apply_undefined", "defers", "operator", "wants")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


class IdentityBackward0(Node):
    """Passes the gradient on: to a tensor from a second name of it, which is a leaf to what is differentiated by that name."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return (g,)

    apply_taped = apply


class Error(Node):
    """Stands behind a gradient that cannot be differentiated again, and says so when someone tries."""

    __slots__ = ("_outputs", "message")

    message: str

    def apply(self, g: Any) -> Any:
        raise RuntimeError(self.message)

    apply_taped = apply

    def apply_undefined(self, g: Any, taped: bool) -> Any:
        raise RuntimeError(self.message)

    def name(self) -> str:
        return "torch::autograd::Error"


class UndefinedGradBackward(Node):
    """Lets no gradient pass: what is behind it gets an undefined one."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return (None,)

    apply_taped = apply

    def name(self) -> str:
        return "torch::autograd::UndefinedGradBackward"


class Output(Sink):
    """One output of a node that has several."""

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


def as_pair(edge: Sink | None) -> tuple[Node | None, int]:
    """An edge as PyTorch shows it: (node, output number)."""
    if edge is NO_EDGE or edge is None:
        return None, 0
    if isinstance(edge, Output):
        return edge.node, edge.index
    assert isinstance(edge, Node)
    return edge, 0


def record(node: Node, edges: tuple[Sink, ...], saved: tuple[Any, ...] = (), extra: tuple[Any, ...] = ()) -> Node:
    """Fill a new node's slots, as generated callers do inline."""
    node._edges = edges
    node._kept = saved
    node._extra = extra
    node._hooks = None
    node._order = tick()
    return node
