"""Saved tensors: hooks that pack them, and writing to them."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint as torch
from tests.both import agree
from tests.scenarios import leaf, same


@same
def test_saved_tensor_hooks_that_fail(torch):
    x = leaf(torch)
    hooks = torch.autograd.graph.saved_tensors_hooks

    def fail(*args):
        raise ValueError("in a hook")

    try:
        with hooks(fail, lambda t: t):
            x.exp()
    except ValueError as error:
        print(error)
    with hooks(lambda t: t, fail):
        y = x.exp()
    try:
        y.sum().backward()
    except ValueError as error:
        print(error)
    try:
        with hooks(lambda t: t, lambda t: 1):
            z = x.exp()
        z.sum().backward()
    except TypeError as error:
        print(error)
    try:
        with hooks(lambda t: t):
            pass
    except TypeError:
        print("two hooks")
    with hooks(lambda t: t, lambda t: t * 2):
        z = x.exp()
    z.sum().backward()
    return x.grad, torch.is_grad_enabled()


@same
def test_saved_tensor_hooks_and_second_derivatives(torch):
    x = leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (t * 1, 0), lambda p: p[0]):
        y = (x * x * x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return g, torch.autograd.grad(g.sum(), x)


@same
def test_forbidden_saved_tensor_hooks_say_why(torch):
    graph = torch.autograd.graph
    hooks = graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with graph.disable_saved_tensors_hooks("not here"):
        try:
            with hooks:
                pass
        except RuntimeError as error:
            print(error)
        try:
            with graph.save_on_cpu():
                pass
        except RuntimeError as error:
            print(error)
        with graph.disable_saved_tensors_hooks("nor here"):
            try:
                with hooks:
                    pass
            except RuntimeError as error:
                print(error)
    with hooks:
        print("again")
        with graph.disable_saved_tensors_hooks("too late"):
            pass


@same
def test_mutation_of_saved_tensors_where_it_is_allowed(torch):
    x = leaf(torch)
    with torch.autograd.graph.allow_mutation_on_saved_tensors() as ctx:
        y = x.clone()
        z = y.exp() * y.sin()
        y.mul_(3)
        y[0] = 7
        w = (z * y).sum()
        y.zero_()
        w.backward()
        ctx.clear()
    return x.grad, y


@same
def test_a_leaf_may_be_written_to_under_no_grad_between_forward_and_backward(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    with torch.no_grad():
        x.mul_(100)
    y.backward()
    z = x.exp().sum()
    with torch.no_grad():
        x.zero_()
    z.backward()
    return x.grad


@pytest.mark.parametrize("module", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "Linear"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_which_weight_of_a_module_was_written_to(module: str, dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        net = getattr(torch.nn, module)(2, 2, dtype=getattr(torch, dtype))
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        state: Any = None
        for _ in range(2):
            x = torch.ones(3, 1, 2, dtype=getattr(torch, dtype))
            if module.endswith("Cell"):
                state = net(x[0], state)
                y = state[0] if module == "LSTMCell" else state
            elif module == "Linear":
                y = state = net(x if state is None else state)
            else:
                y, state = net(x, state)
            loss = y.sum()
            loss.backward(retain_graph=True)
            optimizer.step()

    agree(scenario)


def test_the_classes_of_a_functions_node() -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        kinds = type(Own.apply(torch.ones(2, requires_grad=True)).grad_fn).__mro__[:3]
        return [kind.__name__ for kind in kinds], kinds[2] is torch._C._FunctionBase

    agree(scenario, raises=False)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize(
    "shapes", [((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((4,), (2, 4, 5)), ((2, 3, 4), (4,)),
               ((4,), (4, 5)), ((1, 3, 4), (2, 4, 5)), ((0, 3, 4), (0, 4, 5))],
)  # fmt: skip
def test_what_is_computed_in_steps_under_hooks_is_what_it_is_without(shapes, graph):
    a, b = (torch.randn(shape, requires_grad=graph) for shape in shapes)
    with torch.autograd.graph.save_on_cpu():
        product = a @ b
        line = torch.nn.functional.linear(a, b.detach().reshape(-1, a.shape[-1])) if a.dim() > 1 else None
    torch.testing.assert_close(product, a @ b)
    if line is not None:
        torch.testing.assert_close(line, a @ b.detach().reshape(-1, a.shape[-1]).T)
    with torch.autograd.graph.save_on_cpu(), pytest.raises(RuntimeError):
        a @ torch.ones(*b.shape[:-2], 7, 3)
