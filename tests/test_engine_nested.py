"""Backwards inside of backwards: run by hooks and by functions, and deeply nested."""

from __future__ import annotations

import pytest

from tests.both import agree
from tests.scenarios import leaf, leaf_hooks, node_hooks, same


@same
def test_a_hook_runs_a_backward_of_another_graph(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a = x * 2

    def hook(g):
        log.append(("in", torch.is_grad_enabled()))
        with torch.enable_grad():
            (y * y).sum().backward()
        log.append(("out", torch.is_grad_enabled()))

    a.register_hook(hook)
    a.sum().backward()
    log.append(torch.is_grad_enabled())
    return log, x.grad, y.grad


@same
def test_a_hook_runs_a_backward_into_the_same_leaf(torch):
    x = leaf(torch)
    a = x * 2

    def hook(g):
        with torch.enable_grad():
            (x * x).sum().backward()

    a.register_hook(hook)
    a.sum().backward()
    return x.grad


@same
def test_a_hook_of_a_leaf_runs_a_backward_into_it(torch):
    x = leaf(torch)
    seen = []

    def hook(g):
        seen.append(g)
        if len(seen) < 3:
            (x * 1).backward(torch.ones(3) * len(seen)) if torch.is_grad_enabled() else None
            with torch.enable_grad():
                (x * 2).backward(torch.ones(3) * len(seen))

    x.register_hook(hook)
    (x * x).sum().backward()
    return seen, x.grad


@same
def test_a_function_runs_a_backward_and_returns_what_it_found(torch):
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.y = (ctx.x * ctx.x).sum()
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            ctx.y.backward()
            return ctx.x.grad * g

    x = leaf(torch)
    (Inner.apply(x) * 2).backward()
    return x.grad


@same
def test_a_function_runs_the_same_graph_again(torch):
    class Again(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, other):
            ctx.other = other
            return x * 1

        @staticmethod
        def backward(ctx, g):
            ctx.other.sum().backward(retain_graph=True) if torch.is_grad_enabled() else None
            with torch.enable_grad():
                ctx.other.backward(torch.ones(3), retain_graph=True)
            return g, None

    x = leaf(torch)
    a = x.exp()
    Again.apply(a, a).sum().backward()
    return x.grad


@same
def test_the_order_of_nested_backwards(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a, b = x * 2, x * 3
    c = y.exp()
    node_hooks(log, a=a, b=b, c=c)
    leaf_hooks(log, x=x, y=y)
    b.register_hook(lambda g: (log.append("start"), c.sum_to_size(3).backward(torch.ones(3)), log.append("end"))[0])
    (a + b).sum().backward()
    return log


@pytest.mark.parametrize("depth", [50, 1200])
def test_backwards_nest_deeply(depth):
    def scenario(torch):
        class Deep(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                with torch.enable_grad():
                    ctx.x = x.detach().requires_grad_()
                    ctx.x = ctx.x - 1
                return ctx.x.detach()

            @staticmethod
            def backward(ctx, g):
                if ctx.x < 0:
                    return g
                with torch.enable_grad():
                    Deep.apply(ctx.x).sum().backward()
                return g

        x = torch.tensor(float(depth), requires_grad=True)
        Deep.apply(x).sum().backward()
        return x.grad, torch.is_grad_enabled()

    agree(scenario)


@same
def test_an_error_deep_inside_arrives_outside(torch):
    class Deep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.n = x.item()
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if ctx.n == 0:
                raise ValueError("at the bottom")
            with torch.enable_grad():
                Deep.apply(torch.tensor(ctx.n - 1, requires_grad=True)).backward()
            return g

    Deep.apply(torch.tensor(150.0, requires_grad=True)).backward()


@same
def test_a_function_may_compute_its_gradient_with_grad(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                y = x.detach().requires_grad_()
                z = y.exp()
            return torch.autograd.grad(z, y, g)[0]

    x = leaf(torch)
    F.apply(x).sum().backward()
    return x.grad
