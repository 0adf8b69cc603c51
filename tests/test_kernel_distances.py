"""Distances between rows by native code: as PyTorch's, values and gradients, whatever the sizes."""

import numpy as np
import pytest
import torch as theirs

import adjoint as ours
from adjoint.kernels.distances import among, between, gradient
from adjoint.kernels.reading import usable

pytestmark = pytest.mark.skipif(not usable(), reason="no native code here")
RNG = np.random.default_rng(0)
P = [1.0, 2.0, float("inf")]
SIZES = [((3, 4), (5, 4)), ((70, 3), (131, 3)), ((2, 20, 3), (2, 9, 3)), ((1, 1), (1, 1)), ((9, 33), (64, 33))]


def _of(shape, dtype):
    x = RNG.standard_normal(shape).astype(dtype)
    x.reshape(-1)[0] = x.reshape(-1)[-1]
    return x


@pytest.mark.parametrize("p", P)
@pytest.mark.parametrize(("one", "other"), SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_and_gradients_are_pytorchs(p, one, other, dtype):
    x, y = _of(one, dtype), _of(other, dtype)
    if len(one) == 2:
        y[0] = x[0]  # a distance of 0
    a, b = (theirs.tensor(v, requires_grad=True) for v in (x, y))
    expected = theirs.cdist(a, b, p, compute_mode="donot_use_mm_for_euclid_dist")
    g = RNG.standard_normal(expected.shape).astype(dtype)
    expected.backward(theirs.tensor(g))
    found = between(x, y, p)
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(found, expected.detach().numpy(), **close)
    np.testing.assert_allclose(gradient(g, x, y, found, p), a.grad.numpy(), **close)
    np.testing.assert_allclose(gradient(g.swapaxes(-1, -2), y, x, found.swapaxes(-1, -2), p), b.grad.numpy(), **close)


@pytest.mark.parametrize("p", P)
@pytest.mark.parametrize("n", [2, 3, 64, 65, 130])
def test_distances_of_all_rows_are_pytorchs(p, n):
    x = _of((n, 5), np.float32)
    np.testing.assert_allclose(among(x, p), theirs.pdist(theirs.tensor(x), p).numpy(), rtol=1e-5, atol=1e-6)
    found = []
    for torch in (ours, theirs):
        leaf = torch.tensor(np.concatenate([x] * 3)[: max(n, 70)], requires_grad=True)  # rows that are alike, too
        torch.pdist(leaf, p).square().sum().backward()
        found.append(leaf.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("p", P)
@pytest.mark.parametrize("f", ["cdist", "pdist"])
def test_what_is_no_number_is_pytorchs(p, f):
    x = _of((70, 3), np.float32)
    x[1, 1], x[2, 0], x[5, 2] = np.nan, np.inf, -np.inf
    found = []
    for torch in (ours, theirs):
        leaf = torch.tensor(x, requires_grad=True)
        result = torch.pdist(leaf, p) if f == "pdist" else torch.cdist(leaf, leaf, p, "donot_use_mm_for_euclid_dist")
        result.backward(torch.ones_like(result))
        found.append((result.detach().numpy(), leaf.grad.numpy()))
    for mine, his in zip(*found):
        np.testing.assert_allclose(mine, his, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("f", [lambda x: ours.cdist(x, x[:5] * 2), lambda x: ours.pdist(x)])
def test_second_derivatives_go_on_through_distances(f):  # PyTorch has none
    x = ours.tensor(RNG.standard_normal((9, 3)), requires_grad=True)
    assert ours.autograd.gradgradcheck(f, (x,))


def test_a_gradient_is_the_same_whatever_the_number_of_threads():
    x, y, g = (RNG.standard_normal(s).astype(np.float32) for s in ((200, 30), (300, 30), (200, 300)))
    away, found = between(x, y, 2.0), set()
    before = ours.get_num_threads()
    for threads in (1, 2, 3):
        ours.set_num_threads(threads)
        found.add(gradient(g, x, y, away, 2.0).tobytes())
    ours.set_num_threads(before)
    assert len(found) == 1
