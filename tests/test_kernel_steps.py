"""No kernel uses the stride of an axis of size 1: with any number there, every one of them computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.machine import machine

if machine().family == "unknown":
    pytest.skip("there is no native code for this machine", allow_module_level=True)

from numpy.lib.stride_tricks import as_strided

from adjoint.kernels import convolution, copying, indexing, reading
from adjoint.kernels.attention import attend, attend_gradients
from adjoint.kernels.contraction import matmul
from adjoint.kernels.reading import compiled, compiled_into


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def into(x: Any) -> Any:
    made = np.ones_like(x)
    assert copying.copy_into(made, x) is made
    return made


def added_into(x: Any) -> Any:
    made = np.empty(x.shape, x.dtype)
    compiled_into(made, np.add, x, x)
    return made


def rows(*shape: int) -> Any:
    return np.random.default_rng(1).integers(0, shape[0], shape[1:])


def attention_gradients(g: Any, q: Any, k: Any, v: Any) -> Any:
    output, logsumexp = attend(q, k, v, None, None, True, 0.5)
    return np.concatenate([t.ravel() for t in attend_gradients(g, q, k, v, output, logsumexp, None, None, True, 0.5)])


ONE, TWO = (1, 1), (2, 2)
# What is computed, and the arrays' shapes.
KERNELS: list[tuple[Callable[..., Any], list[tuple[int, ...]]]] = [
    (copying.copy, [(1, 33, 1, 17)]),
    (copying.copy, [(1, 1, 1)]),
    (into, [(5, 1, 70)]),
    (lambda *parts: copying.concatenate(parts, 1), [(9, 1, 33), (9, 2, 33)]),
    (lambda *parts: copying.stack(parts, 1), [(1, 33), (1, 33)]),
    (lambda x: indexing.take(x, rows(9, 50), 0), [(9, 1, 7)]),
    (lambda x: indexing.take(x, rows(7, 50), 2), [(9, 1, 7)]),
    (lambda x: indexing.take(x, rows(7, 50), 1), [(1, 7, 1)]),
    (lambda x: indexing.take(x, rows(1, 50), 1), [(9, 1, 7)]),
    (lambda g: indexing.add_at(g, rows(5, 1), 5), [(1, 40)]),
    (lambda g: indexing.add_at(g, rows(5, 30), 5), [(30, 1)]),
    (lambda g: indexing.scatter(g, rows(5, 1, 30), 5), [(1, 30)]),
    (matmul.product, [(1, 70), (70, 33)]),
    (matmul.product, [(70, 1), (1, 33)]),
    (matmul.product, [(40, 70), (70, 1)]),
    (matmul.product, [(1, 70), (70, 1)]),
    (matmul.product, [(3, 1, 70), (1, 70, 33)]),
    (matmul.product, [(1, 40, 70), (3, 70, 1)]),
    (matmul.product, [(40, 70), (70, 1), (1,)]),
    (matmul.rows_sum, [(1, 70)]),
    (matmul.rows_sum, [(70, 1)]),
    (lambda q, k, v: attend(q, k, v, None, None, False, 0.5)[0], [(1, 2, 1, 16), (1, 2, 40, 16), (1, 2, 40, 16)]),
    (lambda q, k, v: attend(q, k, v, None, None, False, 0.5)[0], [(2, 1, 40, 1), (2, 1, 40, 1), (2, 1, 40, 16)]),
    (attention_gradients, [(1, 2, 1, 16), (1, 2, 1, 16), (1, 2, 40, 16), (1, 2, 40, 16)]),
    (attention_gradients, [(2, 1, 40, 16), (2, 1, 40, 1), (2, 1, 40, 1), (2, 1, 40, 16)]),
    (lambda x, w: convolution.convolve(x, w, ONE, ONE, ONE, 1), [(1, 1, 20, 20), (8, 1, 3, 3)]),
    (lambda x, w: convolution.convolve(x, w, TWO, ONE, ONE, 8), [(1, 8, 1, 20), (8, 1, 1, 3)]),
    (lambda g, w: convolution.input_gradient(g, w, (20, 20), ONE, ONE, ONE, 1), [(1, 8, 20, 20), (8, 1, 3, 3)]),
    (lambda x, g: convolution.weight_gradient(x, g, (3, 3), ONE, ONE, ONE, 1), [(1, 1, 20, 20), (1, 8, 20, 20)]),
    (lambda x: compiled(lambda a: np.tanh(a) * 2, x), [(1, 40, 1, 70)]),
    (lambda x: compiled(lambda a: np.exp(a - a.max(1, keepdims=True)), x), [(40, 70, 1)]),
    (lambda x: compiled(lambda a: a.sum(0), x), [(70, 1, 40)]),
    (lambda x: compiled(lambda a: a.sum(1), x), [(40, 1, 70)]),
    (lambda x, y: compiled(lambda a, b: a * b, x, y), [(40, 1), (1, 70)]),
    (added_into, [(1, 40, 1, 70)]),
]


@pytest.mark.parametrize("number", range(len(KERNELS)))
def test_the_stride_of_an_axis_of_size_1_says_nothing(number):
    reading._plans.clear()
    function, shapes = KERNELS[number]
    arrays = [normal(*shape, seed=n) for n, shape in enumerate(shapes)]
    expected = function(*arrays)
    assert expected is not NotImplemented
    for stride in (0, 4, 8, -4, 1 << 40):
        changed = [
            as_strided(a, a.shape, [stride if n == 1 else s for n, s in zip(a.shape, a.strides)]) for a in arrays
        ]
        np.testing.assert_allclose(function(*changed), expected, 1e-6, 1e-6)  # another way of adding up
