"""Native: a subset of Python that is compiled to machine code.

A function under ``@native`` is Python that is read, never run: its syntax is lowered to LLVM IR for the types of the
arguments it is called with.  Names of the surrounding module that hold numbers, tuples or functions are known while
compiling, so kernels are specialised by ordinary Python values (block sizes, lanes, flags) and pay nothing for them::

    @native
    def axpy(n: i64, a: f32, x: ptr(f32), y: ptr(f32)):
        for i in range(0, n - LANES + 1, LANES):
            store(y, i, fma(splat(a, LANES), load(x, i, LANES), load(y, i, LANES)))

What differs from Python: a variable has one type, integers are 64 bits wide and wrap, ``//`` and ``%`` truncate as in C,
``and`` and ``or`` compute both sides, and a literal assigned to a name is a constant of the compiler (``n = i64(0)``
makes a variable).  ``for i in unroll(6)`` is unrolled, ``if`` with a condition known to the compiler keeps one branch.
"""

from adjoint.kernels.native import emitter, function
from adjoint.kernels.native.builtins import *
from adjoint.kernels.native.description import described
from adjoint.kernels.native.function import Native, apart, emit_module, inline, native
from adjoint.kernels.native.types import Type, f16, f32, f64, i1, i8, i16, i32, i64, ptr, vec, void
