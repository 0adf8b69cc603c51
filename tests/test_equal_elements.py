"""Which of equal elements a selection returns, and so which of them gets the gradient: the one that PyTorch returns."""

import numpy as np
import pytest
from both import agree

nan = float("nan")
SIZES = [1, 2, 3, 4, 5, 17, 40, 100, 300]


def _lines(t, n, dtype="float32", missing=False, different=None):
    """Five lines of few different numbers; one of them sorted, one that is the same all along."""
    random = np.random.default_rng(n)
    numbers = random.integers(0, different or max(n // 3, 2), (5, n)).astype(float)
    numbers[1].sort()
    numbers[2] = 1
    if missing:
        numbers[3, random.integers(0, n, 2)] = nan
        numbers[4, 0] = nan
    return t.tensor(numbers).to(getattr(t, dtype))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("in_order", [False, True])
def test_topk_returns_the_indices_that_pytorch_returns(n, missing, in_order):
    def scenario(t):
        x = _lines(t, n, missing=missing)
        ks = sorted({0, 1, max(n // 70, 1), n // 2, n})
        return [t.topk(x, k, largest=largest, sorted=in_order) for k in ks for largest in (True, False)]

    agree(scenario)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int64", "uint8"])
def test_kthvalue_and_mode_return_the_indices_that_pytorch_returns(n, dtype):
    def scenario(t):
        x = _lines(t, n, dtype, missing="float" in dtype)
        found = [t.kthvalue(x, k) for k in sorted({1, (n + 1) // 2, n})]
        return [*found, t.mode(x), t.mode(x.T, 0, keepdim=True), t.kthvalue(x.T, n, 0)]

    agree(scenario)


@pytest.mark.parametrize("name", ["topk", "kthvalue", "mode", "median"])
def test_the_gradient_goes_to_the_element_whose_index_is_returned(name):
    def scenario(t):
        x = _lines(t, 21, "float64", different=3).requires_grad_()
        f = lambda x: getattr(t, name)(x, *{"topk": (7, -1), "kthvalue": (8, -1)}.get(name, (-1,)))
        values, indices = f(x)
        (g,) = t.autograd.grad(values.square().sum(), x)
        tangent = t.func.jvp(lambda x: f(x)[0], (x.detach(),), (t.arange(105.0, dtype=t.float64).reshape(5, 21),))[1]
        batched = t.func.vmap(lambda row: tuple(f(row)))(x.detach())
        return values.detach(), indices, g, tangent, batched

    agree(scenario)
