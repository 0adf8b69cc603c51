"""MobileNet v3 (Howard et al., 2019): MobileNet v2 with squeeze-and-excitation and hard swishes, where a search put them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import _make_divisible
from adjoint.vision.models.builders import builder
from adjoint.vision.models.mobilenetv2 import initialize
from adjoint.vision.models.mobilenetv3_weights import MobileNet_V3_Large_Weights, MobileNet_V3_Small_Weights
from adjoint.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "MobileNetV3",
    "MobileNet_V3_Large_Weights",
    "MobileNet_V3_Small_Weights",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
]


class InvertedResidualConfig:
    """What a block is made of: a row of the paper's tables 1 and 2, its channels multiplied by ``width_mult``."""

    def __init__(
        self,
        input_channels: int,
        kernel: int,
        expanded_channels: int,
        out_channels: int,
        use_se: bool,
        activation: str,
        stride: int,
        dilation: int,
        width_mult: float,
    ) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """That many times as many channels, as a multiple of 8."""
        return _make_divisible(channels * width_mult, 8)


_HARD_EXCITATION = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidual(nn.Module):
    """Widening, a depthwise convolution, perhaps squeeze-and-excitation, and narrowing, beside a shortcut where shapes allow it."""

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: Callable[..., nn.Module],
        se_layer: Callable[..., nn.Module] = _HARD_EXCITATION,
    ) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        activation = nn.Hardswish if cnf.use_hs else nn.ReLU
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer)
        within = cnf.expanded_channels
        layers: list[nn.Module] = []
        if within != cnf.input_channels:
            layers.append(layer(cnf.input_channels, within, kernel_size=1, activation_layer=activation))
        layers.append(
            layer(
                within,
                within,
                kernel_size=cnf.kernel,
                stride=1 if cnf.dilation > 1 else cnf.stride,
                dilation=cnf.dilation,
                groups=within,
                activation_layer=activation,
            )
        )
        if cnf.use_se:
            layers.append(se_layer(within, _make_divisible(within // 4, 8)))
        layers.append(layer(within, cnf.out_channels, kernel_size=1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.out_channels = cnf.out_channels
        self._is_cn = cnf.stride > 1  # whether features of a size end here, for those who look for them

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``).

    ``inverted_residual_setting`` are the blocks, ``last_channel`` the channels before the last layer.  Arguments that are not named
    are left alone, as torchvision leaves them: builders hand over theirs.
    """

    def __init__(
        self,
        inverted_residual_setting: list[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        dropout: float = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not (isinstance(setting, Sequence) and all(isinstance(s, InvertedResidualConfig) for s in setting)):
            raise TypeError("The inverted_residual_setting should be List[InvertedResidualConfig]")
        block = block or InvertedResidual
        norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        layer = partial(Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.Hardswish)
        last = setting[-1].out_channels
        self.features = nn.Sequential(
            layer(3, setting[0].input_channels, kernel_size=3, stride=2),
            *[block(cnf, norm_layer) for cnf in setting],
            layer(last, 6 * last, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * last, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)

    def _forward_impl(self, x: Tensor) -> Tensor:
        return self.classifier(adjoint.flatten(self.avgpool(self.features(x)), 1))


# For each size, the channels before the last layer, and the blocks: channels before, kernel, channels within, channels after,
# squeeze-and-excitation or not, activation, stride.  The last three blocks are the tail, which can be reduced or dilated.
_Row = tuple[int, int, int, int, bool, str, int]
_SIZES: dict[str, tuple[int, list[_Row]]] = {
    "mobilenet_v3_large": (1280, [
        (16, 3, 16, 16, False, "RE", 1),
        (16, 3, 64, 24, False, "RE", 2),
        (24, 3, 72, 24, False, "RE", 1),
        (24, 5, 72, 40, True, "RE", 2),
        (40, 5, 120, 40, True, "RE", 1),
        (40, 5, 120, 40, True, "RE", 1),
        (40, 3, 240, 80, False, "HS", 2),
        (80, 3, 200, 80, False, "HS", 1),
        (80, 3, 184, 80, False, "HS", 1),
        (80, 3, 184, 80, False, "HS", 1),
        (80, 3, 480, 112, True, "HS", 1),
        (112, 3, 672, 112, True, "HS", 1),
        (112, 5, 672, 160, True, "HS", 2),
        (160, 5, 960, 160, True, "HS", 1),
        (160, 5, 960, 160, True, "HS", 1),
    ]),
    "mobilenet_v3_small": (1024, [
        (16, 3, 16, 16, True, "RE", 2),
        (16, 3, 72, 24, False, "RE", 2),
        (24, 3, 88, 24, False, "RE", 1),
        (24, 5, 96, 40, True, "HS", 2),
        (40, 5, 240, 40, True, "HS", 1),
        (40, 5, 240, 40, True, "HS", 1),
        (40, 5, 120, 48, True, "HS", 1),
        (48, 5, 144, 48, True, "HS", 1),
        (48, 5, 288, 96, True, "HS", 2),
        (96, 5, 576, 96, True, "HS", 1),
        (96, 5, 576, 96, True, "HS", 1),
    ]),
}  # fmt: skip


def _mobilenet_v3_conf(
    arch: str, width_mult: float = 1.0, reduced_tail: bool = False, dilated: bool = False, **kwargs: Any
) -> tuple[list[InvertedResidualConfig], int]:
    """The blocks of that size, and the channels before the last layer; ``reduced_tail`` halves the last three blocks' channels,
    ``dilated`` keeps their images' size and dilates convolutions instead.  What else is given is for the model."""
    if arch not in _SIZES:
        raise ValueError(f"Unsupported model type {arch}")
    last, rows = _SIZES[arch]
    share, dilation = (2 if reduced_tail else 1), (2 if dilated else 1)
    setting = []
    for back, (before, kernel, within, after, squeezed, activation, stride) in zip(range(len(rows), 0, -1), rows):
        if back <= 3:
            after //= share
        if back <= 2:
            before, within = before // share, within // share
        setting.append(
            InvertedResidualConfig(
                before, kernel, within, after, squeezed, activation, stride, dilation if back <= 3 else 1, width_mult
            )
        )
    return setting, InvertedResidualConfig.adjust_channels(last // share, width_mult)


def make_mobilenet_v3(arch: str, **kwargs: Any) -> MobileNetV3:
    """The MobileNet v3 of that size."""
    return MobileNetV3(*_mobilenet_v3_conf(arch, **kwargs), **kwargs)


mobilenet_v3_large = builder(
    "mobilenet_v3_large", make_mobilenet_v3, MobileNet_V3_Large_Weights, "MobileNet v3, large (Howard et al., 2019).",
    arch="mobilenet_v3_large",
)  # fmt: skip
mobilenet_v3_small = builder(
    "mobilenet_v3_small", make_mobilenet_v3, MobileNet_V3_Small_Weights, "MobileNet v3, small (Howard et al., 2019).",
    arch="mobilenet_v3_small",
)  # fmt: skip
