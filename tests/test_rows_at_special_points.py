"""Single rows at infinities, NaN and equal elements: values, gradients and tangents are PyTorch's."""

import math

import pytest
from both import agree

inf, nan = math.inf, math.nan


@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, 2.0, 3.0, inf])
@pytest.mark.parametrize("special", [nan, inf, 1.0, 0.0])
def test_distances_leave_a_nan_out_where_pytorch_does_and_equal_differences_each_have_the_gradient(p, special):
    def scenario(t):
        a = t.tensor([[1.0, special], [2.0, 3.0]], dtype=t.float64)
        b = t.tensor([[1.0, 2.0], [special, 1.0], [0.0, 0.0]], dtype=t.float64)
        return t.cdist(a, b, p), t.func.vjp(lambda a, b: t.cdist(a, b, p), a, b)[1](t.ones(2, 3, dtype=t.float64))

    agree(scenario)


@pytest.mark.parametrize("right", [False, True])
def test_searching_for_a_nan_and_among_them_and_in_a_vmap(right):
    def scenario(t):
        s = t.tensor([[1.0, 3.0, 5.0, nan], [2.0, 2.0, nan, nan]])
        v = t.tensor([[3.0, nan, 0.0], [2.0, 7.0, 1.0]])
        find = lambda s, v: t.searchsorted(s, v, right=right)
        of_all = t.func.vmap(find)(s, v), t.func.vmap(find, (None, 0))(s[0], v), t.func.vmap(find, (0, None))(s, v[0])
        return find(s, v), find(s[0], 3.0), *of_all, t.func.vmap(lambda v: t.bucketize(v, s[0], right=right))(v)

    agree(scenario, warnings_too=False)  # PyTorch's: that it copies


def test_membership_in_a_vmap():
    def scenario(t):
        a, b = t.tensor([[1.0, 2.0], [3.0, 4.0]]), t.tensor([[2.0, 5.0, 1.0], [7.0, 4.0, 9.0]])
        return t.func.vmap(t.isin)(a, b), t.func.vmap(lambda a: t.isin(a, b, invert=True))(a)

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize("count", [1, 600])
@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("logit", [inf, -inf, nan, 100.0, -100.0, 1e-3])
def test_the_loss_of_an_infinite_logit_is_pytorchs(logit, target, count):
    def scenario(t):
        loss = t.nn.functional.binary_cross_entropy_with_logits
        return loss(t.full((count,), logit), t.full((count,), target), reduction="none")

    agree(scenario)


@pytest.mark.parametrize("dtype", ["float32", "float16", "complex64"])
def test_the_tangent_of_a_quotient_by_zero_is_made_of_the_quotient(dtype):
    def scenario(t):
        x, p = (t.tensor(v).to(getattr(t, dtype)) for v in ([1.0, -1.0, 2.0], [0.0, -0.0, 4.0]))
        ones = t.ones_like(x)
        both = t.func.jvp(t.div, (x, p), (ones, ones))[1]
        return both if dtype != "complex64" else both[2], t.func.jvp(lambda p: 3 / p, (p,), (ones,))[1][2]

    agree(scenario)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int32"])
def test_rows_filled_in_a_vmap_keep_their_dtype(dtype):
    agree(lambda t: t.func.vmap(lambda x: t.index_fill(x, 0, t.tensor([1]), 1))(t.zeros(2, 3).to(getattr(t, dtype))))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "logsumexp", "diag_embed"])
def test_gradients_of_what_has_no_elements_have_its_shape(name, shape):
    def scenario(t):
        x = t.zeros(shape, requires_grad=True)
        r = t.diag_embed(x, 1) if name == "diag_embed" else getattr(x, name)(0 if shape != (3, 0) or name == "sum" else 1)
        return t.autograd.grad(r, x, t.ones_like(r))[0] + 1

    agree(scenario)


@pytest.mark.parametrize("kind", ["select", "slice", "diagonal", "as_strided"])
def test_what_is_scattered_has_a_gradient_of_its_own_dtype(kind):
    def scenario(t):
        m = t.zeros(3, 3, dtype=t.float64)
        v = t.ones(3, requires_grad=True)
        where = {"select": (v, 0, 1), "slice": (v[None], 0, 1, 2), "diagonal": (v,), "as_strided": (v, (3,), (1,))}[kind]
        return t.autograd.grad(getattr(t, kind + "_scatter")(m, *where).sum(), v)[0] * 1

    agree(scenario)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("size", [(5, 3), (16, 9), (8, 8)])
def test_pictures_of_bytes_are_resized_to_pytorchs_bytes(size, mode, antialias):
    if antialias and mode == "nearest":
        pytest.skip("has none")
    import torch

    import adjoint

    pixels = [[[(i * 37 + j * 91 + c * 13) % 256 for j in range(8)] for i in range(8)] for c in range(3)]
    found = []
    for t in (torch, adjoint):
        x = t.tensor([pixels], dtype=t.uint8)
        made = t.nn.functional.interpolate(x, size, mode=mode, antialias=antialias)
        assert str(made.dtype) == "torch.uint8"
        found.append(made.int().flatten().tolist())
    assert found[1] == found[0]
