"""Nodes that PyTorch has several of, and Adjoint one until somebody looks: the chain that is seen, and what may be done to it."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from both import agree

import adjoint

# Expressions whose product is one node here.
PRODUCTS = {
    "vector @ matrix": "v @ w",
    "matrices @ matrix": "t @ w",
    "matrices @ matrices": "t @ u",
    "one matrix @ matrices": "t[:1] @ u",
    "broadcast matrices": "f @ u",
    "matrices @ vector": "t @ v",
    "vector @ matrices": "v @ u",
    "matrix @ matrices": "m @ u",
    "transposed matrices": "u.mT @ t.mT",
    "linear": "F.linear(m, w.t(), b)",
    "linear of rows": "F.linear(t, w.t(), b)",
    "linear of a vector": "F.linear(v, w.t(), b)",
    "linear without bias": "F.linear(t, w.t())",
    "linear and activation": "F.linear(t, w.t(), b).relu()",
    "inner": "torch.inner(t, w.t())",
    "tensordot": "torch.tensordot(t, u, ([0, 2], [0, 1]))",
}
NAMES = {"v": (3,), "m": (4, 3), "w": (3, 5), "b": (5,), "t": (2, 4, 3), "u": (2, 3, 5), "f": (6, 2, 4, 3)}
FROZEN = ["", "v m t f", "w u", "b"]


def operands(torch: Any, frozen: str = "") -> dict[str, Any]:
    found = {"torch": torch, "F": torch.nn.functional}
    for k, (name, shape) in enumerate(NAMES.items()):
        size = torch.Size(shape).numel()
        made = torch.linspace(-1.0, 2.0 + k, size, dtype=torch.float64).reshape(shape)
        found[name] = made.requires_grad_(name not in frozen.split())
    return found


def chain(node: Any) -> Any:
    return node and [node.name(), *((chain(n), i) for n, i in node.next_functions)]


def behind(node: Any) -> list[Any]:
    """All nodes from one to the leaves, each once."""
    found = [node]
    for each in found:
        found += [n for n, _ in each.next_functions if n is not None and n not in found]
    return found


@pytest.mark.parametrize("frozen", FROZEN)
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_chain_of_nodes_and_the_gradients_through_it(product: str, frozen: str) -> None:
    def scenario(torch: Any) -> Any:
        space = operands(torch, frozen)
        y = eval(PRODUCTS[product], space)
        if not y.requires_grad:
            return None
        seen = chain(y.grad_fn) if not (frozen and "transposed" in product) else None  # how what is not saved lay is forgotten
        (y * y).sum().backward()
        again = seen and chain(y.grad_fn)  # once it was freed
        return seen, again, [space[name].grad for name in NAMES]

    agree(scenario, raises=False)


@pytest.mark.parametrize("product", PRODUCTS)
def test_gradients_are_the_same_whether_somebody_looked_or_not(product: str) -> None:
    found = []
    for look in (False, True):
        space = operands(adjoint)
        y = eval(PRODUCTS[product], space)
        if look:
            behind(y.grad_fn)
        leaves = [space[name] for name in NAMES]
        first = adjoint.autograd.grad((y**3).sum(), leaves, create_graph=True, allow_unused=True)
        second = adjoint.autograd.grad(sum((g**2).sum() for g in first if g is not None), leaves, allow_unused=True)
        found.append([g if g is None else g.detach() for g in (*first, *second)])
    for a, b in zip(*found):
        assert (a is None) == (b is None)
        if a is not None:
            adjoint.testing.assert_close(a, b)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("kind", ["hook", "prehook", "edge"])
def test_hooks_on_every_node_of_the_chain(product: str, kind: str) -> None:
    def scenario(torch: Any) -> Any:
        log: list[Any] = []
        space = operands(torch)
        y = eval(PRODUCTS[product], space)
        nodes = [n for n in behind(y.grad_fn) if "Accumulate" not in n.name()]
        if kind == "edge":
            edge = torch.autograd.graph.GradientEdge
            return torch.autograd.grad((y * y).sum(), [edge(n, 0) for n in nodes])
        for node in nodes:
            name = node.name()
            if kind == "hook":
                node.register_hook(lambda *gs, name=name: log.append((name, gs)) or tuple(g if g is None else g * 2 for g in gs[0]))
            else:
                node.register_prehook(lambda go, name=name: log.append((name, go)) or tuple(g * 2 for g in go))
        (y * y).sum().backward()
        return log, [space[name].grad for name in NAMES]

    agree(scenario, raises=False)


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_packed_of_a_chain(product: str) -> None:
    def scenario(torch: Any) -> Any:
        log: list[Any] = []
        space = operands(torch)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: log.append(tuple(t.shape)) or t * 2, lambda t: t / 2):
            y = eval(PRODUCTS[product], space)
        chain(y.grad_fn)
        y.sum().backward()
        return sorted(log), [space[name].grad for name in NAMES]

    agree(scenario, raises=False)


@pytest.mark.parametrize("written", ["w", "t"])
def test_a_saved_operand_that_was_written_to_is_found_whether_somebody_looked_or_not(written: str) -> None:
    for look in (False, True):
        space = operands(adjoint)
        y = eval("t @ w", space)
        if look:
            behind(y.grad_fn)
        with adjoint.no_grad():
            space[written].mul_(2)
        if not look:
            behind(y.grad_fn)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


def test_a_node_that_is_opened_while_a_backward_runs_that_needs_a_part() -> None:
    space = operands(adjoint)
    y = eval("v @ w", space)
    z = y * 2
    z.register_hook(lambda g: behind(y.grad_fn) and None)
    (g,) = adjoint.autograd.grad(z.sum(), space["v"])
    adjoint.testing.assert_close(g, 2 * space["w"].detach().sum(1))


def test_an_opened_chain_is_freed_with_its_tensor() -> None:
    space = operands(adjoint)
    y = eval("t @ w", space)
    nodes = behind(y.grad_fn)
    import weakref

    known = [weakref.ref(n) for n in nodes[:3]]
    del y, nodes
    assert not any(r() is not None for r in known) or (gc.collect() and not any(r() is not None for r in known))


def test_numbers_of_opened_nodes_do_not_fall() -> None:
    space = operands(adjoint)
    y = eval("v @ w", space)
    numbers = [n._sequence_nr() for n in behind(y.grad_fn)[:3]]
    assert numbers == sorted(numbers, reverse=True) and all(isinstance(n, int) for n in numbers)
