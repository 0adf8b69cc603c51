"""Where PyTorch's modules, hooks and packed sequences do something that is easily missed."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree


@pytest.mark.parametrize("format", ["channels_last", "channels_last_3d", "contiguous_format", "preserve_format"])
@pytest.mark.parametrize("layer", ["Conv2d(2, 3, 2)", "Conv3d(2, 3, 2)", "Linear(2, 2)"])
def test_a_module_brings_its_weights_of_four_or_five_dimensions_to_a_memory_format(format: str, layer: str) -> None:
    def scenario(torch: Any) -> Any:
        module = eval(f"torch.nn.{layer}", {"torch": torch}).to(memory_format=getattr(torch, format))
        return [p.stride() for p in module.parameters()]

    agree(scenario)


@pytest.mark.parametrize("kind", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_modules_are_never_in_place(kind: str) -> None:
    def scenario(torch: Any) -> Any:
        torch.manual_seed(0)
        x = torch.arange(12.0).reshape(1, 3, 4)
        y = getattr(torch.nn, kind)(0.5, inplace=True)(x)
        return x, y

    agree(scenario)


def test_a_hook_after_accumulation_returns_nothing() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda p: p.grad)
        x.sum().backward()

    agree(scenario)


def test_sequences_that_are_unpacked_are_copies() -> None:
    def scenario(torch: Any) -> Any:
        padded = torch.arange(12.0, requires_grad=True).reshape(2, 3, 2).clone()
        rows = torch.nn.utils.rnn.unpad_sequence(padded, torch.tensor([1, 3]), batch_first=True)
        rows[0].mul_(0)
        return padded, rows

    agree(scenario)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_an_empty_batch_is_unpooled_to_an_empty_one(d: int) -> None:
    def scenario(torch: Any) -> Any:
        F = torch.nn.functional
        x = torch.ones(0, 2, *[4] * d, requires_grad=True)
        pooled, indices = getattr(F, f"max_pool{d}d")(x, 2, return_indices=True)
        y = getattr(F, f"max_unpool{d}d")(pooled, indices, 2)
        y.sum().backward()
        return y, x.grad

    agree(scenario)
