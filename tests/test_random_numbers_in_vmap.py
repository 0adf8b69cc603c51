"""Random numbers inside of vmap: each sample's own under "different", all samples' under "same", bit for bit PyTorch's."""

from __future__ import annotations

import pytest
from both import agree

DRAWS = {
    "rand": lambda t, w, r: t.rand(3),
    "a permutation": lambda t, w, r: t.randperm(5),
    "rand_like of what the samples share": lambda t, w, r: t.rand_like(w),
    "randn_like of what the samples share": lambda t, w, r: t.randn_like(w),
    "randint_like of what the samples share": lambda t, w, r: t.randint_like(w, 9),
    "randn_like of samples": lambda t, w, r: t.randn_like(r),
    "bernoulli of what the samples share": lambda t, w, r: t.bernoulli(w),
    "bernoulli with a number": lambda t, w, r: t.bernoulli(w, 0.4),
    "bernoulli of samples": lambda t, w, r: t.bernoulli(r),
    "normal with means that the samples share": lambda t, w, r: t.normal(w, 2.0),
    "normal with deviations of samples": lambda t, w, r: t.normal(0.0, r),
    "normal with both": lambda t, w, r: t.normal(w, r),
    "poisson of what the samples share": lambda t, w, r: t.poisson(w * 5),
    "poisson of samples": lambda t, w, r: t.poisson(r * 5),
    "multinomial of what the samples share": lambda t, w, r: t.multinomial(w, 4, replacement=True),
    "multinomial of samples": lambda t, w, r: t.multinomial(r, 2),
    "dropout of what the samples share": lambda t, w, r: t.nn.functional.dropout(w),
    "alpha dropout": lambda t, w, r: t.nn.functional.alpha_dropout(w * r),
    "a draw into a new tensor": lambda t, w, r: t.empty(3).normal_(),
    "a draw into samples": lambda t, w, r: (r * 1).uniform_(-1, 2),
    "a draw into coins": lambda t, w, r: (r * 1).bernoulli_(0.3),
}


@pytest.mark.parametrize("how", ["different", "same", "error"])
@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_is_pytorchs(name, how):
    def scenario(torch):
        torch.manual_seed(3)
        x, w = torch.tensor([[0.3, 0.5, 0.9], [0.2, 1.0, 0.4]]), torch.tensor([0.1, 0.6, 0.8])
        found = torch.func.vmap(lambda r: DRAWS[name](torch, w, r), randomness=how)(x)
        return found, torch.rand(1)

    agree(scenario)


@pytest.mark.parametrize("inner", ["different", "same"])
@pytest.mark.parametrize("outer", ["different", "same"])
@pytest.mark.parametrize(
    "name",
    [
        "rand",
        "a permutation",
        "randn_like of what the samples share",
        "randn_like of samples",
        "bernoulli with a number",
    ],
)
def test_each_of_nested_vmaps_has_its_own_way(name, outer, inner):
    def scenario(torch):
        torch.manual_seed(3)
        x, w = torch.tensor([[0.3, 0.5, 0.9], [0.2, 1.0, 0.4]]), torch.tensor([0.1, 0.6, 0.8])
        both = torch.func.vmap(
            lambda r: torch.func.vmap(lambda q: DRAWS[name](torch, w, r), randomness=inner)(x), randomness=outer
        )
        return both(x), torch.rand(1)

    agree(scenario)


@pytest.mark.parametrize("how", ["different", "same"])
def test_chunks_have_the_numbers_that_one_vmap_has_or_each_its_own(how):
    def scenario(torch):
        torch.manual_seed(3)
        found = torch.func.vmap(lambda r: r + torch.randn(3), randomness=how, chunk_size=2)(torch.ones(5, 3))
        return found, torch.rand(1)

    agree(scenario)


OUT_OF_ORDER = {
    "dropout": lambda t, y: t.nn.functional.dropout(y, 0.5),
    "torch.dropout": lambda t, y: t.dropout(y, 0.5, True),
    "dropout in place": lambda t, y: t.nn.functional.dropout(y * 1, 0.5, inplace=True),
    "alpha dropout": lambda t, y: t.nn.functional.alpha_dropout(y, 0.5, True),
    "feature dropout": lambda t, y: t.nn.functional.dropout1d(y, 0.5),
    "native_dropout": lambda t, y: t.native_dropout(y, 0.5, True)[0],
    "bernoulli": lambda t, y: t.bernoulli(y.detach()),
    "rand_like": lambda t, y: t.rand_like(y),
    "rand_like in order": lambda t, y: t.rand_like(y, memory_format=t.contiguous_format),
    "gumbel_softmax": lambda t, y: t.nn.functional.gumbel_softmax(y, -1),
}
TRANSFORMS = {
    "none": lambda t, f, x: f(x),
    "grad": lambda t, f, x: t.func.grad(lambda x: (f(x) ** 2).sum())(x),
    "jvp": lambda t, f, x: t.func.jvp(f, (x,), (x,)),
    "vjp": lambda t, f, x: t.func.vjp(f, x)[0],
    "vmap": lambda t, f, x: t.vmap(f, randomness="different")(t.stack([x, x])),
    "vmap, same": lambda t, f, x: t.vmap(f, randomness="same")(t.stack([x, x])),
    "vmap of grad": lambda t, f, x: t.vmap(t.func.grad(lambda x: (f(x) ** 2).sum()), randomness="different")(t.stack([x, x])),
}


@pytest.mark.parametrize(
    ("name", "transform"),
    # What is drawn in place for all samples at once is drawn in their order, in PyTorch in that of their memory.
    [(n, t) for n in OUT_OF_ORDER for t in TRANSFORMS if (n, t) != ("native_dropout", "vmap, same")],
)
def test_what_does_not_lie_in_order_is_drawn_for_in_pytorchs_order(name, transform):
    """PyTorch's dropout throws its coins in the order of memory, inside of a transform in that of the elements."""

    def scenario(torch):
        torch.manual_seed(3)
        x = torch.linspace(0.1, 0.9, 60, dtype=torch.float64).view(3, 4, 5)


        def function(x):
            y = (x * 1).transpose(-2, -3)
            return OUT_OF_ORDER[name](torch, y) + 0 * y

        found = TRANSFORMS[transform](torch, function, x)
        return [(v.dtype, v.detach().tolist()) for v in (found if isinstance(found, tuple) else (found,))], torch.rand(1)

    agree(scenario)
