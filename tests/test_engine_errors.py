"""Errors in a backward: they arrive, and leave an engine that works."""

from __future__ import annotations

import pytest

import adjoint
from tests.scenarios import accumulator, leaf, same


def failing(torch, when=lambda: True):
    class Fail(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if when():
                raise ValueError("as intended")
            return g

    return Fail


@same
def test_an_error_leaves_the_engine_usable(torch):
    x, w = leaf(torch), leaf(torch)
    bad = [True]
    a = failing(torch, lambda: bad[0]).apply(x.exp())
    out = (a * 1 + w).sum()
    for create_graph in (False, True):
        try:
            out.backward(retain_graph=True, create_graph=create_graph)
        except ValueError as error:
            print(error, torch.is_grad_enabled())
    print(x.grad, None if w.grad is None else w.grad.detach())
    with torch.no_grad():
        try:
            out.backward(retain_graph=True)
        except ValueError:
            print(torch.is_grad_enabled())
    x.grad = w.grad = None
    bad[0] = False
    out.backward()
    return x.grad, w.grad, torch.is_grad_enabled()


@same
def test_an_error_in_a_hook_leaves_the_engine_usable(torch):
    x, w = leaf(torch), leaf(torch)
    a = x.exp()

    def hook(*args):
        raise ValueError("in a hook")

    places = [
        a.register_hook,
        a.grad_fn.register_prehook,
        a.grad_fn.register_hook,
        x.register_hook,
        x.register_post_accumulate_grad_hook,
        accumulator(x).register_prehook,
    ]
    for place in places:
        handle = place(hook)
        y = (a * 2).sum() + (w * x).sum()
        try:
            y.backward(retain_graph=True)
        except ValueError as error:
            print(error, x.grad, w.grad, torch.is_grad_enabled())
        handle.remove()
        x.grad = w.grad = None
    y.backward()
    return x.grad, w.grad


@same
def test_after_an_error_the_nodes_that_ran_are_freed_and_the_others_are_not(torch):
    x = leaf(torch)
    bad = [True]
    a = x.exp()
    b = failing(torch, lambda: bad[0]).apply(a)
    c = b.exp()
    try:
        c.sum().backward()
    except ValueError:
        pass
    bad[0] = False
    print(torch.autograd.grad(b.sum(), x, retain_graph=True))
    c.sum().backward()


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "StopIteration", "MemoryError"])
def test_errors_of_every_kind_pass(kind):
    error = getattr(__builtins__, kind, None) or __builtins__[kind]
    x = adjoint.ones(2, requires_grad=True)
    y = x.exp()

    def hook(g):
        raise error

    handle = y.register_hook(hook)
    with pytest.raises(error):
        y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    assert x.grad is not None and adjoint.is_grad_enabled()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3)])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_weight_that_was_stepped_is_told_as_the_transposed_view_that_pytorch_saves(bias, shape, frozen):
    from tests.both import agree

    def scenario(torch):
        first, second = torch.nn.Linear(3, 4, bias=bias), torch.nn.Linear(4, 1, bias=bias)
        second.requires_grad_(not frozen)
        loss = second(first(torch.ones(*shape))).sum()
        with torch.no_grad():
            second.weight.mul_(2)
        loss.backward()

    agree(scenario, raises=True)
