"""Where PyTorch's modules, hooks and packed sequences do something that is easily missed."""

from __future__ import annotations

import pickle
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


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("ordered", [True, False])
def test_padded_sequences_that_were_sorted_lie_in_the_order_of_their_dimensions(first: bool, ordered: bool) -> None:
    def scenario(torch: Any) -> Any:
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_sequence([torch.ones(2, 3), torch.ones(1, 3)], enforce_sorted=ordered)
        padded, lengths = rnn.pad_packed_sequence(packed, batch_first=first)
        return padded, padded.stride(), lengths

    agree(scenario)


@pytest.mark.parametrize("space", [(2,), (1, 2, 3)])
def test_the_gradient_of_nearest_resampling_is_that_of_what_was_computed(space: tuple[int, ...]) -> None:
    """PyTorch's backward takes 2.3 for 2 where the result has twice the size; of lines and volumes its forward does not."""
    import adjoint as torch

    x = torch.arange(float(torch.ones(space).numel()), dtype=torch.float64).reshape(1, 1, *space).requires_grad_()
    y = torch.nn.functional.interpolate(x, scale_factor=2.3, mode="nearest")
    y.sum().backward()
    counts = torch.bincount(y.detach().flatten().to(torch.int64), minlength=x.numel())
    assert x.grad.flatten().equal(counts.double())


@pytest.mark.parametrize("shape", [(0, 2), (0, 2, 3), (0, 2, 3, 1, 2), (2, 2, 0)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_loss_of_no_examples_has_a_gradient_of_none(shape: tuple[int, ...], reduction: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(shape, requires_grad=True)
        target = torch.zeros(shape[0], *shape[2:], dtype=torch.int64)
        y = torch.nn.functional.cross_entropy(x, target, weight=torch.ones(2), reduction=reduction)
        y.sum().backward()
        return str(y.tolist()), tuple(y.shape), x.grad

    agree(scenario)


def test_a_parameters_dictionary_has_what_the_user_put_there_and_nothing_else() -> None:
    def scenario(torch: Any) -> Any:
        class Tagged(torch.nn.Parameter):
            def __new__(cls, data: Any, requires_grad: bool = True, tag: Any = None) -> Any:
                made = torch.nn.Parameter.__new__(cls, data, requires_grad)
                made.tag = tag
                return made

        p = Tagged(torch.ones(2), tag="a")
        (p * 2).sum().backward()
        p.own, p.__dict__["other"] = 1, 2
        p.__dict__.update(more=3)
        seen = sorted(p.__dict__), p.other, p.more, "own" in dir(p), p.grad
        del p.own
        p.__dict__.pop("other")
        p.__dict__.pop("more")
        again = type(p)(p.data, **p.__dict__)
        plain = torch.nn.Parameter(torch.ones(1))
        plain.note = "kept"
        return *seen, hasattr(p, "own"), hasattr(p, "other"), again.tag, pickle.loads(pickle.dumps(plain)).note

    agree(scenario)
