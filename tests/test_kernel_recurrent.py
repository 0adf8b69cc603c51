"""The kernels of recurrent layers, against the same by NumPy, which is compared with PyTorch through the modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.kernels.reading import usable
from adjoint.kernels.recurrent import go_back, go_forth
from adjoint.ops.recurrent_layer import _walk, _walk_back
from adjoint.ops.recurrent_steps import GATES

pytestmark = pytest.mark.skipif(not usable(), reason="no kernels here")

SIZES = [(1, 1, 1), (3, 2, 5), (4, 7, 16), (5, 13, 33), (3, 30, 70)]  # steps, sequences, hidden


FEATURES = 6


def _given(mode: str, dtype: Any, steps: int, batch: int, hidden: int) -> list[Any]:
    draw = np.random.default_rng(steps).standard_normal
    rows = GATES[mode] * hidden
    shapes: list[Any] = [(steps, batch, FEATURES), (rows, FEATURES), (rows,) if batch % 2 else None, (rows, hidden)]
    shapes += [(hidden,) if mode == "GRU" else None, (batch, hidden), (batch, hidden) if mode == "LSTM" else None]
    return [None if shape is None else (draw(shape) / np.sqrt(shape[-1])).astype(dtype) for shape in shapes]


def _agree(found: Any, expected: Any, tolerance: float) -> None:
    for a, b in zip(found, expected, strict=True):
        if b is not None:
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, tolerance, tolerance * max(1, np.abs(b).max()))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", GATES)
def test_kernels_compute_what_numpy_does(mode: str, dtype: Any, ends: bool, reverse: bool) -> None:
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    for steps, batch, hidden in SIZES:
        x, of_input, bias, weight, *rest = _given(mode, dtype, steps, batch, hidden)
        sizes = tuple(max(1, batch - 3 * t) if ends else batch for t in range(steps))
        gates = x @ of_input.T + (0 if bias is None else bias)
        expected = _walk(gates, weight, *rest, mode, sizes, reverse)
        found = go_forth(x, of_input, bias, weight, *rest, mode, sizes, reverse, True)
        for t, n in enumerate(sizes):  # what there is of sequences that have ended nobody reads
            for array in (found.gates, found.inner, expected[3], expected[4]):
                if array is not None:
                    array[t, 0 if mode.startswith("RNN") else n :] = 0
        _agree(found, expected, tolerance)
        unkept = go_forth(x.swapaxes(0, 1).copy().swapaxes(0, 1), of_input, bias, weight, *rest, mode, sizes, reverse, False)
        assert all(np.array_equal(a, b) for a, b in zip(unkept[:3], found[:3]) if a is not None)
        given = np.random.default_rng(1).standard_normal(expected[0].shape).astype(dtype)
        arguments = given, rest[1], rest[2], weight, *expected[3:], mode, sizes, reverse
        _agree(go_back(*arguments), _walk_back(*arguments), tolerance)


def test_a_sequence_is_not_changed_by_those_beside_it() -> None:
    x, of_input, bias, weight, inside, h, _ = _given("GRU", np.float32, 90, 40, 100)
    before = adjoint.get_num_threads()
    try:
        for threads in (1, 2, 3):
            adjoint.set_num_threads(threads)
            for kept in (True, False):
                found = go_forth(x, of_input, bias, weight, inside, h, None, "GRU", (40,) * 90, False, kept)
                alone = go_forth(x[:, 7:12].copy(), of_input, bias, weight, inside, h[7:12], None, "GRU", (5,) * 90, False, kept)
                assert np.array_equal(found.out[:, 7:12], alone.out)
    finally:
        adjoint.set_num_threads(before)
