"""A batch of matrices of which some have no Cholesky factor."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree


@pytest.mark.parametrize("upper", [False, True])
def test_the_others_have_theirs(upper: bool) -> None:
    def scenario(library: Any) -> Any:
        good, bad = library.tensor([[4.0, 1.0], [1.0, 9.0]]), library.tensor([[1.0, 2.0], [2.0, 1.0]])
        factors, info = library.linalg.cholesky_ex(library.stack([good, bad, good * 2]), upper=upper)
        return factors[0], factors[2], info

    agree(scenario, raises=False)
