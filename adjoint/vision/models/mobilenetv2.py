"""MobileNet v2 (Sandler et al., 2018): residual blocks that are wide inside and narrow between, with depthwise convolutions."""

from __future__ import annotations

from collections.abc import Callable

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import _make_divisible
from adjoint.vision.models.builders import builder
from adjoint.vision.models.mobilenetv2_weights import MobileNet_V2_Weights
from adjoint.vision.ops.misc import Conv2dNormActivation

__all__ = ["MobileNetV2", "MobileNet_V2_Weights", "mobilenet_v2"]


class InvertedResidual(nn.Module):
    """A 1x1 convolution that widens, a depthwise one and a 1x1 one that narrows, beside a shortcut where the shapes allow it."""

    def __init__(
        self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: Callable[..., nn.Module] | None = None
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        self.stride = stride
        norm_layer = norm_layer or nn.BatchNorm2d
        within = round(inp * expand_ratio)
        self.use_res_connect = stride == 1 and inp == oup
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(
                Conv2dNormActivation(inp, within, kernel_size=1, norm_layer=norm_layer, activation_layer=nn.ReLU6)
            )
        layers += [
            Conv2dNormActivation(
                within, within, stride=stride, groups=within, norm_layer=norm_layer, activation_layer=nn.ReLU6
            ),
            nn.Conv2d(within, oup, 1, 1, 0, bias=False),
            norm_layer(oup),
        ]
        self.conv = nn.Sequential(*layers)
        self.out_channels = oup
        self._is_cn = stride > 1  # whether features of a size end here, for those who look for them

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


# How much the blocks widen, their channels, how many there are, and the first one's stride.
_BLOCKS = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
]


class MobileNetV2(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``).

    ``width_mult`` multiplies the channels, which are then rounded to multiples of ``round_nearest``; ``inverted_residual_setting``
    has rows of four numbers: how much a block widens, its channels, how many there are, and the first one's stride.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: list[list[int]] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        block = block or InvertedResidual
        norm_layer = norm_layer or nn.BatchNorm2d
        setting = _BLOCKS if inverted_residual_setting is None else inverted_residual_setting
        if len(setting) == 0 or len(setting[0]) != 4:
            raise ValueError(f"inverted_residual_setting should be non-empty or a 4-element list, got {setting}")
        before = _make_divisible(32 * width_mult, round_nearest)
        self.last_channel = _make_divisible(1280 * max(1.0, width_mult), round_nearest)
        features: list[nn.Module] = [
            Conv2dNormActivation(3, before, stride=2, norm_layer=norm_layer, activation_layer=nn.ReLU6)
        ]
        for widening, channels, count, stride in setting:
            after = _make_divisible(channels * width_mult, round_nearest)
            for i in range(count):
                features.append(
                    block(before, after, stride if i == 0 else 1, expand_ratio=widening, norm_layer=norm_layer)
                )
                before = after
        features.append(
            Conv2dNormActivation(
                before, self.last_channel, kernel_size=1, norm_layer=norm_layer, activation_layer=nn.ReLU6
            )
        )
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes))
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)

    def _forward_impl(self, x: Tensor) -> Tensor:
        pooled = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(adjoint.flatten(pooled, 1))


def initialize(model: nn.Module) -> None:
    """Draw the weights of a MobileNet: by the outputs' number for convolutions, small ones for linear layers; no biases."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(module.bias)


mobilenet_v2 = builder("mobilenet_v2", MobileNetV2, MobileNet_V2_Weights, "MobileNet v2 (Sandler et al., 2018).")
