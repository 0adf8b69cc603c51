"""Bessel functions: the modified ones of the first kind, which have gradients, and those that have none in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import elementwise
from adjoint.declare.operands import to_float
from adjoint.ops.arithmetic import constant, sign_of
from adjoint.ops.arrays import array_function, special_function
from adjoint.ops.scipy_functions import by_scipy
from adjoint.ops.unsupported import unsupported

# Modified, of the first kind: as they are, and scaled by the exponential that they grow like


def _of_order(name: str, kernel: str) -> Callable[..., Any]:
    """SciPy's function of a name, as formulas call it."""
    forward = by_scipy(name, kernel)

    @array_function
    def function(self):
        return forward(self)

    return function


i0_of = _of_order("i0", "i0_vml_cpu")
i1_of = _of_order("i1", "i1_cpu")
i0e_of = _of_order("i0e", "i0e_cpu")
i1e_of = _of_order("i1e", "i1e_cpu")


def _half_at_zero(self, slope):
    """A derivative of order 1: ``slope`` of what is not zero, and its limit where a quotient has no digits."""
    flat = np.absolute(self) <= np.finfo(self.dtype).eps
    return np.where(flat, constant(0.5, self), slope(np.where(flat, constant(1, self), self)))


def _i1_gradient(g, self, result):
    return g * _half_at_zero(self, lambda x: i0_of(x) - result / x)


def _i1e_gradient(g, self, result):
    return g * _half_at_zero(self, lambda x: i0e_of(x) - result * (sign_of(x) + 1 / x))


i0 = elementwise(
    "i0", i0_of.on_arrays, promote="float", self=lambda g, self: g * i1_of(self),
    doc="The modified Bessel function of the first kind and order 0 of each element.",
)  # fmt: skip
i1 = elementwise(
    "i1", i1_of.on_arrays, promote="float", where="special", inplace=False, node="SpecialI1Backward0", self=_i1_gradient,
    reads={"self": "g * (i0(self) - result / self)"},
    doc="The modified Bessel function of the first kind and order 1 of each element.",
)  # fmt: skip
i0e = elementwise(
    "i0e", i0e_of.on_arrays, promote="float", where="special", inplace=False, node="SpecialI0EBackward0",
    self=lambda g, self, result: g * (i1e_of(self) - sign_of(self) * result),
    doc="The modified Bessel function of the first kind and order 0 of each element, scaled: ``exp(-abs(x)) i0(x)``.",
)  # fmt: skip
i1e = elementwise(
    "i1e", i1e_of.on_arrays, promote="float", where="special", inplace=False, node="SpecialI1EBackward0",
    self=_i1e_gradient, reads={"self": "g * (i0e(self) - result * (sign(self) + 1 / self))"},
    doc="The modified Bessel function of the first kind and order 1 of each element, scaled: ``exp(-abs(x)) i1(x)``.",
)  # fmt: skip
taped(i0_of)(lambda x: i0.function(x))
taped(i1_of)(lambda x: i1.function(x))
taped(i0e_of)(lambda x: i0e.function(x))
taped(i1e_of)(lambda x: i1e.function(x))


# Those that have no gradient


def _without_gradient(name: str, scipys: str, words: str) -> Any:
    forward = by_scipy(scipys, f"{name}_cpu", halves=False)
    return elementwise(
        name, (lambda x: forward(x)) if name.startswith("scaled") else forward, promote="float", where="special", inplace=False,
        doc=f"{words} of each element.  It has no gradient: the result does not require grad.",
    )  # fmt: skip


_FIRST, _SECOND = "The Bessel function of the first kind", "The Bessel function of the second kind"
_MODIFIED, _DECAYING = "The modified Bessel function of the first kind", "The modified Bessel function of the second kind"
bessel_j0 = _without_gradient("bessel_j0", "j0", f"{_FIRST} and order 0")
bessel_j1 = _without_gradient("bessel_j1", "j1", f"{_FIRST} and order 1")
bessel_y0 = _without_gradient("bessel_y0", "y0", f"{_SECOND} and order 0")
bessel_y1 = _without_gradient("bessel_y1", "y1", f"{_SECOND} and order 1")
modified_bessel_i0 = _without_gradient("modified_bessel_i0", "i0", f"{_MODIFIED} and order 0")
modified_bessel_i1 = _without_gradient("modified_bessel_i1", "i1", f"{_MODIFIED} and order 1")
modified_bessel_k0 = _without_gradient("modified_bessel_k0", "k0", f"{_DECAYING} and order 0")
modified_bessel_k1 = _without_gradient("modified_bessel_k1", "k1", f"{_DECAYING} and order 1")
scaled_modified_bessel_k0 = _without_gradient(
    "scaled_modified_bessel_k0", "k0e", f"{_DECAYING} and order 0, times ``exp(x)``,"
)
scaled_modified_bessel_k1 = _without_gradient(
    "scaled_modified_bessel_k1", "k1e", f"{_DECAYING} and order 1, times ``exp(x)``,"
)


def _real_floats(kernel: str, x: Any) -> Any:
    x = to_float(x)
    if x.dtype.kind == "c" or x.dtype.itemsize == 2:
        unsupported(kernel, x)
    return x


_VANISHES = 103.892  # Ai is below the smallest float64 from here on, and SciPy has NaN for the largest numbers


def _airy_ai(x):
    x = _real_floats("airy_ai_cpu", x)
    far = x > _VANISHES
    found = _airy(np.where(far, constant(0, x), x))[0]
    return np.where(far, constant(0, x), found)


_airy = special_function("airy")
airy_ai = elementwise(
    "airy_ai", _airy_ai, promote="float", where="special", inplace=False,
    doc="The Airy function Ai of each element.  It has no gradient: the result does not require grad.",
)  # fmt: skip


def _spherical_bessel_j0(x):
    x = _real_floats("spherical_bessel_j0_cpu", x)
    ends = np.isinf(x) | (x == 0)
    safe = np.where(ends, constant(1, x), x)
    return np.where(ends, (x == 0).astype(x.dtype), np.sin(safe) / safe)


spherical_bessel_j0 = elementwise(
    "spherical_bessel_j0", _spherical_bessel_j0, promote="float", where="special", inplace=False,
    doc="The spherical Bessel function of the first kind and order 0 of each element, ``sin(x) / x``, 1 at zero.  It has no "
    "gradient: the result does not require grad.",
)  # fmt: skip
