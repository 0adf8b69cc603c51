"""Attention with scores and masks that are functions, causal masks by kind, and the choice of how attention is computed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from both import agree


def flex(torch: Any) -> Any:
    module = import_module(f"{torch.__name__}.nn.attention.flex_attention")
    module._FLEX_ATTENTION_DISABLE_COMPILE_DEBUG = True  # PyTorch's is compiled otherwise, which takes seconds
    return module


def heads(torch: Any, count: int = 4, features: int = 8) -> Any:
    return torch.randn(2, count, 5, features)


def test_scores_and_masks_that_are_functions() -> None:
    def scenario(torch: Any) -> Any:
        FA = flex(torch)
        q, k, v = (heads(torch) for _ in range(3))
        slope, bias, document = torch.randn(4), torch.randn(2, 4, 5, 5), torch.tensor([0, 0, 1, 1, 1])
        causal = lambda b, h, i, j: i >= j
        same = lambda b, h, i, j: document[i] == document[j]
        mask = lambda f, b=None, h=None, **options: FA.create_block_mask(f, b, h, 5, 5, device="cpu", **options)
        attend = FA.flex_attention
        return (
            attend(q, k, v), attend(q, k, v, scale=0.3), attend(q, k, v, lambda s, b, h, i, j: s + (i - j) * slope[h]),
            attend(q, k, v, lambda s, b, h, i, j: s + bias[b, h, i, j]),
            attend(q, k, v, lambda s, b, h, i, j: 20 * torch.tanh(s / 20), mask(causal, BLOCK_SIZE=2)),
            attend(q, k, v, lambda s, b, h, i, j: torch.where(i >= j, s, -float("inf"))),
            attend(q, k, v, block_mask=mask(FA.and_masks(causal, same), 2, 4)),
            attend(q, k, v, block_mask=mask(FA.or_masks(causal, same))),
            attend(q, k, v, block_mask=mask(lambda b, h, i, j: (i > 2) & (j < 2)), return_aux=FA.AuxRequest(lse=True)),
            attend(q, k[:, :2], v[:, :2], enable_gqa=True), attend(q, k, v[..., :3]),
            attend(q.transpose(1, 2).contiguous().transpose(1, 2), k, v).stride(), attend(q.double(), k.double(), v.double()),
        )  # fmt: skip

    agree(scenario, 1e-5, warnings_too=False)


def test_block_masks_are_pytorchs() -> None:
    def scenario(torch: Any) -> Any:
        FA = flex(torch)
        causal = lambda b, h, i, j: i >= j
        m = FA.create_block_mask(causal, 2, None, 300, 260, device="cpu")
        part, less = m[0, 0], m._adjust(128, 256)
        given = FA.BlockMask.from_kv_blocks(torch.ones(1, 1, 2).int(), torch.zeros(1, 1, 2, 2).int(), BLOCK_SIZE=4)
        print(m, repr(m), part, less, given, m.to_string((2, 2)), len(m.as_tuple()), len(m.as_tuple(False)))
        print(FA.create_block_mask(causal, 2, 3, 40, 40, device="cpu", BLOCK_SIZE=(8, 4)).to_string(4, 3))
        tensors = [[getattr(x, n) for n in dir(x) if n.endswith(("blocks", "indices"))] for x in (m, part, less, given)]
        return tensors, m.shape, m.sparsity(), m.numel(), m.to_dense(), FA.create_mask(causal, 2, None, 3, 4, device="cpu")

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "FA.flex_attention(q[0], q[0], q[0])", "FA.flex_attention(q, q[:, :2], q[:, :2])", "FA.flex_attention(q, q[..., :3], q)",
        "FA.flex_attention(q[:, :3], q[:, :2], q[:, :2], enable_gqa=True)", "FA.flex_attention(q, q[:1], q[:1])",
        "FA.flex_attention(q, q, q, block_mask=mask(4))", "FA.flex_attention(q, q, q, block_mask=mask(8))",
        "FA.flex_attention(q, q, q, block_mask=mask(5)[0])", "FA.and_masks(3)", "FA.or_masks(3)",
        "FA.create_block_mask(lambda i, j: i, 1, 1, 4, 4, device='cpu')",
        "FA.flex_attention(q, q, q, return_lse=True, return_aux=FA.AuxRequest(lse=True))",
        "FA.flex_attention(q, q, q, kernel_options={'BACKEND': 'x'})", "mask(5)[0].mask_mod(1, 2, 3, 4)",
    ],
)  # fmt: skip
def test_what_does_not_fit(call: str) -> None:
    def scenario(torch: Any) -> Any:
        FA = flex(torch)
        mask = lambda n: FA.create_block_mask(lambda b, h, i, j: i >= j, 1, 1, n, n, device="cpu")
        return eval(call, {"torch": torch, "FA": FA, "q": heads(torch), "mask": mask})

    agree(scenario, raises=True, warnings_too=False)


def test_gradients_reach_everything_that_a_score_is_made_of() -> None:
    """PyTorch's refuses a backward on a CPU."""
    import adjoint as torch

    FA = flex(torch)
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    slope = torch.randn(2, dtype=torch.float64, requires_grad=True)
    mask = FA.create_block_mask(lambda b, h, i, j: i >= j, None, None, 3, 3)

    def attend(q: Any, k: Any, v: Any, slope: Any) -> Any:
        return FA.flex_attention(q, k, v, lambda s, b, h, i, j: s + (i - j) * slope[h], mask)

    assert torch.autograd.gradcheck(attend, (q, k, v, slope))
    nowhere = FA.create_block_mask(lambda b, h, i, j: i > 1, None, None, 3, 3)
    FA.flex_attention(q, k, v, block_mask=nowhere).sum().backward()
    assert torch.isfinite(q.grad).all() and torch.isfinite(k.grad).all()


def test_the_way_in_which_attention_is_computed_is_chosen() -> None:
    def scenario(torch: Any) -> Any:
        attention, cuda = import_module(f"{torch.__name__}.nn.attention"), torch.backends.cuda
        B, attend = attention.SDPBackend, torch.nn.functional.scaled_dot_product_attention
        q = torch.randn(1, 2, 3, 4, requires_grad=True)
        seen = [attend(q, q, q)]
        for ways, first in ((B.MATH, False), (B.FLASH_ATTENTION, False), ([B.MATH, B.FLASH_ATTENTION], True)):
            with attention.sdpa_kernel(ways, set_priority=first):
                seen.append((attend(q, q, q), cuda.math_sdp_enabled(), cuda.flash_sdp_enabled(), cuda.cudnn_sdp_enabled()))
        cuda.enable_flash_sdp(False)
        seen.append(attend(q, q, q))
        cuda.enable_flash_sdp(True)
        with cuda.sdp_kernel(enable_flash=False, enable_mem_efficient=False):
            seen.append(attend(q, q, q))
        print(B.MATH, repr(B.ERROR), B(2), int(B.CUDNN_ATTENTION), attention._cur_sdpa_kernel_backends())
        return seen, attend(q, q, q), cuda.is_flash_attention_available()

    agree(scenario)


@pytest.mark.parametrize("ways", ["[]", "B.EFFICIENT_ATTENTION", "[B.CUDNN_ATTENTION]", "'math'"])
def test_there_has_to_be_a_way(ways: str) -> None:
    def scenario(torch: Any) -> Any:
        attention = import_module(f"{torch.__name__}.nn.attention")
        with attention.sdpa_kernel(eval(ways, {"B": attention.SDPBackend})):
            torch.nn.functional.scaled_dot_product_attention(*[torch.ones(1, 2, 3, 4)] * 3)

    agree(scenario, raises=True)


def test_causal_masks_by_their_kind() -> None:
    def scenario(torch: Any) -> Any:
        bias = import_module(f"{torch.__name__}.nn.attention.bias")
        attend = torch.nn.functional.scaled_dot_product_attention
        q, k = torch.randn(1, 2, 3, 4, requires_grad=True), torch.randn(1, 2, 5, 4)
        masks = bias.causal_lower_right(3, 5), bias.causal_upper_left(3, 5), bias.causal_lower_right(3, 3)
        print(*masks, isinstance(masks[0], torch.Tensor), masks[0].shape, masks[0].variant, bias.causal_lower_right(3, 2))
        found = [attend(q, k, k, attn_mask=m) for m in masks[:2]] + [attend(q, q, q, attn_mask=masks[2], scale=0.5)]
        sum(y.square().sum() for y in found).backward()
        return found, q.grad

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "bias.causal_lower_right(3)", "bias.CausalBias(1, 2, 3)",
        "torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=bias.causal_upper_left(3, 3), is_causal=True)",
    ],
)  # fmt: skip
def test_what_is_no_causal_mask(call: str) -> None:
    def scenario(torch: Any) -> Any:
        bias = import_module(f"{torch.__name__}.nn.attention.bias")
        return eval(call, {"torch": torch, "bias": bias, "q": torch.ones(1, 1, 3, 4)})

    agree(scenario, raises=True)


def test_sequences_one_after_the_other_are_refused() -> None:
    from adjoint.nn.attention.varlen import varlen_attn

    with pytest.raises(NotImplementedError, match="on GPUs only"):
        varlen_attn(None, None, None, None, None)
