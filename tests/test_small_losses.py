"""What is left of a loss, or of a gradient, where large numbers cancel."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("count", [3, 600, 20_000])
@pytest.mark.parametrize("weighed", [False, True])
def test_the_loss_of_a_confident_right_answer_is_not_rounded_away(count: int, weighed: bool) -> None:
    found = []
    for library in (torch, adjoint):
        x, y = library.full((count,), 20.0), library.ones(count)
        weight = library.full((count,), 2.0) if weighed else None
        found.append(library.nn.functional.binary_cross_entropy_with_logits(x, y, pos_weight=weight).item())
    assert found[0] > 0
    assert found[1] == pytest.approx(found[0], rel=1e-5)


@pytest.mark.parametrize("count", [3, 20_000])
@pytest.mark.parametrize("value", [2.0, -1e-30, float("nan"), float("inf"), 1.0000001, 0.0, 1.0])
@pytest.mark.parametrize("bad", ["input", "target"])
def test_binary_cross_entropy_takes_numbers_between_zero_and_one(count: int, value: float, bad: str) -> None:
    found = []
    for library in (torch, adjoint):
        given = {name: library.full((count,), 0.5) for name in ("input", "target")}
        given[bad][-1] = value
        try:
            found.append(round(library.nn.functional.binary_cross_entropy(**given).item(), 3))
        except RuntimeError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["layer_norm", "group_norm"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_equal_gradient_of_normalized_rows_leaves_nothing(name: str, dtype: str) -> None:
    """Its mean is taken off, and what rounding would leave of it is multiplied by one over the rows' small deviation."""
    x = adjoint.full((4, 990), 0.39837, dtype=getattr(adjoint, dtype), requires_grad=True)
    shape = (990,) if name == "layer_norm" else 1
    y = getattr(adjoint.nn.functional, name)(x if name == "layer_norm" else x[..., None], shape)
    y.backward(adjoint.full_like(y, 0.39837))
    left = np.abs(x.grad.numpy()).max()
    roundings = 0.39837 * np.finfo(dtype).eps / np.sqrt(1e-5)  # of the gradient, over the smallest deviation; PyTorch leaves four
    assert left <= (2 * roundings if name == "layer_norm" else 0)


@pytest.mark.parametrize("of", ["var", "std"])
@pytest.mark.parametrize("dim", [0, 1, None])
def test_equal_numbers_of_a_large_size_have_no_variance(of: str, dim: int | None) -> None:
    for value, dtype in [(10000.1, "float32"), (1e30, "float32"), (0.1, "float64")]:
        x = adjoint.full((33, 47), value, dtype=getattr(adjoint, dtype))
        assert not np.any(getattr(x, of)(dim).numpy())
