"""EfficientNet (Tan and Le, 2019), one network in eight sizes, and EfficientNet v2 (Tan and Le, 2021), which trains faster."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import _make_divisible
from adjoint.vision.models.builders import builder
from adjoint.vision.models.efficientnet_weights import (
    EfficientNet_B0_Weights,
    EfficientNet_B1_Weights,
    EfficientNet_B2_Weights,
    EfficientNet_B3_Weights,
    EfficientNet_B4_Weights,
    EfficientNet_B5_Weights,
    EfficientNet_B6_Weights,
    EfficientNet_B7_Weights,
    EfficientNet_V2_L_Weights,
    EfficientNet_V2_M_Weights,
    EfficientNet_V2_S_Weights,
)
from adjoint.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from adjoint.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "EfficientNet",
    "EfficientNet_B0_Weights",
    "EfficientNet_B1_Weights",
    "EfficientNet_B2_Weights",
    "EfficientNet_B3_Weights",
    "EfficientNet_B4_Weights",
    "EfficientNet_B5_Weights",
    "EfficientNet_B6_Weights",
    "EfficientNet_B7_Weights",
    "EfficientNet_V2_L_Weights",
    "EfficientNet_V2_M_Weights",
    "EfficientNet_V2_S_Weights",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_l",
    "efficientnet_v2_m",
    "efficientnet_v2_s",
]


@dataclass
class _MBConvConfig:
    """What a stage is made of: a row of the papers' tables."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: Callable[..., nn.Module]

    @staticmethod
    def adjust_channels(channels: int, width_mult: float, min_value: int | None = None) -> int:
        """That many times as many channels, as a multiple of 8."""
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of :class:`MBConv`, its channels multiplied by ``width_mult`` and its blocks by ``depth_mult``."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        width_mult: float = 1.0,
        depth_mult: float = 1.0,
        block: Callable[..., nn.Module] | None = None,
    ) -> None:
        before, after = (self.adjust_channels(channels, width_mult) for channels in (input_channels, out_channels))
        layers = self.adjust_depth(num_layers, depth_mult)
        super().__init__(expand_ratio, kernel, stride, before, after, layers, block or MBConv)

    @staticmethod
    def adjust_depth(num_layers: int, depth_mult: float) -> int:
        """That many times as many blocks, rounded up."""
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_MBConvConfig):
    """A stage of :class:`FusedMBConv`."""

    def __init__(
        self,
        expand_ratio: float,
        kernel: int,
        stride: int,
        input_channels: int,
        out_channels: int,
        num_layers: int,
        block: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class _Block(nn.Module):
    """Layers beside a shortcut where the shapes allow it; then they are left out for a part of a batch at random."""

    def __init__(self, cnf: _MBConvConfig, layers: list[nn.Module], stochastic_depth_prob: float) -> None:
        super().__init__()
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


class MBConv(_Block):
    """Widening, a depthwise convolution, squeeze-and-excitation, and narrowing."""

    def __init__(
        self,
        cnf: MBConvConfig,
        stochastic_depth_prob: float,
        norm_layer: Callable[..., nn.Module],
        se_layer: Callable[..., nn.Module] = SqueezeExcitation,
    ) -> None:
        _check_stride(cnf)
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        within = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        layers: list[nn.Module] = []
        if within != cnf.input_channels:
            layers.append(layer(cnf.input_channels, within, kernel_size=1))
        layers += [
            layer(within, within, kernel_size=cnf.kernel, stride=cnf.stride, groups=within),
            se_layer(within, max(1, cnf.input_channels // 4), activation=partial(nn.SiLU, inplace=True)),
            layer(within, cnf.out_channels, kernel_size=1, activation_layer=None),
        ]
        super().__init__(cnf, layers, stochastic_depth_prob)


class FusedMBConv(_Block):
    """One convolution that widens and one that narrows, or one alone."""

    def __init__(
        self, cnf: FusedMBConvConfig, stochastic_depth_prob: float, norm_layer: Callable[..., nn.Module]
    ) -> None:
        _check_stride(cnf)
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        within = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        if within != cnf.input_channels:
            layers: list[nn.Module] = [
                layer(cnf.input_channels, within, kernel_size=cnf.kernel, stride=cnf.stride),
                layer(within, cnf.out_channels, kernel_size=1, activation_layer=None),
            ]
        else:
            layers = [layer(cnf.input_channels, cnf.out_channels, kernel_size=cnf.kernel, stride=cnf.stride)]
        super().__init__(cnf, layers, stochastic_depth_prob)


def _check_stride(cnf: _MBConvConfig) -> None:
    if not 1 <= cnf.stride <= 2:
        raise ValueError("illegal stride value")


class EfficientNet(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``).

    ``inverted_residual_setting`` are the stages; ``stochastic_depth_prob`` is that of the last block to be left out, and grows
    towards it; ``last_channel`` are the channels before the classifier, four times those of the last stage if None.
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig | FusedMBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: Callable[..., nn.Module] | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not (isinstance(setting, Sequence) and all(isinstance(s, _MBConvConfig) for s in setting)):
            raise TypeError("The inverted_residual_setting should be List[MBConvConfig]")
        norm_layer = norm_layer or nn.BatchNorm2d
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU)
        layers: list[nn.Module] = [layer(3, setting[0].input_channels, kernel_size=3, stride=2)]
        total, made = sum(cnf.num_layers for cnf in setting), 0
        for cnf in setting:
            blocks = []
            for i in range(cnf.num_layers):
                own = copy.copy(cnf)
                if i:  # only the first one changes channels and size
                    own.input_channels, own.stride = own.out_channels, 1
                blocks.append(own.block(own, stochastic_depth_prob * float(made) / total, norm_layer))
                made += 1
            layers.append(nn.Sequential(*blocks))
        before = setting[-1].out_channels
        last = 4 * before if last_channel is None else last_channel
        layers.append(layer(before, last, kernel_size=1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(last, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                bound = 1.0 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(adjoint.flatten(self.avgpool(self.features(x)), 1))


# The stages: how much blocks widen, kernel, the first one's stride, channels before, channels after, how many blocks.
_Row = tuple[int, int, int, int, int, int]
_V1: list[_Row] = [
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
]
# Those of v2 are fused in the first list, and not in the second.
_V2: dict[str, tuple[list[_Row], list[_Row]]] = {
    "s": (
        [(1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)],
        [(4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)],
    ),
    "m": (
        [(1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)],
        [(4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)],
    ),
    "l": (
        [(1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)],
        [(4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)],
    ),
}


def make_v1(width_mult: float, depth_mult: float, **kwargs: Any) -> EfficientNet:
    """The EfficientNet of so many times the channels and the blocks of the smallest one."""
    return EfficientNet([MBConvConfig(*row, width_mult, depth_mult) for row in _V1], **kwargs)


def make_v2(size: str, **kwargs: Any) -> EfficientNet:
    """The EfficientNet v2 of size "s", "m" or "l"."""
    fused, separate = _V2[size]
    setting: list[MBConvConfig | FusedMBConvConfig] = [FusedMBConvConfig(*row) for row in fused]
    setting += [MBConvConfig(*row) for row in separate]
    return EfficientNet(setting, last_channel=1280, norm_layer=partial(nn.BatchNorm2d, eps=1e-03), **kwargs)


_FIRST, _SECOND = "(Tan and Le, 2019).", "(Tan and Le, 2021)."
_SLOW = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)

efficientnet_b0 = builder(
    "efficientnet_b0", make_v1, EfficientNet_B0_Weights, f"EfficientNet-B0 {_FIRST}",
    defaults={"dropout": 0.2}, width_mult=1.0, depth_mult=1.0,
)  # fmt: skip
efficientnet_b1 = builder(
    "efficientnet_b1", make_v1, EfficientNet_B1_Weights, f"EfficientNet-B1 {_FIRST}",
    defaults={"dropout": 0.2}, width_mult=1.0, depth_mult=1.1,
)  # fmt: skip
efficientnet_b2 = builder(
    "efficientnet_b2", make_v1, EfficientNet_B2_Weights, f"EfficientNet-B2 {_FIRST}",
    defaults={"dropout": 0.3}, width_mult=1.1, depth_mult=1.2,
)  # fmt: skip
efficientnet_b3 = builder(
    "efficientnet_b3", make_v1, EfficientNet_B3_Weights, f"EfficientNet-B3 {_FIRST}",
    defaults={"dropout": 0.3}, width_mult=1.2, depth_mult=1.4,
)  # fmt: skip
efficientnet_b4 = builder(
    "efficientnet_b4", make_v1, EfficientNet_B4_Weights, f"EfficientNet-B4 {_FIRST}",
    defaults={"dropout": 0.4}, width_mult=1.4, depth_mult=1.8,
)  # fmt: skip
efficientnet_b5 = builder(
    "efficientnet_b5", make_v1, EfficientNet_B5_Weights, f"EfficientNet-B5 {_FIRST}",
    defaults={"dropout": 0.4}, width_mult=1.6, depth_mult=2.2, norm_layer=_SLOW,
)  # fmt: skip
efficientnet_b6 = builder(
    "efficientnet_b6", make_v1, EfficientNet_B6_Weights, f"EfficientNet-B6 {_FIRST}",
    defaults={"dropout": 0.5}, width_mult=1.8, depth_mult=2.6, norm_layer=_SLOW,
)  # fmt: skip
efficientnet_b7 = builder(
    "efficientnet_b7", make_v1, EfficientNet_B7_Weights, f"EfficientNet-B7 {_FIRST}",
    defaults={"dropout": 0.5}, width_mult=2.0, depth_mult=3.1, norm_layer=_SLOW,
)  # fmt: skip
efficientnet_v2_s = builder(
    "efficientnet_v2_s", make_v2, EfficientNet_V2_S_Weights, f"EfficientNet v2, small {_SECOND}",
    defaults={"dropout": 0.2}, size="s",
)  # fmt: skip
efficientnet_v2_m = builder(
    "efficientnet_v2_m", make_v2, EfficientNet_V2_M_Weights, f"EfficientNet v2, medium {_SECOND}",
    defaults={"dropout": 0.3}, size="m",
)  # fmt: skip
efficientnet_v2_l = builder(
    "efficientnet_v2_l", make_v2, EfficientNet_V2_L_Weights, f"EfficientNet v2, large {_SECOND}",
    defaults={"dropout": 0.4}, size="l",
)  # fmt: skip
