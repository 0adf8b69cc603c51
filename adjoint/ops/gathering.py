"""Gathering: reading and writing along a dimension with an index for every element of the result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.overlap import CHECKED, ELSEWHERE, check_written
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arguments import python_number
from adjoint.declare.arranging import IN_ORDER, UNORDERED
from adjoint.declare.once import warn_once
from adjoint.declare.operands import fit
from adjoint.declare.outs import SAME
from adjoint.ops.along import put_along, sum_along, take_along
from adjoint.ops.arithmetic import constant, remainder
from adjoint.ops.arrays import Array, all_values, array_function
from adjoint.ops.broadcasting import broadcast_shape, expanded_to
from adjoint.ops.bulk import copy
from adjoint.ops.dims import wrap_dim
from adjoint.ops.filling import masked_zero, number_for
from adjoint.ops.memory import extent, with_strides
from adjoint.ops.padding import padded
from adjoint.ops.scatter import add_at, combine_at, zero_in
from adjoint.ops.shape import reshape
from adjoint.ops.slicing import diagonal_of, sliced
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import is_half, narrow, widen
from adjoint.summation import total
from adjoint.tensor import Tensor


def _grid(index, dim):
    """NumPy's index for every element of ``index``: its own place, but ``index`` along ``dim``."""
    if index.ndim == 0:  # one place of the only dimension
        return (index,)
    found = [np.arange(n).reshape((-1,) + (1,) * (index.ndim - d - 1)) for d, n in enumerate(index.shape)]
    found[dim] = index
    return tuple(found)


def _flat_places(index, dim, shape):
    """The same as places in an array of ``shape`` as one row."""
    found, width = 0, 1
    for d in reversed(range(len(shape))):
        along = index if d == dim else np.arange(index.shape[d]).reshape((-1,) + (1,) * (len(shape) - d - 1))
        found = found + along * width
        width *= shape[d]
    return found if len(shape) else index


def _check(name, self, dim, index, src=None):
    """Raise PyTorch's errors for an index that does not fit; the wrapped dimension."""
    dim = _check_forms(name, self, dim, index, src)
    _check_numbers(self, dim, index)
    return dim


def _check_forms(name, self, dim, index, src=None):
    """Raise PyTorch's errors for dtypes and shapes; the wrapped dimension."""
    dim = wrap_dim(dim, self.ndim)
    if index.size and (index.dtype.kind != "i" or index.itemsize < 4):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if src is not None and src.dtype != self.dtype:
        raise RuntimeError(f"{'gather' if name == 'gather' else 'scatter'}(): Expected self.dtype to be equal to src.dtype")
    if index.size == 0:
        return dim
    if max(self.ndim, 1) != max(index.ndim, 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as "
            + ("input" if name == "gather" else "self")
            + " tensor"
        )
    if src is not None and max(src.ndim, 1) != max(index.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    own, given = self.shape or (1,), index.shape or (1,)
    from_ = None if src is None else src.shape or (1,)
    for d in range(len(own)):
        if d != dim and given[d] > own[d]:
            if name == "gather":
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(index.shape)} to be no larger than self "
                    f"{list(self.shape)} apart from dimension {dim}"
                )
            _too_large(self, dim, index, src)
        if from_ is not None and given[d] > from_[d]:
            _too_large(self, dim, index, src)
    return dim


def _check_numbers(self, dim, index):
    """Raise PyTorch's error for a number that is out of bounds."""
    if not index.size:
        return
    size = self.shape[dim] if self.ndim else 1
    low, high = extent(index)
    if low < 0 or high >= size:
        wrong = index[(index < 0) | (index >= size)].flat[0]
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")


def _too_large(self, dim, index, src):
    text = f"Expected index {list(index.shape)} to be no larger than self {list(self.shape)} apart from dimension {dim}"
    if src is not None:
        text += f" and to be no larger size than src {list(src.shape)}"
    raise RuntimeError(text)


def places(name: str, array: Array, dim: int, index: Array, src: Any = None) -> tuple[Array, ...]:
    """NumPy's index for what ``index`` means along a dimension, checked."""
    return _grid(index, _check(name, array, dim, index, src))


@array_function
def gathered(self: Array, dim, index: Array, *, sparse_grad=False):
    """The elements at ``index`` along a dimension."""
    dim = _check_forms("gather", self, dim, index)
    found = take_along(self, dim, index)
    if found is not NotImplemented:
        return found
    _check_numbers(self, dim, index)
    if index.size == 0:
        return np.empty(index.shape, self.dtype)
    if self.ndim == 0 or index.ndim == 0:
        return self.reshape(-1)[index.reshape(-1)].reshape(index.shape)
    return self[_grid(index, dim)]


def gather_back(g, self_shape, dim, index):
    found = sum_along(g, self_shape, wrap_dim(dim, len(self_shape)), index)
    if found is not NotImplemented:
        return found
    count = math.prod(self_shape)
    places = _flat_places(index, wrap_dim(dim, len(self_shape)), self_shape)
    return add_at(g.reshape(-1), places.reshape(-1), count).reshape(self_shape)


gather = op(
    "gather",
    gathered,
    overlap=ELSEWHERE, out=SAME, lies=IN_ORDER,
    tangent="linear",
    self=lambda g, self, dim, index: gather_back(g, self.shape, dim, index),
    doc="""The elements at ``index`` along a dimension: ``result[i][j] = input[index[i][j]][j]`` for ``dim=0``.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """,
    reads={"self": "g added up at index"},
)


@composite(out=SAME)
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """As :func:`gather`, with the other dimensions broadcast; without ``dim`` from the tensor as one row.

    >>> import adjoint as torch
    >>> x = torch.tensor([[3, 1], [2, 4]])
    >>> torch.take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {dtypes.SCALAR_TYPE_NAMES[indices.dtype]}"
        )
    if dim is None:
        result = gather.function(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    else:
        if input._array.ndim != indices._array.ndim:
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
                f"{input._array.ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
            )
        dim = wrap_dim(dim, input._array.ndim)
        size = input._array.shape[dim]
        low, high = extent(indices._array)
        if size and (low < 0 or high >= size):
            indices = remainder.function(indices, size)  # unlike gather, it goes round
        own, given = list(input.shape), list(indices.shape)
        shape = broadcast_shape((*own[:dim], 1, *own[dim + 1 :]), (*given[:dim], 1, *given[dim + 1 :]))
        result = gather.function(
            expanded_to.function(input, (*shape[:dim], own[dim], *shape[dim + 1 :])),
            dim,
            expanded_to.function(indices, (*shape[:dim], given[dim], *shape[dim + 1 :])),
        )
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "take_along_dim")


# Writing


def region(src, index):
    """The part of ``src`` that ``index`` covers."""
    if src.shape == index.shape:
        return src
    if not index.ndim:
        return src.reshape(-1)[0]
    return src[tuple(slice(n) for n in index.shape)] if src.ndim else src.reshape((1,) * index.ndim)


def _region_back(g, shape):
    """A gradient of that part, with zeros for the rest."""
    if g.shape == tuple(shape):
        return g
    return padded(g, tuple(k for have, want in zip(reversed(g.shape), reversed(shape)) for k in (0, want - have)), 0)


@array_function
def scatter_zero(self: Array, dim, index: Array):
    """Zeros at ``index`` along a dimension."""
    found = copy(np.asarray(self))  # (a product of numbers is no array)
    dim = wrap_dim(dim, self.ndim)
    if index.size and not put_along(found, dim, index, np.zeros((), found.dtype), "put"):
        found[_places(self, index, dim)] = 0
    return found


def _scatter_into(self: Array, dim, index: Array, src: Array):
    dim = _check_forms("scatter", self, dim, index, src)
    check_written(self, index, src)
    if put_along(self, dim, index, region(src, index), "put"):
        return self
    _check_numbers(self, dim, index)
    if index.size:
        self[_places(self, index, dim)] = region(src, index) if self.ndim and index.ndim else src.reshape(-1)[index.size - 1]
    return self


@array_function
def scattered(self: Array, dim, index: Array, src: Array):
    return _scatter_into(copy(self), dim, index, src)


def _scatter_number_into(self: Array, dim, index: Array, value):
    dim = _check_forms("scatter", self, dim, index)
    value = number_for(value, self)
    check_written(self, index)
    if put_along(self, dim, index, np.asarray(value, self.dtype), "put"):
        return self
    _check_numbers(self, dim, index)
    if index.size:
        self[_places(self, index, dim)] = value
    return self


def _places(self, index, dim):
    """NumPy's index for places along a dimension, also where tensor or index have none."""
    if not self.ndim:
        return ...
    return _grid(index, dim) if index.ndim else (index,)


@array_function
def scattered_number(self: Array, dim, index: Array, value):
    return _scatter_number_into(copy(self), dim, index, value)


def _scatter_add_into(self: Array, dim, index: Array, src: Array):
    dim = _check_forms("scatter_add", self, dim, index, src)
    check_written(self, index, src)
    if put_along(self, dim, index, region(src, index), "add"):
        return self
    _check_numbers(self, dim, index)
    if index.size:
        if self.ndim == 0:
            added = src.reshape(-1)[: index.size]
            self[...] = self | added.any() if self.dtype.kind == "b" else self + total(added)
        else:
            combine_at(np.add, self, _grid(index, dim), region(src, index))
    return self


@array_function
def _scatter_add(self: Array, dim, index: Array, src: Array):
    return _scatter_add_into(copy(self), dim, index, src)


op("scatter_zero", scatter_zero, tangent="linear", where="", self=lambda g, dim, index: scatter_zero(g, dim, index))

_scatter_src = op(
    "scatter.src", scattered, overlap=CHECKED, tangent="linear", where="", node="ScatterBackward0", writer=_scatter_into,
    self=lambda g, dim, index: scatter_zero(g, dim, index),
    src=lambda g, dim, index, src_shape: _region_back(gathered(g, dim, index), src_shape),
    reads={"self": "g, 0 at index", "src": "gather(g, dim, index)"},
)  # fmt: skip
_scatter_value = op(
    "scatter.value", scattered_number, overlap=CHECKED, where="", node="ScatterBackward1", writer=_scatter_number_into,
    self=lambda g, dim, index: scatter_zero(g, dim, index),
    reads={"self": "g, 0 at index"},
)  # fmt: skip
scatter_add = op(
    "scatter_add", _scatter_add, overlap=CHECKED, out=SAME, tangent="linear", inplace=True, writer=_scatter_add_into,
    self=lambda g: g,
    src=lambda g, dim, index, src_shape: _region_back(gathered(g, dim, index), src_shape),
    doc="""The tensor with the elements of ``src`` added at ``index`` along a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2).scatter_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
    tensor([0., 3.])
    """,
    reads={"src": "gather(g, dim, index)"},
)  # fmt: skip


_HOW = {np.add: "add", np.multiply: "multiply", np.maximum: "greatest", np.minimum: "least"}


def _reducing(ufunc, self, dim, index, src, name):
    dim = _check_forms(name, self, dim, index, src if isinstance(src, np.ndarray) else None)
    if isinstance(src, np.ndarray) and put_along(self, dim, index, region(src, index), _HOW[ufunc]):
        return self
    _check_numbers(self, dim, index)
    if index.size:
        added = region(src, index) if isinstance(src, np.ndarray) and self.ndim else src
        combine_at(ufunc, self, _grid(index, dim) if self.ndim else ..., added)
    return self


def _scatter_reduced_into(self: Array, dim, index: Array, src: Array, reduce):
    check_written(self, index, src)
    return _reducing(np.add if reduce == "add" else np.multiply, self, dim, index, src, "scatter")


@array_function
def _scatter_reduced(self: Array, dim, index: Array, src: Array, reduce):
    return _scatter_reduced_into(self.copy(), dim, index, src, reduce)


def _scatter_reduced_number_into(self: Array, dim, index: Array, value, reduce):
    check_written(self, index)
    return _reducing(np.add if reduce == "add" else np.multiply, self, dim, index, number_for(value, self), "scatter")


@array_function
def _scatter_reduced_number(self: Array, dim, index: Array, value, reduce):
    return _scatter_reduced_number_into(self.copy(), dim, index, value, reduce)


def _no_derivative(g):
    raise RuntimeError("derivative for aten::scatter is not implemented")


_scatter_reduced_src = op(
    "scatter.reduce", _scatter_reduced, overlap=CHECKED, where="", node="NotImplemented", writer=_scatter_reduced_into,
    gradients={"self src": lambda g: _no_derivative(g)},
)  # fmt: skip
_scatter_reduced_value = op(
    "scatter.value_reduce", _scatter_reduced_number, overlap=CHECKED, where="", node="NotImplemented",
    writer=_scatter_reduced_number_into, self=lambda g: _no_derivative(g),
)  # fmt: skip


def _scatter_row(src: Any, value: Any, reduce: Any) -> tuple[Any, tuple[Any, ...]]:
    given = src if src is not None else value
    if given is None:
        raise TypeError('scatter() missing 1 required positional arguments: "src"')
    if reduce is not None and reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    if reduce is not None and isinstance(src, Tensor):
        warn_once(
            "scatter with reduce",
            "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch release. "
            "Use torch.scatter_reduce instead for more reduction options.",
        )
    extra = () if reduce is None else (reduce,)
    if isinstance(given, Tensor):
        return (_scatter_src if reduce is None else _scatter_reduced_src), (given, *extra)
    number = python_number(given)
    if number is None:
        raise TypeError(f"scatter(): argument 'src' (position 3) must be Tensor, not {type(given).__name__}")
    return (_scatter_value if reduce is None else _scatter_reduced_value), (number, *extra)


@composite(out=SAME)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """The tensor with the elements of ``src``, or a number, at ``index`` along a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2, 2).scatter(1, torch.tensor([[0], [1]]), 1.)
    tensor([[1., 0.],
            [0., 1.]])
    """
    row, more = _scatter_row(src, value, reduce)
    return row.function(input, dim, index, *more)


@composite(where="Tensor")
def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write the elements of ``src``, or a number, at ``index`` along a dimension."""
    row, more = _scatter_row(src, value, reduce)
    return row.inplace(self, dim, index, *more)


# Writing the reduction of all that meets

_REDUCTIONS = {
    "sum": np.add, "prod": np.multiply, "mean": np.add, "amax": np.maximum, "amin": np.minimum,
}  # fmt: skip


def _identity(reduce, dtype):
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "b":
        return reduce == "amin"
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    if reduce == "amax":
        return limits.min if limits else -np.inf
    return limits.max if limits else np.inf


def _scatter_reduce_into(self: Array, dim, index: Array, src: Array, reduce, *, include_self=True):
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    dim = _check("scatter_reduce", self, dim, index, src)
    if self.dtype.kind == "b" and reduce == "mean" and index.size:
        unsupported("scatter_gather_tensor_cpu_reduce_mean", self)
    check_written(self, index, src)
    if not index.size:
        return self
    if not self.ndim:
        where, source = index.reshape(-1), src.reshape(-1)[: index.size]
        _scatter_reduce_into(self.reshape(1), 0, where, source, reduce, include_self=include_self)
        return self
    if not include_self:
        identity = _identity(reduce, self.dtype)
        if not put_along(self, dim, index, np.asarray(identity, self.dtype), "put"):
            self[_grid(index, dim)] = identity
    given = region(src, index)
    if is_half(self.dtype):
        wide = self.astype(np.float32)
        self[...] = _reduce_at(wide, dim, index, widen(given), reduce, include_self)
        return self
    return _reduce_at(self, dim, index, given, reduce, include_self)


def _reduce_at(self, dim, index, given, reduce, include_self):
    if not put_along(self, dim, index, given, _HOW[_REDUCTIONS[reduce]]):
        _REDUCTIONS[reduce].at(self, _grid(index, dim), given)
    if reduce == "mean":
        counts = np.full(self.shape, 1 if include_self else 0, np.int64)
        if not put_along(counts, dim, index, np.ones((), np.int64), "add"):
            np.add.at(counts, _grid(index, dim), 1)
        counts[counts == 0] = 1
        if self.dtype.kind in "iu":
            self[...] = self // counts.astype(self.dtype)
        else:
            self[...] = self / counts.astype(self.dtype)
    return self


@array_function
def _scatter_reduce(self: Array, dim, index: Array, src: Array, reduce, *, include_self=True):
    return _scatter_reduce_into(copy(self), dim, index, src, reduce, include_self=include_self)


def _scattered(values, shape, dim, index):
    """``values``, of the index's shape, added up at the index: an array of ``shape``."""
    return gather_back(values, shape, dim, index)


def _scatter_reduce_gradients(g, self, src, index, result, dim, reduce, include_self, name="scatter_reduce"):
    given = region(src, index)
    shape, form = self.shape, src.shape
    if reduce == "sum":
        g_self, g_src = g, gathered(g, dim, index)
    elif reduce == "mean":
        real = np.empty(0, g.dtype).real.dtype
        counts = _scattered(np.ones(index.shape, real), shape, dim, index) + (1 if include_self else 0)
        share = g / np.maximum(counts, 1).astype(g.dtype)
        g_self, g_src = share, gathered(share, dim, index)
    elif reduce == "prod":
        g_self, g_src = _product_gradients(g, self, given, index, dim, include_self, name)
    else:
        met = gathered(result, dim, index)
        own = (self == result).astype(g.dtype)
        other = (given == met).astype(g.dtype)
        if not include_self:
            own = scatter_zero(own, dim, index)
        met_by = own + _scattered(other, shape, dim, index)
        share = g / np.where(met_by == 0, constant(math.nan, g), met_by)  # only where the result is NaN
        g_self, g_src = own * share, other * gathered(share, dim, index)
    if not include_self:
        g_self = scatter_zero(g_self, dim, index)
    return g_self, _region_back(g_src, form)


def _product_gradients(g, self, src, index, dim, include_self, name):
    """Of a product: the product of the others, found by division; a zero is left out of it.

    Where several zeros meet there is no second derivative with respect to them.
    """
    dtype = g.dtype
    g, self, src = widen(g), widen(self), widen(src)
    one = np.ones((), g.dtype)
    own_zero, src_zero = self == 0, src == 0
    zeros = gathered(_scattered(src_zero.astype(src.dtype), self.shape, dim, index), dim, index)
    single = src_zero & (zeros == 1)

    def product(own, of):
        return _scatter_reduce(own, dim, index, of, "prod", include_self=include_self)

    others = np.where(own_zero, one, self)
    g_self = g * product(others, src) / others
    alone = gathered(g * product(self, np.where(single, one, src)), dim, index)
    g_src = np.where(single, alone, gathered(g * product(self, src), dim, index) / np.where(src_zero, one, src))
    return narrow(g_self, dtype), narrow(_once(g_src, zeros, name), dtype)


@array_function
def _once(self: Array, zeros: Array, name):
    return self


def _noted(self: Array, zeros: Array, name):
    return self[...], np.asarray(all_values(zeros) > 1).any(keepdims=True)


def _refuse_zeros(g, many, name):
    if many.any():
        source = "src" if name == "scatter_reduce" else "source"
        raise RuntimeError(
            f"{name}(): Double backward is unsupported for {source} when >1 zeros in {source} are scattered to the same "
            "position in self"
        )
    return g


_derived_once = op(
    "_derived_once", _noted, where="", fused=False, keeps=("many",),
    self=lambda g, many, name: _refuse_zeros(g, many, name),
)  # fmt: skip
taped(_once)(lambda x, zeros, name: _derived_once.function(x, zeros, name))


_SCATTER_REDUCE_DOC = """The tensor with the sum, product, mean, maximum or minimum of what meets at ``index`` along a
    dimension, of ``src`` and (if ``include_self``) the tensor's own elements.

    >>> import adjoint as torch
    >>> torch.zeros(2).scatter_reduce(0, torch.tensor([1, 1]), torch.tensor([1., 3.]), "mean", include_self=False)
    tensor([0., 2.])
    """

_scatter_reduce_row = op(
    "scatter_reduce",
    _scatter_reduce,
    overlap=CHECKED, out=SAME,
    gradients={
        "self src": lambda g, self, src, index, result, dim, reduce, include_self: _scatter_reduce_gradients(
            g, self, src, index, result, dim, reduce, include_self
        )
    },
    inplace=True,
    doc=_SCATTER_REDUCE_DOC,
    reads={"self": "g for its part in each result", "src": "g at index, for its part in the result"},
)

# The same with one number per place of a dimension


def _index_reduce_into(self: Array, dim, index: Array, source: Array, reduce, *, include_self=True):
    dim = _check_index_reduce(self, dim, index, source, reduce)
    if self.dtype.kind == "b":
        unsupported("index_func_", self)
    return _scatter_reduce_into(self, dim, _spread(index, dim, source), source, reduce, include_self=include_self)


def _check_index_reduce(self, dim, index, source, reduce):
    warn_once("index_reduce", "index_reduce() is in beta and the API may change at any time.")
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    dim = wrap_dim(dim, self.ndim)
    count = source.shape[dim] if source.ndim else 1
    if index.size != count:
        raise RuntimeError(
            f"index_reduce_(): Number of indices ({index.size}) should be equal to source.size(dim): ({count}), for dim: "
            f"{dim}"
        )
    low, high = extent(index)
    if low < 0 or high >= (self.shape[dim] if self.ndim else 1):
        raise IndexError("index out of range in self")
    return dim


def _spread(index, dim, source):
    """The index of a dimension as one for every element of ``source``."""
    if source.ndim == 0:
        return index.reshape(())
    return np.broadcast_to(index.reshape((-1,) + (1,) * (source.ndim - dim - 1)), source.shape)


@array_function
def _index_reduce(self: Array, dim, index: Array, source: Array, reduce, *, include_self=True):
    return _index_reduce_into(self.copy(), dim, index, source, reduce, include_self=include_self)


def _index_reduce_gradients(g, self, source, index, result, dim, reduce, include_self):
    index = _spread(index, wrap_dim(dim, self.ndim), source)
    return _scatter_reduce_gradients(g, self, source, index, result, dim, reduce, include_self, "index_reduce")


op(
    "index_reduce",
    _index_reduce,
    overlap=ELSEWHERE, out=SAME,
    inplace=True,
    gradients={
        "self source": lambda g, self, source, index, result, dim, reduce, include_self: _index_reduce_gradients(
            g, self, source, index, result, dim, reduce, include_self
        )
    },
    doc="""The tensor with the product, mean, maximum or minimum of what meets at the places ``index`` of a dimension, of
    ``source`` and (if ``include_self``) the tensor's own elements.""",
    reads={"self": "g for its part in each result", "source": "g at index, for its part in the result"},
)

# Writing a part


@array_function
def _select_scatter(self: Array, src: Array, dim, index):
    if not self.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}"
        )
    return _with_part(self, src, (*(slice(None),) * dim, index))


def _with_part(self, src, part):
    found = with_strides(self)
    if src.shape != found[part].shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(found[part].shape)}"
        )
    found[part] = src
    return found


def _part(dim, ndim, index):
    return (*(slice(None),) * wrap_dim(dim, ndim), index)


select_scatter = op(
    "select_scatter",
    _select_scatter,
    lies=UNORDERED,
    tangent="linear",
    self=lambda g, dim, index: zero_in(g, _part(dim, g.ndim, index)),
    src=lambda g, dim, index, src_shape, src_dtype: fit(g[_part(dim, g.ndim, index)], src_shape, src_dtype),
    doc="The tensor with ``src`` at one place of a dimension.",
    reads={"self": "g, 0 at the index", "src": "g at the index"},
)


@array_function
def _slice_scatter(self: Array, src: Array, dim=0, start=None, end=None, step=1):
    if not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    return _with_part(self, src, sliced(wrap_dim(dim, self.ndim), start, end, step))


slice_scatter = op(
    "slice_scatter",
    _slice_scatter, out=SAME,
    lies=UNORDERED,
    tangent="linear",
    self=lambda g, dim, start, end, step: zero_in(g, sliced(wrap_dim(dim, g.ndim), start, end, step)),
    src=lambda g, dim, start, end, step, src_shape, src_dtype: fit(g[sliced(wrap_dim(dim, g.ndim), start, end, step)], src_shape, src_dtype),
    doc="The tensor with ``src`` in a slice of a dimension.",
    reads={"self": "g, 0 in the slice", "src": "g in the slice"},
)


@array_function
def _diagonal_scatter(self: Array, src: Array, offset=0, dim1=0, dim2=1):
    found = with_strides(self)
    where = diagonal_of(found, offset, dim1, dim2)
    if where.shape != src.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the diagonal of self. src size = {list(src.shape)}, diagonal size = "
            f"{list(where.shape)}"
        )
    where[...] = src
    return found


def _off_diagonal(g, offset, dim1, dim2):
    on = np.zeros(g.shape, np.bool_)
    diagonal_of(on, offset, dim1, dim2)[...] = True
    return masked_zero(g, on)


diagonal_scatter = op(
    "diagonal_scatter",
    _diagonal_scatter,
    lies=UNORDERED,
    tangent="linear",
    self=_off_diagonal,
    src=lambda g, offset, dim1, dim2, src_shape, src_dtype: fit(np.diagonal(g, offset, dim1, dim2), src_shape, src_dtype),
    doc="The tensor with ``src`` on a diagonal of two dimensions.",
    reads={"self": "g, 0 on the diagonal", "src": "diagonal(g)"},
)

taped(np.take_along_axis)(lambda x, index, axis=-1: gather.function(x, axis, index))
