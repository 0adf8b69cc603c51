"""Products of arrays: by NumPy, by a kernel, or of sections, and the sum of a matrix's rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.kernels.late import LARGE, Late
from adjoint.kernels.reading import usable
from adjoint.ops.arrays import Array, conj
from adjoint.summation import total

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


# Multiply-adds from which on kernels are worth their call.
MUCH = 4 * LARGE

product = Late("contraction.matmul:product")
rows_sum = Late("contraction.matmul:rows_sum")


def is_kernels(a: Array, b: Array) -> bool:
    """Whether there is a kernel for a product."""
    return (
        a.__class__ is np.ndarray is b.__class__
        and (a.dtype is FLOAT32 or a.dtype is FLOAT64)
        and a.dtype is b.dtype
        and a.shape[-1] == b.shape[-2 if b.ndim > 1 else 0] != 0
        and usable()
    )


def is_long(a: Array, b: Array) -> bool:
    """Whether a product of matrices in single precision is one of few elements, each of them a long sum."""
    return (
        a.__class__ is np.ndarray is b.__class__
        and (a.dtype is FLOAT32 or a.dtype.char == "F")
        and a.dtype is b.dtype
        and a.ndim == 2 == b.ndim
        and 0 < a.shape[0] * b.shape[1] <= _SMALL
        and a.shape[1] == b.shape[0]
    )


def is_row(bias: Array, weight: Array) -> bool:
    """Whether a product's kernel can add a bias: an array too (and no batch of them), as long as its lines."""
    return bias.__class__ is np.ndarray and bias.shape == weight.shape[:1] and bias.dtype is weight.dtype


LONG = 2048
"""Products of rows and columns that are longer are added up of sections: what BLAS adds one after the other loses digits."""

_SECTION = 512
_SMALL = 4096  # elements of a result of which one for each section is little


def of_sections(a: Any, b: Any) -> Any:
    """``a.dot(b)`` of matrices: the products of sections of the rows and columns, added up in pairs."""
    (m, k), n = a.shape, b.shape[1]
    many = min(k // _SECTION, max((1 << 22) // (m * n), 2))
    length = k // many
    end = many * length
    products = np.matmul(a[:, :end].reshape(m, many, length).transpose(1, 0, 2), b[:end].reshape(many, length, n))
    result = total(products, 0)
    if end < k:
        result += a[:, end:].dot(b[end:])
    return result


def dot(a: Array, b: Array) -> Array:
    """``a.dot(b)``, in float32 for half precision."""
    if a.shape[-1] > LONG and is_long(a, b):
        return of_sections(a, b)
    if a.size * b.shape[-1] >= MUCH and is_kernels(a, b):
        return product(a, b)
    if a.dtype.itemsize == 2 and a.dtype.kind not in "iu":
        return a.astype(np.float32).dot(b.astype(np.float32)).astype(a.dtype)
    return a.dot(b) if a.__class__ is b.__class__ else np.dot(a, b)  # the method knows only arrays of its own kind


def batched(a: Array, b: Array) -> Array:
    """``a @ b``, in float32 for half precision."""
    if a.size * b.shape[-1] >= MUCH and is_kernels(a, b):
        return product(a, b)
    if a.dtype.itemsize == 2 and a.dtype.kind not in "iu":
        return np.matmul(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)
    return np.matmul(a, b)


def adjoint_of(x: Array) -> Array:
    """The conjugate transpose of matrices."""
    return conj(x).swapaxes(-1, -2)


def over_rows(g: Array) -> Array:
    """The sum of a matrix's rows: of few as a product with ones, which is several times faster than a reduction."""
    n, d = g.shape[0], g.dtype
    if g.__class__ is np.ndarray and (d is FLOAT32 or d is FLOAT64):
        if g.size >= LARGE and g.ndim == 2 and usable():
            return rows_sum(g)
        if n <= _FEW_ROWS:
            ones = _ONES.get((n, d))
            if ones is None:
                ones = _ONES[n, d] = np.ones(n, d)
            return ones.dot(g)
    return total(g, 0)


_ONES: dict[Any, Any] = {}
_FEW_ROWS = 128  # more would be added one after the other for too long
