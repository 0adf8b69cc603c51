"""The batched reading: an array that stands for a batch of arrays, one per sample.

``vmap`` hands operators tensors over :class:`BatchedArray`.  Their forwards and formulas are NumPy code written for
one sample; every NumPy function they call arrives here and is answered by its batching rule, which computes all
samples at once.  The batch is always the first dimension of the physical array; to the code it is invisible.

Batches nest: the physical array of an inner level may itself be batched at an outer one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from textwrap import indent
from typing import Any

import numpy as np

from adjoint.interrupts import at_once
from adjoint.readings.face import ArrayFace
from adjoint.summation import total
from adjoint.tensor import from_array, tick
from adjoint.thread_state import declare

Rule = Callable[..., Any]

RULES: dict[Any, Rule] = {}
"""NumPy function -> its batching rule, ``rule(level, *args, **kwargs)``."""


class MissingRule(NotImplementedError):
    """A NumPy function has no batching rule; the operator that called it is run sample by sample."""


class IntoUnbatched(MissingRule):
    """Samples were to be written into an array that all samples share."""


class Level:
    """One vmap: that is being computed (``active``), or was."""

    __slots__ = ("active", "birth", "depth", "number", "randomness", "size")
    _numbers = count()

    def __init__(self, size: int, randomness: str = "error") -> None:
        self.size = size
        self.randomness = randomness
        self.number = next(self._numbers)
        self.active = True
        self.depth = len(_thread.within) + 1  # of how many transforms, from the outermost on, it is the innermost
        self.birth = tick()  # what was recorded before it came from outside


_thread = declare(levels=())  # the vmaps that this thread is inside of, the outermost first


def current_levels() -> tuple[Level, ...]:
    """The vmaps that this thread is inside of, the outermost first."""
    return _thread.levels  # type: ignore[no-any-return]


class entered:
    """Be inside of a vmap for the time of a ``with``."""

    def __init__(self, level: Level) -> None:
        self.level = level

    def __enter__(self) -> None:
        self._before = _thread.levels
        _thread.levels = (*self._before, self.level)

    @at_once
    def __exit__(self, *exc: object) -> None:
        _thread.levels = self._before
        self.level.active = False


class left:
    """Be outside of a vmap again for the time of a ``with``."""

    def __init__(self, level: Level) -> None:
        at = _thread.levels.index(level)
        self._without = _thread.levels[:at] + _thread.levels[at + 1 :]

    def __enter__(self) -> None:
        self._before = _thread.levels
        _thread.levels = self._without

    @at_once
    def __exit__(self, *exc: object) -> None:
        _thread.levels = self._before


def check_randomness() -> None:
    """Raise PyTorch's error inside of a vmap that allows no random numbers."""
    if any(level.randomness == "error" for level in _thread.levels):
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )


def to_draw_into(array: Any) -> Any:
    """A new array that is to be filled with random numbers: inside of a vmap under "different" randomness, one for
    each sample."""
    if not _thread.levels:
        return array
    check_randomness()
    different = different_levels()
    if not different:
        return array
    found: Any = np.empty((*(level.size for level in different), *array.shape), array.dtype)
    for level in different:
        found = BatchedArray(found, level)
    return found


def drawn_for(array: Any) -> Any:
    """What random numbers are drawn for, an array of probabilities for one: once for each sample of every vmap under
    "different" randomness.  Raises PyTorch's RuntimeError where samples of a vmap under "same" would differ."""
    if not _thread.levels:
        return array
    check_randomness()
    different = different_levels()
    own = levels_of(array)
    if any(level.active and level not in different for level in own):
        raise RuntimeError(
            "Vmap does not currently support same randomness with a batched tensor input. Please file an issue with functorch"
        )
    if own and all(level in own for level in different):
        return array
    for level in reversed(different):
        array = out_of_batch(array, level, 0)
    for level in different:
        array = into_batch(array, level, 0)
    return array


def check_own_numbers(array: Any) -> None:
    """Raise PyTorch's error for a draw into an array that the samples of a vmap share, where each is to have its own."""
    check_randomness()
    own = levels_of(array)
    if any(level not in own for level in different_levels()):
        raise RuntimeError(
            "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same "
            "randomness. If this is necessary for your usage, please file an issue with functorch."
        )


def different_levels() -> list[Level]:
    """The vmaps around this call, the outermost first, in which every sample has random numbers of its own."""
    return [level for level in _thread.levels if level.randomness == "different"]


def rule(*functions: Any) -> Callable[[Rule], Rule]:
    """Declare the batching rule of NumPy functions (a decorator)."""

    def declare(implementation: Rule) -> Rule:
        for f in functions:
            assert f not in RULES, f"{f} has two batching rules"
            RULES[f] = implementation
        return implementation

    return declare


def _innermost(values: Any, level: Any) -> Any:
    """The innermost level of the arrays among the values; or the first of them that is of another reading."""
    for value in values:
        kind = value.__class__
        if kind is BatchedArray:
            if level is None or value.level.number > level.number:
                level = value.level
        elif kind is tuple or kind is list:
            level = _innermost(value, level)
            if level.__class__ is not Level and level is not None:
                return level
        elif kind is not np.ndarray and isinstance(value, ArrayFace):
            return value
    return level


def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    level = _innermost(args, None)
    if kwargs and level.__class__ is Level:
        level = _innermost(kwargs.values(), level)
    if level.__class__ is not Level:  # what records what is done to it takes batches for constants; the reverse loses it
        return level._call(function, args, kwargs)
    if function.__class__ is np.ufunc:
        return _elementwise(level, function, args, kwargs)
    implementation = RULES.get(function)
    if implementation is None:
        if isinstance(function, tuple) and function[1] == "reduce":
            return reduced(level, function[0], *args, **kwargs)
        raise MissingRule(getattr(function, "__name__", str(function)))
    return implementation(level, *args, **kwargs)


class BatchedArray(ArrayFace):
    """A batch of arrays that looks like one of them."""

    __slots__ = ("array", "level")

    def __init__(self, array: Any, level: Level) -> None:
        self.array = array  # the batch is its first dimension
        self.level = level

    shape = property(lambda self: self.array.shape[1:])
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim - 1)
    strides = property(lambda self: self.array.strides[1:])
    flags = property(lambda self: self.array.flags)
    itemsize = property(lambda self: self.array.itemsize)
    base = property(lambda self: self.array)

    @property
    def size(self) -> int:
        n = 1
        for s in self.array.shape[1:]:
            n *= s
        return n

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    _call = staticmethod(_call)

    def __setitem__(self, index: Any, value: Any) -> None:
        _call(np.ndarray.__setitem__, (self, index, value), {})

    def fill(self, value: Any) -> None:
        """As ``numpy.ndarray.fill``."""
        self.array.fill(value)

    def view(self, dtype: Any) -> BatchedArray:
        """As ``numpy.ndarray.view``."""
        return BatchedArray(self.array.view(dtype), self.level)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise MissingRule("numpy.asarray")

    def item(self, *args: Any) -> Any:
        """Not to be had: every sample has its own value."""
        raise RuntimeError(
            "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a "
            "Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere inside "
            "PyTorch internals, please file a bug report."
        )

    def tolist(self) -> Any:
        """Not to be had: every sample has its own values."""
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def __bool__(self) -> bool:
        raise RuntimeError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support "
            "that yet, please file an issue at https://github.com/pytorch/pytorch/issues ."
        )

    def tensor_text(self, write: Callable[[Any], str]) -> str:
        """The text of a tensor over this array, given how tensors are written: the level, and all samples."""
        samples = indent(write(from_array(self.array)), "    ")
        return f"BatchedTensor(lvl={self.level.depth}, bdim=0, value=\n{samples}\n)"

    def __repr__(self) -> str:
        return f"BatchedArray(batch={self.array.shape[0]}, level={self.level.number}, shape={self.shape})"


def wrapped(found: Any, level: Level) -> Any:
    """A physical array, or a tuple or list of them, as what one sample's code sees."""
    if isinstance(found, (tuple, list)):
        return tuple(wrapped(f, level) for f in found)
    return BatchedArray(found, level)


def physical(value: Any, level: Level) -> tuple[Any, bool]:
    """An operand's array at this level, and whether it has the level's batch dimension."""
    if isinstance(value, BatchedArray) and value.level is level:
        return value.array, True
    return value, False


def materialized(value: Any, level: Level) -> Any:
    """An operand's physical array with the level's batch dimension, by broadcasting where it has none."""
    array, batched = physical(value, level)
    if batched:
        return array
    array = array if hasattr(array, "ndim") else np.asarray(array)
    return np.broadcast_to(array, (level.size, *array.shape))


def levels_of(array: Any) -> list[Level]:
    """The levels that an array is batched at, the innermost first."""
    found = []
    while array.__class__ is BatchedArray:
        found.append(array.level)
        array = array.array
    return found


def with_levels(array: Any, levels: list[Level]) -> Any:
    """The array, which is batched at as many levels, as one that is batched at these, the innermost first."""
    if not levels:
        return array
    return BatchedArray(with_levels(array.array, levels[1:]), levels[0])


def into_batch(array: Any, level: Level, dim: int) -> BatchedArray:
    """The array with its dimension ``dim`` as the batch of ``level``.  Of nested batches the later vmap's is outermost,
    also where this level's is made after that."""
    if array.__class__ is BatchedArray and array.level.number > level.number:
        return BatchedArray(into_batch(array.array, level, dim + 1), array.level)
    return BatchedArray(array if dim == 0 else np.moveaxis(array, dim, 0), level)


def out_of_batch(array: Any, level: Level, dim: int) -> Any:
    """The array with the batch of ``level`` as its dimension ``dim``, by broadcasting where it has none."""
    if array.__class__ is BatchedArray and array.level.number > level.number:
        return BatchedArray(out_of_batch(array.array, level, dim + 1), array.level)
    whole = materialized(array, level)
    return whole if dim == 0 else np.moveaxis(whole, 0, dim)


def summed(array: BatchedArray, level: Level) -> Any:
    """The array summed over the samples of ``level``, one of those that it is batched at."""
    if array.level is level:
        return total(array.array, 0)
    return BatchedArray(summed(array.array, level), array.level)


def aligned(value: Any, level: Level, ndim: int) -> Any:
    """An operand's physical array, with ones behind the batch dimension up to ``ndim`` logical dimensions."""
    array, batched = physical(value, level)
    if batched and array.ndim - 1 < ndim:
        return array.reshape(array.shape[:1] + (1,) * (ndim - array.ndim + 1) + array.shape[1:])
    return array


_SCALARS = frozenset({bool, int, float, complex})


def _ndim(value: Any) -> int:
    return value.ndim if hasattr(value, "ndim") else np.ndim(value)


def _elementwise(level: Level, ufunc: np.ufunc, args: Any, kwargs: dict[str, Any]) -> Any:
    if not kwargs and ufunc.signature is None and ufunc.nout == 1:  # the usual ones, without a loop
        if len(args) == 1:
            return BatchedArray(ufunc(args[0].array), level)
        if len(args) == 2:
            a, b = args
            if a.__class__ is BatchedArray is b.__class__ and a.level is level is b.level:
                x, y = a.array, b.array
                if x.ndim == y.ndim:
                    return BatchedArray(ufunc(x, y), level)
            elif a.__class__ is BatchedArray and a.level is level:  # of more dimensions, with the batch, than the other
                if b.__class__ in _SCALARS or getattr(b, "ndim", 0) < a.array.ndim:
                    return BatchedArray(ufunc(a.array, b), level)
            elif a.__class__ in _SCALARS or getattr(a, "ndim", 0) < b.array.ndim:
                return BatchedArray(ufunc(a, b.array), level)
    if ufunc.signature is not None:
        if ufunc is np.matmul and not kwargs:
            return matmul(level, *args)
        raise MissingRule(ufunc.__name__)
    ndim = max(map(_ndim, args))
    operands = [aligned(a, level, ndim) for a in args]
    out = kwargs.get("out")
    if out is not None:
        target = out[0] if isinstance(out, tuple) else out
        if not (isinstance(target, BatchedArray) and target.level is level):
            raise MissingRule(f"{ufunc.__name__} into an array without the batch")
        kwargs = {**kwargs, "out": target.array}
    made = ufunc(*operands, **kwargs)
    if isinstance(made, tuple):
        return tuple(BatchedArray(m, level) for m in made)
    return BatchedArray(made, level)


def reduced(level: Level, ufunc: np.ufunc, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
            keepdims: bool = False, **kwargs: Any) -> Any:  # fmt: skip
    """``ufunc.reduce`` of each sample."""
    if out is not None or kwargs:
        raise MissingRule(f"{ufunc.__name__}.reduce")
    axes = shifted(axis, array.ndim)
    if ufunc is np.add and dtype in (None, array.dtype) and array.dtype.kind in "fVc":
        return BatchedArray(total(array.array, axes, keepdims), level)
    return BatchedArray(ufunc.reduce(array.array, axis=axes, dtype=dtype, keepdims=keepdims), level)


def shifted(axis: Any, ndim: int) -> Any:
    """Logical axes (one, several, or None for all) as axes of the physical array."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(a, ndim) for a in axis)
    return axis + 1 if axis >= 0 else axis + ndim + 1


def matmul(level: Level, a: Any, b: Any) -> BatchedArray:
    """Batched ``numpy.matmul``; a matrix without the batch is multiplied once with all samples' rows."""
    x, x_batched = physical(a, level)
    y, y_batched = physical(b, level)
    m, n = a.ndim, b.ndim
    if m == 1 and n == 1:
        left = x[..., None, :]
        right = y[..., :, None]
        return BatchedArray(np.matmul(left, right)[..., 0, 0], level)
    if m == 1:
        made = matmul(level, BatchedArray(x[:, None, :], level) if x_batched else x[None, :], b).array
        return BatchedArray(made[..., 0, :], level)
    if n == 1:
        if x_batched and not y_batched:
            return BatchedArray(np.matmul(x, y), level)
        made = matmul(level, a, BatchedArray(y[:, :, None], level) if y_batched else y[:, None]).array
        return BatchedArray(made[..., 0], level)
    if x_batched and not y_batched and m == 2 and n == 2 and x.ndim == 3:
        rows = np.matmul(x.reshape(x.shape[0] * x.shape[1], x.shape[2]), y)  # one large product instead of many small ones
        return BatchedArray(rows.reshape(*x.shape[:-1], y.shape[-1]), level)
    if not x_batched and m == 2 and n == 2 and y.ndim == 3 and y.shape[-1] == 1:
        return BatchedArray(np.matmul(y[..., 0], x.T)[..., None], level)
    ndim = max(m, n)
    if a.shape[-1] == 1:  # an outer product, which matmul would begin a BLAS call for in every sample
        if x.dtype.kind in "fc" and x.dtype == y.dtype:
            return BatchedArray(np.multiply(aligned(a, level, ndim), aligned(b, level, ndim)), level)
    return BatchedArray(np.matmul(aligned(a, level, ndim), aligned(b, level, ndim)), level)
