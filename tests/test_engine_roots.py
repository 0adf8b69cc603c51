"""Where a backward starts: several roots at once, and the gradients handed in for them."""

from __future__ import annotations

from tests.scenarios import leaf, leaf_hooks, node_hooks, same


@same
def test_several_roots(torch):
    log = []
    x = leaf(torch)
    a, b = x * 2, x.exp()
    node_hooks(log, a=a, b=b)
    leaf_hooks(log, x=x)
    torch.autograd.backward([a, b], [torch.ones(3), torch.ones(3) * 2])
    return log, x.grad


@same
def test_the_same_root_twice(torch):
    log = []
    x = leaf(torch)
    a = (x * 2).sum()
    node_hooks(log, a=a)
    torch.autograd.backward([a, a], [None, torch.tensor(10.0)])
    return log, x.grad


@same
def test_roots_of_which_one_leads_to_the_other(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    b = a.exp()
    node_hooks(log, a=a, b=b)
    leaf_hooks(log, x=x)
    torch.autograd.backward([a, b], [torch.ones(3), torch.ones(3)])
    return log, x.grad


@same
def test_roots_that_are_leaves(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    leaf_hooks(log, x=x, y=y)
    torch.autograd.backward([x, y, x * y], [torch.ones(3)] * 3)
    return log, x.grad, y.grad


@same
def test_roots_that_are_outputs_of_one_node(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    values, _ = x.max(0)
    u, v = x.unbind()
    torch.autograd.backward([u, v, values], [torch.ones(3), torch.ones(3) * 2, torch.ones(3) * 3])
    return x.grad


@same
def test_gradients_of_several_outputs_are_summed(torch):
    x = leaf(torch)
    print(torch.autograd.grad([x.exp().sum(), x * 2], [x], [None, torch.ones(3)]))
    return torch.autograd.grad([x, x], [x, x], [torch.ones(3), torch.ones(3)])


@same
def test_a_gradient_handed_in_may_itself_require_grad(torch):
    x, g = leaf(torch), leaf(torch)
    y = x.exp()
    (got,) = torch.autograd.grad(y, x, g, create_graph=True)
    print(torch.autograd.grad(got.sum(), (g, x), retain_graph=True))
    y.backward(g)
    return got, x.grad, g.grad


@same
def test_what_was_computed_under_no_grad_has_no_backward(torch):
    x = leaf(torch)
    with torch.no_grad():
        y = x * 2
        y.sum().backward()
