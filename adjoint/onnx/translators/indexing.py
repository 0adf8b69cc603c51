"""Indexing, gathering and scattering, sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.translators.arithmetic import truth
from adjoint.onnx.translators.table import axis_of, like, needs, translates, unsupported

_LAST = np.iinfo(np.int64).max


@translates("__getitem__")
def getitem(g: Graph, self: Value, key: Any) -> Value:
    """``self[key]``: numbers, slices, ``...``, None, and tensors of integers or truth values, as many as there are."""
    items = list(key) if isinstance(key, tuple) else [key]
    if isinstance(key, list):
        items = [_constant(g, key)]
    items = [_constant(g, item) if isinstance(item, (list, np.ndarray)) else item for item in items]
    used = sum(item.ndim if _is_mask(item) else item is not None and item is not Ellipsis for item in items)
    if Ellipsis not in [i for i in items if not isinstance(i, (Value, Varying))]:
        items.append(Ellipsis)
    at = next(i for i, item in enumerate(items) if item is Ellipsis)
    items[at : at + 1] = [slice(None)] * (self.ndim - used)

    value, axis = self, 0
    slices: list[tuple[int, Any, Any, int]] = []
    picks: list[tuple[int, Any]] = []
    layout: list[Any] = []  # what each dimension is afterwards: None for a new one, a tensor, or "" for one that stays
    for item in items:
        if item is None:
            layout.append(None)
        elif isinstance(item, slice):
            if (item.start, item.stop, item.step) != (None, None, None):
                slices.append((axis, *_limits(item)))
            layout.append("")
            axis += 1
        elif isinstance(item, Value):
            for index in _indices(g, item):
                layout.append(index)
                axis += 1
        elif isinstance(item, (bool, np.bool_)):
            raise unsupported(g, "index by True or False")
        else:
            picks.append((axis, item))
            axis += 1
    if slices:
        value = _sliced(g, value, slices)
    for axis, index in reversed(picks):
        value = g.op("Gather", value, g.number(index, dtypes.int64), axis=axis)
    value = g.unsqueeze(value, [i for i, part in enumerate(layout) if part is None])
    tensors = [(i, part) for i, part in enumerate(layout) if isinstance(part, Value)]
    return (
        _by_tensors(g, value, tensors, len(layout))
        if tensors
        else value
        if value is not self
        else g.op("Identity", self)
    )


def _constant(g: Graph, data: Any) -> Value:
    if any(isinstance(d, (Value, Varying)) for d in np.asarray(data, object).ravel()):
        return g.ints(data)
    return g.const(np.asarray(data))


def _is_mask(item: Any) -> bool:
    return isinstance(item, Value) and item.dtype in (dtypes.bool_, dtypes.uint8)


def _limits(item: slice) -> tuple[Any, Any, int]:
    step = 1 if item.step is None else item.step
    return 0 if item.start is None else item.start, _LAST if item.stop is None else item.stop, step


def _sliced(g: Graph, value: Value, slices: list[tuple[int, Any, Any, int]]) -> Value:
    starts, ends = (g.ints([s[part] for s in slices]) for part in (1, 2))
    axes, steps = np.array([s[0] for s in slices], np.int64), np.array([s[3] for s in slices], np.int64)
    return g.op("Slice", value, starts, ends, axes, None if (steps == 1).all() else steps)  # type: ignore[no-any-return]


def _indices(g: Graph, item: Value) -> list[Value]:
    """A tensor of integers itself; of truth values, where they are true, along each of their dimensions."""
    if not _is_mask(item):
        return [g.cast(item, dtypes.int64) if item.dtype not in (dtypes.int32, dtypes.int64) else item]
    return nonzero(g, item, as_tuple=True)


def _by_tensors(g: Graph, value: Value, tensors: list[tuple[int, Value]], ndim: int) -> Value:
    if len(tensors) == 1:
        axis, index = tensors[0]
        return g.op("Gather", value, index, axis=axis)  # type: ignore[no-any-return]
    axes = [axis for axis, _ in tensors]
    indices = [g.cast(index, dtypes.int64) for _, index in tensors]
    rank = max(index.ndim for index in indices)
    nothing = [g.op("Mul", index, g.const(0)) for index in indices]
    base = nothing[0]
    for other in nothing[1:]:
        base = g.op("Add", base, other)
    wide = [g.op("Unsqueeze", g.op("Add", index, base), np.array([rank])) for index in indices]
    rest = [i for i in range(ndim) if i not in axes]
    front = g.transpose(value, [*axes, *rest])
    made = g.op("GatherND", front, g.op("Concat", *wide, axis=rank))
    if axes == list(range(axes[0], axes[0] + len(axes))):  # side by side: what they give comes in their place
        before = axes[0]
        order = [*range(rank, rank + before), *range(rank), *range(rank + before, rank + len(rest))]
        made = g.transpose(made, order)
    return made  # type: ignore[no-any-return]


@translates("index")
def index(g: Graph, self: Value, indices: Any, dims: Any = None, *_: Any) -> Value:
    """By tensors along these dimensions."""
    dims = range(len(indices)) if dims is None else dims
    return _by_tensors(g, self, [(d, _indices(g, i)[0]) for d, i in zip(dims, indices)], self.ndim)


@translates("__setitem__")
def setitem(g: Graph, self: Value, key: Any, value: Any) -> None:
    """Written by :mod:`adjoint.onnx.writing`, which knows what else looks at the tensor."""


@translates("select")
def select(g: Graph, self: Value, dim: int, index: Any) -> Value:
    """One place along a dimension."""
    return g.op("Gather", self, g.number(index, dtypes.int64), axis=axis_of(dim, self.ndim))  # type: ignore[no-any-return]


@translates("narrow")
def narrow(g: Graph, self: Value, dim: int, start: Any, length: Any) -> Value:
    """So many places along a dimension."""
    return g.slice(
        self, axis_of(dim, self.ndim), start, start + length if not isinstance(length, Varying) else length + start
    )


@translates("slice")
def sliced(g: Graph, self: Value, dim: int = 0, start: Any = None, end: Any = None, step: Any = None) -> Value:
    """Places along a dimension."""
    return _sliced(g, self, [(axis_of(dim, self.ndim), *_limits(slice(start, end, step)))])


@translates("index_select")
def index_select(g: Graph, self: Value, dim: int, index: Value) -> Value:
    """The places that a tensor names."""
    return g.op("Gather", self, index, axis=axis_of(dim, self.ndim))  # type: ignore[no-any-return]


@translates("embedding")
def embedding(g: Graph, input: Value, weight: Value, *_: Any, **__: Any) -> Value:
    """The rows that a tensor names."""
    if not weight.dtype.is_floating_point and input.dtype.is_floating_point:  # the operator's own order
        input, weight = weight, input
    return g.op("Gather", weight, input, axis=0)  # type: ignore[no-any-return]


@translates("embedding_bag")
def embedding_bag(
    g: Graph,
    input: Value,
    weight: Value,
    offsets: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Value | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Value:
    """The rows that each row of a tensor names, as their sum, mean or largest."""
    if input.ndim != 2 or padding_idx is not None or max_norm is not None:
        raise unsupported(g, "embedding_bag of bags that begin at offsets, with padding_idx or max_norm")
    rows = g.op("Gather", weight, input, axis=0)
    if per_sample_weights is not None:
        rows = g.op("Mul", rows, g.unsqueeze(per_sample_weights, [2]))
    return g.reduced({"mean": "ReduceMean", "sum": "ReduceSum", "max": "ReduceMax"}[mode], rows, [1], False)


@translates("gather")
def gather(g: Graph, self: Value, dim: int, index: Value, *, sparse_grad: bool = False) -> Value:
    """Along a dimension the element that is named at each place."""
    return g.op("GatherElements", self, index, axis=axis_of(dim, self.ndim))  # type: ignore[no-any-return]


@translates("take_along_dim")
def take_along_dim(g: Graph, self: Value, indices: Value, dim: int | None = None) -> Value:
    """:func:`gather`, broadcast."""
    if dim is None:
        return g.op("Gather", g.reshape(self, [-1]), g.reshape(indices, [-1]), axis=0)  # type: ignore[no-any-return]
    axis = axis_of(dim, self.ndim)
    sizes = list(g.out[0].sizes)
    own = [sizes[i] if i != axis else self.sizes[i] for i in range(self.ndim)]
    self = self if list(self.sizes) == own else g.expand(self, own)
    indices = indices if list(indices.sizes) == sizes else g.expand(indices, sizes)
    return g.op("GatherElements", self, indices, axis=axis)  # type: ignore[no-any-return]


@translates("take")
def take(g: Graph, self: Value, index: Value) -> Value:
    """Elements by number."""
    return g.op("Gather", g.reshape(self, [-1]), index, axis=0)  # type: ignore[no-any-return]


@translates("scatter")
def scatter(
    g: Graph, self: Value, dim: int, index: Value, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Value:
    """Other elements at the places that are named."""
    source = value if src is None else src
    if not isinstance(source, Value):
        source = g.expand(g.number(source, self.dtype), index.sizes)
    elif source.shape != index.shape:
        raise OnnxExporterError("scatter of a source that is larger than the index has no operator of ONNX")
    kind = {None: None, "add": "add", "multiply": "mul"}[reduce]
    return like(
        self,
        g.op("ScatterElements", self, index, g.cast(source, self.dtype), axis=axis_of(dim, self.ndim), reduction=kind),
    )


@translates("scatter_add")
def scatter_add(g: Graph, self: Value, dim: int, index: Value, src: Value) -> Value:
    """Added at the places that are named."""
    return scatter(g, self, dim, index, src, reduce="add")


@translates("scatter_reduce")
def scatter_reduce(
    g: Graph, self: Value, dim: int, index: Value, src: Value, reduce: str, *, include_self: bool = True
) -> Value:
    """Reduced at the places that are named."""
    kind = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}.get(reduce)
    if kind is None or not include_self:
        raise unsupported(g, f"scatter_reduce of {reduce}")
    if kind in ("max", "min"):
        needs(g, 18)
    return like(self, g.op("ScatterElements", self, index, src, axis=axis_of(dim, self.ndim), reduction=kind))


def _rows(g: Graph, self: Value, dim: int, index: Value, source: Value) -> tuple[Value, Value, int]:
    """Indices of whole rows as :func:`scatter` wants them."""
    axis = axis_of(dim, self.ndim)
    sizes = list(source.sizes)
    index = g.unsqueeze(index, [i for i in range(self.ndim) if i != axis])
    return g.expand(index, sizes), source, axis


@translates("index_add")
def index_add(g: Graph, self: Value, dim: int, index: Value, source: Value, *, alpha: Any = 1) -> Value:
    """Added to the rows that are named."""
    at, source, axis = _rows(g, self, dim, index, source)
    source = source if alpha == 1 else g.op("Mul", source, g.const(alpha, source.dtype))
    return like(self, g.op("ScatterElements", self, at, source, axis=axis, reduction="add"))


@translates("index_copy")
def index_copy(g: Graph, self: Value, dim: int, index: Value, source: Value) -> Value:
    """In place of the rows that are named."""
    at, source, axis = _rows(g, self, dim, index, source)
    return like(self, g.op("ScatterElements", self, at, source, axis=axis))


@translates("index_fill")
def index_fill(g: Graph, self: Value, dim: int, index: Value, value: Any) -> Value:
    """One number in the rows that are named."""
    axis = axis_of(dim, self.ndim)
    sizes = [index.sizes[0] if i == axis else s for i, s in enumerate(self.sizes)]
    source = g.expand(g.number(value, self.dtype), sizes)
    return index_copy(g, self, dim, index, source)


@translates("index_put")
def index_put(g: Graph, self: Value, indices: Any, values: Value, accumulate: bool = False) -> Value:
    """Other elements at the places that tensors name along the first dimensions."""
    if any(i is None or _is_mask(i) for i in indices):
        raise unsupported(g, "index_put with None or masks")
    rank = max(i.ndim for i in indices)
    base = g.op("Mul", indices[0], g.const(0))
    for i in indices[1:]:
        base = g.op("Add", base, g.op("Mul", i, g.const(0)))
    at = g.op("Concat", *[g.op("Unsqueeze", g.op("Add", i, base), np.array([rank])) for i in indices], axis=rank)
    size = (
        g.op("Concat", g.op("Shape", base), g.ints(self.sizes[len(indices) :]), axis=0)
        if self.ndim > len(indices)
        else g.op("Shape", base)
    )
    wide = g.op("Expand", g.cast(values, self.dtype), size)
    return like(self, g.op("ScatterND", self, at, wide, reduction="add" if accumulate else None))


@translates("masked_select")
def masked_select(g: Graph, self: Value, mask: Value) -> Value:
    """The elements where the mask is true."""
    both = [g.expand(t, self.sizes) if t.shape != self.shape else t for t in (mask,)]
    return g.op("Compress", g.reshape(self, [-1]), g.reshape(truth(g, both[0]), [-1]))  # type: ignore[no-any-return]


@translates("masked_scatter")
def masked_scatter(g: Graph, self: Value, mask: Value, source: Value) -> Value:
    """Elements of another in turn, where the mask is true."""
    at = g.op("Transpose", g.op("NonZero", g.expand(mask, self.sizes)), perm=[1, 0])
    count = g.op("Slice", g.op("Shape", at), np.array([0]), np.array([1]))
    new = g.op("Slice", g.reshape(source, [-1]), np.array([0]), count, np.array([0]))
    return like(self, g.op("ScatterND", self, at, new))


@translates("nonzero", "argwhere")
def nonzero(g: Graph, self: Value, as_tuple: bool = False) -> Any:
    """Where it is not zero: a row for each, or a tensor for each dimension."""
    found = g.op("NonZero", self)
    if not as_tuple:
        return g.op("Transpose", found, perm=[1, 0])
    rows = [g.op("Gather", found, g.const(i), axis=0) for i in range(self.ndim)]
    for row in rows:
        row.shape = (Varying((-1, -2)),)  # which nobody knows before
    return rows


@translates("one_hot")
def one_hot(g: Graph, self: Value, num_classes: int = -1) -> Value:
    """A one at the place that each number names."""
    classes = g.out[0].sizes[-1]
    return g.op("OneHot", self, g.number(classes), np.array([0, 1], np.int64), axis=-1, dtype=dtypes.int64)  # type: ignore[no-any-return]


@translates("topk")
def topk(g: Graph, self: Value, k: Any, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest, and where they are."""
    made, places = g.op(
        "TopK", self, g.ints([k]), axis=axis_of(dim, self.ndim), largest=int(largest), sorted=int(sorted), outputs=2
    )
    places.dtype = dtypes.int64
    return made, places


@translates("sort")
def sort(g: Graph, self: Value, dim: int = -1, descending: bool = False, stable: Any = None) -> Any:
    """In order, and where each was."""
    size = self.sizes[axis_of(dim, self.ndim)]
    return topk(g, self, size, dim, descending)


@translates("argsort", "msort")
def argsort(g: Graph, self: Value, dim: int = -1, descending: bool = False, stable: bool = False) -> Value:
    """Where each was that comes in order; ``msort``: in order along the first dimension."""
    if g.key == "msort":
        return sort(g, self, 0)[0]  # type: ignore[no-any-return]
    return sort(g, self, dim, descending)[1]  # type: ignore[no-any-return]
