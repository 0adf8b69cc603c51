"""Trace: what a program did to its tensors, as the diagnoses read it.

It holds more than the graph, for it also knows where values left the graph (``detach()``, ``.item()``, an integer cast).
Everything has its time ``n``, counted in one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adjoint.why.lines import Line


class Stats(NamedTuple):
    """The numbers of one array."""

    size: int
    nan: int
    inf: int
    zero: float  # share of zeros
    low: float
    high: float
    norm: float

    @property
    def finite(self) -> bool:
        return not (self.nan or self.inf)

    @property
    def all_zero(self) -> bool:
        return self.size > 0 and self.norm == 0.0

    @property
    def rms(self) -> float:
        return self.norm / max(self.size, 1) ** 0.5


@dataclass(slots=True, eq=False)
class Value:
    """One tensor at one time: what an operator or the user made, or what a write left in it."""

    id: int
    op: int | None  # index of the operator that made it; None of what was made otherwise
    line: Line | None  # where it was made
    made: str  # "parameter", "zeros", "tensor", "operator" ...; "seen" if it was there already
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool
    leaf: bool
    stats: Stats | None
    tensor: Any  # weak reference
    n: int = 0
    history: list[tuple[int, Stats | None]] | None = None  # of a leaf: its numbers whenever they were others
    sample: str = ""  # the numbers, where they matter: of operands at which a NaN was born


@dataclass(slots=True, eq=False)
class Op:
    """One call of an operator, or of something that takes values out of the graph."""

    index: int
    n: int
    name: str
    line: Line | None
    inputs: tuple[int, ...]
    needed: tuple[bool, ...]  # per input, whether it required grad when it was used
    outputs: tuple[int, ...]
    order: int = 0  # of the node that it recorded; 0 if none
    called: str = ""  # the function that the user called: "cross_entropy", "dropout", "Linear"
    module: Any = None  # (id, kind, training, text) of the innermost module of the library
    off: Line | None = None  # where recording was switched off, if it was
    recording: bool = True
    mode: str = ""  # "torch.no_grad()", "torch.inference_mode()" ...
    values: tuple[Any, ...] = ()  # Python numbers among the arguments
    maybe: tuple[int, ...] = ()  # values whose numbers may be in what it was given as Python or NumPy data
    writes: bool = False
    backward: bool = False  # called while a backward ran
    sample: str = ""


@dataclass(slots=True, eq=False)
class Run:
    """One node of one backward."""

    order: int
    node: str
    left: tuple[tuple[int, Stats | None], ...]  # per edge: the order of the node it leads to (0: none), the gradient
    n: int = 0
    leaf: int | None = None  # the value of the leaf, of an AccumulateGrad
    before: Stats | None = None
    after: Stats | None = None
    came: tuple[Stats | None, ...] = ()  # the gradient that arrived, one per output
    error: str = ""


@dataclass(slots=True, eq=False)
class Backward:
    """One backward, or one ``autograd.grad``."""

    n: int
    line: Line | None
    roots: tuple[int, ...]  # orders of the nodes it began at
    gradients: tuple[Stats | None, ...]
    captures: bool
    runs: list[Run] = field(default_factory=list)
    error: str = ""
    root: int | None = None  # the value it was called on, where known
    end: int = 0
    failed: bool = False


@dataclass(slots=True, eq=False)
class Step:
    """One step of an optimizer."""

    n: int
    line: Line | None
    optimizer: int
    grads: dict[int, tuple[Stats | None, float, float]]  # id of tensor -> gradient, |weight|, |change|
    rates: dict[int, tuple[float, float]]  # id of tensor -> learning rate, weight decay


@dataclass(slots=True, eq=False)
class Event:
    """Anything else that happened to a tensor, a module, or an optimizer."""

    n: int
    what: str
    line: Line | None
    of: int = 0  # id() of the object
    text: str = ""
    before: Any = None
    after: Any = None


@dataclass(eq=False, repr=False)
class Trace:
    """All of it, in the order in which it happened."""

    values: list[Value] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    by_order: dict[int, int] = field(default_factory=dict)  # a node's time of recording -> index of the operator
    whole: bool = True  # whether it saw the program from its beginning
    kept: list[Any] = field(default_factory=list)  # objects whose id() must stay theirs

    def of(self, what: str, of: int | None = None) -> list[Event]:
        """The events of a kind, of one object or of all."""
        return [e for e in self.events if e.what == what and (of is None or e.of == of)]

    def op_of(self, value: int) -> Op | None:
        """The operator that made a value."""
        made_by = self.values[value].op
        return None if made_by is None else self.ops[made_by]

    def stats_at(self, value: int, n: int) -> Stats | None:
        """The numbers of a value at a time."""
        found = self.values[value]
        if found.history is None:
            return found.stats
        return next((s for at, s in reversed(found.history) if at <= n), found.history[0][1])

    def ancestors(self, value: int) -> set[int]:
        """The values that a value was made from, by any way, and itself."""
        found: set[int] = set()
        stack = [value]
        while stack:
            v = stack.pop()
            if v in found:
                continue
            found.add(v)
            op = self.op_of(v)
            if op is not None:
                stack += op.inputs
                stack += op.maybe
        return found

    def above(self, value: int) -> set[int]:
        """The values that gradients of ``value`` reach, and itself."""
        found: set[int] = set()
        stack = [value]
        while stack:
            v = stack.pop()
            if v in found:
                continue
            found.add(v)
            op = self.op_of(v)
            if op is not None and self.values[v].requires_grad:
                stack += [i for i, needed in zip(op.inputs, op.needed) if needed]
        return found

    def users_of(self, values: Iterable[int]) -> list[Op]:
        """The operators that took one of these values, in order."""
        wanted = set(values)
        return [op for op in self.ops if not wanted.isdisjoint(op.inputs) or not wanted.isdisjoint(op.maybe)]

    def root_of(self, backward: Backward) -> int | None:
        """The value that a backward began at."""
        if backward.root is not None:
            return backward.root
        for order in backward.roots:
            index = self.by_order.get(order)
            if index is not None and self.ops[index].outputs:
                return self.ops[index].outputs[0]
        return None
