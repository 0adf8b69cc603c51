"""Train a variational autoencoder on scanned handwritten digits: ``adjoint run examples/vae.py``.

Written against ``torch`` alone, so ``python examples/vae.py`` runs it on PyTorch.  The data are the 1,797 images of 8 x 8 pixels
that scikit-learn carries.  Two numbers stand for an image; the picture, in the folder given by ``--out``, shows where the images
lie in their plane, and what images its places stand for.
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws into a file: no window is needed

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a variational autoencoder on scanned handwritten digits.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/vae"), help="folder for the picture")
    return parser.parse_args()


class VAE(nn.Module):
    """An encoder from images to normal distributions over the plane, and a decoder from its points to images."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))
        self.decoder = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 64))

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The means and the logarithms of the variances."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        return mean, log_variance

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, log_variance = self.encode(images)
        point = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decoder(point), mean, log_variance


def loss_of(model: VAE, images: torch.Tensor) -> torch.Tensor:
    """The negative evidence lower bound of an image, Kingma and Welling (2014): how well it is decoded, and how far its
    distribution is from the standard one."""
    scores: torch.Tensor
    mean: torch.Tensor
    log_variance: torch.Tensor
    scores, mean, log_variance = model(images)
    decoding = F.binary_cross_entropy_with_logits(scores, images, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
    loss: torch.Tensor = (decoding + divergence) / len(images)
    return loss


def train(model: VAE, images: torch.Tensor, options: argparse.Namespace) -> list[float]:
    """Train with Adam; returns the mean loss of every epoch."""
    loader = DataLoader(TensorDataset(images), batch_size=options.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    losses: list[float] = []
    with tqdm(total=options.epochs * len(loader), unit="step") as progress:
        for epoch in range(options.epochs):
            total = 0.0
            for (batch,) in loader:
                optimizer.zero_grad()
                loss = loss_of(model, batch)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(batch)
                progress.update()
            losses.append(total / len(images))
            progress.set_description(f"epoch {epoch + 1}/{options.epochs}, loss {losses[-1]:.4f}")
    return losses


@torch.no_grad()
def draw_plane(model: VAE, images: torch.Tensor, labels: torch.Tensor, losses: list[float], path: Path) -> None:
    """Where the images lie, what the places of a grid stand for, and the losses."""
    figure, (places, grid, curve) = plt.subplots(1, 3, figsize=(15, 4.6))
    mean, _ = model.encode(images)
    dots = places.scatter(*mean.T.tolist(), c=labels.tolist(), cmap="tab10", s=6)
    figure.colorbar(dots, ax=places, label="digit")
    places.set(title="images as points", xlim=(-4, 4), ylim=(-4, 4))
    steps = torch.linspace(-2.5, 2.5, 15)
    points = torch.cartesian_prod(steps.flip(0), steps).flip(1)  # row by row, from the upper left
    decoded = model.decoder(points).sigmoid().view(15, 15, 8, 8).permute(0, 2, 1, 3).reshape(120, 120)
    grid.imshow(decoded.tolist(), cmap="gray_r", extent=(-2.5, 2.5, -2.5, 2.5))
    grid.set(title="points as images")
    curve.plot(losses)
    curve.set(title="loss", xlabel="epoch")
    curve.grid(alpha=0.3)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).flatten(1) / 16  # N x 64, from 0 to 1
    labels = torch.tensor(digits.target)
    model = VAE(options.width)
    start = time.perf_counter()
    losses = train(model, images, options)
    seconds = time.perf_counter() - start
    options.out.mkdir(parents=True, exist_ok=True)
    draw_plane(model, images, labels, losses, options.out / "plane.png")
    print(f"loss {losses[0]:.4f} in the beginning, {losses[-1]:.4f} in the end")
    print(f"trained {options.epochs} epochs in {seconds:.1f} s, saved {options.out / 'plane.png'}")


if __name__ == "__main__":
    main()
