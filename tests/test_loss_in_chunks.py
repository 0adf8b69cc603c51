"""A linear layer and its cross entropy, some examples after the others."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from both import agree

import adjoint
from adjoint.autograd import gradcheck, gradgradcheck

OPTIONS: list[dict[str, Any]] = [
    {}, {"batch_chunk_size": 3}, {"chunking_method": "aspect_ratio:2"}, {"acc_policy": "accurate"},
    {"acc_policy": "balanced", "acc_dtype": "float32"}, {"acc_policy": "compact"},
    {"acc_policy": "compact", "acc_dtype": "float32", "batch_chunk_size": 2}, {"chunking_method": None},
]  # fmt: skip
TOLERANCE = {"float64": 1e-12, "float32": 2e-6, "float16": 5e-3, "bfloat16": 4e-2}


def _loss(torch: Any, dtype: str, reduction: str, weighted: bool, biased: bool, given: dict[str, Any]) -> list[Any]:
    draws, kind = np.random.default_rng(0), getattr(torch, dtype)
    x, weight, bias = (torch.tensor(draws.normal(size=s)).to(kind).requires_grad_() for s in ((7, 8), (40, 8), (40,)))
    target = torch.tensor([-100, 0, 39, 5, 5, 7, 1])
    classes = torch.tensor(draws.random(40)).to(kind) if weighted else None
    given = {k: getattr(torch, v) if k == "acc_dtype" else v for k, v in given.items()}
    loss = torch.nn.functional.linear_cross_entropy(
        x, weight, target, linear_bias=bias if biased else None, weight=classes, reduction=reduction,
        options=torch.nn.LinearCrossEntropyOptions(**given),
    )  # fmt: skip
    loss.backward(torch.tensor(draws.normal(size=loss.shape)).to(kind))
    return [loss, x.grad, weight.grad, *([bias.grad] if biased else [])]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_losses_and_gradients_are_pytorchs_with_all_options(dtype: str) -> None:
    theirs = pytest.importorskip("torch")
    for reduction, weighted, biased, given in product(("mean", "sum", "none"), (False, True), (False, True), OPTIONS):
        if "acc_dtype" in given and dtype == "float64":
            continue
        ours, expected = (_loss(m, dtype, reduction, weighted, biased, given) for m in (adjoint, theirs))
        for a, b in zip(ours, expected):
            assert str(a.dtype) == str(b.dtype) and tuple(a.shape) == tuple(b.shape)
            b = b.detach().double().numpy()
            assert np.abs(a.detach().double().numpy() - b).max() <= TOLERANCE[dtype] * np.abs(b).max(), (reduction, given)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_derivatives_of_any_order_and_in_every_direction(reduction: str) -> None:
    """PyTorch's own are for one backward: its second derivatives lack terms, and its tangents are zeros."""
    options = adjoint.nn.LinearCrossEntropyOptions(batch_chunk_size=3, allow_retain_graph=True)
    draws, target = np.random.default_rng(0), adjoint.tensor([0, 1, 4, -100])

    def loss(x: Any, weight: Any, bias: Any) -> Any:
        return adjoint.nn.functional.linear_cross_entropy(
            x, weight, target, linear_bias=bias, reduction=reduction, options=options
        )

    given = [adjoint.tensor(draws.normal(size=s), requires_grad=True) for s in ((4, 3), (5, 3), (5,))]
    assert gradcheck(loss, given, check_batched_grad=True, check_forward_ad=True)
    assert gradgradcheck(loss, given)


def test_many_examples_by_kernels() -> None:
    def scenario(torch: Any) -> Any:
        x, weight = torch.randn(600, 32, requires_grad=True), torch.randn(900, 32, requires_grad=True)
        loss = torch.nn.LinearCrossEntropyLoss(32, 900, options=torch.nn.LinearCrossEntropyOptions(), bias=True)
        target = torch.randint(0, 900, (600,))
        total = loss(x, target) + torch.nn.functional.linear_cross_entropy(
            x, weight, target, options=torch.nn.LinearCrossEntropyOptions(batch_chunk_size=128), reduction="sum"
        )
        total.backward()
        return total, x.grad, weight.grad, loss.linear.weight.grad, loss.linear.bias.grad

    agree(scenario, 1e-5)


def test_of_no_examples_of_none_that_count_and_of_one() -> None:
    def scenario(torch: Any) -> Any:
        F, options, seen = torch.nn.functional, torch.nn.LinearCrossEntropyOptions(), []
        x, w, t = torch.randn(3, 4, requires_grad=True), torch.randn(5, 4), torch.tensor([0, 1, 4])
        for reduction in ("mean", "sum", "none"):
            for given in ((x[:0], w, t[:0]), (x, w, t * 0 - 100), (x[0], w, t[0])):
                loss = F.linear_cross_entropy(*given, reduction=reduction, options=options)
                seen += [loss, *torch.autograd.grad(loss.sum(), x)]
        return seen

    agree(scenario, 1e-6)


def test_a_second_backward_has_to_be_allowed() -> None:
    def scenario(torch: Any) -> Any:
        x, w, t = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3), torch.tensor([1, 2])
        for given in ({"allow_retain_graph": True}, {}):
            loss = torch.nn.functional.linear_cross_entropy(x, w, t, options=torch.nn.LinearCrossEntropyOptions(**given))
            loss.backward(retain_graph=True)
            print(x.grad)
            loss.backward(retain_graph=True)
        return x.grad

    agree(scenario, raises=True)


@pytest.mark.parametrize(
    "call",
    [
        "O(batch_chunk_size=0)", "O(batch_chunk_size=2.)", "O(acc_policy='x')", "O(chunking_method='x')",
        "O(chunking_method='aspect_ratio:')", "O(chunking_method='aspect_ratio:0')", "O(acc_dtype=torch.int64)",
        "f(x, w, t, options=O(acc_dtype=torch.float64))", "f(x, w.double(), t, options=O())",
        "f(x, w, t + 9, options=O())", "f(x, w, t, weight=w[0], options=O())", "f(x, w, t, reduction='all', options=O())",
        "f(x, w, t, options=O(batch_chunk_size=2, chunking_method='aspect_ratio'))", "setattr(O(), 'acc_dtype', None)",
    ],
)  # fmt: skip
def test_what_is_refused(call: str) -> None:
    def scenario(torch: Any) -> Any:
        x, w, t = torch.ones(8, 4), torch.ones(5, 4), torch.tensor([0, 1, 2, 3, 4, 0, 1, 2])
        f = torch.nn.functional.linear_cross_entropy
        return eval(call, {"O": torch.nn.LinearCrossEntropyOptions, "f": f, "x": x, "w": w, "t": t, "torch": torch})

    agree(scenario, raises=True)


def test_options_for_what_is_not_done_in_chunks_are_told() -> None:
    def scenario(torch: Any) -> Any:
        F, options = torch.nn.functional, torch.nn.LinearCrossEntropyOptions()
        x, w = torch.randn(2, 4), torch.randn(5, 4)
        print(options, torch.nn.LinearCrossEntropyLoss(4, 5, options=options))
        one = F.linear_cross_entropy(x, w, torch.tensor([0, 1]), label_smoothing=0.1, options=options)
        return one, F.linear_cross_entropy(x, w, torch.ones(2, 5) / 5, linear_bias=torch.ones(5), options=options)

    agree(scenario, 1e-6)
