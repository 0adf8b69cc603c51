"""Derivatives: gradients of an operator's operands, gradients of those, and tangents of its results."""

from __future__ import annotations

from typing import Any

import torch

import adjoint
from fuzz.databases.comparison import TOLERANCE, numbers
from fuzz.databases.operators import seed
from fuzz.parity.case import Case, Side, errors, replaced, seeds, tensors


def gradient(case: Case) -> str | None:
    """What differs first in the operands' gradients; an empty string if there are none."""
    if not case.recorded:
        return ""
    theirs, ours = case.sides()
    roots, our_roots = _roots(case, theirs), _roots(case, ours)
    if not roots or our_roots is None:
        return ""  # which is the forward's to tell
    found = []
    leaves, starts = _leaves(theirs), seeds(roots)
    for side, of, inputs in ((theirs, roots, leaves), (ours, our_roots, [ours.of(t) for t in leaves])):
        made = side.of(starts)
        _, error = side.attempt(lambda: side.library.autograd.backward(of, made, inputs=inputs))  # noqa: B023
        found.append(([t.grad for t in inputs], error))
    (a, error), (b, our_error) = found
    if error is not None or our_error is not None:
        return errors(error, our_error)
    return case.difference(a, b)


def second(case: Case) -> str | None:
    """What differs first in the gradients of the gradients, by the operands and by where the first gradient began."""
    if not case.recorded:
        return ""
    theirs, ours = case.sides()
    roots, our_roots = _roots(case, theirs), _roots(case, ours)
    if not roots or our_roots is None:
        return ""
    leaves, starts = _leaves(theirs), [s.requires_grad_() for s in seeds(roots)]
    a, error = theirs.attempt(lambda: _twice(theirs, roots, leaves, starts))
    b, our_error = ours.attempt(lambda: _twice(ours, our_roots, [ours.of(t) for t in leaves], ours.of(starts)))
    if error is not None:
        if our_error is not None or not _without_derivative(error) or not _wide(roots):
            return errors(error, our_error) if not _without_derivative(error) else ""
        return _checked(ours, case)
    if our_error is not None:
        return errors(error, our_error)
    if not [t for t in a if t is not None]:
        return "" if not [t for t in b if t is not None and numbers(t).any()] else f"none in PyTorch | {b}"
    return case.difference(_filled(a, b), _filled(b, a), loose=4, memory=False)


def tangents(case: Case) -> str | None:
    """What differs first in the results' tangents."""
    if not case.recorded:
        return ""
    theirs, ours = case.sides()
    leaves = _leaves(theirs)
    directions = seeds(leaves, 1)
    a, error = theirs.attempt(lambda: _pushed(theirs, case, leaves, directions))
    b, our_error = ours.attempt(lambda: _pushed(ours, case, [ours.of(t) for t in leaves], ours.of(directions)))
    if error is not None:
        if our_error is not None:
            return "" if _without_derivative(error) else errors(error, our_error)
        return _transposed(case, theirs, directions, b) if _without_derivative(error) else errors(error, our_error)
    if our_error is not None:
        return errors(error, our_error)
    if not [t for t in a if t is not None]:
        return "" if not [t for t in b if t is not None and numbers(t).any()] else f"none in PyTorch | {b}"
    return case.difference(_filled(a, b), _filled(b, a), loose=2, memory=False)


def _leaves(side: Side) -> list[Any]:
    found = {id(t): t for t in tensors(side.operands) if t.requires_grad}
    return list(found.values())


def _roots(case: Case, side: Side) -> list[Any] | None:
    """The results that have a gradient; None if there are no results."""
    result, error = side.call(side.of(case.info.op))
    return None if error is not None else [t for t in tensors(side.processed(result)) if t.requires_grad]


def _twice(side: Side, roots: list[Any], leaves: list[Any], starts: list[Any]) -> list[Any]:
    grad = side.library.autograd.grad
    first = grad(roots, leaves, starts, create_graph=True, allow_unused=True)
    recorded = [t for t in first if t is not None and t.requires_grad]
    if not recorded:
        return [None] * (len(leaves) + len(starts))
    return list(grad(recorded, [*leaves, *starts], side.of(seeds(recorded, 2)), allow_unused=True))


def _filled(of: list[Any], others: list[Any]) -> list[Any]:
    """With zeros for what is not there since it is constant, where the other library has numbers."""
    return [_zeros(b) if a is None and b is not None else a for a, b in zip(of, others)]


def _zeros(like: Any) -> Any:
    library: Any = torch if isinstance(like, adjoint.Tensor) else adjoint  # the other one
    return library.zeros(tuple(like.shape), dtype=getattr(library, str(like.dtype).removeprefix("torch.")))


def _without_derivative(error: BaseException) -> bool:
    return isinstance(error, NotImplementedError) or bool(_is_absent(str(error)))


def _is_absent(text: str) -> bool:
    return any(
        part in text
        for part in (
            "is not implemented", "not implemented for", "does not require grad", "not currently supported",
            "is not differentiable", "Trying to use forward AD", "is currently not supported", "does not support",
        )
    )  # fmt: skip


def _wide(roots: list[Any]) -> bool:
    return all(t.dtype in (torch.float64, torch.complex128) for t in roots)


def _checked(side: Side, case: Case) -> str | None:
    """Where PyTorch has no second derivative: ours, by differences of gradients."""
    leaves = _leaves(side)
    operator = side.of(case.info.op)

    def function(*values: Any) -> Any:
        first, args, kwargs = replaced(side.operands, {id(a): b for a, b in zip(leaves, values)})
        adjoint.manual_seed(0)
        return tuple(t for t in tensors(side.processed(operator(first, *args, **kwargs))) if t.requires_grad)

    try:
        adjoint.autograd.gradgradcheck(function, leaves)
    except Exception as error:
        return f"by differences: {type(error).__name__}: {error}"[:400]
    return None


def _pushed(side: Side, case: Case, leaves: list[Any], directions: list[Any]) -> list[Any]:
    forward_ad = side.library.autograd.forward_ad
    with forward_ad.dual_level():
        duals = {id(t): forward_ad.make_dual(t.detach(), d) for t, d in zip(leaves, directions)}
        first, args, kwargs = replaced(side.operands, duals)
        results = tensors(side.processed(side.of(case.info.op)(first, *args, **kwargs)))
        return [forward_ad.unpack_dual(t).tangent for t in results]


def _transposed(case: Case, theirs: Side, directions: list[Any], ours: list[Any]) -> str | None:
    """Where PyTorch has no forward mode: what ours gives along a cotangent is what PyTorch's gradient gives along the tangent."""
    result, error = theirs.call(case.info.op)
    if error is not None:
        return ""
    roots = [(t, o) for t, o in zip(tensors(theirs.processed(result)), ours, strict=True) if t.requires_grad and o is not None]
    if not roots:
        return ""
    leaves = _leaves(theirs)
    starts = [seed(t.shape, t.is_complex(), str(t.dtype), k) for k, (t, _) in enumerate(roots)]
    grads, error = theirs.attempt(lambda: torch.autograd.grad([t for t, _ in roots], leaves, starts, allow_unused=True))
    if error is not None:
        return ""
    there = sum(_dot(numbers(g), numbers(d)) for g, d in zip(grads, directions) if g is not None)
    here = sum(_dot(numbers(s), numbers(o)) for s, (_, o) in zip(starts, roots))
    scale = sum(abs(numbers(s) * numbers(o)).sum() for s, (_, o) in zip(starts, roots))
    tolerance = 10 * TOLERANCE[str(roots[0][0].dtype).removeprefix("torch.")] * case.loose
    return None if abs(there - here) <= tolerance * max(scale, 1.0) or there != there else f"along a cotangent: {there} | {here}"


def _dot(a: Any, b: Any) -> float:
    return float((a.conj() * b).sum().real)
