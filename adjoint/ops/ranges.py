"""Ranges: ``arange``, ``linspace``, ``logspace``, and the indices of triangles."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import silence
from adjoint.declare import composite
from adjoint.declare.arguments import python_number, wrong_argument
from adjoint.ops.creation import into, made, options
from adjoint.ops.each_sample import each_sample
from adjoint.places import users_level
from adjoint.tensor import Tensor


def _bound(function: str, name: str, value: Any, position: int) -> Any:
    number = python_number(value)
    if number is None:
        wrong_argument(function, name, "Number", value, position)
    if isinstance(number, complex):
        raise RuntimeError("value cannot be converted to type double without overflow")
    return int(number) if isinstance(number, bool) else number


@composite(where="torch")
def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers from ``start`` (0) up to and without ``end``, ``step`` (1) apart.

    Integers give ``int64``; one float among them gives the default dtype.  Raises RuntimeError for a step of zero or
    of the wrong sign and for bounds that are not finite.

    >>> import adjoint as torch
    >>> torch.arange(4), torch.arange(1, 2, 0.5)
    (tensor([0, 1, 2, 3]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        if start is None:
            raise TypeError('arange() missing 1 required positional arguments: "end"')
        start, end = 0, start
        end = _bound("arange", "end", end, 1)
    else:
        start = 0 if start is None else _bound("arange", "start", start, 1)
        end = _bound("arange", "end", end, 2)
    step = _bound("arange", "step", step, 3)
    chosen = options("arange", dtype, layout, device, pin_memory)
    if chosen is None:
        if out is not None:
            chosen = out.dtype
        else:
            integers = all(isinstance(n, int) for n in (start, end, step))
            chosen = dtypes.int64 if integers else dtypes.get_default_dtype()
    array = _arithmetic(start, end, step, chosen, "arange")
    return made(array, requires_grad, function="arange") if out is None else into(out, array, chosen, "arange")


def _arithmetic(start: Any, end: Any, step: Any, dtype: dtypes.dtype, function: str, closed: bool = False) -> Any:
    """The array of an arithmetic progression, with its end where ``closed``."""
    if dtype.category in (dtypes.BOOL, dtypes.COMPLEX) or dtype in dtypes.STORED:
        raise NotImplementedError(f"\"{function}_cpu\" not implemented for '{dtypes.SCALAR_TYPE_NAMES[dtype]}'")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if not (end >= start if step > 0 else end <= start):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is dtypes.int64:
        first, last, by = int(start), int(end), int(step)
        if by == 0:
            raise ValueError("step must be nonzero")
        count = (last - first) // by + 1 if closed else -((first - last) // by)
        return np.arange(first, first + max(count, 0) * by, by, np.int64)
    span = (end - start) / step
    count = math.floor(span) + 1 if closed else math.ceil(span)
    if dtype.category == dtypes.INTEGER:
        first, by = int(start), int(step)  # beyond the dtype they begin anew
        return (first + by * np.arange(count)).astype(dtype.array)
    return _floats(float(start), float(step), count, dtype)


# Where products and sums of a dtype are exact enough to be rounded once.
_EXACT = {
    np.dtype(np.float32): np.dtype(np.float64),
    np.dtype(np.float64): np.dtype(np.longdouble),
    np.dtype(np.complex64): np.dtype(np.complex128),
    np.dtype(np.complex128): np.dtype(np.clongdouble),
}


def _fused(a: Any, b: Any, c: Any, kind: Any) -> Any:
    """``a + b * c`` rounded once, as processors with a fused multiply-add round it and PyTorch's results have it."""
    wide = _EXACT[np.dtype(kind)]
    return (wide.type(a) + wide.type(b) * c.astype(wide)).astype(kind)


def _floats(start: float, step: float, count: int, dtype: dtypes.dtype) -> Any:
    """The progression as PyTorch's kernel computes it: counted from the first of each vector of elements, and one by
    one in what is left behind the last two vectors.  Naively ``arange(-5, 5, .1)[50]`` would be 0, not -2.98e-09."""
    index = np.arange(count)
    width = 32 // dtype.itemsize
    lane = np.where(index < count // (2 * width) * (2 * width), index % width, 0)
    if dtype is dtypes.float64:
        wide = np.longdouble
        first = _fused(start, step, index - lane, np.float64)
        return np.where(lane, first.astype(wide) + wide(step) * lane.astype(wide), first).astype(np.float64)
    work = np.float64 if dtype is dtypes.float32 else np.float32
    first = work(start) + work(step) * (index - lane).astype(work)
    first = np.where(lane, first.astype(dtype.array).astype(work), first)
    return (first + work(step) * lane.astype(work)).astype(dtype.array)


@composite(where="torch", name="range")
def closed_range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers from ``start`` up to and with ``end``.  Deprecated: use :func:`adjoint.arange`."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=users_level(),
    )
    if end is None:
        start, end = 0, start
    bounds = (
        _bound("range", name, n, i) for i, (name, n) in enumerate(zip(("start", "end", "step"), (start, end, step)), 1)
    )
    chosen = options("range", dtype, layout, device, pin_memory)
    chosen = chosen or (out.dtype if out is not None else dtypes.get_default_dtype())
    array = _arithmetic(*bounds, chosen, "range", closed=True)
    return made(array, requires_grad, function="range") if out is None else into(out, array, chosen, "range")


def _end_point(function: str, name: str, value: Any, position: int) -> complex:
    if isinstance(value, Tensor) and value._array.ndim:
        raise RuntimeError(
            f"{function} only supports 0-dimensional start and end tensors, but got {name} with {value._array.ndim} "
            "dimension(s)."
        )
    number = python_number(value.detach() if isinstance(value, Tensor) else value)
    if number is None:
        wrong_argument(function, name, "Number", value, position)
    return number


def _spaced(
    function: str, start: Any, end: Any, steps: Any, chosen: dtypes.dtype | None, *, fused: bool
) -> tuple[Any, dtypes.dtype]:
    """``steps`` numbers from ``start`` to ``end``, counted from the nearer end so that both are met exactly.

    ``fused``: rounded once to their own dtype; else with the step rounded to it, and they in double precision.
    """
    if all(isinstance(value, Tensor) and value._array.ndim for value in (start, end)):
        raise RuntimeError(
            f"{function} only supports 0-dimensional start and end tensors, but got start with {start._array.ndim} dimension(s) and end "
            f"with {end._array.ndim} dimension(s)."
        )
    first, last = _end_point(function, "start", start, 1), _end_point(function, "end", end, 2)
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        wrong_argument(function, "steps", "int", steps, 3)
    count = int(steps)
    if count < 0:
        raise RuntimeError("number of steps must be non-negative")
    is_complex = isinstance(first, complex) or isinstance(last, complex)
    if chosen is None:
        chosen = dtypes.get_default_dtype().to_complex() if is_complex else dtypes.get_default_dtype()
    elif is_complex and chosen.category != dtypes.COMPLEX:
        raise RuntimeError(f"{function}(): inferred dtype ComplexFloat can't be safely cast to passed dtype {chosen}")
    exact = chosen.category in (dtypes.INTEGER, dtypes.BOOL)
    kind = np.dtype(np.float64) if exact else chosen.array
    a, b = (np.asarray(int(n.real) if exact else n).astype(kind) for n in (first, last))
    step = (b - a) / kind.type(max(count - 1, 1))
    index = np.arange(count)
    near, far = index[: count // 2], (count - 1 - index)[count // 2 :]
    if fused and kind not in _EXACT:  # two bytes: rounded at each step
        points = np.concatenate([a + step * near.astype(kind), b - step * far.astype(kind)])
    elif fused:
        points = np.concatenate([_fused(a, step, near, kind), _fused(b, -step, far, kind)])
    else:
        wide = np.complex128 if a.dtype.kind == "c" else np.float64
        points = np.concatenate([a.astype(wide) + step.astype(wide) * near, b.astype(wide) - step.astype(wide) * far])
    if count == 1:
        points = a.reshape(1)
    return points, chosen


@composite(where="torch")
@each_sample
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers, equally far apart, from ``start`` to ``end``, both included.

    >>> import adjoint as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    chosen = options("linspace", dtype, layout, device, pin_memory) or (None if out is None else out.dtype)
    points, chosen = _spaced("linspace", start, end, steps, chosen, fused=True)
    array = points.astype(chosen.array)
    return made(array, requires_grad, function="linspace") if out is None else into(out, array, chosen, "linspace")


@composite(where="torch")
@each_sample
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the power of each of ``steps`` numbers, equally far apart, from ``start`` to ``end``.

    >>> import adjoint as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    chosen = options("logspace", dtype, layout, device, pin_memory) or (None if out is None else out.dtype)
    points, chosen = _spaced("logspace", start, end, steps, chosen, fused=False)
    with silence():
        array = np.power(points.dtype.type(base), points).astype(chosen.array)
    return made(array, requires_grad, function="logspace") if out is None else into(out, array, chosen, "logspace")


def _triangle(function: str, indices: Any, dtype: Any, device: Any, layout: Any) -> Tensor:
    chosen = options(function, dtype, layout, device) or dtypes.int64
    return made(np.array(indices, chosen.array).reshape(2, -1))


@composite(where="torch")
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: dtypes.dtype | None = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The row and column numbers of the elements on and below a diagonal of a matrix, one pair a column.

    >>> import adjoint as torch
    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle("tril_indices", np.tril_indices(row, offset, col), dtype, device, layout)


@composite(where="torch")
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: dtypes.dtype | None = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The row and column numbers of the elements on and above a diagonal of a matrix, one pair a column.

    >>> import adjoint as torch
    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle("triu_indices", np.triu_indices(row, offset, col), dtype, device, layout)
