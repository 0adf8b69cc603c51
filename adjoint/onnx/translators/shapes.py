"""Views and copies: other sizes, other orders, parts put together and taken apart, other dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying, product
from adjoint.onnx.translators.table import TRANSLATORS, axis_of, like, sizes_of, translates, unsupported

# Sizes ----------------------------------------------------------------------------------------------------------------------


@translates("view", "reshape", "_unsafe_view", "_reshape_alias")
def reshape(g: Graph, self: Value, *shape: Any, size: Any = None) -> Value:
    """The same elements in other sizes."""
    if shape and isinstance(shape[0], dtypes.dtype):
        raise unsupported(g, "view as another dtype")
    wanted = sizes_of((size,) if size is not None else shape)
    if any(isinstance(s, Value) for s in wanted):
        return g.op("Reshape", self, g.ints(wanted))  # type: ignore[no-any-return]
    return g.reshape(self, wanted)


@translates("view_as", "reshape_as")
def reshape_as(g: Graph, self: Value, other: Value) -> Value:
    """In the sizes of another."""
    return g.reshape(self, other.sizes)


@translates("flatten")
def flatten(g: Graph, self: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    """Some dimensions as one."""
    if not self.ndim:
        return g.reshape(self, [1])
    start, end = axis_of(start_dim, self.ndim), axis_of(end_dim, self.ndim)
    if start == 1 and end == self.ndim - 1:
        return g.op("Flatten", self, axis=1)  # type: ignore[no-any-return]
    sizes = self.sizes
    return g.reshape(self, [*sizes[:start], product(sizes[start : end + 1]), *sizes[end + 1 :]])


@translates("ravel")
def ravel(g: Graph, self: Value) -> Value:
    """All dimensions as one."""
    return g.reshape(self, [-1])


@translates("unflatten")
def unflatten(g: Graph, self: Value, dim: int, sizes: Any, names: Any = None) -> Value:
    """One dimension as several."""
    axis = axis_of(dim, self.ndim)
    own = list(sizes)
    missing = [i for i, s in enumerate(own) if not isinstance(s, Varying) and s == -1]
    if missing:
        own[missing[0]] = self.sizes[axis] // product(s for i, s in enumerate(own) if i != missing[0])
    return g.reshape(self, [*self.sizes[:axis], *own, *self.sizes[axis + 1 :]])


@translates("squeeze")
def squeeze(g: Graph, self: Value, dim: Any = None) -> Value:
    """Without dimensions of size 1."""
    dims = (
        range(self.ndim)
        if dim is None
        else [axis_of(d, self.ndim) for d in (dim if isinstance(dim, (tuple, list)) else [dim])]
    )
    axes = [d for d in dims if self.ndim and self.sizes[d] == 1]
    return g.squeeze(self, axes) if axes else g.op("Identity", self)  # type: ignore[no-any-return]


@translates("unsqueeze")
def unsqueeze(g: Graph, self: Value, dim: int) -> Value:
    """With a dimension of size 1."""
    return g.unsqueeze(self, [dim % (self.ndim + 1)])


@translates("expand", "broadcast_to")
def expand(g: Graph, self: Value, *sizes: Any, size: Any = None, implicit: bool = False) -> Value:
    """Broadcast."""
    wanted = sizes_of((size,) if size is not None else sizes)
    return g.expand(self, [1 if not isinstance(s, Varying) and s == -1 else s for s in wanted])


@translates("expand_as")
def expand_as(g: Graph, self: Value, other: Value) -> Value:
    """Broadcast to the sizes of another."""
    return g.expand(self, other.sizes)


@translates("broadcast_tensors")
def broadcast_tensors(g: Graph, *tensors: Any) -> list[Value]:
    """Several, broadcast to the same sizes."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    return [g.expand(t, out.sizes) for t, out in zip(given, list(g.out))]


@translates("repeat", "tile")
def repeat(g: Graph, self: Value, *repeats: Any, dims: Any = None) -> Value:
    """So many times along each dimension."""
    times = sizes_of((dims,) if dims is not None else repeats)
    if g.key == "tile" and len(times) < self.ndim:
        times = [1] * (self.ndim - len(times)) + times
    self = g.unsqueeze(self, range(len(times) - self.ndim))
    return g.op("Tile", self, g.ints(times))  # type: ignore[no-any-return]


@translates("repeat_interleave")
def repeat_interleave(g: Graph, self: Value, repeats: Any, dim: int | None = None, *, output_size: Any = None) -> Value:
    """Each element so many times in a row."""
    if isinstance(repeats, Value):
        raise unsupported(g, "repeat_interleave with numbers in a tensor")
    if dim is None:
        self, dim = g.reshape(self, [-1]), 0
    axis = axis_of(dim, self.ndim)
    sizes = list(self.sizes)
    wide = g.unsqueeze(self, [axis + 1])
    wide = g.expand(wide, [*sizes[: axis + 1], repeats, *sizes[axis + 1 :]])
    return g.reshape(wide, [*sizes[:axis], sizes[axis] * repeats, *sizes[axis + 1 :]])


# Orders ---------------------------------------------------------------------------------------------------------------------


@translates("transpose", "swapaxes", "swapdims")
def transpose(g: Graph, self: Value, dim0: int, dim1: int) -> Value:
    """Two dimensions changed about."""
    order = list(range(self.ndim))
    if order:
        a, b = dim0 % self.ndim, dim1 % self.ndim
        order[a], order[b] = b, a
    return g.op("Transpose", self, perm=order) if order else self  # type: ignore[no-any-return]


@translates("permute")
def permute(g: Graph, self: Value, *dims: Any) -> Value:
    """The dimensions in another order."""
    return g.op("Transpose", self, perm=[d % self.ndim for d in sizes_of(dims)])  # type: ignore[no-any-return]


@translates("movedim", "moveaxis")
def movedim(g: Graph, self: Value, source: Any, destination: Any) -> Value:
    """Dimensions moved to other places."""
    sources = [axis_of(s, self.ndim) for s in (source if isinstance(source, (tuple, list)) else [source])]
    places = [axis_of(d, self.ndim) for d in (destination if isinstance(destination, (tuple, list)) else [destination])]
    order: list[Any] = [None] * self.ndim
    for s, d in zip(sources, places):
        order[d] = s
    rest = iter([i for i in range(self.ndim) if i not in sources])
    return g.op("Transpose", self, perm=[next(rest) if o is None else o for o in order])  # type: ignore[no-any-return]


@translates("t", "T", "mT", "H", "mH", "adjoint", "numpy_T")
def t(g: Graph, self: Value) -> Value:
    """Rows as columns."""
    order = list(range(self.ndim))
    if g.key == "T":
        order.reverse()
    elif len(order) > 1:
        order[-2:] = order[-1], order[-2]
    return g.op("Transpose", self, perm=order) if len(order) > 1 else g.op("Identity", self)  # type: ignore[no-any-return]


@translates("flip", "fliplr", "flipud")
def flip(g: Graph, self: Value, *dims: Any) -> Value:
    """Backwards along some dimensions."""
    axes = {"fliplr": [1], "flipud": [0]}.get(g.key) or [axis_of(d, self.ndim) for d in sizes_of(dims)]
    count = len(axes)
    ends = np.full(count, np.iinfo(np.int64).min)
    return g.op("Slice", self, np.full(count, -1), ends, np.array(axes, np.int64), np.full(count, -1))  # type: ignore[no-any-return]


@translates("roll")
def roll(g: Graph, self: Value, shifts: Any, dims: Any = None) -> Value:
    """Moved along some dimensions, what falls off at the end coming in at the front."""
    if dims is None or dims == ():
        flat = g.reshape(self, [-1])
        return g.reshape(_rolled(g, flat, shifts[0] if isinstance(shifts, (tuple, list)) else shifts, 0), self.sizes)
    several = isinstance(dims, (tuple, list))
    for shift, dim in zip(shifts if isinstance(shifts, (tuple, list)) else [shifts], dims if several else [dims]):
        self = _rolled(g, self, shift, axis_of(dim, self.ndim))
    return self


def _rolled(g: Graph, self: Value, shift: Any, axis: int) -> Value:
    size = self.sizes[axis]
    cut = size - shift if isinstance(size, Varying) and not isinstance(shift, Varying) and shift >= 0 else -shift % size
    last = g.slice(self, axis, cut, np.iinfo(np.int64).max)
    return like(self, g.op("Concat", last, g.slice(self, axis, 0, cut), axis=axis))


# Together and apart ---------------------------------------------------------------------------------------------------------


@translates("cat", "concat", "concatenate")
def cat(g: Graph, tensors: Any, dim: int = 0, *_: Any) -> Value:
    """Put together along a dimension."""
    dtype = g.out[0].dtype
    given = [t for t in tensors if t.shape != (0,)]
    given = given or list(tensors)
    return g.op("Concat", *[g.cast(t, dtype) for t in given], axis=axis_of(dim, given[0].ndim))  # type: ignore[no-any-return]


@translates("stack")
def stack(g: Graph, tensors: Any, dim: int = 0, *_: Any) -> Value:
    """Put together along a new dimension."""
    axis = dim % (tensors[0].ndim + 1)
    dtype = g.out[0].dtype
    return g.op("Concat", *[g.unsqueeze(g.cast(t, dtype), [axis]) for t in tensors], axis=axis)  # type: ignore[no-any-return]


def _along(axis_of_vectors: int, axis: int) -> Any:
    def translate(g: Graph, tensors: Any) -> Value:
        given = [g.reshape(t, [1]) if not t.ndim else t for t in tensors]
        if g.key == "vstack":
            given = [g.unsqueeze(t, [0]) if t.ndim == 1 else t for t in given]
            return g.op("Concat", *given, axis=0)  # type: ignore[no-any-return]
        return g.op("Concat", *given, axis=axis_of_vectors if given[0].ndim == 1 else axis)  # type: ignore[no-any-return]

    return translate


TRANSLATORS["hstack"] = _along(0, 1)
TRANSLATORS["vstack"] = _along(0, 0)


def _parts(g: Graph, self: Value, axis: int, lengths: list[Any]) -> list[Value]:
    if len(lengths) == 1:
        return [g.op("Identity", self)]
    return list(g.op("Split", self, g.ints(lengths), axis=axis, outputs=len(lengths)))


@translates(
    "split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split", "hsplit", "vsplit", "dsplit"
)
def split(g: Graph, self: Value, *args: Any, dim: Any = None, **kwargs: Any) -> list[Value]:
    """Taken apart along a dimension: into parts of the sizes that the results have."""
    place = {"hsplit": 0 if self.ndim == 1 else 1, "vsplit": 0, "dsplit": 2}.get(g.key)
    if place is None:
        place = axis_of((args[1] if len(args) > 1 else 0) if dim is None else dim, self.ndim)
    return _parts(g, self, place, [out.sizes[place] for out in g.out])


@translates("unbind")
def unbind(g: Graph, self: Value, dim: int = 0) -> list[Value]:
    """One for each place along a dimension."""
    axis = axis_of(dim, self.ndim)
    return [g.squeeze(part, [axis]) for part in _parts(g, self, axis, [1] * len(g.out))]


@translates("meshgrid")
def meshgrid(g: Graph, *tensors: Any, indexing: str | None = None) -> list[Value]:
    """Coordinates of a grid."""
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else list(tensors)
    made = []
    for i, (tensor, out) in enumerate(zip(given, list(g.out))):
        place = {0: 1, 1: 0}.get(i, i) if indexing == "xy" and len(given) > 1 else i
        axes = [a for a in range(len(given)) if a != place]
        made.append(g.expand(g.unsqueeze(tensor if tensor.ndim else g.reshape(tensor, [1]), axes), out.sizes))
    return made


# Dtypes and copies ----------------------------------------------------------------------------------------------------------


@translates(
    "to",
    "type",
    "type_as",
    "float",
    "double",
    "half",
    "bfloat16",
    "int",
    "long",
    "short",
    "char",
    "byte",
    "bool",
    "_to_copy",
    "cpu",
    "contiguous",
    "clone",
    "detach",
    "alias",
    "requires_grad",
    "data",
    "positive",
    "resolve_conj",
    "resolve_neg",
    "real",
    "cuda",
)
def copied(g: Graph, self: Value, *_: Any, **__: Any) -> Value:
    """In another dtype perhaps, in other memory, or without its history: the results say."""
    return g.cast(self, g.out[0].dtype) if g.out and g.out[0].dtype != self.dtype else g.op("Identity", self)  # type: ignore[no-any-return]


@translates("copy")
def copy(g: Graph, self: Value, src: Any, non_blocking: bool = False) -> Value:
    """Another tensor's elements."""
    made = g.number(src, g.out[0].dtype)
    return g.expand(made, self.sizes) if made.shape != self.shape else made


@translates("fill")
def fill(g: Graph, self: Value, value: Any) -> Value:
    """One number everywhere."""
    return g.expand(g.number(value, self.dtype), self.sizes)


@translates("zero")
def zero(g: Graph, self: Value) -> Value:
    """Zero everywhere."""
    return fill(g, self, 0)


# Parts of matrices and images -----------------------------------------------------------------------------------------------


def _triangle(upper: int) -> Any:
    def translate(g: Graph, self: Value, diagonal: int = 0) -> Value:
        at = g.number(diagonal, dtypes.int64)
        if self.dtype == dtypes.bool_:
            return g.cast(g.op("Trilu", g.cast(self, dtypes.int64), at, upper=upper), dtypes.bool_)
        return like(self, g.op("Trilu", self, at, upper=upper))

    return translate


TRANSLATORS["tril"], TRANSLATORS["triu"] = _triangle(0), _triangle(1)


@translates("diagonal")
def diagonal(g: Graph, self: Value, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Value:
    """The elements whose two indices are alike, or ``offset`` apart."""
    a, b = axis_of(dim1, self.ndim), axis_of(dim2, self.ndim)
    length = g.out[0].sizes[-1]
    moved = g.transpose(self, [*[i for i in range(self.ndim) if i not in (a, b)], a, b])
    rows, columns = self.sizes[a], self.sizes[b]
    flat = g.reshape(moved, [*[s for i, s in enumerate(self.sizes) if i not in (a, b)], rows * columns])
    start = offset if offset >= 0 else -offset * columns
    count = g.op("Range", g.const(0), g.number(length), g.const(1), dtype=dtypes.int64)
    places = g.op("Add", g.op("Mul", count, g.number(columns + 1)), g.number(start))
    return g.op("Gather", flat, places, axis=self.ndim - 2)  # type: ignore[no-any-return]


@translates("pixel_shuffle")
def pixel_shuffle(g: Graph, self: Value, upscale_factor: int) -> Value:
    """Channels as parts of larger images."""
    return g.op("DepthToSpace", self, blocksize=upscale_factor, mode="CRD")  # type: ignore[no-any-return]


@translates("pixel_unshuffle")
def pixel_unshuffle(g: Graph, self: Value, downscale_factor: int) -> Value:
    """Parts of images as channels."""
    r = downscale_factor
    *batch, c, h, w = self.sizes
    n = len(batch)
    wide = g.reshape(self, [*batch, c, h // r, r, w // r, r])
    order = [*range(n), n, n + 2, n + 4, n + 1, n + 3]
    return g.reshape(g.transpose(wide, order), [*batch, c * r * r, h // r, w // r])


@translates("channel_shuffle")
def channel_shuffle(g: Graph, self: Value, groups: int) -> Value:
    """Channels of several groups in turn."""
    n, c, *rest = self.sizes
    wide = g.reshape(self, [n, groups, c // groups, *rest])
    return g.reshape(g.transpose(wide, [0, 2, 1, *range(3, 3 + len(rest))]), self.sizes)


@translates("unfold")
def unfold(g: Graph, self: Value, dimension: int, size: int, step: int) -> Value:
    """Windows along a dimension, as a new last one."""
    axis = axis_of(dimension, self.ndim)
    count = g.out[0].sizes[axis]
    starts = g.op("Mul", g.op("Range", g.const(0), g.number(count), g.const(1), dtype=dtypes.int64), g.const(step))
    places = g.op("Add", g.op("Unsqueeze", starts, np.array([1])), np.arange(size, dtype=np.int64)[None])
    made = g.op("Gather", self, places, axis=axis)
    order = [*range(axis + 1), *range(axis + 2, self.ndim + 1), axis + 1]
    return g.transpose(made, order)
