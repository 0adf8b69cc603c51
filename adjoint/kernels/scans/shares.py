"""Shares: the gradient of running logarithms of sums, and that gradient's.

Element k has the share ``exp(x_k - total_j)`` in the sum up to j.  What is summed is kept relative to the total where the scan is,
so that no exponential is above 1: ``A_k = v_k + A_(k+1) exp(total_k - total_(k+1))`` from the last one on, for ``sum over j >= k
of v_j exp(x_k - total_j) = A_k exp(x_k - total_k)``, and likewise from the first one on.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.mathematics import double
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

VALUES, OF, TOTAL, TO, UNITS, PER_TASK, N = range(7)
WORDS = 7
LANES = machine().lanes(8)
BLOCK = 256
FAR = -600.0
"""Exponentials of less are 0: processors are slow with what comes near the least number."""


@inline
def exp_of(x):
    """e^x for x <= 0."""
    e = double.exp_below(larger(constant(x.type, FAR), x))
    return where(x < FAR, constant(x.type, 0.0), e)


@native
def shared(args: ptr(i64), task: i64, worker: i64, of, back):
    """``sum over j >= k of values_j exp(x_k - total_j)`` for some rows, or, not ``back``, ``sum over k <= j of values_k exp(x_k -
    total_j)``."""
    n = args[N]
    steps = scratch(f64, BLOCK + LANES)
    own = scratch(f64, BLOCK + LANES)
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        v = pointer(args[VALUES], 0, of) + row * n
        x = pointer(args[OF], 0, of) + row * n
        total = pointer(args[TOTAL], 0, of) + row * n
        to = pointer(args[TO], 0, of) + row * n
        sofar = f64(0.0)
        blocks = (n + (BLOCK - 1)) // BLOCK
        for b in range(blocks):
            if back:
                start = (blocks - 1 - b) * BLOCK
            else:
                start = b * BLOCK
            count = minimum(n - start, i64(BLOCK))
            for i in range(0, count, LANES):
                inside = first_lanes(count - i, LANES)
                here = f64(load_masked(total, start + i, inside))
                if back:
                    near = f64(load_masked(total, start + i + 1, first_lanes(n - 1 - start - i, LANES)))
                    step = here - near
                else:
                    # the element before the first one is not read: its step meets a sum of nothing
                    places = iota(i64, LANES) + (start + i)
                    near = f64(load_masked(total, start + i - 1, inside & (places > 0)))
                    step = near - here
                store(steps, i, where(here == near, 1.0, exp_of(step)))
                store(own, i, exp_of(f64(load_masked(x, start + i, inside)) - here))
            if back:
                for j in range(count - 1, -1, -1):
                    if start + j == n - 1:
                        sofar = f64(v[n - 1])
                    else:
                        sofar = fma(sofar, steps[j], f64(v[start + j]))
                    to[start + j] = of(sofar * own[j])
            else:
                for j in range(count):
                    if start + j == 0:
                        sofar = f64(v[0]) * own[0]
                    else:
                        sofar = fma(sofar, steps[j], f64(v[start + j]) * own[j])
                    to[start + j] = of(sofar)
