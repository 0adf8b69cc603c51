"""Compiled copies against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.copying import concatenate, copy, copy_into, fill, stack, zeros

DTYPES = (np.bool_, np.int16, np.float32, np.float64, np.complex128)


def numbers(random, shape, dtype):
    """Random elements of a dtype."""
    return random.integers(-100, 100, shape).astype(dtype)


def strided(random, dtype, most=40_000):
    """A random view: permuted, sliced, turned round, broadcast."""
    ndim = int(random.integers(1, 7))
    sizes = [int(random.choice([1, 2, 3, 5, 8, 17, 33, 70])) for _ in range(ndim)]
    while np.prod(sizes) > most:
        sizes[int(np.argmax(sizes))] //= 3
    steps = [int(random.choice([1, 1, 1, 2, 3, -1, -2])) for _ in sizes]
    x = numbers(random, [n * abs(s) for n, s in zip(sizes, steps)], dtype)
    x = x[tuple(slice(None, None, s) for s in steps)].transpose(random.permutation(ndim))
    if random.random() < 0.2:
        x = np.broadcast_to(x[:1], x.shape)
    if random.random() < 0.2:
        x = np.broadcast_to(x[..., :1], x.shape)
    return x


@pytest.mark.parametrize("seed", range(150))
def test_any_strides_are_copied(seed):
    random = np.random.default_rng(seed)
    x = strided(random, DTYPES[seed % len(DTYPES)])
    found = copy(x)
    assert found.flags.c_contiguous and found.dtype == x.dtype
    np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize("seed", range(150))
def test_any_strides_are_written_to(seed):
    random = np.random.default_rng(seed)
    dtype = DTYPES[seed % len(DTYPES)]
    target = strided(random, dtype)
    if not target.flags.writeable:
        assert copy_into(target, target.copy()) is NotImplemented
        return
    base = target.base if target.base is not None else target
    expected = base.copy()
    source = numbers(random, target.shape, dtype)
    where = np.zeros(base.shape, bool)
    view = np.ndarray(target.shape, bool, where, _start(target, base) // base.itemsize,
                      tuple(s // base.itemsize for s in target.strides))  # fmt: skip
    view[...] = True
    assert copy_into(target, source) is target
    np.testing.assert_array_equal(target, source)
    np.testing.assert_array_equal(base[~where], expected[~where])


def _start(view, base):
    return view.__array_interface__["data"][0] - base.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(300, 257), (64, 64), (5, 4, 130), (17, 3)])
def test_transposes_are_exact(shape, dtype):
    x = numbers(np.random.default_rng(0), shape, dtype)
    np.testing.assert_array_equal(copy(x.T), x.T)


def test_heads_and_channels_change_places():
    random = np.random.default_rng(0)
    x = numbers(random, (3, 64, 4, 32), np.float32)
    np.testing.assert_array_equal(copy(x.transpose(0, 2, 1, 3)), x.transpose(0, 2, 1, 3))
    np.testing.assert_array_equal(copy(x.transpose(0, 3, 1, 2)), x.transpose(0, 3, 1, 2))


def test_large_arrays_are_copied_in_parts():
    x = np.arange(1_000_003, dtype=np.float32)
    np.testing.assert_array_equal(copy(x), x)
    np.testing.assert_array_equal(copy(x[::-1]), x[::-1])
    np.testing.assert_array_equal(copy(x[::2]), x[::2])


def test_arrays_without_elements_or_dimensions_are_copied():
    assert copy(np.zeros((3, 0, 2))).shape == (3, 0, 2)
    assert copy(np.array(3.0)) == 3.0
    assert copy(np.full((1, 1), 2, np.int64)).tolist() == [[2]]


def test_a_fill_is_of_the_elements_asked_for_only():
    x = np.zeros((70, 90), np.float32)
    fill(x[1:-1, ::3], 2.5)
    expected = np.zeros_like(x)
    expected[1:-1, ::3] = 2.5
    np.testing.assert_array_equal(x, expected)
    assert (fill(np.empty(100_001, np.complex128), 1 + 2j) == 1 + 2j).all()
    assert fill(np.empty(1000, bool), True).all()


def test_zeros_are_zero_in_memory_that_was_used():
    for _ in range(3):
        found = zeros((300, 301), np.float32)
        assert not found.any() and found.shape == (300, 301)
        found += 1
    assert zeros((), np.int64) == 0 and zeros((2, 0), np.int64).shape == (2, 0)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_joined_arrays_are_those_of_numpy(axis):
    random = np.random.default_rng(0)
    parts = [numbers(random, (4, 5, 6), np.float32), numbers(random, (6, 5, 4), np.float32).T]
    np.testing.assert_array_equal(concatenate(parts, axis), np.concatenate(parts, axis))
    np.testing.assert_array_equal(stack(parts, axis), np.stack(parts, axis))
    assert concatenate([parts[0], parts[1].astype(np.float64)], axis) is NotImplemented
    assert concatenate([parts[0], np.zeros((3, 4, 7), np.float32)], axis) is NotImplemented


def test_what_cannot_be_copied_is_left_alone():
    x = np.arange(10.0)
    assert copy_into(x[1:], x[:-1]) is NotImplemented
    assert copy_into(np.broadcast_to(x, (2, 10)), np.zeros((2, 10))) is NotImplemented
    assert copy_into(x, np.arange(10)) is NotImplemented
    assert copy(np.array([None, 1], object)) is NotImplemented
    on_top = np.lib.stride_tricks.as_strided(np.zeros(10), (4, 4), (8, 8))
    assert copy_into(on_top, np.ones((4, 4))) is NotImplemented
    np.testing.assert_array_equal(x, np.arange(10.0))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, np.complex128])
def test_rows_are_turned_round(dtype):
    random = np.random.default_rng(0)
    for shape in ((3, 5, 7), (2, 3, 64), (4, 65), (3, 40, 333), (1000,), (2, 2, 1), (3, 20000)):
        x = (random.random(shape) * 200).astype(dtype)
        for view in (x[..., ::-1], np.flip(x), x[::-1, ..., ::-1] if x.ndim > 1 else x[::-1], x[..., 1:][..., ::-1]):
            found = copy(view)
            assert found is NotImplemented or np.array_equal(found, view)
