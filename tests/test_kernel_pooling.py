"""Compiled pooling against PyTorch's."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
import torch as theirs

pytest.importorskip("llvmlite")

import adjoint as ours
from adjoint.kernels import pooling
from adjoint.ops.pooling_kernels import Windows, max_taps, pooled_size, tap_scatter, window_counts

torch = pytest.importorskip("torch")


def windows(space, kernel, stride, padding, dilation, ceil_mode):
    """The windows that pooling with these arguments has."""
    out = pooled_size(space, kernel, stride, padding, dilation, ceil_mode)
    return Windows(space, kernel, stride, padding, dilation, out)


def max_pooled(x, w, ceil_mode):
    """PyTorch's values and indices, and the function of a gradient that it has."""
    n = len(w.space)
    rest = (list(w.kernel), list(w.stride), list(w.padding), list(w.dilation), ceil_mode)
    if n == 1:  # a row of one
        rest = ([1, *w.kernel], [1, *w.stride], [0, *w.padding], [1, *w.dilation], ceil_mode)
    source = torch.from_numpy(x if n > 1 else x[..., None, :]).requires_grad_()
    values, indices = getattr(torch.nn.functional, f"max_pool{max(n, 2)}d")(source, *rest, return_indices=True)

    def gradient(g):
        (found,) = torch.autograd.grad(values, source, torch.from_numpy(g).reshape(values.shape), retain_graph=True)
        return found.numpy().reshape(x.shape)

    shape = (*x.shape[:-n], *w.out)
    return values.detach().numpy().reshape(shape), indices.numpy().reshape(shape), gradient


def configuration(random, dims):
    """Random windows that are small, and whether their number was rounded up."""
    kernel = tuple(int(random.integers(1, 5)) for _ in range(dims))
    stride = tuple(int(random.choice([1, 2, 2, 3])) for _ in range(dims))
    dilation = tuple(int(random.choice([1, 1, 2])) for _ in range(dims))
    padding = tuple(int(random.integers(0, k // 2 + 1)) for k in kernel)
    space = tuple(d * (k - 1) + 1 + int(random.integers(0, 80 // dims**2)) for k, d in zip(kernel, dilation))
    return windows(space, kernel, stride, padding, dilation, True), windows(space, kernel, stride, padding, dilation, False)


def check_max(x, w, ceil_mode, random):
    """Values, indices and gradients are PyTorch's."""
    values, indices, gradient = max_pooled(x, w, ceil_mode)
    best, taps = pooling.max_taps(x, w)
    np.testing.assert_array_equal(best, values)
    np.testing.assert_array_equal(pooling.flat_indices(taps, w), indices)
    g = random.standard_normal(best.shape).astype(np.float32)
    np.testing.assert_allclose(pooling.tap_scatter(g, taps, w), gradient(g), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(15))
def test_the_largest_of_random_windows_is_that_of_pytorch(seed):
    random = np.random.default_rng(seed)
    for w, ceil_mode in zip(configuration(random, 1 + seed % 3), (True, False)):
        x = random.integers(-9, 9, (2, 3, *w.space)).astype(np.float32)
        check_max(x, w, ceil_mode, random)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_nan_and_infinities_are_found_where_pytorch_finds_them(stride):
    random = np.random.default_rng(0)
    w = windows((20, 37), (3, 3), (stride, stride), (1, 1), (1, 1), False)
    x = random.choice(np.array([0, 1, -np.inf, np.inf, np.nan], np.float32), (4, 5, *w.space), p=[0.1, 0.1, 0.6, 0.1, 0.1])
    x[0] = -np.inf
    check_max(x, w, False, random)


@pytest.mark.parametrize("kernel, stride, padding", [(2, 2, 0), (3, 2, 1), (3, 1, 1), (13, 1, 6), (5, 8, 2), (16, 3, 8)])
@pytest.mark.parametrize("size", [13, 32, 33, 100])
def test_common_windows_are_pooled(size, kernel, stride, padding):
    random = np.random.default_rng(0)
    w = windows((size, size), (kernel,) * 2, (stride,) * 2, (padding,) * 2, (1, 1), False)
    x = random.standard_normal((3, 2, size, size)).astype(np.float32)
    check_max(x, w, False, random)


@pytest.mark.parametrize(
    "kernel, stride, padding, dilation",
    [
        ((2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1)),
        ((3, 2, 3), (3, 2, 3), (1, 1, 0), (1, 1, 1)),
        ((2, 1, 2), (3, 4, 2), (1, 0, 0), (2, 1, 1)),
        ((2, 1, 2), (3, 4, 5), (1, 0, 0), (2, 1, 3)),
        ((1, 2, 1), (1, 5, 2), (0, 1, 0), (1, 4, 3)),
        ((1, 1, 1), (2, 1, 1), (0, 0, 0), (1, 1, 1)),
        ((2, 2, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1)),
    ],
)
@pytest.mark.parametrize("ceil_mode", [True, False])
@pytest.mark.parametrize("width", [32, 83, 112])
def test_windows_that_are_apart_give_to_one_element_each(kernel, stride, padding, dilation, ceil_mode, width):
    random = np.random.default_rng(0)
    w = windows((7, 10, width), kernel, stride, padding, dilation, ceil_mode)
    x = random.integers(-2, 2, (2, 3, *w.space)).astype(np.float32)
    x[random.random(x.shape) < 0.05] = np.nan
    check_max(x, w, ceil_mode, random)


@pytest.mark.parametrize("kernel, stride, padding", [(2, 2, 0), (3, 2, 1), (3, 1, 1)])
def test_gradients_are_added_in_the_order_of_windows_as_pytorch_adds_them(kernel, stride, padding):
    random = np.random.default_rng(0)
    w = windows((8, 16, 40), (kernel,) * 3, (stride,) * 3, (padding,) * 3, (1, 1, 1), False)
    x = random.integers(0, 3, (2, 8, *w.space)).astype(np.float32)
    _, _, gradient = max_pooled(x, w, False)
    _, taps = pooling.max_taps(x, w)
    g = random.standard_normal(taps.shape).astype(np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(pooling.tap_scatter(g, taps, w), gradient(g))


@pytest.mark.parametrize("kernel, stride, padding", [(3, 2, 1), (2, 1, 1), (2, 2, 1)])
@pytest.mark.parametrize("find", [pooling.max_taps, unwrap(max_taps)], ids=["kernel", "NumPy"])
def test_windows_of_infinities_are_found_inside_the_input(kernel, stride, padding, find):
    random = np.random.default_rng(0)
    w = windows((4, 5, 6), (kernel,) * 3, (stride,) * 3, (padding,) * 3, (1, 1, 1), False)
    x = random.choice(np.array([0, -np.inf, np.nan], np.float32), (3, 2, *w.space), p=[0.04, 0.95, 0.01])
    x[0] = -np.inf
    values, indices, gradient = max_pooled(x, w, False)
    best, taps = find(x, w)
    np.testing.assert_array_equal(best, values)
    np.testing.assert_array_equal(pooling.flat_indices(taps, w), indices)
    g = random.standard_normal(best.shape).astype(np.float32)
    np.testing.assert_array_equal(pooling.tap_scatter(g, taps, w), gradient(g))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("include", [True, False])
def test_sums_of_random_windows_are_those_of_pytorch(seed, include):
    random = np.random.default_rng(seed)
    dims = 2 + seed % 2
    for w, ceil_mode in zip(configuration(random, dims), (True, False)):
        if w.dilation != (1,) * dims:
            continue
        x = random.standard_normal((2, 3, *w.space)).astype(np.float32)
        source = torch.from_numpy(x).requires_grad_()
        pool = getattr(torch.nn.functional, f"avg_pool{dims}d")
        expected = pool(source, w.kernel, w.stride, w.padding, ceil_mode, include)
        counts = np.asarray(window_counts(w, include), np.float32)
        found = pooling.tap_sum(x, w) / counts
        np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-5, atol=1e-5)
        g = random.standard_normal(found.shape).astype(np.float32)
        expected.backward(torch.from_numpy(g))
        np.testing.assert_allclose(pooling.tap_spread(g / counts, w), source.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_arrays_that_are_not_contiguous_are_pooled():
    random = np.random.default_rng(0)
    w = windows((20, 21), (3, 3), (2, 2), (1, 1), (1, 1), False)
    x = random.standard_normal((2, *w.space, 3)).astype(np.float32).transpose(0, 3, 1, 2)
    best, taps = pooling.max_taps(x, w)
    np.testing.assert_array_equal(best, max_pooled(np.ascontiguousarray(x), w, False)[0])
    g = np.broadcast_to(np.float32(1), best.shape)
    np.testing.assert_array_equal(pooling.tap_scatter(g, taps, w).sum(), best.size)


def test_what_has_no_kernel_is_left_alone():
    w = windows((20, 40), (3, 3), (2, 2), (1, 1), (1, 1), False)
    assert pooling.max_taps(np.zeros((2, 20, 40)), w) is NotImplemented
    wide = windows((40, 40), (17, 17), (1, 1), (0, 0), (1, 1), False)
    assert pooling.max_taps(np.zeros((2, 40, 40), np.float32), wide) is NotImplemented
    assert pooling.tap_sum(np.zeros((2, 40, 40), np.float32), wide) is NotImplemented


def test_windows_without_elements_have_no_kernel():
    w = windows((40, 3), (1, 2), (1, 1), (0, 2), (1, 4), False)  # columns -1 and 3 of three, among others
    x = np.zeros((2, *w.space), np.float32)
    assert pooling.max_taps(x, w) is NotImplemented
    best, taps = max_taps(x, w)
    assert pooling.tap_scatter(best, taps, w) is NotImplemented
    np.testing.assert_array_equal(np.isneginf(best).any((0, 1)), [False, True, False])
    np.testing.assert_array_equal(tap_scatter(np.ones_like(best), taps, w).sum((0, 1)), [80, 0, 80])


def test_no_samples_are_pooled_to_none():
    w = windows((20, 40), (3, 3), (2, 2), (1, 1), (1, 1), False)
    best, taps = pooling.max_taps(np.zeros((0, 3, 20, 40), np.float32), w)
    assert best.shape == taps.shape == (0, 3, 10, 20)
    assert pooling.tap_scatter(best, taps, w).shape == (0, 3, 20, 40)


def test_elements_are_added_at_their_positions():
    random = np.random.default_rng(0)
    g = random.standard_normal((3, 4, 5, 6)).astype(np.float32)
    indices = random.integers(0, 80, g.shape)
    expected = np.zeros((3, 4, 80), np.float32)
    for n, c in np.ndindex(3, 4):
        np.add.at(expected[n, c], indices[n, c].ravel(), g[n, c].ravel())
    np.testing.assert_array_equal(pooling.flat_scatter(g, indices, (8, 10)), expected.reshape(3, 4, 8, 10))


@pytest.mark.parametrize(
    ("shape", "out"), [((2, 3, 37), (5,)), ((3, 20, 33), (7, 4)), ((2, 3, 9, 8, 10), (4, 3, 10)), ((1, 2, 300), (1,))]
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_largest_of_adaptive_windows_are_pytorchs(shape, out, dtype):
    x = np.round(np.random.default_rng(0).standard_normal(shape).astype(np.float32) * 2) / 2  # many are alike
    x.reshape(-1)[[5, 6, -3]] = np.nan, np.nan, -np.inf
    found = []
    for torch in (ours, theirs):
        leaf = torch.tensor(x).to(getattr(torch, dtype)).requires_grad_()
        pool = getattr(torch.nn.functional, f"adaptive_max_pool{len(out)}d")
        best, index = pool(leaf, out, return_indices=True)
        best.sum().backward()
        found.append([best.detach().float().numpy(), index.numpy(), leaf.grad.float().numpy()])
    for mine, his in zip(*found):
        np.testing.assert_array_equal(mine, his)
