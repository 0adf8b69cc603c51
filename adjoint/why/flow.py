"""Flow: how the gradient went through the nodes of one backward on its way to one leaf."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from adjoint.why.lines import Line
from adjoint.why.trace import Backward, Op, Run, Stats, Trace


@dataclass(eq=False, repr=False)
class Flow:
    """The nodes of a backward that lie between its root and a leaf."""

    trace: Trace
    backward: Backward
    leaf: int

    @cached_property
    def end(self) -> Run | None:
        """The accumulation into the leaf."""
        return next((r for r in self.backward.runs if r.leaf == self.leaf), None)

    @cached_property
    def on_the_way(self) -> list[Run]:
        """The runs that lead to the leaf, from the root on, without the leaf's own."""
        if self.end is None:
            return []
        leading = {self.end.order}
        found = []
        for run in reversed(self.backward.runs):
            if run.leaf is None and any(order in leading for order, _ in run.left):
                leading.add(run.order)
                found.append(run)
        return found[::-1]

    @cached_property
    def arrived(self) -> dict[int, list[Stats | None]]:
        """Per node, by its time, the gradient that arrived (of a leaf: those that were sent, before any hook)."""
        found: dict[int, list[Stats | None]] = defaultdict(list)
        for run in self.backward.runs:
            if run.leaf is None:
                found[run.order] = [g for g in run.came if g is not None]
        ends = {run.order for run in self.backward.runs if run.leaf is not None}
        for order, g in zip(self.backward.roots, self.backward.gradients):
            if order in ends:
                found[order].append(g)
        for run in self.backward.runs:
            for order, g in run.left:
                if order in ends and g is not None:
                    found[order].append(g)
        return found

    def came(self, run: Run) -> float:
        """The size of the gradient at a run: exact where one arrived, at most so large where several did."""
        return sum(g.norm for g in self.arrived.get(run.order, ()) if g is not None)

    def sent(self, run: Run) -> float:
        """The size of what a run sent towards the leaf."""
        return sum(g.norm for _, g in self.towards(run) if g is not None)

    def towards(self, run: Run) -> list[tuple[int, Stats | None]]:
        """The edges of a run that lead to the leaf."""
        return [(order, g) for order, g in run.left if order in self._orders]

    @cached_property
    def _orders(self) -> set[int]:
        found = {run.order for run in self.on_the_way}
        if self.end is not None:
            found.add(self.end.order)
        return found

    def changed(self) -> list[tuple[Run, float, float]]:
        """The nodes that were sent one gradient and ran with another, for a hook changed it: with both sizes."""
        sent: dict[int, list[Stats]] = defaultdict(list)
        for run in self.backward.runs:
            for order, g in run.left:
                if order and g is not None:
                    sent[order].append(g)
        found = []
        for run in self.on_the_way:
            given = sent.get(run.order, [])
            came = [g for g in run.came if g is not None]
            if len(given) == 1 and len(came) == 1 and given[0].finite and came[0].finite:
                if abs(given[0].norm - came[0].norm) > 1e-4 * max(given[0].norm, came[0].norm):
                    found.append((run, given[0].norm, came[0].norm))
        return found

    def op(self, run: Run) -> Op | None:
        """The call that recorded a run's node."""
        index = self.trace.by_order.get(run.order)
        return None if index is None else self.trace.ops[index]

    def line(self, run: Run) -> Line | None:
        """The user's line of it; of the nearest node that has one where this one has none."""
        op = self.op(run)
        if op is not None and op.line is not None:
            return op.line
        later = [o for o in self.trace.by_order if o >= run.order]
        for order in sorted(later):
            line = self.trace.ops[self.trace.by_order[order]].line
            if line is not None:
                return line
        return None

    def all_arrived(self) -> list[Stats]:
        """What the leaf was sent, before hooks and accumulation."""
        if self.end is None:
            return []
        return [g for g in self.arrived.get(self.end.order, []) if g is not None]


def operator(run: Run) -> str:
    """The operator of a node's name: ``relu`` for ``ReluBackward0``."""
    name = run.node.partition("Backward")[0]
    return name[:1].lower() + name[1:] if name else run.node
