"""VGG: Simonyan and Zisserman (2015), with and without batch normalization.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.vgg_weights import (
    VGG11_BN_Weights,
    VGG11_Weights,
    VGG13_BN_Weights,
    VGG13_Weights,
    VGG16_BN_Weights,
    VGG16_Weights,
    VGG19_BN_Weights,
    VGG19_Weights,
)

__all__ = [
    "VGG",
    "VGG11_Weights",
    "VGG11_BN_Weights",
    "VGG13_Weights",
    "VGG13_BN_Weights",
    "VGG16_Weights",
    "VGG16_BN_Weights",
    "VGG19_Weights",
    "VGG19_BN_Weights",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]


class VGG(nn.Module):
    """Convolutions ``features``, and three linear layers over what is left of an image, pooled to 7 by 7.

    Takes images of shape (N, 3, H, W), H and W at least 32, and gives (N, ``num_classes``).
    """

    def __init__(self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                    if module.bias is not None:
                        nn.init.constant_(module.bias, 0)
                elif isinstance(module, nn.BatchNorm2d):
                    nn.init.constant_(module.weight, 1)
                    nn.init.constant_(module.bias, 0)
                elif isinstance(module, nn.Linear):
                    nn.init.normal_(module.weight, 0, 0.01)
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adjoint.flatten(self.avgpool(self.features(x)), 1))


# By the letters that the paper's table 1 has for them: channels of the convolutions, and "M" for a pooling.
cfgs: dict[str, list[str | int]] = {
    "A": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "B": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "D": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    "E": [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}
_LETTERS = {11: "A", 13: "B", 16: "D", 19: "E"}


def make_layers(cfg: list[str | int], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions of a VGG: for each number of channels one of them, with a normalization or without, and a ReLU."""
    layers: list[nn.Module] = []
    before = 3
    for channels in cfg:
        if isinstance(channels, str):
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(before, channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU(inplace=True))
        before = channels
    return nn.Sequential(*layers)


def make_vgg(depth: int, batch_norm: bool, **kwargs: Any) -> VGG:
    """The VGG of that many layers."""
    return VGG(make_layers(cfgs[_LETTERS[depth]], batch_norm), **kwargs)


vgg11 = builder(
    "vgg11", make_vgg, VGG11_Weights, "VGG-11 (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=11, batch_norm=False,
)  # fmt: skip
vgg11_bn = builder(
    "vgg11_bn", make_vgg, VGG11_BN_Weights, "VGG-11 with batch normalization (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=11, batch_norm=True,
)  # fmt: skip
vgg13 = builder(
    "vgg13", make_vgg, VGG13_Weights, "VGG-13 (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=13, batch_norm=False,
)  # fmt: skip
vgg13_bn = builder(
    "vgg13_bn", make_vgg, VGG13_BN_Weights, "VGG-13 with batch normalization (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=13, batch_norm=True,
)  # fmt: skip
vgg16 = builder(
    "vgg16", make_vgg, VGG16_Weights, "VGG-16 (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=16, batch_norm=False,
)  # fmt: skip
vgg16_bn = builder(
    "vgg16_bn", make_vgg, VGG16_BN_Weights, "VGG-16 with batch normalization (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=16, batch_norm=True,
)  # fmt: skip
vgg19 = builder(
    "vgg19", make_vgg, VGG19_Weights, "VGG-19 (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=19, batch_norm=False,
)  # fmt: skip
vgg19_bn = builder(
    "vgg19_bn", make_vgg, VGG19_BN_Weights, "VGG-19 with batch normalization (Simonyan and Zisserman, 2015).",
    when_loading={"init_weights": False}, depth=19, batch_norm=True,
)  # fmt: skip
