"""One expression of a recorded tensor, in PyTorch and in Adjoint: values, graph, first and second derivatives, errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.declare.namespaces import lookup

torch = pytest.importorskip("torch")

DATA = np.random.RandomState(0).randn(2, 3, 4)


class AdjointFunctional:
    """``nn.functional`` straight from the tables, without the modules."""

    def __getattr__(self, name: str) -> Any:
        return lookup("nn.functional", name)


FUNCTIONAL = {torch: torch.nn.functional, adjoint: AdjointFunctional()}


def chain(node: Any, depth: int = 4) -> Any:
    """The names of a node and of those that it leads to."""
    if node is None or not depth:
        return None
    below = [chain(n, depth - 1) for n, _ in node.next_functions]
    return node.name().rpartition("::")[2], [names for names in below if names]


def shown(result: Any, library: Any) -> Any:
    """What a user sees of a result, without the library's own types."""
    if isinstance(result, library.Tensor):
        return (
            str(result.dtype),
            tuple(result.shape),
            result._is_view(),
            result.requires_grad,
            chain(result.grad_fn),
            np.asarray(result.detach().resolve_conj().numpy() if library is torch else result.detach().numpy()),
        )
    if isinstance(result, (tuple, list)):
        return [shown(r, library) for r in result]
    return result


def derivatives(result: Any, x: Any, library: Any) -> list[Any]:
    """The gradient of a function of the result with respect to ``x``, and that of the gradient's square."""
    parts = result if isinstance(result, (tuple, list)) else [result]
    total: Any = 0
    for part in parts:
        if isinstance(part, library.Tensor) and part.requires_grad and part.dtype.is_floating_point:
            weights = np.arange(part.numel()).reshape(tuple(part.shape)) * 0.1 + 1
            total = total + (part * part * library.tensor(weights)).sum()
    if not isinstance(total, library.Tensor):
        return []
    (first,) = library.autograd.grad(total, x, create_graph=True, allow_unused=True)
    if first is None or not first.requires_grad:
        return [None if first is None else first.detach().numpy()]
    (second,) = library.autograd.grad((first * first).sum(), x, allow_unused=True)
    return [first.detach().numpy(), None if second is None else second.numpy()]


def outcome(expression: str, library: Any, **more: Any) -> Any:
    """What the expression gives with ``x``, a recorded tensor of (2, 3, 4), or its error."""
    names = {
        "torch": library,
        "F": FUNCTIONAL[library],
        "np": np,
        "x": library.tensor(DATA, requires_grad=True),
        "y": library.arange(3.0),
        "s": library.tensor(1.0),
        **more,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(expression, names)
            return shown(result, library), derivatives(result, names["x"], library)
        except Exception as error:
            return type(error).__name__, str(error).partition("\n")[0]


def same(a: Any, b: Any) -> bool:
    """Equality, of arrays up to rounding."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def assert_same(expression: str, **more: Any) -> None:
    """Assert that the expression does in Adjoint what it does in PyTorch."""
    expected, found = outcome(expression, torch, **more), outcome(expression, adjoint, **more)
    assert same(expected, found), f"{expression}\n  PyTorch: {expected}\n  Adjoint: {found}"
