"""Reports: what :func:`~adjoint.testing.assert_close` tells of values that differ."""

from __future__ import annotations

from typing import Any

import adjoint as torch


def with_item(text: str, item: tuple[Any, ...]) -> str:
    """The report, and for which item of a container it is."""
    return f"{text}\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in item)}" if item else text


def of_numbers(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    """What is told of two numbers."""
    difference = abs(actual - expected)
    relative = float("inf") if expected == 0 else difference / abs(expected)
    exact = rtol == 0 and atol == 0
    return _written(
        "Scalars",
        f"Expected {expected} but got {actual}.",
        f"Absolute difference: {difference}{_allowed(atol, exact)}",
        f"Relative difference: {relative}{_allowed(rtol, exact)}",
        exact=exact,
    )


def of_tensors(actual: Any, expected: Any, matches: Any, rtol: float, atol: float, bitwise: bool) -> str:
    """What is told of two tensors of one shape; ``matches`` says which elements are close.  ``bitwise``: nothing is told of
    differences."""
    total = matches.numel()
    missed = total - int(matches.sum())
    counted = f"Mismatched elements: {missed} / {total} ({missed / total:.1%})"
    if bitwise:
        first = tuple(torch.nonzero(~matches)[0].tolist())
        return f"Tensor-likes are not 'equal'!\n\n{counted}\nThe first mismatched element is at index {first}."
    if not (actual.dtype.is_floating_point or actual.dtype.is_complex):
        actual, expected = actual.to(torch.int64), expected.to(torch.int64)  # differences are larger than elements
    difference = torch.abs(actual.flatten() - expected.flatten())
    difference[matches.flatten()] = 0
    relative = difference / torch.abs(expected.flatten())
    relative[matches.flatten()] = 0
    exact = rtol == 0 and atol == 0
    lines = []
    for name, values, tolerance in (("absolute", difference, atol), ("relative", relative, rtol)):
        greatest, place = torch.max(values, 0)
        index = _unravelled(int(place), tuple(matches.shape))
        lines.append(f"Greatest {name} difference: {greatest.item()} at index {index}{_allowed(tolerance, exact)}")
    return _written("Tensor-likes", counted, *lines, exact=exact)


def _unravelled(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for size in reversed(shape):
        place, at = divmod(place, size)
        index.append(at)
    return tuple(reversed(index))


def _allowed(tolerance: float, exact: bool) -> str:
    return "" if exact else f" (up to {tolerance} allowed)"


def _written(what: str, *lines: str, exact: bool) -> str:
    return "\n".join([f"{what} are not {'equal' if exact else 'close'}!\n", *lines])
