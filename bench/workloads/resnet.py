"""ResNet-18 (He et al., 2016, "Deep residual learning for image recognition") on small pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.registry import workload
from bench.steps import training

SIZE, CLASSES = 64, 1000
STAGES = (64, 128, 256, 512)


def _resnet18_step(batch: int, torch: Any) -> Callable[[], None]:
    model = _resnet18(torch)
    pictures = torch.randn(batch, 3, SIZE, SIZE)
    targets = torch.randint(0, CLASSES, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9, weight_decay=1e-4)
    return training(model, lambda: torch.nn.functional.cross_entropy(model(pictures), targets), optimizer)


def _resnet18(torch: Any) -> Any:
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, channels: int, out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out)
            self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out)
            self.relu = nn.ReLU(inplace=True)
            self.shortcut = None
            if stride != 1 or channels != out:
                self.shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

        def forward(self, x: Any) -> Any:
            y = self.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            y += x if self.shortcut is None else self.shortcut(x)
            return self.relu(y)

    stem = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)
    blocks = []
    channels = 64
    for out in STAGES:
        blocks += [Block(channels, out, 1 if out == channels else 2), Block(out, out, 1)]
        channels = out
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES)
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, padding=1), *blocks, *head)


def _flops_of_a_picture() -> int:
    """Of a training step; the gradient of the pictures is not asked for."""
    size = SIZE // 2
    stem = size**2 * 64 * 3 * 49
    size //= 2
    rest = 512 * CLASSES
    channels = 64
    for out in STAGES:
        if out != channels:
            size //= 2
            rest += size**2 * out * channels  # the shortcut
        rest += size**2 * out * 9 * (channels + 3 * out)
        channels = out
    return 2 * (2 * stem + 3 * rest)


for _batch in (1, 16):
    workload(
        name=f"resnet18_batch{_batch}",
        title=f"training step of ResNet-18 with momentum, {_batch} x 3 x {SIZE} x {SIZE}",
        at_least=1.3,
        flops=_batch * _flops_of_a_picture(),
        memory_at_most=1.0 if _batch == 16 else None,
    )(partial(_resnet18_step, _batch))
