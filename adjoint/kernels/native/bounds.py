"""Bounds: the debug build of native code, in which every load and store is checked (``ADJOINT_KERNELS_CHECK=1``).

A pointer then goes about with two more values: from where and up to where it may be used.  They come from the array that
it points into, or the memory on the stack, and are kept by arithmetic, by variables and by calls; where an integer becomes
a pointer they are looked up among the arrays that native code was handed (:mod:`adjoint.kernels.handed`).  What lies
outside is neither read nor written: the access goes elsewhere, is noted, and raised when the call is back in Python.

Without the variable nothing of this is compiled.
"""

from __future__ import annotations

import os
from typing import Any

from adjoint.kernels.native import ir
from adjoint.kernels.native.types import i64

CHECKED = os.environ.get("ADJOINT_KERNELS_CHECK") == "1"

UNCHECKED = frozenset(
    f"adjoint.kernels.{name}" for name in ("buffers", "pool", "guards")
)
"""The modules whose native code is not checked: it is memory and threads themselves, and what checks the others."""

Bounds = tuple[Any, Any]


def is_checked(function: Any) -> bool:
    """Whether a function's loads and stores are checked."""
    return CHECKED and function.__module__ not in UNCHECKED


def known(e: Any, first: Any, bytes: Any) -> Bounds:
    """The bounds of memory that begins at a pointer."""
    low = e.builder.ptrtoint(first, i64.ir)
    return low, e.builder.add(low, ir.Constant(i64.ir, bytes))


def look_up(e: Any, pointer: Any) -> Bounds:
    """The bounds of what a pointer of unknown origin points into; none, where that is no array that was handed over."""
    at = _call(e, "place_of_address", e.builder.ptrtoint(pointer, i64.ir))
    return _call(e, "low_of", at), _call(e, "high_of", at)


def of_array(e: Any, array: Any) -> Bounds:
    """The bounds of the elements of an array object, by its address."""
    at = _call(e, "place_of_object", array)
    return _call(e, "low_of", at), _call(e, "high_of", at)


def note(e: Any, value: Any) -> None:
    """A pointer leaves as an integer, or to code that is not checked: whoever makes a pointer of it finds its bounds."""
    if value.bounds is not None:
        _call(e, "note", *value.bounds)


def selected(e: Any, condition: Any, a: Any, b: Any) -> Bounds | None:
    """The bounds of one of two pointers."""
    if a.bounds is None or b.bounds is None:
        return None
    return tuple(e.builder.select(condition, x, y) for x, y in zip(a.bounds, b.bounds))  # type: ignore[return-value]


READ, WRITE = 0, 1


def guarded(e: Any, pointer: Any, bytes: Any, how: int, aligned: int = 1) -> Any:
    """The pointer (an LLVM value) where so many bytes may be used; a pointer to memory for nothing else where not."""
    low, high = pointer.bounds
    size = bytes if isinstance(bytes, ir.Value) else ir.Constant(i64.ir, bytes)
    address = e.builder.ptrtoint(pointer.ir, i64.ir)
    found = _call(e, "guarded", address, size, low, high, ir.Constant(i64.ir, how), ir.Constant(i64.ir, aligned), place(e))
    return e.builder.inttoptr(found, pointer.type.ir)


def allowed(e: Any, pointer: Any, addresses: Any, mask: Any, bytes: int, how: int) -> Any:
    """Of the lanes of a mask, those whose addresses (a vector of i64) may be used; the others are noted."""
    low, high = pointer.bounds
    lanes = addresses.type.count
    b = e.builder

    def spread(x: Any) -> Any:
        first = b.insert_element(ir.Constant(ir.VectorType(i64.ir, lanes), ir.Undefined), x, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [ir.Constant(ir.IntType(32), 0)] * lanes)
        return b.shuffle_vector(first, ir.Constant(ir.VectorType(i64.ir, lanes), ir.Undefined), zeros)

    ends = b.add(addresses, ir.Constant(addresses.type, [ir.Constant(i64.ir, bytes)] * lanes))
    inside = b.and_(b.icmp_unsigned(">=", addresses, spread(low)), b.icmp_unsigned("<=", ends, spread(high)))
    outside = b.and_(mask, b.not_(inside))
    wrong = e.compilation.intrinsic(f"llvm.vector.reduce.or.v{lanes}i1", ir.IntType(1), [outside.type])
    least = e.compilation.intrinsic(f"llvm.vector.reduce.umin.v{lanes}i64", i64.ir, [addresses.type])
    most = e.compilation.intrinsic(f"llvm.vector.reduce.umax.v{lanes}i64", i64.ir, [addresses.type])
    constants = [ir.Constant(addresses.type, [ir.Constant(i64.ir, n)] * lanes) for n in (2**64 - 1, 0)]
    first = b.call(least, [b.select(outside, addresses, constants[0])])
    last = b.call(most, [b.select(outside, addresses, constants[1])])
    size = b.add(b.sub(last, first), ir.Constant(i64.ir, bytes))
    _call(e, "report_if", b.zext(b.call(wrong, [outside]), i64.ir), first, size, low, high, ir.Constant(i64.ir, how), place(e))
    return b.and_(mask, inside)


def place(e: Any) -> Any:
    """Where in the source the code is that is being written, as the address of a text."""
    module = e.compilation.module
    text = bytearray(e.place.encode() + b"\0")
    known = e.compilation.places.get(e.place)
    if known is None:
        kind = ir.ArrayType(ir.IntType(8), len(text))
        known = ir.GlobalVariable(module, kind, module.get_unique_name("place"))
        known.linkage, known.global_constant = "internal", True
        known.initializer = ir.Constant(kind, text)
        e.compilation.places[e.place] = known
    return e.builder.ptrtoint(known, i64.ir)


def _call(e: Any, name: str, *arguments: Any) -> Any:
    """Call one of the functions of :mod:`adjoint.kernels.guards` with words."""
    from adjoint.kernels import guards
    from adjoint.kernels.native.emitter import Value
    from adjoint.kernels.native.function import specialised
    from adjoint.kernels.native.types import i64

    found = specialised(e.compilation, getattr(guards, name), [Value(i64, None) for _ in arguments])
    return e.builder.call(found.function, list(arguments))
