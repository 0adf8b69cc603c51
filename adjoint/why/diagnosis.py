"""Diagnosis: which verdict's file is asked, by what the gradient is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adjoint.nn.modules.module import Module
from adjoint.optim.optimizer import Optimizer
from adjoint.tensor import Tensor
from adjoint.why import factor, health, none, nonfinite, size, still, zero
from adjoint.why.answer import Answer, Finding, chosen
from adjoint.why.case import Case
from adjoint.why.names import name_of, names_of, objects
from adjoint.why.numbers import stats_of
from adjoint.why.trace import Stats
from adjoint.why.witness import Witness


def case_of(
    witness: Witness,
    target: Tensor,
    frame: Any,
    name: str | None = None,
    loss: Any = None,
    optimizer: Any = None,
    model: Any = None,
) -> Case:
    """What is known of a tensor: from the trace, and from the variables around the call."""
    frames = (frame, *reversed(witness.scenes.values()))
    optimizers = _everywhere(frames, Optimizer)
    models = _everywhere(frames, Module)
    if optimizer is not None and not any(o is optimizer for _, o in optimizers):
        optimizers.insert(0, ("optimizer", optimizer))
    if model is not None and not any(m is model for _, m in models):
        models.insert(0, ("model", model))
    case = Case(
        witness.trace, target, witness.value_of(target), name or name_of(target, *frames) or "this tensor", None,
        models, optimizers, tuple({n for f in frames for n in names_of(target, f)}), witness.modules, witness.customs,
    )  # fmt: skip
    if isinstance(loss, Tensor):
        case.loss = witness.value_of(loss)
    return case


def _everywhere(frames: tuple[Any, ...], kind: Any) -> list[tuple[str, Any]]:
    """The objects of a class in the variables of all these frames, each once."""
    found: dict[int, tuple[str, Any]] = {}
    for frame in frames:
        for name, value in objects(frame, kind):
            found.setdefault(id(value), (name, value))
    return list(found.values())


def answer(case: Case) -> Answer:
    """The answer for a case."""
    stats = effective(case)
    findings = chosen(_apart(list(_findings(case, stats))))
    return Answer(case.name, findings, list(health.facts(case, stats, not findings)))


def _apart(findings: list[Finding]) -> list[Finding]:
    """The findings without those that only follow from others: what no optimizer holds, none clears."""
    kinds = {f.kind for f in findings}
    if kinds & {"not-in-optimizer", "unregistered"}:
        return [f for f in findings if f.kind != "accumulated"]
    if "scaled-twice" in kinds:
        return [f for f in findings if f.kind != "gradient-changed"]
    return findings


def effective(case: Case) -> Stats | None:
    """The gradient in question: that in ``.grad``, or the last one that was used and cleared as it should be."""
    grad = case.target._grad
    if grad is not None:
        stats = stats_of(grad)
        if stats is not None and stats.all_zero and case.passes and _used_and_cleared(case):
            return case.passes[-1][1].after
        return stats
    if case.passes and _used_and_cleared(case):
        return case.passes[-1][1].after
    return None


def _used_and_cleared(case: Case) -> bool:
    """Whether a step used the last gradient before it was cleared."""
    arrived = case.passes[-1][1].n
    cleared = [e.n for e in case.clearings if e.n > arrived]
    used = [s.n for s in case.steps if s.n > arrived] + [e.n for e in case.events("written") if e.n > arrived]
    return bool(cleared and used and used[0] < cleared[0])


def _findings(case: Case, stats: Stats | None) -> Iterator[Finding]:
    weight = stats_of(case.target._array)
    if stats is None:
        if case.target.requires_grad or not _untouched(case):
            yield from _none(case)
        if case.target.requires_grad and case.target.is_leaf:
            yield from still.diagnose(case)
    elif not stats.finite:
        yield from nonfinite.diagnose(case)
    elif weight is not None and not weight.finite:
        yield from nonfinite.diagnose(case)
    elif stats.all_zero:
        yield from nonfinite.loss(case)
        yield from zero.diagnose(case)
        yield from still.diagnose(case)
    else:
        yield from nonfinite.loss(case)
        yield from still.diagnose(case)
        yield from factor.diagnose(case)
        yield from size.diagnose(case, stats)


def _none(case: Case) -> Iterator[Finding]:
    yield from none.diagnose(case)


def _untouched(case: Case) -> bool:
    return False


def resolve(parameter: Any, frame: Any) -> list[tuple[str | None, Tensor]]:
    """The tensors that are asked about.  Raises TypeError for what is none."""
    if isinstance(parameter, Tensor):
        return [(None, parameter)]
    if isinstance(parameter, Module):
        name = next((n for n, m in objects(frame, Module) if m is parameter), type(parameter).__name__)
        found: list[tuple[str | None, Tensor]] = [(f"{name}.{path}", p) for path, p in parameter.named_parameters()]
        if not found:
            raise TypeError(f"why(): {name} has no parameters")
        return found
    if isinstance(parameter, str):
        return [(parameter, _by_name(parameter, frame))]
    hint = ""
    if parameter is None:
        hint = "; None has no history: give the tensor itself, not its .grad"
    raise TypeError(
        f"why(): parameter must be a Tensor, a Module or the name of one, but got {type(parameter).__name__}{hint}"
    )


def _by_name(name: str, frame: Any) -> Tensor:
    for found, tensor in objects(frame, Tensor):
        if found == name:
            return tensor
    matches = []
    for variable, module in objects(frame, Module):
        for path, parameter in module.named_parameters():
            if path == name or f"{variable}.{path}" == name:
                matches.append(parameter)
    if not matches:
        raise TypeError(f"why(): no variable and no parameter of a module here is named {name!r}")
    return matches[0]


def check(loss: Any, optimizer: Any, model: Any) -> None:
    """Raise TypeError for arguments of the wrong type."""
    for value, name, kind in ((loss, "loss", Tensor), (optimizer, "optimizer", Optimizer), (model, "model", Module)):
        if value is not None and not isinstance(value, kind):
            article = "an" if kind is Optimizer else "a"
            raise TypeError(f"why(): {name} must be {article} {kind.__name__}, but got {type(value).__name__}")
