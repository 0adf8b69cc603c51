"""Attention in tiles: the kernels against NumPy in float64, and the operator against PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import adjoint
from adjoint.kernels.reading import usable
from adjoint.ops.attention_kernels import attention, attention_gradients

torch = pytest.importorskip("torch")

compiled = pytest.mark.skipif(not usable(), reason="needs llvmlite")
F = adjoint.nn.functional


def heads(random, batch, count, length, features):
    """(B, H, T, E) as programs make it: heads beside each other in memory."""
    return random.standard_normal((batch, length, count, features), dtype=np.float32).transpose(0, 2, 1, 3)


def case(batch, count, groups, length, source, features, values, kind, seed=0):
    """The arguments of the array functions, and a gradient of the output."""
    random = np.random.default_rng(seed)
    q, k = heads(random, batch, count, length, features), heads(random, batch, groups, source, features)
    v, g = heads(random, batch, groups, source, values), heads(random, batch, count, length, values)
    mask = dropout = None
    if kind == "mask":
        mask = random.standard_normal((batch, 1, length, source), dtype=np.float32)
        mask[mask > 1] = -np.inf
        mask[0, 0, length // 2] = -np.inf
    elif kind == "keys":
        mask = np.where(random.random((batch, 1, 1, source)) > 0.3, 0.0, -np.inf).astype(np.float32)
    elif kind == "rows":
        mask = random.standard_normal((length, 1), dtype=np.float32)
    elif kind == "dropout":
        dropout = (random.random((batch, count, length, source)) > 0.5).astype(np.float32) * 2
    return g, (q, k, v, mask, dropout, kind == "causal", features**-0.5)


def wide(arrays):
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arrays]


def assert_kernels_are_right(g, arguments):
    from adjoint.kernels.attention import attend, attend_gradients

    output, logsumexp = attend(*arguments)
    with np.errstate(divide="ignore"):
        exact, exact_logsumexp = attention(*wide(arguments))
    np.testing.assert_allclose(output, exact, atol=1e-5)
    np.testing.assert_allclose(logsumexp, exact_logsumexp, atol=1e-5)
    q, k, v, *rest = arguments
    found = attend_gradients(g, q, k, v, output, logsumexp, *rest)
    expected = attention_gradients(*wide((g, q, k, v, exact, exact_logsumexp, *rest)))
    for a, b in zip(found, expected):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=4e-5)
    return output, found


SHAPES = [
    (2, 2, 2, 64, 64, 32, 32),
    (1, 3, 1, 65, 67, 33, 5),
    (2, 4, 2, 70, 30, 80, 80),
    (1, 1, 1, 1, 1, 1, 1),
    (1, 2, 2, 40, 600, 16, 24),
]


@compiled
@pytest.mark.parametrize("kind", ["plain", "causal", "mask", "keys", "rows", "dropout"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_kernels_give_the_values_and_gradients_of_the_formula(shape, kind):
    assert_kernels_are_right(*case(*shape, kind))


@compiled
def test_arrays_of_any_strides_are_read():
    g, (q, k, v, *rest) = case(2, 2, 2, 20, 30, 16, 16, "plain")
    g = np.broadcast_to(g[:, :, :, :1], g.shape)
    k = np.asfortranarray(k)
    assert_kernels_are_right(g, (q[:, :, ::-1], k, v[:, ::-1], *rest))


@compiled
def test_a_query_that_may_look_nowhere_gets_zeros_and_gives_none():
    g, (q, k, v, _, *rest) = case(1, 2, 2, 40, 70, 16, 16, "plain")
    mask = np.zeros((40, 70), np.float32)
    mask[7] = -np.inf
    output, (to_q, _, _) = assert_kernels_are_right(g, (q, k, v, mask, *rest))
    assert not output[:, :, 7].any() and not to_q[:, :, 7].any()


@compiled
def test_a_nan_spreads_to_the_rows_that_depend_on_it_only():
    from adjoint.kernels.attention import attend

    _, (q, k, v, *rest) = case(1, 2, 2, 40, 70, 16, 16, "plain")
    q[0, 1, 3, 5] = np.nan
    v[0, 0, 9, 2] = np.inf
    output = attend(q, k, v, *rest)[0]
    expected = np.zeros(output.shape, bool)
    expected[0, 1, 3] = expected[0, 0, :, 2] = True
    np.testing.assert_array_equal(~np.isfinite(output), expected)


@compiled
def test_scores_of_any_size_do_not_overflow():
    g, (q, k, v, *rest) = case(1, 1, 1, 50, 50, 16, 16, "causal")
    output, found = attend_all(g, (q * 300, k * 300, v, *rest))
    assert np.isfinite(output).all() and all(np.isfinite(x).all() for x in found)
    np.testing.assert_allclose(output, attention(*wide((q * 300, k * 300, v, *rest)))[0], atol=2e-2)


def attend_all(g, arguments):
    from adjoint.kernels.attention import attend, attend_gradients

    output, logsumexp = attend(*arguments)
    q, k, v, *rest = arguments
    return output, attend_gradients(g, q, k, v, output, logsumexp, *rest)


@compiled
@pytest.mark.parametrize("kind", ["plain", "causal"])
def test_results_are_the_same_bits_on_any_number_of_threads(kind):
    from adjoint.kernels import pool

    g, arguments = case(1, 2, 1, 200, 600, 32, 32, kind)
    before = pool.num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            pool.set_num_threads(threads)
            output, gradients = attend_all(g, arguments)
            results.append([output, *gradients])
    finally:
        pool.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@compiled
def test_no_matrix_of_all_scores_is_made(monkeypatch):
    from adjoint.kernels import attention as package
    from adjoint.kernels.attention import plan

    made = []

    def empty(shape, dtype):
        made.append(np.empty(shape, dtype))
        return made[-1]

    monkeypatch.setattr(plan, "empty", empty)
    monkeypatch.setattr(package, "empty", empty)
    g, arguments = case(1, 1, 1, 2048, 2048, 16, 16, "causal")
    attend_all(g, arguments)
    assert sum(a.size for a in made) < 2048 * 2048 / 4


@compiled
@pytest.mark.parametrize("size", [16, 32])
def test_shorter_vectors_give_the_same(size):
    program = (
        "from tests.test_kernel_attention import SHAPES, assert_kernels_are_right, case\n"
        "from adjoint.kernels.machine import machine\n"
        f"assert machine().vector_bytes <= {size}\n"
        "for shape in SHAPES[1:3]:\n"
        "    for kind in ('causal', 'mask', 'dropout'):\n"
        "        assert_kernels_are_right(*case(*shape, kind))\n"
    )
    environment = {**os.environ, "ADJOINT_VECTOR_BYTES": str(size)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


# The operator


CALLS = {
    "plain": {},
    "causal": {"is_causal": True},
    "float mask": {"attn_mask": "floats"},
    "bool mask": {"attn_mask": "bools"},
    "keys": {"attn_mask": "keys"},
    "scale": {"scale": 0.3},
    "negative scale": {"scale": -0.3},
    "dropout": {"dropout_p": 0.4},
    "dropout and mask": {"dropout_p": 0.4, "attn_mask": "bools"},
    "all dropped": {"dropout_p": 1.0},
    "grouped": {"enable_gqa": True},
}


def call(library, name, dtype="float32", shape=(2, 4, 40, 50, 16)):
    """The output of a call, and its gradients."""
    batch, count, length, source, features = shape
    random = np.random.default_rng(3)
    groups = count // 2 if name == "grouped" else count
    found = []
    for heads_, rows in ((count, length), (groups, source), (groups, source)):
        a = random.standard_normal((batch, rows, heads_, features))
        found.append(library.tensor(a.tolist(), dtype=getattr(library, dtype)).requires_grad_())
    bools = random.random((length, source)) > 0.3
    bools[3] = False
    masks = {
        "floats": library.tensor(random.standard_normal((batch, 1, length, source)).tolist()).to(found[0].dtype),
        "bools": library.tensor(bools.tolist()),
        "keys": library.tensor((random.random((batch, 1, 1, source)) > 0.3).tolist()),
    }
    keywords = dict(CALLS[name])
    if "attn_mask" in keywords:
        keywords["attn_mask"] = masks[keywords["attn_mask"]]
    library.manual_seed(5)
    output = library.nn.functional.scaled_dot_product_attention(*[x.transpose(1, 2) for x in found], **keywords)
    output.backward(library.ones_like(output).cumsum(-1) * 0.1)
    return output, [x.grad for x in found]


def array(t):
    return np.array(t.detach().double().tolist())


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_are_pytorchs(name, dtype):
    output, gradients = call(adjoint, name, dtype)
    expected, expected_gradients = call(torch, name, dtype)
    tolerance = {"float32": 2e-5, "float64": 1e-11, "bfloat16": 0.05}[dtype]
    assert output.stride() == expected.stride() or "dropp" in name or "dropout" in name
    for a, b in zip([output, *gradients], [expected, *expected_gradients]):
        assert str(a.dtype) == str(b.dtype)
        np.testing.assert_allclose(array(a), array(b), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", CALLS)
def test_nodes_have_pytorchs_names(name):
    names = [type(call(library, name)[0].grad_fn).__name__ for library in (adjoint, torch)]
    assert names[0] == names[1]


def test_a_mask_that_requires_grad_gets_one():
    found = []
    for library in (adjoint, torch):
        x = library.arange(96.0).reshape(1, 2, 6, 8).sin()
        mask = library.arange(36.0).reshape(6, 6).cos().requires_grad_()
        output = library.nn.functional.scaled_dot_product_attention(x, x, x, mask)
        output.square().sum().backward()
        found.append(array(mask.grad))
    np.testing.assert_allclose(*found, atol=1e-6)


@pytest.mark.parametrize("keywords", [{"is_causal": True}, {"scale": 0.2}, {"enable_gqa": True}], ids=str)
def test_gradients_can_be_differentiated_again_in_any_mode(keywords):
    adjoint.manual_seed(0)
    q = adjoint.randn(1, 4, 3, 2, dtype=adjoint.float64, requires_grad=True)
    groups = 2 if "enable_gqa" in keywords else 4
    k, v = (adjoint.randn(1, groups, 3, 2, dtype=adjoint.float64, requires_grad=True) for _ in "kv")

    def attend(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, **keywords)

    assert adjoint.autograd.gradcheck(attend, (q, k, v), check_forward_ad=True, check_batched_grad=True)
    assert adjoint.autograd.gradgradcheck(attend, (q, k, v))


def test_a_batch_of_calls_gives_what_the_calls_give():
    adjoint.manual_seed(0)
    x = adjoint.randn(3, 1, 2, 5, 4, dtype=adjoint.float64)

    def loss(x):
        return F.scaled_dot_product_attention(x, x * 2, x.sin(), is_causal=True).square().sum()

    found = adjoint.func.vmap(adjoint.func.grad(loss))(x)
    expected = adjoint.stack([adjoint.func.grad(loss)(each) for each in x])
    assert adjoint.allclose(found, expected)
    rows = adjoint.func.jacrev(lambda x: F.scaled_dot_product_attention(x, x, x))(x[0])
    columns = adjoint.func.jacfwd(lambda x: F.scaled_dot_product_attention(x, x, x))(x[0])
    assert adjoint.allclose(rows, columns)


ERRORS = [
    "F.scaled_dot_product_attention(o(1,2,3,4), o(1,2,3,4), o(1,2,3,4), o(3,3).long())",
    "F.scaled_dot_product_attention(o(1,2,3,4), o(1,2,3,4), o(1,2,3,4), o(3,3).double())",
    "F.scaled_dot_product_attention(o(1,2,3,4), o(1,2,3,4), o(1,2,3,4), o(2,3))",
    "F.scaled_dot_product_attention(o(1,3,3,4), o(1,2,3,4), o(1,2,3,4))",
    "F.scaled_dot_product_attention(o(1,3,3,4), o(1,2,3,4), o(1,2,3,4), enable_gqa=True)",
    "F.scaled_dot_product_attention(o(1,2,3,4), o(1,2,3,4), o(1,2,3,4), dropout_p=1.5)",
]


@pytest.mark.parametrize("expression", ERRORS)
def test_errors_are_pytorchs(expression):
    messages = []
    for library in (adjoint, torch):
        with pytest.raises(RuntimeError) as caught:
            eval(expression, {"F": library.nn.functional, "o": library.ones})
        messages.append(str(caught.value).splitlines()[0])
    assert messages[0] == messages[1]
