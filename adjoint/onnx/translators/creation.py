"""New tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.translators.table import sizes_of, translates


def _full(g: Graph, sizes: Any, value: Any) -> Value:
    return g.expand(g.number(value, g.out[0].dtype), list(sizes))


@translates("zeros", "empty")
def zeros(g: Graph, *size: Any, **_: Any) -> Value:
    """Zeros."""
    return _full(g, g.out[0].sizes, 0)


@translates("ones")
def ones(g: Graph, *size: Any, **_: Any) -> Value:
    """Ones."""
    return _full(g, g.out[0].sizes, 1)


@translates("full")
def full(g: Graph, size: Any, fill_value: Any, **_: Any) -> Value:
    """One number."""
    return _full(g, size, fill_value)


@translates("zeros_like", "empty_like", "new_zeros", "new_empty")
def zeros_like(g: Graph, *_: Any, **__: Any) -> Value:
    """Zeros, in the sizes of another or others."""
    return _full(g, g.out[0].sizes, 0)


@translates("ones_like", "new_ones")
def ones_like(g: Graph, *_: Any, **__: Any) -> Value:
    """Ones, in the sizes of another or others."""
    return _full(g, g.out[0].sizes, 1)


@translates("full_like")
def full_like(g: Graph, self: Value, fill_value: Any, **_: Any) -> Value:
    """One number, in the sizes of another."""
    return _full(g, self.sizes, fill_value)


@translates("new_full")
def new_full(g: Graph, self: Value, size: Any, fill_value: Any, **_: Any) -> Value:
    """One number, in the dtype of another."""
    return _full(g, size, fill_value)


@translates("arange", "range")
def arange(g: Graph, *limits: Any, start: Any = None, end: Any = None, step: Any = None, **_: Any) -> Value:
    """From ``start`` to ``end``."""
    given = list(limits)
    if start is not None:
        given.insert(0, start)
    if end is not None:
        given.append(end)
    first, last = (0, given[0]) if len(given) == 1 else given[:2]
    by = step if step is not None else given[2] if len(given) > 2 else 1
    dtype = g.out[0].dtype
    inner = (
        dtype if dtype in (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.int16) else dtypes.float32
    )
    if g.key == "range":
        last = last + by
    return g.cast(g.op("Range", g.number(first, inner), g.number(last, inner), g.number(by, inner), dtype=inner), dtype)


@translates("linspace")
def linspace(g: Graph, start: Any, end: Any, steps: Any, **_: Any) -> Value:
    """``steps`` numbers at equal distances."""
    dtype = g.out[0].dtype
    count = g.cast(g.op("Range", g.const(0), g.number(steps), g.const(1), dtype=dtypes.int64), dtype)
    first, last = g.number(start, dtype), g.number(end, dtype)
    intervals = g.op("Max", g.number(steps - 1, dtype), g.const(1, dtype))
    step = g.op("Div", g.op("Sub", last, first), intervals)
    return g.op("Add", g.op("Mul", count, step), first)  # type: ignore[no-any-return]


@translates("eye")
def eye(g: Graph, *_: Any, **__: Any) -> Value:
    """Ones on the diagonal."""
    dtype = g.out[0].dtype
    ones = g.expand(g.const(1, dtypes.float32), g.out[0].sizes)
    return g.cast(g.op("Trilu", g.op("Trilu", ones, g.const(0), upper=0), g.const(0), upper=1), dtype)


@translates("tensor", "as_tensor", "scalar_tensor", "asarray")
def tensor(g: Graph, data: Any, *_: Any, **__: Any) -> Value:
    """Of numbers, some of them sizes."""
    dtype = g.out[0].dtype
    if isinstance(data, (Value, Varying)) or not isinstance(data, (list, tuple, np.ndarray)):
        return g.number(data, dtype)  # type: ignore[no-any-return]
    if not any(isinstance(d, (Value, Varying)) for d in data):
        return g.const(np.asarray(data), dtype)
    return g.cast(g.ints(data), dtype)


def _triangle(upper: bool) -> Any:
    def translate(g: Graph, row: Any, col: Any = None, offset: int = 0, **_: Any) -> Value:
        ones = g.expand(g.const(1, dtypes.int64), sizes_of((row, row if col is None else col)))
        made = g.op("Trilu", ones, g.number(offset), upper=int(upper))
        return g.cast(g.op("NonZero", made), g.out[0].dtype)

    return translate


translates("tril_indices")(_triangle(False))
translates("triu_indices")(_triangle(True))
