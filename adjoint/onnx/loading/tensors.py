"""Tensors of a file as tensors, and the numbers that files write for dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint.onnx.loading.errors import ModelError, UnknownOperatorError
from adjoint.tensor import Tensor

_CODES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64",
    12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz",
    19: "float8_e5m2", 20: "float8_e5m2fnuz", 24: "float8_e8m0fnu",
}  # fmt: skip
_WIDENED = {21: "uint8", 22: "int8"}  # four bits, which no tensor has
STRING = 8


def dtype_of(code: int) -> Any:
    """The dtype that a file writes as this number.  Raises UnknownOperatorError for strings and for what no tensor can hold."""
    name = _CODES.get(code)
    if name is None:
        raise UnknownOperatorError(f"tensors of {dtype_name(code)} cannot be computed with")
    return getattr(adjoint, name)


def stored_dtype(code: int) -> Any:
    """The dtype that a tensor of the file is kept in: its own, or eight bits for one of four."""
    return getattr(adjoint, _WIDENED[code]) if code in _WIDENED else dtype_of(code)


def dtype_name(code: int) -> str:
    """A dtype's name for people, of those also that no tensor has."""
    import onnx

    if code in _CODES:
        return _CODES[code]
    names = onnx.TensorProto.DataType
    return names.Name(code).lower() if code in names.values() else f"type {code}"


def read_tensor(proto: Any) -> Tensor:
    """A tensor of the file, in memory of its own.  Raises ModelError where what is written is not what its shape asks for."""
    from onnx import numpy_helper

    dtype = stored_dtype(proto.data_type)
    if any(size < 0 for size in proto.dims):
        raise ModelError(f"the tensor {proto.name!r} is damaged: a size in its shape {list(proto.dims)} is negative")
    try:
        array = numpy_helper.to_array(proto)
    except Exception as error:
        raise ModelError(f"the tensor {proto.name!r} is damaged: {error}") from error
    return _as_tensor(array, proto.data_type, dtype)


def read_sparse(proto: Any) -> Tensor:
    """A tensor of which the file lists what is not zero, with its zeros."""
    values = read_tensor(proto.values)
    places = read_tensor(proto.indices).numpy()
    dims = tuple(proto.dims)
    if any(size < 0 for size in dims):
        raise ModelError(
            f"the sparse tensor {proto.values.name!r} is damaged: a size in its shape {list(dims)} is negative"
        )
    flat = np.ravel_multi_index(tuple(places.T), dims) if places.ndim == 2 else places
    if flat.size and (flat.min() < 0 or flat.max() >= np.prod(dims)):
        raise ModelError(f"the sparse tensor {proto.values.name!r} has places outside of its shape {list(dims)}")
    whole = adjoint.zeros(int(np.prod(dims)), dtype=values.dtype)
    whole[adjoint.as_tensor(flat)] = values
    return whole.reshape(dims)


def _as_tensor(array: np.ndarray, code: int, dtype: Any) -> Tensor:
    if code in _WIDENED:
        return adjoint.from_numpy(array.astype(_WIDENED[code]))
    if code < 16:
        return adjoint.from_numpy(np.array(array, order="C"))
    bits = np.array(array, order="C").view(np.uint16 if array.dtype.itemsize == 2 else np.uint8)
    if code == 16:
        return adjoint.from_numpy(bits.view(np.int16)).view(dtype)
    return adjoint.from_numpy(bits).view(dtype)
