"""Other shapes, other orders of dimensions, parts and joints; and shapes themselves, which are computed with as numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import direct, on_host, operator

direct("Identity", lambda x: x)


@operator("Reshape", since=5, host=(1,))
def reshape(site: Any, allowzero: int = 0) -> Any:
    def prepare(shape: Any) -> Any:
        sizes = shape.tolist()
        if 0 in sizes and not allowzero:
            return lambda x: x.reshape([x.shape[d] if size == 0 else size for d, size in enumerate(sizes)])
        return lambda x: x.reshape(sizes)

    return prepare


@operator("Flatten")
def flatten(site: Any, axis: int = 1) -> Any:
    def run(x: Any) -> Any:
        if axis == 1 and x.dim() > 1 and 0 not in x.shape:
            return x.flatten(1)
        cut = axis if axis >= 0 else axis + x.dim()
        return x.reshape(math.prod(x.shape[:cut]), math.prod(x.shape[cut:]))

    return run


def _squeezer(axes: Any) -> Any:
    if axes is None:
        return adjoint.squeeze
    chosen = tuple(int(a) for a in np.reshape(axes, -1))

    def squeeze(x: Any) -> Any:
        for axis in chosen:
            if x.shape[axis] != 1:
                raise ValueError(f"dimension {axis} of shape {list(x.shape)} cannot be taken away: its size is not 1")
        return x.squeeze(chosen)

    return squeeze


def _unsqueezer(axes: Any) -> Any:
    chosen = [int(a) for a in np.reshape(axes, -1)]
    if len(chosen) == 1:
        return lambda x: x.unsqueeze(chosen[0])

    def unsqueeze(x: Any) -> Any:
        rank = x.dim() + len(chosen)
        for axis in sorted(axis % rank for axis in chosen):
            x = x.unsqueeze(axis)
        return x

    return unsqueeze


@operator("Squeeze")
def squeeze(site: Any, axes: Any = None) -> Any:
    return _squeezer(axes)


@operator("Squeeze", since=13, host=(1,))
def squeeze_by_input(site: Any) -> Any:
    return _squeezer


@operator("Unsqueeze")
def unsqueeze(site: Any, axes: Any) -> Any:
    return _unsqueezer(axes)


@operator("Unsqueeze", since=13, host=(1,))
def unsqueeze_by_input(site: Any) -> Any:
    return _unsqueezer


@operator("Transpose")
def transpose(site: Any, perm: tuple[int, ...] | None = None) -> Any:
    if perm is None:
        return lambda x: x.permute(tuple(reversed(range(x.dim()))))
    return lambda x: x.permute(perm)


@operator("Concat")
def concat(site: Any, axis: int = 1) -> Any:
    return lambda *xs: adjoint.cat(xs, axis)


def _splitter(site: Any, axis: int, sizes: Any, count: int | None = None) -> Any:
    if sizes is not None:
        parts = [int(n) for n in sizes]
        return lambda x: adjoint.split(x, parts, axis)
    wanted = count or len(site.outputs)

    def split(x: Any) -> Any:
        size = x.shape[axis]
        each = -(-size // wanted)
        return adjoint.split(x, [max(min(each, size - n * each), 0) for n in range(wanted)], axis)

    return split


@operator("Split", since=2, several=True)
def split(site: Any, axis: int = 0, split: Any = None) -> Any:
    return _splitter(site, axis, split)


@operator("Split", since=13, host=(1,), several=True)
def split_by_input(site: Any, axis: int = 0, num_outputs: int | None = None) -> Any:
    return lambda sizes: _splitter(site, axis, sizes, num_outputs)


@operator("Expand", host=(1,))
def expand(site: Any) -> Any:
    def prepare(shape: Any) -> Any:
        sizes = shape.tolist()
        return lambda x: x.expand(adjoint.broadcast_shapes(x.shape, sizes))

    return prepare


@operator("Tile", since=6, host=(1,))
def tile(site: Any) -> Any:
    def prepare(repeats: Any) -> Any:
        times = repeats.tolist()
        return lambda x: x.repeat(times)

    return prepare


def _slicer(starts: Any, ends: Any, axes: Any, steps: Any) -> Any:
    dims = range(len(starts)) if axes is None else [int(a) for a in axes]
    strides = [1] * len(starts) if steps is None else [int(s) for s in steps]
    parts = [*zip(dims, [int(s) for s in starts], [int(e) for e in ends], strides)]

    def cut(x: Any) -> Any:
        shape = x.shape
        places: list[Any] = [slice(None)] * len(shape)
        flipped = []
        for dim, start, end, step in parts:
            size = shape[dim]
            first, last, by = slice(start, end, step).indices(size)
            if by < 0:
                flipped.append(dim)
                first, last, by = size - 1 - first, size - 1 - last, -by
            places[dim] = slice(first, max(last, first), by)
        if flipped:
            x = x.flip(flipped)
        return x[tuple(places)]

    return cut


@operator("Slice")
def slice_by_attributes(site: Any, starts: Any, ends: Any, axes: Any = None) -> Any:
    return _slicer(starts, ends, axes, None)


@operator("Slice", since=10, host=(1, 2, 3, 4))
def slice_by_inputs(site: Any) -> Any:
    return _slicer


_OURS = {"reflect": "reflect", "edge": "replicate"}


def pad(x: Any, before: dict[int, int], after: dict[int, int], mode: str, value: Any = 0) -> Any:
    """``x`` with so much before and after along each of some dimensions; a negative number takes away."""
    rank = x.dim()
    if mode == "constant":
        widths = [n for dim in reversed(range(rank)) for n in (before.get(dim, 0), after.get(dim, 0))]
        while len(widths) > 2 and widths[-2:] == [0, 0]:
            del widths[-2:]
        return functional.pad(x, widths, value=value)
    changed = {dim for dim in (*before, *after) if before.get(dim, 0) or after.get(dim, 0)}
    lowest = min(changed, default=rank)
    if mode in _OURS and lowest >= 2 and rank <= 5 and all(
        0 <= n < x.shape[dim] for ends in (before, after) for dim, n in ends.items()
    ):  # fmt: skip
        widths = [n for dim in reversed(range(2, rank)) for n in (before.get(dim, 0), after.get(dim, 0))]
        return functional.pad(x, widths, mode=_OURS[mode])
    kind: Any = mode  # which are NumPy's names
    for dim in sorted(changed):
        first, last = before.get(dim, 0), after.get(dim, 0)
        places = np.pad(np.arange(x.shape[dim]), (max(first, 0), max(last, 0)), mode=kind)
        places = places[max(-first, 0) : len(places) - max(-last, 0)]
        x = x.index_select(dim, adjoint.as_tensor(places))
    return x


def _padder(mode: str, pads: Any, value: Any, axes: Any) -> Any:
    widths = [int(n) for n in pads]
    number = 0 if value is None else value.item() if hasattr(value, "item") else value
    half = len(widths) // 2

    def run(x: Any) -> Any:
        dims = range(x.dim()) if axes is None else [int(a) % x.dim() for a in axes]
        return pad(x, dict(zip(dims, widths[:half])), dict(zip(dims, widths[half:])), mode, number)

    return run


@operator("Pad", since=2)
def pad_by_attributes(site: Any, pads: Any, mode: str = "constant", value: float = 0.0) -> Any:
    return _padder(mode, pads, value, None)


@operator("Pad", since=11, host=(1, 2, 3), differentiable=(2,))
def pad_by_inputs(site: Any, mode: str = "constant") -> Any:
    return lambda pads, value, axes: _padder(mode, pads, value, axes)


@operator("CenterCropPad", host=(1,))
def center_crop_pad(site: Any, axes: Any = None) -> Any:
    def prepare(shape: Any) -> Any:
        sizes = shape.tolist()

        def run(x: Any) -> Any:
            before, after = {}, {}
            for dim, size in zip(range(x.dim()) if axes is None else [a % x.dim() for a in axes], sizes):
                missing = size - x.shape[dim]
                first = missing // 2 if missing > 0 else -(-missing // 2)
                before[dim], after[dim] = first, missing - first
            return pad(x, before, after, "constant")

        return run

    return prepare


@operator("DepthToSpace")
def depth_to_space(site: Any, blocksize: int, mode: str = "DCR") -> Any:
    def run(x: Any) -> Any:
        if mode == "CRD":
            return functional.pixel_shuffle(x, blocksize)
        n, c, h, w = x.shape
        parts = x.reshape(n, blocksize, blocksize, c // blocksize**2, h, w)
        return parts.permute(0, 3, 4, 1, 5, 2).reshape(n, c // blocksize**2, h * blocksize, w * blocksize)

    return run


@operator("SpaceToDepth")
def space_to_depth(site: Any, blocksize: int, mode: str = "DCR") -> Any:
    def run(x: Any) -> Any:
        n, c, h, w = x.shape
        parts = x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize)
        order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
        return parts.permute(order).reshape(n, c * blocksize**2, h // blocksize, w // blocksize)

    return run


@operator("Trilu", host=(1,))
def triangle(site: Any, upper: int = 1) -> Any:
    function = adjoint.triu if upper else adjoint.tril
    return lambda k: lambda x: function(x, 0 if k is None else int(k.item()))


@operator("ReverseSequence", host=(1,))
def reverse_sequence(site: Any, batch_axis: int = 1, time_axis: int = 0) -> Any:
    def prepare(lengths: Any) -> Any:
        def run(x: Any) -> Any:
            steps = np.arange(x.shape[time_axis])[:, None]
            places = np.where(steps < lengths, lengths - 1 - steps, steps)  # time, batch
            order = places if time_axis < batch_axis else places.T
            view = [1] * x.dim()
            view[time_axis], view[batch_axis] = x.shape[time_axis], x.shape[batch_axis]
            return x.gather(time_axis, adjoint.as_tensor(order).reshape(view).expand(x.shape))

        return run

    return prepare


@operator("Col2Im", host=(1, 2))
def col2im(site: Any, dilations: Any = None, pads: Any = None, strides: Any = None) -> Any:
    def prepare(image: Any, block: Any) -> Any:
        size, kernel = image.tolist(), block.tolist()
        rank = len(size)
        step = strides or (1,) * rank
        apart = dilations or (1,) * rank
        edge = pads or (0,) * 2 * rank
        padded = [n + edge[d] + edge[d + rank] for d, n in enumerate(size)]
        counts = [(n - apart[d] * (kernel[d] - 1) - 1) // step[d] + 1 for d, n in enumerate(padded)]
        # The place in the padded image of each number of each block
        places = np.zeros((*kernel, *counts), np.int64)
        for d in range(rank):
            along = np.arange(kernel[d])[:, None] * apart[d] + np.arange(counts[d]) * step[d]
            view = [1] * 2 * rank
            view[d], view[rank + d] = kernel[d], counts[d]
            places = places * padded[d] + along.reshape(view)
        index = adjoint.as_tensor(places.reshape(-1))

        def run(x: Any) -> Any:
            n = x.shape[0]
            channels = x.shape[1] // math.prod(kernel)
            blocks = x.reshape(n, channels, -1)
            whole = adjoint.zeros(n, channels, math.prod(padded), dtype=x.dtype).index_add(2, index, blocks)
            whole = whole.reshape(n, channels, *padded)
            return whole[(..., *(slice(edge[d], edge[d] + size[d]) for d in range(rank)))]

        return run

    return prepare


# Shapes, and what is computed of them


@on_host("Shape")
def shape(site: Any, start: int = 0, end: int | None = None) -> Any:
    if start == 0 and end is None:
        return lambda x: np.array(x.shape, np.int64)
    part = slice(start, end)
    return lambda x: np.array(x.shape[part], np.int64)


@on_host("Size")
def size(site: Any) -> Any:
    return lambda x: np.array(math.prod(x.shape), np.int64)


@operator("Shape")
def shape_of(site: Any, start: int = 0, end: int | None = None) -> Any:
    return lambda x: adjoint.tensor(x.shape[start:end], dtype=adjoint.int64)


@operator("Size")
def size_of(site: Any) -> Any:
    return lambda x: adjoint.tensor(x.numel())


_SAME = {
    "Abs": np.abs, "Add": np.add, "And": np.logical_and, "Ceil": np.ceil, "Equal": np.equal, "Floor": np.floor,
    "Greater": np.greater, "GreaterOrEqual": np.greater_equal, "Identity": np.asarray, "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Mul": np.multiply,    "Neg": np.negative, "Not": np.logical_not, "Or": np.logical_or, "Round": np.rint, "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Where": np.where,
}  # fmt: skip


@on_host(*_SAME)
def same_as_numpys(site: Any) -> Any:
    return _SAME[site.operator]


@on_host("Div")
def host_division(site: Any) -> Any:
    def divide(x: Any, y: Any) -> Any:
        return (
            x / y
            if x.dtype.kind == "f"
            else np.trunc(np.true_divide(x, y)).astype(x.dtype)
            if (x < 0).any()
            else x // y
        )

    return divide


@on_host("Mod")
def host_modulus(site: Any, fmod: int = 0) -> Any:
    return np.fmod if fmod else np.mod


@on_host("Max", "Min")
def host_extreme(site: Any) -> Any:
    function = np.maximum if site.operator == "Max" else np.minimum
    return lambda *xs: function.reduce(np.broadcast_arrays(*xs))


@on_host("Concat")
def host_concat(site: Any, axis: int = 1) -> Any:
    return lambda *xs: np.concatenate(xs, axis)


@on_host("Gather")
def host_gather(site: Any, axis: int = 0) -> Any:
    return lambda x, index: np.take(x, index, axis)


@on_host("Unsqueeze")
def host_unsqueeze(site: Any, axes: Any = None) -> Any:
    return lambda x, places=axes: np.expand_dims(x, tuple(int(a) for a in np.reshape(places, -1)))


@on_host("Squeeze")
def host_squeeze(site: Any, axes: Any = None) -> Any:
    return lambda x, places=axes: np.squeeze(
        x, None if places is None else tuple(int(a) for a in np.reshape(places, -1))
    )


@on_host("Reshape")
def host_reshape(site: Any, allowzero: int = 0) -> Any:
    def run(x: Any, shape: Any) -> Any:
        sizes = [int(n) for n in shape]
        return np.reshape(x, sizes if allowzero else [x.shape[d] if n == 0 else n for d, n in enumerate(sizes)])

    return run


@on_host("Slice")
def host_slice(site: Any, starts: Any = None, ends: Any = None, axes: Any = None) -> Any:
    def run(x: Any, first: Any = starts, last: Any = ends, dims: Any = axes, steps: Any = None) -> Any:
        places: list[Any] = [slice(None)] * x.ndim
        for n, (start, end) in enumerate(zip(first, last)):
            places[n if dims is None else int(dims[n])] = slice(
                int(start), int(end), None if steps is None else int(steps[n])
            )
        if steps is not None:
            for n, step in enumerate(steps):
                if step < 0:
                    dim = n if dims is None else int(dims[n])
                    begin, stop, by = places[dim].indices(x.shape[dim])
                    places[dim] = slice(begin, None if stop < 0 else stop, by)
        return x[tuple(places)]

    return run


@on_host("Expand")
def host_expand(site: Any) -> Any:
    return lambda x, shape: np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape.tolist())))


@on_host("Range")
def host_range(site: Any) -> Any:
    return lambda start, limit, delta: (
        start + delta * np.arange(max(int(-((start - limit) // delta)), 0), dtype=start.dtype)
    )


@on_host("ConstantOfShape")
def host_constant_of_shape(site: Any, value: Any = None) -> Any:
    if value is not None and not hasattr(np, str(value.dtype).removeprefix("torch.").replace("bool", "bool_")):
        return None
    number = np.float32(0) if value is None else value.numpy().reshape(())
    return lambda shape: np.full(shape.tolist(), number)


@on_host("Cast")
def host_cast(site: Any, to: int, saturate: int = 1, round_mode: str = "up") -> Any:
    from adjoint.onnx.loading.tensors import dtype_of

    name = str(dtype_of(to)).removeprefix("torch.").replace("bool", "bool_")
    if not hasattr(np, name):  # a tensor is needed for it
        return None
    dtype = np.dtype(name)
    return lambda x: np.asarray(x).astype(dtype)


@on_host("ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin")
def host_reduction(site: Any, axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Any:
    function: Any = {"ReduceProd": np.prod, "ReduceSum": np.sum, "ReduceMax": np.max, "ReduceMin": np.min}[
        site.operator
    ]

    def run(x: Any, places: Any = axes) -> Any:
        if places is None or len(places) == 0:
            return x if noop_with_empty_axes else np.asarray(function(x, keepdims=bool(keepdims)), x.dtype)
        return np.asarray(function(x, axis=tuple(int(a) for a in places), keepdims=bool(keepdims)), x.dtype)

    return run
