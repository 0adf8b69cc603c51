"""Sobol's points, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from both import agree, torch

import adjoint


@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 17])
def test_points_are_pytorchs(dimension: int, scramble: bool) -> None:
    def scenario(library: Any) -> Any:
        engine = library.quasirandom.SobolEngine(dimension, scramble, seed=7 if scramble else None)
        found = [repr(engine), engine.sobolstate, engine.shift, engine.draw(), engine.draw(5), engine.draw(0)]
        found += [engine.draw(3, dtype=library.float64), engine.fast_forward(9).draw(), engine.quasi]
        found += [engine.reset().fast_forward(4).draw(2), engine.num_generated, engine.reset().draw(300)]
        found += [engine.reset().fast_forward(0).draw(1), engine.reset().draw_base2(3), engine.draw_base2(3)]
        out = library.empty(0)
        return [*found, engine.draw(2, out=out) is out, out]

    agree(scenario, 0.0, raises=False)


def test_the_default_generator_scrambles_where_there_is_no_seed() -> None:
    def scenario(library: Any) -> Any:
        return library.quasirandom.SobolEngine(3, scramble=True).draw(4, dtype=library.float64), library.rand(2)

    agree(scenario, 0.0, raises=False)


WRONG = [
    "SobolEngine(0)",
    "SobolEngine(21202)",
    "SobolEngine(1).fast_forward(3).draw_base2(2)",
    "SobolEngine(1).draw(2, dtype=library.half)",
]


@pytest.mark.parametrize("expression", WRONG)
def test_what_cannot_be_is_said(expression: str) -> None:
    agree(lambda library: eval(f"library.quasirandom.{expression}", {"library": library}), raises=True)


def test_direction_numbers_of_all_dimensions_are_pytorchs() -> None:
    n = torch.quasirandom.SobolEngine.MAXDIM
    ours, theirs = (library.quasirandom.SobolEngine(n).sobolstate.numpy() for library in (adjoint, torch))
    assert np.array_equal(ours, theirs)
