"""A line search for the strong Wolfe conditions: bracket a minimum along a direction, then zoom in on it.

The method of Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6, with cubic interpolation
(equation 3.59).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Point(NamedTuple):
    """A point on the line: how far along, the loss there, its gradient, and the slope along the line.

    The slope is a number of the gradient's dtype, NumPy's, and so is a ``t`` that was computed from slopes; losses and
    the first ``t`` may be Python's.
    """

    t: float
    loss: float
    gradient: Any
    slope: float


def minimum_of_cubic(a: Point, b: Point, lowest: float, highest: float) -> float:
    """Where the cubic through two points with their slopes has its minimum, kept within bounds."""
    if b.t < a.t:
        a, b = b, a
    if a.t == b.t:
        return min(max(a.t, lowest), highest)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (lowest + highest) / 2.0
    d2 = np.sqrt(square)
    denominator = b.slope - a.slope + 2 * d2
    if denominator == 0:
        return (lowest + highest) / 2.0
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / denominator)
    return min(max(t, lowest), highest)


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Any]],
    direction: Any,
    t: float,
    start: Point,
    *,
    evaluations: int,
    decrease: float = 1e-4,
    curvature: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[Point, int]:
    """A step along ``direction`` with sufficient decrease and a flat enough slope.

    ``evaluate(t)`` gives the loss and the gradient there; at most ``evaluations`` are spent beside the first.
    Returns the best point found and the number of evaluations.
    """

    def visit(t: float) -> Point:
        loss, gradient = evaluate(t)
        return Point(t, loss, gradient, gradient.dot(direction))

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + decrease * point.t * start.slope

    def flat_enough(point: Point) -> bool:
        return abs(point.slope) <= -curvature * start.slope

    # Bracket: go on until the minimum lies between two points.
    new, before = visit(t), start
    spent, tries = 1, 0
    bracket: list[Point] | None = None
    while tries < evaluations:
        if too_high(new) or (tries > 1 and new.loss >= before.loss):
            bracket = [before, new]
            break
        if flat_enough(new):
            return new, spent
        if new.slope >= 0:
            bracket = [before, new]
            break
        t = minimum_of_cubic(before, new, new.t + 0.01 * (new.t - before.t), new.t * 10)
        before, new = new, visit(t)
        spent += 1
        tries += 1
    if bracket is None:
        bracket = [start, new]

    # Zoom: replace an end of the bracket until a point satisfies both conditions.
    longest = np.abs(direction).max()
    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    stuck = False
    while tries < evaluations:
        left, right = sorted(point.t for point in bracket)
        if (right - left) * longest < tolerance:
            break
        t = minimum_of_cubic(bracket[0], bracket[1], left, right)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            # Too near to an end: allowed once, then moved inward.
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = visit(t)
        spent += 1
        tries += 1
        if too_high(new) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        done = flat_enough(new)
        if not done and new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
        if done:
            break
    return bracket[low], spent
