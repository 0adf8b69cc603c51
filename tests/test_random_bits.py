"""Numbers that come of logarithms and sines are PyTorch's to the last bit, at every size and dtype (on x86)."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.kernels.reading import usable
from adjoint.random import clib, single

torch = pytest.importorskip("torch")
if platform.machine().lower() not in ("x86_64", "amd64"):
    pytest.skip("elsewhere PyTorch has other logarithms and sines", allow_module_level=True)

SIZES = [*range(1, 41), 1000, 16384, 16385, 70001]
DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64", "complex128")
REAL = DTYPES[:4]


def ramp(m: Any, n: int, dtype: Any) -> Any:
    """Numbers from 0 to 2 that every dtype holds."""
    return (m.arange(n) % 64).to(dtype) / 32


DRAWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "randn": (lambda m, n, dtype: m.randn(n, dtype=dtype), DTYPES),
    "randn_like": (lambda m, n, dtype: m.randn_like(m.empty(n, dtype=dtype)), DTYPES),
    "normal_": (lambda m, n, dtype: m.empty(n, dtype=dtype).normal_(0.3, 1.7), DTYPES),
    "normal_, small": (lambda m, n, dtype: m.empty(n, dtype=dtype).normal_(0, 0.02), DTYPES),
    "normal_, vanishing": (lambda m, n, dtype: m.empty(n, dtype=dtype).normal_(0, 1e-40), DTYPES),
    "normal_ of a column": (lambda m, n, dtype: m.zeros(n, 2, dtype=dtype)[:, 0].normal_(2.0, 3.0), DTYPES),
    "normal_ of a transpose": (lambda m, n, dtype: m.zeros(n, 3, dtype=dtype).t().normal_(2.0, 3.0), DTYPES),
    "normal_ backwards": (lambda m, n, dtype: m.zeros(2, n, dtype=dtype).permute(1, 0).normal_(), DTYPES),
    "normal of tensors": (
        lambda m, n, dtype: m.normal(ramp(m, n, dtype) - 1, ramp(m, n, dtype)), REAL),
    "normal of means": (lambda m, n, dtype: m.normal(m.full((n,), 0.3, dtype=dtype), 1.7), DTYPES),
    "normal of deviations": (lambda m, n, dtype: m.normal(0.3, m.full((n,), 1.7, dtype=dtype)), REAL),
    "normal of a size": (lambda m, n, dtype: m.normal(0.3, 1.7, (n,), dtype=dtype), DTYPES),
    "exponential_": (lambda m, n, dtype: m.empty(n, dtype=dtype).exponential_(1.3), REAL),
    "cauchy_": (lambda m, n, dtype: m.empty(n, dtype=dtype).cauchy_(0.2, 1.3), REAL),
    "log_normal_": (lambda m, n, dtype: m.empty(n, dtype=dtype).log_normal_(0.3, 1.2), REAL),
    "geometric_": (lambda m, n, dtype: m.empty(n, dtype=dtype).geometric_(0.3), REAL),
    "trunc_normal_": (lambda m, n, dtype: m.nn.init.trunc_normal_(m.empty(n, dtype=dtype)), REAL),
    "kaiming_normal_": (lambda m, n, dtype: m.nn.init.kaiming_normal_(m.empty(n, 3, dtype=dtype)), REAL),
    "xavier_normal_": (lambda m, n, dtype: m.nn.init.xavier_normal_(m.empty(n, 3, dtype=dtype)), REAL),
    "rrelu": (lambda m, n, dtype: m.nn.functional.rrelu(-m.ones(n, dtype=dtype), training=True),
              ("float32", "float64", "bfloat16")),
    "multinomial with replacement": (
        lambda m, n, dtype: m.multinomial(ramp(m, 300, dtype), n, replacement=True), REAL),
}  # fmt: skip


def bits(array: Any) -> Any:
    array = np.ascontiguousarray(array)
    if array.dtype.kind == "c":
        array = array.view(array.real.dtype)
    return array.view(f"i{array.itemsize}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_every_bit_is_pytorchs(name: str, dtype: str) -> None:
    draw, dtypes = DRAWS[name]
    if dtype not in dtypes:
        return
    for n in SIZES:
        drawn = []
        for m in (adjoint, torch):
            m.manual_seed(n)
            drawn.append(draw(m, n, getattr(m, dtype)).detach().contiguous())
        ours, theirs = drawn
        theirs = theirs.view(torch.int16) if theirs.dtype == torch.bfloat16 else theirs
        np.testing.assert_array_equal(bits(ours._array), bits(theirs.numpy()), err_msg=f"{n} numbers")


@pytest.mark.skipif(not usable(), reason="there are no kernels here")
@pytest.mark.parametrize("mean, std", [(0, 1), (0.3, 1.7), (-5, 1e-3), (0, 1e-40), (1e-3, 3e38)])
def test_native_code_and_numpy_draw_the_same_bits(mean: float, std: float) -> None:
    from adjoint.kernels import drawing

    uniform = np.random.default_rng(1).integers(0, 2**24, 64000).astype(np.float32) / np.float32(2**24)
    with np.errstate(over="ignore"):
        expected = single.sixteens.__wrapped__(uniform, mean, std)
    np.testing.assert_array_equal(bits(drawing.normals(uniform.copy(), mean, std)), bits(expected))


@pytest.mark.parametrize("name", ["log", "log1p", "exp", "sin", "cos", "tan"])
def test_functions_are_the_c_librarys_for_few_and_for_many(name: str) -> None:
    x = np.random.default_rng(2).uniform(0, 7, 20000)
    many = getattr(clib, name)(x)
    few = np.concatenate([getattr(clib, name)(part) for part in np.array_split(x, 10)])
    expected = [getattr(math, name)(v) for v in x.tolist()]
    np.testing.assert_array_equal(many, expected)
    np.testing.assert_array_equal(few, expected)
    assert clib.log(np.zeros(1))[0] == -math.inf and clib.exp(np.full(1, 1e4))[0] == math.inf


def test_a_fused_product_and_sum_is_rounded_once() -> None:
    from fractions import Fraction

    random = np.random.default_rng(3)
    a, b, c = (random.standard_normal(3000).astype(np.float32) for _ in range(3))
    c *= (10.0 ** random.integers(-9, 9, 3000)).astype(np.float32)
    # Sums next to the middle of two float32, where rounding twice goes wrong.
    a[:100], b[:100] = np.float32(1 + 2**-12), np.float32(2**-13)
    c[:100] = (1 + np.arange(100) * 2.0**-23).astype(np.float32)
    for any_size in (False, True):
        found = single.fused(a, b, c, any_size)
        for x, y, z, result in zip(a, b, c, found):
            exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
            error = abs(Fraction(float(result)) - exact)
            beside = [np.nextafter(result, np.float32(side)) for side in (-np.inf, np.inf)]
            assert all(error <= abs(Fraction(float(other)) - exact) for other in beside)


@pytest.mark.parametrize("bounds", [(0.5, 0.1), (float("nan"), 1.0), (0.0, float("inf"))])
@pytest.mark.parametrize("training", [True, False])
def test_slopes_of_rrelu_are_checked_as_pytorch_checks_them(bounds: Any, training: bool) -> None:
    texts = []
    for m in (adjoint, torch):
        with pytest.raises(RuntimeError) as raised:
            m.nn.functional.rrelu(-m.ones(3), *bounds, training=training)
        texts.append(str(raised.value))
    assert texts[0] == texts[1]
