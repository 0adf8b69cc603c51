"""Writing: results written into a tensor that is given as ``out``, and over the first operand."""

from __future__ import annotations

from typing import Any

import torch

from fuzz import outs
from fuzz.parity.case import Case, Side, errors, seeds, tensors

WAYS = {"right", "empty", "strided", "larger", "int64"}
"""What is given as ``out``; ``python -m fuzz.outs`` has many more."""


def out(case: Case) -> str | None:
    """What differs first in results written into tensors of several kinds."""
    if not case.info.supports_out or "out" in case.sample.kwargs:
        return ""
    told: str | None = ""
    for way, found in outs.compared_ways(case.info, case.name, case.sample, WAYS, alone=False):
        if found:
            return f"{way}: {found}"
        told = None
    return told


def in_place(case: Case) -> str | None:
    """What differs first in the first operand, what is returned, and the gradients, after the operator in place."""
    variant = case.info.inplace_variant
    if variant is None or case.sample.broadcasts_input or not isinstance(case.sample.input, torch.Tensor):
        return ""
    theirs, ours = case.sides()
    a, error = theirs.attempt(lambda: _written(theirs, variant))
    b, our_error = ours.attempt(lambda: _written(ours, ours.of(variant)))
    if error is not None or our_error is not None:
        return errors(error, our_error, texts=True)
    if a[1] != b[1]:
        return f"returned itself, and its version: {a[1]} | {b[1]}"
    values = case.numbered and not case.gauged
    found = case.difference(a[0], b[0], values=values)
    if found is not None or not values:
        return found
    leaves = [t for t in tensors(theirs.operands) if t.requires_grad]
    if not leaves or not a[0].requires_grad:
        return None
    grads = []
    start = seeds([a[0]])[0]
    for side, written, inputs in ((theirs, a[0], leaves), (ours, b[0], [ours.of(t) for t in leaves])):
        made = side.of(start)
        grads.append(side.attempt(lambda: side.library.autograd.grad(written, inputs, made, allow_unused=True)))  # noqa: B023
    (a, error), (b, our_error) = grads
    if error is not None or our_error is not None:
        found = errors(error, our_error)
    else:
        found = case.difference(a, b, memory=False)
    return None if found is None else "gradient " + found


def _written(side: Side, variant: Any) -> tuple[Any, Any]:
    first, args, kwargs = side.operands
    written = first.clone()
    returned = variant(written, *args, **kwargs)
    return written, (returned is written, written._version)
