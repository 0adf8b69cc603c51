"""Results: values, dtypes, shapes, strides and shared memory, of an operator's function, its other names and its method."""

from __future__ import annotations

from typing import Any

from fuzz.parity.case import Case, errors, shared


def forward(case: Case) -> str | None:
    """What differs first in what the function returns; an empty string if there is nothing to compare."""
    return _called(case, case.info.op)


def named(case: Case) -> str | None:
    """The same of the method and of the operator's aliases."""
    others = [(variant, "method ") for variant in [case.info.method_variant] if variant is not None]
    others += [(alias.op, f"{alias.name} ") for alias in case.info.aliases]
    found = [(where, _called(case, function)) for function, where in others]
    if not found:
        return ""
    return next((where + text for where, text in found if text), None)


def _called(case: Case, function: Any) -> str | None:
    theirs, ours = case.sides()
    a, error = theirs.call(theirs.of(function))
    b, our_error = ours.call(ours.of(function))
    if error is not None or our_error is not None:
        return errors(error, our_error)
    found = case.difference(a, b, values=not case.gauged) or shared(theirs, a, ours, b)
    if found is not None or not case.numbered:
        return found
    found = case.difference(theirs.processed(a), ours.processed(b))
    return None if found is None else "processed " + found
