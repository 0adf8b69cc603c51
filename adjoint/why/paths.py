"""Paths: from a parameter to the loss, by any way, and where gradients cannot follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from adjoint.why.trace import Op, Trace

_INTEGERS = ("int", "uint", "bool", "long", "short")


class Break(NamedTuple):
    """How a call cuts the path: a kind, a sentence, and what to do."""

    kind: str
    text: str
    advice: tuple[str, ...]


def breaks(trace: Trace, value: int, root: int) -> list[Op]:
    """The calls between ``value`` and ``root`` that gradients do not pass, those next to ``value`` first."""
    wanted = trace.ancestors(root)
    alive = {value}
    found: list[Op] = []
    for op in trace.ops:
        if alive.isdisjoint(op.inputs):
            if not alive.isdisjoint(op.maybe) and not wanted.isdisjoint(op.outputs):
                found.append(_escape(trace, op, alive) or op)
            continue
        passing = any(needed and v in alive for v, needed in zip(op.inputs, op.needed))
        for out in op.outputs:
            if passing and trace.values[out].requires_grad:
                alive.add(out)
            elif out in wanted and op not in found:
                found.append(op)
    return found


def _escape(trace: Trace, op: Op, alive: set[int]) -> Op | None:
    """The call that took the number out of the graph which ``op`` was given."""
    for other in reversed(trace.ops[: op.index]):
        if not other.outputs and not alive.isdisjoint(other.inputs) and set(other.inputs) & set(op.maybe):
            return other
    return None


def reached(trace: Trace, value: int) -> set[int]:
    """All that was made of a value, by any way."""
    found = {value}
    for op in trace.ops:
        if not found.isdisjoint(op.inputs) or not found.isdisjoint(op.maybe):
            found.update(op.outputs)
    return found


def explain(trace: Trace, op: Op) -> Break:
    """Why gradients do not pass this call."""
    for applies, make in _TABLE:
        if applies(trace, op):
            return make(trace, op)
    return Break(
        "no-derivative",
        f"{op.name} has no derivative, so its result carries no gradient",
        (f"replace {op.name} with something differentiable, or keep it out of the loss",),
    )


def _named(*names: str) -> Callable[[Trace, Op], bool]:
    return lambda trace, op: op.name in names


def _off(trace: Trace, op: Op) -> bool:
    return not op.recording


def _cast(trace: Trace, op: Op) -> bool:
    return op.name == "_to_copy" and _is_integer(trace, op)


def _is_integer(trace: Trace, op: Op) -> bool:
    return bool(op.outputs) and trace.values[op.outputs[0]].dtype.startswith(_INTEGERS)


def _indices_alone(trace: Trace, op: Op) -> bool:
    """Whether it gives values, which carry a gradient, and indices: it ends a path only where the indices alone are used."""
    values = [trace.values[v] for v in op.outputs]
    return len(values) > 1 and values[0].requires_grad and any(v.dtype.startswith(_INTEGERS) for v in values[1:])


def _explain_off(trace: Trace, op: Op) -> Break:
    where = f", switched off at {op.off.name} by {op.mode}" if op.off is not None else ""
    how = op.mode or "torch.no_grad()"
    kind = "inference-mode" if "inference" in how else "grad-disabled" if "set_grad" in how else "no-grad"
    return Break(
        kind,
        f"{op.name if not op.called else op.called} ran under {how}, so it was not recorded and gradients end here{where}",
        ("call it outside of " + how,),
    )


def _explain_cast(trace: Trace, op: Op) -> Break:
    dtype = trace.values[op.outputs[0]].dtype
    return Break(
        "integer-cast",
        f"the cast to {dtype} ends the path: integers carry no gradient",
        ("keep the values in floating point up to the loss; cast only what is printed or used as an index",),
    )


def _fixed(kind: str, text: str, *advice: str) -> Callable[[Trace, Op], Break]:
    return lambda trace, op: Break(kind, text, advice)


def _explain_steps(trace: Trace, op: Op) -> Break:
    return Break(
        "no-derivative",
        f"{op.name} gives integers or truth values, which carry no gradient",
        (f"use a smooth stand-in for {op.name} in the loss (softmax for argmax, sigmoid for a comparison)",),
    )


_COPYING = "a new tensor that holds the numbers and no history, so gradients end here"

_TABLE: list[tuple[Callable[[Trace, Op], bool], Callable[[Trace, Op], Break]]] = [
    (_named("detach()"), _fixed("detach", "detach() gives " + _COPYING, "leave .detach() out")),
    (_named(".data"), _fixed("data", ".data gives " + _COPYING, "use the tensor itself in place of its .data")),
    (
        _named("torch.tensor()", "torch.as_tensor()", "torch.full()", "torch.asarray()", "torch.from_numpy()"),
        lambda trace, op: Break(
            "copied-to-tensor" if op.inputs else "python-numbers",
            f"{op.name} makes " + _COPYING,
            ("use the tensor itself; to combine several use torch.stack([...]) or torch.cat([...])",),
        ),
    ),
    (
        _named("autograd.grad()"),
        _fixed(
            "not-recorded",
            "autograd.grad without create_graph=True gives gradients without history, so nothing can be "
            "differentiated through them",
            "torch.autograd.grad(..., create_graph=True)",
        ),
    ),
    (_named("deepcopy()"), _fixed("copy", "deepcopy makes another parameter with the same numbers, and no path back",
                                  "use the parameter of the model that you train")),
    (_named("Parameter()"), _fixed("new-parameter", "nn.Parameter(...) makes a new leaf: gradients stop at it",
                                   "make the parameter once, before the loop, and compute with it")),
    (_named(".item()", "float()", "int()"), _fixed("item", "a Python number is taken out of the graph here, and gradients end",
                                                  "compute with the tensor itself; call .item() only to print")),
    (_named(".tolist()"), _fixed("tolist", "a Python list is taken out of the graph here, and gradients end",
                                 "compute with the tensor itself")),
    (_named(".numpy()", "NumPy"), _fixed("numpy", "the values leave the graph as a NumPy array here, and gradients end",
                                         "do the same with torch functions")),
    (_off, _explain_off),
    (_cast, _explain_cast),
    (_indices_alone, lambda trace, op: Break(
        "no-derivative", f"the indices that {op.name} gives are used, and integers carry no gradient",
        (f"use the values that {op.name} gives, or a smooth stand-in (softmax for the index of the largest)",),
    )),
    (_is_integer, _explain_steps),
]  # fmt: skip


def last_effect(trace: Trace, value: int, before: int) -> Op | None:
    """The last call, before a time, of those that the value went into."""
    found: Op | None = None
    made = {value}
    for op in trace.ops:
        if op.n > before:
            break
        if not op.backward and (not made.isdisjoint(op.inputs) or not made.isdisjoint(op.maybe)):
            made.update(op.outputs)
            found = op
    return found


def described(trace: Trace, values: Iterable[int]) -> str:
    """Values as text: their shapes and numbers."""
    parts: list[Any] = []
    for v in values:
        value = trace.values[v]
        parts.append(value.sample or "×".join(map(str, value.shape)) or "a number")
    return "; ".join(parts)
