"""Rows whose formulas are compiled for fewer elements than others': the same numbers on both sides, and gradients."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import adjoint
from adjoint.kernels import reading
from adjoint.kernels.machine import machine
from adjoint.kernels.reading import threshold
from adjoint.ops.activation import gelu
from adjoint.ops.normalization import _layer_norm_row
from adjoint.ops.softmax import _softmax_row, log_softmax_row

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor"),
    pytest.mark.skipif(threshold() != 16384, reason="another threshold is asked for"),
]

FUNCTIONS = {
    "native_layer_norm": lambda m, x, w, b: m.nn.functional.layer_norm(x, x.shape[-1:], w, b),
    "softmax": lambda m, x, w, b: x.softmax(-1),
    "log_softmax": lambda m, x, w, b: x.log_softmax(-1),
    "gelu": lambda m, x, w, b: m.nn.functional.gelu(x),
}
ROWS = {row.name: row for row in (_layer_norm_row, _softmax_row, log_softmax_row, gelu)}


def found(module, name, arrays):
    leaves = [module.tensor(a, requires_grad=True) for a in arrays]
    result = FUNCTIONS[name](module, *leaves)
    (result * module.linspace(-1, 2, result.numel()).reshape(result.shape)).sum().backward()
    return [result.detach().numpy(), *[leaf.grad.numpy() for leaf in leaves if leaf.grad is not None]]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("columns", [32, 61])
def test_both_sides_of_the_least_size_agree_with_pytorch(name, columns):
    rng = np.random.default_rng(0)
    least = ROWS[name].least
    for rows in (least // columns - 1, least // columns + 1):
        shapes = (rows, columns), (columns,), (columns,)
        arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
        ours, theirs = found(adjoint, name, arrays), found(torch, name, arrays)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_from_the_least_size_on_there_is_a_plan(name):
    least, forward = ROWS[name].least, ROWS[name].forward
    forms = forward, ROWS[name].plain, getattr(forward, "of_wide", None)
    assert least < threshold()
    x = adjoint.randn(least // 8, 8)
    weight = adjoint.ones(8)

    def planned():
        return sum(any(key[0] is form for form in forms) for key in reading._plans)

    before = planned()
    with adjoint.no_grad():
        FUNCTIONS[name](adjoint, x[1:], weight, weight)
        assert planned() == before
        FUNCTIONS[name](adjoint, x, weight, weight)
        assert planned() == before + 1
