"""Large arrays, one operator after the other: how fast memory is read and written, and exponentials are computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.registry import group, workload
from bench.steps import forward_backward

ROWS, COLUMNS = 4000, 1000
_ARRAY = 4 * ROWS * COLUMNS  # bytes of one float32 array

_LARGE = group("large", "operators of 4M elements, forward and backward", mean_at_least=1.7)


# Arrays that are read and written: forward 14 (multiply 2, add 2, tanh 2, sigmoid 2, multiply 3, exp 2, mean 1), and
# backward 18 (exp 2, multiply 5, sigmoid 3, tanh 3, multiply 2, the sum of both ways to x 3).
@workload(at_least=2.5, moved=32 * _ARRAY)
def large_chain(torch: Any) -> Callable[[], None]:
    """exp(tanh(1.5x+.1)*sigmoid(x)).mean() and its gradient, 4M elements"""

    def chain(x: Any) -> Any:
        return torch.exp(torch.tanh(1.5 * x + 0.1) * torch.sigmoid(x)).mean()

    return forward_backward((torch.randn(ROWS * COLUMNS, requires_grad=True),), chain)


def _map(function: str, torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    of = getattr(torch, function, None) or getattr(torch.nn.functional, function)
    return forward_backward((x,), of, torch.randn(ROWS, COLUMNS))


def _add(torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    y = torch.randn(ROWS, COLUMNS, requires_grad=True)
    return forward_backward((x, y), torch.add, torch.randn(ROWS, COLUMNS))


def _sum(torch: Any) -> Callable[[], None]:
    return forward_backward((torch.randn(ROWS, COLUMNS, requires_grad=True),), torch.sum)


def _of_rows(function: str, torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    return forward_backward((x,), partial(getattr(torch, function), dim=1), torch.randn(ROWS, COLUMNS))


def _layer_norm(torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    weight = torch.randn(COLUMNS, requires_grad=True)
    bias = torch.randn(COLUMNS, requires_grad=True)

    def normalized(x: Any, weight: Any, bias: Any) -> Any:
        return torch.nn.functional.layer_norm(x, (COLUMNS,), weight, bias)

    return forward_backward((x, weight, bias), normalized, torch.randn(ROWS, COLUMNS))


def _cross_entropy(torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    return forward_backward((x,), partial(torch.nn.functional.cross_entropy, target=torch.randint(0, COLUMNS, (ROWS,))))


def _rms_norm(torch: Any) -> Callable[[], None]:
    x = torch.randn(ROWS, COLUMNS, requires_grad=True)
    weight = torch.randn(COLUMNS, requires_grad=True)

    def normalized(x: Any, weight: Any) -> Any:
        return torch.nn.functional.rms_norm(x, (COLUMNS,), weight)

    return forward_backward((x, weight), normalized, torch.randn(ROWS, COLUMNS))


def _batch_norm(torch: Any) -> Callable[[], None]:
    x = torch.randn(16, 64, 64, 64, requires_grad=True)
    weight = torch.randn(64, requires_grad=True)
    bias = torch.randn(64, requires_grad=True)
    running = torch.zeros(64), torch.ones(64)

    def normalized(x: Any, weight: Any, bias: Any) -> Any:
        return torch.nn.functional.batch_norm(x, *running, weight, bias, training=True)

    return forward_backward((x, weight, bias), normalized, torch.randn(16, 64, 64, 64))


# name, function, and how many arrays have to be read and written: mostly x and the result, then the gradient of the
# result, what was saved, and the gradient of x.
_OPERATORS: list[tuple[str, Callable[[Any], Callable[[], None]], int]] = [
    *((name, partial(_map, name), 5) for name in ("exp", "tanh", "sigmoid", "gelu", "relu")),
    ("add", _add, 6),
    ("sum", _sum, 2),
    *((name, partial(_of_rows, name), 5) for name in ("softmax", "log_softmax")),
    ("layer_norm", _layer_norm, 5),
    ("cross_entropy", _cross_entropy, 3),
]

for _name, _function, _arrays in _OPERATORS:
    workload(
        name=f"large_{_name}",
        title=f"{_name} of {ROWS} x {COLUMNS}, forward and backward",
        group=_LARGE,
        at_least=1.0,
        moved=_arrays * _ARRAY,
    )(_function)

for _name, _function in (("rms_norm", _rms_norm), ("batch_norm", _batch_norm)):
    workload(
        name=f"large_{_name}",
        title=f"{_name} of 4M elements, forward and backward",
        at_least=1.0,
        moved=5 * _ARRAY,
    )(_function)


@workload(at_least=1.0, flops=3 * 2 * 1024 * 256 * 1024)
def linear_relu(torch: Any) -> Callable[[], None]:
    """Linear and ReLU of a Sequential, 1024 x 256 to 1024, forward and backward"""
    model = torch.nn.Sequential(torch.nn.Linear(256, 1024), torch.nn.ReLU())
    leaves = torch.randn(1024, 256, requires_grad=True), *model.parameters()
    return forward_backward(leaves, lambda x, *_: model(x), torch.randn(1024, 1024))
