"""Winograd's convolution against the NumPy functions in float64."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.convolution import winograd
from adjoint.kernels.convolution.winograd_points import filter_matrix, input_matrix, output_matrix
from adjoint.ops import convolution_kernels as numpy_functions
from tests.convolutions import (
    assert_close,
    assert_results_close,
    assert_same_on_any_number_of_threads,
    normal,
    run_in_shorter_vectors,
)

ONES = (1, 1)
# Relative to the sum of the magnitudes of the products, as float32 sums are in any order.
BOUNDS = {"relative": 3e-6, "absolute": 1e-6}

# (input, filters, padding): whole and partial tiles, few and many of them, odd numbers of channels, one-sided padding.
CASES = [
    ((2, 64, 16, 16), 64, (1, 1)),
    ((8, 48, 6, 7), 40, (0, 2)),
    ((16, 32, 4, 4), 40, (1, 1)),
    ((16, 72, 2, 2), 81, (1, 1)),
    ((1, 37, 30, 61), 33, (2, 1)),
    ((16, 64, 5, 5), 64, (0, 0)),
    ((2, 96, 56, 56), 64, (1, 1)),  # the weight's gradient sums over two shares of the tiles
    ((2, 48, 56, 56), 40, (1, 1)),  # and here over three parts of their own
]


@pytest.mark.parametrize("shape, filters, padding", CASES)
def test_outputs_and_both_gradients_are_those_of_the_sums(shape, filters, padding):
    x, w = normal(*shape), normal(filters, shape[1], 3, 3, seed=1)
    assert_results_close(winograd, x, w, ONES, padding, ONES, 1, **BOUNDS)


@pytest.mark.parametrize("m", [2, 4])
def test_the_matrices_make_a_filter_of_three_taps(m):
    a, g, b = (np.array(matrix(m)) for matrix in (output_matrix, filter_matrix, input_matrix))
    d, w = np.random.default_rng(0).standard_normal(m + 2), np.array([2.0, -3.0, 0.5])
    np.testing.assert_allclose(a.T @ ((g @ w) * (b @ d)), np.convolve(d, w[::-1], "valid"), rtol=1e-12)


def test_a_bias_is_added_to_its_channel():
    x, w, b = normal(4, 48, 8, 8), normal(40, 48, 3, 3), normal(40)
    rest = (ONES, ONES, ONES, 1)
    plain = winograd.convolve(x, w, *rest)
    np.testing.assert_array_equal(winograd.convolve(x, w, *rest, b), plain + b[:, None, None])


def test_arrays_in_any_strides_are_served():
    rest = (ONES, ONES, ONES, 1)
    x, w = normal(4, 8, 8, 48).transpose(0, 3, 1, 2), normal(3, 3, 40, 48)[..., ::-1].transpose(2, 3, 0, 1)
    assert_close(winograd.convolve(x, w, *rest), numpy_functions.convolve, x, w, *rest, **BOUNDS)


def _all_three(x, w, g):
    return (
        winograd.convolve(x, w, ONES, ONES, ONES, 1),
        winograd.input_gradient(g, w, x.shape[2:], ONES, ONES, ONES, 1),
        winograd.weight_gradient(x, g, (3, 3), ONES, ONES, ONES, 1),
    )


@pytest.mark.parametrize("image", [(2, 48, 16, 16), (4, 48, 7, 9), (2, 48, 56, 56)])
@pytest.mark.parametrize("at", [(0, 0), (2, 3), (-1, -1)])
def test_a_pixel_that_would_drown_its_neighbours_is_left_to_others(image, at):
    x, w, g = normal(*image), normal(40, 48, 3, 3), normal(image[0], 40, *image[2:])
    x[1, 7, at[0], at[1]] = 1e10
    found = _all_three(x, w, g)
    assert found[0] is NotImplemented and found[1] is not NotImplemented and found[2] is NotImplemented
    x[1, 7, at[0], at[1]] = g[0, 3, at[0], at[1]] = -1e10
    assert all(result is NotImplemented for result in _all_three(x, w, g))


def test_many_such_pixels_are_found_as_one_is():
    x, w = normal(2, 48, 24, 24), normal(40, 48, 3, 3)
    x[:, :, 10:18, 3:20] = 1e9
    assert winograd.convolve(x, w, ONES, ONES, ONES, 1) is NotImplemented


@pytest.mark.parametrize("change", [
    lambda x: np.maximum(x, 0), lambda x: x * 1e-12, lambda x: x * 1e12, lambda x: x**3, lambda x: np.exp(2 * x),
    lambda x: x * np.array([1, 1e8], np.float32).reshape(-1, 1, 1, 1),  # images of one batch
    lambda x: np.where(np.arange(x.shape[3]) == 7, x, 0), lambda x: x * 0,
])  # fmt: skip
def test_usual_images_are_served(change):
    x, w, g = change(normal(2, 48, 16, 16)), normal(40, 48, 3, 3), change(normal(2, 40, 16, 16))
    assert not any(result is NotImplemented for result in _all_three(x.astype(np.float32), w, g.astype(np.float32)))


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e38])
def test_what_is_not_finite_is_left_to_others_since_it_would_spread_over_a_tile(value):
    rest = (ONES, ONES, ONES, 1)
    x, w, g = normal(4, 48, 8, 8), normal(48, 48, 3, 3), normal(4, 48, 8, 8)
    x[1, 3, 2, 2] = value
    assert winograd.convolve(x, w * 100, *rest) is NotImplemented
    assert winograd.input_gradient(x, w * 100, (8, 8), *rest) is NotImplemented
    assert winograd.weight_gradient(x, g * 100, (3, 3), *rest) is NotImplemented


@pytest.mark.parametrize(
    "input, weight, stride, padding, dilation, groups",
    [
        ((2, 32, 8, 8), (32, 32, 5, 5), ONES, ONES, ONES, 1),
        ((2, 32, 8, 8), (32, 32, 3, 3), (1, 2), ONES, ONES, 1),
        ((2, 32, 8, 8), (32, 32, 3, 3), ONES, ONES, (2, 2), 1),
        ((2, 32, 8, 8), (32, 16, 3, 3), ONES, ONES, ONES, 2),
        ((2, 32, 8, 8), (32, 32, 3, 3), ONES, (3, 3), ONES, 1),
        ((2, 32, 8), (32, 32, 3), (1,), (1,), (1,), 1),
        ((2, 3, 8, 8), (32, 3, 3, 3), ONES, ONES, ONES, 1),
        ((2, 32, 2, 8), (32, 32, 3, 3), ONES, (0, 0), ONES, 1),
    ],
)
def test_other_convolutions_are_not_served(input, weight, stride, padding, dilation, groups):
    assert not winograd.applies(input, weight, stride, padding, dilation, groups)
    assert winograd.convolve(normal(*input), normal(*weight), stride, padding, dilation, groups) is NotImplemented


def test_results_do_not_depend_on_the_number_of_threads():
    x, w, g = normal(4, 48, 56, 56), normal(48, 48, 3, 3), normal(4, 48, 56, 56)
    assert_same_on_any_number_of_threads(winograd, x, w, g, ONES, ONES, ONES, 1)


def test_shorter_vectors_give_the_same_results():
    test = f"{__file__}::test_outputs_and_both_gradients_are_those_of_the_sums"
    run_in_shorter_vectors(f"{test}[shape1-40-padding1]", f"{test}[shape3-81-padding3]")
