"""Matrix products of arrays.

Everything that depends on shapes and strides only is in a plan, looked up in a dictionary; a call is then an allocation
and one call of native code.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.contraction.few_rows_plan import FewRowsPlan, suits_few
from adjoint.kernels.contraction.plan import TYPES, Plan
from adjoint.kernels.contraction.vector_plan import VectorPlan, suits
from adjoint.summation import total

_plans: dict[Any, Plan] = {}
_MOST_PLANS = 4096


def product(a: Any, b: Any, bias: Any = None, out: Any = None) -> Any:
    """``a @ b + bias`` as ``numpy.matmul``: float32 or float64, whatever the strides.

    ``bias`` is a row of as many elements as the result has columns, added in the same pass.  ``out`` is an array of the
    result's shape and dtype that overlaps no operand; without it the result is new and C-contiguous.  The same call
    gives the same bits as long as the same number of threads works.

    Raises TypeError for other dtypes, and ValueError where shapes do not fit.

    >>> product(np.ones((2, 3), np.float32), np.ones((3, 1), np.float32), np.ones(1, np.float32))
    array([[4.],
           [4.]], dtype=float32)
    """
    key = (a.shape, a.strides, b.shape, b.strides, a.dtype, b.dtype, (pool._pool or pool.pool()).threads)
    plan = _plans.get(key)
    if plan is None:
        if a.ndim < 2 or b.ndim < 2:
            return _with_vectors(a, b, bias, out)
        if any(s % x.itemsize for x in (a, b) for s in x.strides):  # parts of elements: fields of records
            return product(a.copy(), b.copy(), bias, out)
        plan = _plan(key, a, b)
    if bias is not None and (bias.dtype != plan.dtype or bias.strides != (plan.size,) or len(bias) != plan.shape[-1]):
        bias = _row(bias, plan)
    if out is None:
        out = memory.empty(plan.shape, plan.dtype)
    elif out.shape != plan.shape or out.dtype != plan.dtype:
        raise ValueError(f"out is {out.dtype} of shape {out.shape}, the product {plan.dtype} of shape {plan.shape}")
    elif not out.flags.c_contiguous:
        out[...] = product(a, b, bias)
        return out
    plan.run(a, b, bias, out)
    return out


def product_then(after: Any, a: Any, b: Any, bias: Any, both: bool) -> Any:
    """(``a @ b + bias``, ``after`` of that) by one pass; the product itself only where ``both`` are asked for, else None.

    ``after`` is a :func:`~adjoint.kernels.fragment.fragment`.  NotImplemented for products with a vector.
    """
    key = (a.shape, a.strides, b.shape, b.strides, a.dtype, b.dtype, (pool._pool or pool.pool()).threads, after)
    plan = _plans.get(key)
    if plan is None:
        plan = _plan(key, a, b, after)
    if plan.nothing or plan.after is not after:
        return NotImplemented
    if bias is not None:
        bias = _row(bias, plan)
    made = memory.empty(plan.shape, plan.dtype)
    final = memory.empty(plan.shape, plan.dtype) if both else None
    plan.run(a, b, bias, made, final)
    return (made, final) if both else (None, made)


def rows_sum(g: Any) -> Any:
    """The sum over the rows of a matrix, as ``g.sum(0)``: the gradient of a bias."""
    key = (g.shape, g.strides, g.dtype, (pool._pool or pool.pool()).threads)
    plan = _plans.get(key)
    if plan is None:
        if g.dtype not in TYPES or g.strides[1] != g.itemsize or g.strides[0] % g.itemsize:
            return total(g, 0)
        plan = _plans[key] = VectorPlan(np.empty((1, len(g)), g.dtype), g, weighted=False)
    out = memory.empty(plan.shape[1:], plan.dtype)
    plan.run(g, g, None, out)
    return out


def _plan(key: Any, a: Any, b: Any, after: Any = None) -> Plan:
    if a.dtype != b.dtype or a.dtype not in TYPES:
        raise TypeError(f"operands of {a.dtype} and {b.dtype}: a product is of two float32 or two float64 arrays")
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"a matrix of {a.shape[-1]} columns times one of {b.shape[-2]} rows")
    if len(_plans) >= _MOST_PLANS:
        _plans.clear()
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    a, b = _folded(a, b)
    kind = FewRowsPlan if suits_few(a, b) else Plan
    plan = VectorPlan(a, b) if suits(a, b) else kind(a, b, after)
    plan.shape = shape
    _plans[key] = plan
    return plan


def _folded(a: Any, b: Any) -> Any:
    """A batch times one matrix is a single product with more rows, if these follow each other in memory."""
    if a.ndim > 2 and a.size and math.prod(b.shape[:-2]) == 1:
        rows = a.reshape(-1, a.shape[-1])
        if np.may_share_memory(rows, a):
            return rows, b.reshape(b.shape[-2:])
    return a, b


def _with_vectors(a: Any, b: Any, bias: Any, out: Any) -> Any:
    """A vector on the left is a row, one on the right a column; the result lacks that dimension."""
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError("a product is of vectors and matrices, not of numbers")
    result = product(a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b, bias)
    if b.ndim == 1:
        result = result[..., 0]
    if a.ndim == 1:
        result = result[..., 0, :] if b.ndim > 1 else result[..., 0]
    if out is None:
        return result
    out[...] = result
    return out


def _row(bias: Any, plan: Plan) -> Any:
    """A bias as the native code reads it."""
    if bias.shape != (plan.shape[-1],) or bias.dtype != plan.dtype:
        raise ValueError(f"a bias of {bias.dtype} and shape {bias.shape} for {plan.shape[-1]} columns of {plan.dtype}")
    return np.ascontiguousarray(bias)
