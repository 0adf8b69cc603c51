"""Hooks inside of transforms: a hook sees the gradients of the transform that its tensor belongs to, and no others."""

from __future__ import annotations

import pytest
from both import agree

TRANSFORMS = {
    "grad": lambda f, t: f.grad(t),
    "grad of grad": lambda f, t: f.grad(lambda y: f.grad(t)(y).sum()),
    "grad of grad of what the outer one's input is in": lambda f, t: f.grad(
        lambda y: f.grad(lambda z: t(z * y))(y).sum()
    ),
    "vjp": lambda f, t: lambda x: f.vjp(t, x)[1](x.sum())[0],
    "jacrev of grad": lambda f, t: f.jacrev(f.grad(t)),
    "hessian": lambda f, t: f.hessian(t),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_hook_on_what_a_function_makes_is_for_its_own_transform(name):
    def scenario(torch):
        calls = []
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

        def loss(y):
            made = y * w
            made.register_hook(lambda g: calls.append(1) or g * 2)
            return (made**3).sum()

        found = TRANSFORMS[name](torch.func, loss)(torch.tensor([1.0, -1.0, 0.5]))
        outside = torch.autograd.grad(found.sum(), w)[0]
        return found.detach(), outside, len(calls)

    agree(scenario)


def test_a_hook_on_a_functions_argument_is_for_its_own_transform():
    def scenario(torch):
        w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

        def loss(y):
            y.register_hook(lambda g: g * 2)
            return (y**3 * w).sum()

        found = torch.func.grad(loss)(w * 2)
        return found.detach(), torch.autograd.grad(found.sum(), w)[0]

    agree(scenario)


def test_a_hook_that_an_inner_function_registers_on_the_outer_ones_tensor_is_for_the_outer_one():
    def scenario(torch):
        def outer(y):
            made = y * 2

            def inner(z):
                made.register_hook(lambda g: g * 3)
                return (made * z**2).sum()

            return torch.func.grad(inner)(y).sum()

        return torch.func.grad(outer)(torch.tensor([1.0, 2.0]))

    agree(scenario)


def test_a_hook_registered_outside_sees_the_gradients_outside():
    def scenario(torch):
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        made = w * 3
        made.register_hook(lambda g: g * 2)
        (torch.func.grad(lambda y: (y**2 * made).sum())(torch.ones(2)) * made).sum().backward()
        return w.grad

    agree(scenario)
