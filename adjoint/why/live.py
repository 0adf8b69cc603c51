"""Live: an answer from what is there at the call, where the run of the program was neither seen nor could be seen again.

The graph behind the tensors in the caller's variables, the optimizers and modules there, and the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adjoint.autograd.edges import edge_of
from adjoint.autograd.node import Node, as_pair
from adjoint.nn.modules.module import Module
from adjoint.optim.optimizer import Optimizer
from adjoint.places import line_of as line_of_place
from adjoint.tensor import Tensor, version_of
from adjoint.why import still
from adjoint.why.answer import CERTAIN, LIKELY, POSSIBLE, Answer, Finding, chosen
from adjoint.why.case import Case
from adjoint.why.lines import Line, is_users
from adjoint.why.names import hidden, name_of, names_of, objects
from adjoint.why.none import in_place, rebinds
from adjoint.why.numbers import percent, short, stats_of
from adjoint.why.source import source_around
from adjoint.why.witness import Witness

_BASIS = (
    "the run of the program was not seen, so this is read from the graph that is left and from the source; "
    "`adjoint why PROGRAM` sees more"
)


def answer(target: Tensor, frame: Any, name: str | None, loss: Any, optimizer: Any, model: Any) -> Answer:
    """What the live state and the source say of a tensor's gradient."""
    look = _Look(target, frame, name, loss, optimizer, model)
    findings = chosen(look.findings())
    for finding in findings:
        if finding.line is not None and finding.sure == CERTAIN and finding.kind in _READ:
            finding.sure = LIKELY
    facts = list(look.facts(not findings))
    return Answer(look.name, findings, facts, _BASIS)


_READ = ("detach", "data", "item", "numpy", "tolist", "no-grad", "inference-mode", "integer-cast", "copied-to-tensor")


class _Look:
    """What is seen of one tensor."""

    def __init__(self, target: Tensor, frame: Any, name: str | None, loss: Any, optimizer: Any, model: Any) -> None:
        self.target = target
        self.name = name or name_of(target, frame) or "this tensor"
        self.names = names_of(target, frame)
        self.models = list(objects(frame, Module))
        self.optimizers = list(objects(frame, Optimizer))
        if model is not None and not any(m is model for _, m in self.models):
            self.models.insert(0, ("model", model))
        if optimizer is not None and not any(o is optimizer for _, o in self.optimizers):
            self.optimizers.insert(0, ("optimizer", optimizer))
        self.tensors = [(n, t) for n, t in objects(frame, Tensor)]
        self.losses = [("loss", loss)] if isinstance(loss, Tensor) else self._losses()
        self.source = source_around(frame, self.models)
        self.grad = None if target._grad is None else stats_of(target._grad)

    def _losses(self) -> list[tuple[str, Tensor]]:
        """The variables that look like losses: numbers with a graph, or without one but named so."""
        scalars = [(n, t) for n, t in self.tensors if t._array.size == 1 and t is not self.target]
        with_graph = [(n, t) for n, t in scalars if not t.is_leaf]
        return with_graph or [(n, t) for n, t in scalars if "loss" in n.lower() or n in ("error", "cost", "total")]

    def findings(self) -> Iterator[Finding]:
        """What is wrong, as far as can be seen."""
        if self.grad is None:
            yield from self._none()
        elif not self.grad.finite:
            yield from self._not_finite()
        elif self.grad.all_zero:
            yield from self._zero()
        yield from self._still()
        if self.grad is not None and self.grad.finite and not self.grad.all_zero:
            yield from self._accumulated()

    # None

    def _none(self) -> Iterator[Finding]:
        target = self.target
        if not target.requires_grad:
            frozen = self.source.frozen()
            made = self.source.assigned(self.name)
            if frozen:
                yield Finding(
                    "frozen", frozen[-1], "requires_grad is switched off here, so no gradient is computed for it"
                )
            elif made and rebinds(made[-1], *self.names):
                text = f"the name {self.name} is bound to a new tensor here, without history"
                yield Finding("rebound", made[-1], text, [], in_place(made[-1], self.name))
            else:
                yield Finding(
                    "requires-grad-off",
                    made[-1] if made else None,
                    "it does not require grad, so no gradient is computed for it",
                    [],
                    [f"{self.name}.requires_grad_(True)   # before the forward"],
                )
            return
        if not target.is_leaf:
            made = self.source.assigned(self.name)
            rebound = bool(made) and rebinds(made[-1], *self.names)
            yield Finding(
                "rebound" if rebound else "non-leaf",
                made[-1] if made else None,
                f"it is the result of an operator ({type(target.grad_fn).__name__}), not a leaf, and only leaves keep their .grad",
                [],
                in_place(made[-1], self.name) if rebound else [f"{self.name}.retain_grad()   # before the backward"],
            )
            return
        yield from self._leaf_without()

    def _leaf_without(self) -> Iterator[Finding]:
        leading = [(n, t) for n, t in self.losses if self._leads(t)]
        clearing = self.source.calls("zero_grad")
        if leading:
            freed = self._freed(leading[0][1])
            if freed is not None and clearing:
                yield Finding(
                    "cleared",
                    clearing[-1][0],
                    f"the gradient was computed by the backward at {freed.name} and cleared by zero_grad() since",
                    [],
                    ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"],
                    LIKELY,
                )
            elif freed is None:
                made = self.source.assigned(leading[0][0])
                yield Finding(
                    "no-backward",
                    made[-1] if made else None,
                    f"{leading[0][0]} depends on it, but no backward went through its graph",
                    [],
                    [f"{leading[0][0]}.backward()"],
                )
            return
        if self.source.trees and not self.source.calls("backward") and not self.source.calls("grad"):
            yield Finding(
                "no-backward", None, "no backward() is called in this program", [], ["loss.backward()"], LIKELY
            )
        unused = self._unused()
        if unused is not None:
            yield unused
            return
        without = [n for n, t in self.losses]
        evidence = [f"The graph of {without[0]} does not lead to it."] if without else []
        for suspect in self.source.breakers():
            yield Finding(suspect.kind, suspect.line, suspect.text, evidence, suspect.advice, LIKELY)

    def _leads(self, tensor: Tensor) -> bool:
        wanted = edge_of(self.target)
        return any(node is wanted for node in _graph(tensor))

    def _freed(self, tensor: Tensor) -> Line | None:
        """Where a backward freed the graph of a tensor."""
        for node in _graph(tensor):
            if node._kept.__class__ is list and node._kept:
                place = tuple(node._kept)
                return Line(place[0].co_filename, line_of_place(place), place[0].co_name)  # type: ignore[arg-type]
        return None

    def _unused(self) -> Finding | None:
        """A layer that no forward in the source mentions."""
        for _, model in self.models:
            for path, parameter in model.named_parameters():
                if parameter is self.target:
                    top = path.split(".")[0]
                    code = getattr(type(model).forward, "__code__", None)
                    if code is not None and is_users(code.co_filename) and top not in code.co_names:
                        made = self.source.assigned(f"self.{top}")
                        uses = self.source.uses(top)
                        if not uses:
                            where = made[-1] if made else None
                            text = f"self.{top} is made here and never used in a forward"
                            return Finding(
                                "unused-module", where, text, [], [f"call self.{top} in the forward"], LIKELY
                            )
        return None

    # There is a gradient

    def _zero(self) -> Iterator[Finding]:
        for node in self._nodes():
            name = type(node).__name__
            kept = node._kept if isinstance(node._kept, tuple) else ()
            for saved in kept:
                stats = stats_of(saved) if isinstance(saved, Tensor) else None
                if stats is None or not stats.size:
                    continue
                if name.startswith("Relu") and stats.all_zero:
                    yield Finding("dead-relu", self._line("relu", "ReLU"), "every output of a relu on the way is zero")
                elif name.startswith("Sigmoid") and min(stats.high, 1 - stats.low) < 1e-6:
                    text = f"a sigmoid on the way is saturated: its outputs are between {short(stats.low)} and {short(stats.high)}"
                    yield Finding("saturated", self._line("sigmoid", "Sigmoid"), text)
                elif name.startswith("Mul") and stats.all_zero:
                    yield Finding("zero-mask", None, "a factor on the way is zero everywhere", [], [], LIKELY)
        for line, call in self.source.calls("round", "floor", "ceil", "sign"):
            name = getattr(call.func, "attr", "round")
            yield Finding("step-function", line, f"the derivative of {name} is zero everywhere", [], [], LIKELY)
        for line, _ in self.source.calls("relu", "ReLU"):
            yield Finding(
                "dead-relu", line, "a relu whose inputs are all negative passes no gradient", [], [], POSSIBLE
            )

    def _not_finite(self) -> Iterator[Finding]:
        for name, tensor in self.tensors:
            stats = stats_of(tensor._array)
            if tensor.is_leaf and not tensor.requires_grad and stats is not None and stats.nan:
                made = self.source.assigned(name)
                yield Finding(
                    "nan-in-data", made[-1] if made else None, f"{name} holds {stats.nan} NaN of {stats.size} values"
                )
        for names, kind, text in (
            (("log",), "log-of-zero", "log of zero is minus infinity"),
            (("sqrt", "norm"), "sqrt-at-zero", "the derivative at zero is not finite"),
            (("exp",), "exp-overflow", "exp overflows for large inputs"),
            (("std",), "std-of-constants", "the derivative of std of equal values is 0/0"),
        ):
            for line, _ in self.source.calls(*names):
                yield Finding(kind, line, text, [], [], POSSIBLE)

    def _accumulated(self) -> Iterator[Finding]:
        backward = self.source.calls("backward")
        cleared = self.source.calls("zero_grad") or any(".grad = None" in line.text for _, line in self._all_lines())
        if backward and not cleared:
            writes = version_of(self.target._grad) if self.target._grad is not None else 0
            if writes or len(backward) > 1:
                text = f"gradients are never cleared: .grad is the sum of {writes + 1} backwards"
                yield Finding(
                    "accumulated", backward[-1][0], text, [], ["optimizer.zero_grad()   # before each backward"]
                )

    def _all_lines(self) -> Iterator[tuple[str, Line]]:
        import linecache

        for file, _ in self.source.trees:
            for number in range(1, len(linecache.getlines(file)) + 1):
                yield file, Line(file, number)

    def _still(self) -> Iterator[Finding]:
        witness = Witness()
        case = Case(
            witness.trace, self.target, witness.value_of(self.target), self.name, None, self.models, self.optimizers
        )
        if not self.target.is_leaf or not self.target.requires_grad:
            return
        for finding in still.diagnose(case):
            if finding.line is None:
                made = self.source.calls(*{type(o).__name__ for _, o in self.optimizers})
                finding.line = made[-1][0] if made else None
            yield finding
        for name, model in self.models:
            off = [
                m
                for m in model.modules()
                if not m.training and ("ropout" in type(m).__name__ or "BatchNorm" in type(m).__name__)
            ]
            if off and any(p is self.target for p in (*model.parameters(), *(p for _, p in hidden(model)))):
                evals = self.source.calls("eval")
                text = f"{name} is in eval mode: {type(off[0]).__name__} does not do what it does in training"
                yield Finding("eval-mode", evals[-1][0] if evals else None, text, [], [f"{name}.train()"], POSSIBLE)

    def _nodes(self) -> Iterator[Node]:
        for _, tensor in self.losses:
            yield from _graph(tensor)

    def _line(self, *names: str) -> Line | None:
        found = self.source.calls(*names)
        return found[-1][0] if found else None

    def facts(self, healthy: bool) -> Iterator[str]:
        """The numbers."""
        if self.grad is None:
            if healthy:
                yield "it has no gradient."
            return
        if healthy and (not self.grad.finite or self.grad.all_zero):
            what = (
                "zero everywhere" if self.grad.finite else f"not finite ({self.grad.nan} NaN, {self.grad.inf} infinite)"
            )
            yield f"its gradient is {what}, and what is left of the graph does not say why."
            return
        weight = stats_of(self.target._array)
        relative = (
            f", {short(self.grad.norm / weight.norm)} of the weight's"
            if weight and weight.norm and self.grad.finite
            else ""
        )
        yield (f"nothing is wrong with its gradient that can be seen: norm {short(self.grad.norm)}{relative}." if healthy
               else f"Its gradient has norm {short(self.grad.norm)}{relative}.")  # fmt: skip
        if self.grad.zero > 0.3:
            yield f"{percent(self.grad.zero)} of its elements are zero."


def _graph(tensor: Tensor, most: int = 20_000) -> list[Node]:
    """The nodes that a tensor's gradient goes to."""
    first = as_pair(edge_of(tensor))[0] if tensor.requires_grad else None
    found: dict[int, Node] = {}
    stack = [first]
    while stack and len(found) < most:
        node = stack.pop()
        if node is None or id(node) in found:
            continue
        found[id(node)] = node
        stack += [as_pair(edge)[0] for edge in node._edges]
    return list(found.values())
