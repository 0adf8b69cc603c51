"""Graphs of very many nodes: they run, and are freed, without recursion."""

from __future__ import annotations

import gc
import weakref

import pytest

import adjoint


def chain_of_operators(x):
    for _ in range(100_000):
        x = x * 1.0
    return x


def chain_of_functions(x):
    class Same(adjoint.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    for _ in range(30_000):
        x = Same.apply(x)
    return x


def chain_of_several_outputs(x):
    for _ in range(30_000):
        (x,) = x.reshape(1, 1).unbind()
        (x,) = adjoint.stack([x]).split(1)
        x = x[0]
    return x


def chain_of_saved_results(x):
    for _ in range(30_000):
        x = x.clamp(max=2.0).exp().log()
    return x


def chain_of_writes_to_views(x):
    x = x * 1
    for _ in range(20_000):
        x[0].mul_(1)
    return x


def chain_of_views_of_what_was_written_to(x):
    x = x * 1
    for _ in range(20_000):
        v = x[:]
        x.mul_(1)
        x = v * 1
    return x


def chain_of_writes(x):
    x = x * 1
    for _ in range(30_000):
        x.mul_(1)
    return x


def chain_of_views(x):
    for _ in range(20_000):
        x = x.view(1)
    return x


def ladder(x):
    a = b = x
    for _ in range(30_000):
        a, b = a * 0.5 + b * 0.5, b
    return a


@pytest.mark.parametrize(
    "chain",
    [
        chain_of_operators,
        chain_of_functions,
        chain_of_several_outputs,
        chain_of_saved_results,
        chain_of_writes_to_views,
        chain_of_views_of_what_was_written_to,
        chain_of_writes,
        chain_of_views,
        ladder,
    ],
)
def test_deep_graphs_run_and_are_freed(chain):
    gc.disable()
    try:
        x = adjoint.ones(1, requires_grad=True)
        y = chain(x)
        y.sum().backward()
        assert abs(x.grad.item() - 1) < 1e-3
        del y
        unused = chain(x)
        del unused  # never run: everything that was saved goes with it
    finally:
        gc.enable()


def test_a_deep_graph_is_freed_from_its_root_alone_also_as_a_node_or_an_edge():
    x = adjoint.ones(1, requires_grad=True)
    y = x
    for _ in range(30_000):
        y = y * 1.0
    last = weakref.ref(y.grad_fn)
    node = y.grad_fn
    del y
    edge = adjoint.autograd.graph.GradientEdge(node, 0)
    del node
    assert last() is not None
    del edge
    assert last() is None


def test_second_derivatives_of_a_deep_graph():
    x = adjoint.ones(1, dtype=adjoint.float64, requires_grad=True)
    y = x
    for _ in range(2_000):
        y = y * (x + 0)
    (g,) = adjoint.autograd.grad(y.sum(), x, create_graph=True)
    (gg,) = adjoint.autograd.grad(g.sum(), x)
    assert (g.item(), gg.item()) == (2001.0, 2001.0 * 2000.0)
