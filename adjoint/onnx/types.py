"""ONNX's numbers of dtypes."""

from __future__ import annotations

import enum
from typing import Any

from adjoint import dtypes
from adjoint.onnx.errors import OnnxExporterError


class TensorProtoDataType(enum.IntEnum):
    """ONNX's numbers of dtypes."""

    UNDEFINED = 0
    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    UINT16 = 4
    INT16 = 5
    INT32 = 6
    INT64 = 7
    STRING = 8
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11
    UINT32 = 12
    UINT64 = 13
    COMPLEX64 = 14
    COMPLEX128 = 15
    BFLOAT16 = 16
    FLOAT8E4M3FN = 17
    FLOAT8E4M3FNUZ = 18
    FLOAT8E5M2 = 19
    FLOAT8E5M2FNUZ = 20


_NUMBERS = {
    dtypes.float32: 1, dtypes.uint8: 2, dtypes.int8: 3, dtypes.uint16: 4, dtypes.int16: 5, dtypes.int32: 6, dtypes.int64: 7,
    dtypes.bool_: 9, dtypes.float16: 10, dtypes.float64: 11, dtypes.uint32: 12, dtypes.uint64: 13, dtypes.bfloat16: 16,
}  # fmt: skip


def number_of(dtype: Any) -> int:
    """ONNX's number of a dtype.  Raises OnnxExporterError for one that it does not compute with."""
    try:
        return _NUMBERS[dtype]
    except KeyError:
        raise OnnxExporterError(f"ONNX has no operators for tensors of {dtype!r}") from None
