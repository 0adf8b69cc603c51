"""Scenarios, functions of the module ``torch``: as tests, and what many of them begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.both import agree


def same(scenario: Callable[[Any], Any]) -> Callable[[], None]:
    """Make a test of a scenario, which has to do the same with both libraries."""

    def test() -> None:
        agree(scenario)

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def leaf(torch: Any, *values: float, dtype: Any = None) -> Any:
    """A tensor that requires grad, of the values or else of 1, 2 and 3."""
    return torch.tensor(list(values) or [1.0, 2.0, 3.0], dtype=dtype, requires_grad=True)


def accumulator(t: Any) -> Any:
    """The node that adds to the grad of a leaf."""
    return t.expand_as(t).grad_fn.next_functions[0][0]


def node_hooks(log: list[Any], **tensors: Any) -> None:
    """Write down when the node of each tensor runs."""
    for name, t in tensors.items():
        t.grad_fn.register_prehook(lambda gs, name=name: log.append("before " + name))
        t.grad_fn.register_hook(lambda gi, go, name=name: log.append("after " + name))


def leaf_hooks(log: list[Any], **leaves: Any) -> None:
    """Write down when a leaf's gradient arrives and when it is accumulated."""
    for name, t in leaves.items():
        t.register_hook(lambda g, name=name: log.append("hook " + name))
        t.register_post_accumulate_grad_hook(lambda t, name=name: log.append("accumulated " + name))
