"""Train ResNet-18 on scanned handwritten digits: ``adjoint run examples/digits.py``.

Written against ``torch`` and ``torchvision`` alone, so ``python examples/digits.py`` runs it on PyTorch.  The data are
the 1,797 images of 8 x 8 pixels that scikit-learn carries; a fifth of them is held out.  Writes a checkpoint and a
picture of the loss curve into the folder given by ``--out``.
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws into a file: no window is needed

import matplotlib.pyplot as plt
import torch
import torchvision
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train ResNet-18 on scanned handwritten digits.")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.02, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/digits"), help="folder for what is saved")
    return parser.parse_args()


def load_data() -> tuple[TensorDataset, TensorDataset]:
    """Four fifths of the images to train on, and the fifth that is held out, drawn at random."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16  # N x 1 x 8 x 8, from 0 to 1
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(labels))
    held_out, training = order[: len(order) // 5], order[len(order) // 5 :]
    return TensorDataset(images[training], labels[training]), TensorDataset(images[held_out], labels[held_out])


def build_model() -> nn.Module:
    """ResNet-18 for small grey images of ten kinds."""
    model = torchvision.models.resnet18(weights=None)
    model.conv1 = nn.Conv2d(1, 64, kernel_size=3, stride=1, padding=1, bias=False)
    model.fc = nn.Linear(model.fc.in_features, 10)
    return model


def train(model: nn.Module, data: TensorDataset, options: argparse.Namespace) -> list[float]:
    """Train with momentum and a learning rate that rises and falls; returns the loss of every step."""
    loader = DataLoader(data, batch_size=options.batch_size, shuffle=True, drop_last=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9, weight_decay=5e-4)
    loss_function = nn.CrossEntropyLoss()
    steps = options.epochs * len(loader)
    losses: list[float] = []
    model.train()
    with tqdm(total=steps, unit="step") as progress:
        for epoch in range(options.epochs):
            for images, labels in loader:
                done = len(losses) / steps
                for group in optimizer.param_groups:
                    group["lr"] = options.lr * min(done / 0.2, (1 - done) / 0.8)
                optimizer.zero_grad()
                loss = loss_function(model(images), labels)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                progress.set_description(f"epoch {epoch + 1}/{options.epochs}, loss {losses[-1]:.4f}")
                progress.update()
    return losses


@torch.no_grad()
def accuracy(model: nn.Module, data: TensorDataset) -> float:
    """The share of images that the model names right."""
    model.eval()
    right = 0
    for images, labels in DataLoader(data, batch_size=256):
        right += (model(images).argmax(dim=1) == labels).sum().item()
    return right / len(data)


def draw_losses(losses: list[float], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(losses, linewidth=1)
    axes.set(xlabel="step", ylabel="cross entropy", yscale="log", title="ResNet-18 on scanned digits")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    training, held_out = load_data()
    model = build_model()
    start = time.perf_counter()
    losses = train(model, training, options)
    seconds = time.perf_counter() - start
    reached = accuracy(model, held_out)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model.state_dict(), "accuracy": reached}, options.out / "checkpoint.pt")
    draw_losses(losses, options.out / "loss.png")
    print(f"trained on {len(training)} images in {seconds:.1f} s")
    print(f"accuracy on {len(held_out)} held-out images: {reached:.2%}")
    print(f"saved {options.out / 'checkpoint.pt'} and {options.out / 'loss.png'}")


if __name__ == "__main__":
    main()
