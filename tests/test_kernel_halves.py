"""float16 and bfloat16 in kernels: widened, computed with in float32, and rounded once."""

import numpy as np
import pytest

import adjoint
from adjoint.dtypes import bfloat16, float16
from adjoint.kernels.reading import compiled, explain, usable

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not usable(), reason="nothing can be compiled here")

HALVES = [float16, bfloat16]
SPECIAL = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 6e-8, 65504.0, 65519.9, 65520.0, -1e38, 3.4e38]


def of(dtype, shape, seed=0):
    return (np.random.default_rng(seed).standard_normal(shape) * 3).astype(dtype.array)


FUNCTIONS = {
    "a map": lambda x, y: x * y + x,
    "a function": lambda x, y: np.tanh(x),
    "a comparison": lambda x, y: x > y,
    "a choice": lambda x, y: np.where(x > y, x, y),
    "steps": lambda x, y: x[:, ::2] * y[:, 1::2],
    "turned": lambda x, y: x.T - y.T,
    "rows": lambda x, y: x - np.max(x, 1, keepdims=True),
    "columns": lambda x, y: x - np.max(x, 0, keepdims=True),
    "sums of rows": lambda x, y: np.add.reduce(x, 1),
    "sums of columns": lambda x, y: np.add.reduce(x, 0),
    "a sum": lambda x, y: np.add.reduce(x, None),
    "the largest": lambda x, y: np.maximum.reduce(x, None),
    "to float32": lambda x, y: x.astype(np.float32) * 2,
}


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", [(3, 34), (700, 98)])
def test_a_formula_of_halves_is_that_of_float32_rounded_once(name, dtype, shape):
    x, y = of(dtype, shape), of(dtype, shape, 1)
    formula = FUNCTIONS[name]
    assert "def kernel" in explain(formula, x, y)
    found, exact = compiled(formula, x, y), formula(x.astype(np.float64), y.astype(np.float64))
    assert found.shape == exact.shape
    if found.dtype == bool:
        assert (found == exact).all()
        return
    assert found.dtype == (np.float32 if name == "to float32" else dtype.array)
    unit = 2.0**-8 if dtype is bfloat16 else 2.0**-11  # half a unit in the last place
    scale = np.abs(exact) + (np.abs(x.astype(np.float64)).sum() * 1e-7 if "sum" in name else 0)
    assert (np.abs(found.astype(np.float64) - exact) <= scale * unit * 1.01 + 1e-7).all()


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_all_halves_are_widened_and_all_floats_rounded_as_pytorch_does(dtype):
    halves = np.arange(2**16, dtype=np.uint16).view(dtype.array)
    drawn = np.random.default_rng(0).integers(0, 2**32, 60_000, np.uint32).view(np.float32)
    floats = np.concatenate([np.array(SPECIAL, np.float32), drawn])
    theirs = getattr(torch, str(dtype).removeprefix("torch."))
    wide = compiled(lambda x: x.astype(np.float32), halves)
    expected = torch.from_numpy(halves.view(np.int16)).view(theirs).float().numpy()
    np.testing.assert_array_equal(wide, expected)
    assert (np.signbit(wide) == np.signbit(expected))[~np.isnan(wide)].all()
    narrow = compiled(lambda x: x.astype(dtype.array), floats)
    expected = torch.from_numpy(floats).to(theirs)
    same = narrow.view(np.int16) == expected.view(torch.int16).numpy()
    assert (same | np.isnan(floats)).all()
    assert np.isnan(narrow[np.isnan(floats)].astype(np.float32)).all()


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("sample", ["F.gelu(x)", "F.softmax(x, 1)", "x.sum(0)", "x * 2.5", "x / y"])
def test_operators_of_large_halves_are_pytorchs_to_the_last_bit_but_for_few(sample, dtype):
    results = []
    for library in (adjoint, torch):
        own = getattr(library, str(dtype).removeprefix("torch."))
        x, y = (library.tensor(of(dtype, (80, 300), seed).astype(np.float32)).to(own).requires_grad_() for seed in (2, 3))
        made = eval(sample, {"F": library.nn.functional, "x": x, "y": y})
        made.backward(library.tensor(np.cos(np.arange(made.numel())).reshape(tuple(made.shape)).astype(np.float32)).to(own))
        results.append([t.detach().float().numpy() for t in (made, x.grad)])
    for found, expected in zip(*results):
        unit = 2.0**-7 if dtype is bfloat16 else 2.0**-10
        away = np.abs(found - expected) / (unit * np.abs(expected) + 1e-6 * np.abs(expected).max())
        assert away.max() < 2 and (away > 0).mean() < 0.1
