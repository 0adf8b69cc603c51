"""Second derivatives by forward mode under saved-tensor hooks and checkpoints: what hooks give back has its tangents again."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint as torch
from tests.both import agree

FUNCTIONS = {
    "softmax": lambda t: t.softmax(-1),
    "exp": lambda t: t.exp(),
    "sin": lambda t: t.sin(),
    "square": lambda t: t * t,
    "cumprod": lambda t: t.cumprod(0),
    "norm": lambda t: t.norm(),
    "logsumexp": lambda t: t.logsumexp(0),
    "matmul": lambda t: t[:, None] @ t[None] @ t,
    "tanh": lambda t: t.tanh(),
    "var": lambda t: t.var(),
    "in place": lambda t: (t * 1).mul_(2).exp_(),
}


def hooked(torch: Any, f: Any) -> Any:
    def inside(*args: Any) -> Any:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            return f(*args)

    return inside


def checkpointed(torch: Any, f: Any) -> Any:
    return lambda *args: torch.utils.checkpoint.checkpoint(f, *args, use_reentrant=False)


AROUND = [hooked, checkpointed]
WAYS = {
    "around a Jacobian of a Jacobian": lambda t, w, f: w(t, t.func.jacfwd(t.func.jacfwd(f))),
    "between them": lambda t, w, f: t.func.jacfwd(w(t, t.func.jacfwd(f))),
    "inside": lambda t, w, f: t.func.jacfwd(t.func.jacfwd(w(t, f))),
}
REVERSE = {
    "around forward over reverse": lambda t, w, f: w(t, t.func.jacfwd(t.func.jacrev(f))),
    "between forward and reverse": lambda t, w, f: t.func.jacfwd(w(t, t.func.jacrev(f))),
    "inside of forward over reverse": lambda t, w, f: t.func.jacfwd(t.func.jacrev(w(t, f))),
    "inside of reverse over forward": lambda t, w, f: t.func.jacrev(t.func.jacfwd(w(t, f))),
    "inside of reverse over reverse": lambda t, w, f: t.func.jacrev(t.func.jacrev(w(t, f))),
}


@pytest.mark.parametrize("way", [*WAYS.values(), *REVERSE.values()], ids=[*WAYS, *REVERSE])
@pytest.mark.parametrize("around", AROUND)
def test_second_derivatives_are_those_without_hooks(around: Any, way: Any) -> None:
    x = torch.tensor([0.3, -0.5, 1.25], dtype=torch.float64)
    for name, f in FUNCTIONS.items():
        expected = torch.func.jacrev(torch.func.jacrev(f))(x)
        assert torch.allclose(way(torch, around, f)(x), expected), name


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("around", AROUND)
def test_second_derivatives_are_pytorchs(around: Any, way: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([0.3, -0.5, 1.25], dtype=torch.float64)
        return [way(torch, around, f)(x) for name, f in FUNCTIONS.items() if name != "in place"]

    agree(scenario, raises=False)


def test_dual_tensors_under_hooks_have_gradients_with_tangents() -> None:
    def scenario(torch: Any) -> Any:
        forward = torch.autograd.forward_ad
        x = torch.tensor([0.3, -0.5], dtype=torch.float64, requires_grad=True)
        with forward.dual_level(), torch.autograd.graph.save_on_cpu():
            y = forward.make_dual(x, torch.ones(2, dtype=torch.float64)).exp().square().sum()
            (g,) = torch.autograd.grad(y, x, create_graph=True)
            return [p.detach() for p in forward.unpack_dual(g)]

    agree(scenario, raises=False)


def test_a_gradient_asked_for_inside_of_a_linearized_function_has_its_tangent() -> None:
    def f(t: Any) -> Any:
        return torch.func.grad(lambda u: (torch.autograd.grad(u.sin().sum(), u)[0] * u).sum())(t)

    x = torch.tensor([0.3, -0.5], dtype=torch.float64)
    _, push = torch.func.linearize(f, x)
    assert torch.allclose(push(x), torch.func.jvp(f, (x,), (x,))[1])


def test_a_write_to_what_has_an_expanded_tangent_is_one_to_its_own() -> None:
    def scenario(torch: Any) -> Any:
        b = torch.tensor([1.0, 2.0, 3.0])

        def written(a: Any) -> Any:
            c = a + b * 0
            c[:2].mul_(b[1:])
            return c.square().sum()

        def both(y: Any) -> Any:
            return torch.vmap(written)(y.expand(3, 3)).sum() + written(y.expand(2, 3)[0])

        return torch.func.jacfwd(both)(b), torch.func.jvp(both, (b,), (b,)), torch.func.hessian(both)(b)

    agree(scenario, raises=False)
