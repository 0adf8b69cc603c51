"""Compiled convolutions against NumPy's in float64."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adjoint.kernels.convolution import convolve, input_gradient, weight_gradient
from adjoint.kernels.threads import num_threads, set_num_threads
from adjoint.ops import convolution_kernels as reference


def close(ours, exact, magnitude):
    """Within a small part of the sum of magnitudes."""
    assert ours.dtype == np.float32 and ours.shape == exact.shape and ours.flags.c_contiguous
    assert (np.abs(ours - exact) <= 3e-6 * magnitude + 1e-30).all()


def check(random, input, weight, stride, padding, dilation, groups):
    """All three functions on random arrays of these shapes."""
    x, w = random.standard_normal(input), random.standard_normal(weight)
    rest = (stride, padding, dilation, groups)
    bias = random.standard_normal(weight[0])
    exact = reference.convolve(x, w, *rest)
    g = random.standard_normal(exact.shape)
    x32, w32, g32 = (a.astype(np.float32) for a in (x, w, g))
    x, w, g = (a.astype(np.float64) for a in (x32, w32, g32))
    space, kernel = input[2:], weight[2:]
    exact = reference.convolve(x, w, *rest)
    magnitude = reference.convolve(abs(x), abs(w), *rest)
    close(convolve(x32, w32, *rest), exact, magnitude)
    b = bias.astype(np.float32)
    spread = b.reshape(-1, *(1,) * len(space)).astype(np.float64)
    close(convolve(x32, w32, *rest, bias=b), exact + spread, magnitude + abs(spread))
    exact = reference.input_gradient(g, w, space, *rest)
    close(input_gradient(g32, w32, space, *rest), exact, reference.input_gradient(abs(g), abs(w), space, *rest))
    exact = reference.weight_gradient(x, g, kernel, *rest)
    close(weight_gradient(x32, g32, kernel, *rest), exact, reference.weight_gradient(abs(x), abs(g), kernel, *rest))


def configuration(random):
    """A random convolution that is small."""
    dims = int(random.integers(1, 4))
    groups = int(random.choice([1, 1, 1, 2, 3]))
    channels = groups * int(random.choice([1, 2, 3, 5, 17]))
    filters = groups * int(random.choice([1, 2, 7, 16, 33]))
    kernel = tuple(int(random.integers(1, 5)) for _ in range(dims))
    stride = tuple(int(random.integers(1, 4)) for _ in range(dims))
    dilation = tuple(int(random.integers(1, 3)) for _ in range(dims))
    padding = tuple(int(random.integers(0, 4)) for _ in range(dims))
    reach = [d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding)]
    space = tuple(max(1, r) + int(random.integers(0, 24 // dims**2 + 1)) for r in reach)
    batch = int(random.integers(1, 4))
    return (batch, channels, *space), (filters, channels // groups, *kernel), stride, padding, dilation, groups


@pytest.mark.parametrize("seed", range(60))
def test_random_configurations_agree_with_numpy(seed):
    random = np.random.default_rng(seed)
    check(random, *configuration(random))


@pytest.mark.parametrize(
    ("n", "c", "size", "kernel", "stride", "filters"),
    [
        (2, 64, 8, 3, 1, 64),
        (16, 24, 2, 3, 1, 70),
        (16, 200, 2, 3, 1, 170),
        (66, 190, 2, 2, 1, 180),
        (16, 182, 4, 3, 2, 190),
        (2, 32, 7, 5, 1, 5),
        (3, 40, 4, 3, 1, 130),
        (2, 3, 16, 7, 2, 64),
        (2, 20, 14, 1, 1, 24),
        (2, 64, 9, 1, 2, 96),
        (1, 1, 28, 3, 1, 32),
        (2, 9, 50, 3, 1, 10),
        (1, 300, 5, 3, 2, 8),
        (5, 4, 1, 1, 1, 5),
    ],
)
def test_shapes_of_known_networks_agree_with_numpy(n, c, size, kernel, stride, filters):
    random = np.random.default_rng(n)
    padding = kernel // 2
    shape = (n, c, size, size), (filters, c, kernel, kernel)
    check(random, *shape, (stride, stride), (padding, padding), (1, 1), 1)


@pytest.mark.parametrize(
    ("input", "weight", "stride", "padding", "dilation"),
    [
        ((1, 70, 4, 4), (130, 70, 3, 3), (1, 1), (1, 1), (1, 1)),
        ((3, 67, 5, 4), (51, 67, 3, 3), (2, 2), (1, 1), (1, 1)),
        ((2, 100, 2, 2), (101, 100, 3, 3), (1, 1), (1, 1), (1, 1)),
        ((4, 90, 4, 4), (100, 90, 1, 1), (2, 2), (0, 0), (1, 1)),
        ((1, 1100, 1, 1), (19, 1100, 1, 1), (1, 1), (0, 0), (1, 1)),
        ((1, 33, 9, 6), (60, 33, 5, 2), (3, 2), (0, 1), (2, 1)),
        ((2, 65, 11), (64, 65, 3), (1,), (2,), (1,)),
        ((1, 20, 3, 4, 3), (40, 20, 2, 3, 3), (1, 2, 1), (1, 1, 2), (2, 1, 1)),
        ((4, 230, 4, 4), (180, 230, 3, 3), (1, 1), (1, 1), (1, 1)),
    ],
)
def test_few_pixels_under_many_weights_agree_with_numpy(input, weight, stride, padding, dilation):
    check(np.random.default_rng(0), input, weight, stride, padding, dilation, 1)


def test_a_kernel_as_large_as_the_image_is_a_matrix_product():
    check(np.random.default_rng(0), (3, 6, 5, 4), (10, 3, 5, 4), (2, 1), (0, 0), (1, 1), 2)


def test_arrays_need_not_be_contiguous():
    random = np.random.default_rng(0)
    x = random.standard_normal((5, 2, 6, 4)).astype(np.float32)
    w = random.standard_normal((3, 3, 8, 4)).astype(np.float32)
    rest = ((1, 1), (1, 1), (1, 1), 1)
    moved, turned = x.transpose(1, 3, 0, 2), w.T
    plain = np.ascontiguousarray(moved), np.ascontiguousarray(turned)
    moved, turned = moved[:, :4], turned[:, ::2]
    plain = np.ascontiguousarray(moved), np.ascontiguousarray(turned)
    assert (convolve(moved, turned, *rest) == convolve(*plain, *rest)).all()
    g = np.broadcast_to(np.float32(0.5), convolve(*plain, *rest).shape)
    assert (input_gradient(g, turned, (5, 6), *rest) == input_gradient(g.copy(), plain[1], (5, 6), *rest)).all()
    assert (weight_gradient(moved, g, (3, 3), *rest) == weight_gradient(plain[0], g.copy(), (3, 3), *rest)).all()


def test_a_result_is_the_same_bits_every_time():
    random = np.random.default_rng(1)
    x = random.standard_normal((4, 32, 12, 12)).astype(np.float32)
    w = random.standard_normal((40, 32, 3, 3)).astype(np.float32)
    rest = ((1, 1), (1, 1), (1, 1), 1)
    g = convolve(x, w, *rest)
    for _ in range(5):
        assert (convolve(x, w, *rest) == g).all()
        assert (input_gradient(g, w, (12, 12), *rest) == input_gradient(g, w, (12, 12), *rest)).all()
        assert (weight_gradient(x, g, (3, 3), *rest) == weight_gradient(x, g, (3, 3), *rest)).all()


def test_few_pixels_give_the_same_bits_on_any_number_of_threads():
    random = np.random.default_rng(4)
    x = random.standard_normal((2, 90, 4, 4)).astype(np.float32)
    w = random.standard_normal((75, 90, 3, 3)).astype(np.float32)
    rest = ((1, 1), (1, 1), (1, 1), 1)
    before, found = num_threads(), []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        y = convolve(x, w, *rest)
        found.append((y, input_gradient(y, w, (4, 4), *rest), weight_gradient(x, y, (3, 3), *rest)))
    set_num_threads(before)
    assert all((a == b).all() for other in found for a, b in zip(found[0], other))


def test_what_is_not_finite_reaches_its_windows_only():
    random = np.random.default_rng(2)
    x = random.standard_normal((2, 32, 12, 12)).astype(np.float32)
    w = random.standard_normal((32, 32, 3, 3)).astype(np.float32)
    x[0, 3, 5, 5], x[1, 0, 0, 0] = np.inf, np.nan
    rest = ((1, 1), (1, 1), (1, 1), 1)
    expected = np.isfinite(reference.convolve(x, w, *rest))
    assert (np.isfinite(convolve(x, w, *rest)) == expected).all() and expected.any() and not expected.all()


def test_several_threads_may_convolve_at_once():
    random = np.random.default_rng(3)
    x = random.standard_normal((4, 20, 9, 9)).astype(np.float32)
    w = random.standard_normal((40, 20, 3, 3)).astype(np.float32)
    rest = ((2, 2), (1, 1), (1, 1), 1)
    expected = convolve(x, w, *rest)
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: convolve(x, w, *rest), range(100)))
    assert all((result == expected).all() for result in results)


def test_other_dtypes_and_no_elements_are_left_to_another_reading():
    rest = ((1,), (0,), (1,), 1)
    w = np.zeros((2, 3, 1), np.float32)
    assert convolve(np.zeros((1, 3, 4)), w, *rest) is NotImplemented
    assert convolve(np.zeros((0, 3, 4), np.float32), w, *rest) is NotImplemented
    assert input_gradient(np.zeros((1, 2, 4)), w, (4,), *rest) is NotImplemented
    assert weight_gradient(np.zeros((1, 3, 4)), np.zeros((1, 2, 4)), (1,), *rest) is NotImplemented
