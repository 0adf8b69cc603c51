"""Window: of a program that trains for thousands of steps, a recording keeps the first and the last.

A step ends with an optimizer's ``step()``; in a program without optimizers, with a backward.  Every step is recorded, for
none knows that it is not the last, and those that are neither are let go as the next one ends.
"""

from __future__ import annotations

from adjoint.viz.graph import Graph
from adjoint.viz.pruning import keep_only


class Window:
    """Which steps a recording keeps: the first ``steps`` of them and the last; if None, all, as long as they fit in ``most``
    nodes, and the first ones of these else."""

    def __init__(self, graph: Graph, steps: int | None, most: int) -> None:
        self.graph = graph
        self.first = steps
        self.most = most
        self.count = 0
        self.dropped = 0
        self._optimizers = False
        self._ends: list[tuple[int, int]] = []  # of each step that is there: nodes and events until its end

    def step_ended(self, optimizer: bool) -> None:
        """A step of the training has ended, with an optimizer's or a backward: some before it may be let go."""
        if optimizer and not self._optimizers:  # so the backwards before were none
            self._optimizers, self.count, self._ends = True, 0, []
        nodes = len(self.graph.nodes)
        self.count += 1
        self._ends.append((nodes, len(self.graph.recording.steps)))
        if nodes > self.most:
            if self.first is None:
                self.first = max(1, sum(end <= self.most // 2 for end, _ in self._ends))
            if nodes > self.most + self.most // 2:  # many at once, for it takes a pass over all that is kept
                self._let_go()

    def close(self) -> None:
        """The program has ended: what is kept is final."""
        if self.first is not None:
            self._let_go()

    def _let_go(self) -> None:
        """Leave of the steps the first, and the last."""
        if self.first is None or len(self._ends) <= self.first + 1:
            return
        nodes, events = self.graph.nodes, self.graph.recording.steps
        begin, begin_events = self._ends[self.first - 1] if self.first else (0, 0)
        end, end_events = self._ends[-2]
        after = len(nodes) - self._ends[-1][0], len(events) - self._ends[-1][1]
        self.dropped += len(self._ends) - 1 - self.first
        kept = {*range(begin), *range(end, len(nodes))}
        self.graph.renumbered(keep_only(self.graph.recording, kept, slice(begin_events, end_events)))
        self._ends = [*self._ends[: self.first], (len(nodes) - after[0], len(events) - after[1])]

    def note(self) -> str | None:
        """What was left out, in words."""
        if not self.dropped or self.first is None:
            return None
        left_out = f"steps {self.first + 1:,} to {self.first + self.dropped:,} of {self.count:,}"
        return f"Of a long program the first steps are kept and the last: {left_out} are left out (--steps N keeps more)."
