"""Reduce operations: what collectives make of the values of several ranks, and what MPI calls that."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from adjoint import dtypes


class RedOpType(enum.IntEnum):
    """The kinds of reduce operations."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8

    def __str__(self) -> str:
        return f"RedOpType.{self.name}"

    def __call__(self) -> RedOpType:  # older programs wrote ReduceOp.SUM()
        return self


class ReduceOp:
    """What a collective makes of the values of several ranks: ``ReduceOp.SUM``, ``AVG``, ``PRODUCT``, ``MIN``, ``MAX``, and of
    integers ``BAND``, ``BOR`` and ``BXOR``.

    >>> import adjoint as torch
    >>> torch.distributed.ReduceOp.SUM
    <RedOpType.SUM: 0>
    """

    RedOpType: ClassVar[type[RedOpType]] = RedOpType
    SUM: ClassVar[Any] = RedOpType.SUM
    AVG: ClassVar[Any] = RedOpType.AVG
    PRODUCT: ClassVar[Any] = RedOpType.PRODUCT
    MIN: ClassVar[Any] = RedOpType.MIN
    MAX: ClassVar[Any] = RedOpType.MAX
    BAND: ClassVar[Any] = RedOpType.BAND
    BOR: ClassVar[Any] = RedOpType.BOR
    BXOR: ClassVar[Any] = RedOpType.BXOR
    PREMUL_SUM: ClassVar[Any] = RedOpType.PREMUL_SUM

    def __init__(self, op: Any) -> None:
        self.op: Any = kind_of(op)

    def __eq__(self, other: object) -> bool:
        return self.op == (other.op if isinstance(other, ReduceOp) else other)

    def __hash__(self) -> int:
        return hash(self.op)


class reduce_op:
    """The old name of :class:`ReduceOp`."""

    SUM, PRODUCT, MIN, MAX = RedOpType.SUM, RedOpType.PRODUCT, RedOpType.MIN, RedOpType.MAX


for _kind in (ReduceOp, RedOpType, reduce_op):
    _kind.__module__ = __name__.rpartition(".")[0]


def kind_of(op: Any) -> RedOpType:
    """The kind of an operation as users give it.  Raises TypeError for anything else."""
    if isinstance(op, RedOpType):
        return op
    if isinstance(op, ReduceOp):
        return op.op
    raise TypeError(f"op must be one of torch.distributed.ReduceOp's, SUM for example, not {op!r}")


def supports_complex(reduceOp: Any) -> bool:
    """Whether complex tensors can be reduced so: only where it is done to real and imaginary parts apart."""
    return kind_of(reduceOp) in (RedOpType.SUM, RedOpType.AVG, RedOpType.PREMUL_SUM)


def check_reduction(op: RedOpType, dtype: Any) -> None:
    """Raise what PyTorch raises where values of this dtype cannot be reduced so."""
    if op is RedOpType.PREMUL_SUM:
        raise RuntimeError("Cannot use ReduceOp.PREMUL_SUM with Gloo")
    if op in _BITWISE and dtype.category >= dtypes.FLOAT:
        raise RuntimeError(f"Cannot use ReduceOp.{op.name} with non-integral dtype")
    if op is RedOpType.AVG and dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {dtypes.SCALAR_TYPE_NAMES[dtype]}")


def mpi_operation(MPI: Any, op: RedOpType, dtype: np.dtype[Any]) -> Any:
    """MPI's operation on elements of a dtype.

    Of truth values a sum is their disjunction and a product their conjunction.  MPI knows no numbers of 16 bits: the operation
    is one of ours on them, done where MPI would do its own, so that no more bytes travel than there are.
    """
    if dtype == np.bool_:
        return getattr(MPI, _OF_TRUTH[op])
    if dtype.itemsize == 2 and dtype.kind not in "iu":
        key = (op, dtype)
        if key not in _made:
            _made[key] = MPI.Op.Create(_of_halves(_UFUNCS[op], dtype), commute=True)
        return _made[key]
    return getattr(MPI, _NAMES[op])


def mpi_type(MPI: Any, dtype: np.dtype[Any]) -> Any:
    """MPI's name of a dtype; the bits of an unsigned integer where it has none."""
    if dtype == np.bool_:
        return MPI.C_BOOL
    if dtype.itemsize == 2 and dtype.kind not in "iu":
        return MPI.UINT16_T
    return getattr(MPI, _TYPES[dtype.kind, dtype.itemsize])


_BITWISE = (RedOpType.BAND, RedOpType.BOR, RedOpType.BXOR)
_S = RedOpType
_NAMES = {
    _S.SUM: "SUM", _S.AVG: "SUM", _S.PRODUCT: "PROD", _S.MIN: "MIN", _S.MAX: "MAX", _S.BAND: "BAND", _S.BOR: "BOR",
    _S.BXOR: "BXOR",
}  # fmt: skip
_OF_TRUTH = {
    _S.SUM: "LOR", _S.PRODUCT: "LAND", _S.MIN: "LAND", _S.MAX: "LOR", _S.BAND: "LAND", _S.BOR: "LOR", _S.BXOR: "LXOR",
}  # fmt: skip
_UFUNCS = {_S.SUM: np.add, _S.AVG: np.add, _S.PRODUCT: np.multiply, _S.MIN: np.minimum, _S.MAX: np.maximum}
_TYPES = {
    ("f", 4): "FLOAT", ("f", 8): "DOUBLE",
    **{("i", n): f"INT{8 * n}_T" for n in (1, 2, 4, 8)},
    **{("u", n): f"UINT{8 * n}_T" for n in (1, 2, 4, 8)},
}  # fmt: skip
_made: dict[tuple[RedOpType, np.dtype[Any]], Any] = {}


def _of_halves(ufunc: np.ufunc, dtype: np.dtype[Any]) -> Callable[[Any, Any, Any], None]:
    def reduce(given: Any, into: Any, datatype: Any) -> None:
        a, b = np.frombuffer(given, dtype), np.frombuffer(into, dtype)
        with np.errstate(all="ignore"):
            ufunc(a, b, out=b)

    return reduce
