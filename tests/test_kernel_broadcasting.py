"""Large operands that are broadcast against each other: every elementwise row's gradients, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.declare.namespaces import OPERATORS
from tests.samples import samples_of, values
from tests.test_tables import names_in, run

torch = pytest.importorskip("torch")

LONG = 16411  # elements of a column: kernels compute what meets it
SHAPES = [(1, 3), (LONG, 1), (LONG, 3)]
WITHOUT = ("detach", "prelu", "floor_divide", "heaviside", "_dirichlet_grad")  # gradients for each operand
SAMPLES = sorted(
    sample
    for key, operator in OPERATORS.items()
    if operator.elementwise and len(operator.differentiable_inputs) > 1
    for sample in samples_of(key, operator)
    if len(names_in(sample)) > 1 and not any(name in sample for name in WITHOUT)
)


def gradients(library: Any, sample: str, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    given = {}
    for n, name in enumerate(names_in(sample)):
        shape = shapes[n % len(shapes)]
        array = np.roll(np.resize(values()[name], shape), n)
        given[name] = library.tensor(array, dtype=library.float64).requires_grad_()
    (result,) = run(library, sample, given)
    result.backward(library.linspace(-1, 1, result.numel(), dtype=library.float64).reshape(result.shape))
    return [result.detach().numpy(), *[t.grad.numpy() for t in given.values()]]


@pytest.mark.parametrize("order", ["row, column", "column, row", "column, whole", "whole, row"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_operands_that_are_broadcast_get_gradients_of_their_own(sample, order):
    row, column, whole = SHAPES
    named = {"row": row, "column": column, "whole": whole}
    shapes = [named[name] for name in order.split(", ")]
    shapes += [s for s in SHAPES if s not in shapes]
    for found, expected in zip(gradients(adjoint, sample, shapes), gradients(torch, sample, shapes)):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
