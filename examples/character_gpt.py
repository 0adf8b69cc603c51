"""Train a small GPT on characters: ``adjoint run examples/character_gpt.py``.

Written against ``torch`` alone, so ``python examples/character_gpt.py`` runs it on PyTorch.  The text is what Python's own
``help()`` has to say about the language, which every installation carries; a tenth of it is held out.  Prints what the model
writes in the end, and draws its losses into the folder given by ``--out``.
"""

import argparse
import time
from pathlib import Path
from pydoc_data.topics import topics

import matplotlib

matplotlib.use("Agg")  # draws into a file: no window is needed

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small GPT on characters.")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--context", type=int, default=64, help="how many characters the model looks back")
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--lr", type=float, default=2e-3, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/character_gpt"), help="folder for the picture")
    return parser.parse_args()


class Attention(nn.Module):
    """Each character looks at those before it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.queries_keys_values(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        mixed: torch.Tensor = self.out(found.transpose(1, 2).reshape(batch, length, width))
        return mixed


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.mlp = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(x)
        x = x + self.mlp(x)
        return x


class GPT(nn.Module):
    """Tells, for every place of a text, which character comes next."""

    def __init__(self, characters: int, context: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.context = context
        self.of_character = nn.Embedding(characters, width)
        self.of_place = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)), nn.LayerNorm(width))
        self.head = nn.Linear(width, characters, bias=False)
        self.head.weight = self.of_character.weight
        self.apply(self.initialize)

    @staticmethod
    def initialize(module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        places = torch.arange(text.shape[1], device=text.device)
        scores: torch.Tensor = self.head(self.blocks(self.of_character(text) + self.of_place(places)))
        return scores

    @torch.no_grad()
    def write(self, text: torch.Tensor, count: int, temperature: float = 0.7) -> torch.Tensor:
        """The text and so many characters more, drawn one after the other."""
        for _ in range(count):
            scores = self(text[:, -self.context :])[:, -1] / temperature
            text = torch.cat([text, torch.multinomial(scores.softmax(-1), 1)], dim=1)
        return text


def draw_batch(text: torch.Tensor, options: argparse.Namespace) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces of the text from anywhere in it, and the same pieces one character further."""
    starts = torch.randint(len(text) - options.context - 1, (options.batch_size,)).tolist()
    pieces = torch.stack([text[start : start + options.context + 1] for start in starts])
    return pieces[:, :-1], pieces[:, 1:]


def loss_of(model: GPT, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    given, wanted = batch
    return F.cross_entropy(model(given).flatten(0, 1), wanted.flatten())


def train(model: GPT, training: torch.Tensor, held_out: torch.Tensor, options: argparse.Namespace) -> dict[str, list[float]]:
    """Train with AdamW and a learning rate that rises and falls; returns the losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, betas=(0.9, 0.95), weight_decay=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=options.steps, pct_start=0.1)
    losses: dict[str, list[float]] = {"training": [], "held out": []}
    with tqdm(total=options.steps, unit="step") as progress:
        for step in range(options.steps):
            loss = loss_of(model, draw_batch(training, options))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses["training"].append(loss.item())
            if step % 20 == 0:
                with torch.no_grad():
                    losses["held out"].append(loss_of(model, draw_batch(held_out, options)).item())
            progress.set_description(f"loss {losses['training'][-1]:.4f}, held out {losses['held out'][-1]:.4f}")
            progress.update()
    return losses


def draw_losses(losses: dict[str, list[float]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4))
    for (name, values), every in zip(losses.items(), (1, 20)):
        axes.plot([every * k for k in range(len(values))], values, linewidth=1, label=name)
    axes.set(xlabel="step", ylabel="cross entropy of a character", title="A small GPT reads about Python")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    text = "\n\n".join(topics[name] for name in sorted(topics))
    characters = sorted(set(text))
    number = {character: k for k, character in enumerate(characters)}
    encoded = torch.tensor([number[character] for character in text])
    training, held_out = encoded[: len(encoded) * 9 // 10], encoded[len(encoded) * 9 // 10 :]
    model = GPT(len(characters), options.context, options.width, options.layers, options.heads)
    print(f"{len(text)} characters, {len(characters)} different ones; {sum(p.numel() for p in model.parameters())} parameters")
    start = time.perf_counter()
    losses = train(model, training, held_out, options)
    seconds = time.perf_counter() - start
    options.out.mkdir(parents=True, exist_ok=True)
    draw_losses(losses, options.out / "loss.png")
    model.eval()
    written = model.write(torch.tensor([[number["\n"]]]), 300)
    print("".join([characters[int(k)] for k in written[0]]))
    print(f"loss {losses['training'][0]:.4f} in the beginning, {losses['training'][-1]:.4f} in the end")
    print(f"trained {options.steps} steps in {seconds:.1f} s, saved {options.out / 'loss.png'}")


if __name__ == "__main__":
    main()
