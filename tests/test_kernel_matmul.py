"""Matrix products of the compiled kernels, against NumPy in float64."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels import pool
from adjoint.kernels.contraction.matmul import product, rows_sum
from adjoint.kernels.machine import machine

pytestmark = pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor")

rng = np.random.default_rng(0)
SHAPES = [(1, 1, 1), (1, 7, 5), (5, 7, 1), (2, 3, 4), (6, 64, 64), (7, 65, 63), (13, 17, 70), (23, 1, 33), (24, 40, 16),
          (64, 64, 64), (61, 50, 100), (70, 69, 68), (100, 3, 200)]  # fmt: skip


def made(*shape, dtype=np.float32, transposed=False):
    x = rng.standard_normal(shape).astype(dtype)
    return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2) if transposed else x


def is_product(result, a, b, bias=0.0):
    exact = np.matmul(a.astype(np.float64), b.astype(np.float64)) + bias
    size = np.matmul(np.abs(a).astype(np.float64), np.abs(b).astype(np.float64)) + np.abs(bias)
    assert result.shape == exact.shape and result.dtype == a.dtype
    assert (np.abs(result - exact) <= 4 * np.finfo(a.dtype).eps * size + 1e-30).all()
    return True


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m, k, n", SHAPES)
def test_a_product_is_numpys_for_every_pair_of_layouts(m, k, n, dtype):
    for a_transposed in (False, True):
        for b_transposed in (False, True):
            a = made(m, k, dtype=dtype, transposed=a_transposed)
            b = made(k, n, dtype=dtype, transposed=b_transposed)
            result = product(a, b)
            assert is_product(result, a, b) and result.flags.c_contiguous


@pytest.mark.parametrize("m, k, n", [(64, 784, 128), (784, 64, 96), (64, 3000, 64), (20, 5000, 70), (300, 1100, 130)])
def test_a_product_that_threads_share_is_numpys(m, k, n):
    for transposed in (False, True):
        a, b = made(m, k, transposed=transposed), made(k, n, transposed=transposed)
        assert is_product(product(a, b, made(n) * 0), a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m, k, n", [(1024, 256, 128), (403, 300, 200), (257, 1500, 129), (512, 2048, 130)])
def test_columns_that_are_long_rows_in_memory_are_rewritten_first(m, k, n, dtype):
    a, b, bias = made(m, k, dtype=dtype, transposed=True), made(k, n, dtype=dtype), made(n, dtype=dtype)
    assert is_product(product(a, b, bias), a, b, bias)
    assert is_product(product(a[: m - 5], b, bias), a[: m - 5], b, bias)


@pytest.mark.parametrize("m, k, n", [(5, 7, 9), (64, 100, 64), (64, 3000, 32), (1, 40, 30), (50, 60, 1), (3, 0, 4)])
def test_a_bias_is_added_to_every_row(m, k, n):
    a, b, bias = made(m, k), made(k, n), made(n)
    assert is_product(product(a, b, bias), a, b, bias)
    assert is_product(product(a, b, np.repeat(bias, 2)[::2]), a, b, bias)


@pytest.mark.parametrize(
    "a_shape, b_shape",
    [
        ((3, 5, 7), (3, 7, 6)),
        ((3, 5, 7), (7, 6)),
        ((5, 7), (3, 7, 6)),
        ((4, 5, 7), (7, 1)),
        ((4, 1, 7), (1, 7, 6)),
        ((64, 9, 80), (80, 70)),
        ((2, 1, 5, 7), (3, 7, 6)),
        ((1, 5, 7), (4, 7, 6)),
        ((48, 64, 32), (48, 32, 64)),
        ((6, 1, 9), (6, 9, 1)),
        ((0, 5, 7), (0, 7, 6)),
    ],
)
def test_leading_dimensions_are_broadcast(a_shape, b_shape):
    a, b = made(*a_shape), made(*b_shape)
    assert is_product(product(a, b), a, b)
    a, b = made(*a_shape, transposed=True), made(*b_shape, transposed=True)
    assert is_product(product(a, b), a, b)


def test_any_strides_are_read():
    x, y = made(40, 60), made(60, 80)
    for a, b in (
        (x[::2, ::3], y[:20, 5:30]),
        (x[::-1, ::-1], y[::-1, ::-1]),
        (x[:, :30], y[::2, ::4]),
        (np.broadcast_to(x[:1], (9, 60)), y),
        (x, np.broadcast_to(y[:, :1], (60, 11))),
        (made(4, 30, 5).transpose(1, 0, 2)[:, :, 2], made(4, 6)),
        (made(2, 6, 4, 5).transpose(0, 2, 1, 3), made(2, 6, 4, 5).transpose(0, 2, 3, 1)),
    ):
        assert is_product(product(a, b), a, b)
    packed = np.zeros(50, np.dtype([("flag", "i1"), ("value", "f4")]))  # strides of five bytes
    packed["value"] = made(50)
    a, b = packed["value"].reshape(10, 5), made(5, 6)
    assert all(is_product(product(a, b), a, b) for _ in range(2))


def test_a_vector_is_a_row_on_the_left_and_a_column_on_the_right():
    a, b, x, y = made(300, 200), made(200, 500), made(200), made(200)
    for layout in (np.ascontiguousarray, np.asfortranarray):
        left, right = layout(a), layout(b)
        assert is_product(product(left, y), a, y)
        assert is_product(product(x, right), x, b)
    assert is_product(product(x[::2], b[::2]), x[::2], b[::2])
    assert np.allclose(product(x, y), x @ y, atol=1e-4) and product(x, y).shape == ()
    batch = made(3, 200, 4)
    assert is_product(product(x, batch), x, batch) and product(made(3, 5, 200), x).shape == (3, 5)


def test_nothing_is_multiplied_to_zeros_of_the_right_shape():
    assert product(made(0, 5), made(5, 3)).shape == (0, 3)
    assert product(made(4, 5), made(5, 0)).shape == (4, 0)
    assert (product(made(4, 0), made(0, 3)) == 0).all()
    assert product(made(2, 0, 5), made(5, 3)).shape == (2, 0, 3)


def test_a_result_may_be_written_where_one_likes():
    a, b = made(20, 30), made(30, 40)
    out = np.full((20, 40), np.nan, np.float32)
    assert product(a, b, out=out) is out and is_product(out, a, b)
    out = np.full((40, 40), np.nan, np.float32)[::2]
    assert product(a, b, out=out) is out and is_product(out, a, b)
    with pytest.raises(ValueError, match=r"out is float32 of shape \(2, 2\), the product float32 of shape \(20, 40\)"):
        product(a, b, out=np.empty((2, 2), np.float32))


def test_what_cannot_be_multiplied_is_named():
    with pytest.raises(ValueError, match="a matrix of 3 columns times one of 4 rows"):
        product(made(2, 3), made(4, 2))
    with pytest.raises(TypeError, match="operands of float32 and int64"):
        product(made(2, 3), np.ones((3, 2), np.int64))
    with pytest.raises(ValueError, match=r"a bias of float32 and shape \(3,\) for 4 columns of float32"):
        product(made(2, 3), made(3, 4), made(3))


def test_infinities_and_nans_stay_in_their_rows_and_columns():
    a, b = made(30, 20), made(20, 70)
    a[3, 4], b[7, 69] = np.nan, np.inf
    finite = np.isfinite(product(a, b))
    expected = np.ones((30, 70), bool)
    expected[3], expected[:, 69] = False, False
    assert (finite == expected).all()


def test_nothing_is_read_beyond_an_operand():
    """The rows after and the columns beside a view are NaN, and are not in its product."""
    for transposed in (False, True):
        a, b = np.full((2, 90, 90), np.nan, np.float32)
        a[:37, :41], b[:41, :53] = made(37, 41), made(41, 53)
        a, b = a[:37, :41], b[:41, :53]
        if transposed:
            a, b = b.T, a.T
        assert is_product(product(a, b), a, b)


@pytest.mark.parametrize("m, n", [(1, 1), (3, 5), (64, 10), (64, 512), (3136, 64), (100, 5000), (0, 4), (4, 0)])
def test_rows_are_summed(m, n):
    for dtype in (np.float32, np.float64):
        for transposed in (False, True):
            g = made(m, n, dtype=dtype, transposed=transposed)
            total = rows_sum(g)
            assert total.shape == (n,) and total.dtype == dtype
            bound = np.finfo(dtype).eps * (4 * np.abs(g).sum(0, dtype=np.float64) + 1)
            assert (np.abs(total - g.sum(0, dtype=np.float64)) <= bound).all()


def test_the_same_call_gives_the_same_bits():
    for m, k, n in ((64, 784, 512), (64, 3136, 64), (3136, 64, 64), (1, 2000, 300)):
        a, b = made(m, k), made(k, n)
        first, sums = product(a, b).tobytes(), rows_sum(b).tobytes()
        assert all(product(a, b).tobytes() == first and rows_sum(b).tobytes() == sums for _ in range(10))


def test_one_thread_suffices():
    workers, before = pool.pool(), pool.pool().threads
    a, b = made(100, 2000), made(2000, 70)
    try:
        for count in (1, 2, 3):
            workers.resize(count)
            assert is_product(product(a, b), a, b)
            assert is_product(product(a[0], b), a[0], b)
    finally:
        workers.resize(before)


def test_shorter_vectors_compute_the_same():
    tests = "bias or strides or leading or rows_are_summed"
    if os.environ.get("ADJOINT_VECTOR_BYTES"):
        pytest.skip("this is the run with shorter vectors")
    environment = {**os.environ, "ADJOINT_VECTOR_BYTES": "32"}
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", tests]
    root = Path(__file__).parent.parent
    done = subprocess.run(program, env=environment, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
