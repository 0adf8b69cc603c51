"""RegNet (Radosavovic et al., 2020): residual networks whose widths follow a line; those named Y squeeze and excite, too."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import _make_divisible
from adjoint.vision.models.builders import builder
from adjoint.vision.models.regnet_weights import (
    RegNet_X_1_6GF_Weights,
    RegNet_X_3_2GF_Weights,
    RegNet_X_8GF_Weights,
    RegNet_X_16GF_Weights,
    RegNet_X_32GF_Weights,
    RegNet_X_400MF_Weights,
    RegNet_X_800MF_Weights,
    RegNet_Y_1_6GF_Weights,
    RegNet_Y_3_2GF_Weights,
    RegNet_Y_8GF_Weights,
    RegNet_Y_16GF_Weights,
    RegNet_Y_32GF_Weights,
    RegNet_Y_128GF_Weights,
    RegNet_Y_400MF_Weights,
    RegNet_Y_800MF_Weights,
)
from adjoint.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "RegNet",
    "RegNet_X_16GF_Weights",
    "RegNet_X_1_6GF_Weights",
    "RegNet_X_32GF_Weights",
    "RegNet_X_3_2GF_Weights",
    "RegNet_X_400MF_Weights",
    "RegNet_X_800MF_Weights",
    "RegNet_X_8GF_Weights",
    "RegNet_Y_128GF_Weights",
    "RegNet_Y_16GF_Weights",
    "RegNet_Y_1_6GF_Weights",
    "RegNet_Y_32GF_Weights",
    "RegNet_Y_3_2GF_Weights",
    "RegNet_Y_400MF_Weights",
    "RegNet_Y_800MF_Weights",
    "RegNet_Y_8GF_Weights",
    "regnet_x_16gf",
    "regnet_x_1_6gf",
    "regnet_x_32gf",
    "regnet_x_3_2gf",
    "regnet_x_400mf",
    "regnet_x_800mf",
    "regnet_x_8gf",
    "regnet_y_128gf",
    "regnet_y_16gf",
    "regnet_y_1_6gf",
    "regnet_y_32gf",
    "regnet_y_3_2gf",
    "regnet_y_400mf",
    "regnet_y_800mf",
    "regnet_y_8gf",
]

Layer = Callable[..., nn.Module]


class SimpleStemIN(Conv2dNormActivation):
    """A 3x3 convolution of stride 2, a normalization and an activation."""

    def __init__(self, width_in: int, width_out: int, norm_layer: Layer, activation_layer: Layer) -> None:
        super().__init__(
            width_in, width_out, kernel_size=3, stride=2, norm_layer=norm_layer, activation_layer=activation_layer
        )


class BottleneckTransform(nn.Sequential):
    """A 1x1 convolution, a 3x3 one in groups, perhaps squeeze-and-excitation, and a 1x1 one."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None,
    ) -> None:
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=activation_layer)
        within = round(width_out * bottleneck_multiplier)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["a"] = layer(width_in, within, kernel_size=1, stride=1)
        layers["b"] = layer(within, within, kernel_size=3, stride=stride, groups=within // group_width)
        if se_ratio:  # of the channels with which the block begins
            layers["se"] = SqueezeExcitation(within, round(se_ratio * width_in), activation=activation_layer)
        layers["c"] = layer(within, width_out, kernel_size=1, stride=1, activation_layer=None)
        super().__init__(layers)


class ResBottleneckBlock(nn.Module):
    """A bottleneck beside a shortcut, which is a 1x1 convolution where the shapes differ."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int = 1,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
    ) -> None:
        super().__init__()
        self.proj: nn.Module | None = None
        if width_in != width_out or stride != 1:
            self.proj = Conv2dNormActivation(
                width_in, width_out, kernel_size=1, stride=stride, norm_layer=norm_layer, activation_layer=None
            )
        self.f = BottleneckTransform(
            width_in, width_out, stride, norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio
        )
        self.activation = activation_layer(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.proj is None else self.proj(x)
        return self.activation(shortcut + self.f(x))


class AnyStage(nn.Sequential):
    """Blocks of one width; the first one has the stride."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        stride: int,
        depth: int,
        block_constructor: Layer,
        norm_layer: Layer,
        activation_layer: Layer,
        group_width: int,
        bottleneck_multiplier: float,
        se_ratio: float | None = None,
        stage_index: int = 0,
    ) -> None:
        super().__init__()
        rest = (norm_layer, activation_layer, group_width, bottleneck_multiplier, se_ratio)
        for i in range(depth):
            before, step = (width_out, 1) if i else (width_in, stride)
            self.add_module(f"block{stage_index}-{i}", block_constructor(before, width_out, step, *rest))


class BlockParams:
    """The stages of a RegNet: for each, how many blocks, their width, the width of their groups, and so on."""

    def __init__(
        self,
        depths: list[int],
        widths: list[int],
        group_widths: list[int],
        bottleneck_multipliers: list[float],
        strides: list[int],
        se_ratio: float | None = None,
    ) -> None:
        self.depths = depths
        self.widths = widths
        self.group_widths = group_widths
        self.bottleneck_multipliers = bottleneck_multipliers
        self.strides = strides
        self.se_ratio = se_ratio

    @classmethod
    def from_init_params(
        cls,
        depth: int,
        w_0: int,
        w_a: float,
        w_m: float,
        group_width: int,
        bottleneck_multiplier: float = 1.0,
        se_ratio: float | None = None,
        **kwargs: Any,
    ) -> BlockParams:
        """The stages that the paper's parameters stand for (its equations 2 to 4).

        The widths of ``depth`` blocks lie on a line from ``w_0`` with slope ``w_a``; they are rounded to powers of ``w_m`` times
        ``w_0``, then to multiples of 8, and blocks of one width are a stage.  What else is given is for the model.  Raises
        ValueError for parameters that make no line.
        """
        if w_a < 0 or w_0 <= 0 or w_m <= 1 or w_0 % 8 != 0:
            raise ValueError("Invalid RegNet settings")
        line = np.arange(depth, dtype=np.float32) * np.float32(w_a) + np.float32(w_0)
        powers = np.round(np.log(line / np.float32(w_0)) / np.float32(math.log(w_m)))
        rounded = np.round(w_0 * np.power(np.float32(w_m), powers) / 8) * 8
        stages = [(width, len(list(blocks))) for width, blocks in groupby(rounded.astype(int).tolist())]
        count = len(stages)
        multipliers = [bottleneck_multiplier] * count
        widths, group_widths = cls._fitted([width for width, _ in stages], multipliers, [group_width] * count)
        depths = [depth for _, depth in stages]
        return cls(depths, widths, group_widths, multipliers, [2] * count, se_ratio)

    def _get_expanded_params(self) -> Iterator[tuple[int, int, int, int, float]]:
        """For each stage its width, stride, depth, width of groups and multiplier."""
        return zip(self.widths, self.strides, self.depths, self.group_widths, self.bottleneck_multipliers)

    @staticmethod
    def _fitted(widths: list[int], multipliers: list[float], group_widths: list[int]) -> tuple[list[int], list[int]]:
        """Widths that are whole numbers of groups, and groups no wider than the bottlenecks they are in."""
        within = [int(width * m) for width, m in zip(widths, multipliers)]
        groups = [min(group, width) for group, width in zip(group_widths, within)]
        fitted = [_make_divisible(width, group) for width, group in zip(within, groups)]
        return [int(width / m) for width, m in zip(fitted, multipliers)], groups


class RegNet(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``); ``block_params`` are the stages."""

    def __init__(
        self,
        block_params: BlockParams,
        num_classes: int = 1000,
        stem_width: int = 32,
        stem_type: Layer | None = None,
        block_type: Layer | None = None,
        norm_layer: Layer | None = None,
        activation: Layer | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        activation = activation or nn.ReLU
        block_type = block_type or ResBottleneckBlock
        self.stem = (stem_type or SimpleStemIN)(3, stem_width, norm_layer, activation)
        before = stem_width
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        for i, (width, stride, depth, group, multiplier) in enumerate(block_params._get_expanded_params(), 1):
            stages[f"block{i}"] = AnyStage(
                before, width, stride, depth, block_type, norm_layer, activation, group, multiplier,
                block_params.se_ratio, stage_index=i,
            )  # fmt: skip
            before = width
        self.trunk_output = nn.Sequential(stages)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(in_features=before, out_features=num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
                nn.init.normal_(module.weight, mean=0.0, std=math.sqrt(2.0 / fan_out))
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, mean=0.0, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.avgpool(self.trunk_output(self.stem(x))).flatten(start_dim=1))


def make_regnet(
    depth: int, w_0: int, w_a: float, w_m: float, group_width: int, se_ratio: float | None = None, **kwargs: Any
) -> RegNet:
    """The RegNet of these parameters."""
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=1e-05, momentum=0.1))
    params = BlockParams.from_init_params(depth, w_0, w_a, w_m, group_width, se_ratio=se_ratio)
    return RegNet(params, **kwargs)


regnet_y_400mf = builder(
    "regnet_y_400mf", make_regnet, RegNet_Y_400MF_Weights, "RegNetY of 400 million multiplications (Radosavovic et al., 2020).",
    depth=16, w_0=48, w_a=27.89, w_m=2.09, group_width=8, se_ratio=0.25,
)  # fmt: skip
regnet_y_800mf = builder(
    "regnet_y_800mf", make_regnet, RegNet_Y_800MF_Weights, "RegNetY of 800 million multiplications (Radosavovic et al., 2020).",
    depth=14, w_0=56, w_a=38.84, w_m=2.4, group_width=16, se_ratio=0.25,
)  # fmt: skip
regnet_y_1_6gf = builder(
    "regnet_y_1_6gf", make_regnet, RegNet_Y_1_6GF_Weights, "RegNetY of 1.6 billion multiplications (Radosavovic et al., 2020).",
    depth=27, w_0=48, w_a=20.71, w_m=2.65, group_width=24, se_ratio=0.25,
)  # fmt: skip
regnet_y_3_2gf = builder(
    "regnet_y_3_2gf", make_regnet, RegNet_Y_3_2GF_Weights, "RegNetY of 3.2 billion multiplications (Radosavovic et al., 2020).",
    depth=21, w_0=80, w_a=42.63, w_m=2.66, group_width=24, se_ratio=0.25,
)  # fmt: skip
regnet_y_8gf = builder(
    "regnet_y_8gf", make_regnet, RegNet_Y_8GF_Weights, "RegNetY of 8 billion multiplications (Radosavovic et al., 2020).",
    depth=17, w_0=192, w_a=76.82, w_m=2.19, group_width=56, se_ratio=0.25,
)  # fmt: skip
regnet_y_16gf = builder(
    "regnet_y_16gf", make_regnet, RegNet_Y_16GF_Weights, "RegNetY of 16 billion multiplications (Radosavovic et al., 2020).",
    depth=18, w_0=200, w_a=106.23, w_m=2.48, group_width=112, se_ratio=0.25,
)  # fmt: skip
regnet_y_32gf = builder(
    "regnet_y_32gf", make_regnet, RegNet_Y_32GF_Weights, "RegNetY of 32 billion multiplications (Radosavovic et al., 2020).",
    depth=20, w_0=232, w_a=115.89, w_m=2.53, group_width=232, se_ratio=0.25,
)  # fmt: skip
regnet_y_128gf = builder(
    "regnet_y_128gf", make_regnet, RegNet_Y_128GF_Weights, "RegNetY of 128 billion multiplications (Radosavovic et al., 2020).",
    depth=27, w_0=456, w_a=160.83, w_m=2.52, group_width=264, se_ratio=0.25,
)  # fmt: skip
regnet_x_400mf = builder(
    "regnet_x_400mf", make_regnet, RegNet_X_400MF_Weights, "RegNetX of 400 million multiplications (Radosavovic et al., 2020).",
    depth=22, w_0=24, w_a=24.48, w_m=2.54, group_width=16,
)  # fmt: skip
regnet_x_800mf = builder(
    "regnet_x_800mf", make_regnet, RegNet_X_800MF_Weights, "RegNetX of 800 million multiplications (Radosavovic et al., 2020).",
    depth=16, w_0=56, w_a=35.73, w_m=2.28, group_width=16,
)  # fmt: skip
regnet_x_1_6gf = builder(
    "regnet_x_1_6gf", make_regnet, RegNet_X_1_6GF_Weights, "RegNetX of 1.6 billion multiplications (Radosavovic et al., 2020).",
    depth=18, w_0=80, w_a=34.01, w_m=2.25, group_width=24,
)  # fmt: skip
regnet_x_3_2gf = builder(
    "regnet_x_3_2gf", make_regnet, RegNet_X_3_2GF_Weights, "RegNetX of 3.2 billion multiplications (Radosavovic et al., 2020).",
    depth=25, w_0=88, w_a=26.31, w_m=2.25, group_width=48,
)  # fmt: skip
regnet_x_8gf = builder(
    "regnet_x_8gf", make_regnet, RegNet_X_8GF_Weights, "RegNetX of 8 billion multiplications (Radosavovic et al., 2020).",
    depth=23, w_0=80, w_a=49.56, w_m=2.88, group_width=120,
)  # fmt: skip
regnet_x_16gf = builder(
    "regnet_x_16gf", make_regnet, RegNet_X_16GF_Weights, "RegNetX of 16 billion multiplications (Radosavovic et al., 2020).",
    depth=22, w_0=216, w_a=55.59, w_m=2.1, group_width=128,
)  # fmt: skip
regnet_x_32gf = builder(
    "regnet_x_32gf", make_regnet, RegNet_X_32GF_Weights, "RegNetX of 32 billion multiplications (Radosavovic et al., 2020).",
    depth=23, w_0=320, w_a=69.86, w_m=2.0, group_width=168,
)  # fmt: skip
