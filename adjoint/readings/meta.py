"""The meta reading: arrays that have a shape, a dtype and strides, and no memory.

Tensors on the device ``meta`` are over a :class:`MetaArray`.  Operators and formulas are handed them as they would be NumPy's, and
every NumPy function answers here with what its result would look like, so no operator has a second definition.  Where a function
has no rule, its result is that of zeros, if there are few of them.

A MetaArray holds a *form*: an array of NumPy's at an address that nothing is at.  It is viewed and asked for its strides, and
must never be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from math import prod
from typing import Any, NoReturn

import numpy as np

from adjoint.interrupts import at_once
from adjoint.layouts import CHANNELS_LAST_NDIM, memory_format, nesting, preserve_format
from adjoint.readings.batched import MissingRule
from adjoint.readings.face import ArrayFace
from adjoint.thread_state import declare

Rule = Callable[..., Any]

RULES: dict[Any, Rule] = {}
"""NumPy function -> what its result looks like, ``rule(*args, **kwargs)``."""

_RULES_ARE_IN = ["adjoint.readings.meta_rules", "adjoint.ops.meta_kernels"]  # imported when the first is needed

FEW = 1 << 20
"""How many zeros may stand for what has no rule."""


class NoShapeRule(MissingRule):
    """A function has no rule that says what its result looks like."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Adjoint cannot tell the shape of {what} on the device meta")


def no_data() -> NotImplementedError:
    """The error of asking for elements, of which there are none."""
    return NotImplementedError("Cannot copy out of meta tensor; no data!")


def unmade(name: str) -> NotImplementedError:
    """PyTorch's error of an operator whose result's shape depends on elements."""
    return NotImplementedError(
        f"aten::{name}: attempted to run this operator with Meta tensors, but there was no fake impl or Meta kernel "
        "registered. You may have run into this message while using an operator with PT2 compilation APIs "
        "(torch.compile/torch.export); in order to use this operator with those APIs you'll need to add a fake impl. Please "
        "see the following for next steps:  https://pytorch.org/tutorials/advanced/custom_ops_landing_page.html"
    )


class OnMeta(Exception):
    """Tensors were asked for on the device ``meta`` (:mod:`adjoint.declare.on_meta`)."""


shapes_alone: list[bool] = []
"""Empty while no thread ever made a tensor on the device ``meta``: until then, nobody need ask :func:`makes_nothing`."""

_thread = declare(makes_nothing=False)


def makes_nothing() -> bool:
    """Whether new arrays of this thread are to have no memory."""
    return _thread.makes_nothing  # type: ignore[no-any-return]


class making_nothing:
    """Inside, new arrays have no memory."""

    def __enter__(self) -> None:
        shapes_alone[:] = [True]
        self._before = _thread.makes_nothing
        _thread.makes_nothing = True

    @at_once
    def __exit__(self, *exc: object) -> None:
        _thread.makes_nothing = self._before


def rule(*functions: Any) -> Callable[[Rule], Rule]:
    """Declare what the results of functions look like (a decorator)."""

    def put(implementation: Rule) -> Rule:
        for f in functions:
            assert f not in RULES, f"{f} has two rules"
            RULES[f] = implementation
        return implementation

    return put


class _Nowhere:
    """What NumPy makes a form of: bytes at an address of its own, beyond those that a process can have."""

    __slots__ = ("__array_interface__",)
    _next = 1 << 48

    def __init__(self, nbytes: int) -> None:
        self.__array_interface__ = {"shape": (nbytes,), "typestr": "|u1", "data": (_Nowhere._next, False), "version": 3}
        _Nowhere._next += nbytes + 64 - nbytes % 64
        if _Nowhere._next > 1 << 62:
            _Nowhere._next = 1 << 48


def _form(shape: Sequence[int], dtype: Any, strides: tuple[int, ...] | None = None) -> Any:
    """A new form; its dimensions lie in order unless strides, in bytes, are given."""
    dtype = np.dtype(dtype)
    if strides is None:
        nbytes = prod(shape) * dtype.itemsize
    else:
        nbytes = 0 if 0 in shape else dtype.itemsize + sum((n - 1) * s for n, s in zip(shape, strides))
    return np.ndarray(shape, dtype, np.asarray(_Nowhere(nbytes)) if nbytes else None, 0, strides)


class MetaArray(ArrayFace):
    """An array without memory."""

    __slots__ = ("form",)

    def __init__(self, form: Any) -> None:
        self.form = form

    shape = property(lambda self: self.form.shape)
    dtype = property(lambda self: self.form.dtype)
    ndim = property(lambda self: self.form.ndim)
    size = property(lambda self: self.form.size)
    nbytes = property(lambda self: self.form.nbytes)
    itemsize = property(lambda self: self.form.itemsize)
    strides = property(lambda self: self.form.strides)
    flags = property(lambda self: self.form.flags)
    base = property(lambda self: self.form.base)

    @property
    def outline(self) -> tuple[str, ...]:
        """What a tensor over it prints in place of elements."""
        return "device='meta'", f"size={tuple(self.shape)}"

    @property
    def array(self) -> Any:
        """What checks that look at values are to see, of which there are none: a zero, if there are any numbers; no truth value, so
        that what holds for all or for any of them is found in order."""
        if self.dtype.kind == "b":
            return np.empty((0,) * max(self.ndim, 1), self.dtype)
        return np.zeros([min(n, 1) for n in self.shape], self.dtype)

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if function.__class__ is np.ufunc:
            return elementwise(function, args, kwargs)
        while _RULES_ARE_IN:
            import_module(_RULES_ARE_IN.pop(0))
        found = RULES.get(function)
        if found is not None:
            return found(*args, **kwargs)
        if function.__class__ is tuple:
            return _ufunc_method(*function, args, kwargs)
        body = getattr(function, "on_arrays", None)
        if body is None:
            raise NoShapeRule(getattr(function, "__name__", str(function)))
        try:  # most are made of functions that have rules
            return without_memory(body(*args, **kwargs))
        except (NoShapeRule, NotImplementedError, TypeError, ValueError):
            return of_zeros(body, args, kwargs)

    def __setitem__(self, index: Any, value: Any) -> None:
        pass  # nothing is kept

    def fill(self, value: Any) -> None:
        """As ``numpy.ndarray.fill``."""

    def view(self, *args: Any) -> MetaArray:
        """As ``numpy.ndarray.view``."""
        return MetaArray(self.form.view(*args))

    def astype(self, dtype: Any, order: str = "K", copy: bool = True, **kwargs: Any) -> MetaArray:
        if not copy and self.dtype == dtype:
            return self
        return like(self, dtype) if order == "K" else new(self.shape, dtype)

    def copy(self, order: str = "C") -> MetaArray:
        return like(self) if order == "K" else new(self.shape, self.dtype)

    def item(self, *args: Any) -> NoReturn:
        """Not to be had."""
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    def tolist(self) -> NoReturn:
        """Not to be had."""
        raise no_data()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NoShapeRule("what is written into an array with memory")

    def __bool__(self) -> bool:
        self.item()

    __int__ = __float__ = __index__ = __complex__ = item

    def __reduce__(self) -> Any:
        return strided, (self.shape, self.dtype, self.strides)

    def __repr__(self) -> str:
        return f"MetaArray(shape={self.shape}, dtype={self.dtype})"


def new(shape: Sequence[int], dtype: Any) -> MetaArray:
    """An array of this shape without memory, its dimensions in order."""
    return MetaArray(_form(tuple(shape), dtype))


def strided(shape: Sequence[int], dtype: Any, strides: tuple[int, ...]) -> MetaArray:
    """An array of these strides, in bytes, without memory."""
    return MetaArray(_form(shape, dtype, strides))


def nested(shape: Sequence[int], dtype: Any, order: Sequence[int]) -> MetaArray:
    """An array whose dimensions lie in this order, outermost first."""
    if list(order) == sorted(order):
        return new(shape, dtype)
    back = sorted(range(len(order)), key=order.__getitem__)
    return MetaArray(_form([shape[d] for d in order], dtype).transpose(back))


def formatted(shape: Sequence[int], dtype: Any, format_: memory_format) -> MetaArray:
    """An array whose dimensions lie in the order that a memory format names.  Raises RuntimeError, in PyTorch's words, for a shape
    that the format does not fit."""
    ndim = CHANNELS_LAST_NDIM.get(format_, len(shape))
    if len(shape) != ndim:
        raise RuntimeError(f"required rank {ndim} tensor to use {format_._name} format")
    return new(shape, dtype) if format_ not in CHANNELS_LAST_NDIM else nested(shape, dtype, (0, *range(2, ndim), 1))


def copy_of(array: Any, dtype: Any, format_: memory_format | None) -> MetaArray:
    """A copy of an array in another dtype; its dimensions nested as that one's are, unless a format says how."""
    if format_ is None or format_ is preserve_format:
        return like(array, dtype)
    return formatted(array.shape, dtype, format_)


def reordered(array: MetaArray, order: Sequence[int]) -> MetaArray:
    """An array whose dimensions are nested in this order: itself, if they are."""
    return array if array.form.transpose(order).flags.c_contiguous else nested(array.shape, array.dtype, order)


def like(array: Any, dtype: Any = None) -> MetaArray:
    """An array of another one's shape, its dimensions nested as that one's are."""
    dtype = array.dtype if dtype is None else dtype
    if array.flags.c_contiguous:
        return new(array.shape, dtype)
    return nested(array.shape, dtype, nesting(array.shape, [array]))


def alike(array: Any) -> MetaArray:
    """An array of the shape, dtype and strides of one that has memory."""
    if array.flags.c_contiguous:
        return new(array.shape, array.dtype)
    strides = tuple(max(s, 0) for s in array.strides)
    return strided(array.shape, array.dtype, strides)


def room_for(shape: Sequence[int], dtype: Any, *parameters: Any) -> Any:
    """A new array for what is made of these: without memory, if one of them is."""
    return new(shape, dtype) if any([p.__class__ is MetaArray for p in parameters]) else np.empty(shape, dtype)


def with_memory(array: MetaArray) -> Any:
    """A new array with memory, of the shape, dtype and order of dimensions of one without."""
    order = nesting(array.shape, [array.form])
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.empty([array.shape[d] for d in order], array.dtype).transpose(back)


def form_of(array: Any) -> Any:
    """What knows an array's shape and strides: the form, or an array with memory itself."""
    return array.form if array.__class__ is MetaArray else array


def stand_in(value: Any) -> Any:
    """A small array, all of whose sizes are 1, in the place of an array; anything else as it is."""
    if isinstance(value, (tuple, list)):
        return type(value)(stand_in(v) for v in value)
    if value.__class__ is MetaArray or isinstance(value, np.ndarray):
        return np.ones((1,) * value.ndim, value.dtype)
    return value


def zeros_for(value: Any) -> Any:
    """Zeros in the place of every MetaArray of a value, with ones on the diagonal of matrices, which are not to be singular.
    Raises NoShapeRule where there would be too many."""
    if isinstance(value, (tuple, list)):
        return type(value)([zeros_for(v) for v in value])
    if isinstance(value, dict):
        return {k: zeros_for(v) for k, v in value.items()}
    if value.__class__ is not MetaArray:
        return value
    if value.size > FEW:
        raise NoShapeRule(f"the result of an operator without a rule, of {value.size} elements,")
    found = np.zeros(value.shape, value.dtype)
    if value.ndim > 1 and value.dtype.kind in "fc":
        diagonal = range(min(value.shape[-2:]))
        found[..., diagonal, diagonal] = 1
    return found


def without_memory(found: Any) -> Any:
    """What a function of zeros returned, without memory."""
    if isinstance(found, (tuple, list)):
        parts = [without_memory(f) for f in found]
        return type(found)(*parts) if hasattr(found, "_fields") else type(found)(parts)
    if isinstance(found, np.generic):
        found = np.asarray(found)
    return alike(found) if isinstance(found, np.ndarray) else found


def of_zeros(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """What a function without a rule returns for zeros, without memory."""
    with np.errstate(all="ignore"):
        return without_memory(function(*zeros_for(tuple(args)), **zeros_for(kwargs)))


def broadcast(*arrays: Any) -> tuple[int, ...]:
    """The shape of several arrays together.  Raises ValueError where they do not fit."""
    return np.broadcast_shapes(*(np.shape(a) if not hasattr(a, "shape") else tuple(a.shape) for a in arrays))


def elementwise(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The result of a ufunc: the operands' common shape, nested in memory as PyTorch's element-wise operators nest it."""
    out = kwargs.get("out")
    if getattr(function, "signature", None) is not None:
        if function is not np.matmul:
            raise NoShapeRule(function.__name__)
        made: Any = _matmul(*args)
    else:
        arrays = [a for a in args[: getattr(function, "nin", None)] if hasattr(a, "ndim")]
        shape = broadcast(*arrays)
        with np.errstate(all="ignore"):
            samples = function(*(stand_in(a) for a in args), **{k: stand_in(v) for k, v in kwargs.items() if k != "out"})
        order = range(len(shape))
        if not all(a.flags.c_contiguous and tuple(a.shape) == shape for a in arrays if a.ndim):
            order = nesting(shape, [form_of(a) for a in arrays])
        several = samples.__class__ is tuple
        made = tuple(nested(shape, s.dtype, order) for s in (samples if several else (samples,)))
        made = made if several else made[0]
    given = args[function.nin :] if isinstance(function, np.ufunc) and len(args) > function.nin else out
    if given is None:
        return made
    targets = given if isinstance(given, tuple) else (given,)
    for target in targets:
        if isinstance(target, np.ndarray):
            raise no_data()
    return targets[0] if len(targets) == 1 else targets


def _matmul(a: Any, b: Any) -> MetaArray:
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: operands need a dimension")
    dtype = np.matmul(stand_in(a), stand_in(b)).dtype
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else -1]:
        raise ValueError(f"matmul: mismatch in the dimensions of {a.shape} and {b.shape}")
    rows = (a.shape[-2],) if a.ndim > 1 else ()
    columns = (b.shape[-1],) if b.ndim > 1 else ()
    return new((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *rows, *columns), dtype)


def reduced_shape(shape: Sequence[int], axis: Any, keepdims: bool) -> tuple[int, ...]:
    """The shape that is left of one when axes (one, several, or None for all) are reduced."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    gone = {a % len(shape) for a in axes} if shape else set()
    return tuple(1 if d in gone else n for d, n in enumerate(shape) if keepdims or d not in gone)


def _ufunc_method(ufunc: Any, method: str, args: Any, kwargs: dict[str, Any]) -> Any:
    if method == "reduce":
        return reduction(ufunc.reduce, 0, *args, **kwargs)
    if method == "accumulate":
        return like(args[0], ufunc.accumulate(stand_in(args[0]), **kwargs).dtype)
    if method == "at":
        return None
    if method == "outer":
        a, b = args
        return new((*a.shape, *b.shape), ufunc(stand_in(a), stand_in(b)).dtype)
    raise NoShapeRule(f"{ufunc.__name__}.{method}")


def reduction(function: Any, default: Any, array: Any, axis: Any = "default", *args: Any, **kwargs: Any) -> Any:
    """The result of a function along an axis (``default`` if none is given): the other dimensions, or all with ``keepdims``."""
    axis = default if axis == "default" else axis
    out = kwargs.pop("out", None)
    keepdims = bool(kwargs.get("keepdims", False))
    if array.size == 0 or not isinstance(axis, (tuple, list, int, type(None))):
        small = np.zeros([min(n, 1) for n in array.shape], array.dtype)
    else:
        small = stand_in(array)
    with np.errstate(all="ignore"):
        sample = function(small, axis, *args, **kwargs)
    return out if out is not None else new(reduced_shape(array.shape, axis, keepdims), sample.dtype)
