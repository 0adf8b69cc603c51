"""A tensor of no dimensions in the place of a number: taken for its number, unless it requires grad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from both import agree, run

import adjoint

torch = pytest.importorskip("torch")

CALLS: dict[str, Callable[..., Any]] = {
    "leaky_relu": lambda F, x, t: F.leaky_relu(x, t(0.2)),
    "leaky_relu in place": lambda F, x, t: F.leaky_relu(x * 1, t(0.2), True),
    "threshold": lambda F, x, t: F.threshold(x, t(0.2), t(0.5)),
    "threshold_": lambda F, x, t: F.threshold_(x * 1, t(0.2), t(0.5)),
    "hardtanh": lambda F, x, t: F.hardtanh(x, t(-0.5), t(0.5)),
    "hardtanh_": lambda F, x, t: F.hardtanh_(x * 1, t(-0.5), t(0.5)),
    "elu": lambda F, x, t: F.elu(x, t(0.7)),
    "elu_": lambda F, x, t: F.elu_(x * 1, t(0.7)),
    "celu": lambda F, x, t: F.celu(x, t(0.7)),
    "softplus": lambda F, x, t: F.softplus(x, t(2.0), t(1.0)),
    "hardshrink": lambda F, x, t: F.hardshrink(x, t(0.3)),
    "softshrink": lambda F, x, t: F.softshrink(x, t(0.3)),
    "rrelu": lambda F, x, t: F.rrelu(x, t(0.1), t(0.3)),
    "huber_loss": lambda F, x, t: F.huber_loss(x, x.detach() * 2, delta=t(0.5)),
    "smooth_l1_loss": lambda F, x, t: F.smooth_l1_loss(x, x.detach() * 2, beta=t(0.5)),
    "logit": lambda F, x, t: x.sigmoid().logit(t(0.2)),
}
OF_INTEGERS: dict[str, Callable[..., Any]] = {
    "softmax": lambda F, x, t: F.softmax(x, t(0)),
    "sum": lambda F, x, t: x.sum(t(0)),
    "roll": lambda F, x, t: x.roll(t(1)),
    "cumsum": lambda F, x, t: x.cumsum(t(0)),
    "avg_pool1d": lambda F, x, t: F.avg_pool1d(x[None], t(2)),
    "max_pool1d": lambda F, x, t: F.max_pool1d(x[None], t(2), t(1)),
    "conv1d": lambda F, x, t: F.conv1d(x[None, None], x[None, None, :2], stride=t(1), padding=t(1)),
}


def scenario(call: Callable[..., Any], **options: Any) -> Callable[[Any], Any]:
    def run(torch: Any) -> Any:
        x = torch.tensor([-1.0, 0.1, 0.4, 2.0], requires_grad=True)
        y = call(torch.nn.functional, x, lambda v: torch.tensor(v, **options))
        y.sum().backward()
        return [round(v, 5) for v in (*y.flatten().tolist(), *x.grad.tolist())]

    return run


@pytest.mark.parametrize("name", [*CALLS, *OF_INTEGERS])
def test_a_tensor_of_no_dimensions_is_its_number(name: str) -> None:
    agree(scenario((CALLS | OF_INTEGERS)[name]))


@pytest.mark.parametrize("size", [4, 20_000])
def test_so_it_is_for_large_tensors(size: int) -> None:
    x = adjoint.linspace(-1, 1, size, requires_grad=True)
    a, b = (adjoint.nn.functional.leaky_relu(x, slope) for slope in (0.25, adjoint.tensor(0.25)))
    assert a.equal(b)


@pytest.mark.parametrize("name", CALLS)
def test_one_that_requires_grad_is_refused_where_pytorch_refuses_it(name: str) -> None:
    raised = [run(scenario(CALLS[name], requires_grad=True), library).get("raised") for library in (torch, adjoint)]
    assert raised[0] is not None and raised[1] is not None and raised[0][0] == raised[1][0]


@pytest.mark.parametrize("pair", [(3, 2), (3.0, 2), (3, 2j), (True, True), (True, 2.0)], ids=str)
@pytest.mark.parametrize("name", ["add", "subtract", "mul", "true_divide", "div", "floor_divide"])
def test_two_numbers_are_a_tensor(name, pair):
    def found(torch):
        try:
            return getattr(torch, name)(*pair), getattr(torch, name)(pair[0], other=pair[1])
        except (TypeError, RuntimeError) as error:
            return type(error).__name__, str(error)

    agree(found)
