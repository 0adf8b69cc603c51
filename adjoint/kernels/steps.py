"""Steps: what an array's strides say.

The stride of an axis of size 1 says nothing: it is whatever the view that made the axis left there.  So no kernel is
handed one; what has more axes than a kernel walks along is asked here for the step of several as one.
"""

from __future__ import annotations

from collections.abc import Iterable


def step_of(shape: Iterable[int], strides: Iterable[int], least: int) -> int | None:
    """The step, in bytes, by which the axes are gone through as one, the last the fastest.

    ``least`` where all of them are of size 1, and None where one's end is not the next one's beginning.

    >>> step_of((3, 4), (32, 8), 8), step_of((3, 1), (32, 5), 8), step_of((3, 4), (64, 8), 8), step_of((1,), (77,), 8)
    (8, 32, None, 8)
    """
    found = None
    for n, s in zip(shape, strides):
        if n == 1:
            continue
        if found is not None and found != n * s:
            return None
        found = s
    return least if found is None else found
