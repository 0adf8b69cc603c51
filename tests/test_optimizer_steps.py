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


def test_a_line_search_with_a_rate_of_zero_stays_where_it_is() -> None:
    # PyTorch's divides by the step's length and raises ZeroDivisionError; schedules do come to rates of zero.
    w = adjoint.tensor([3.0, -2.0]).requires_grad_()
    optimizer = adjoint.optim.LBFGS([w], lr=0.0, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 13.0 and w.tolist() == [3.0, -2.0]


def test_a_post_accumulate_hook_returns_nothing() -> None:
    def scenario(module: Any) -> Any:
        w = module.ones(2, requires_grad=True)
        w.register_post_accumulate_grad_hook(lambda p: p.grad.clamp_(-0.1, 0.1))
        (w * 3).sum().backward()

    assert run(scenario, adjoint) == run(scenario, torch)


@pytest.mark.parametrize("function", [None, "ema", "swa", "get_ema_avg_fn", "own"])
def test_averages_of_models_are_made_dtype_by_dtype_and_those_of_integers_truncated(function: str | None) -> None:
    def scenario(module: Any) -> Any:
        swa = module.optim.swa_utils
        calls = []

        def own(averages: Any, current: Any, n: Any) -> None:
            calls.append((len(averages), str(averages[0].dtype), int(n)))

        options = {
            None: {}, "own": {"multi_avg_fn": own}, "ema": {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.5)},
            "swa": {"multi_avg_fn": swa.get_swa_multi_avg_fn()}, "get_ema_avg_fn": {"avg_fn": swa.get_ema_avg_fn(0.5)},
        }[function]  # fmt: skip
        m = module.nn.BatchNorm1d(2)
        ema = swa.AveragedModel(m, use_buffers=True, **options)
        for i in range(4):
            m(module.arange(6.0).reshape(3, 2) + i)
            m.weight.data.add_(1.0)
            ema.update_parameters(m)
        state = {k: v for k, v in ema.state_dict().items() if "running_var" not in k}
        return sorted(calls), {k: (str(v.dtype), [round(x, 5) for x in v.flatten().tolist()]) for k, v in state.items()}

    assert run(scenario, adjoint) == run(scenario, torch)


def test_the_derivative_of_an_embeddings_gradient_knows_how_often_a_row_was_looked_up() -> None:
    # PyTorch's is 1 everywhere, though it divides the gradient by the frequencies.
    g = adjoint.ones(3, 2).requires_grad_()
    w = adjoint.zeros(3, 2).requires_grad_()
    rows = adjoint.nn.functional.embedding(adjoint.tensor([1, 1, 0]), w, scale_grad_by_freq=True)
    (first,) = adjoint.autograd.grad(rows, w, g, create_graph=True)
    assert adjoint.autograd.grad(first.sum(), g)[0].tolist() == [[0.5, 0.5], [0.5, 0.5], [1.0, 1.0]]


def test_a_group_that_adagrad_is_given_later_has_its_state_from_its_first_step_on() -> None:
    def scenario(module: Any) -> Any:
        w, v = (module.ones(2).requires_grad_() for _ in range(2))
        optimizer = module.optim.Adagrad([w])
        optimizer.add_param_group({"params": [v]})
        return {k: list(state) for k, state in optimizer.state_dict()["state"].items()}

    assert run(scenario, adjoint) == run(scenario, torch)
    v = adjoint.ones(2).requires_grad_()
    optimizer = adjoint.optim.Adagrad([adjoint.ones(2).requires_grad_()], lr=0.5)
    optimizer.add_param_group({"params": [v]})
    v.grad = adjoint.ones(2)
    optimizer.step()  # which is a KeyError in PyTorch
    assert v.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("view", [False, True])
def test_gradients_with_a_graph_are_set_to_zero_unless_they_are_views(view: bool) -> None:
    def scenario(module: Any) -> Any:
        w = module.ones(2, 2).requires_grad_()
        p = module.ones(2, 2).requires_grad_()
        p.grad = (w * 2).t() if view else w * 2
        module.optim.SGD([p], lr=0.1).zero_grad(set_to_none=False)
        return p.grad

    assert run(scenario, adjoint) == run(scenario, torch)
