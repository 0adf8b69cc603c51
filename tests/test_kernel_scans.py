"""Compiled scans, and the extremes of columns, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("llvmlite")

import adjoint
from adjoint.kernels.scans import extremes_along, extremes_so_far, products_back, scan, shared

DTYPES = [np.float32, np.float64, np.int64]
SHAPES = [(1,), (7,), (5, 8), (2, 1000), (1000, 3), (4, 17, 3), (6, 1, 5), (2, 30, 600)]
HOW = {"add": "cumsum", "multiply": "cumprod", "logaddexp": "logcumsumexp"}


def close(found, expected, scale=1.0):
    small = found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-6 if small else 1e-12, atol=(1e-5 if small else 1e-11) * scale)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("dtype", DTYPES)
def test_running_results_are_pytorchs_from_both_ends(dtype, how):
    if how == "logaddexp" and dtype is np.int64:
        assert scan(np.ones(3, dtype), how, 0, False) is NotImplemented
        return
    for shape in SHAPES:
        x = (np.random.default_rng(0).standard_normal(shape) * 1.5).astype(dtype)
        f, t = getattr(torch, HOW[how]), torch.from_numpy(x)
        for axis in range(x.ndim):
            close(scan(x, how, axis, False), f(t, axis).numpy())
            close(scan(x, how, axis, True), f(t.flip(axis), axis).flip(axis).numpy())
    for y in (x.transpose(2, 0, 1), x[:, ::-2], np.broadcast_to(x[:1], (3, 30, 600))):
        close(scan(y, how, 1, False), f(torch.from_numpy(y.copy()), 1).numpy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axis", [0, 1])
def test_logarithms_of_sums_are_exact_whatever_is_summed(axis, dtype):
    x = (np.random.default_rng(0).standard_normal((8, 100)) * 300).astype(dtype)
    x[1, :20], x[1, 70], x[2, 50], x[3, 60], x[4], x[5], x[6, 40:] = -np.inf, -np.inf, np.inf, np.nan, -np.inf, 0, 1e-30
    x[4, 3] = 0
    x = x if axis else x.T
    np.testing.assert_allclose(scan(x, "logaddexp", axis, False), torch.from_numpy(x.copy()).logcumsumexp(axis), rtol=1e-6)


def test_single_precision_is_added_up_in_double():
    x = np.full((1, 100_000), 0.1, np.float32)
    for y, axis in ((x, 1), (x.T, 0)):
        found = scan(y, "add", axis, False).reshape(-1)
        np.testing.assert_array_equal(found, np.cumsum(np.full(100_000, np.float32(0.1), np.float64)).astype(np.float32))


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes_and_their_places_are_pytorchs(dtype, largest):
    for shape in SHAPES:
        x = np.round(np.random.default_rng(0).standard_normal(shape) * 3).astype(dtype)
        flat = x.reshape(-1)
        if dtype is not np.int64:
            flat[3::50], flat[1::5], flat[2::5], flat[4::11] = np.nan, -0.0, 0.0, -np.inf
        t = torch.from_numpy(x)
        for axis in range(x.ndim):
            pairs = [(extremes_so_far(x, axis, largest), (t.cummax if largest else t.cummin)(axis))]
            if axis < x.ndim - 1:
                pairs += [(extremes_along(x, axis, largest), (t.max if largest else t.min)(axis, True))]
            for found, expected in pairs:
                np.testing.assert_array_equal(found[0], expected[0].numpy())
                np.testing.assert_array_equal(found[1], expected[1].numpy())


@pytest.mark.parametrize("zeros", [0, 0.03])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_running_products_is_pytorchs(dtype, zeros):
    random = np.random.default_rng(0)
    for shape in SHAPES:
        x = np.where(random.random(shape) < zeros, 0, random.standard_normal(shape)).astype(dtype)
        g = random.standard_normal(shape).astype(dtype)
        for axis in range(x.ndim):
            t = torch.from_numpy(x).double().requires_grad_()
            t.cumprod(axis).backward(torch.from_numpy(g).double())
            np.testing.assert_allclose(products_back(g, x, axis), t.grad, rtol=1e-4 if dtype is np.float32 else 1e-8, atol=1e-30)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shares_in_logarithms_of_sums(dtype):
    random = np.random.default_rng(0)
    for shape in [*SHAPES[:3], (2, 300), (4, 17, 3)]:
        x, v = (random.standard_normal((2, *shape)) * 3).astype(dtype)
        for axis in range(x.ndim):
            total = torch.from_numpy(x).double().logcumsumexp(axis).numpy()
            xs, totals, vs = (np.moveaxis(a.astype(np.float64), axis, -1) for a in (x, total, v))
            share = np.tril(np.exp(np.minimum(xs[..., None, :] - totals[..., :, None], 0)))
            for back, sums in ((True, "...jk,...j->...k"), (False, "...jk,...k->...j")):
                found = shared(v, x, total.astype(dtype), axis, back)
                expected = np.moveaxis(np.einsum(sums, share, vs), -1, axis)
                np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 if dtype is np.float32 else 1e-10)


CALLS = ["cumsum(0)", "cumsum(1)", "cumprod(0)", "cumprod(1)", "logcumsumexp(0)", "logcumsumexp(1)", "cummax(0)[0]", "cummin(1)[0]",
         "max(0)[0]", "min(1)[0]"]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("call", CALLS)
def test_operators_of_large_tensors_have_pytorchs_values_and_gradients(call, dtype):
    values = np.random.default_rng(0).integers(1, 5, (40, 60)) / 4
    found = []
    for t in (torch, adjoint):
        x = t.tensor(values, dtype=getattr(t, dtype), requires_grad=True)
        y = eval("x." + call)
        (y * t.linspace(0.5, 1, y.numel()).reshape(y.shape).to(y.dtype)).sum().backward()
        found += [[y.detach().float().numpy(), x.grad.float().numpy()]]
    rough = {"float32": 1e-5, "float64": 1e-10, "bfloat16": 0.04, "float16": 0.005}[dtype]
    for one, other in zip(*found):
        np.testing.assert_allclose(other, one, rtol=rough, atol=rough)
