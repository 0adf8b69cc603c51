"""Functions of torch by the spelling in which torch.nn calls them: numbers for reductions, and what is computed on the way."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree


@pytest.mark.parametrize("reduction", [0, 1, 2])
@pytest.mark.parametrize(
    "call",
    [
        "cosine_embedding_loss(a, b, signs[:, 0], 0.1, {r})", "kl_div(a, b.exp(), {r})", "kl_div(a, b, {r}, log_target=True)",
        "margin_ranking_loss(a, b, signs, 0.1, {r})", "poisson_nll_loss(a, b.exp(), True, True, 1e-8, {r})",
        "triplet_margin_loss(a, b, c, reduction={r})", "triplet_margin_loss(a, b, c, 0.5, 2, 1e-6, True, {r})",
    ],
)  # fmt: skip
def test_losses_with_numbers_for_reductions(call: str, reduction: int) -> None:
    def scenario(torch: Any) -> Any:
        a, b, c = (torch.randn(3, 4, requires_grad=True) for _ in range(3))
        signs = torch.tensor([[1.0], [-1.0], [1.0]]).expand(3, 4)
        loss = eval("torch." + call.format(r=reduction), {"torch": torch, "a": a, "b": b, "c": c, "signs": signs})
        loss.sum().backward()
        return loss, a.grad, b.grad

    agree(scenario, 1e-4)


@pytest.mark.parametrize(
    "call",
    [
        "instance_norm(x, None, None, None, None, True, .1, 1e-5, False)", "native_layer_norm(x, (3, 3), None, None, 1e-5)",
        "native_layer_norm(x, (4, 3, 3), None, None, 1e-5)", "native_group_norm(x, w, w, 2, 4, 9, 2, 1e-5)",
        "native_batch_norm(x, w, w, zeros, ones, True, .1, 1e-5)", "native_batch_norm(x, w, w, zeros, ones, False, .1, 1e-5)",
    ],
)  # fmt: skip
def test_normalizations_and_what_they_compute_on_the_way(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x, w = torch.randn(2, 4, 3, 3, requires_grad=True), torch.randn(4, requires_grad=True)
        space = {"torch": torch, "x": x, "w": w, "zeros": torch.zeros(4), "ones": torch.ones(4)}
        found = eval("torch." + call, space)
        each = found if isinstance(found, tuple) else (found,)
        (each[0] * torch.arange(9.0).view(3, 3)).sum().backward()
        return each[0], x.grad, [t.detach() for t in each[1:]]

    agree(scenario, 1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("weight", [None, "float32", "same"])
def test_statistics_have_the_weights_dtype_and_those_of_groups_gradients(dtype: str, weight: str | None) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.arange(24.0).reshape(2, 4, 3).sin().to(getattr(torch, dtype)).requires_grad_()
        kind = getattr(torch, dtype if weight == "same" else weight or dtype)
        channels, features = (None if weight is None else torch.ones(n, dtype=kind) for n in (4, 3))
        ones = torch.ones(4, dtype=kind)
        groups = torch.native_group_norm(x, channels, channels, 2, 4, 3, 2, 1e-5)
        others = [
            torch.native_layer_norm(x, (3,), features, features, 1e-5),
            *(torch.native_batch_norm(x, channels, channels, ones, ones, how, 0.0, 1e-5) for how in (True, False)),
        ]
        (groups[1] * 3 + groups[2]).sum().backward()
        flags = [[t.requires_grad for t in each[1:]] for each in (groups, *others)]
        return flags, [t.detach() for each in (groups, *others) for t in each[1:]], x.grad

    agree(scenario, 1e-4 if dtype == "float32" else 2e-2)
