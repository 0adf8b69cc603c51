"""Samples of a vmap have no graph of what is around it, until it is over: autograd.grad says so."""

from __future__ import annotations

import pytest
from both import agree

CALLS = {
    "a loss of samples": lambda t, f, w, x: f.vmap(lambda r: t.autograd.grad((w * r).sum(), w)[0])(x),
    "a sample": lambda t, f, w, x: f.vmap(lambda r: t.autograd.grad((r * 2).sum(), r)[0])(w.expand(2, 3)),
    "a loss of samples inside of grad": lambda t, f, w, x: f.grad(
        lambda q: f.vmap(lambda r: t.autograd.grad((q * r).sum(), q)[0])(x).sum()
    )(t.ones(3)),
    "what all samples share": lambda t, f, w, x: f.vmap(lambda r: t.autograd.grad((w * w).sum(), w)[0] * r)(x),
    "directions that are samples": lambda t, f, w, x: f.vmap(
        lambda r: t.autograd.grad(w * w, w, r, retain_graph=True)[0]
    )(x),
    "a function's input inside of it": lambda t, f, w, x: f.vmap(
        f.grad(lambda r: t.autograd.grad((r**3).sum(), r, create_graph=True)[0].sum())
    )(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_autograd_grad_inside_of_a_vmap(name):
    def scenario(torch):
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        return CALLS[name](torch, torch.func, w, torch.tensor([[1.0, 2.0, 0.5], [3.0, 1.0, -1.0]])).detach()

    agree(scenario)


@pytest.mark.parametrize("name", ["max", "min", "median", "nanmedian"])
def test_what_already_has_the_shape_is_broadcast_in_nested_vmaps(name):
    def scenario(t):
        x = t.tensor([[[1.0, 3.0, 2.0], [4.0, 5.0, 6.0]]])
        loss = lambda v: (getattr(v, name)(0)[0] ** 3).sum()
        return t.vmap(t.vmap(t.func.grad(loss)))(x), t.vmap(t.func.jacfwd(loss))(x[0])

    agree(scenario, warnings_too=False)
