"""Compiled indexing against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels import threads
from adjoint.kernels.indexing import add_at, add_onto, scatter, take


def added(g, index, count):
    """The same, one row after the other."""
    found = np.zeros((count, *g.shape[1:]), g.dtype)
    for row, i in zip(g, index):
        found[i] += row
    return found


@pytest.mark.parametrize("dtype", [np.bool_, np.int16, np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("integer", [np.int32, np.int64])
@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 3), (40, 4, 16), (40, 129)])
def test_rows_are_read_by_number(shape, integer, dtype):
    random = np.random.default_rng(0)
    x = random.integers(-100, 100, shape).astype(dtype)
    index = random.integers(-40, 40, (7, 11)).astype(integer)
    np.testing.assert_array_equal(take(x, index, 0), x[index])
    assert take(x, index, 0).flags.c_contiguous


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_any_dimension_is_indexed(axis):
    random = np.random.default_rng(0)
    x = random.standard_normal((9, 8, 70)).astype(np.float32)
    index = random.integers(-8, 8, 300)
    for y in (x, x[::2], x[:, :, 3:20], x.transpose(1, 0, 2), x.transpose(2, 0, 1), x[::-1, ::-1]):
        index = index % y.shape[axis]
        np.testing.assert_array_equal(take(y, index, axis), y.take(index, axis))


@pytest.mark.parametrize("shape", [(1, 9, 8, 70), (9, 1, 8, 70), (9, 8, 1, 70), (9, 8, 70, 1), (1, 9, 1, 8, 1), (1, 1, 1)])
def test_the_stride_of_an_axis_of_size_1_says_nothing(shape):
    random = np.random.default_rng(0)
    x = random.standard_normal(shape).astype(np.float32)
    for stride in (0, 4, 12, -8, 1 << 40):
        strides = tuple(stride if n == 1 else s for n, s in zip(x.shape, x.strides))
        y = np.lib.stride_tricks.as_strided(x, x.shape, strides)
        for axis in range(x.ndim):
            for index in (random.integers(0, x.shape[axis], 30), np.zeros(1, np.int64)):
                np.testing.assert_array_equal(take(y, index, axis), x.take(index, axis))
    g = np.lib.stride_tricks.as_strided(x[:1], strides=(1 << 40, *x.strides[1:]))
    np.testing.assert_array_equal(add_at(g, np.zeros(1, np.int64), 3), added(x[:1], [0], 3))


@pytest.mark.parametrize("bad", [40, -41, 1 << 40, -(1 << 62)])
def test_an_index_out_of_bounds_is_left_to_numpy(bad):
    x = np.ones((40, 5), np.float32)
    assert take(x, np.array([1, bad, 2]), 0) is NotImplemented
    assert take(x, np.array([1.0]), 0) is NotImplemented


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("integer", [np.int32, np.int64])
@pytest.mark.parametrize("shape", [(500,), (500, 1), (500, 33), (500, 4, 40)])
@pytest.mark.parametrize("count", [1, 30, 2000])
def test_rows_are_added_in_the_order_of_the_indices(count, shape, integer, dtype):
    random = np.random.default_rng(0)
    g = random.standard_normal(shape).astype(dtype)
    index = random.integers(0, count, 500).astype(integer)
    np.testing.assert_array_equal(add_at(g, index, count), added(g, index, count))


def test_rows_that_are_not_in_order_are_added():
    random = np.random.default_rng(0)
    g = random.standard_normal((60, 500)).astype(np.float32)
    index = random.integers(0, 50, 500)
    np.testing.assert_array_equal(add_at(g.T, index, 50), added(g.T, index, 50))
    one = np.broadcast_to(np.float32(0.1), (500, 8))
    np.testing.assert_array_equal(add_at(one, index, 50), added(one, index, 50))


def test_rows_are_added_onto_others():
    random = np.random.default_rng(0)
    g, target = random.standard_normal((500, 33)), random.standard_normal((70, 33))
    index = random.integers(0, 70, 500)
    expected = target.copy()
    np.add.at(expected, index, g)
    assert add_onto(target, index, g) is target
    np.testing.assert_array_equal(target, expected)
    assert add_onto(target, index[:70], target) is NotImplemented
    assert add_onto(target, index, g[:, :1]) is NotImplemented
    assert add_onto(target.T, index[:33], np.ones((33, 70))) is NotImplemented
    np.testing.assert_array_equal(target, expected)


def test_sums_do_not_depend_on_the_number_of_threads():
    random = np.random.default_rng(0)
    g = random.standard_normal((3000, 20)).astype(np.float32)
    index = random.integers(0, 100, 3000)
    before, found = threads.num_threads(), []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            found.append(add_at(g, index, 100))
    finally:
        threads.set_num_threads(before)
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all()


def test_no_rows_add_up_to_zeros():
    assert not add_at(np.ones((0, 3), np.float32), np.zeros(0, np.int64), 70_000).any()
    assert add_at(np.ones((2, 0), np.float32), np.zeros(2, np.int64), 3).shape == (3, 0)
    assert add_at(np.ones(3, np.int32), np.zeros(3, np.int64), 1) is NotImplemented


def test_elements_are_added_row_by_row():
    random = np.random.default_rng(0)
    g = random.standard_normal((50, 90)).astype(np.float32)
    index = random.integers(0, 200, (50, 90))
    expected = np.stack([added(a, b, 200) for a, b in zip(g, index)])
    np.testing.assert_array_equal(scatter(g, index, 200), expected)
