"""Case: one tensor whose gradient is asked about, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from adjoint.nn.modules.module import Module
from adjoint.optim.optimizer import Optimizer
from adjoint.tensor import Tensor
from adjoint.why.functions import Custom
from adjoint.why.lines import Line
from adjoint.why.numbers import stats_of
from adjoint.why.trace import Backward, Event, Op, Run, Stats, Step, Trace


@dataclass(eq=False, repr=False)
class Case:
    """What the diagnoses read."""

    trace: Trace
    target: Tensor
    value: int  # of the target, in the trace
    name: str
    loss: int | None = None  # the value that was given as the loss
    models: list[tuple[str, Module]] = field(default_factory=list)
    optimizers: list[tuple[str, Optimizer]] = field(default_factory=list)
    names: tuple[str, ...] = ()  # all names that variables give the target
    calls: dict[int, list[tuple[int, bool, Line | None]]] = field(default_factory=dict)
    customs: dict[int, Custom] = field(default_factory=dict)

    @cached_property
    def grad(self) -> Stats | None:
        """The numbers of ``.grad``; None where there is none."""
        grad = self.target._grad
        return None if grad is None else stats_of(grad)

    @cached_property
    def weight(self) -> Stats | None:
        return stats_of(self.target._array)

    @cached_property
    def passes(self) -> list[tuple[Backward, Run]]:
        """The backwards that added to the target's ``grad``, in order."""
        return [(b, r) for b in self.trace.backwards for r in b.runs if r.leaf == self.value and r.after is not None]

    @cached_property
    def backwards(self) -> list[Backward]:
        """The backwards that fill ``grad``."""
        return [b for b in self.trace.backwards if not b.captures]

    @cached_property
    def last(self) -> Backward | None:
        """The backward in question: that from the loss that was given, else the last that reached the target, else the last."""
        if self.loss is not None:
            for b in reversed(self.backwards):
                if self.trace.root_of(b) == self.loss:
                    return b
        if self.passes:
            return self.passes[-1][0]
        return self.backwards[-1] if self.backwards else None

    @cached_property
    def root(self) -> int | None:
        """The loss: the given one, or what the backward in question began at."""
        if self.loss is not None:
            return self.loss
        return None if self.last is None else self.trace.root_of(self.last)

    def events(self, what: str) -> list[Event]:
        """The events of a kind that befell the target."""
        return self.trace.of(what, self.value)

    @cached_property
    def clearings(self) -> list[Event]:
        """When the target's gradient was cleared, or would have been."""
        found = [
            e for e in self.trace.of("zero_grad") if self.value in (e.before or {}) or self.value in (e.after or ())
        ]
        found += [e for e in self.events("grad set") if e.after is None or e.after.all_zero]
        found += [e for e in self.events("grad written") if e.text in ("zero_", "fill_") and not any(e.after or ())]
        found += [e for e in self.events("grad written") if e.text == "mul_" and tuple(e.after or ()) in ((0,), (0.0,))]
        return sorted(found, key=lambda e: e.n)

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of optimizers that hold the target."""
        return [s for s in self.trace.steps if self.value in s.grads]

    def uses(self) -> list[Op]:
        """The operators of the forward that took the target."""
        return [op for op in self.trace.users_of([self.value]) if not op.backward]

    def line_made(self) -> Line | None:
        """Where the target was made."""
        return self.trace.values[self.value].line

    def owner(self) -> tuple[str, Module, str] | None:
        """The model that has the target as a parameter: its name, itself, and the parameter's path."""
        for name, model in self.models:
            for path, parameter in model.named_parameters():
                if parameter is self.target:
                    return name, model, path
        return None

    def modules_around(self) -> Iterator[tuple[str, Module]]:
        """The modules from the outermost to the one whose parameter the target is."""
        found = self.owner()
        if found is None:
            return
        name, module, path = found
        yield name, module
        for part in path.split(".")[:-1]:
            module = getattr(module, part)
            name = f"{name}.{part}"
            yield name, module
