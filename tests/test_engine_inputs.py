"""Where a backward ends: the tensors named as its inputs, and those among them that were not used."""

from __future__ import annotations

import pytest

from tests.both import agree
from tests.scenarios import leaf, node_hooks, same

# backward(inputs=...).


@same
def test_backward_into_a_leaf_fills_no_other(torch):
    x, y = leaf(torch), leaf(torch)
    (x * y).sum().backward(inputs=[x])
    return x.grad, y.grad


@same
def test_backward_into_a_tensor_that_is_no_leaf_gives_it_a_grad(torch):
    x = leaf(torch)
    a = x * 2
    b = a * 3
    b.sum().backward(inputs=[a])
    return a.grad, x.grad, a.retains_grad


@same
def test_backward_into_both_kinds(torch):
    x = leaf(torch)
    a = x * 2
    b = a * 3
    b.sum().backward(inputs=[a, x])
    return a.grad, x.grad


@same
def test_backward_into_tensors_runs_their_hooks(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    a.register_hook(lambda g: (log.append("a"), g * 10)[1])
    x.register_hook(lambda g: (log.append("x"), g * 10)[1])
    x.register_post_accumulate_grad_hook(lambda t: log.append("accumulated"))
    node_hooks(log, a=a)
    b = (a * 3).sum()
    b.backward(inputs=[a], retain_graph=True)
    log.append("x next")
    b.backward(inputs=[x], retain_graph=True)
    log.append("both")
    b.backward(inputs=[x, a], retain_graph=True)
    return log, a.grad, x.grad


@same
def test_backward_into_one_tensor_by_other_forms(torch):
    x = leaf(torch)
    a = x * 2
    a.sum().backward(inputs=x, retain_graph=True)
    torch.autograd.backward(a.sum(), inputs=x, retain_graph=True)
    torch.autograd.backward((a.sum(), a[0]), inputs=(x, x), retain_graph=True)
    return x.grad


@pytest.mark.parametrize(
    "inputs",
    ["[]", "()", "[torch.ones(3)]", "[1]", "[None]", "[x.detach()]", "[unused]", "[a, unused]", "'x'"],
)
def test_wrong_inputs_of_backward(inputs):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch)
        a = x * 2
        a.sum().backward(inputs=eval(inputs, {"torch": torch, "x": x, "a": a, "unused": unused}))
        return x.grad, unused.grad

    agree(scenario)


@same
def test_backward_into_the_root_itself(torch):
    x = leaf(torch)
    a = (x * 2).sum()
    a.backward(inputs=[a], retain_graph=True)
    b = leaf(torch, 2.0).sum()
    print(a.grad, x.grad)
    y = torch.tensor(2.0, requires_grad=True)
    y.backward(inputs=[y])
    return a.grad, y.grad, b


@same
def test_backward_into_a_tensor_twice_accumulates(torch):
    x = leaf(torch)
    a = x * 2
    b = a.exp().sum()
    b.backward(inputs=[a], retain_graph=True)
    first = a.grad
    b.backward(inputs=[a], retain_graph=True)
    return a.grad, a.grad is first


# grad: what was not used.


@pytest.mark.parametrize("options", ["{}", "{'allow_unused': True}", "{'materialize_grads': True}"])
@pytest.mark.parametrize("inputs", ["unused", "(x, unused)", "(a, x, unused, later)"])
def test_gradients_of_what_was_not_used(options, inputs):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch, 1.0, 2.0, dtype=torch.float64)
        a = x * 2
        b = a.sum()
        later = b * 2
        named = {"x": x, "unused": unused, "a": a, "later": later}
        return torch.autograd.grad(b, eval(inputs, named), **eval(options))

    agree(scenario)


@same
def test_the_error_of_an_unused_tensor_names_it(torch):
    x = leaf(torch)
    u = leaf(torch)
    return torch.autograd.grad((x * 2).sum(), (x, u))
