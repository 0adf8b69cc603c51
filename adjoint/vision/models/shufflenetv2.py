"""ShuffleNet v2 (Ma et al., 2018): half of the channels go through a block as they are, and then all are shuffled."""

from __future__ import annotations

from collections.abc import Callable

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.shufflenetv2_weights import (
    ShuffleNet_V2_X0_5_Weights,
    ShuffleNet_V2_X1_0_Weights,
    ShuffleNet_V2_X1_5_Weights,
    ShuffleNet_V2_X2_0_Weights,
)

__all__ = [
    "ShuffleNetV2",
    "ShuffleNet_V2_X0_5_Weights",
    "ShuffleNet_V2_X1_0_Weights",
    "ShuffleNet_V2_X1_5_Weights",
    "ShuffleNet_V2_X2_0_Weights",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
]


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """The channels of (N, C, H, W) in another order: first the first of each of ``groups`` groups, then the second of each."""
    n, channels, height, width = x.size()
    x = x.view(n, groups, channels // groups, height, width)
    return adjoint.transpose(x, 1, 2).contiguous().view(n, channels, height, width)


class InvertedResidual(nn.Module):
    """Half of the channels beside what three convolutions make of the other half; with a stride, beside what two make of all."""

    def __init__(self, inp: int, oup: int, stride: int) -> None:
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError("illegal stride value")
        self.stride = stride
        half = oup // 2
        if stride == 1 and inp != half << 1:
            raise ValueError(
                f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values. "
                "If stride == 1 then inp should be equal to oup // 2 << 1."
            )
        self.branch1 = nn.Sequential()
        if stride > 1:
            self.branch1 = nn.Sequential(*self._depthwise(inp, stride), *_pointwise(inp, half))
        self.branch2 = nn.Sequential(
            *_pointwise(inp if stride > 1 else half, half), *self._depthwise(half, stride), *_pointwise(half, half)
        )

    @staticmethod
    def depthwise_conv(
        i: int, o: int, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = False
    ) -> nn.Conv2d:
        """A convolution of each channel by itself."""
        return nn.Conv2d(i, o, kernel_size, stride, padding, bias=bias, groups=i)

    def _depthwise(self, channels: int, stride: int) -> list[nn.Module]:
        return [self.depthwise_conv(channels, channels, 3, stride, 1), nn.BatchNorm2d(channels)]

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, changed = x.chunk(2, dim=1)
            out = adjoint.cat((kept, self.branch2(changed)), dim=1)
        else:
            out = adjoint.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


def _pointwise(before: int, after: int) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel_size=1, stride=1, padding=0, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]


class ShuffleNetV2(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``).

    ``stages_repeats`` are the numbers of blocks in the three stages, ``stages_out_channels`` the channels of the first convolution,
    of the stages, and of the last convolution.
    """

    def __init__(
        self,
        stages_repeats: list[int],
        stages_out_channels: list[int],
        num_classes: int = 1000,
        inverted_residual: Callable[..., nn.Module] = InvertedResidual,
    ) -> None:
        super().__init__()
        if len(stages_repeats) != 3:
            raise ValueError("expected stages_repeats as list of 3 positive ints")
        if len(stages_out_channels) != 5:
            raise ValueError("expected stages_out_channels as list of 5 positive ints")
        self._stage_out_channels = stages_out_channels
        before, *stages, last = stages_out_channels
        first = nn.Conv2d(3, before, 3, 2, 1, bias=False)
        self.conv1 = nn.Sequential(first, nn.BatchNorm2d(before), nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for i, (repeats, channels) in enumerate(zip(stages_repeats, stages), 2):
            blocks = [inverted_residual(before, channels, 2)]
            blocks += [inverted_residual(channels, channels, 1) for _ in range(repeats - 1)]
            self.add_module(f"stage{i}", nn.Sequential(*blocks))
            before = channels
        self.conv5 = nn.Sequential(*_pointwise(before, last))
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(x.mean([2, 3]))


shufflenet_v2_x0_5 = builder(
    "shufflenet_v2_x0_5", ShuffleNetV2, ShuffleNet_V2_X0_5_Weights, "ShuffleNet v2 of half the channels.",
    stages_repeats=[4, 8, 4], stages_out_channels=[24, 48, 96, 192, 1024],
)  # fmt: skip
shufflenet_v2_x1_0 = builder(
    "shufflenet_v2_x1_0", ShuffleNetV2, ShuffleNet_V2_X1_0_Weights, "ShuffleNet v2 (Ma et al., 2018).",
    stages_repeats=[4, 8, 4], stages_out_channels=[24, 116, 232, 464, 1024],
)  # fmt: skip
shufflenet_v2_x1_5 = builder(
    "shufflenet_v2_x1_5", ShuffleNetV2, ShuffleNet_V2_X1_5_Weights, "ShuffleNet v2 of 1.5 times the channels.",
    stages_repeats=[4, 8, 4], stages_out_channels=[24, 176, 352, 704, 1024],
)  # fmt: skip
shufflenet_v2_x2_0 = builder(
    "shufflenet_v2_x2_0", ShuffleNetV2, ShuffleNet_V2_X2_0_Weights, "ShuffleNet v2 of twice the channels.",
    stages_repeats=[4, 8, 4], stages_out_channels=[24, 244, 488, 976, 2048],
)  # fmt: skip
