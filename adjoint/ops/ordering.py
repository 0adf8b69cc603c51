"""Order: sort, argsort, topk, kthvalue, median, mode, quantile, searchsorted."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER, made_of
from adjoint.declare.once import warn_once
from adjoint.declare.operands import result_type_of
from adjoint.declare.outs import SAME, refused
from adjoint.kernels.late import Often
from adjoint.layouts import empty_like
from adjoint.ops import equals
from adjoint.ops.arithmetic import lerp
from adjoint.ops.arrays import Array, all_values, array_function, contiguous
from adjoint.ops.bulk import copy
from adjoint.ops.dims import wrap_dim
from adjoint.ops.extremes import select, selected_gradient, shared_among_equals
from adjoint.ops.selection import add_along
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor, from_array

_sort_rows = Often("ordering:sort")
_top = Often("ordering:top")
_kth = Often("ordering:kth")
_middle_of_rows = Often("ordering:middle")


def order_along(x: Any, dim: int, descending: bool = False) -> Any:
    """The indices that sort an array along a dimension, equal elements in their order; NaN is the largest."""
    found = _sort_rows(x, dim, descending) if _sort_rows.wants(x) else NotImplemented
    if found is not NotImplemented:
        return contiguous(found[1])
    if x.dtype.kind == "V":
        x = x.astype(np.float32)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    n = x.shape[dim]
    return contiguous(np.flip(n - 1 - np.argsort(np.flip(x, dim), dim, kind="stable"), dim))


def _sort(self: Array, dim=-1, descending=False, *, stable=...):  # always stable; PyTorch has two nodes
    dim = wrap_dim(dim, self.ndim)
    if self.dtype.kind == "c":
        raise RuntimeError(" Sort does not support complex dtypes on CPU")
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    found = _sort_rows(self, dim, descending) if _sort_rows.wants(self) else NotImplemented
    if found is not NotImplemented:
        values, indices = [copy(a) for a in found] if dim != self.ndim - 1 and self.flags.c_contiguous else found
    else:
        indices = order_along(self, dim, descending)
        values = np.take_along_axis(self, indices, dim)
    if self.__class__ is np.ndarray and not self.flags.c_contiguous:  # both lie in memory as the tensor does
        values, indices = (copied(a, a.dtype, self) for a in (values, indices))
    return values, indices


def copied(array, dtype, like):
    found = empty_like(like, dtype, None)
    found[...] = array
    return found


def _along_gradient(g, indices, self_shape, dim):
    return add_along(g, indices, wrap_dim(dim, len(self_shape)), self_shape) if self_shape else g


sort = op(
    "sort", _sort, out=SAME, outputs=("values", "indices"), differentiable=("values",), self=_along_gradient,
    node="SortBackward0 if stable is ... else SortBackward1",
    reads={"self": "g, back in the order of before"},
    doc="The elements along ``dim`` in order, and their indices (int64) before; equal ones keep theirs "
    "where ``stable``.",
)  # fmt: skip


@composite
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort a tensor along ``dim``.

    >>> import adjoint as torch
    >>> torch.argsort(torch.tensor([3., 1., 2.]))
    tensor([1, 2, 0])
    """
    return sort.function(input.detach(), dim, descending, stable=stable)[1]


@composite(out=SAME)
def msort(input: Tensor) -> Tensor:
    """The tensor sorted along its first dimension."""
    return sort.function(input, 0)[0]


def _repeated(ordered: Any) -> Any:
    """Which elements along the last dimension are the same as the one before; a NaN is the same as another."""
    a, b = ordered[..., 1:], ordered[..., :-1]
    return (a == b) | ((a != a) & (b != b))


def _compete(ordered: Any, descending: bool) -> bool:
    """Whether there may be equal elements next to each other along the last dimension: none, if each is beyond the last."""
    beyond = np.less if descending else np.greater
    return not beyond(ordered[..., 1:], ordered[..., :-1]).all()


def _settled(lines: Any, order: Any, tied: Any, indices: Any, choose: Any) -> Any:
    """The indices, of those lines in which equal elements compete the ones that ``choose`` finds in ranks."""
    if not tied.any() or np.count_nonzero(tied) * lines.shape[-1] > equals.MANY:
        return indices
    ranks = np.zeros((np.count_nonzero(tied), lines.shape[-1]), np.int64)
    ranks[:, 1:] = np.cumsum(~_repeated(np.take_along_axis(lines[tied], order[tied], -1)), -1)
    keys = np.empty_like(ranks)
    np.put_along_axis(keys, order[tied], ranks, -1)
    indices = indices.copy()
    indices[tied] = [choose(line) for line in keys.tolist()]
    return indices


@array_function
def top_along(lines: Any, k: int, largest: bool, in_order: bool) -> Any:
    """The k largest or smallest elements along the last dimension, and their indices; unless they are to be in order, in
    the one in which they are found."""
    order = order_along(lines, -1, largest)
    indices = order[..., :k]
    near = np.take_along_axis(lines, order[..., : k + 1], -1)  # the first that is not taken may equal the last that is
    if not k or (in_order and not _compete(near, largest)):
        return near[..., :k], indices
    tied = _repeated(near).any(-1) | (not in_order)
    indices = _settled(lines, order, tied, indices, lambda keys: equals.top(keys, k, in_order))
    return np.take_along_axis(lines, indices, -1), indices


@array_function
def kth_along(lines: Any, k: int) -> Any:
    """The k-th smallest element along the last dimension, which is kept, and its index."""
    order = order_along(lines, -1)
    indices = order[..., k - 1 : k]
    first = max(k - 2, 0)
    near = np.take_along_axis(lines, order[..., first : k + 1], -1)
    if _compete(near, False):
        choose = lambda keys: [equals.quickselected(keys, k - 1)]
        indices = _settled(lines, order, _repeated(near).any(-1), indices, choose)
        return np.take_along_axis(lines, indices, -1), indices
    return near[..., k - 1 - first : k - first], indices


def _along_last(function: Any, x: Any, dim: int, *args: Any) -> Any:
    """What a function of lines finds along a dimension: values and indices."""
    if dim == x.ndim - 1:
        return function(x, *args)
    values, indices = function(np.moveaxis(x, dim, -1), *args)
    return np.moveaxis(values, -1, dim), np.moveaxis(indices, -1, dim)


def _one(found: Any, dim: int, keepdim: bool) -> Any:
    return found if keepdim else tuple([part.squeeze(dim) for part in found])


def _topk(self: Array, k, dim=-1, largest=True, sorted=True):
    dim = wrap_dim(dim, self.ndim)
    if not 0 <= k <= (self.shape[dim] if self.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if self.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    found = _top(self, k, dim, largest, sorted) if _top.wants(self) else NotImplemented
    if found is not NotImplemented:
        return found
    found = _along_last(top_along, self, dim, k, largest, sorted)
    return tuple([part.copy() for part in found])  # without the memory of what was not taken


topk = op(
    "topk", _topk, out=SAME, lies=IN_ORDER, outputs=("values", "indices"), differentiable=("values",), self=_along_gradient, reads={"self": "g at indices, 0 elsewhere"},
    doc="The ``k`` largest (or smallest) elements along ``dim`` and their indices (int64), in order if ``sorted``.",
)  # fmt: skip


def _kthvalue(self: Array, k, dim=-1, keepdim=False):
    dim = wrap_dim(dim, self.ndim)
    if self.ndim and not self.shape[dim]:
        raise IndexError(f"kthvalue(): Expected reduction dim {dim} to have non-zero size.")
    if not 1 <= k <= (self.shape[dim] if self.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    found = _kth(self, k - 1, dim) if _kth.wants(self) else NotImplemented
    if found is not NotImplemented:
        return _one(found, dim, keepdim)
    return tuple([part.copy() for part in _one(_along_last(kth_along, self, dim, k), dim, keepdim)])


kthvalue = op(
    "kthvalue", _kthvalue, out=refused(("output values must be of same type as input", "output indices must be of scalar type Long")), lies=IN_ORDER, outputs=("values", "indices"), differentiable=("values",), self=selected_gradient,
    reads={"self": "g at indices, 0 elsewhere"},
    doc="The ``k``-th smallest element along ``dim``, counted from 1, and its index (int64).",
)

# The middle


def _middle(name: str, skip_nan: bool) -> Any:
    def along(self: Array, dim, keepdim=False):
        dim = wrap_dim(dim, self.ndim)
        n = self.shape[dim] if self.ndim else 1
        if n == 0:
            raise IndexError(f"median(): Expected reduction dim {dim} to have non-zero size.")
        if self.dtype.kind in "bc":
            unsupported("median_out", self)
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        found = _middle_of_rows(self, dim, skip_nan) if _middle_of_rows.wants(self) else NotImplemented
        if found is not NotImplemented:
            return _one(found, dim, keepdim)
        order = order_along(self, dim)
        missing = (self != self).sum(axis=dim, keepdims=True)
        if skip_nan:
            place = np.maximum(n - missing - 1, 0) // 2
        else:
            place = np.where(missing > 0, n - missing, (n - 1) // 2)  # the first NaN, where there is one
        return select(self, np.take_along_axis(order, place, dim), dim, keepdim)

    return along


def _middle_of_all(name: str, along: Any) -> Any:
    def forward(self: Array):
        flat = self.reshape(-1)
        if flat.size == 0:
            # Of integers what NaN is when it is converted to one.
            nothing = (np.iinfo(self.dtype).min if self.itemsize > 2 else 0) if self.dtype.kind in "iu" else np.nan
            return np.asarray(nothing, self.dtype)
        if self.dtype.kind in "bc":
            unsupported("median_cpu", self)
        return along(flat, 0, False)[0]

    return forward


def _declare_middle(name: str, skip_nan: bool) -> Any:
    title = name.capitalize()
    along = _middle(name, skip_nan)
    of_all = op(
        name, _middle_of_all(name, along), where="", node=f"{title}Backward0",
        self=lambda g, self, result: shared_among_equals(g, self, result, None, False),
        reads={"self": "g * (self == result) / sum(self == result)"},
    )  # fmt: skip
    of_dim = op(
        name, along, lies=IN_ORDER, where="", node=f"{title}Backward1", outputs=("values", "indices"), differentiable=("values",),
        self=selected_gradient,
        reads={"self": "g at indices, 0 elsewhere"},
    )  # fmt: skip

    def middle(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        return of_all.function(input) if dim is None else of_dim.function(input, dim, keepdim)

    middle.__name__ = middle.__qualname__ = name
    middle.__doc__ = "The middle element, the lower one of two; with ``dim``, those along a dimension and their indices." + (
        "  NaN does not count." if skip_nan else ""
    )
    return composite(middle, out=_MIDDLE)


_MIDDLE = refused(
    (
        "Expected tensor for 'values' to have the same type as tensor for argument #2 'self'; but type torch.{Out}Tensor does not "
        "equal torch.{Result}Tensor (while checking arguments for median)",
        "Expected tensor for argument #1 'indices' to have scalar type Long; but got torch.{Out}Tensor instead (while checking "
        "arguments for median)",
    )
)
median = _declare_middle("median", skip_nan=False)
nanmedian = _declare_middle("nanmedian", skip_nan=True)


def _longest_run(lines: Any, order: Any) -> tuple[Any, Any]:
    """Of lines in an order, where the first of the longest runs of equal elements ends, and how many come before its last."""
    ordered = np.take_along_axis(lines, order, -1)
    starts = np.ones(ordered.shape, bool)
    starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    place = np.arange(lines.shape[-1])
    run = place - np.maximum.accumulate(np.where(starts, place, 0), -1)
    return run.argmax(-1), run.max(-1)


@array_function
def mode_along(lines: Any) -> Any:
    """The most frequent value along the last dimension, which is kept, and the index of an element that has it."""
    n = lines.shape[-1]
    missing = (lines != lines).any(-1)
    order = order_along(lines, -1)
    ends, longest = _longest_run(lines, order)
    if n > equals.STABLE or missing.any():  # its elements may lie in another order: which of them ends the run
        tied = missing | (longest > 0)
        if tied.any() and np.count_nonzero(tied) * n <= equals.MANY:
            order[tied] = np.reshape([equals.in_order(line) for line in lines[tied].tolist()], (-1, n))
            ends[tied] = _longest_run(lines[tied], order[tied])[0]
    indices = np.take_along_axis(order, ends[..., None], -1)
    return np.take_along_axis(lines, indices, -1), indices


def _mode(self: Array, dim=-1, keepdim=False):
    dim = wrap_dim(dim, self.ndim)
    if self.ndim == 0:
        return self.copy(), np.zeros((), np.int64)
    if self.shape[dim] == 0:
        raise IndexError(f"mode(): Expected reduction dim {dim} to have non-zero size.")
    return _one(_along_last(mode_along, self, dim), dim, keepdim)


mode = op(
    "mode", _mode, out=refused(("expected scalar type '{Result}' but got '{Out}' for values output", "expected scalar type '{Result}' but got '{Out}' for indices output")), outputs=("values", "indices"), differentiable=("values",), self=selected_gradient, reads={"self": "g at indices, 0 elsewhere"},
    doc="The most frequent element along ``dim``, the smallest of several, and an index of it (int64).",
)  # fmt: skip

# Quantiles

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, input: Tensor, q: Any, dim: Any, keepdim: bool, interpolation: str, out: Any, skip_nan: bool):
    if input._array.dtype.kind not in "f" or input._array.itemsize == 2:
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        q = from_array(np.asarray(q, input._array.dtype))
    elif q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    elif q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    elif not bool(all_values((q._array >= 0) & (q._array <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if input._array.size == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    original, given = input.ndim, input.shape
    if dim is None:
        input = input.reshape(-1)
        wrapped = 0
    else:
        wrapped = wrap_dim(dim, original)
        if original == 0:
            input = input.reshape(1)
    kept = [1 if i == wrapped or dim is None else n for i, n in enumerate(given)]
    if not keepdim:
        kept = [n for i, n in enumerate(kept) if i != wrapped and dim is not None]
    if wrapped != input.ndim - 1:
        input = input.unsqueeze(-1).transpose(wrapped, -1)
    ordered = sort.function(input, -1)[0]
    ordered = ordered.reshape((*kept, ordered.shape[-1]))
    n = ordered.shape[-1]
    missing = (ordered._array != ordered._array).sum(-1, keepdims=True)
    places = np.atleast_1d(q._array)
    if skip_nan:
        first, steps = 0, np.maximum(n - missing - 1, 0)
    else:  # a NaN is the last of its row, and every quantile of it
        first, steps = np.where(missing > 0, n - 1, 0), np.where(missing > 0, 0, n - 1)
    steps = steps.astype(places.dtype)
    rank = (first + places * steps).astype(places.dtype)
    if interpolation == "lower":
        rank = np.floor(rank)
    elif interpolation == "higher":
        rank = np.ceil(rank)
    elif interpolation == "nearest":
        rank = np.rint(rank)
    below = rank.astype(np.int64)
    result = ordered.gather(-1, from_array(below))
    if interpolation in ("linear", "midpoint"):
        above = np.ceil(rank).astype(np.int64)
        if interpolation == "midpoint":
            weight = from_array(np.full_like(rank, 0.5))
        else:
            weight = q.reshape(-1) * from_array(steps) - from_array((below - first).astype(rank.dtype))
            if not skip_nan and weight.requires_grad:  # what is NaN whatever the quantile has a derivative of 0
                weight = weight.masked_fill(from_array(missing > 0), 0.0)
        result = lerp(result, ordered.gather(-1, from_array(above)), weight)
    if q.ndim == 0:
        result.squeeze_(-1)
    else:
        result.unsqueeze_(0).transpose_(0, -1).squeeze_(-1)
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, name)


@composite(out=refused("quantile() out tensor must be same dtype as the input tensor"))
def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles along ``dim`` (of all elements by default); the dimension of a 1-d ``q`` comes first.

    Raises RuntimeError for a ``q`` outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.quantile(torch.tensor([1., 2., 4.]), 0.5)
    tensor(2.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, out, skip_nan=False)


@composite(out=refused("quantile() out tensor must be same dtype as the input tensor"))
def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """As :func:`quantile`, of the elements that are not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, out, skip_nan=True)


# Searching in what is sorted


def _warn_of_strides(name: str, array: Any) -> None:
    """PyTorch's warning, once for each argument, where it would copy one first."""
    if array.__class__ is np.ndarray and not array.flags.c_contiguous:
        warn_once(
            f"searchsorted's {name}",
            f"torch.searchsorted(): {name} tensor is non-contiguous, this will lower the performance due to extra data copy when "
            f"converting non-contiguous tensor to contiguous, please use contiguous {name} tensor if possible. This message will "
            "only appear once per program.",
        )


@composite(where="torch")
def searchsorted(
    sorted_sequence: Tensor, input: Tensor | float, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, out: Tensor | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The places at which values would have to be put in to keep the innermost dimension sorted.

    >>> import adjoint as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])
    """
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True")
    side = "right" if right or side == "right" else "left"
    sequence = sorted_sequence._array
    _warn_of_strides("boundary", sequence)
    if isinstance(input, Tensor):
        _warn_of_strides("input value", input._array)
    if sequence.ndim == 0:
        raise RuntimeError("torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1")
    if not isinstance(input, Tensor):
        if sequence.ndim != 1:
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
                f"boundaries tensor dim({sequence.ndim})"
            )
        values = np.asarray(input)
    else:
        values = input._array
        if values.dtype != sequence.dtype:  # compared as what both are promoted to
            common = result_type_of(sorted_sequence, input).array
            sequence, values = sequence.astype(common), values.astype(common)
        if sequence.ndim != 1 and sequence.shape[:-1] != values.shape[:-1]:
            raise RuntimeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
                f"tensor and input value tensor must match, but we got boundaries tensor {list(sequence.shape)} and input "
                f"value tensor {list(values.shape)}"
            )
    if sorter is not None:
        if ((sorter._array < 0) | (sorter._array >= sequence.shape[-1])).any():
            raise RuntimeError("torch.searchsorted(): sorter index out of range")
        _warn_of_strides("sorter", sorter._array)
        sequence = np.take_along_axis(sequence, sorter._array, -1)
    plain = sequence.__class__ is np.ndarray is values.__class__
    if not sequence.shape[-1] or not values.size:
        found = np.zeros(values.shape)
    elif not plain or (sequence.dtype.kind not in "iub" and ((values != values).any() or (sequence != sequence).any())):
        found = _bisected(sequence, values, side == "right")
    elif sequence.ndim == 1:
        found = np.searchsorted(sequence, values, side)
    else:
        rows = sequence.reshape(-1, sequence.shape[-1])
        found = np.stack([np.searchsorted(r, v, side) for r, v in zip(rows, values.reshape(len(rows), -1))])
        found = found.reshape(values.shape)
    result = made_of(found.astype(np.int32 if out_int32 else np.int64))
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "searchsorted")


def _bisected(sequence: Any, values: Any, right: bool) -> Any:
    """The places step by step, of batches, and where a NaN is: it is beyond all, and where it ends up is PyTorch's way there."""
    n = sequence.shape[-1]
    flat = values.reshape(-1) if sequence.ndim == 1 else values
    start, end = np.zeros(flat.shape, np.int64), np.full(flat.shape, n)
    for _ in range(n.bit_length()):
        middle = (start + end) // 2
        at = np.minimum(middle, n - 1)
        there = np.take_along_axis(sequence, at, -1)
        open_, further = start < end, ~(there > flat if right else there >= flat)
        start, end = np.where(open_ & further, middle + 1, start), np.where(open_ & ~further, middle, end)
    return start.reshape(values.shape)


@composite(where="torch")
def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """Which of the intervals between sorted boundaries each value is in.

    >>> import adjoint as torch
    >>> torch.bucketize(torch.tensor([0, 3, 9]), torch.tensor([1, 3, 5]))
    tensor([0, 1, 3])
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


