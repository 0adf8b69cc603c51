"""What ``backward`` and ``grad`` accept, one gradient at a time or a batch of them."""

from __future__ import annotations

import pytest

from tests.both import agree
from tests.scenarios import leaf, same


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(y, x, allow_unused=False, materialize_grads=True)",
        "torch.autograd.grad(y, torch.ones(3))",
        "torch.autograd.grad(x.detach().sum(), x)",
        "torch.autograd.grad(x * 2, x)",
        "torch.autograd.grad((x * 2, y), x)",
        "torch.autograd.grad(y, [])",
        "torch.autograd.grad([], x)",
        "torch.autograd.grad(y, x, torch.ones(3))",
        "torch.autograd.grad(x * 2, x, torch.ones(2))",
        "torch.autograd.grad(x * 2, x, torch.ones(1, 3))",
        "torch.autograd.grad(x * 2, x, (torch.ones(3), torch.ones(3)))",
        "torch.autograd.grad((x * 2, x * 3), x, torch.ones(3))",
        "torch.autograd.grad((x * 2, x * 3), x, (torch.ones(3), None))",
        "torch.autograd.grad((x * 2, y), x, (torch.ones(3), None))",
        "torch.autograd.grad(x * 2, x, 1.0)",
        "torch.autograd.grad(x * 2, x, [1.0])",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.float64))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.int64))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.bool))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.complex64))",
        "torch.autograd.grad(x * 2j, x, torch.ones(3))",
        "torch.autograd.grad((x * 2j).sum(), x)",
        "torch.autograd.grad(y, 'x')",
        "torch.autograd.grad('y', x)",
        "torch.autograd.grad(y, (x, 1))",
        "torch.autograd.grad(y, None)",
        "torch.autograd.grad(y, x, only_inputs=False)",
        "torch.autograd.grad(y, (x, x))",
        "torch.autograd.grad(y, {'a': x, 'b': x})",
        "torch.autograd.grad(y, {})",
        "torch.autograd.grad(y, __import__('types').MappingProxyType({'a': x}))",
        "torch.autograd.grad(y, x.detach().requires_grad_(), materialize_grads=True, create_graph=True)",
        "torch.autograd.backward(y, inputs={'a': x})",
        "torch.autograd.backward(y, inputs=__import__('types').MappingProxyType({'a': x}))",
        "y.backward([torch.ones(())])",
        "y.backward((None,))",
        "torch.autograd.grad(y, y)",
        "torch.autograd.grad(x[0], x[0])",
        "torch.autograd.grad((y, y), x)",
        "torch.autograd.grad([y, y * 2], [x])",
        "torch.autograd.grad({y: 1}, [x])",
        "torch.autograd.grad(iter([y]), iter([x]))",
        "torch.autograd.grad(x.sum(), x, torch.tensor(2.0, requires_grad=True), create_graph=True)",
        "torch.autograd.grad(x * 2, x, torch.ones(3).expand(3))",
        "torch.autograd.backward(y, torch.ones(3))",
        "torch.autograd.backward(y, [None])",
        "torch.autograd.backward([y, y], [None, None])",
        "torch.autograd.backward([y, x * 2], [None, None])",
        "torch.autograd.backward([y, x * 2], [None, torch.ones(3)])",
        "torch.autograd.backward([y, x * 2], None)",
        "torch.autograd.backward([y], [None, None])",
        "torch.autograd.backward([])",
        "torch.autograd.backward(torch.ones(1))",
        "torch.autograd.backward([y, torch.ones(1)])",
        "torch.autograd.backward([y, torch.ones(2)], [None, torch.ones(2)])",
        "torch.autograd.backward(x * 2, grad_tensors=torch.ones(3), grad_variables=torch.ones(3))",
        "torch.autograd.backward(x * 2, grad_variables=torch.ones(3))",
        "torch.autograd.backward(x)",
        "torch.autograd.backward(x, torch.ones(3))",
        "torch.autograd.backward(x[:1])",
        "torch.autograd.backward(x.sum().long())",
        "torch.autograd.backward(1)",
        "y.backward(1.0)",
        "y.backward(torch.ones(3))",
        "y.backward(torch.ones(1))",
        "(x * 2).backward(torch.ones(3).double())",
        "(x * 2).backward(torch.ones(3).int())",
        "(x * 2).backward(torch.ones(3).to(torch.complex64))",
        "(x * 2).backward()",
        "(x * 2)[:1].backward()",
        "(x * 2)[:1].reshape(1, 1, 1).backward()",
        "(x[:0]).backward()",
        "(x[:0]).backward(torch.ones(0))",
        "y.backward(None, True)",
        "y.backward(retain_graph=1)",
        "torch.ones(3).backward(torch.ones(3))",
        "torch.ones(1).backward(torch.ones(3))",
        "torch.ones(1).long().backward()",
        "(x * 1j).backward(torch.ones(3))",
        "(x * 1j).backward(torch.ones(3) * 1j)",
    ],
)
def test_what_backward_and_grad_accept(call):
    def scenario(torch):
        x = leaf(torch)
        y = (x * x).sum()
        return eval(call, {"torch": torch, "x": x, "y": y}), x.grad

    agree(scenario)


@same
def test_gradients_in_batches(torch):
    x = leaf(torch)
    y = x * x
    rows = torch.eye(3)
    (jacobian,) = torch.autograd.grad(y, x, rows, retain_graph=True, is_grads_batched=True)
    (plain,) = torch.autograd.grad(y, x, rows[0], retain_graph=True, is_grads_batched=False)
    print(plain)
    unused = leaf(torch)
    print(torch.autograd.grad(y, (x, unused), rows, retain_graph=True, is_grads_batched=True, allow_unused=True))
    (graph,) = torch.autograd.grad(y, x, rows, create_graph=True, is_grads_batched=True)
    print(graph.requires_grad, torch.autograd.grad(graph.sum(), x))
    return jacobian


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(y, x, torch.ones(2, 4), is_grads_batched=True)",
        "torch.autograd.grad(y, x, torch.ones(3), is_grads_batched=True)",
        "torch.autograd.grad(y, x, is_grads_batched=True)",
        "torch.autograd.grad((y, z), x, (torch.ones(2, 3), torch.ones(2, 3)), is_grads_batched=True)",
        "torch.autograd.grad((y, z), x, (torch.ones(2, 3), torch.ones(4, 3)), is_grads_batched=True)",
        "torch.autograd.grad((y, z.sum()), x, (torch.ones(2, 3), torch.ones(2)), is_grads_batched=True)",
        "torch.autograd.grad(y, (x, u), torch.ones(2, 3), is_grads_batched=True, materialize_grads=True)",
    ],
)
def test_what_batched_gradients_accept(call):
    def scenario(torch):
        x, u = leaf(torch), leaf(torch)
        y, z = x * x, x * 3
        return eval(call, {"torch": torch, "x": x, "y": y, "z": z, "u": u})

    agree(scenario)
