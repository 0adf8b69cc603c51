"""TracedArray: the reading in which a formula is written down as a program.

What it cannot write down (a branch on values, a function without a rule) raises :class:`Untraceable`, and NumPy
computes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from adjoint.kernels.halves import is_floating, is_half
from adjoint.kernels.program import REDUCTIONS, Equation, Program, View
from adjoint.readings.face import ArrayFace

_KINDS = "fib"
_BOOL = np.dtype(bool)
_NUMBERS = (bool, int, float, np.generic)


def _is_known(dtype: Any) -> bool:
    """Whether programs have values of a dtype."""
    return is_half(dtype) or (dtype.kind in _KINDS and dtype.itemsize != 2)


class Untraceable(Exception):
    """The formula does something that programs have no equation for."""


class TracedArray(ArrayFace):
    """A value of a program in the making.

    ``view`` is an actual view of the argument where the value is one, so that indexing and reshaping it are NumPy's;
    ``shape`` of a computed value may differ from its equation's by dimensions of size 1 (only results may).
    """

    __slots__ = ("argument", "dtype", "number", "shape", "tracer", "view")

    def __init__(self, tracer: Tracer, number: int | None, shape: Any, dtype: Any, argument: int = -1, view: Any = None):
        self.tracer = tracer
        self.number = number
        self.shape = shape
        self.dtype = dtype
        self.argument = argument
        self.view = view
        if view is not None:
            tracer.viewing.append(self)

    ndim = property(lambda self: len(self.shape))  # type: ignore[assignment]
    itemsize = property(lambda self: self.dtype.itemsize)

    @property
    def size(self) -> int:  # type: ignore[override]
        n = 1
        for s in self.shape:
            n *= s
        return n

    @property
    def flags(self) -> Any:
        if self.view is not None:
            return self.view.flags
        raise Untraceable("flags of a computed value")

    @property
    def array(self) -> Any:
        """Not to be had: a program is written before there are values."""
        raise Untraceable("a look at values")

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        first = next(a for a in _flat((args, tuple(kwargs.values()))) if isinstance(a, TracedArray))
        return first.tracer.call(function, args, kwargs)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As ``numpy.ndarray.astype``."""
        dtype = np.dtype(dtype)
        return self.tracer.computed(self) if copy and dtype == self.dtype else self.tracer.convert(self, dtype)

    def named(self, name: str) -> Any:
        """A function of this array alone, elementwise and of its dtype, that a program calls by its name."""
        return self.tracer.elementwise(name, [self.tracer.operand(self, self.dtype)], self.dtype)

    def copy(self) -> Any:
        """A value never changes: itself."""
        return self.tracer.computed(self)

    def item(self) -> Any:
        raise Untraceable("item")

    def __bool__(self) -> bool:
        raise Untraceable("a branch on values")

    __float__ = __int__ = __index__ = __iter__ = tolist = item  # type: ignore[assignment]

    def _changed(self, function: Any, other: Any) -> Any:
        """What an in-place operator makes: of the dtype that the array has.  An argument stays, but for an update's."""
        if self.argument >= 0 and not self.tracer.updates:
            raise Untraceable("an argument that changes")
        made = self.tracer.call(function, (self, other), {})
        if made.shape != self.shape or not np.can_cast(made.dtype, self.dtype, "same_kind"):
            raise Untraceable("a result that does not fit in its place")
        return self.tracer.convert(made, self.dtype)

    def __iadd__(self, other: Any) -> Any:
        return self._changed(np.add, other)

    def __isub__(self, other: Any) -> Any:
        return self._changed(np.subtract, other)

    def __imul__(self, other: Any) -> Any:
        return self._changed(np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._changed(np.true_divide, other)


def _flat(values: Any) -> Any:
    for v in values:
        if v.__class__ in (tuple, list):
            yield from _flat(v)
        else:
            yield v


class Tracer:
    """Writes the equations of one formula; of an update's rule, whose arguments are what it changes."""

    def __init__(self, updates: bool = False) -> None:
        self.updates = updates
        self.program = Program()
        self.known: dict[Any, int] = {}
        self.views: dict[int, Any] = {}  # equation of an input -> the view itself
        self.viewing: list[TracedArray] = []  # the values that are views of arguments

    def input(self, array: Any, argument: int) -> TracedArray:
        """A traced array for an argument."""
        if not _is_known(array.dtype) or not array.dtype.isnative:
            raise Untraceable(f"an array of {array.dtype}")
        if any(s % array.dtype.itemsize for s in array.strides):
            raise Untraceable("an array that steps by parts of elements")
        return TracedArray(self, None, array.shape, array.dtype, argument, array)

    def equation(self, name: str, operands: tuple[int, ...], shape: Any, dtype: Any, detail: Any = None) -> int:
        """The number of an equation, of an equal one where there is one already."""
        made = Equation(name, operands, tuple(shape), np.dtype(dtype), detail)
        if name == "number":
            self.program.equations.append(made)
            return len(self.program.equations) - 1
        found = self.known.get(made)
        if found is None:
            found = self.known[made] = len(self.program.equations)
            self.program.equations.append(made)
        return found

    def of(self, x: Any, dtype: Any = None) -> int:
        """The number of the equation for an operand, brought to a dtype."""
        if isinstance(x, TracedArray):
            if x.tracer is not self:
                raise Untraceable("an array of another trace")
            if x.number is None:
                x.number = self._load(x)
            number, own = x.number, x.dtype
        else:
            if isinstance(x, np.ndarray):
                if x.ndim:
                    raise Untraceable("an array that is no argument")
                x = x[()]
            if not isinstance(x, _NUMBERS):
                raise Untraceable(f"{type(x).__name__} as an operand")
            own = np.dtype(dtype if dtype is not None else np.asarray(x).dtype)
            if not _is_known(own):
                raise Untraceable(f"a number of {own}")
            if isinstance(x, int) and own.kind in "iu" and not np.iinfo(own).min <= x <= np.iinfo(own).max:
                raise Untraceable("a number out of range")  # NumPy has the error
            self.program.numbers.append(float(x) if is_floating(own) else own.type(x))
            number = self.equation("number", (), (), own)
        if dtype is not None and own != dtype:
            shape = self.program.equations[number].shape
            number = self.equation("convert", (number,), shape, dtype)
        return number

    def _load(self, x: TracedArray) -> int:
        view = x.view
        base = self.arguments[x.argument]
        offset = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        number = self.equation("input", (), view.shape, view.dtype, View(x.argument, offset, view.strides))
        self.views[number] = view
        return number

    arguments: dict[int, Any]

    def value(self, number: int) -> TracedArray:
        """A traced array for an equation."""
        e = self.program.equations[number]
        return TracedArray(self, number, e.shape, e.dtype)

    def computed(self, x: Any) -> TracedArray:
        """An operand as a value of the program, for which there is memory of its own where it is a result."""
        number = self.of(x)
        made = self.value(self.again(number))
        made.shape = x.shape
        return made

    def again(self, number: int) -> int:
        """A value once more, for a second array that holds it."""
        e = self.program.equations[number]
        return self.equation("copy", (number,), e.shape, e.dtype)

    def convert(self, x: TracedArray, dtype: Any) -> TracedArray:
        """``x.astype(dtype)``."""
        if not _is_known(dtype):
            raise Untraceable(f"conversion to {dtype}")
        if dtype == x.dtype:
            return x
        return self.operand(x, dtype)

    def call(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Write down a call."""
        if kwargs.get("out") is not None or kwargs.get("where", True) is not True:
            raise Untraceable("out= or where=")
        rule = RULES.get(function)
        if rule is not None:
            return rule(self, *args, **{k: v for k, v in kwargs.items() if k != "out"})
        if isinstance(function, np.ufunc) and function.signature is None and function.nout == 1:
            if len(args) > function.nin or set(kwargs) - {"dtype", "out"}:
                raise Untraceable(f"{function.__name__} with other arguments")
            return self.ufunc(function, args, kwargs.get("dtype"))
        if function.__class__ is tuple and function[1] == "reduce":
            return self.reduce(function[0], *args, **kwargs)
        inner = getattr(function, "on_arrays", None)
        if inner is not None and getattr(function, "traceable", True):
            return inner(*args, **kwargs)
        raise Untraceable(getattr(function, "__name__", str(function)))

    def ufunc(self, ufunc: Any, args: Any, dtype: Any = None) -> TracedArray:
        """An elementwise equation."""
        kinds = tuple(x.dtype if hasattr(x, "dtype") else _BOOL if x.__class__ is bool else type(x) for x in args)
        try:
            kept = {"signature": (None,) * len(args) + (np.dtype(dtype),)} if dtype is not None else {}
            found = ufunc.resolve_dtypes((*kinds, None), **kept)
        except (TypeError, ValueError) as error:
            raise Untraceable(str(error)) from None
        return self.elementwise(ufunc.__name__, [self.operand(x, d) for x, d in zip(args, found)], found[-1])

    def operand(self, x: Any, dtype: Any) -> TracedArray:
        """An operand as a value of a dtype, in the shape in which the formula sees it."""
        made = self.value(self.of(x, dtype))
        if isinstance(x, TracedArray):
            made.shape = x.shape
        return made

    def elementwise(self, name: str, operands: Any, dtype: Any) -> TracedArray:
        """An equation whose operands are broadcast.

        Values of which reduced dimensions were dropped may stand beside numbers and beside their like.
        """
        if not _is_known(np.dtype(dtype)):
            raise Untraceable(f"a result of {dtype}")
        own = [self.program.equations[x.number].shape for x in operands]
        pairs = {(x.shape, o) for x, o in zip(operands, own) if o != ()}
        if len(pairs) > 1 and any(_led(shape) != _led(o) for shape, o in pairs):
            operands = self.alike(operands)
            own = [self.program.equations[x.number].shape for x in operands]
        made = self.value(self.equation(name, tuple(x.number for x in operands), np.broadcast_shapes(*own), dtype))
        made.shape = np.broadcast_shapes(*[x.shape for x in operands])
        return made

    def alike(self, operands: Any) -> list[TracedArray]:
        """Operands of which some lost reduced dimensions: the others get these dimensions, too."""
        shapes = {(x.shape, self.program.equations[x.number].shape) for x in operands if x.shape != ()}
        lost = [(shape, own) for shape, own in shapes if shape != own]
        if len(lost) != 1 or any(shape != lost[0][0] for shape, _ in shapes):
            raise Untraceable("a reshaped value in arithmetic")
        made = []
        for x in operands:
            if x.shape != () and self.program.equations[x.number].shape == x.shape:
                x = self.value(_pushed(self, x.number, lambda view: view.reshape(lost[0][1])))
            made.append(x)
            x.shape = lost[0][0] if x.shape != () else ()
        return made

    def reduce(
        self, ufunc: Any, x: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, **rest: Any
    ) -> TracedArray:
        """A reduction; its value keeps the reduced dimensions, of size 1, and the result may drop them."""
        name = next((n for n, f in REDUCTIONS.items() if f is ufunc), None)
        if name is None or out is not None or rest:
            raise Untraceable(f"{ufunc.__name__}.reduce")
        if keepdims is not True and keepdims is not False and not isinstance(keepdims, int):
            keepdims = False
        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if any(not -x.ndim <= a < x.ndim for a in axes) or len({a % x.ndim for a in axes}) != len(axes):
            raise Untraceable("axes that there are not, or twice")  # NumPy has the error
        axes = tuple(sorted(a % x.ndim for a in axes))
        to = np.dtype(dtype) if dtype is not None else x.dtype
        if dtype is None and x.dtype.kind in "iub" and name in ("sum", "prod"):
            to = np.dtype(np.int64)
        number = self.of(x, to)
        full = self.program.equations[number].shape
        if full != x.shape:
            raise Untraceable("a reduction of a reshaped value")
        if 0 in full:
            raise Untraceable("a reduction of nothing")
        shape = tuple(1 if i in axes else n for i, n in enumerate(full))
        made = self.value(self.equation(name, (number,), shape, to, axes)) if axes else self.computed(self.value(number))
        if not keepdims:
            made.shape = tuple(n for i, n in enumerate(full) if i not in axes)
        return made

    def trace(self, function: Callable[..., Any], args: Any, kwargs: dict[str, Any], arguments: list[Any]) -> Any:
        """Write down a call of ``function``; what it returned, traced."""
        self.arguments = dict(enumerate(arguments))
        numbers = count()  # by place, for an array that is passed twice may be two the next time

        try:
            given = [self._handed(a, numbers) for a in args]
            return function(*given, **{k: self._handed(v, numbers) for k, v in kwargs.items()})
        except BaseException:
            # NumPy (2.4) keeps the operands of ufunc.reduce and ufunc.accumulate for ever where what is to compute these
            # raises; it must not keep the arrays with them.
            for x in self.viewing:
                x.view = None
            self.arguments, self.views = {}, {}
            raise
        finally:
            self.viewing.clear()  # or they and the tracer would hold each other

    def _handed(self, value: Any, numbers: Any) -> Any:
        """An argument as the formula is handed it."""
        if isinstance(value, np.ndarray):
            return self.input(value, next(numbers))
        if value.__class__ is tuple or value.__class__ is list:
            return value.__class__([self._handed(v, numbers) for v in value])
        return value


RULES: dict[Any, Callable[..., Any]] = {}
"""NumPy's and our own array functions -> how a tracer writes them down."""


def traced(*functions: Any) -> Callable[[Any], Any]:
    """Register a rule: ``rule(tracer, *args)`` (a decorator)."""

    def register(rule: Any) -> Any:
        for function in functions:
            RULES[function] = rule
        return rule

    return register


# Views


def _as_view(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
    def rule(tracer: Tracer, x: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(x, TracedArray):
            raise Untraceable(name)
        if x.view is None:
            return _of_computed(x, name, change, args, kwargs)
        view = change(x.view, *args, **kwargs)
        if not isinstance(view, np.ndarray) or (view.size and not np.may_share_memory(view, x.view)):
            raise Untraceable(f"{name} that copies")
        return TracedArray(tracer, None, view.shape, view.dtype, x.argument, view)

    return rule


def _of_computed(x: TracedArray, name: str, change: Any, args: Any, kwargs: Any) -> Any:
    """A view of a computed value: only in the eyes of the formula where dimensions of size 1 come and go, else the value
    is computed from views."""
    tracer = x.tracer
    own = tracer.program.equations[x.number].shape  # type: ignore[index]
    stand_in = np.empty(x.shape, bool)
    view = change(stand_in, *args, **kwargs)
    shape = view.shape
    made = tracer.value(x.number)  # type: ignore[arg-type]
    made.shape = shape
    where = view.__array_interface__["data"][0] - stand_in.__array_interface__["data"][0]
    in_order = view.size == stand_in.size and where == 0 and view.flags.c_contiguous
    if in_order and _led(shape) == _led(own):
        return made
    if x.shape == own:
        try:
            return tracer.value(_pushed(tracer, x.number, lambda view: change(view, *args, **kwargs)))  # type: ignore[arg-type]
        except Untraceable:
            pass
    if in_order:
        return made  # as a result it may have any shape; arithmetic refuses it
    raise Untraceable(f"{name} of a computed value")


def _pushed(tracer: Tracer, number: int, change: Callable[[Any], Any]) -> int:
    """An elementwise value, computed from changed views of its inputs."""
    e = tracer.program.equations[number]
    if e.shape == ():
        return number
    if e.name == "copy" and tracer.program.equations[e.operands[0]].shape == ():
        return tracer.equation("copy", e.operands, change(np.empty(e.shape, bool)).shape, e.dtype)
    if e.name == "input":
        base = tracer.views[number]
        view = change(base)
        if not isinstance(view, np.ndarray) or not np.may_share_memory(view, base):
            raise Untraceable("a view that copies")
        return tracer.of(TracedArray(tracer, None, view.shape, view.dtype, e.detail.argument, view))
    if e.name in REDUCTIONS or any(
        tracer.program.equations[o].shape not in ((), e.shape) for o in e.operands
    ):
        raise Untraceable("a view of a computed value")
    operands = tuple(_pushed(tracer, o, change) for o in e.operands)
    shapes = [tracer.program.equations[o].shape for o in operands]
    return tracer.equation(e.name, operands, np.broadcast_shapes(*shapes), e.dtype, e.detail)


def _led(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the dimensions of size 1 that it begins with: what broadcasting does not tell apart."""
    for i, n in enumerate(shape):
        if n != 1:
            return tuple(shape[i:])
    return ()


def _getitem(x: Any, index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    if parts == () and x.ndim == 0:
        return x
    if not all(isinstance(p, (int, slice, type(None), type(Ellipsis))) for p in parts):
        raise Untraceable("indexing by arrays")
    return x[index] if len(parts) < max(x.ndim, 1) or not all(isinstance(p, int) for p in parts) else x[(*parts, ...)]


def _reshape(x: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise Untraceable("another order of the elements")
    view = x.view()
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if -1 in shape:
        known = 1
        for n in shape:
            known *= n if n != -1 else 1
        shape = tuple(n if n != -1 else x.size // max(known, 1) for n in shape)
    if x.size and 0 in x.strides and x.shape != shape:
        return x.reshape(shape)
    view.shape = shape
    return view


for _name, _functions, _change in (
    ("getitem", (np.ndarray.__getitem__,), _getitem),
    ("reshape", (np.reshape,), _reshape),
    ("transpose", (np.transpose,), np.transpose),
    ("swapaxes", (np.swapaxes,), np.swapaxes),
    ("moveaxis", (np.moveaxis,), np.moveaxis),
    ("squeeze", (np.squeeze,), np.squeeze),
    ("expand_dims", (np.expand_dims,), np.expand_dims),
    ("flip", (np.flip,), np.flip),
):
    traced(*_functions)(_as_view(_name, _change))


@traced(np.broadcast_to)
def _broadcast_to(tracer: Tracer, x: Any, shape: Any, subok: bool = False) -> Any:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if x.view is not None:
        view = np.broadcast_to(x.view, shape)
        return TracedArray(tracer, None, view.shape, view.dtype, x.argument, view)
    number = tracer.of(x)
    if tracer.program.equations[number].shape not in ((), x.shape):
        raise Untraceable("a reshaped value, broadcast")
    return tracer.value(tracer.equation("copy", (number,), np.broadcast_shapes(x.shape, shape), x.dtype))


# Functions that are no ufuncs


@traced(np.where)
def _where(tracer: Tracer, condition: Any, a: Any, b: Any) -> Any:
    dtype = np.result_type(*(x.dtype if hasattr(x, "dtype") else x for x in (a, b)))
    operands = [tracer.operand(condition, np.dtype(bool)), tracer.operand(a, dtype), tracer.operand(b, dtype)]
    return tracer.elementwise("where", operands, dtype)


@traced(np.clip)
def _clip(tracer: Tracer, x: Any, low: Any = None, high: Any = None) -> Any:
    if low is not None:
        x = tracer.call(np.maximum, (x, low), {})
    return x if high is None else tracer.call(np.minimum, (x, high), {})


@traced(np.copy, np.conjugate, np.positive)
def _copy(tracer: Tracer, x: Any) -> Any:
    return tracer.computed(x)


@traced(np.real)
def _itself(tracer: Tracer, x: Any) -> Any:
    return x


def _filled(value: int) -> Callable[..., Any]:
    def rule(tracer: Tracer, x: Any, dtype: Any = None) -> Any:
        d = np.dtype(dtype) if dtype is not None else x.dtype
        return tracer.value(tracer.equation("copy", (tracer.of(value, d),), x.shape, d))

    return rule


traced(np.zeros_like)(_filled(0))
traced(np.ones_like)(_filled(1))


@traced(np.sum)
def _sum(tracer: Tracer, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return tracer.reduce(np.add, x, axis, dtype, out, keepdims)


@traced(np.max)
def _max(tracer: Tracer, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return tracer.reduce(np.maximum, x, axis, None, out, keepdims)


@traced(np.min)
def _min(tracer: Tracer, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return tracer.reduce(np.minimum, x, axis, None, out, keepdims)


@traced(np.prod)
def _prod(tracer: Tracer, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return tracer.reduce(np.multiply, x, axis, dtype, out, keepdims)


@traced(np.mean)
def _mean(tracer: Tracer, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    if not is_floating(x.dtype) or dtype is not None:
        raise Untraceable("a mean of integers")
    total = tracer.reduce(np.add, x, axis, None, out, True)
    made = tracer.call(np.true_divide, (total, x.size // max(total.size, 1)), {})
    if not keepdims:
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = {a % x.ndim for a in axes}
        made.shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return made


@traced(np.einsum)
def _einsum(tracer: Tracer, subscripts: str, *operands: Any) -> Any:
    """Products of operands with the same subscripts, summed over what is missing in the result."""
    given, _, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    kept = [c for c in terms[0] if c in result]
    if len(set(terms)) != 1 or "".join(kept) != result or len(set(terms[0])) != len(terms[0]):
        raise Untraceable("einsum")
    product = operands[0]
    for x in operands[1:]:
        product = tracer.call(np.multiply, (product, x), {})
    return tracer.reduce(np.add, product, tuple(i for i, c in enumerate(terms[0]) if c not in result))
