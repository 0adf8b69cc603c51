"""How tensors are printed inside of the functions that transforms evaluate: to the character as PyTorch prints its wrappers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

torch = pytest.importorskip("torch")


def shown(torch: Any, *tensors: Any) -> None:
    for tensor in tensors:
        print(tensor, repr(tensor), f"{[tensor]}")


SCENARIOS = {
    "grad": lambda torch, x, w: torch.func.grad(lambda t: shown(torch, t, t * 2, t * w, w, torch.zeros(2)) or t.sum())(x),
    "grad at a leaf": lambda torch, x, w: torch.func.grad(lambda t: shown(torch, t, t * 2, w) or t.sum())(w),
    "grad of a result": lambda torch, x, w: torch.func.grad(lambda t: shown(torch, t, t * 2) or t.sum())(w * 3),
    "vjp": lambda torch, x, w: torch.func.vjp(lambda t: shown(torch, t, t.sin()) or t, x)[0],
    "jvp": lambda torch, x, w: torch.func.jvp(lambda t: shown(torch, t, t.sin(), w) or t, (x,), (x,)),
    "vmap": lambda torch, x, w: torch.vmap(lambda t: shown(torch, t, t * 2, w) or t)(torch.stack([x, x])),
    "vmap over columns": lambda torch, x, w: torch.vmap(lambda t: shown(torch, t) or t, in_dims=1)(torch.stack([x, x, x])),
    "vmap of a leaf": lambda torch, x, w: torch.vmap(lambda t: shown(torch, t, t * 2) or t)(w),
    "vmap of a result": lambda torch, x, w: torch.vmap(lambda t: shown(torch, t) or t)(w * 2),
    "grad of grad": lambda torch, x, w: torch.func.grad(
        lambda t: torch.func.grad(lambda s: shown(torch, s, t, w, s * t, torch.ones(1)) or s.sum())(t).sum()
    )(x),
    "grad of vmap": lambda torch, x, w: torch.func.grad(
        lambda t: torch.vmap(lambda s: shown(torch, s, t, w, s * t, s * 2) or s)(t).sum()
    )(x),
    "vmap of grad": lambda torch, x, w: torch.vmap(torch.func.grad(lambda s: shown(torch, s, w, s * 2) or s.sum()))(
        torch.stack([x, x])
    ),
    "vmap of vmap": lambda torch, x, w: torch.vmap(torch.vmap(lambda s: shown(torch, s, w) or s))(torch.stack([x, x])),
    "vmap of vmap of three": lambda torch, x, w: torch.vmap(torch.vmap(lambda s: shown(torch, s) or s))(
        torch.arange(24.0).reshape(2, 3, 4)
    ),
    "vmap of vmap over columns": lambda torch, x, w: torch.vmap(
        torch.vmap(lambda s: shown(torch, s) or s, in_dims=1), in_dims=1
    )(torch.arange(24.0).reshape(2, 3, 4)),
    "jvp of grad": lambda torch, x, w: torch.func.jvp(
        torch.func.grad(lambda s: shown(torch, s, s * w) or s.sum()), (x,), (x,)
    ),
    "hessian": lambda torch, x, w: torch.func.hessian(lambda s: shown(torch, s) or s.prod())(x),
    "jacrev": lambda torch, x, w: torch.func.jacrev(lambda s: shown(torch, s) or s * 2)(x),
    "no_grad": lambda torch, x, w: torch.func.grad(
        lambda t: torch.no_grad()(lambda: shown(torch, t, t * 2, w * t))() or t.sum()
    )(x),
    "integers": lambda torch, x, w: torch.vmap(lambda t: shown(torch, t.long(), t > 0) or t)(x),
    "doubles": lambda torch, x, w: torch.func.grad(lambda t: shown(torch, t, t.detach()) or t.sum())(x.double()),
    "parameters": lambda torch, x, w: torch.func.grad(lambda t: shown(torch, torch.nn.Parameter(torch.ones(1))) or t.sum())(x),
    "a number": lambda torch, x, w: torch.func.grad(lambda t: print(f"{t.sum()} {t.sum():.2f}") or t.sum())(x),
    "after all": lambda torch, x, w: print(torch.func.grad(lambda t: (t * w).sum())(x), torch.vmap(lambda t: t * 2)(x)),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_texts(scenario: Any) -> None:
    agree(lambda torch: scenario(torch, torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0], requires_grad=True)), raises=False)


def test_debug_unwrap() -> None:
    def scenario(torch: Any) -> Any:
        seen = []

        def f(t: Any) -> Any:
            for value in (t, t * 2, torch.ones(1)):
                seen.append(repr(torch.func.debug_unwrap(value)))
                seen.append(repr(torch.func.debug_unwrap(value, recurse=False)))
            return t.sum()

        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        torch.vmap(torch.func.grad(f))(x)
        torch.func.grad(lambda t: torch.func.grad(f)(t[0]).sum())(x)
        same = []
        torch.vmap(torch.vmap(lambda t: same.append(torch.func.debug_unwrap(t) is x) or t))(x)
        torch.func.grad(lambda t: same.append(torch.func.debug_unwrap(t) is x) or t.sum())(x)
        return seen, same

    agree(scenario, raises=False)
