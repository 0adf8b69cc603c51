"""Group norm of large inputs, by the groups' moments and a factor for every channel: as PyTorch's."""

import numpy as np
import pytest
import torch as theirs

import adjoint as ours

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("shape", "groups"), [((4, 16, 20, 20), 4), ((2, 6, 50, 51), 3), ((2, 8, 1200), 8), ((3000, 6), 2)])
@pytest.mark.parametrize("affine", [True, False])
def test_values_and_gradients_are_pytorchs(shape, groups, affine):
    x, g = RNG.standard_normal(shape) * 2 + 5, RNG.standard_normal(shape)
    parameters = [RNG.standard_normal(shape[1]) for _ in range(2 * affine)]
    found = []
    for torch, dtype in ((ours, np.float32), (theirs, np.float64)):
        leaves = [torch.tensor(v.astype(dtype), requires_grad=True) for v in (x, *parameters)]
        result = torch.nn.functional.group_norm(leaves[0], groups, *leaves[1:])
        result.backward(torch.tensor(g.astype(dtype)))
        found.append([result.detach().numpy(), *[leaf.grad.numpy() for leaf in leaves]])
    for mine, his in zip(*found):
        scale = np.abs(his).max()
        np.testing.assert_allclose(mine / scale, his / scale, atol=2e-5 if len(shape) > 2 else 2e-3)


def test_of_equal_numbers_nothing_is_left():
    x = ours.full((2, 8, 64, 64), 3.3)
    assert not ours.nn.functional.group_norm(x, 4).any()


def test_second_derivatives_of_large_inputs_go_on():
    x = ours.tensor(RNG.standard_normal((2, 4, 60, 60)), requires_grad=True)
    (g,) = ours.autograd.grad(ours.nn.functional.group_norm(x, 2).pow(3).sum(), x, create_graph=True)
    (h,) = ours.autograd.grad(g.square().sum(), x)
    leaf = theirs.tensor(x.detach().numpy(), requires_grad=True)
    (g,) = theirs.autograd.grad(theirs.nn.functional.group_norm(leaf, 2).pow(3).sum(), leaf, create_graph=True)
    (expected,) = theirs.autograd.grad(g.square().sum(), leaf)
    np.testing.assert_allclose(h.numpy(), expected.numpy(), rtol=1e-6, atol=1e-6)
