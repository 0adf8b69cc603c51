"""Types of native code: integers, floating-point numbers, pointers and short vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adjoint.kernels.native import ir


@dataclass(frozen=True)
class Type:
    """A type; called with a value, the conversion to it."""

    name: str
    kind: str  # "int", "float", "ptr", "void"
    bits: int = 0
    lanes: int = 0  # 0 for a scalar
    of: Type | None = None  # what a pointer points to

    @property
    def scalar(self) -> Type:
        """The type of one lane."""
        return SCALARS[self.name.split("x")[0]] if self.lanes else self

    @property
    def bytes(self) -> int:
        """The size of a scalar in memory."""
        return max(1, self.bits // 8)

    @property
    def ir(self) -> Any:
        """The LLVM type."""
        return _ir(self)

    def __repr__(self) -> str:
        return self.name


void = Type("void", "void")
i1 = Type("i1", "int", 1)
i8 = Type("i8", "int", 8)
i16 = Type("i16", "int", 16)
i32 = Type("i32", "int", 32)
i64 = Type("i64", "int", 64)
f16 = Type("f16", "float", 16)
f32 = Type("f32", "float", 32)
f64 = Type("f64", "float", 64)
SCALARS = {t.name: t for t in (i1, i8, i16, i32, i64, f16, f32, f64)}


@lru_cache(maxsize=None)
def ptr(of: Type) -> Type:
    """A pointer to elements of a type."""
    return Type(f"ptr({of.name})", "ptr", 64, 0, of)


@lru_cache(maxsize=None)
def vec(of: Type, lanes: int) -> Type:
    """A vector of so many lanes."""
    return Type(f"{of.name}x{lanes}", of.kind, of.bits, lanes)


@lru_cache(maxsize=None)
def _ir(t: Type) -> Any:
    if t.kind == "void":
        return ir.VoidType()
    if t.kind == "ptr":
        return ir.PointerType()
    if t.lanes:
        return ir.VectorType(_ir(t.scalar), t.lanes)
    if t.kind == "int":
        return ir.IntType(t.bits)
    return {16: ir.HalfType, 32: ir.FloatType, 64: ir.DoubleType}[t.bits]()
