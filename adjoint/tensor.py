"""Tensor: an array, its gradient, its place in the graph.  It knows no operator.

Operators, the engine, printing and so on attach themselves to the class from their own files (see
:func:`attach`), so that this file is all that every other one may rely on.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from itertools import count
from types import FunctionType
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar, overload

import numpy as np

from adjoint import dtypes
from adjoint.attributes import Attributes
from adjoint.names import listed_without
from adjoint.places import Place, here

if TYPE_CHECKING:  # what other files attach, as type checkers and editors read it
    from adjoint.methods import Methods
else:

    class Methods:
        """What a tensor is in memory; a class below it, so that :class:`Tensor` can show a ``__dict__`` of its own."""

        __slots__ = ("__dict__", "__weakref__", "_array", "_edge", "_writes")

F = TypeVar("F", bound=Callable[..., Any])

# One clock for all that has to be put in order: it counts down, so that the latest is the smallest.  A node's
# ``order`` is its time of recording; a write's ``stamp`` its time of writing.  ``stamp < order`` says that the
# write came after the recording.
tick: Callable[[], int] = count(-1, -1).__next__


class Sink:
    """Where a gradient may flow to: a Node, or one output of a node that has several."""

    __slots__ = ()

    defers = False
    """Whether it takes gradients that are not computed yet (:mod:`adjoint.kernels.deferred`)."""
    wants = True


class _NoEdge(Sink):
    __slots__ = ()

    defers = True
    wants = False


NO_EDGE = _NoEdge()
"""The edge of a tensor that does not require grad."""


ACROSS: list[bool] = []
"""Not empty once a tensor did not lie in the order of its dimensions: until then, operators need not ask how theirs do."""


class Writes:
    """The in-place writes to a piece of memory, shared by all tensors that look at it.

    Class attributes are the defaults, so that a fresh record costs one small allocation.
    """

    count = 0
    """How many there were: PyTorch's version."""
    stamp = 0
    """When the latest was."""
    views: list[Any] | None = None
    """Weak references to the differentiable views of the base, whose edges an in-place write makes stale."""
    room = 32
    """How long that list may become before the dead references in it are forgotten."""

    strided = False
    """Whether a tensor of this memory may not lie in the order of its dimensions (:meth:`looked_across`)."""

    born = 0
    """When the memory was made, if that was while a function was differentiated (:mod:`adjoint.autograd.captures`)."""

    recent: deque[tuple[int, Place | str | None]] | None = None
    """The stamps of the latest writes, and where in the user's program they were."""

    def looked_across(self) -> None:
        """A tensor of this memory does not lie in the order of its dimensions."""
        self.strided = True
        if not ACROSS:
            ACROSS.append(True)

    def bump(self) -> None:
        """Count one write, done in the user's line that is being run."""
        self.bump_at(here())

    def bump_at(self, place: Place | str | None) -> None:
        """Count one write, done at a place."""
        self.count += 1
        self.stamp = stamp = tick()
        if self.recent is None:
            self.recent = deque(maxlen=256)
        self.recent.append((stamp, place))
        if self.views is not None:
            self.outdate()

    outdate: Callable[[], None]
    """Have the live views find out anew where their gradients go (:mod:`adjoint.autograd.views`)."""

    said: list[tuple[int, int]] | None = None
    """When the count was set by hand, and by how much it grew (:mod:`adjoint.autograd.versions`)."""

    def count_at(self, order: int) -> int:
        """How many writes there had been at a time of recording (for the latest 256 writes exactly)."""
        later = sum(grown for stamp, grown in self.said or () if stamp < order)
        return self.count - later - sum(stamp < order for stamp, _ in self.recent or ())

    def first_after(self, order: int) -> Place | str | None:
        """Where the first write after a time of recording was (of the latest 256 writes)."""
        for stamp, place in self.recent or ():
            if stamp < order:
                return place
        return None


class InferenceBlock:
    """One ``with inference_mode()``, which lives as long as a tensor that was made in it."""

    __slots__ = ("__weakref__",)


class InferenceWrites(Writes):
    """The record of a memory that was made in inference mode: every tensor that looks at it is an inference tensor.

    While there is one, operators that are recorded look whether they would save it.  Its latest write is later than every node, so
    what has no such look, a node of some other maker, finds it outdated in its backward.
    """

    def __init__(self, block: InferenceBlock) -> None:
        self.block = block

    usable: Callable[[], bool]
    """Whether a backward may use such tensors here (:mod:`adjoint.autograd.grad_mode`)."""

    stamp = property(lambda self: 0 if InferenceWrites.usable() else -sys.maxsize, lambda self, value: None)  # type: ignore[assignment]


class Size(tuple[int, ...]):
    """A tensor's shape: a tuple of ints that prints as ``torch.Size([2, 3])``.

    >>> import adjoint as torch
    >>> torch.ones(2, 3).shape, torch.ones(2, 3).shape.numel()
    (torch.Size([2, 3]), 6)
    """

    __slots__ = ()

    def __new__(cls, sizes: Any = (), /) -> Size:
        return _new_size(cls, [size if size.__class__ is int else _integer(size, i) for i, size in enumerate(sizes)])

    def numel(self) -> int:
        """The product of the sizes."""
        n = 1
        for size in self:
            n *= size
        return n

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(repr, self))}])"

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return _new_size(Size, found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            if hasattr(type(other), "__radd__"):
                return NotImplemented
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(other, self))

    def __mul__(self, times: Any) -> Any:
        if not hasattr(times, "__index__"):
            raise TypeError(f"can't multiply sequence by non-int of type '{type(times).__name__}'")
        return _new_size(Size, tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)


_new_size = tuple.__new__  # which does not look at the sizes: an array's are integers


def _integer(size: Any, position: int) -> int:
    """A size that is not Python's int as one; a symbolic one stays as it is."""
    try:
        whole = size.__index__() if hasattr(size, "__index__") else None
    except TypeError:
        whole = None
    if whole is None:
        raise TypeError(f"torch.Size() takes an iterable of 'int' (item {position} is '{type(size).__name__}')") from None
    return whole  # type: ignore[no-any-return]


class Tensor(Methods):
    """A multi-dimensional array of one dtype that can record what is done to it.

    Made by the creation functions (:func:`adjoint.tensor`, :func:`adjoint.zeros`, ...).

    >>> import adjoint as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ()

    _array: Any  # numpy.ndarray, or another reading's array (BatchedArray, TracedArray, cupy.ndarray)
    # Where this tensor's gradient goes: NO_EDGE, a Sink, or None for "ask `edge_of`": a leaf that requires grad (its
    # AccumulateGrad is made when first needed and not kept, for it points back), or a view of a base that was
    # written to.
    _edge: Sink | None
    _writes: Writes | None  # None until the memory is first shared or written to

    # Rare things live in the instance's dictionary; these are their defaults.
    _detached = False  # whether it was taken out of the graph by detach_(), having had a history
    _grad: Tensor | None = None
    _grad_dtype: Any = False  # of a leaf whose gradients may be of another dtype than it; False: of its own
    _accumulator: Any = None  # weak reference to the AccumulateGrad
    _hooks: Any = None
    _view: Any = None  # autograd.views.View: the base and the way from it
    _stale: Any = False  # of a view: that its memory was written to since; where there was one, the edge it had
    _follows = False  # a view without a history of its own, which requires grad only because its base does
    _only_a_name = False  # a leaf that autograd made up, and whose derivative nobody will ask for any more
    _wrapped = False  # a Python number in a tensor's clothes: yields in type promotion
    _waits: Any = None  # of a view (autograd.waiting): what is computed of its memory when it is read
    _inside = 0  # when it became known to a function that is differentiated, if its memory is older (autograd.captures)
    _foreign = False  # of such a one: whether it stands for what is captured by a function around that one
    _retains = False
    _origin: Any = None  # why it does not require grad, and the place; see autograd.origins
    _tangents: dict[Any, Tensor] | None = None  # forward-mode level -> tangent

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        """What users put there, as in PyTorch, where nothing else is: libraries copy it and pass it on."""
        return attributes_of(self)

    @__dict__.setter
    def __dict__(self, attributes: dict[str, Any]) -> None:
        shown = attributes_of(self)
        shown.clear()
        shown.update(attributes)

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtypes.OF_ARRAY[self._array.dtype]

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return _new_size(Size, self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor (or, of a view made without recording, its base)."""
        return self._edge is not NO_EDGE

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value.__class__ is not bool:
            raise RuntimeError("requires_grad must be a bool")
        if value and (isinstance(self._stale, Sink) or (not self._stale and not self.is_leaf)):
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        if value and self.dtype.category < dtypes.FLOAT:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self._set_requires_grad(value)

    @requires_grad.deleter
    def requires_grad(self) -> None:
        raise RuntimeError("requires_grad must be a bool")

    def _set_requires_grad(self, requires_grad: bool) -> Tensor:
        """Set ``requires_grad`` in place and return the tensor."""
        if requires_grad:
            if self._edge is NO_EDGE:
                if self.dtype.category < dtypes.FLOAT:
                    raise RuntimeError("only Tensors of floating point dtype can require gradients")
                if self._inference and not InferenceWrites.usable():
                    raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
                self._edge = None
            if self._follows:
                self._follows = False
        elif isinstance(self._stale, Sink) or (not self._stale and not self.is_leaf):
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        else:
            self._edge = NO_EDGE
        if self._writes is not None and self._writes.views is not None:
            self._writes.outdate()
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user (or does not require grad) and not by a recorded operator."""
        edge = self._edge
        if edge is None and self._stale:
            edge = self._find_edge()
        return edge is NO_EDGE or edge is None

    _find_edge: Callable[[], Sink]
    """Where the gradient of a view goes whose memory was written to (:mod:`adjoint.autograd.views`)."""

    @property
    def _inference(self) -> bool:
        return self._writes.__class__ is InferenceWrites

    @property
    def _version(self) -> int:
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return version_of(self)

    def __hash__(self) -> int:
        return id(self)

    __dir__ = listed_without()


_new = object.__new__


def from_array(array: Any) -> Tensor:
    """A tensor over ``array`` itself (no copy) that does not require grad."""
    t = _new(Tensor)
    t._array = array
    t._edge = NO_EDGE
    t._writes = None
    return t


def version_of(tensor: Tensor) -> int:
    """How many writes to the tensor's memory there were."""
    return 0 if tensor._writes is None else tensor._writes.count


def writes_of(tensor: Tensor) -> Writes:
    """The record of writes to the tensor's memory, made now if there is none yet."""
    record = tensor._writes
    if record is None:
        record = tensor._writes = Writes()
    return record


class Number(Tensor):
    """A Python number as an operand: a 0-d tensor that yields to any other in type promotion."""

    __slots__ = ()
    _wrapped = True


def as_number(value: complex) -> Number:
    """A Python number as an operand, exactly as it is: promotion makes it an element of the other operand's dtype."""
    n = _new(Number)
    n._array = np.asarray(value)
    n._edge = NO_EDGE
    n._writes = None
    return n


dictionary_of: Callable[[Tensor], dict[str, Any]] = vars(Methods)["__dict__"].__get__
"""All that a tensor keeps in its dictionary: rare things of its own, and what users put there."""


def attributes_of(tensor: Tensor) -> Attributes:
    """Of that, what users put there, whatever class the tensor is of."""
    return Attributes(dictionary_of(tensor), _is_own)


def _is_own(name: str) -> bool:
    return name[0] == "_" and hasattr(Tensor, name)


def attach(function: Any = None, *, name: str | None = None) -> Any:
    """Make a function a method of Tensor (a decorator), under its own name or the one given."""

    def put(f: F) -> F:
        attribute = name or getattr(f, "__name__", None) or f.fget.__name__  # type: ignore[attr-defined]
        assert attribute not in vars(Tensor), f"Tensor.{attribute} is attached twice"
        if isinstance(f, FunctionType):
            f.__qualname__ = f"Tensor.{attribute}"  # errors name it so
        setattr(Tensor, attribute, f)
        return f

    return put if function is None else put(function)


def as_array(value: Any) -> Any:
    """``value`` as an array: NumPy returns scalars where a 0-d array is meant."""
    return np.asarray(value) if isinstance(value, np.generic) else value
