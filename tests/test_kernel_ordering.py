"""Compiled sorting and selection against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("llvmlite")

import adjoint
from adjoint.kernels.indexing.along import sum_along
from adjoint.kernels.ordering import kth, middle, sort, top

DTYPES = [np.float32, np.float64, np.float16, np.int64, np.int32, np.uint8]
SHAPES = [(3, 1), (1, 7), (5, 64), (2, 129), (4, 17, 3), (2, 1000)]


def numbers(shape, dtype, spread, seed=0):
    """Numbers, many of them equal if they are near each other; floats are then also NaN, infinite and both zeros."""
    random = np.random.default_rng(seed)
    x = (random.standard_normal(shape) * spread).astype(dtype)
    if spread < 3 and np.dtype(dtype).kind == "f":
        x = np.round(x)
        flat = x.reshape(-1)
        flat[::7], flat[1::5], flat[2::5], flat[3::11], flat[4::11], flat[::14] = np.nan, -0.0, 0.0, np.inf, -np.inf, -np.nan
    return x


def same(found, expected):
    np.testing.assert_array_equal(found[0], expected[0].numpy())
    np.testing.assert_array_equal(found[1], expected[1].numpy())


@pytest.mark.parametrize("spread", [2, 300])
@pytest.mark.parametrize("dtype", [*DTYPES, np.int8, np.bool_])
def test_rows_are_sorted_and_equal_elements_keep_their_order(dtype, spread):
    for shape in (*SHAPES, (2, 40_000)):
        x = numbers(shape, dtype, spread)
        for axis in range(x.ndim):
            for descending in (False, True):
                same(sort(x, axis, descending), torch.from_numpy(x).sort(dim=axis, descending=descending, stable=True))


def test_doubles_that_differ_in_their_last_bits_only_are_sorted():
    x = 1.0 + np.random.default_rng(0).integers(0, 1 << 20, (4, 3000)) * 2.0**-52
    for y in (x, -x, x.astype(np.int64) + np.arange(3000) % 7 - (1 << 60)):
        np.testing.assert_array_equal(sort(y, 1, False)[1], np.argsort(y, 1, kind="stable"))


@pytest.mark.parametrize("spread", [2, 300])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_selection_is_pytorchs_also_among_equal_elements(dtype, spread):
    for shape in SHAPES:
        x = numbers(shape, dtype, spread)
        t = torch.from_numpy(x)
        for axis, n in enumerate(shape):
            for k in sorted({1, max(n // 100, 1), max(n // 3, 1), n - 1, n} - {0}):
                for largest in (False, True):
                    for in_order in (False, True):
                        same(top(x, k, axis, largest, in_order), t.topk(k, axis, largest, in_order))
                same(kth(x, k - 1, axis), t.kthvalue(k, axis, True))
            same(middle(x, axis, False), t.median(axis, True))
            same(middle(x, axis, True), t.nanmedian(axis, True))


def test_a_long_row_is_narrowed_down():
    for x in (numbers(40_000, np.float32, 9), numbers(40_000, np.float64, 9), numbers(40_000, np.int64, 1e15)):
        t = torch.from_numpy(x)
        for k in (1, 500, 20_000, 39_999):
            same(top(x, k, 0, True, True), t.topk(k))
            same(kth(x, k - 1, 0), t.kthvalue(k, keepdim=True))
        same(middle(x, 0, False), t.median(0, True))


def test_rows_are_read_from_any_strides():
    x = numbers((30, 40), np.float32, 9)
    one = np.lib.stride_tricks.as_strided(x[:, :1], strides=(160, 1 << 40))
    for y in (x.T, x[::2, 3:20], x[::-1, ::-1], np.broadcast_to(x[:1], (5, 40)), one):
        for axis in (0, 1):
            t = torch.from_numpy(y.copy())
            same(sort(y, axis, False), t.sort(dim=axis, stable=True))
            same(top(y, 1, axis, True, True), t.topk(1, axis))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_elements_are_added_along_an_axis(dtype):
    random = np.random.default_rng(0)
    for shape, axis, n in (((3, 5), 1, 9), ((5, 3), 0, 9), ((2, 40, 70), 1, 30), ((7,), 0, 2), ((40, 90), 0, 40)):
        g = random.integers(-9, 9, shape).astype(dtype)
        index = random.integers(0, n, shape)
        full = tuple(n if a == axis else m for a, m in enumerate(shape))
        given = torch.from_numpy(g)
        expected = torch.zeros(full, dtype=given.dtype).scatter_add(axis, torch.from_numpy(index), given)
        np.testing.assert_array_equal(sum_along(g, full, axis, index), expected.numpy())


CALLS = ["x.sort(dim=0, stable=True)[0]", "x.sort(dim=1, descending=True, stable=True)[0]",
         "x.topk(3, 0)[0]", "x.topk(9, 1)[0]", "x.kthvalue(4, 1)[0]", "x.median(0)[0]",
         "x.nanmedian(1)[0]", "x.mode(1)[0]", "x.T.sort(dim=0, stable=True)[0]"]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("call", CALLS)
def test_gradients_go_where_pytorch_has_them(call, dtype):
    values = numbers((40, 60), np.float32, 2.9)
    found = []
    for t in (torch, adjoint):
        x = t.tensor(values).nan_to_num().to(getattr(t, dtype)).requires_grad_()
        y = eval(call, {"x": x})
        (y * t.arange(1.0, y.numel() + 1).reshape(y.shape).to(y.dtype)).sum().backward()
        found += [[y.detach().float().numpy(), x.grad.float().numpy(), y.stride()]]
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)
