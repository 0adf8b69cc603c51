"""What the results of array functions look like, for arrays without memory.

Functions that are themselves made of NumPy's need no rule: they are run.  Here are those that fill new arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NoReturn

from adjoint.ops import gathering, index_along, indexing, joining, picking, pooling
from adjoint.ops.attention_kernels import attention, attention_gradients
from adjoint.ops.class_loss import class_scatter
from adjoint.ops.complex_parts import complex_of
from adjoint.ops.convolution_kernels import convolve, input_gradient, output_size, weight_gradient
from adjoint.ops.fourier import fourier, from_half_spectrum, half_spectrum
from adjoint.ops.gamma import polygamma_of
from adjoint.ops.gathering import gathered, scatter_zero, scattered, scattered_number
from adjoint.ops.linalg import exponential_of, solved, triangular_solve
from adjoint.ops.ordering import kth_along, mode_along, top_along
from adjoint.ops.padding import padded
from adjoint.ops.patches import from_patches, patches_of
from adjoint.ops.picking import _masked_select
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
from adjoint.ops.rearranging import embedded
from adjoint.ops.reduction import identity_like, products_of_others
from adjoint.ops.scans import products_back
from adjoint.ops.scatter import add_at, index_at, index_zero, masked_put, selected_shape, zero_in
from adjoint.ops.selection import add_along
from adjoint.ops.slicing import diagonal_backward, select_backward, slice_backward, windows_backward
from adjoint.ops.strides import _as_strided_scatter
from adjoint.ops.weighing import weighted
from adjoint.readings.meta import MetaArray, broadcast, like, new, rule, unmade


def _as_first(*functions: Callable[..., Any]) -> None:
    """Functions whose result is like their first array."""

    @rule(*functions)
    def as_first(array: Any, *args: Any, **kwargs: Any) -> MetaArray:
        return like(array)


_as_first(
    gathering._diagonal_scatter, gathering._index_reduce, gathering._once, gathering._scatter_add,
    gathering._scatter_reduce, gathering._scatter_reduced, gathering._scatter_reduced_number, gathering._select_scatter,
    gathering._slice_scatter, scatter_zero, scattered, scattered_number,
    index_along._index_add, index_along._index_copy, index_along._index_fill, index_along._index_fill_with,
    indexing._index_put, index_zero, zero_in, picking._put_flat, _as_strided_scatter, exponential_of,
)  # fmt: skip


def _of_shape(position: int, *functions: Callable[..., Any]) -> None:
    """Functions of a gradient whose result has the shape that is given at a position."""

    @rule(*functions)
    def of_shape(g: Any, *args: Any, **kwargs: Any) -> MetaArray:
        return new(args[position - 1], g.dtype)


@rule(products_of_others)
def _products_of_others(x: Any, result: Any, dim: Any, whole: bool = False) -> MetaArray:
    return like(x)


@rule(products_back)
def _products_back(g: Any, x: Any, dim: int) -> MetaArray:
    return like(x)


@rule(polygamma_of)
def _polygamma_of(n: int, x: Any) -> MetaArray:
    return like(x)


@rule(complex_of)
def _complex_of(real: Any, imag: Any) -> MetaArray:
    return new(broadcast(real, imag), "c16" if real.itemsize == 8 else "c8")


@rule(embedded)
def _embedded(array: Any, offset: int, dim1: int, dim2: int) -> MetaArray:
    n = array.shape[-1] + abs(offset)
    shape = list(array.shape[:-1])
    for d in sorted((dim1 % (array.ndim + 1), dim2 % (array.ndim + 1))):
        shape.insert(d, n)
    return new(shape, array.dtype)


@rule(index_at)
def _index_at(array: Any, indices: Any, dims: Any, unique: bool = False) -> MetaArray:
    return new(selected_shape(array.shape, indices, dims), array.dtype)


_of_shape(1, select_backward, slice_backward, diagonal_backward, windows_backward, identity_like)
_of_shape(2, class_scatter)
_of_shape(3, add_along)


# Convolution, pooling, attention


@rule(convolve)
def _convolve(input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int, bias: Any = None) -> MetaArray:
    out = output_size(input.shape[2:], weight.shape[2:], stride, padding, dilation)
    return new((input.shape[0], weight.shape[0], *out), input.dtype)


@rule(input_gradient)
def _input_gradient(g: Any, weight: Any, space: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> MetaArray:
    return new((g.shape[0], weight.shape[1] * groups, *space), g.dtype)


@rule(weight_gradient)
def _weight_gradient(input: Any, g: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> MetaArray:
    return new((g.shape[1], input.shape[1] // groups, *kernel), g.dtype)


def _windowed(x: Any, windows: Any) -> tuple[int, ...]:
    return (*x.shape[: -len(windows.space)], *windows.out)


@rule(max_taps)
def _max_taps(x: Any, windows: Any) -> tuple[MetaArray, MetaArray]:
    shape = _windowed(x, windows)
    return new(shape, x.dtype), new(shape, "i8")


@rule(flat_indices)
def _flat_indices(taps: Any, windows: Any) -> MetaArray:
    return new(taps.shape, "i8")


@rule(tap_gather)
def _tap_gather(x: Any, taps: Any, windows: Any) -> MetaArray:
    return new(taps.shape, x.dtype)


@rule(tap_sum)
def _tap_sum(x: Any, windows: Any) -> MetaArray:
    return new(_windowed(x, windows), x.dtype)


@rule(tap_scatter)
def _tap_scatter(g: Any, taps: Any, windows: Any) -> MetaArray:
    return _tap_spread(g, windows)


@rule(tap_spread)
def _tap_spread(g: Any, windows: Any) -> MetaArray:
    return new((*g.shape[: -len(windows.space)], *windows.space), g.dtype)


@rule(flat_scatter, pooling.max_unpooled)
def _flat_scatter(g: Any, indices: Any, space: Any) -> MetaArray:
    return new((*g.shape[: -len(space)], *space), g.dtype)


@rule(flat_gather)
def _flat_gather(x: Any, indices: Any, space: Any) -> MetaArray:
    return new(indices.shape, x.dtype)


@rule(pooling.adaptive_max)
def _adaptive_max(x: Any, output_size: Any) -> tuple[MetaArray, MetaArray, MetaArray]:
    shape = (*x.shape[: -len(output_size)], *output_size)
    indices = new(shape, "i8")
    return new(shape, x.dtype), indices, indices


@rule(weighted)
def _weighted(x: Any, weights: Any) -> MetaArray:
    return new((*x.shape[: -len(weights)], *(along.out for along in weights)), x.dtype)


@rule(patches_of)
def _patches_of(x: Any, windows: Any) -> MetaArray:
    *batch, channels = x.shape[: -len(windows.space)]
    return new((*batch, channels * prod(windows.kernel), prod(windows.out)), x.dtype)


@rule(from_patches)
def _from_patches(columns: Any, windows: Any) -> MetaArray:
    *batch, rows, _ = columns.shape
    return new((*batch, rows // prod(windows.kernel), *windows.space), columns.dtype)


@rule(attention)
def _attention(query: Any, key: Any, value: Any, *rest: Any) -> tuple[MetaArray, MetaArray]:
    wide = "f4" if query.itemsize == 2 else query.dtype
    return new((*query.shape[:-1], value.shape[-1]), query.dtype), new(query.shape[:-1], wide)


@rule(attention_gradients)
def _attention_gradients(g: Any, query: Any, key: Any, value: Any, *rest: Any) -> tuple[MetaArray, MetaArray, MetaArray]:
    return like(query), like(key), like(value)


# Fourier transforms

_COMPLEX = {2: "c8", 4: "c8", 8: "c16"}


@rule(fourier)
def _fourier(array: Any, dim: Any, normalization: Any, forth: bool) -> MetaArray:
    return like(array)


@rule(half_spectrum)
def _half_spectrum(array: Any, dim: Any, normalization: Any, onesided: bool) -> MetaArray:
    shape = list(array.shape)
    if onesided:
        shape[dim[-1]] = shape[dim[-1]] // 2 + 1
    return new(shape, _COMPLEX[array.itemsize])


@rule(from_half_spectrum)
def _from_half_spectrum(array: Any, dim: Any, normalization: Any, last_dim_size: int) -> MetaArray:
    shape = list(array.shape)
    shape[dim[-1]] = last_dim_size
    return new(shape, "f8" if array.itemsize == 16 else "f4")


# Rows and places


@rule(add_at)
def _add_at(g: Any, index: Any, count: int, unique: bool = False) -> MetaArray:
    return new((count, *g.shape[1:]), g.dtype)


@rule(gathered)
def _gathered(array: Any, dim: int, index: Any, **kwargs: Any) -> MetaArray:
    return new(index.shape, array.dtype)


@rule(padded)
def _padded(array: Any, pad: Any, value: Any = 0) -> MetaArray:
    shape = list(array.shape)
    for d, (before, after) in enumerate(zip(pad[::2], pad[1::2])):
        shape[-1 - d] += before + after
    return new(shape, array.dtype)


@rule(top_along)
def _top_along(lines: Any, k: int, *rest: Any) -> tuple[MetaArray, MetaArray]:
    shape = (*lines.shape[:-1], k)
    return new(shape, lines.dtype), new(shape, "i8")


@rule(kth_along, mode_along)
def _one_along(lines: Any, *rest: Any) -> tuple[MetaArray, MetaArray]:
    return _top_along(lines, 1)


@rule(joining._block_diag)
def _block_diag(arrays: Any) -> MetaArray:
    rows, columns = (sum(a.shape[d] for a in arrays) for d in (0, 1))
    return new((rows, columns), arrays[0].dtype)


@rule(triangular_solve, solved)
def _triangular_solve(A: Any, B: Any, *rest: Any) -> MetaArray:
    return new((*broadcast(A[..., 0, 0], B[..., 0, 0]), *B.shape[-2:]), B.dtype)


@rule(_masked_select)
def _selected(array: Any, mask: Any) -> NoReturn:
    raise unmade("masked_select")


@rule(picking._masked_scatter)
def _masked_scatter(array: Any, mask: Any, source: Any) -> MetaArray:
    return new(broadcast(array, mask), array.dtype)


@rule(masked_put)
def _masked_put(g: Any, mask: Any) -> MetaArray:
    return new(mask.shape, g.dtype)
