"""Weighted sums along dimensions, compiled, against the products with matrices that they are, and PyTorch's interpolation."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import adjoint
from adjoint.kernels.weighing import sums_of_rows, weigh
from adjoint.ops.resampling import weights_of

torch = pytest.importorskip("torch")

SPACES = [(4, 5), (37, 41), (200, 130), (7, 7), (1, 1), (1, 50)]
OUTS = [(20, 70), (300, 3), (1, 1)]


def resizing(n, out, kind, antialias, real):
    """What is added up for a dimension of another size."""
    return weights_of((kind + " in double" * (real is np.float64), n, out, n / out, False, antialias))


def by_matrices(x, along):
    """The same sums in double, as products."""
    x = x.astype(np.float64)
    for axis, sums in enumerate(along, x.ndim - len(along)):
        if sums is not None:
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ sums.matrix(np.float64).T, -1, axis)
    return x


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("kind, antialias", [("linear", False), ("cubic", True), ("nearest", False)])
def test_sums_along_rows_and_columns_are_products_with_matrices(kind, antialias, real, channels_last):
    random = np.random.default_rng(0)
    near = 1e-5 if real is np.float32 else 1e-13
    for number, space in enumerate(SPACES):
        for out in OUTS:
            x = random.standard_normal((2, (1, 3, 33)[number % 3], *space)).astype(real)
            if channels_last:
                x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
            both = [resizing(n, o, kind, antialias, real) for n, o in zip(space, out)]
            for along in (tuple(both), (both[0], None), (None, both[1]), (both[1],)):
                wanted = by_matrices(x, along)
                np.testing.assert_allclose(weigh(x, along), wanted, near, near)
            back = tuple(w.transposed for w in both)
            g = random.standard_normal((2, 1, *out)).astype(real)
            np.testing.assert_allclose(weigh(g, back), by_matrices(g, back), near, 10 * near)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(
    "mode, antialias",
    [("bilinear", True), ("bilinear", False), ("bicubic", True), ("bicubic", False), ("nearest", False)],
)
def test_resized_bytes_are_pytorchs(mode, antialias, channels_last):
    random = np.random.default_rng(1)
    options = {} if mode == "nearest" else {"antialias": antialias}
    for space, out in (((90, 61), (40, 33)), ((40, 33), (90, 130)), ((64, 64), (64, 20)), ((9, 300), (3, 41)), ((50, 7), (120, 7))):
        array = random.integers(0, 256, (2, 3, *space), np.uint8)
        found = []
        for library in (torch, adjoint):
            x = library.from_numpy(array)
            if channels_last:
                x = x.contiguous(memory_format=library.channels_last)
            found.append(library.nn.functional.interpolate(x, out, mode=mode, **options))
        theirs, ours = found
        assert ours.stride() == theirs.stride()
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_what_is_not_finite_reaches_the_sums_that_it_is_in_and_zeros_keep_their_signs():
    x = np.full((1, 1, 40, 40), -0.0, np.float32)
    x[0, 0, 7, 9], x[0, 0, 30, 2] = np.nan, np.inf
    for mode in ("nearest", "bilinear", "bicubic"):
        theirs, ours = (
            library.nn.functional.interpolate(library.from_numpy(x), (80, 60), mode=mode).numpy() for library in (torch, adjoint)
        )
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
        np.testing.assert_array_equal(np.isinf(ours), np.isinf(theirs))
        if mode == "nearest":
            np.testing.assert_array_equal(np.signbit(ours[~np.isnan(ours)]), np.signbit(theirs[~np.isnan(theirs)]))


def test_sums_do_not_depend_on_the_number_of_threads():
    x = np.random.default_rng(2).standard_normal((2, 3, 200, 150)).astype(np.float32)
    along = tuple(resizing(n, o, "linear", True, np.float32) for n, o in ((200, 77), (150, 310)))
    before = adjoint.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            adjoint.set_num_threads(threads)
            found.append(weigh(x, along).tobytes())
    finally:
        adjoint.set_num_threads(before)
    assert len(set(found)) == 1


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_sums_of_rows_are_products_with_a_sparse_matrix(real):
    random = np.random.default_rng(3)
    for count, rows, width in ((1, 1, 1), (5, 9, 3), (300, 40, 70), (7, 20, 1000)):
        matrix = np.where(random.random((count, rows)) < 0.3, random.standard_normal((count, rows)), 0).astype(real)
        lines, places = np.nonzero(matrix)
        starts = np.searchsorted(lines, np.arange(count + 1)).astype(np.int32)
        x = random.standard_normal((width, rows)).astype(real).T
        found = sums_of_rows(x, starts, places.astype(np.int32), matrix[lines, places])
        np.testing.assert_allclose(found, matrix.astype(np.float64) @ x, 1e-5, 1e-5)
