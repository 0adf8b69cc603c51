"""Cephes: coefficients of its single-precision logarithm, sine and cosine (Moshier), for draws of normal numbers.

:mod:`adjoint.random.single` and :mod:`adjoint.kernels.drawing` evaluate them, in one and the same order.
"""

import math

LOG = (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
       2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)  # fmt: skip
"""log(1 + x) = x - x^2/2 + x^3 P(x)."""
LN2_LOW, LN2_HIGH = -2.12194440e-4, 0.693359375
ROOT_HALF = 0.707106781186547524

COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
"""cos x = 1 - x^2/2 + x^4 P(x^2)."""
SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
"""sin x = x + x^3 P(x^2)."""
FOUR_OVER_PI = 1.27323954473516
QUARTERS = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
"""-pi/4 in three parts, by multiples of which x is brought near zero."""
TWO_PI = 2 * math.pi
