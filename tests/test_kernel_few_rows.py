"""Products of few rows with a matrix as a linear layer's weight lies, against NumPy in float64."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import adjoint as torch
from adjoint.kernels.contraction import few_rows, matmul
from adjoint.kernels.contraction.few_rows_plan import LENGTHS, FewRowsPlan
from adjoint.kernels.contraction.matmul import product
from adjoint.kernels.machine import machine

pytestmark = pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor")

rng = np.random.default_rng(0)
ROWS = (2, 3, 4, 5, 7, few_rows.FEW - 1, few_rows.FEW)
SIZES = [(2, 480), (7, 500), (8, 481), (9, 1024), (17, 1025), (65, 2100), (130, 512)]
DTYPES = (np.float32, np.float64)


def made(*shape, dtype=np.float32, skipped=0):
    """An array whose elements begin ``skipped`` of them after a cache line does."""
    room = np.empty(np.prod(shape) + 32, dtype)
    first = -(room.ctypes.data // room.itemsize) % (64 // room.itemsize) + skipped
    x = room[first : first + np.prod(shape)].reshape(shape)
    x[...] = rng.standard_normal(shape)
    return x


def is_product(result, a, b, bias=0.0):
    """Whether it is, for it was computed by the kernel of few rows."""
    plans = [p for p in matmul._plans.values() if isinstance(p, FewRowsPlan) and p.shape == result.shape]
    assert any(p.k == a.shape[-1] and p.dtype == a.dtype for p in plans)
    exact = np.matmul(a.astype(np.float64), b.astype(np.float64)) + bias
    size = np.matmul(np.abs(a).astype(np.float64), np.abs(b).astype(np.float64)) + np.abs(bias)
    assert result.shape == exact.shape and result.dtype == a.dtype and result.flags.c_contiguous
    assert (np.abs(result - exact) <= 4 * np.finfo(a.dtype).eps * size).all()
    return True


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n, k", SIZES)
def test_few_rows_times_a_weight_are_numpys_product(n, k, dtype):
    for rows in ROWS:
        for skipped in (0, 3):
            a, w = made(rows, k, dtype=dtype, skipped=1), made(n, k, dtype=dtype, skipped=skipped)
            bias = made(n, dtype=dtype)
            assert is_product(product(a, w.T), a, w.T)
            assert is_product(product(a, w.T, bias), a, w.T, bias)


@pytest.mark.parametrize("dtype", DTYPES)
def test_neither_operand_has_to_be_contiguous(dtype):
    rows, n, k = 5, 19, 600
    lefts = [made(k, rows, dtype=dtype).T, made(rows, 2 * k, dtype=dtype)[:, ::2], made(rows, k, dtype=dtype)[::-1, ::-1],
             made(2 * rows, k + 5, dtype=dtype)[::2, 3 : k + 3], np.broadcast_to(made(k, dtype=dtype), (rows, k))]  # fmt: skip
    weights = [made(n, k, dtype=dtype), made(2 * n, k + 3, dtype=dtype)[::2, 1 : k + 1], made(n, k, dtype=dtype)[::-1],
               made(n, k + 16, dtype=dtype, skipped=5)[:, :k], np.broadcast_to(made(k, dtype=dtype), (n, k))]  # fmt: skip
    for a in lefts:
        for w in weights:
            assert is_product(product(a, w.T), a, w.T)


def test_batches_are_broadcast():
    for left, right in [((3, 4, 200), (3, 9, 200)), ((2, 1, 4, 100), (3, 9, 100)), ((4, 160), (5, 40, 160))]:
        a, w = made(*left), made(*right)
        b = w.swapaxes(-1, -2)
        assert is_product(product(a, b), a, b)


def test_the_result_goes_where_it_is_asked_to_and_nowhere_else():
    a, w = made(7, 512), made(21, 512)
    room = np.full((9, 21), 7, np.float32)
    product(a, w.T, out=room[1:8])
    assert is_product(room[1:8], a, w.T) and (room[0] == 7).all() and (room[8] == 7).all()
    wide = np.full((7, 40), 7, np.float32)
    product(a, w.T, out=wide[:, 3:24])
    assert np.array_equal(wide[:, 3:24], room[1:8]) and (wide[:, :3] == 7).all() and (wide[:, 24:] == 7).all()


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("skipped", [0, 5])
def test_what_is_not_finite_reaches_the_elements_that_it_should(odd, skipped):
    k = 480
    for at in (0, 4, 15, 16, k - 1):
        a, w = made(4, k, skipped=1), made(10, k, skipped=skipped)
        a[2, at] = odd
        w[7, at] = odd
        with np.errstate(invalid="ignore"):
            expected = np.matmul(a, w.T)
        result = product(a, w.T)
        assert np.array_equal(np.isnan(result), np.isnan(expected)) and np.array_equal(np.isinf(result), np.isinf(expected))


def test_beside_the_matrix_nothing_counts():
    k = 500  # what lies around it in the same lines is not read as part of it
    room = np.full((12, k + 40), np.nan, np.float32)
    w = room[1:11, 7 : k + 7]
    w[...] = rng.standard_normal(w.shape)
    around = np.full((6, k + 20), np.nan, np.float32)
    a = around[1:5, 3 : k + 3]
    a[...] = rng.standard_normal(a.shape)
    assert is_product(product(a, w.T), a, w.T)


def test_threads_and_repeats_change_no_bit():
    a, w, bias = made(20, 1536), made(400, 1536), made(400)
    before = torch.get_num_threads()
    results = []
    for threads in (1, 2, 2, 1):
        torch.set_num_threads(threads)
        results.append(product(a, w.T, bias))
    torch.set_num_threads(before)
    assert is_product(results[0], a, w.T, bias) and all(np.array_equal(results[0], r) for r in results)


@pytest.mark.parametrize("rows", [3, 20])
def test_an_activation_is_applied_in_the_same_pass(rows):
    torch.manual_seed(0)
    for activation in (torch.nn.ReLU(), torch.nn.GELU(), torch.nn.Tanh()):
        layers = torch.nn.Sequential(torch.nn.Linear(480, 130), activation)
        x = torch.randn(rows, 480)
        with torch.inference_mode():
            together = layers(x)
        expected = activation(layers[0](x).detach())
        assert torch.allclose(together, expected, atol=1e-6)


def test_gradients_of_few_rows_are_those_of_many():
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(480, 130), torch.randn(6, 480, requires_grad=True)
    layer(x).square().sum().backward()
    few = [x.grad, layer.weight.grad, layer.bias.grad]
    exact = [t.detach().double().requires_grad_() for t in (x, layer.weight, layer.bias)]
    (exact[0] @ exact[1].T + exact[2]).square().sum().backward()
    for grad, t in zip(few, exact):
        assert torch.allclose(grad.double(), t.grad, rtol=1e-4, atol=1e-4)


def test_short_columns_are_left_to_packed_panels():
    a, w = made(8, 8 * LENGTHS - 1), made(33, 8 * LENGTHS - 1)
    product(a, w.T)
    key = next(k for k in matmul._plans if k[:2] == (a.shape, a.strides) and k[2] == w.T.shape)
    assert not isinstance(matmul._plans[key], FewRowsPlan)


@pytest.mark.parametrize("size", [16, 32])
def test_shorter_vectors_compute_the_same(size):
    if os.environ.get("ADJOINT_VECTOR_BYTES"):
        pytest.skip("this is the run with shorter vectors")
    tests = "test_few_rows_times_a_weight_are_numpys_product or test_neither_operand_has_to_be_contiguous"
    environment = {**os.environ, "ADJOINT_VECTOR_BYTES": str(size)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", __file__, "-k", tests],
                   env=environment, check=True, cwd=Path(__file__).parent.parent)  # fmt: skip
