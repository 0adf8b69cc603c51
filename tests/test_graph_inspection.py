"""The graph as users see it: nodes, their numbers and metadata, edges that stand for tensors."""

from __future__ import annotations

import gc

import pytest

from tests.both import agree
from tests.scenarios import accumulator, leaf, same


@same
def test_nodes_are_the_same_objects_each_time(torch):
    x = leaf(torch)
    y = x.exp() * x
    u, v, w = (y * 1).unbind()
    first = y.grad_fn.next_functions
    return (
        y.grad_fn is y.grad_fn,
        first[0][0] is y.grad_fn.next_functions[0][0],
        first[1][0] is accumulator(x),
        first[1][0] is first[0][0].next_functions[0][0],
        u.grad_fn is v.grad_fn,
        [t.output_nr for t in (u, v, w)],
        (u + v).grad_fn.next_functions[1],
        first[1][0].variable is x,
        first[0] == y.grad_fn.next_functions[0],
        len({y.grad_fn, y.grad_fn}),
    )


@same
def test_sequence_numbers_grow(torch):
    x = leaf(torch)
    a = x.exp()
    b = a * x
    c = b.sum()
    numbers = [t.grad_fn._sequence_nr() for t in (a, b, c)]
    return numbers[1] - numbers[0], numbers[2] - numbers[1], accumulator(x)._sequence_nr()


@same
def test_functions_are_numbered_like_operators(torch):
    x = leaf(torch)

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    a = x * 2
    b = F.apply(a)
    c = b * 2
    return b.grad_fn._sequence_nr() - a.grad_fn._sequence_nr(), c.grad_fn._sequence_nr() - b.grad_fn._sequence_nr()


@same
def test_metadata_stays_with_the_node(torch):
    x = leaf(torch)
    y = x.exp()
    print(y.grad_fn.metadata)
    y.grad_fn.metadata["a"] = [1]
    y.grad_fn.metadata["a"].append(2)
    return y.grad_fn.metadata, y.grad_fn.metadata is y.grad_fn.metadata


@same
def test_edges_stand_for_tensors_in_grad_and_backward(torch):
    x = leaf(torch)
    a = x * 2
    b = a.exp()
    edge = torch.autograd.graph.get_gradient_edge
    print(torch.autograd.grad(b.sum(), edge(a), retain_graph=True))
    print(torch.autograd.grad(edge(b), edge(x), torch.ones(3), retain_graph=True)[0].round())
    got = torch.autograd.grad((edge(b), a), (x, edge(a)), (torch.ones(3), torch.ones(3)), retain_graph=True)
    print([g.round() for g in got])
    torch.autograd.backward(edge(b), torch.ones(3), retain_graph=True)
    first = x.grad.clone()
    torch.autograd.backward(b.sum(), inputs=[edge(x)], retain_graph=True)
    print((x.grad / first).round())
    u, v, w = b.unbind()
    print(torch.autograd.grad(u * v, [edge(u), edge(w)], allow_unused=True))
    return edge(v).node.name(), edge(v).output_nr, edge(x).node.name(), edge(b).node is b.grad_fn


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(edge(b), x)",
        "torch.autograd.grad(b.sum(), edge(torch.ones(3)))",
        "torch.autograd.grad(edge(s), x)",
        "torch.autograd.backward(edge(b))",
        "torch.autograd.backward(edge(s))",
        "torch.autograd.grad(b.sum(), edge(unused))",
        "torch.autograd.grad(b.sum(), edge(unused), allow_unused=True)",
        "torch.autograd.grad(b.sum(), edge(unused), materialize_grads=True)",
        "torch.autograd.grad(b.sum(), (x, edge(unused)), materialize_grads=True)",
        "torch.autograd.backward(b.sum(), inputs=[edge(b)])",
        "torch.autograd.grad(GradientEdge(b.grad_fn, 0), x, torch.ones(3))",
        "torch.autograd.grad(b.sum(), GradientEdge(x.expand_as(x).grad_fn, 0), allow_unused=True)",
        "edge(1)",
        "edge(b).ownership_token",
        "tuple(edge(s))[1:]",
    ],
)
def test_what_edges_can_be_used_for(call):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch)
        b = x.exp()
        names = {"torch": torch, "x": x, "b": b, "s": b.sum(), "unused": unused}
        names["edge"] = torch.autograd.graph.get_gradient_edge
        names["GradientEdge"] = torch.autograd.graph.GradientEdge
        return eval(call, names), x.grad

    agree(scenario)


@same
def test_an_edge_keeps_its_graph(torch):
    x = leaf(torch)
    edge = torch.autograd.graph.get_gradient_edge(x.exp())
    gc.collect()
    return torch.autograd.grad(edge, x, torch.ones(3))


@same
def test_edges_know_which_output_they_lead_to(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    a, b = (x * 1).unbind()
    v, i = (x * 1).max(0)
    return [
        (b * 2).grad_fn.next_functions[0][1],
        (a * b).grad_fn.next_functions[1][1],
        v.grad_fn.name(),
        b.output_nr,
        x.output_nr,
    ]
