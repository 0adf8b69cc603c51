"""Have an LSTM go on with a time series: ``adjoint run examples/time_series.py``.

Written against ``torch`` alone, so ``python examples/time_series.py`` runs it on PyTorch.  The series, made in the program, is a
daily and a weekly wave, a slow rise and noise, as of a shop's visitors by the hour.  The model learns to tell the next value;
then it is fed its own.  The picture, in the folder given by ``--out``, shows what it makes of the days that it has not seen.
"""

import argparse
import math
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws into a file: no window is needed

import matplotlib.pyplot as plt
import torch
from torch import nn
from tqdm import tqdm

DAY = 24


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Have an LSTM go on with a time series.")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--length", type=int, default=4 * DAY, help="how many hours a training piece has")
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--lr", type=float, default=1e-2, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/time_series"), help="folder for the picture")
    return parser.parse_args()


def make_series(days: int) -> torch.Tensor:
    """So many days of hourly values, about 0 and of about size 1."""
    hours = torch.arange(days * DAY, dtype=torch.float32)
    daily = torch.sin(2 * math.pi * hours / DAY) + 0.4 * torch.sin(4 * math.pi * hours / DAY + 1)
    weekly = 0.6 * torch.cos(2 * math.pi * hours / (7 * DAY))
    return daily + weekly + hours / hours[-1] - 0.5 + 0.1 * torch.randn(len(hours))


class Forecaster(nn.Module):
    """Tells how the value of the next hour differs from this hour's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, values: torch.Tensor, state=None):
        """Values of shape (batch, hours) as those of the next hours, and the state to go on from."""
        found, state = self.lstm(values.unsqueeze(-1), state)
        return values + self.head(found).squeeze(-1), state

    @torch.no_grad()
    def go_on(self, values: torch.Tensor, count: int) -> torch.Tensor:
        """So many hours more, each made of the one before."""
        found, state = self(values.unsqueeze(0))
        made = [found[:, -1:]]
        while len(made) < count:
            following, state = self(made[-1], state)
            made.append(following)
        return torch.cat(made, dim=1).squeeze(0)


def train(model: Forecaster, series: torch.Tensor, options: argparse.Namespace) -> list[float]:
    """Train with Adam and a learning rate that falls; returns the loss of every step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
    pieces = series.unfold(0, options.length + 1, 1)
    losses: list[float] = []
    with tqdm(total=options.steps, unit="step") as progress:
        while len(losses) < options.steps:
            batch = pieces[torch.randint(len(pieces), (options.batch_size,))]
            told, _ = model(batch[:, :-1])
            loss = nn.functional.mse_loss(told, batch[:, 1:])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            progress.set_description(f"loss {losses[-1]:.4f}")
            progress.update()
    return losses


def draw_forecast(known: torch.Tensor, unseen: torch.Tensor, told: torch.Tensor, losses: list[float], path: Path) -> None:
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 6), height_ratios=(2, 1))
    before = [(hour - len(known)) / DAY for hour in range(len(known))]
    after = [hour / DAY for hour in range(len(unseen))]
    above.plot(before, known.tolist(), color="0.4", linewidth=1, label="known")
    above.plot(after, unseen.tolist(), color="0.7", linewidth=1, label="what came")
    above.plot(after, told.tolist(), color="C3", linewidth=1.5, label="the model's")
    above.set(xlabel="day", title="A time series and how an LSTM goes on with it")
    above.legend(loc="lower left", ncols=3)
    below.plot(losses, linewidth=1)
    below.set(xlabel="step", ylabel="squared error", yscale="log")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    series = make_series(days=70)
    known, unseen = series[: -7 * DAY], series[-7 * DAY :]
    model = Forecaster(options.width)
    start = time.perf_counter()
    losses = train(model, known, options)
    seconds = time.perf_counter() - start
    told = model.go_on(known[-14 * DAY :], len(unseen))
    error = nn.functional.mse_loss(told, unseen).sqrt().item()
    options.out.mkdir(parents=True, exist_ok=True)
    draw_forecast(known[-14 * DAY :], unseen, told, losses, options.out / "forecast.png")
    print(f"loss {losses[0]:.4f} in the beginning, {losses[-1]:.4f} in the end")
    print(f"error of the seven days: {error:.3f}; of the day before, repeated: {repeated(known, unseen):.3f}")
    print(f"trained {options.steps} steps in {seconds:.1f} s, saved {options.out / 'forecast.png'}")


def repeated(known: torch.Tensor, unseen: torch.Tensor) -> float:
    """The error of who says that every day will be as the last one was."""
    return float(nn.functional.mse_loss(known[-DAY:].repeat(len(unseen) // DAY), unseen).sqrt().item())


if __name__ == "__main__":
    main()
