"""Births: why a call made something that is not finite of finite operands, one small diagnosis an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.why.answer import Finding
from adjoint.why.case import Case
from adjoint.why.numbers import short
from adjoint.why.trace import Op, Trace, Value


def explain(case: Case, op: Op) -> Finding:
    """Why a call made something that is not finite of finite operands."""
    trace = case.trace
    values = [trace.values[v] for v in op.inputs]
    evidence = []
    for v in values:
        if v.sample:
            made = v.line if v.line is not None and v.line != op.line else None
            evidence.append(f"Its operand{f', made at {made.name},' if made else ''} is {v.sample}.")
    for names, make in _TABLE:
        if op.name.rstrip("_") in names:
            told = make(op, values, trace)
            if told is not None:
                kind, text, advice = told
                return Finding(kind, op.line, text, evidence, advice)
    born = what(trace, op)
    return Finding("not-finite", op.line, f"the first {born} is born here: {how(trace, op)}", evidence)


def what(trace: Trace, op: Op) -> str:
    return "NaN" if any(s.nan for s in (trace.values[o].stats for o in op.outputs) if s is not None) else "infinity"


def how(trace: Trace, op: Op) -> str:
    inputs = [trace.values[v].stats for v in op.inputs]
    infs = any(s is not None and s.inf for s in inputs)
    nans = any(s is not None and s.nan for s in inputs)
    if op.name in ("mul", "mm", "matmul", "addmm", "linear", "dot") and infs and not nans:
        return f"{op.name}: 0 times infinity"
    if op.name in ("sub", "add") and infs and not nans:
        return f"{op.name}: infinity minus infinity"
    if op.name == "div" and infs and not nans:
        return "infinity over infinity"
    return f"{op.called or op.name}({', '.join(trace.values[v].sample or 'x' for v in op.inputs)})"


def _log(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]]:
    low = values[0].stats.low if values[0].stats else 0.0
    if op.name == "log1p":
        low += 1
    made = trace.op_of(values[0].id)
    hint = ["torch.log(x.clamp_min(1e-8))"]
    if made is not None and made.name == "softmax":
        hint = ["torch.log_softmax(logits, dim)   # or cross_entropy on the logits"]
    if made is not None and made.name == "sigmoid":
        hint = ["torch.nn.functional.logsigmoid(logits)   # or binary_cross_entropy_with_logits"]
    if low < 0:
        return "log-of-negative", f"{op.name} of a negative number ({short(low)}) is NaN", hint
    return "log-of-zero", f"{op.name} of zero is minus infinity", hint


def _div(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    zero = any(v.stats is not None and v.stats.zero > 0 for v in values[1:]) or 0 in op.values
    if zero:
        both = values[0].stats is not None and values[0].stats.zero > 0
        divisor = values[1] if len(values) > 1 else None
        made = trace.op_of(divisor.id) if divisor is not None else None
        by = ""
        while made is not None and made.name in ("expand", "view", "unsqueeze", "_to_copy") and made.inputs:
            made = trace.op_of(made.inputs[0])
        if made is not None and made.name in ("std", "var", "std_mean"):
            by = ": the standard deviation of values that are all equal"
        elif made is not None and made.name == "linalg_vector_norm":
            by = ": the norm of a vector of zeros"
        elif made is not None:
            by = f": {made.name} gives zero at {made.line.name}" if made.line else ""
        outcome = "0/0 is NaN" if both and what(trace, op) == "NaN" else "the result is infinite"
        return (
            "division-by-zero",
            f"this divides by zero{by}; {outcome}",
            ["add a small number to the divisor: x / (d + 1e-8)"],
        )
    if any(v.stats is not None and v.stats.inf for v in values):
        return None
    return "overflow", "the quotient overflows: the divisor is too small", ["x / (d + 1e-8)"]


def _overflow(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    stats = values[0].stats if values else None
    dtype = trace.values[op.outputs[0]].dtype
    limit = {"float16": "65504", "bfloat16": "3.4e+38", "float32": "3.4e+38", "float64": "1.8e+308"}.get(dtype, "")
    if stats is None or not stats.finite:
        return None
    if op.name in ("exp", "expm1", "exp2", "cosh", "sinh"):
        hint = [
            "torch.logsumexp or log_softmax in place of exp and log",
            "or clamp the exponent: x.clamp(max=80).exp()",
        ]
        return "exp-overflow", f"{op.name}({short(stats.high)}) overflows: {dtype} ends at {limit}", hint
    kind = "half-overflow" if dtype in ("float16",) else "overflow"
    return (
        kind,
        f"{op.called or op.name} overflows: the result is beyond {limit}, the largest number of {dtype}",
        ["compute in float32" if dtype == "float16" else "keep the values smaller: normalise, or scale them down"],
    )


def _pow(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    stats = values[0].stats
    if stats is not None and stats.low < 0 and any(isinstance(v, float) and v != int(v) for v in op.values):
        return (
            "power-of-negative",
            f"a negative number ({short(stats.low)}) to the power of a fraction is NaN",
            ["x.clamp_min(0) ** p"],
        )
    if stats is not None and stats.zero and any(v < 0 for v in op.values):
        return "division-by-zero", "zero to a negative power is infinite", ["(x + 1e-8) ** p"]
    return _overflow(op, values, trace)


def _root(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    stats = values[0].stats
    if stats is not None and stats.low < 0:
        return (
            "root-of-negative",
            f"{op.name} of a negative number ({short(stats.low)}) is NaN",
            ["torch.sqrt(x.clamp_min(0) + 1e-12)"],
        )
    if op.name in ("rsqrt", "reciprocal") and stats is not None and stats.zero:
        return "division-by-zero", f"{op.name} of zero is infinite", [f"torch.{op.name}(x + 1e-8)"]
    return None


def _softmax(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    stats = values[0].stats
    if stats is not None and stats.inf:
        return (
            "all-masked",
            f"this {op.called or op.name} gets a row in which every value is -inf, which is 0/0",
            ["leave at least one element of each row unmasked"],
        )
    return None


def _std(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    if (values[0].stats is not None and values[0].stats.size == 1) or any(n == 1 for n in values[0].shape):
        return (
            "std-of-one",
            f"{op.name} of a single value divides by zero (n - 1 = 0)",
            ["unbiased=False, or more than one sample"],
        )
    return None


def _mean(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    if values and 0 in values[0].shape:
        return (
            "mean-of-nothing",
            f"{op.name} of no elements (shape {list(values[0].shape)}) is 0/0",
            ["check that the selection is not empty"],
        )
    return None


def _labels(op: Op, values: list[Value], trace: Trace) -> tuple[str, str, list[str]] | None:
    label = values[1].stats if len(values) > 1 else None
    if label is not None and label.low == label.high and label.high < 0:
        return (
            "all-ignored",
            f"every label is {short(label.low)}, the ignore_index: the mean over no samples is 0/0",
            ["check the labels, or skip such batches"],
        )
    return None


_LARGE = (
    "mul mm matmul addmm bmm linear sum add sub square cumsum prod cumprod _to_copy mse_loss linalg_vector_norm dot mv"
).split()
_TABLE: list[tuple[Sequence[str], Any]] = [
    (("log", "log2", "log10", "log1p"), _log),
    (("div", "true_divide"), _div),
    (("exp", "expm1", "exp2", "cosh", "sinh"), _overflow),
    (("pow",), _pow),
    (("sqrt", "rsqrt", "reciprocal", "acos", "asin"), _root),
    (("softmax", "log_softmax"), _softmax),
    (("std", "var"), _std),
    (("mean", "mse_loss"), _mean),
    (("nll_loss", "nll_loss2d"), _labels),
    (_LARGE, _overflow),
]  # fmt: skip
