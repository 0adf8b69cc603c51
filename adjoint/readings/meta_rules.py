"""What the results of NumPy's functions look like, for arrays without memory: one rule per function.

Views are taken of the forms, which NumPy does; other results have a shape, and a dtype that a call with small arrays tells.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.readings.meta import (
    MetaArray,
    NoShapeRule,
    broadcast,
    elementwise,
    form_of,
    like,
    new,
    no_data,
    reduction,
    rule,
    stand_in,
    unmade,
)

for _f in (np.sum, np.prod, np.mean, np.max, np.min, np.any, np.all, np.argmax, np.argmin, np.var, np.std, np.median,
           np.count_nonzero, np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanmedian, np.average, np.ptp):  # fmt: skip

    def _reducing(function: Any) -> None:
        @rule(function)
        def reducing(array: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
            return reduction(function, None, array, axis, *args, **kwargs)

    _reducing(_f)


# Views


def _viewing(*functions: Any) -> None:
    for function in functions:

        def viewing(array: Any, *args: Any, _function: Any = function, **kwargs: Any) -> MetaArray:
            return MetaArray(_function(form_of(array), *args, **kwargs))

        rule(function)(viewing)


_viewing(np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.broadcast_to, np.diagonal,
         np.real, np.atleast_1d, np.atleast_2d, np.atleast_3d)  # fmt: skip


@rule(np.imag)
def _imag(array: Any) -> MetaArray:
    return MetaArray(array.form.imag) if array.dtype.kind == "c" else like(array)


@rule(np.reshape)
def _reshape(array: Any, shape: Any = None, *args: Any, **kwargs: Any) -> MetaArray:
    shape = kwargs.get("newshape", shape)
    shape = _resolved(array, shape)
    strides = _strides_in(array, shape)
    if strides is None:  # it would have to be copied, which NumPy would try
        return new(shape, array.dtype)
    form = form_of(array)
    return MetaArray(np.ndarray(shape, form.dtype, _memory(form), 0, strides) if form.size else np.empty(shape, form.dtype))


def _memory(form: Any) -> Any:
    """The bytes from a form's first element on, and as many as it reaches."""
    return np.asarray(_Span(form))


class _Span:
    __slots__ = ("__array_interface__", "form")

    def __init__(self, form: Any) -> None:
        reach = form.itemsize + sum((n - 1) * s for n, s in zip(form.shape, form.strides))
        self.__array_interface__ = {**form.__array_interface__, "shape": (reach,), "typestr": "|u1", "strides": None}
        self.__array_interface__.pop("descr", None)
        self.form = form


def _strides_in(array: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The strides of a view of another shape; None where there is none."""
    runs: list[list[int]] = []  # sizes of dimensions that follow each other in memory, taken together, and the last's stride
    for n, stride in zip(array.shape, array.strides):
        if n != 1:
            if runs and runs[-1][1] == n * stride:
                runs[-1] = [runs[-1][0] * n, stride]
            else:
                runs.append([n, stride])
    if not array.size:
        return new(shape, array.dtype).strides  # type: ignore[no-any-return]
    found: list[int] = []
    left, (rest, step) = iter(runs), (1, array.itemsize)
    for n in shape:
        if n != 1:
            rest, step = next(left) if rest == 1 else (rest, step)
            if rest % n:
                return None
            rest //= n
        found.append(step * rest)
    return tuple(found)


def _resolved(array: Any, shape: Any) -> tuple[int, ...]:
    """A shape with at most one -1, worked out.  Raises ValueError where it does not fit."""
    shape = tuple(int(n) for n in shape) if isinstance(shape, (tuple, list)) else (int(shape),)
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    if -1 in shape and known and array.size % known == 0:
        shape = tuple(array.size // known if n == -1 else n for n in shape)
        known = array.size
    if known != array.size or -1 in shape:
        raise ValueError(f"cannot reshape array of size {array.size} into shape {shape}")
    return shape


@rule(np.ravel)
def _ravel(array: Any, order: str = "C") -> MetaArray:
    return _reshape(array, (-1,))


@rule(np.broadcast_arrays)
def _broadcast_arrays(*arrays: Any, **kwargs: Any) -> Any:
    shape = broadcast(*arrays)
    return tuple(MetaArray(np.broadcast_to(form_of(a), shape)) for a in arrays)


@rule(np.split, np.array_split)
def _split(array: Any, sections: Any, axis: int = 0) -> Any:
    return [MetaArray(part) for part in np.split(array.form, sections, axis)]


@rule(np.unstack) if hasattr(np, "unstack") else lambda f: f
def _unstack(array: Any, /, *, axis: int = 0) -> Any:
    return tuple(MetaArray(part) for part in np.moveaxis(array.form, axis, 0)) if array.ndim > 1 else _parts(array)


def _parts(array: Any) -> Any:
    return tuple(array[i] for i in range(array.shape[0]))


# Indexing


def _is_advanced(i: Any) -> bool:
    return isinstance(i, (list, np.ndarray, MetaArray))


@rule(np.ndarray.__getitem__)
def _getitem(array: Any, index: Any) -> MetaArray:
    parts = index if isinstance(index, tuple) else (index,)
    if not any(_is_advanced(p) for p in parts):
        if not any(p is Ellipsis for p in parts):
            parts = (*parts, Ellipsis)  # an element is an array of no dimensions, too
        form = form_of(array)[parts]
        return MetaArray(form) if all(s >= 0 for s in form.strides) else new(form.shape, form.dtype)
    if any(p.__class__ is MetaArray and p.dtype == bool for p in parts):
        raise _nonzero_unmade()
    places = tuple(np.broadcast_to(np.intp(0), p.shape) if p.__class__ is MetaArray else p for p in parts)
    return new(_selected_shape(array.shape, places), array.dtype)


def _selected_shape(shape: Any, places: Any) -> tuple[int, ...]:
    """The shape of what advanced indices select: the common shape of the indices, where the first of them stands if they are side
    by side, and in front otherwise."""
    flat: list[Any] = []
    for p in places:
        p = np.asarray(p) if isinstance(p, list) else p
        flat += p.nonzero() if isinstance(p, np.ndarray) and p.dtype == bool else (p,)
    used = sum(p is not None and p is not Ellipsis for p in flat)
    if not any(p is Ellipsis for p in flat):
        flat.append(Ellipsis)
    at = next(i for i, p in enumerate(flat) if p is Ellipsis)
    flat[at : at + 1] = [slice(None)] * (len(shape) - used)
    arrays = [p for p in flat if isinstance(p, np.ndarray)]
    common = np.broadcast_shapes(*(a.shape for a in arrays))
    kept: list[int] = []
    places_of = []
    dim = 0
    for i, p in enumerate(flat):
        if p is None:
            kept.append(1)
            continue
        if isinstance(p, slice):
            kept.append(len(range(*p.indices(shape[dim]))))
        else:
            places_of.append((i, len(kept)))
        dim += 1
    first, last = places_of[0][0], places_of[-1][0]
    before = places_of[0][1] if last - first + 1 == len(places_of) else 0
    return (*kept[:before], *common, *kept[before:])


@rule(np.ndarray.__setitem__, np.copyto, np.put_along_axis, np.fill_diagonal, np.put, np.place, np.putmask)
def _written(array: Any, *args: Any, **kwargs: Any) -> None:
    if isinstance(array, np.ndarray):
        raise no_data()


@rule(np.take)
def _take(array: Any, indices: Any, axis: Any = None, **kwargs: Any) -> MetaArray:
    shape = np.shape(indices) if not hasattr(indices, "shape") else tuple(indices.shape)
    if axis is None:
        return new(shape, array.dtype)
    axis %= array.ndim
    return new((*array.shape[:axis], *shape, *array.shape[axis + 1 :]), array.dtype)


@rule(np.take_along_axis)
def _take_along_axis(array: Any, indices: Any, axis: Any = -1) -> MetaArray:
    axis %= array.ndim
    sizes = [n if d != axis else indices.shape[axis] for d, n in enumerate(array.shape)]
    return new(np.broadcast_shapes(tuple(sizes), tuple(indices.shape)), array.dtype)


# As the operand


def _as_operand(*functions: Any) -> None:
    for function in functions:

        def as_operand(array: Any, *args: Any, _function: Any = function, **kwargs: Any) -> MetaArray:
            with np.errstate(all="ignore"):
                return like(array, _function(stand_in(array), *stand_in(args), **kwargs).dtype)

        rule(function)(as_operand)


_as_operand(np.nan_to_num, np.tril, np.triu, np.sort, np.argsort, np.partition, np.argpartition)


@rule(np.round, np.around) if np.round is not np.around else rule(np.round)
def _round(array: Any, decimals: int = 0, out: Any = None) -> MetaArray:
    return like(array)


@rule(np.flip)
def _flip(array: Any, axis: Any = None) -> MetaArray:
    return new(array.shape, array.dtype)  # nobody sees steps backward


@rule(np.rot90)
def _rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> MetaArray:
    return new(np.rot90(array.form, k, axes).shape, array.dtype)


@rule(np.roll)
def _roll(array: Any, shift: Any, axis: Any = None) -> MetaArray:
    return like(array)


@rule(np.cumsum, np.cumprod)
def _cumulated(array: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> MetaArray:
    kind = np.cumsum(stand_in(array), axis, dtype).dtype
    return new((array.size,), kind) if axis is None else like(array, kind)


@rule(np.copy, np.ascontiguousarray)
def _copy(array: Any, *args: Any, **kwargs: Any) -> MetaArray:
    return new(array.shape, array.dtype)


@rule(np.ndarray.astype)
def _astype(array: Any, dtype: Any, **kwargs: Any) -> MetaArray:
    return like(array, dtype)


@rule(np.zeros_like, np.ones_like, np.empty_like)
def _like(array: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **kwargs: Any) -> MetaArray:
    return like(array, dtype) if shape is None else new(np.atleast_1d(shape).tolist(), dtype or array.dtype)


@rule(np.full_like)
def _full_like(array: Any, value: Any, dtype: Any = None, **kwargs: Any) -> MetaArray:
    return _like(array, dtype, **kwargs)


# Of several operands


@rule(np.where)
def _where(condition: Any, *choices: Any) -> MetaArray:
    if not choices:
        raise _nonzero_unmade()
    return elementwise(np.where, (condition, *choices), {})  # type: ignore[no-any-return]


@rule(np.clip)
def _clip(array: Any, low: Any = None, high: Any = None, out: Any = None, **kwargs: Any) -> Any:
    return elementwise(np.clip, (array, low, high), {} if out is None else {"out": out})


@rule(np.concatenate)
def _concatenate(arrays: Any, axis: Any = 0, **kwargs: Any) -> MetaArray:
    first = arrays[0]
    axis %= first.ndim
    for a in arrays[1:]:
        if a.ndim != first.ndim or any(x != y for d, (x, y) in enumerate(zip(a.shape, first.shape)) if d != axis):
            raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")
    shape = [sum(a.shape[axis] for a in arrays) if d == axis else n for d, n in enumerate(first.shape)]
    return new(shape, np.result_type(*(a.dtype for a in arrays)))


@rule(np.stack)
def _stack(arrays: Any, axis: int = 0, **kwargs: Any) -> MetaArray:
    return _concatenate([MetaArray(np.expand_dims(form_of(a), axis)) for a in arrays], axis)


@rule(np.repeat)
def _repeat(array: Any, repeats: Any, axis: Any = None) -> MetaArray:
    if repeats.__class__ is MetaArray:
        raise no_data()
    if axis is None:
        array, axis = array.reshape(-1), 0
    axis %= array.ndim
    times = np.asarray(repeats)
    length = int(times.sum()) if times.ndim and times.size > 1 else array.shape[axis] * int(times.reshape(-1)[0])
    return new([length if d == axis else n for d, n in enumerate(array.shape)], array.dtype)


@rule(np.tile)
def _tile(array: Any, reps: Any) -> MetaArray:
    reps = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    ndim = max(array.ndim, len(reps))
    shape, reps = (1,) * (ndim - array.ndim) + tuple(array.shape), (1,) * (ndim - len(reps)) + reps
    return new([n * r for n, r in zip(shape, reps)], array.dtype)


@rule(np.pad)
def _pad(array: Any, widths: Any, *args: Any, **kwargs: Any) -> MetaArray:
    widths = np.broadcast_to(np.asarray(widths), (array.ndim, 2)).tolist()
    return new([n + before + after for n, (before, after) in zip(array.shape, widths)], array.dtype)


@rule(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> MetaArray:
    if not a.ndim or not b.ndim:
        return elementwise(np.multiply, (a, b), {})  # type: ignore[no-any-return]
    dtype = np.result_type(a.dtype, b.dtype)
    return new((*a.shape[:-1], *b.shape[:-2], *(b.shape[-1:] if b.ndim > 1 else ())), dtype)


@rule(np.einsum)
def _einsum(equation: Any, *operands: Any, **kwargs: Any) -> MetaArray:
    if not isinstance(equation, str) or "..." in equation:
        raise NoShapeRule("einsum with ...")
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    letters = inputs.replace(",", "")
    if not arrow:
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    sizes: dict[str, int] = {}
    for names, operand in zip(inputs.split(","), operands):
        for name, n in zip(names, operand.shape):
            sizes[name] = max(sizes.get(name, 1), n)
    return new([sizes[c] for c in output], np.result_type(*(a.dtype for a in operands)))


@rule(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> MetaArray:
    if isinstance(axes, int):
        left, right = range(a.ndim - axes, a.ndim), range(axes)
    else:
        left, right = ([x] if isinstance(x, int) else list(x) for x in axes)
    gone = [{x % y.ndim for x in of} for of, y in ((left, a), (right, b))]
    shape = [n for y, over in zip((a, b), gone) for d, n in enumerate(y.shape) if d not in over]
    return new(shape, np.result_type(a.dtype, b.dtype))


@rule(np.trace)
def _trace(array: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **kwargs: Any) -> MetaArray:
    return new(np.diagonal(array.form, offset, axis1, axis2).shape[:-1], np.trace(stand_in(array)[..., 0, 0][None, None]).dtype)


# What there is to know without elements


@rule(np.shape)
def _shape(array: Any) -> Any:
    return array.shape


@rule(np.ndim)
def _ndim(array: Any) -> Any:
    return array.ndim


@rule(np.size)
def _size(array: Any, axis: Any = None) -> Any:
    return array.size if axis is None else array.shape[axis]


@rule(np.iscomplexobj)
def _iscomplexobj(array: Any) -> bool:
    return bool(array.dtype.kind == "c")


@rule(np.result_type)
def _result_type(*operands: Any) -> Any:
    return np.result_type(*(o.dtype if o.__class__ is MetaArray else o for o in operands))


@rule(np.may_share_memory, np.shares_memory)
def _share(a: Any, b: Any, *args: Any, **kwargs: Any) -> bool:
    return bool(np.may_share_memory(form_of(a), form_of(b)))


def _nonzero_unmade() -> NotImplementedError:
    return NotImplementedError(
        "The register_meta function for torch.nonzero() raises unimplemented by default, as a correct data-independent "
        "implementation does not exist. This implementation returns a fake value, assuming all elements of the tensor are "
        "non-zero. To enable this registration, please set 'torch.fx.experimental._config.meta_nonzero_assume_all_nonzero' to "
        "True."
    )


@rule(np.nonzero, np.argwhere, np.flatnonzero)
def _nonzero(array: Any) -> Any:
    raise _nonzero_unmade()


for _f, _name in ((np.unique, "_unique2"), (np.bincount, "bincount"), (np.array_equal, "equal"), (np.allclose, "equal"),
                  (np.histogram, "histc")):  # fmt: skip

    def _depending(function: Any, name: str) -> None:
        @rule(function)
        def depending(*args: Any, **kwargs: Any) -> Any:
            raise unmade(name)

    _depending(_f, _name)


@rule(np.searchsorted)
def _searchsorted(array: Any, values: Any, *args: Any, **kwargs: Any) -> MetaArray:
    return new(values.shape, np.int64)
