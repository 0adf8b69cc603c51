"""Emitter: typed operations on values, one LLVM instruction or a few each."""

from __future__ import annotations

from typing import Any

from adjoint.kernels.native import bounds, ir
from adjoint.kernels.native.types import Type, f64, i1, i64, vec


class Value:
    """A value that the machine will have, with its type; of a pointer in the debug build, its bounds."""

    __slots__ = ("bounds", "ir", "type")

    def __init__(self, type: Type, value: Any, bounds: Any = None) -> None:
        self.type = type
        self.ir = value
        self.bounds = bounds

    def __repr__(self) -> str:
        return f"<{self.type}>"

    def __bool__(self) -> bool:
        raise TypeError("a value of the machine is not known to the compiler; compare it within native code")


class Compilation:
    """One LLVM module in the making: the functions specialised so far."""

    def __init__(self, name: str) -> None:
        self.module = ir.Module(name)
        self.functions: dict[Any, Any] = {}
        self.lowered: set[Any] = set()  # these, and the ones in the making
        self.places: dict[str, Any] = {}  # texts that say where in the source something is

    def intrinsic(self, name: str, result: Any, arguments: list[Any]) -> Any:
        """An LLVM intrinsic or a C function by its full name."""
        found = self.module.globals.get(name)
        return found or ir.Function(self.module, ir.FunctionType(result, arguments), name)


_ARITHMETIC = {
    ("Add", "int"): "add", ("Sub", "int"): "sub", ("Mult", "int"): "mul", ("FloorDiv", "int"): "sdiv", ("Mod", "int"): "srem",
    ("LShift", "int"): "shl", ("RShift", "int"): "ashr", ("BitAnd", "int"): "and_", ("BitOr", "int"): "or_",
    ("BitXor", "int"): "xor", ("Add", "float"): "fadd", ("Sub", "float"): "fsub", ("Mult", "float"): "fmul",
    ("Div", "float"): "fdiv", ("Mod", "float"): "frem",
}  # fmt: skip
_COMPARISONS = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}


class Emitter:
    """Writes instructions at the end of a block."""

    def __init__(self, compilation: Compilation, builder: Any, checks: bool = False) -> None:
        self.compilation = compilation
        self.builder = builder
        self.checks = checks  # whether loads and stores are
        self.place = ""  # where in the source that is which is being written

    # Constants and conversions

    def constant(self, type: Type, value: Any) -> Value:
        """A Python number as a value; of a vector type, in all lanes."""
        if type.kind == "float":
            value = float(value)
            if type.bits == 32:
                value = _rounded(value)
        elif type.kind == "int":
            if isinstance(value, float):
                raise TypeError(f"{value!r} where an integer is needed")
            value = bool(value) if type.bits == 1 else _wrapped(int(value), type.bits)
        if type.lanes:
            return Value(type, ir.Constant(type.ir, [ir.Constant(type.scalar.ir, value)] * type.lanes))
        return Value(type, ir.Constant(type.ir, value))

    def value(self, x: Any, like: Type | None = None) -> Value:
        """``x`` as a value: a Python number takes the type of what it stands beside, else i64 or f64."""
        if isinstance(x, Value):
            return x
        if isinstance(x, bool):
            return self.constant(like if like is not None and like.kind == "int" else i1, x)
        if isinstance(x, (int, float)):
            if like is not None and like.kind in ("int", "float"):
                return self.constant(like, x)
            return self.constant(i64 if isinstance(x, int) else f64, x)
        raise TypeError(f"{x!r} is no number")

    def pair(self, a: Any, b: Any) -> tuple[Value, Value]:
        """Both operands in one type: numbers adapt, scalars are spread over the lanes of a vector."""
        a = self.value(a, b.type if isinstance(b, Value) else None)
        b = self.value(b, a.type)
        if a.type.lanes and not b.type.lanes and b.type.kind != "ptr":
            b = self.splat(b, a.type.lanes)
        elif b.type.lanes and not a.type.lanes and a.type.kind != "ptr":
            a = self.splat(a, b.type.lanes)
        if a.type != b.type:
            raise TypeError(f"operands of {a.type} and {b.type}")
        return a, b

    def splat(self, x: Any, lanes: int) -> Value:
        """A scalar in all lanes of a vector."""
        x = self.value(x)
        t = vec(x.type, lanes)
        if isinstance(x.ir, ir.Constant):
            return Value(t, ir.Constant(t.ir, [x.ir] * lanes))
        undefined = ir.Constant(t.ir, ir.Undefined)
        first = self.builder.insert_element(undefined, x.ir, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [ir.Constant(ir.IntType(32), 0)] * lanes)
        return Value(t, self.builder.shuffle_vector(first, undefined, zeros))

    def convert(self, x: Any, to: Type) -> Value:
        """``x`` as another type: truncated, extended with its sign, or rounded to nearest; float to int truncates.

        An i1 becomes 0 or 1.
        """
        if not isinstance(x, Value):
            return self.constant(to, int(x) if to.kind == "int" and isinstance(x, float) else x)
        of = x.type
        if of.lanes and not to.lanes and to.kind != "ptr":
            to = vec(to, of.lanes)
        if to.lanes and not of.lanes:
            return self.convert(self.splat(x, to.lanes), to)
        if of == to:
            return x
        b, t = self.builder, to.ir
        if of.kind == "ptr" and to.kind == "ptr":
            return Value(to, x.ir, x.bounds)
        if of.kind == "ptr" and to.bits == 1:
            return Value(to, b.icmp_unsigned("!=", x.ir, ir.Constant(of.ir, None)))
        if of.kind == "ptr":
            if self.checks:
                bounds.note(self, x)
            return Value(to, b.ptrtoint(x.ir, t))
        if to.kind == "ptr":
            return self.pointer(to, b.inttoptr(x.ir, t))
        if of.kind == "int" and to.kind == "int":
            if to.bits < of.bits:
                return Value(to, b.trunc(x.ir, t) if to.bits > 1 else b.icmp_signed("!=", x.ir, ir.Constant(of.ir, None)))
            return Value(to, (b.zext if of.bits == 1 else b.sext)(x.ir, t))
        if of.kind == "int":
            return Value(to, (b.uitofp if of.bits == 1 else b.sitofp)(x.ir, t))
        if to.kind == "int":
            if to.bits == 1:
                return self.compare("NotEq", x, 0.0)
            return Value(to, b.fptosi(x.ir, t))
        return Value(to, (b.fptrunc if to.bits < of.bits else b.fpext)(x.ir, t))

    def bitcast(self, x: Value, to: Type) -> Value:
        """The same bits as another type of the same size."""
        if x.type.lanes and not to.lanes:
            to = vec(to, x.type.lanes * x.type.bits // to.bits)
        return Value(to, self.builder.bitcast(x.ir, to.ir))

    # Arithmetic

    def binary(self, op: str, a: Any, b: Any) -> Any:
        """``a op b`` for the name of a Python operator, such as ``Add``."""
        if isinstance(a, Value) and a.type.kind == "ptr" and op in ("Add", "Sub"):
            if isinstance(b, Value) and b.type.kind == "ptr":
                difference = self.binary("Sub", self.convert(a, i64), self.convert(b, i64))
                return self.binary("FloorDiv", difference, a.type.of.bytes)
            return self.offset(a, self.negative(b) if op == "Sub" else b)
        a, b = self.pair(a, b)
        if a.type.kind == "float" and op in ("BitAnd", "BitOr", "BitXor"):
            bits = Type(f"i{a.type.bits}", "int", a.type.bits)
            bits = vec(bits, a.type.lanes) if a.type.lanes else bits
            return self.bitcast(self.binary(op, self.bitcast(a, bits), self.bitcast(b, bits)), a.type)
        name = _ARITHMETIC.get((op, a.type.kind))
        if name is None:
            raise TypeError(f"{op} of {a.type}")
        return Value(a.type, getattr(self.builder, name)(a.ir, b.ir))

    def compare(self, op: str, a: Any, b: Any) -> Value:
        """A comparison: i1, or one in every lane.  With a NaN only ``!=`` holds."""
        sign = _COMPARISONS.get(op)
        if sign is None:
            raise TypeError(f"{op} of values of the machine")
        a, b = self.pair(a, b)
        if a.type.kind == "float":
            compare = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
        elif a.type.kind == "ptr":
            compare = self.builder.icmp_unsigned
        else:
            compare = self.builder.icmp_signed
        return Value(vec(i1, a.type.lanes) if a.type.lanes else i1, compare(sign, a.ir, b.ir))

    def negative(self, a: Any) -> Any:
        """``-a``."""
        if not isinstance(a, Value):
            return -a
        if a.type.kind == "float":
            return Value(a.type, self.builder.fneg(a.ir))
        return self.binary("Sub", self.constant(a.type, 0), a)

    def invert(self, a: Any) -> Any:
        """``~a``; of an i1, its negation."""
        if not isinstance(a, Value):
            return (not a) if isinstance(a, bool) else ~a
        return Value(a.type, self.builder.not_(a.ir))

    def select(self, condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``."""
        if not isinstance(condition, Value):
            return a if condition else b
        if not isinstance(a, Value) and not isinstance(b, Value):
            a = self.value(a)
        a, b = self.pair(a, b)
        if condition.type.lanes and not a.type.lanes:
            a, b = self.splat(a, condition.type.lanes), self.splat(b, condition.type.lanes)
        which = bounds.selected(self, condition.ir, a, b) if a.type.kind == "ptr" else None
        return Value(a.type, self.builder.select(condition.ir, a.ir, b.ir), which)

    # Memory

    def pointer(self, type: Type, value: Any) -> Value:
        """A pointer of unknown origin."""
        return Value(type, value, bounds.look_up(self, value) if self.checks else None)

    def address(self, pointer: Value, index: Any, bytes: Any, how: int, aligned: int = 1) -> Any:
        """The address (an LLVM value) of the element so many places on, where so many bytes are to be read or written."""
        found = self.offset(pointer, index)
        return bounds.guarded(self, found, bytes, how, aligned) if self.checks else found.ir

    def offset(self, pointer: Value, index: Any) -> Value:
        """A pointer to the element so many places on."""
        index = self.value(index)
        if index.type.kind != "int" or pointer.type.kind != "ptr":
            raise TypeError(f"an element of {pointer.type} at {index.type}")
        if index.type.bits != 64:
            index = self.convert(index, i64)
        of = pointer.type.of
        assert of is not None
        moved = self.builder.gep(pointer.ir, [index.ir], inbounds=not self.checks, source_etype=of.ir)
        return Value(pointer.type, moved, pointer.bounds)

    def load(self, pointer: Value, index: Any, lanes: int = 0) -> Value:
        """One element, or ``lanes`` following ones as a vector (at any alignment); an i1 is a byte in memory."""
        of = pointer.type.of
        assert of is not None
        t = vec(of, lanes) if lanes else of
        address = self.address(pointer, index, of.bytes * (lanes or 1), bounds.READ)
        return Value(t, self.builder.load(address, typ=t.ir, align=of.bytes))

    def store(self, pointer: Value, index: Any, value: Any, aligned: int = 1) -> None:
        """Write one element, or the lanes of a vector; to an address that is ``aligned`` to so many bytes."""
        of = pointer.type.of
        assert of is not None
        value = self.value(value, of)
        if value.type.scalar != of:
            raise TypeError(f"{value.type} stored through {pointer.type}")
        address = self.address(pointer, index, of.bytes * (value.type.lanes or 1), bounds.WRITE, aligned)
        self.builder.store(value.ir, address, align=max(aligned, of.bytes))

    # Calls

    def intrinsic(self, name: str, result: Type, *arguments: Value, over: Type | None = None) -> Value:
        """A call of ``llvm.<name>``, overloaded on the type ``over`` (the result's, unless given)."""
        suffix = overload(over or result)
        full = f"llvm.{name}.{suffix}" if suffix else f"llvm.{name}"
        function = self.compilation.intrinsic(full, result.ir, [a.type.ir for a in arguments])
        return Value(result, self.builder.call(function, [a.ir for a in arguments]))


def overload(t: Type) -> str:
    """How LLVM names a type in the names of intrinsics."""
    if t.kind == "ptr":
        return "p0"
    name = ("i" if t.kind == "int" else "f") + str(t.bits)
    return f"v{t.lanes}{name}" if t.lanes else name


def _wrapped(value: int, bits: int) -> int:
    """An integer of so many bits, with a sign."""
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


def _rounded(value: float) -> float:
    import struct

    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")

