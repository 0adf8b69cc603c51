"""Tangents of single rows where PyTorch's choice is not the transpose of the gradient, or where memory matters."""

import pytest
from both import agree

import adjoint

nan = float("nan")


def _directions(t, x):
    return ((t.arange(x.numel(), dtype=x.dtype) * 5 + 1) % 7 - 3).reshape(x.shape) / 4


LAYOUTS = {
    "as usual": lambda x: x,
    "by columns": lambda x: x.mT.contiguous().mT,
    "every second": lambda x: x.repeat_interleave(2, -1)[..., ::2],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("copied", [False, True])
def test_a_tangent_seen_by_strides_is_what_lies_where_the_tensor_does(layout, copied):
    def scenario(t):
        x = LAYOUTS[layout](t.tensor([[-1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=t.float64))
        seen = t.as_strided_copy if copied else t.as_strided
        f = lambda x: seen(x, (2, 2), (1, 2), 1)
        tangent = t.func.jvp(f, (x,), (_directions(t, x),))[1]
        gradient = t.func.grad(lambda x: t.func.jvp(f, (x,), (_directions(t, x) * x,))[1].square().sum())(x)
        return tangent, gradient

    agree(scenario)


@pytest.mark.parametrize("bound", [[-1.0, 1.0, 1.0], [-1.0, 1.0, nan]])
@pytest.mark.parametrize("name", ["clamp_min", "clamp_max", "maximum", "minimum", "fmax", "fmin"])
def test_the_tangent_of_a_bounded_nan_is_pytorchs_choice_for_each_operand(name, bound):
    def scenario(t):
        f = getattr(t, name)
        x, row = t.tensor([[-1.0, 1.0, -1.0], [1.0, 1.0, nan]]), t.tensor(bound)
        of_bound = t.func.jvp(lambda r: f(x, r), (row,), (t.ones(3),))[1]
        return of_bound, t.func.jvp(lambda x: f(x, row), (x,), (t.ones(2, 3),))[1]

    agree(scenario)


def test_infinite_complex_numbers_are_replaced_under_vmap():
    def scenario(t):
        x = t.complex(t.tensor([[1.0, nan], [float("inf"), 2.0]]), t.tensor([[nan, 1.0], [2.0, -float("inf")]]))
        f = lambda x: t.nan_to_num(x, 1.0, 2.0, 3.0)
        return f(x), t.func.vmap(f)(x), t.func.vmap(lambda x: t.func.jvp(f, (x,), (t.ones_like(x),))[0])(x)

    agree(scenario)


def test_attention_under_a_checkpoint_is_one_node_with_a_mask_too():
    def scenario(t):
        q = t.ones(1, 2, 3, 4, requires_grad=True)
        attend = lambda q: t.nn.functional.scaled_dot_product_attention(q, q, q, t.zeros(3, 3))
        return t.utils.checkpoint.checkpoint(attend, q, use_reentrant=False)

    agree(scenario)


def test_an_out_that_all_samples_share_is_refused_under_vmap():
    agree(lambda t: t.func.vmap(lambda s: t.add(t.ones(2), s, out=t.ones(2)))(t.arange(3.0)), raises=True)


@pytest.mark.parametrize("name", ["clamp_min", "clamp_max"])
def test_a_bound_that_is_a_number_has_no_tangent(name):
    agree(lambda t: t.func.jvp(lambda x: getattr(t, name)(x, 0.5), (t.tensor([0.0, 0.5, 1.0, nan]),), (t.ones(4),)))


def test_prelus_tangent_leaves_out_what_has_none():
    def scenario(t):
        x, slope = t.tensor([-1.0, 0.0, 2.0]), t.tensor([nan])
        return t.func.jvp(lambda w: t.nn.functional.prelu(x, w), (slope,), (t.ones(1),))[1]

    agree(scenario)


def test_the_tangent_of_a_quotient_by_an_infinity_has_a_gradient():
    def scenario(t):
        one = t.ones(2, dtype=t.float64)
        tangent = lambda x, y, p: t.func.jvp(lambda x, y, p: t.addcdiv(x, y, p, value=2), (x, y, p), (one, one, one))[1]
        wide = t.func.jvp(lambda y: t.addcdiv(t.ones(3, 1), y, one), (one,), (one,))
        return t.func.grad(lambda *a: tangent(*a).sum(), (0, 1, 2))(one, one, t.tensor([float("inf"), 2.0], dtype=t.float64)), wide

    agree(scenario)


def test_complex_means_at_an_index_have_tangents():
    """Of a sum's elements each is as much as of the number of elements."""
    import adjoint as torch

    x = torch.complex(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[-1.0, 0.5, 2.0]]))
    mean = lambda x: torch.scatter_reduce(x, 1, torch.tensor([[0, 0]]), x[:, 1:], "mean")
    assert torch.equal(*torch.func.jvp(mean, (x,), (x,)))  # which is linear


def test_likelihoods_of_complex_numbers_are_refused():
    """As by PyTorch, which computes them under vmap alone."""
    x = adjoint.complex(adjoint.ones(1, 2), adjoint.ones(1, 2))
    loss = lambda x: adjoint.nn.functional.nll_loss(x, adjoint.tensor([1]), reduction="none")
    for attempt in (lambda: loss(x), lambda: adjoint.func.vmap(lambda x: adjoint.func.jvp(loss, (x,), (x,))[1])(x[None])):
        with pytest.raises(NotImplementedError, match='"nll_loss_out_frame" not implemented for \'ComplexFloat\''):
            attempt()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_attention_of_halves_that_is_made_of_operators_is_rounded_once(dtype):
    def scenario(t):
        q = ((t.arange(48.0) * 7 % 11 - 5) / 4).reshape(1, 2, 6, 4).to(getattr(t, dtype)).requires_grad_()
        mask = ((t.arange(36.0) % 5 - 2) / 2).reshape(6, 6).to(q.dtype).requires_grad_()
        return t.nn.functional.scaled_dot_product_attention(q, q * 0.5, q - 1, mask)

    agree(scenario)


def test_a_slope_that_is_no_tensor_is_refused():
    agree(lambda t: t.nn.functional.prelu(t.ones(2), (t.ones(2),)), raises=True)


WITH_CONSTANTS = {
    "pairwise_distance": lambda t, x, y: t.nn.functional.pairwise_distance(x, y, eps=0.5),
    "triplet_margin_loss": lambda t, x, y: t.nn.functional.triplet_margin_loss(x, y, 2 * y, margin=3.0),
    "triplet_margin_with_distance_loss": lambda t, x, y: t.nn.functional.triplet_margin_with_distance_loss(x, y, 2 * y, margin=3.0),
    "margin_ranking_loss": lambda t, x, y: t.nn.functional.margin_ranking_loss(x, y, t.sign(x).detach(), margin=5.0),
    "poisson_nll_loss": lambda t, x, y: t.nn.functional.poisson_nll_loss(x.exp(), y, log_input=False, eps=0.5),
    "ndtr": lambda t, x, y: t.special.ndtr(x),
    "gaussian_nll_loss": lambda t, x, y: t.nn.functional.gaussian_nll_loss(x, y, y.exp(), eps=0.01),
    "batch_norm": lambda t, x, y: t.nn.functional.batch_norm(x, None, None, training=True, eps=0.5),
    "layer_norm": lambda t, x, y: t.nn.functional.layer_norm(x, (3,), eps=0.5),
    "local_response_norm": lambda t, x, y: t.nn.functional.local_response_norm(x[None], 2, k=3.0),
}


@pytest.mark.parametrize("name", WITH_CONSTANTS)
def test_a_constant_that_is_added_has_no_tangent(name):
    def scenario(t):
        x = t.tensor([[-1.0, 2.0, 3.0], [4.0, 5.0, -6.0]], dtype=t.float64) / 4
        y, f = x.flip(0) + 0.3, lambda x, y: WITH_CONSTANTS[name](t, x, y)
        tangents = _directions(t, x), _directions(t, y).flip(1)
        return t.func.jvp(f, (x, y), tangents)[1].detach().tolist()

    agree(scenario, warnings_too=False)
    at = adjoint.tensor([[-1.0, 2.0, 3.0], [4.0, 5.0, -6.0]], dtype=adjoint.float64) / 4
    assert adjoint.autograd.gradcheck(
        lambda x, y: WITH_CONSTANTS[name](adjoint, x, y),
        (at.requires_grad_(), (at.detach().flip(0) + 0.3).requires_grad_()),
        check_forward_ad=True,
    )


def test_a_variance_that_is_clamped_has_no_tangent_but_a_gradient():
    def scenario(t):
        x = t.tensor([-1.0, 2.0, 3.0], dtype=t.float64)
        f = lambda v: t.nn.functional.gaussian_nll_loss(x, x.flip(0), v, eps=0.5, reduction="none")
        v, tangent = t.tensor([0.1, 0.5, 2.0], dtype=t.float64), t.ones(3, dtype=t.float64)
        return t.func.jvp(f, (v,), (tangent,))[1], t.func.vjp(f, v)[1](tangent)[0]

    agree(scenario)
