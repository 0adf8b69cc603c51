"""Batching rules of the array functions that convolve, pool, normalize, pick classes and factorize: all samples of a
vmap at once.

A convolution takes the samples as more images where the weight is shared, as more filters where the input is, and as
groups where both have a batch.  A function of the last dimensions takes them as one more dimension in front.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.ops import normalization
from adjoint.ops.activation import at_most, kept_where, negative_part, normal_cdf
from adjoint.ops.arithmetic import doubled, floor_quotient, sign_of, trunc_quotient
from adjoint.ops.bessel import i0_of, i0e_of, i1_of, i1e_of
from adjoint.ops.class_loss import class_gather, class_scatter
from adjoint.ops.complex_parts import complex_of, join, split
from adjoint.ops.convolution_kernels import _windows_first, convolve, input_gradient, weight_gradient
from adjoint.ops.elementwise import sigmoid_of
from adjoint.ops.error_functions import erfcx_of
from adjoint.ops.gamma import digamma_of, lgamma_of, polygamma_of, zeta_of
from adjoint.ops.linalg import cofactors, cofactors_along, exponential_of, solved, triangular_solve
from adjoint.ops.loss import bounded
from adjoint.ops.patches import from_patches, patches_of
from adjoint.ops.pooling import adaptive_max, max_unpooled
from adjoint.ops.pooling_kernels import (
    flat_gather,
    flat_indices,
    flat_scatter,
    max_taps,
    tap_gather,
    tap_scatter,
    tap_spread,
    tap_sum,
)
from adjoint.ops.reduction import products_of_others
from adjoint.ops.scans import products_back, shares_back, shares_forth
from adjoint.ops.selection import add_along, take_along
from adjoint.ops.weighing import weighted
from adjoint.ops.widening import widen
from adjoint.readings.batched import BatchedArray, Level, aligned, materialized, physical, rule, wrapped
from adjoint.summation import first_along, total

# Functions of the last dimensions of their arrays, whatever stands before those.


def _leading(function: Any, count: int = 1) -> None:
    @rule(function)
    def whole(level: Level, *args: Any, **kwargs: Any) -> Any:
        arrays = [materialized(a, level) for a in args[:count]]
        return wrapped(function(*arrays, *args[count:], **kwargs), level)


for _f, _count in (
    (tap_scatter, 2), (tap_gather, 2), (tap_sum, 1), (tap_spread, 1), (max_taps, 1), (flat_indices, 1),
    (flat_scatter, 2), (flat_gather, 2), (weighted, 1), (split, 1), (join, 1), (cofactors, 1), (cofactors_along, 2), (exponential_of, 1),
    (normal_cdf, 1), (sigmoid_of, 1), (sign_of, 1), (doubled, 1), (max_unpooled, 2), (adaptive_max, 1), (i0_of, 1), (i1_of, 1),
    (i0e_of, 1), (i1e_of, 1), (lgamma_of, 1), (erfcx_of, 1),
):  # fmt: skip
    _leading(_f, _count)


@rule(kept_where)
def _kept_where(level: Level, condition: Any, g: Any) -> Any:
    return np.where(condition, g, g.dtype.type(0))


@rule(polygamma_of)
def _polygamma(level: Level, n: Any, x: Any) -> Any:
    return wrapped(polygamma_of(n, x.array), level)


def _of_two(function: Any) -> None:
    """An element-wise function of two arrays."""

    @rule(function)
    def _(level: Level, a: Any, b: Any) -> Any:
        ndim = max(a.ndim, b.ndim)
        return wrapped(function(aligned(a, level, ndim), aligned(b, level, ndim)), level)


def _of_one(function: Any) -> None:
    """An element-wise function of an array, and of numbers beside it."""

    @rule(function)
    def _(level: Level, x: Any, *numbers: Any) -> Any:
        return wrapped(function(x.array, *numbers), level)


for _f in (at_most, bounded, digamma_of, negative_part):
    _of_one(_f)


for _f in (complex_of, floor_quotient, trunc_quotient, zeta_of):
    _of_two(_f)


def _of_matrices(function: Any) -> None:
    @rule(function)
    def aligned_first(level: Level, A: Any, B: Any, *rest: Any) -> Any:
        ndim = max(A.ndim, B.ndim)
        return wrapped(function(aligned(A, level, ndim), aligned(B, level, ndim), *rest), level)


for _f in (triangular_solve, solved):
    _of_matrices(_f)


def _merged(function: Any, ndim: int) -> None:
    """A function of one array of ``ndim`` dimensions, of which the first is one of many: the samples are more of them."""

    @rule(function)
    def merged(level: Level, x: Any, *rest: Any) -> Any:
        array = x.array
        if x.ndim < ndim:  # the function without its first dimension: the samples take its place
            return wrapped(function(array, *rest), level)
        found = function(_images(array), *rest)
        return wrapped(found.reshape(*array.shape[:2], *found.shape[1:]), level)


_merged(patches_of, 4)
_merged(from_patches, 3)

# Functions along a dimension.


def _up(dim: int, ndim: int) -> int:
    return dim + 1 if dim >= 0 else dim + ndim + 1


@rule(take_along)
def _take_along(level: Level, x: Any, indices: Any, dim: int) -> Any:
    return wrapped(take_along(materialized(x, level), materialized(indices, level), _up(dim, x.ndim)), level)


@rule(add_along)
def _add_along(level: Level, g: Any, indices: Any, dim: int, shape: Any) -> Any:
    places = materialized(indices, level)
    return wrapped(add_along(materialized(g, level), places, _up(dim, len(shape)), (level.size, *shape)), level)


@rule(products_back)
def _products_back(level: Level, g: Any, x: Any, dim: int) -> Any:
    return wrapped(products_back(materialized(g, level), materialized(x, level), dim + 1), level)


def _shares(function: Any) -> None:
    @rule(function)
    def shares(level: Level, values: Any, x: Any, total: Any, dim: int) -> Any:
        return wrapped(function(*[materialized(a, level) for a in (values, x, total)], dim + 1), level)


_shares(shares_back)
_shares(shares_forth)


@rule(products_of_others)
def _products_of_others(level: Level, x: Any, result: Any, dim: Any, whole: bool = False) -> Any:
    all_of_them = aligned(result, level, x.ndim)
    return wrapped(products_of_others(materialized(x, level), all_of_them, _up(dim, x.ndim), whole), level)


# Classes.


@rule(class_gather)
def _class_gather(level: Level, x: Any, target: Any) -> Any:
    at = materialized(target, level)
    n = at.shape[1]
    if at.ndim == 2 and at.__class__ is np.ndarray:
        array, batched = physical(x, level)
        rows = np.arange(n) if not batched else np.arange(len(at))[:, None] if n == 1 else np.ogrid[: len(at), :n]
        if not batched:
            return BatchedArray(array[rows, at], level)
        return BatchedArray(array[(rows, 0, at) if n == 1 else (*rows, at)], level)
    array = materialized(x, level)
    found = class_gather(_images(array), _images(at))
    return BatchedArray(found.reshape(at.shape), level)


@rule(class_scatter)
def _class_scatter(level: Level, values: Any, target: Any, shape: tuple[int, ...]) -> Any:
    given, at = materialized(values, level), materialized(target, level)
    many = (level.size * shape[0], *shape[1:])
    found = class_scatter(_images(given), _images(at), many)
    return BatchedArray(found.reshape(level.size, *shape), level)


# Convolutions.


def _images(x: Any) -> Any:
    """(B, N, ...) as (B * N, ...)."""
    return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:])


def _channels(x: Any) -> Any:
    """(B, N, C, ...) as (N, B * C, ...)."""
    x = x.swapaxes(0, 1)
    return x.reshape(x.shape[0], x.shape[1] * x.shape[2], *x.shape[3:])


def _samples(x: Any, size: int) -> Any:
    """(N, B * C, ...) as (B, N, C, ...)."""
    return x.reshape(x.shape[0], size, x.shape[1] // (size or 1), *x.shape[2:]).swapaxes(0, 1)


@rule(convolve)
def _convolve(
    level: Level, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> BatchedArray:
    more = (stride, padding, dilation)
    x, x_batched = physical(input, level)
    w, w_batched = physical(weight, level)
    if not w_batched:
        found = convolve(_images(x), w, *more, groups)
        return BatchedArray(found.reshape(*x.shape[:2], *found.shape[1:]), level)
    if not x_batched and groups == 1:
        return BatchedArray(_samples(convolve(x, _images(w), *more, 1), level.size), level)
    x = materialized(input, level)
    return BatchedArray(_samples(convolve(_channels(x), _images(w), *more, level.size * groups), level.size), level)


@rule(input_gradient)
def _input_gradient(
    level: Level, g: Any, weight: Any, space: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> BatchedArray:
    more = (space, stride, padding, dilation)
    w, w_batched = physical(weight, level)
    given = materialized(g, level)
    if not w_batched:
        found = input_gradient(_images(given), w, *more, groups)
        return BatchedArray(found.reshape(*given.shape[:2], *found.shape[1:]), level)
    found = input_gradient(_channels(given), _images(w), *more, level.size * groups)
    return BatchedArray(_samples(found, level.size), level)


@rule(weight_gradient)
def _weight_gradient(
    level: Level, input: Any, g: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> BatchedArray:
    x, given = materialized(input, level), materialized(g, level)
    size, images, filters, *out = given.shape
    if groups == 1 and x.__class__ is np.ndarray is given.__class__ and x.dtype.itemsize != 2 and x.size and given.size:
        columns = _windows_first(_images(x), kernel, stride, padding, dilation, tuple(out))
        products = np.matmul(given.reshape(size * images, filters, -1), columns.swapaxes(1, 2))
        if images > 1:
            products = total(products.reshape(size, images, *products.shape[1:]), 1)
        found = products.reshape(size, filters, -1, *kernel)
        if not any(padding) or np.isfinite(np.add.reduce(found[(..., *[k // 2 for k in kernel])], None)):
            return BatchedArray(found, level)  # or else zeros of the padding may have spread what is not finite
    found = weight_gradient(_channels(x), _channels(given), kernel, stride, padding, dilation, size * groups)
    return BatchedArray(found.reshape(size, filters, *found.shape[1:]), level)


# Normalizations: their gradients, of NumPy functions that have rules of their own.


def _normal(x: Any, over: Any, eps: float) -> tuple[Any, Any]:
    centred = x - first_along(x, over)
    centred = centred - centred.mean(over, keepdims=True)
    rstd = 1 / np.sqrt((centred * centred).mean(over, keepdims=True) + eps)
    return centred * rstd, rstd


def _rows_gradient(inner: Any, normal: Any, rstd: Any, over: Any) -> Any:
    away = inner - first_along(inner, over)
    away = away - away.mean(over, keepdims=True)
    return (away - normal * (away * normal).mean(over, keepdims=True)) * rstd


def _column(x: Any, ndim: int) -> Any:
    return x.reshape(1, -1, *(1,) * (ndim - 2))


@rule(normalization.layer_norm_gradients)
def _layer_norm_gradients(
    level: Level, g: Any, input: Any, weight: Any, mean: Any, rstd: Any, shape: Any, eps: float
) -> Any:
    over = tuple(range(-len(shape), 0))
    lead = tuple(range(input.ndim - len(shape)))
    given = widen(g)
    normal, rstd = _normal(widen(input), over, eps)
    inner = given if weight is None else given * widen(weight)
    found = _rows_gradient(inner, normal, rstd, over), total(given * normal, lead), total(given, lead)
    return tuple(f.astype(g.dtype) for f in found)


@rule(normalization.group_norm_gradients)
def _group_norm_gradients(level: Level, g: Any, input: Any, weight: Any, num_groups: int, eps: float) -> Any:
    given, shape = widen(g), input.shape
    rows = (shape[0] * num_groups, prod(shape[1:]) // num_groups)
    over = (0, *range(2, len(shape)))
    normal, rstd = _normal(widen(input).reshape(rows), (1,), eps)
    inner = given if weight is None else given * _column(widen(weight), len(shape))
    of_input = _rows_gradient(inner.reshape(rows), normal, rstd, (1,)).reshape(shape)
    found = of_input, total(given * normal.reshape(shape), over), total(given, over)
    return tuple(f.astype(g.dtype) for f in found)


@rule(normalization.batch_norm_gradients)
def _batch_norm_gradients(
    level: Level, g: Any, input: Any, weight: Any, mean: Any, invstd: Any, training: bool, eps: float
) -> Any:
    given, ndim = widen(g), input.ndim
    over = (0, *range(2, ndim))
    scale = _column(invstd, ndim)
    normal = (widen(input) - _column(mean, ndim)) * scale
    g_weight, g_bias = total(given * normal, over), total(given, over)
    inner = given
    if training:
        count = prod(input.shape) // input.shape[1]
        inner = given - _column(g_bias, ndim) / count - normal * _column(g_weight, ndim) / count
    of_input = inner * (scale if weight is None else scale * _column(widen(weight), ndim))
    return of_input.astype(g.dtype), g_weight, g_bias
