"""AlexNet, as Krizhevsky (2014) simplified it: five convolutions, and three linear layers with dropout."""

from __future__ import annotations

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.alexnet_weights import AlexNet_Weights
from adjoint.vision.models.builders import builder

__all__ = ["AlexNet", "AlexNet_Weights", "alexnet"]

# Convolutions: channels, kernel, stride, padding, and whether a pooling follows.
_CONVOLUTIONS = [(64, 11, 4, 2, True), (192, 5, 1, 2, True), (384, 3, 1, 1, False), (256, 3, 1, 1, False), (256, 3, 1, 1, True)]


class AlexNet(nn.Module):
    """Takes images (N, 3, H, W), H and W at least 63, and gives (N, ``num_classes``)."""

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for channels, kernel, stride, padding, pooled in _CONVOLUTIONS:
            layers += [nn.Conv2d(before, channels, kernel, stride, padding), nn.ReLU(inplace=True)]
            if pooled:
                layers.append(nn.MaxPool2d(kernel_size=3, stride=2))
            before = channels
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adjoint.flatten(self.avgpool(self.features(x)), 1))


alexnet = builder("alexnet", AlexNet, AlexNet_Weights, "AlexNet (Krizhevsky, 2014).")
