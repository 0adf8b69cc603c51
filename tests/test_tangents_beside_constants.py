"""A tangent beside a constant has a graph, as in PyTorch: the constant's own tangent is zeros that are multiplied too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

OPERATORS = {
    "mul": lambda torch, t, x: x * t,
    "mul by a number": lambda torch, t, x: t * 2,
    "div": lambda torch, t, x: t / x,
    "divided": lambda torch, t, x: x / t,
    "add": lambda torch, t, x: t + x,
    "sub by a number": lambda torch, t, x: 2 - t,
    "pow": lambda torch, t, x: t**x,
    "matmul": lambda torch, t, x: torch.outer(x, x) @ t,
    "dot": lambda torch, t, x: t.dot(x),
    "outer": lambda torch, t, x: torch.outer(t, x),
    "linear": lambda torch, t, x: torch.nn.functional.linear(t, torch.outer(x, x), x),
    "where": lambda torch, t, x: torch.where(x > 0, t, x),
    "lerp": lambda torch, t, x: torch.lerp(t, x, 0.5),
    "addcmul": lambda torch, t, x: torch.addcmul(t, x, x),
    "addmv": lambda torch, t, x: torch.addmv(t, torch.outer(x, x), x),
    "solve": lambda torch, t, x: torch.linalg.solve(torch.eye(3), t),
    "cat": lambda torch, t, x: torch.cat([t, x]),
    "sum": lambda torch, t, x: t.sum(),
    "index": lambda torch, t, x: t[:2],
    "clone": lambda torch, t, x: t.clone(),
    "in place": lambda torch, t, x: (t + 0).mul_(x),
    "cross": lambda torch, t, x: torch.linalg.cross(t, x),
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_whether_a_tangent_requires_grad(operator: Any) -> None:
    def scenario(torch: Any) -> Any:
        s = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
        x = torch.tensor([1.0, 2.0, 3.0])
        value, tangent = torch.func.jvp(lambda t: operator(torch, t, x), (s,), (x,))
        found = [value.requires_grad, tangent.requires_grad, tangent.detach()]
        if tangent.requires_grad:
            found.append(torch.autograd.grad(tangent.sum(), s)[0].clone())
        return found

    agree(scenario, raises=False)


def test_a_constant_jacobian_can_be_part_of_a_loss() -> None:
    def scenario(torch: Any) -> Any:
        s = torch.tensor([0.5], requires_grad=True)
        x = torch.tensor([1.0, 2.0])
        torch.func.jacfwd(lambda t: (x * t).sum())(s).square().mean().backward()
        return s.grad

    agree(scenario, raises=False)


def test_of_a_second_derivative_too() -> None:
    def scenario(torch: Any) -> Any:
        s = torch.tensor([0.5, 2.0], requires_grad=True)
        (g,) = torch.autograd.grad(torch.func.jacfwd(lambda t: t * 3)(s).sum(), s, create_graph=True)
        return g.detach(), g.requires_grad

    import adjoint

    value, _ = scenario(adjoint)
    assert value.tolist() == [0.0, 0.0]
