"""A tensor that requires grad is refused where a number is asked for: its gradient would be lost."""

from __future__ import annotations

import pytest

from tests.both import agree

CALLS = {
    "pad": lambda m, x, t: m.nn.functional.pad(x, (1, 1), value=t),
    "constant_pad_nd": lambda m, x, t: m.constant_pad_nd(x, (1, 1), t),
    "ConstantPad1d": lambda m, x, t: m.nn.ConstantPad1d(1, t)(x),
    "norm": lambda m, x, t: x.norm(t),
    "vector_norm": lambda m, x, t: m.linalg.vector_norm(x, t),
    "normalize": lambda m, x, t: m.nn.functional.normalize(x, p=t),
    "renorm": lambda m, x, t: m.renorm(x, t, 0, 1.0),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_number_that_requires_grad_is_refused_in_pytorchs_words(call):
    agree(lambda m: call(m, m.ones(2, 2), m.tensor(2.0, requires_grad=True)), raises=True)


@pytest.mark.parametrize("name", ["constant_pad_nd", "norm", "vector_norm", "normalize", "renorm"])
def test_a_tensor_without_dimensions_is_a_number_else(name):
    agree(lambda m: CALLS[name](m, m.ones(2, 2), m.tensor(2.0)))
