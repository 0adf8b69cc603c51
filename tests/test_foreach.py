"""``torch._foreach_*``: operators over lists of tensors, with PyTorch's results, errors and writes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree, torch

FUNCTIONS = sorted(name for name in dir(torch) if name.startswith("_foreach_"))

ARGUMENTS = {
    "add": "b; 2; [1, 2.5]; torch.tensor(3.0); b, alpha=2; scalar=1; other=b",
    "sub": "b; 2; [1, 2.5]; b, alpha=2",
    "mul": "b; 2; [1, 2.5]; torch.tensor(3.0); torch.ones(2)",
    "div": "b; 2; [1, 2.5]; torch.tensor(3.0)",
    "clamp_max": "b; 1; [1, 0.5]",
    "clamp_min": "b; 1; [1, 0.5]",
    "maximum": "b; 1; [1, 0.5]",
    "minimum": "b; 1; [1, 0.5]",
    "addcdiv": "b, b; b, b, 2; b, b, [2, 3]; b, b, torch.tensor([1.0, 2.0]); b, b, value=2; b, b[:1]",
    "addcmul": "b, b; b, b, 2; b, b, [2, 3]; b, b, torch.tensor([1.0, 2.0]); b, b, [2.0]; b, b, torch.ones(3)",
    "lerp": "b, 0.5; b, b; b, [0.1, 0.2]; b, weight=0.5",
    "pow": "2; b; [2, 3]; exponent=2",
    "copy": "b; b[:1]",
    "norm": "; 1; float('inf'); 2, dtype=torch.float64; ord=3",
    "powsum": "; 1; 3",
    "mm": "[x.T for x in a]",
    "clone": "; memory_format=torch.contiguous_format",
}

CASES = [
    (name, given.strip())
    for name in FUNCTIONS
    for given in ARGUMENTS.get(name.removeprefix("_foreach_").removesuffix("_"), "").split(";")
]


@pytest.mark.parametrize(("name", "given"), CASES)
def test_lists_give_what_pytorchs_give(name: str, given: str) -> None:
    def scenario(torch: Any) -> Any:
        a = [torch.tensor([[0.5, -0.25], [0.75, 1.0]]), torch.tensor([[0.125, 2.0]])]
        b = [torch.full((2, 2), 0.75), torch.full((1, 2), 1.5)]
        before = a[0]
        result = eval(f"torch.{name}(a{', ' if given else ''}{given})", {"torch": torch, "a": a, "b": b})
        return type(result).__name__, result, a, before._version

    agree(scenario, tolerance=1e-5)


@pytest.mark.parametrize(
    "expression",
    [
        "_foreach_add([], 1)",
        "_foreach_abs(3)",
        "_foreach_add([1.0], 1)",
        "_foreach_add(a, [torch.ones(1)])",
        "_foreach_add(a, [1.0])",
        "_foreach_sub([torch.tensor(True)], 1)",
        "_foreach_exp_([torch.tensor(1)])",
        "_foreach_max([torch.ones(0)])",
        "_foreach_pow(2.0, a)",
        "_foreach_exp([torch.tensor([1, 2])])",
        "_foreach_add(self=a, other=a)",
    ],
)
def test_odd_lists_are_refused_as_pytorch_does(expression: str) -> None:
    agree(lambda torch: eval("torch." + expression, {"torch": torch, "a": [torch.ones(2), torch.zeros(1)]}))


def test_gradients_pass_through_lists() -> None:
    def scenario(torch: Any) -> Any:
        x = [torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0], requires_grad=True)]
        y = torch._foreach_div(torch._foreach_mul(x, x), torch._foreach_exp(x))
        torch._foreach_mul_([*y], 2)
        sum(t.sum() for t in y).backward()
        return [t.grad for t in x]

    agree(scenario)


def test_every_function_of_pytorchs_is_there() -> None:
    import adjoint
    from adjoint import foreach

    assert foreach.listed() == FUNCTIONS
    assert all(callable(getattr(adjoint, name)) for name in FUNCTIONS)
