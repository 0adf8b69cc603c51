"""Scaling: a loss that is multiplied or divided on its way to the backward."""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.why.answer import CERTAIN, LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.lines import Line
from adjoint.why.numbers import short
from adjoint.why.trace import Backward, Op


def _chain(case: Case, backward: Backward) -> list[Op]:
    """The calls at the end of the loss that scale it: products with numbers, and reductions."""
    trace = case.trace
    value = trace.root_of(backward)
    found: list[Op] = []
    while value is not None:
        op = trace.op_of(value)
        if op is None:
            break
        found.append(op)
        live = [v for v, needed in zip(op.inputs, op.needed) if needed]
        if len(live) != 1 or op.name not in (
            "mul",
            "div",
            "mean",
            "sum",
            "neg",
            "view",
            "squeeze",
            "add",
            "sub",
            "mul_",
            "div_",
            "_to_copy",
        ):
            break
        value = live[0]
    return found


def _number(case: Case, op: Op) -> float | None:
    """The number that an operator multiplies its operand by, if it is one."""
    other = None
    constants = [v for v, needed in zip(op.inputs, op.needed) if not needed]
    if constants and not case.trace.values[constants[0]].shape:
        stats = case.trace.values[constants[0]].stats
        other = stats.high if stats else None
    elif op.values:
        other = float(op.values[-1])
    if other is None or other == 0:
        return None
    return 1 / other if op.name.startswith("div") else other


def divides(case: Case, backward: Backward) -> bool:
    """Whether the loss is scaled down before its backward, as gradients that are to be accumulated are."""
    factors = [_number(case, op) for op in _chain(case, backward) if op.name.rstrip("_") in ("mul", "div")]
    return any(f is not None and abs(f) < 1 for f in factors)


def diagnose(case: Case) -> Iterator[Finding]:
    backward = case.passes[-1][0]
    chain = _chain(case, backward)
    chain = [op for op in chain if op.outputs and not case.trace.values[op.outputs[0]].shape] or chain[:0]
    scaling = [
        (op, f)
        for op in chain
        if op.name.rstrip("_") in ("mul", "div") and (f := _number(case, op)) is not None and f not in (1.0, -1.0)
    ]
    for i, (op, f) in enumerate(scaling):
        for other, g in scaling[i + 1 :]:
            if abs(f - g) < 1e-9 * abs(f):
                lines = "" if op.line == other.line else f" (the other time at {_name(other.line)})"
                yield Finding(
                    "scaled-twice", op.line, f"the loss is scaled by {short(f)} twice{lines}, so gradients are "
                    f"{short(f)} of what they should be" if abs(f) < 1 else
                    f"the loss is scaled by {short(f)} twice{lines}, so gradients are {short(f)} times what they should be",
                    [f"Both: {op.line}; {other.line}."], ["scale it once"], CERTAIN,
                )  # fmt: skip
                return
    changes = [e for e in case.events("grad written") if e.text in ("div_", "mul_") and e.n > case.passes[-1][1].n]
    for event in changes:
        for op, f in scaling:
            for v in event.after or ():
                by = 1 / v if event.text == "div_" and v else float(v)
                if by and abs(by - f) < 1e-6 * abs(f):
                    yield Finding(
                        "scaled-twice",
                        event.line,
                        f"the gradient is scaled by {short(by)} here, after the loss was scaled by the same at {_name(op.line)}",
                        [str(op.line)],
                        ["scale once: the loss or the gradient"],
                    )
                    return
    undone = any(e.text in ("div_", "mul_") for e in changes) or any(
        e.what in ("grad set", "grad written") and e.n > case.passes[-1][1].n for e in case.trace.events
    )
    for op, f in scaling:
        if (abs(f) >= 64) and not undone and not case.trace.of("clipped"):
            yield Finding(
                "scaled-loss",
                op.line,
                f"the loss is multiplied by {short(f)} here, and the gradients are never divided by it again",
                [f"The gradient is {short(abs(f))} times that of the loss itself."],
                [f"p.grad.div_({short(f)})   # before the step, or leave the factor out"],
                LIKELY,
            )
            return
    means = _batch_divided(case, chain, scaling)
    if means is not None:
        yield means
    yield from _summed(case, chain)


def _summed(case: Case, chain: list[Op]) -> Iterator[Finding]:
    """The loss is a sum over a batch, and its gradient large for that."""
    grad, weight = case.grad, case.weight
    if grad is None or weight is None or not grad.norm > 3 * weight.norm or not case.optimizers:
        return
    for op in chain:
        shapes = [case.trace.values[v].shape for v in op.inputs if case.trace.values[v].shape]
        sums = op.name == "sum" or (op.name.endswith("loss") and 2 in op.values)
        if sums and shapes and shapes[0][0] >= 16 and not any(o.name == "mean" for o in chain):
            n = shapes[0][0]
            yield Finding(
                "sum-reduction",
                op.line,
                f"the loss is a sum over {n} samples, so the gradient is {n} times that of their mean",
                [f"Its norm is {short(grad.norm)}, beside {short(weight.norm)} of the weight."],
                ["reduction='mean' (or .mean()), or a learning rate that is smaller by as much"],
                LIKELY,
            )
            return


def _batch_divided(case: Case, chain: list[Op], scaling: list[tuple[Op, float]]) -> Finding | None:
    """A mean that is divided by the size of the batch once more."""
    trace = case.trace
    last = chain[-1] if chain else None
    reducing = next(
        (
            op
            for op in reversed(chain)
            if op.name in ("mean",)
            or op.name.endswith("loss")
            or "cross_entropy" in op.called
            or "loss" in op.called.lower()
        ),
        None,
    )
    if last is None or reducing is None:
        return None
    sizes = [trace.values[v].shape for v in reducing.inputs if trace.values[v].shape]
    mean = reducing.name == "mean" or (trace.values[reducing.outputs[0]].shape == () and _is_mean(case, reducing))
    for op, f in scaling:
        n = round(1 / f) if f and abs(f) < 1 else 0
        if (
            mean
            and n > 1
            and abs(1 / f - n) < 1e-6
            and sizes
            and sizes[0]
            and n == sizes[0][0]
            and op.index > reducing.index
        ):
            return Finding(
                "averaged-twice",
                op.line,
                f"the loss is already a mean over the batch, and is divided by its size ({n}) again",
                [f"The mean: {reducing.line}."],
                ["leave the division out, or use reduction='sum'"],
                LIKELY,
            )
    return None


def _is_mean(case: Case, op: Op) -> bool:
    """Whether a loss function averages: its gradient at each sample is smaller by the number of samples."""
    return 2 not in op.values


def _name(line: Line | None) -> str:
    return line.name if line is not None else "another line"
