"""Unused: a parameter that the loss does not depend on, although nothing cuts the path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adjoint.why import paths
from adjoint.why.answer import CERTAIN, LIKELY, POSSIBLE, Finding
from adjoint.why.case import Case
from adjoint.why.lines import Line
from adjoint.why.trace import Backward, Op


def diagnose(case: Case, last: Backward, uses: list[Op]) -> Iterator[Finding]:
    trace = case.trace
    made = case.line_made()
    asked = f"the backward at {_name(last.line)}"
    copies = [op for op in trace.ops if op.name == "deepcopy()" and case.value in op.outputs]
    if uses:
        op = paths.last_effect(trace, case.value, last.end or last.n)
        escape = next((o for o in reversed(trace.ops) if not o.outputs and o.n < last.n and _leads(case, o)), None)
        if escape is not None and not _comes_back(case, escape):
            escape = None
        if escape is not None:
            found = paths.explain(trace, escape)
            yield Finding(found.kind, escape.line, found.text, [f"{asked} does not reach it."], found.advice, LIKELY)
        assert op is not None
        yield Finding(
            "unused-result", op.line,
            f"it is used here, but the result does not enter the loss that {asked} begins at",
            [f"The loss is {_loss(case)}."], ["use the result in the loss, or take the branch out"],
            CERTAIN if escape is None else POSSIBLE,
        )  # fmt: skip
        return
    if copies:
        source = trace.values[copies[0].inputs[0]]
        yield Finding(
            "copy", copies[0].line,
            f"it is a copy, made here; the loss was computed with another ({_of(source.line)}), and a copy has a "
            "gradient of its own",
            [f"No forward used the copy before {asked}."], ["ask for (and train) the parameters of the model that is run"],
        )  # fmt: skip
        return
    later = list(case.uses())
    if later:
        yield Finding(
            "used-later",
            later[0].line,
            f"it is first used here, after {asked}",
            [],
            ["call backward() after this line"],
        )
        return
    replacement = _replaced_by(case, last)
    if replacement is not None:
        yield replacement
        return
    yield from _module_unused(case, last, made, asked)


def _comes_back(case: Case, escape: Op) -> bool:
    """Whether the loss is made of Python data, or of numbers, that were not there when these were taken out of the graph."""
    trace = case.trace
    if case.root is None:
        return False
    above = trace.ancestors(case.root)
    data = ("tensor", "as_tensor", "from_numpy", "asarray", "full", "seen")
    for v in above:
        value, op = trace.values[v], trace.op_of(v)
        if value.op is None and value.made in data and value.n > escape.n:
            return True
        if op is not None and op.n > escape.n and any(isinstance(x, float) and x != int(x) for x in op.values):
            return True
    return False


def _leads(case: Case, op: Op) -> bool:
    return bool(set(op.inputs) & paths.reached(case.trace, case.value))


def _of(line: Line | None) -> str:
    return f"made at {line.name}" if line is not None else "the original"


def _loss(case: Case) -> str:
    op = case.trace.op_of(case.root) if case.root is not None else None
    return str(op.line) if op is not None and op.line is not None else "computed elsewhere"


def _replaced_by(case: Case, last: Backward) -> Finding | None:
    """A parameter of the same shape that the loss used, made at the same line or from it."""
    trace = case.trace
    own = trace.values[case.value]
    for run in last.runs:
        if run.leaf is None:
            continue
        other = trace.values[run.leaf]
        if other.shape == own.shape and other.tensor() is not None and any(
            op.name in ("deepcopy()", "Parameter()") and run.leaf in op.outputs and case.value in op.inputs for op in trace.ops
        ):  # fmt: skip
            return Finding(
                "copy", other.line, "the loss was computed with a copy that is made here, not with this parameter", [],
                ["run the model whose parameters you ask for"],
            )  # fmt: skip
    return None


def _module_unused(case: Case, last: Backward, made: Line | None, asked: str) -> Iterator[Finding]:
    called = [(name, case.calls.get(id(m))) for name, m in case.modules_around()]
    if called:
        names = [name for name, calls in called if not calls]
        runs = [name for name, calls in called if calls]
        module = names[0] if names else called[-1][0]
        evidence = [f"{asked} reached {len({r.leaf for r in last.runs if r.leaf is not None})} other leaves."]
        if runs:
            seen = case.calls[id(next(m for n, m in case.modules_around() if n == runs[-1]))]
            evidence.insert(0, f"{runs[-1]} was called {len(seen)} time(s), first at {seen[0][2]}; {module} never was.")
            forward = _forward(next(m for n, m in case.modules_around() if n == runs[-1]))
            if forward:
                evidence.append(f"Its forward is at {forward}.")
        yield Finding(
            "unused-module", made,
            f"it is made here, but {module} is never called in the forward, so no loss depends on it",
            evidence, [f"call {module} in the forward, or leave it out"],
        )  # fmt: skip
        return
    yield Finding(
        "unused", made, f"it is made here and never used before {asked}, so the loss does not depend on it",
        [f"The loss is {_loss(case)}."], ["use it in what the loss is computed from"],
    )  # fmt: skip


def _forward(module: Any) -> str:
    from adjoint.why.lines import is_users

    code = getattr(type(module).forward, "__code__", None)
    if code is None or not is_users(code.co_filename):
        return ""
    return Line(code.co_filename, code.co_firstlineno, "forward").name


def _name(line: Line | None) -> str:
    return line.name if line is not None else "a later line"
