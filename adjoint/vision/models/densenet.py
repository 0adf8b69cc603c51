"""DenseNet (Huang et al., 2017): every layer is given what all layers before it in its block computed."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.densenet_weights import (
    DenseNet121_Weights,
    DenseNet161_Weights,
    DenseNet169_Weights,
    DenseNet201_Weights,
)

__all__ = [
    "DenseNet",
    "DenseNet121_Weights",
    "DenseNet161_Weights",
    "DenseNet169_Weights",
    "DenseNet201_Weights",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
]


class _DenseLayer(nn.Module):
    """A 1x1 and a 3x3 convolution, each after a normalization, that make ``growth_rate`` channels of all there are.

    ``memory_efficient`` computes the wide part again in the backward (Pleiss et al., 2017).
    """

    def __init__(
        self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool = False
    ) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs: list[Tensor]) -> Tensor:
        """The 1x1 convolution of all that there is."""
        return self.conv1(self.relu1(self.norm1(adjoint.cat(inputs, 1))))

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        inputs = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(x.requires_grad for x in inputs):
            from adjoint.utils.checkpoint import checkpoint

            narrow = checkpoint(lambda *given: self.bn_function(list(given)), *inputs, use_reentrant=False)
        else:
            narrow = self.bn_function(inputs)
        made = self.conv2(self.relu2(self.norm2(narrow)))
        return F.dropout(made, p=self.drop_rate, training=self.training) if self.drop_rate > 0 else made


class _DenseBlock(nn.ModuleDict):
    """Dense layers, one after the other; gives the input and what all of them made."""

    _version = 2

    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            channels = num_input_features + i * growth_rate
            self.add_module(
                f"denselayer{i + 1}",
                _DenseLayer(channels, growth_rate, bn_size, drop_rate, memory_efficient),
            )

    def forward(self, init_features: Tensor) -> Tensor:
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return adjoint.cat(features, 1)


class _Transition(nn.Sequential):
    """Half of the channels, of half the size."""

    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, kernel_size=1, stride=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """Takes images (N, 3, H, W), H and W at least 29, and gives (N, ``num_classes``).

    ``block_config`` are the numbers of layers in the blocks; each layer adds ``growth_rate`` channels, by way of ``bn_size`` times
    as many, to the ``num_init_features`` of the first convolution.  ``drop_rate`` is the dropout after each layer,
    ``memory_efficient`` trades time for memory by checkpoints.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, int, int, int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        stem = OrderedDict(
            conv0=nn.Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(num_init_features),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        self.features = nn.Sequential(stem)
        channels = num_init_features
        for i, layers in enumerate(block_config, 1):
            block = _DenseBlock(layers, channels, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{i}", block)
            channels += layers * growth_rate
            if i < len(block_config):
                self.features.add_module(f"transition{i}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        features = F.relu(self.features(x), inplace=True)
        return self.classifier(adjoint.flatten(F.adaptive_avg_pool2d(features, (1, 1)), 1))


def with_new_keys(state: dict[str, Any]) -> dict[str, Any]:
    """A file's parameters by the names that they have today: the files say ``norm.1``, which is no name of a module now."""
    return {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", key): value for key, value in state.items()}


densenet121 = builder(
    "densenet121", DenseNet, DenseNet121_Weights, "DenseNet-121 (Huang et al., 2017).", adapt=with_new_keys,
    growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64,
)  # fmt: skip
densenet161 = builder(
    "densenet161", DenseNet, DenseNet161_Weights, "DenseNet-161 (Huang et al., 2017).", adapt=with_new_keys,
    growth_rate=48, block_config=(6, 12, 36, 24), num_init_features=96,
)  # fmt: skip
densenet169 = builder(
    "densenet169", DenseNet, DenseNet169_Weights, "DenseNet-169 (Huang et al., 2017).", adapt=with_new_keys,
    growth_rate=32, block_config=(6, 12, 32, 32), num_init_features=64,
)  # fmt: skip
densenet201 = builder(
    "densenet201", DenseNet, DenseNet201_Weights, "DenseNet-201 (Huang et al., 2017).", adapt=with_new_keys,
    growth_rate=32, block_config=(6, 12, 48, 32), num_init_features=64,
)  # fmt: skip
