"""The elementary functions of the compiled reading: how exact they are, and what they make of special operands.

Samples are small here; ``tests/sweeps/mathematics.py`` takes every 61st of all float32 numbers.
"""

import math

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from adjoint.kernels.machine import machine

if machine().family == "unknown":
    pytest.skip("there is no native code for this machine", allow_module_level=True)

from sweeps.mathematics import BINARY, EDGES, EXACT, compiled, reference, worst

from adjoint.kernels.mathematics import SUPPORTED

SINGLE = [name for name, dtype in SUPPORTED if dtype == "f32"]
DOUBLE = [name for name, dtype in SUPPORTED if dtype == "f64"]
inf, nan = math.inf, math.nan


def same_bits(a, b):
    """Whether arrays are equal to the sign of zeros; NaNs are equal."""
    return np.array_equal(a, b, equal_nan=True) and np.array_equal(np.signbit(a[a == 0]), np.signbit(b[b == 0]))


@pytest.mark.parametrize("name", sorted(set(SINGLE) - set(EXACT)))
def test_float32_results_are_within_two_ulp_of_the_exact_ones(name):
    error, where = worst(name, "f32", stride=4099)
    assert error < 1.75, where


@pytest.mark.parametrize("name", DOUBLE)
def test_float64_results_are_within_four_ulp_of_the_exact_ones(name):
    error, where = worst(name, "f64", stride=16411)
    assert error < 3.5, where


@pytest.mark.parametrize("name", EXACT)
def test_remainders_and_whole_quotients_are_numpys_bit_for_bit(name):
    error, where = worst(name, "f32", stride=4099)
    assert error == 0, where


@pytest.mark.parametrize("lanes", [0, 3, 32])
def test_scalars_and_vectors_of_any_length_give_the_same_bits(lanes):
    draw = np.random.default_rng(0)
    edges, ordinary = np.broadcast_to(EDGES, (2, EDGES.size)), draw.normal(0, 4, (2, 96))
    x, y = np.concatenate([edges, ordinary], axis=1).astype(np.float32)
    for name in SINGLE:
        if name == "erf":  # vectors of 16 have a way of their own; kernels have no others, where there are such
            continue
        operands = (x, y[::-1]) if name in BINARY else (x,)
        assert same_bits(compiled(name, lanes=lanes)(*operands), compiled(name)(*operands)), name


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_a_huge_angle_does_not_change_the_results_beside_it(name):
    x = np.linspace(-20, 20, 64, dtype=np.float32)
    mixed = x.copy()
    mixed[::8] = 3e38
    kept = np.arange(64) % 8 != 0
    assert np.array_equal(compiled(name)(mixed)[kept], compiled(name)(x)[kept])


def test_a_tiny_quotient_is_the_same_beside_a_huge_one():
    x, y = np.full(64, 7.5, np.float32), np.full(64, 2.0, np.float32)
    x[::8], y[::8] = 3e38, 1e-45
    assert np.array_equal(compiled("fmod")(x, y), np.fmod(x, y))


def test_power_follows_c_for_zeros_infinities_nans_and_negative_bases():
    cases = [
        (nan, 0, 1), (1, nan, 1), (nan, 1, nan), (2, nan, nan), (-1, inf, 1), (-1, -inf, 1), (0.5, inf, 0),
        (2, -inf, 0), (-0.5, -inf, inf), (-2, inf, inf), (-0.0, 3, -0.0), (-0.0, -3, -inf), (-0.0, 2, 0),
        (-0.0, 0.5, 0), (0, -1, inf), (-inf, 3, -inf), (-inf, 2, inf), (-inf, -3, -0.0), (-inf, 0.5, inf),
        (-8, 1 / 3, nan), (-2, 3, -8), (-2, 4, 16), (-1, 16777216, 1), (-1, 16777215, -1), (2, -149, 1e-45),
        (2, -150, 0), (2, 128, inf), (-2, 127, -(2.0**127)),
    ]  # fmt: skip
    x, y, expected = np.array(cases, np.float32).T
    assert same_bits(compiled("power")(x, y), expected)


def test_erfc_and_sigmoid_and_exp_reach_down_to_the_smallest_denormals():
    x = np.linspace(-104, -86, 4096).astype(np.float32)
    for name in ("exp", "sigmoid"):
        smallest = np.nextafter(np.float32(0), np.float32(1))
        assert smallest in compiled(name)(x)
    assert 0 < compiled("erfc")(np.array([10.05], np.float32))[0] < 1e-44


def test_tanh_and_erf_and_sigmoid_never_leave_their_ranges():
    with np.errstate(invalid="ignore"):
        x = np.arange(0, 2**32, 65537, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = x[~np.isnan(x)]
    for name, low in (("tanh", -1), ("erf", -1), ("sigmoid", 0)):
        y = compiled(name)(x)
        assert low <= y.min() and y.max() <= 1, name


def test_ordinary_functions_agree_with_numpy_where_numpy_is_exact():
    ones = np.array([0.0, 1.0, 2.0, 10.0, 127.0], np.float32)
    assert same_bits(compiled("exp2")(ones), reference("exp2", ones).astype(np.float32))
    powers = (2.0 ** np.arange(-149, 128)).astype(np.float32)
    assert np.array_equal(compiled("log2")(powers), np.arange(-149, 128))
    assert same_bits(compiled("expm1")(ones * 1e-45), ones * np.float32(1e-45))
