"""Weighing: every element of the result is a weighted sum of a few elements along a dimension.

Resizing and adaptive averages are such sums.  Of few elements they are fastest as a product with a matrix, which is mostly
zeros; but there a NaN or an infinity reaches every sum of its line, for zero times it is a NaN.  So where one of them is not
finite in a line, and where there are many elements, an element is added only to the sums that it is in; a kernel does that,
two dimensions at a time, where there is more than a little to compute.
"""

from __future__ import annotations

from cmath import isfinite
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels.late import Late, from_on
from adjoint.ops.arrays import Array, array_function
from adjoint.summation import total

_ZEROS = 128  # elements to multiply a sum's by, times those that count, up to which a matrix is faster
_ZEROS_OF_EQUAL = 32  # where all sums have as many elements, so that nothing is added at indices
_MOST = 1024  # elements of a sum, more of which would be added one after the other for too long
_LITTLE = 4096  # elements, up to which one product is faster than one per image
_SIDE_BY_SIDE = 16  # elements of a sum that are added one to all others at a time
_WORTH_A_KERNEL = from_on(1024)  # elements, given or made
_MOST_IN_A_KERNEL = 64  # elements of a sum, which it adds one after the other

_by_kernel = Late("weighing:weigh")


class Weights:
    """Of ``size`` elements, which ones are summed for each of ``out`` results, and by what they are weighed.

    ``to[k]``, ``of[k]`` and ``weight[k]`` are the k-th product's result, element and factor; ``weight`` is None where all
    are 1.  Products are in the order of their results.  Where bytes are summed, weights are whole multiples of ``2 ** -bits``.
    """

    def __init__(self, size: int, out: int, to: Array, of: Array, weight: Array | None, bits: int = 14) -> None:
        self.size, self.out, self.bits = size, out, bits
        self.to, self.of, self.weight = to, of, weight
        self.counts = np.bincount(to, minlength=out)
        self.starts = np.cumsum(self.counts) - self.counts
        self.most = int(self.counts.max(initial=0))
        self.picks = weight is None and len(to) == out and self.most == 1  # signed zeros stay what they are
        equal = self.most * out == len(to)
        self.is_matrix = not self.picks and self.most <= _MOST and size * out <= (_ZEROS_OF_EQUAL if equal else _ZEROS) * len(to)
        self._columns: dict[Any, Any] = {}
        self._matrices: dict[Any, Array] = {}

    @cached_property
    def stays(self) -> bool:
        """Whether every result is the element of its own number."""
        return self.picks and self.out == self.size and bool((self.of == np.arange(self.size)).all())

    @cached_property
    def transposed(self) -> Weights:
        """The weights of the gradient; its own transposed is this."""
        order = np.argsort(self.of, kind="stable")
        made = Weights(
            self.out, self.size, self.of[order], self.to[order], None if self.weight is None else self.weight[order]
        )
        made.__dict__["transposed"] = self
        return made

    def matrix(self, dtype: Any) -> Array:
        """The weights as a matrix (out, size)."""
        found = self._matrices.get(dtype)
        if found is None:
            found = self._matrices[dtype] = np.zeros((self.out, self.size), dtype)
            np.add.at(found, (self.to, self.of), 1 if self.weight is None else self.weight)
        return found

    def columns(self, dtype: Any) -> list[tuple[Any, Any, Any]]:
        """The n-th product of every result that has so many: (their results, or None for all; elements; factors)."""
        found = self._columns.get(dtype)
        if found is None:
            place = np.arange(len(self.to)) - self.starts[self.to]
            found = self._columns[dtype] = []
            for n in range(self.most):
                at = np.flatnonzero(place == n)
                to = None if len(at) == self.out else self.to[at]
                found.append((to, self.of[at], None if self.weight is None else self.weight[at].astype(dtype)))
        return found


def from_taps(size: int, indices: Array, weights: Array | None, counts: Array | None = None) -> Weights:
    """From the elements and factors of each result, (out, most): the first ``counts`` of each, or all."""
    out, most = indices.shape
    inside = np.ones((out, most), bool) if counts is None else np.arange(most) < counts[:, None]
    to = np.repeat(np.arange(out), inside.sum(1))
    return Weights(size, out, to, indices[inside], None if weights is None else weights[inside])


@array_function
def weighted(x: Array, weights: tuple[Weights, ...]) -> Array:
    """The weighted sums along each of the last dimensions, the last one first."""
    found = weighed_by_kernel(x, weights)
    if found is not NotImplemented:
        return found
    found = _weighted(x, weights, True)
    if any([along.is_matrix for along in weights]) and found.size:
        edges = found[(..., *[0 if along.is_matrix else slice(None) for along in weights])]
        if not isfinite(np.add.reduce(edges, None)):  # as they are if anything in their lines is
            return _weighted(x, weights, False)
    return found


def weighed_by_kernel(x: Array, weights: tuple[Weights, ...]) -> Any:
    """As :func:`weighted`, also of bytes; NotImplemented where there is little to compute, or no kernel for it."""
    if x.__class__ is not np.ndarray:
        return NotImplemented
    along, made = _as_kernels_take_it(weights)
    return NotImplemented if along is None or max(x.size, made) < _WORTH_A_KERNEL else _by_kernel(x, along)


@lru_cache(maxsize=1024)
def _as_kernels_take_it(weights: tuple[Weights, ...]) -> tuple[tuple[Weights | None, ...] | None, int]:
    """The weights, None for dimensions that stay, or None for all where sums are too long; and how many results there are."""
    short = max([along.most for along in weights]) <= _MOST_IN_A_KERNEL
    return tuple([None if along.stays else along for along in weights]) if short else None, prod([along.out for along in weights])


def _weighted(x: Array, weights: tuple[Weights, ...], by_matrices: bool) -> Array:
    for axis, along in reversed(list(enumerate(weights, x.ndim - len(weights)))):
        if along.picks:
            x = x.take(along.of, axis)
        elif by_matrices and along.is_matrix and x.size:
            x = _product(x, along, axis)
        else:
            x = _weighted_along(x, along, axis)
    return x


def _product(x: Array, weights: Weights, axis: int) -> Array:
    """The product with the matrix, in which what is not finite spreads over its line."""
    matrix = weights.matrix(x.dtype)
    shape = (*x.shape[:axis], weights.out, *x.shape[axis + 1 :])
    if axis == x.ndim - 1:
        if x.size > _LITTLE:  # image by image, whose result stays in the cache
            return np.matmul(x, matrix.T)
        return (x.reshape(-1, weights.size) @ matrix.T).reshape(shape)
    return np.matmul(matrix, x.reshape(*x.shape[: axis + 1], -1)).reshape(shape)


def _weighted_along(x: Any, weights: Weights, axis: int) -> Any:
    if weights.most > _SIDE_BY_SIDE:
        return _one_by_one(x, weights, axis)
    lead = (slice(None),) * axis
    behind = (1,) * (x.ndim - 1 - axis)
    result = None
    for to, of, factors in weights.columns(x.dtype):
        part = np.take(x, of, axis)
        if factors is not None:
            part *= factors.reshape(-1, *behind)
        if result is None:
            if to is None:
                result = part
                continue
            result = np.zeros((*x.shape[:axis], weights.out, *x.shape[axis + 1 :]), x.dtype)
            result[(*lead, to)] = part
        elif to is None:
            result += part
        else:
            result[(*lead, to)] += part
    return np.zeros((*x.shape[:axis], weights.out, *x.shape[axis + 1 :]), x.dtype) if result is None else result


def _one_by_one(x: Any, weights: Weights, axis: int) -> Any:
    """Results of many elements each, one after the other."""
    lead = (slice(None),) * axis
    factors = None if weights.weight is None else weights.weight.astype(x.dtype)
    result = np.zeros((*x.shape[:axis], weights.out, *x.shape[axis + 1 :]), x.dtype)
    for n in np.flatnonzero(weights.counts):
        start = weights.starts[n]
        products = slice(start, start + weights.counts[n])
        of = weights.of[products]
        follow = of[-1] - of[0] == len(of) - 1 and (np.diff(of) == 1).all()
        part = x[(*lead, slice(of[0], of[-1] + 1))] if follow else np.take(x, of, axis)
        if factors is not None:
            part = part * factors[products].reshape(-1, *(1,) * (x.ndim - 1 - axis))
        result[(*lead, n)] = total(part, axis)
    return result
