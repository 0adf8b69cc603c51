"""Depthwise convolution against the NumPy functions in float64."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.convolution import depthwise
from adjoint.ops import convolution_kernels as numpy_functions
from tests.convolutions import (
    assert_close,
    assert_results_close,
    assert_same_on_any_number_of_threads,
    normal,
    run_in_shorter_vectors,
)

ROUNDING = 1e-6  # a few roundings of the sum of the magnitudes of the products

# (input, filters per channel, kernel, stride, padding, dilation)
CASES = [
    ((2, 8, 28, 28), 1, (3, 3), (1, 1), (1, 1), (1, 1)),
    ((2, 3, 17, 41), 2, (3, 3), (2, 2), (1, 1), (1, 1)),
    ((1, 4, 20, 33), 1, (5, 5), (2, 2), (2, 1), (1, 2)),
    ((1, 4, 20, 40), 3, (7, 7), (1, 1), (3, 3), (1, 1)),
    ((1, 2, 9, 9), 1, (2, 4), (1, 2), (0, 3), (2, 1)),
    ((2, 2, 5, 5), 1, (3, 3), (2, 1), (2, 2), (2, 3)),
    ((2, 2, 2, 2), 1, (3, 3), (2, 2), (1, 1), (1, 1)),
    ((2, 2, 30, 71), 2, (3, 3), (2, 2), (5, 7), (3, 3)),
    # Planes of half a vector or less, an odd number of them or of images.
    ((3, 5, 14, 14), 1, (5, 5), (2, 2), (2, 2), (1, 1)),
    ((3, 3, 7, 7), 3, (3, 3), (1, 1), (1, 1), (1, 1)),
    ((5, 1, 4, 3), 1, (5, 5), (1, 1), (4, 4), (2, 2)),
    ((1, 3, 15, 16), 1, (3, 3), (2, 2), (1, 0), (1, 1)),
    ((3, 1, 6, 8), 3, (1, 2), (1, 2), (0, 5), (1, 11)),
    # Rows of just so many vectors, one pixel less and one more.
    ((2, 2, 9, 63), 1, (3, 3), (2, 2), (1, 1), (1, 1)),
    ((2, 2, 9, 64), 1, (5, 5), (2, 2), (2, 2), (1, 1)),
    ((2, 2, 9, 65), 1, (3, 4), (1, 1), (1, 3), (3, 2)),
    ((2, 2, 12, 40), 1, (1, 1), (2, 2), (0, 0), (1, 1)),
    ((1, 2, 5, 120), 1, (2, 3), (1, 1), (0, 40), (1, 37)),
    ((2, 2, 20, 21), 1, (7, 7), (2, 2), (3, 3), (1, 1)),
    ((3, 5, 50), 2, (3,), (1,), (1,), (1,)),
    ((3, 5, 50), 1, (4,), (2,), (0,), (2,)),
]


def operands(shape, multiple, kernel):
    return normal(*shape), normal(shape[1] * multiple, 1, *kernel, seed=1)


@pytest.mark.parametrize("shape, multiple, kernel, stride, padding, dilation", CASES)
def test_outputs_and_both_gradients_are_those_of_the_sums(shape, multiple, kernel, stride, padding, dilation):
    x, w = operands(shape, multiple, kernel)
    assert_results_close(depthwise, x, w, stride, padding, dilation, shape[1], relative=ROUNDING)


def test_a_bias_is_added_to_its_channel():
    x, w = operands((2, 3, 9, 9), 2, (3, 3))
    b = normal(6)
    rest = ((1, 1), (1, 1), (1, 1), 3)
    with_bias = depthwise.convolve(x, w, *rest, b)
    np.testing.assert_allclose(with_bias, depthwise.convolve(x, w, *rest) + b[:, None, None], atol=1e-5)


def test_arrays_in_any_strides_are_served():
    x, w = normal(2, 9, 9, 4).transpose(0, 3, 1, 2), normal(3, 3, 1, 4)[::-1].transpose(3, 2, 0, 1)
    rest = ((1, 1), (1, 1), (1, 1), 4)
    assert_close(depthwise.convolve(x, w, *rest), numpy_functions.convolve, x, w, *rest, relative=ROUNDING)


def test_an_infinity_stays_in_its_windows():
    x, w = operands((1, 1, 9, 40), 1, (3, 3))
    x[0, 0, 4, 17] = np.inf
    rest = ((1, 1), (1, 1), (1, 1), 1)
    finite = np.isfinite(depthwise.convolve(x, w, *rest)[0, 0])
    assert not finite[3:6, 16:19].any() and finite.sum() == finite.size - 9


@pytest.mark.parametrize("shape", [(1, 1, 9, 40), (3, 1, 7, 7)])
@pytest.mark.parametrize("stride", [1, 2])
def test_an_infinity_stays_in_the_gradients_of_the_taps_that_meet_it(shape, stride):
    x = normal(*shape)
    x[..., -1, -1] = np.inf
    rest = ((stride, stride), (1, 1), (1, 1), 1)
    g = normal(*depthwise.convolve(x, normal(1, 1, 3, 3), *rest).shape, seed=1)
    finite = np.isfinite(depthwise.weight_gradient(x, g, (3, 3), *rest)[0, 0])
    for taps in np.ndindex(3, 3):
        windows = [divmod(n - tap, stride) for n, tap in zip(shape[2:], taps)]  # in which the infinity is under the tap
        assert finite[taps] != all(between == 0 and at < out for (at, between), out in zip(windows, g.shape[2:]))


@pytest.mark.parametrize(
    "input, weight, stride, groups",
    [
        ((2, 4, 8, 8), (4, 1, 3, 3), (3, 3), 4),
        ((2, 4, 8, 8), (4, 2, 3, 3), (1, 1), 2),
        ((2, 4, 8, 8, 8), (4, 1, 3, 3, 3), (1, 1, 1), 4),
        ((0, 4, 8, 8), (4, 1, 3, 3), (1, 1), 4),
        ((2, 4, 2, 2), (4, 1, 5, 5), (1, 1), 4),
        ((2, 4, 8, 8), (4, 1, 8, 8), (1, 1), 4),
    ],
)
def test_other_convolutions_are_not_served(input, weight, stride, groups):
    zeros, ones = (0,) * len(stride), (1,) * len(stride)
    assert not depthwise.applies(input, weight, stride, zeros, ones, groups)
    assert depthwise.convolve(normal(*input), normal(*weight), stride, zeros, ones, groups) is NotImplemented


@pytest.mark.parametrize("size, kernel, stride, padding", [(40, 3, 1, 1), (56, 3, 2, 1), (14, 5, 2, 2), (7, 3, 1, 1)])
def test_results_do_not_depend_on_the_number_of_threads(size, kernel, stride, padding):
    x, w = operands((3, 33, size, size), 1, (kernel, kernel))
    rest = ((stride, stride), (padding, padding), (1, 1), 33)
    g = normal(*depthwise.convolve(x, w, *rest).shape, seed=3)
    assert_same_on_any_number_of_threads(depthwise, x, w, g, *rest)


def test_shorter_vectors_give_the_same_results():
    run_in_shorter_vectors(f"{__file__}::test_outputs_and_both_gradients_are_those_of_the_sums")
