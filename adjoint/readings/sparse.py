"""SparseArray: an array of which only some elements are stored, the others being zero; in coordinate format (COO).

What is stored is a list: of places, ``indices`` (sparse dimensions, stored), and of what is there, ``values`` (stored, *dense
dimensions).  A place may be in it several times; what is there adds up.  An array is *coalesced* where no place is, and the places
are in order.

It is one more reading of NumPy code: a function that is handed one looks for its rule here (:mod:`.sparse_rules`), so operators
and the formulas of their gradients need not know of it.  A function without a rule is one that PyTorch has no kernel for either.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import prod
from typing import Any, NoReturn, TypeVar

import numpy as np

from adjoint.readings.face import ArrayFace

F = TypeVar("F", bound=Callable[..., Any])

RULES: dict[Any, Callable[..., Any]] = {}
"""NumPy's functions, (ufunc, method) pairs and functions of our own -> what they do to sparse arrays."""
_RULES_ARE_IN = ["adjoint.readings.sparse_rules"]


def no_rule(function: str, told: bool = False) -> NotImplementedError:
    """What PyTorch says of an operator that has no kernel for sparse tensors; ``told`` where the name is that of an operator, and
    not NumPy's for what it is made of."""
    error = NotImplementedError(
        f"Could not run 'aten::{function}' with arguments from the 'SparseCPU' backend. This could be because the operator "
        "doesn't exist for this backend, or was omitted during the selective/custom build process (if using custom build)."
    )
    error._by_numpys_name = not told  # type: ignore[attr-defined]
    return error


def renamed(error: BaseException | None, operator: str) -> BaseException | None:
    """An error for want of a rule by the name of the operator that it was met in; None for any other error."""
    if not getattr(error, "_by_numpys_name", False) or operator in ("backward", "grad"):
        return None
    return no_rule(operator, told=True)


def rule(*functions: Any) -> Callable[[F], F]:
    """Declare what functions do to sparse arrays (a decorator)."""

    def declare(implementation: F) -> F:
        for f in functions:
            assert f not in RULES, f"{f} has two rules"
            RULES[f] = implementation
        return implementation

    return declare


class _Flags:
    """What is said of an array's memory, of which this one has none: nothing is to be brought into another order."""

    c_contiguous = writeable = forc = True
    f_contiguous = False


class SparseArray(ArrayFace):
    """An array in coordinate format.  It can be changed as a whole only: see :meth:`become`."""

    __slots__ = ("coalesced", "indices", "rows", "shape", "shown", "values")

    flags = _Flags
    base = None

    def __init__(self, indices: Any, values: Any, shape: tuple[int, ...], coalesced: bool = False) -> None:
        self.indices = indices
        self.values = values
        self.shape = shape
        self.coalesced = coalesced or indices.shape[1] < 2
        self.shown: Any = None  # the record of writes to the indices, where somebody else holds them, too
        self.rows: Any = None  # the places of a matrix row by row (sparse_products), once they were asked for

    dtype = property(lambda self: self.values.dtype)
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: prod(self.shape))
    itemsize = property(lambda self: self.values.dtype.itemsize)
    nbytes = property(lambda self: self.indices.nbytes + self.values.nbytes)
    strides = property(lambda self: tuple([prod(self.shape[d + 1 :]) * self.itemsize for d in range(len(self.shape))]))
    stored = property(lambda self: self.indices.shape[1], doc="How many places are in the list.")
    sparse_dim = property(lambda self: self.indices.shape[0], doc="How many dimensions, the first ones, places have.")

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        while _RULES_ARE_IN:
            import_module(_RULES_ARE_IN.pop(0))
        found = RULES.get(function)
        if found is None:
            refuse(function)
        return found(*args, **kwargs)

    def __add__(self, other: Any) -> Any:
        """The sum, as gradients that arrive one after the other are added: a dense one first, and of two sparse ones the later."""
        return self._call(np.add, (other, self), {})

    def parts(self) -> tuple[dict[str, Any], list[str]]:
        """What a tensor over it prints in place of elements."""
        return (
            {"indices": self.indices, "values": self.values},
            [f"size={tuple(self.shape)}", f"nnz={self.stored}", "layout=torch.sparse_coo"],
        )

    def named(self, name: str) -> SparseArray:
        """A function of :mod:`scipy.special`, by its name."""
        if name not in ("erf", "erfinv"):
            raise no_rule(name)
        import scipy.special

        array = coalesced(self)
        return array.with_values(getattr(scipy.special, name)(array.values))

    def become(self, other: SparseArray) -> None:
        """Hold what another one does from now on."""
        self.indices, self.values, self.shape = other.indices, other.values, other.shape
        self.coalesced, self.shown, self.rows = other.coalesced, other.shown, None

    def with_values(self, values: Any, coalesced: bool | None = None) -> SparseArray:
        """Other values in the same places."""
        made = SparseArray(self.indices, values, self.shape, self.coalesced if coalesced is None else coalesced)
        made.shown, made.rows = self.shown, self.rows
        return made

    def __setitem__(self, index: Any, value: Any) -> None:
        whole = index is Ellipsis or (isinstance(index, tuple) and index in ((), (Ellipsis,)))
        if not whole or not isinstance(value, SparseArray):
            raise no_rule("copy_" if whole else "index_put_")
        self.become(value if value.dtype == self.dtype else value.astype(self.dtype))

    def fill(self, value: Any) -> None:
        """As ``numpy.ndarray.fill``, with zeros."""
        if value:
            raise no_rule("fill_.Scalar")
        self.become(empty(self.shape, self.dtype, self.sparse_dim))

    def item(self, *args: Any) -> Any:
        """The one element."""
        if self.size != 1:
            raise RuntimeError(f"a Tensor with {self.size} elements cannot be converted to Scalar")
        return self.values.sum().item() if self.stored else self.dtype.type(0).item()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise RuntimeError(f"Boolean value of Tensor with {'more than one value' if self.size else 'no values'} is ambiguous")
        return bool(self.item())

    __int__ = lambda self: int(self.item())  # noqa: E731
    __float__ = lambda self: float(self.item())  # noqa: E731
    __index__ = __complex__ = item

    def tolist(self) -> NoReturn:
        """Not to be had."""
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def __reduce__(self) -> Any:
        return SparseArray, (self.indices, self.values, self.shape, self.coalesced)

    def __repr__(self) -> str:
        return f"SparseArray(shape={self.shape}, dtype={self.dtype}, stored={self.stored})"


def refuse(function: Any) -> NoReturn:
    """Raise the error for a function without a rule."""
    if function.__class__ is tuple:
        function = function[0]
    raise no_rule(getattr(function, "__name__", str(function)))


def empty(shape: tuple[int, ...], dtype: Any, sparse_dim: int | None = None) -> SparseArray:
    """Nothing but zeros; all dimensions are sparse unless it is said how many."""
    sparse_dim = len(shape) if sparse_dim is None else sparse_dim
    return SparseArray(np.empty((sparse_dim, 0), np.int64), np.empty((0, *shape[sparse_dim:]), dtype), shape, True)


def of_dense(array: Any, sparse_dim: int) -> SparseArray:
    """The elements of an array that are not zero, coalesced; places have that many dimensions."""
    flat = array if sparse_dim == array.ndim else (array != 0).any(tuple(range(sparse_dim, array.ndim)))
    if sparse_dim == 0:
        found = np.empty((0, int(bool(np.any(array != 0)))), np.int64)
        return SparseArray(found, np.repeat(array[None], found.shape[1], 0), array.shape, True)
    places = np.nonzero(flat)
    return SparseArray(np.array(places, np.int64).reshape(sparse_dim, -1), array[places], array.shape, True)


def to_dense(array: SparseArray) -> Any:
    """A NumPy array of all elements."""
    found = np.zeros(array.shape, array.dtype)
    add_into(found, array)
    return found


def add_into(target: Any, array: SparseArray) -> None:
    """``target += array``, where ``target`` is NumPy's, of its shape."""
    if not array.values.size:
        return
    if array.dtype.kind == "b":
        array = coalesced(array)
    if not array.sparse_dim:
        target += array.values.sum(0).astype(target.dtype, copy=False)
        return
    if array.dtype.kind == "V" or (array.dtype.itemsize == 2 and array.dtype.kind == "f"):
        array = coalesced(array)
        places = tuple(array.indices)
        target[places] = target[places] + array.values
        return
    if array.sparse_dim > 1 and target.flags.c_contiguous:  # as rows
        target = target.reshape(-1, *array.values.shape[1:])
        index = keys_of(array.indices, array.shape)
    elif array.sparse_dim == 1:
        index = array.indices[0]
    else:
        np.add.at(target, tuple(array.indices), array.values)
        return
    if array.coalesced and array.values.ndim == 1:
        target[index] += array.values
    else:
        _add_rows[-1](target, index, array.values)


_add_rows: list[Callable[[Any, Any, Any], None]] = [np.add.at]


def add_rows_by(function: Callable[[Any, Any, Any], None]) -> None:
    """Have rows added by a kernel of a layer above this one: ``function(target, index, rows)`` is as ``numpy.add.at``."""
    _add_rows.append(function)


def keys_of(indices: Any, shape: tuple[int, ...]) -> Any:
    """Places as single numbers, in the order of places."""
    if indices.shape[0] == 1:
        return indices[0]
    found = np.zeros(indices.shape[1], np.int64)
    for d, size in enumerate(shape[: indices.shape[0]]):
        found *= size
        found += indices[d]
    return found


def coalesced(array: SparseArray) -> SparseArray:
    """The same elements, every place in the list once and in order."""
    if array.coalesced:
        return array
    if array.stored < 2:
        return array.with_values(array.values, True)
    keys = keys_of(array.indices, array.shape)
    steps = keys[1:] - keys[:-1]
    if (steps > 0).all():
        return array.with_values(array.values, True)
    if (steps >= 0).all():
        order, new = None, np.concatenate([[True], steps > 0])
    else:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        new = np.concatenate([[True], keys[1:] != keys[:-1]])
    first = np.flatnonzero(new)
    indices = np.take(array.indices, first if order is None else order[first], 1)
    return SparseArray(indices, _groups_added(array.values, order, new, first), array.shape, True)


def _groups_added(values: Any, order: Any, new: Any, first: Any) -> Any:
    """Values (taken in an order) added up in groups, whose ``first`` are where ``new`` is True."""
    taken = values if order is None else values[order]
    if len(first) == len(taken):
        return taken
    dtype = values.dtype
    if dtype.kind == "b":
        return np.logical_or.reduceat(taken, first)
    if dtype.kind == "V" or (dtype.itemsize == 2 and dtype.kind == "f"):
        return np.add.reduceat(taken.astype(np.float32), first).astype(dtype)
    if taken.ndim == 2 and dtype.kind in "fc" and dtype.itemsize >= 4:
        from scipy.sparse import csr_array  # a product with ones: numpy.add.reduceat of rows is several times slower

        ends = np.append(first, len(taken))
        ones = np.ones(len(values), dtype)
        columns = np.arange(len(values)) if order is None else order
        return csr_array((ones, columns, ends), shape=(len(first), len(values))) @ values
    return np.add.reduceat(taken, first, dtype=dtype)


def taken_at(dense: Any, indices: Any) -> Any:
    """The elements of a NumPy array at places: (stored, *dense dimensions)."""
    if not indices.shape[0]:
        return np.broadcast_to(dense, (indices.shape[1], *dense.shape)).copy()
    return dense[tuple(indices)]


def masked(array: Any, mask: SparseArray) -> SparseArray:
    """The elements of an array in the places that a sparse one has."""
    if not isinstance(array, SparseArray):
        return mask.with_values(np.ascontiguousarray(taken_at(array, mask.indices)))
    values = found_in(array, mask)
    return mask.with_values(values)


def found_in(array: SparseArray, mask: SparseArray) -> Any:
    """What a sparse array has in the places of another one; zeros where it has none of them."""
    array = coalesced(array)
    values = np.zeros((mask.stored, *array.values.shape[1:]), array.dtype)
    at, there = positions(array, mask)
    values[there] = array.values[at[there]]
    return values


def positions(array: SparseArray, mask: SparseArray) -> tuple[Any, Any]:
    """Of each place of ``mask``, its position in a coalesced array, and whether it is there."""
    if array.indices is mask.indices:
        return np.arange(mask.stored), np.ones(mask.stored, bool)
    keys, wanted = keys_of(array.indices, array.shape), keys_of(mask.indices, array.shape)
    if not array.sparse_dim:
        return np.zeros(mask.stored, np.int64), np.full(mask.stored, bool(array.stored))
    at = np.searchsorted(keys, wanted)
    at[at == len(keys)] = 0
    return at, (keys[at] == wanted) if len(keys) else np.zeros(len(wanted), bool)
