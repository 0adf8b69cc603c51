"""The gradient of running products.

Before a row's first zero it is the sum of ``g_j y_j`` from there on, divided by x.  At the first zero it is the sum of what the
products would be without it, up to the second one; after it there is none.
"""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

OF, G, TO, ROOM, SPAN, UNITS, PER_TASK, N = range(8)
WORDS = 8


@native
def products_back(args: ptr(i64), task: i64, worker: i64, of):
    """The gradients of some rows."""
    n = args[N]
    terms = pointer(args[ROOM], worker * 8 * args[SPAN], f64)
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        x = pointer(args[OF], 0, of) + row * n
        g = pointer(args[G], 0, of) + row * n
        to = pointer(args[TO], 0, of) + row * n
        product, zero, end, j = f64(1.0), n, n, i64(0)
        while j < end:
            y = f64(x[j])
            if y == 0.0:
                if zero < n:
                    end = j
                else:
                    zero = j
            else:
                product = product * y
            if j < end:
                terms[j] = f64(g[j]) * product
            j += 1
        for j in range(zero + 1, n):
            to[j] = of(0.0)
        total = f64(0.0)
        for j in range(end - 1, zero - 1, -1):
            total += terms[j]
        if zero < n:
            to[zero] = of(total)
        total = f64(0.0)
        for j in range(zero - 1, -1, -1):
            total += terms[j]
            to[j] = of(total / f64(x[j]))
