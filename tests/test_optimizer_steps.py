"""What optimizers' steps share: recorded steps of complex parameters, derivatives of momentum, states looked at early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import run

torch = pytest.importorskip("torch")

RECORDED = ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta", "NAdam", "RAdam", "ASGD"]


def _recorded(module: Any, name: str, kind: Any) -> Any:
    """Complex parameters after two recorded steps, and the derivatives with respect to those before."""
    numbers = np.arange(1, 13).reshape(2, 2, 3) / 8
    w = module.tensor(numbers[0] - 1j * numbers[1][::-1]).to(kind).requires_grad_()
    p = w.clone()
    optimizer = getattr(module.optim, name)([p], lr=0.1, differentiable=True)
    for factor in (1.0, 0.5 - 1j):
        p.grad = w * factor + (p * p).detach()
        optimizer.step()
    p.abs().sum().backward()
    return [p.detach(), w.grad]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_step_treats_complex_numbers_as_pairs_as_every_step_does(name: str) -> None:
    theirs, ours = (
        [np.asarray(t.resolve_conj().numpy()) for t in _recorded(module, name, module.complex128)]
        for module in (torch, adjoint)
    )
    for a, b in zip(theirs, ours):
        # PyTorch has the step's number in float32 here
        np.testing.assert_allclose(b, a, rtol=5e-4 if "Adam" in name else 1e-6, atol=1e-7)


def test_a_recorded_step_of_no_elements_is_recorded() -> None:
    for kind in (adjoint.complex64, adjoint.float32):
        p = adjoint.zeros(0, 3, dtype=kind).requires_grad_()
        q = p.clone()
        q.grad = adjoint.zeros(0, 3, dtype=kind)
        adjoint.optim.Adagrad([q], differentiable=True).step()
        q.abs().sum().backward()
        assert tuple(p.grad.shape) == (0, 3)


def test_momentum_of_a_recorded_step_has_the_first_gradients_derivative() -> None:
    # PyTorch takes the first gradient out of the graph: torch.autograd.grad gives None for it.
    def stepped(w: Any, *gradients: Any) -> Any:
        p = w.clone()
        optimizer = adjoint.optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.2, nesterov=True, differentiable=True)
        for g in gradients:
            p.grad = g
            optimizer.step()
        return p

    numbers = [adjoint.tensor([0.5, -1.0 + i], dtype=adjoint.float64).requires_grad_() for i in range(3)]
    assert adjoint.autograd.gradcheck(stepped, numbers)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("rate", [0.3, "tensor"])
def test_a_state_of_lbfgs_is_of_pytorchs_types_and_shows_the_next_step(search: str | None, rate: Any) -> None:
    def scenario(module: Any) -> Any:
        w = module.tensor([3.0, -2.0, 0.5], dtype=module.float64).requires_grad_()
        lr = module.tensor(0.25) if rate == "tensor" else rate
        optimizer = module.optim.LBFGS([w], lr=lr, max_iter=3, history_size=2, line_search_fn=search)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = ((w - 1) ** 4).sum() + (w * w).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        early = dict(optimizer.state_dict()["state"][0])
        first = (type(early["t"]).__name__, type(early["H_diag"]).__name__, len(early["old_dirs"]))
        seen = early["prev_flat_grad"].tolist()
        optimizer.step(closure)
        late = optimizer.state_dict()["state"][0]
        same = [early[name] is late[name] for name in ("old_dirs", "old_stps", "ro", "prev_flat_grad", "al")]
        types = {name: type(value).__name__ for name, value in late.items()}
        moved = early["prev_flat_grad"].tolist() != seen
        return first, same, types, [type(x).__name__ for x in late["al"]], list(late), moved

    assert run(scenario, adjoint) == run(scenario, torch)


def test_counts_of_a_loaded_state_are_rounded_as_those_of_a_new_one() -> None:
    def scenario(module: Any) -> Any:
        def fresh() -> Any:
            w = module.tensor([1.0, -2.0], dtype=module.float64).requires_grad_()
            return w, module.optim.ASGD([w], lr=0.1, lambd=0.3)

        (w, optimizer), (v, other) = fresh(), fresh()
        w.grad = module.tensor([0.5, 0.25], dtype=module.float64)
        optimizer.step()
        other.load_state_dict(optimizer.state_dict())
        v.grad = w.grad
        other.step()
        other.step()
        state = other.state[v]
        return str(state["eta"].dtype), state["eta"].item(), state["mu"].item()

    assert run(scenario, adjoint) == run(scenario, torch)
