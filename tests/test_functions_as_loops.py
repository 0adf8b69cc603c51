"""Functions of functions that PyTorch traces run as Python, with its results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adjoint._higher_order_ops import associative_scan

EXPRESSIONS = [
    "ops.associative_scan(lambda a, b: a + b, x, 0, combine_mode='generic')",
    "ops.associative_scan(lambda a, b: a * b, x, 1, reverse=True, combine_mode='generic')",
    "ops.associative_scan(lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (x.abs(), x), 0, combine_mode='generic')",
    "torch.cond(torch.tensor(True), lambda a: a + 1, lambda a: a - 1, (x,))",
    "torch.cond(False, lambda a: a + 1, lambda a: a - 1, (x,))",
    "ops.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2), (torch.tensor(0), x))",
    "ops.scan(lambda c, v: (c + v, c * v), torch.zeros(3), x)",
]


def _arrays(value: Any) -> list[Any]:
    return [a for v in value for a in _arrays(v)] if isinstance(value, (tuple, list)) else [value.detach().numpy()]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_loop_gives_pytorchs_numbers(expression: str) -> None:
    pytest.importorskip("torch")
    found = []
    for name in ("adjoint", "torch"):
        library = __import__(name)
        ops = __import__(f"{name}._higher_order_ops", fromlist=["x"])
        library.manual_seed(0)
        found.append(_arrays(eval(expression, {"torch": library, "ops": ops, "x": library.randn(7, 3)})))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_scan_that_needs_an_accelerator_says_so() -> None:
    with pytest.raises(ValueError, match="all input tensors need to be on CUDA or XPU"):
        associative_scan(lambda a, b: a + b, [], 0)
