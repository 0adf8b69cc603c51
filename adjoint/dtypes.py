"""Data types, PyTorch's promotion between them, and the default dtype.

A :class:`dtype` is a name for a NumPy dtype.  Promotion is PyTorch's, not NumPy's: an operand's *category*
(bool < integer < float < complex) decides first, then its *priority* (tensors with dimensions, then 0-d tensors,
then Python numbers), so ``int64`` times ``float32`` is ``float32`` and ``float32`` times ``1.0`` stays ``float32``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ml_dtypes
import numpy as np

from adjoint.names import listed_without

BOOL, INTEGER, FLOAT, COMPLEX = range(4)


class dtype:
    """A tensor's element type.

    >>> import adjoint as torch
    >>> torch.float32.itemsize, torch.float32.is_floating_point, torch.int64
    (4, True, torch.int64)
    """

    __slots__ = ("array", "category", "is_signed", "itemsize", "name")

    def __init__(self, name: str, array: Any, category: int) -> None:
        self.name = name
        self.array = np.dtype(array)
        self.category = category
        self.itemsize = self.array.itemsize
        self.is_signed = category >= FLOAT or (category == INTEGER and self.array.kind == "i")

    def __getattr__(self, name: str) -> Any:  # of a slot that is not set
        if name == "array":
            raise NotImplementedError(f"Adjoint has no tensors of dtype {self!r}")
        if name == "is_signed":
            raise RuntimeError(
                "isSignedType not supported for quantized types" if self.name[0] == "q" else "Bits types are undefined"
            )
        raise AttributeError(f"'torch.dtype' object has no attribute {name!r}")

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOAT

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    def to_complex(self) -> dtype:
        """The complex dtype whose parts are of this dtype (``float32`` gives ``complex64``)."""
        if self in FLOAT8:
            raise RuntimeError(f"Unknown Complex ScalarType for {SCALAR_TYPE_NAMES[self]}")
        return complex128 if self is float64 or self is complex128 else complex64

    def to_real(self) -> dtype:
        """The dtype of this dtype's real part (``complex64`` gives ``float32``)."""
        return {complex32: float16, complex64: float32, complex128: float64}.get(self, self)

    __dir__ = listed_without("array", "category", "name")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.name if type(self).__module__ == "torch" else (named, (self.name,))  # as PyTorch's, where it is that


float16 = half = dtype("float16", np.float16, FLOAT)
bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16, FLOAT)
float32 = float_ = dtype("float32", np.float32, FLOAT)
float64 = double = dtype("float64", np.float64, FLOAT)
complex64 = cfloat = dtype("complex64", np.complex64, COMPLEX)
complex128 = cdouble = dtype("complex128", np.complex128, COMPLEX)
uint8 = dtype("uint8", np.uint8, INTEGER)
int8 = dtype("int8", np.int8, INTEGER)
int16 = short = dtype("int16", np.int16, INTEGER)
int32 = int_ = dtype("int32", np.int32, INTEGER)
int64 = long = dtype("int64", np.int64, INTEGER)
uint16 = dtype("uint16", np.uint16, INTEGER)
uint32 = dtype("uint32", np.uint32, INTEGER)
uint64 = dtype("uint64", np.uint64, INTEGER)
bool_ = dtype("bool", np.bool_, BOOL)


# Dtypes that are stored and not computed with.  To NumPy they are records of one number, or two, which every function that
# moves elements moves, and no ufunc takes; conversions are :mod:`adjoint.stored`'s.


def _float8(name: str) -> dtype:
    return dtype(name, [(name, getattr(ml_dtypes, name))], FLOAT)


float8_e4m3fn = _float8("float8_e4m3fn")
float8_e5m2 = _float8("float8_e5m2")
float8_e4m3fnuz = _float8("float8_e4m3fnuz")
float8_e5m2fnuz = _float8("float8_e5m2fnuz")
float8_e8m0fnu = _float8("float8_e8m0fnu")
float8_e8m0fnu.is_signed = False
complex32 = chalf = dtype("complex32", [("real", np.float16), ("imag", np.float16)], COMPLEX)

FLOAT8 = (float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu)
STORED = frozenset((*FLOAT8, complex32))

# Dtypes that have a name only, which programs ask for: quantized ones, and those of parts of a byte.


def _without_tensors(name: str, itemsize: int, is_signed: bool | None, category: int = INTEGER) -> dtype:
    d = object.__new__(dtype)
    d.name, d.category, d.itemsize = name, category, itemsize
    if is_signed is not None:
        d.is_signed = is_signed
    return d


qint8 = _without_tensors("qint8", 1, None)
quint8 = _without_tensors("quint8", 1, None)
qint32 = _without_tensors("qint32", 4, None)
quint4x2 = _without_tensors("quint4x2", 1, None)
quint2x4 = _without_tensors("quint2x4", 1, None)
bits8 = _without_tensors("bits8", 1, None)
bits16 = _without_tensors("bits16", 2, None)
bits1x8 = _without_tensors("bits1x8", 1, None)
bits2x4 = _without_tensors("bits2x4", 1, None)
bits4x2 = _without_tensors("bits4x2", 1, None)
uint1 = _without_tensors("uint1", 1, False)
uint2 = _without_tensors("uint2", 1, False)
uint3 = _without_tensors("uint3", 1, False)
uint4 = _without_tensors("uint4", 1, False)
uint5 = _without_tensors("uint5", 1, False)
uint6 = _without_tensors("uint6", 1, False)
uint7 = _without_tensors("uint7", 1, False)
int1 = _without_tensors("int1", 1, True)
int2 = _without_tensors("int2", 1, True)
int3 = _without_tensors("int3", 1, True)
int4 = _without_tensors("int4", 1, True)
int5 = _without_tensors("int5", 1, True)
int6 = _without_tensors("int6", 1, True)
int7 = _without_tensors("int7", 1, True)
float4_e2m1fn_x2 = _without_tensors("float4_e2m1fn_x2", 1, True, FLOAT)

_NAMES_ALONE = (
    qint8, quint8, qint32, quint4x2, quint2x4, bits8, bits16, bits1x8, bits2x4, bits4x2,
    uint1, uint2, uint3, uint4, uint5, uint6, uint7, int1, int2, int3, int4, int5, int6, int7, float4_e2m1fn_x2,
)  # fmt: skip

ALL = (
    float16,
    bfloat16,
    float32,
    float64,
    complex64,
    complex128,
    uint8,
    int8,
    int16,
    int32,
    int64,
    uint16,
    uint32,
    uint64,
    bool_,
    *FLOAT8,
    complex32,
)
OF_ARRAY: dict[np.dtype, dtype] = {d.array: d for d in ALL}
NAMES: dict[str, dtype] = {d.name: d for d in (*ALL, *_NAMES_ALONE)} | {
    "chalf": complex32,
    "half": float16,
    "float": float32,
    "double": float64,
    "cfloat": complex64,
    "cdouble": complex128,
    "short": int16,
    "int": int32,
    "long": int64,
}
# PyTorch's own names of the C++ scalar types, which its error messages use.
SCALAR_TYPE_NAMES: dict[dtype, str] = {
    float16: "Half",
    bfloat16: "BFloat16",
    float32: "Float",
    float64: "Double",
    complex64: "ComplexFloat",
    complex128: "ComplexDouble",
    uint8: "Byte",
    int8: "Char",
    int16: "Short",
    int32: "Int",
    int64: "Long",
    uint16: "UInt16",
    uint32: "UInt32",
    uint64: "UInt64",
    bool_: "Bool",
    complex32: "ComplexHalf",
} | {d: d.name.capitalize() for d in FLOAT8}

C_NAMES = {
    bool_: "bool", uint8: "unsigned char", int8: "signed char", int16: "short int",
    int32: "int", int64: "long int", float16: "c10::Half", bfloat16: "c10::BFloat16",
    float32: "float", float64: "double", complex64: "c10::complex<float>",
    complex128: "c10::complex<double>", uint16: "short unsigned int", uint32: "unsigned int",
    uint64: "long unsigned int",
}  # fmt: skip
"""The types of C++ by which PyTorch names them where its own names would be too good."""


def legacy_name(d: dtype) -> str:
    """A dtype as PyTorch's oldest messages name it: ``torch.FloatTensor``, ``CPUBoolType``."""
    name = SCALAR_TYPE_NAMES[d]
    return f"torch.{name}Tensor" if d in _NAMED_AS_TENSORS else f"CPU{name}Type"


_NAMED_AS_TENSORS = frozenset((uint8, int8, int16, int32, int64, float16, float32, float64))


def named(name: str) -> dtype:
    """The dtype of that name, ``"float32"`` or an alias such as ``"double"``."""
    return NAMES[name]


def of_array(array: Any) -> dtype:
    """The dtype of a NumPy array (or anything with a NumPy ``dtype``).

    Raises TypeError, in PyTorch's words, for a NumPy dtype that tensors do not have.
    """
    found = OF_ARRAY.get(array.dtype)
    if found is None:
        if array.dtype.isbuiltin == 1 and not array.dtype.isnative:
            found = OF_ARRAY.get(array.dtype.newbyteorder("="))
        elif array.dtype.kind in "iu":  # C's long long, where it is not the platform's int64
            found = OF_ARRAY.get(np.dtype(f"{array.dtype.kind}{array.dtype.itemsize}"))
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{array.dtype.type.__name__}. The only supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
            "uint8, and bool."
        )
    return found


_default: dtype = float32


def get_default_dtype() -> dtype:
    """The dtype of new floating-point tensors; ``torch.float32`` unless it was set."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make ``d`` the dtype of new floating-point tensors.

    Raises TypeError if ``d`` is not a floating-point dtype.
    """
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if d.category != FLOAT:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d
    for listener in _default_listeners:
        listener()


# What depends on the default dtype and has to be told when it changes.
_default_listeners: list[Any] = []


def on_default_change(listener: Any) -> None:
    """Have ``listener()`` called whenever the default dtype changes."""
    _default_listeners.append(listener)


def default_for(value: complex | bool) -> dtype:
    """The dtype that a Python number has by itself: bool, int64, the default dtype, or its complex one."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default
    return _default.to_complex()


_SIGNED = {1: int8, 2: int16, 4: int32, 8: int64}
_WIDE_UNSIGNED = (uint16, uint32, uint64)


@lru_cache(maxsize=None)
def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype to which both can be converted, by PyTorch's table.

    >>> import adjoint as torch
    >>> torch.promote_types(torch.int64, torch.float16), torch.promote_types(torch.uint8, torch.int8)
    (torch.float16, torch.int16)
    """
    if a is b:
        return a
    if a in STORED or b in STORED:
        return _promote_stored(a, b)
    if a.category > b.category:
        a, b = b, a
    if a.category != b.category:  # b is of the higher category
        if b is complex64 and a is float64:
            return complex128
        return b
    if a.category == FLOAT:
        if a.itemsize == b.itemsize:  # float16 and bfloat16
            return float32
        return a if a.itemsize > b.itemsize else b
    if a.category == COMPLEX:
        return complex128
    if a in _WIDE_UNSIGNED or b in _WIDE_UNSIGNED:
        raise RuntimeError(
            f"Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{SCALAR_TYPE_NAMES[a]} and {SCALAR_TYPE_NAMES[b]}"
        )
    if a is uint8 or b is uint8:  # with a signed type: the smallest signed type that holds both
        other = b if a is uint8 else a
        return _SIGNED[max(2, other.itemsize)]
    return a if a.itemsize > b.itemsize else b


def _promote_stored(a: dtype, b: dtype) -> dtype:
    for d, other in ((a, b), (b, a)):
        if d is complex32 and other not in FLOAT8:
            return complex32 if other.category < FLOAT or other is float16 else promote_types(complex64, other)
    raise RuntimeError(
        "Promotion for Float8 Types is not supported, attempted to promote "
        f"{SCALAR_TYPE_NAMES[a]} and {SCALAR_TYPE_NAMES[b]}"
    )


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """Promote operands of two priorities: the lower one counts only if its category is the higher."""
    if higher is None or lower is None:
        return higher or lower
    if higher.category >= FLOAT:
        return higher.to_complex() if lower.category > higher.category else higher
    if higher.category == BOOL or lower.category >= FLOAT:
        return promote_types(higher, lower)
    return higher


def result_of(operands: list[tuple[dtype, int]]) -> dtype:
    """The dtype in which an operator computes.

    ``operands`` are (dtype, priority) pairs; priority is 0 for a tensor with dimensions, 1 for a 0-d tensor, 2 for
    a Python number.
    """
    by_priority: list[dtype | None] = [None, None, None]
    for d, priority in operands:
        known = by_priority[priority]
        by_priority[priority] = d if known is None else promote_types(known, d)
    found = _combine(by_priority[0], _combine(by_priority[1], by_priority[2]))
    assert found is not None, "an operator without operands has no result dtype"
    return found


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether PyTorch lets a result of dtype ``from_`` be written into a tensor of dtype ``to``.

    >>> import adjoint as torch
    >>> torch.can_cast(torch.float32, torch.int64), torch.can_cast(torch.int64, torch.float16)
    (False, True)
    """
    return from_.category <= to.category
