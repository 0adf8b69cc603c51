"""Mathematics: the elementary functions as native code on vectors of floats, within 2 ulp of the exact results.

``SUPPORTED`` maps the name of a NumPy ufunc (or "erf", "erfc", "sigmoid", "rsqrt") and a dtype to the native function
that computes it; those in f64 are within 4 ulp.
"""

from __future__ import annotations

from adjoint.kernels.mathematics import double
from adjoint.kernels.mathematics.division import floor_divide, fmod, remainder
from adjoint.kernels.mathematics.error_function import erf, erfc
from adjoint.kernels.mathematics.exponential import exp, exp2, expm1, sigmoid
from adjoint.kernels.mathematics.hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from adjoint.kernels.mathematics.inverse_trigonometric import acos, asin, atan, atan2
from adjoint.kernels.mathematics.logarithm import log, log1p, log2, log10, logaddexp
from adjoint.kernels.mathematics.powers import cbrt, hypot, power, rsqrt
from adjoint.kernels.mathematics.trigonometric import cos, sin, tan
from adjoint.kernels.native import Native

SUPPORTED: dict[tuple[str, str], Native] = {
    ("exp", "f32"): exp,
    ("exp2", "f32"): exp2,
    ("expm1", "f32"): expm1,
    ("sigmoid", "f32"): sigmoid,
    ("log", "f32"): log,
    ("log1p", "f32"): log1p,
    ("log2", "f32"): log2,
    ("log10", "f32"): log10,
    ("logaddexp", "f32"): logaddexp,
    ("sin", "f32"): sin,
    ("cos", "f32"): cos,
    ("tan", "f32"): tan,
    ("arcsin", "f32"): asin,
    ("arccos", "f32"): acos,
    ("arctan", "f32"): atan,
    ("arctan2", "f32"): atan2,
    ("sinh", "f32"): sinh,
    ("cosh", "f32"): cosh,
    ("tanh", "f32"): tanh,
    ("arcsinh", "f32"): asinh,
    ("arccosh", "f32"): acosh,
    ("arctanh", "f32"): atanh,
    ("erf", "f32"): erf,
    ("erfc", "f32"): erfc,
    ("power", "f32"): power,
    ("cbrt", "f32"): cbrt,
    ("rsqrt", "f32"): rsqrt,
    ("hypot", "f32"): hypot,
    ("fmod", "f32"): fmod,
    ("remainder", "f32"): remainder,
    ("floor_divide", "f32"): floor_divide,
    ("exp", "f64"): double.exp,
    ("log", "f64"): double.log,
    ("log1p", "f64"): double.log1p,
    ("tanh", "f64"): double.tanh,
    ("sigmoid", "f64"): double.sigmoid,
    ("erf", "f64"): double.erf,
}
