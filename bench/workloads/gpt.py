"""A small GPT over characters, trained with AdamW."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload
from bench.steps import training

LAYERS, WIDTH, HEADS = 4, 128, 4
BATCH, TOKENS, VOCABULARY = 12, 64, 65

# Multiply-adds of one token: 12 width² in a layer, and the logits; of attention both products, half of them masked.
_LINEAR = BATCH * TOKENS * (LAYERS * 12 * WIDTH**2 + WIDTH * VOCABULARY)
_ATTENTION = LAYERS * BATCH * WIDTH * TOKENS * (TOKENS + 1)


@workload(at_least=1.4, flops=3 * 2 * (_LINEAR + _ATTENTION))
def gpt(torch: Any) -> Callable[[], None]:
    """training step of a GPT with AdamW, 4 layers, 128 wide, 4 heads, 12 x 64 tokens"""
    model = _gpt(torch)
    tokens = torch.randint(0, VOCABULARY, (BATCH, TOKENS))
    targets = torch.randint(0, VOCABULARY, (BATCH * TOKENS,))

    def loss() -> Any:
        return torch.nn.functional.cross_entropy(model(tokens).view(-1, VOCABULARY), targets)

    return training(model, loss, torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.1))


def _gpt(torch: Any) -> Any:
    nn = torch.nn

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.into = nn.Linear(WIDTH, 3 * WIDTH)
            self.out = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            batch, tokens, _ = x.shape
            heads = (
                part.view(batch, tokens, HEADS, WIDTH // HEADS).transpose(1, 2)
                for part in self.into(x).split(WIDTH, dim=2)
            )
            mixed = nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
            return self.out(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.attention_norm = nn.LayerNorm(WIDTH)
            self.attention = Attention()
            self.mlp_norm = nn.LayerNorm(WIDTH)
            self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.attention_norm(x))
            return x + self.mlp(self.mlp_norm(x))

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(VOCABULARY, WIDTH)
            self.places = nn.Embedding(TOKENS, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm = nn.LayerNorm(WIDTH)
            self.logits = nn.Linear(WIDTH, VOCABULARY, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
            return self.logits(self.norm(self.blocks(x)))

    return GPT()
