"""Residual networks of videos: Tran et al. (2018), with convolutions over time in all layers, in one, or apart from those in space.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.video.weights import MC3_18_Weights, R2Plus1D_18_Weights, R3D_18_Weights

__all__ = [
    "MC3_18_Weights",
    "R2Plus1D_18_Weights",
    "R3D_18_Weights",
    "VideoResNet",
    "mc3_18",
    "r2plus1d_18",
    "r3d_18",
]


def _convolution(channels: int, out: int, kernel: Any, stride: Any = 1, padding: Any = 0) -> nn.Conv3d:
    return nn.Conv3d(channels, out, kernel_size=kernel, stride=stride, padding=padding, bias=False)


def _normalized(convolution: nn.Module, channels: int, active: bool = True) -> list[nn.Module]:
    return [convolution, nn.BatchNorm3d(channels), *([nn.ReLU(inplace=True)] if active else [])]


class Conv3DSimple(nn.Conv3d):
    """A 3x3x3 convolution."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1
    ) -> None:
        super().__init__(
            in_channels=in_planes,
            out_channels=out_planes,
            kernel_size=(3, 3, 3),
            stride=stride,
            padding=padding,
            bias=False,
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The strides of a shortcut beside it."""
        return stride, stride, stride


class Conv2Plus1D(nn.Sequential):
    """A convolution in space, to ``midplanes`` channels, and one over time."""

    def __init__(self, in_planes: int, out_planes: int, midplanes: int, stride: int = 1, padding: int = 1) -> None:
        space = _convolution(in_planes, midplanes, (1, 3, 3), (1, stride, stride), (0, padding, padding))
        time = _convolution(midplanes, out_planes, (3, 1, 1), (stride, 1, 1), (padding, 0, 0))
        super().__init__(*_normalized(space, midplanes), time)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The strides of a shortcut beside it."""
        return stride, stride, stride


class Conv3DNoTemporal(nn.Conv3d):
    """A 3x3 convolution of each frame by itself."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1
    ) -> None:
        super().__init__(
            in_channels=in_planes,
            out_channels=out_planes,
            kernel_size=(1, 3, 3),
            stride=(1, stride, stride),
            padding=(0, padding, padding),
            bias=False,
        )

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The strides of a shortcut beside it."""
        return 1, stride, stride


def _between(inplanes: int, planes: int) -> int:
    """As many channels between space and time as give a pair of convolutions the parameters of one of three dimensions."""
    return (inplanes * planes * 3 * 3 * 3) // (inplanes * 3 * 3 + 3 * planes)


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        conv_builder: Callable[..., nn.Module],
        stride: int = 1,
        downsample: nn.Module | None = None,
    ) -> None:
        super().__init__()
        between = _between(inplanes, planes)
        self.conv1 = nn.Sequential(*_normalized(conv_builder(inplanes, planes, between, stride), planes))
        self.conv2 = nn.Sequential(*_normalized(conv_builder(planes, planes, between), planes, active=False))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv2(self.conv1(x))
        out += shortcut
        return self.relu(out)


class Bottleneck(nn.Module):
    """A convolution between two of 1x1x1 that narrow and widen, beside a shortcut."""

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        conv_builder: Callable[..., nn.Module],
        stride: int = 1,
        downsample: nn.Module | None = None,
    ) -> None:
        super().__init__()
        wide, between = planes * self.expansion, _between(inplanes, planes)
        self.conv1 = nn.Sequential(*_normalized(_convolution(inplanes, planes, 1), planes))
        self.conv2 = nn.Sequential(*_normalized(conv_builder(planes, planes, between, stride), planes))
        self.conv3 = nn.Sequential(*_normalized(_convolution(planes, wide, 1), wide, active=False))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv3(self.conv2(self.conv1(x)))
        out += shortcut
        return self.relu(out)


class BasicStem(nn.Sequential):
    """A convolution of 7x7 places and 3 frames."""

    def __init__(self) -> None:
        super().__init__(*_normalized(_convolution(3, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3)), 64))


class R2Plus1dStem(nn.Sequential):
    """A convolution of 7x7 places, and one of 3 frames."""

    def __init__(self) -> None:
        space = _convolution(3, 45, (1, 7, 7), (1, 2, 2), (0, 3, 3))
        time = _convolution(45, 64, (3, 1, 1), (1, 1, 1), (1, 0, 0))
        super().__init__(*_normalized(space, 45), *_normalized(time, 64))


class VideoResNet(nn.Module):
    """Four layers of ``block``, made by one of ``conv_makers`` each.

    Takes videos of shape (N, 3, T, H, W) and gives (N, ``num_classes``).  With ``zero_init_residual`` every :class:`Bottleneck`
    begins as the identity.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.video.resnet import BasicBlock, BasicStem, Conv3DNoTemporal, VideoResNet
    >>> with torch.device("meta"):
    ...     model = VideoResNet(BasicBlock, [Conv3DNoTemporal] * 4, [1, 1, 1, 1], BasicStem, num_classes=10)
    ...     model(torch.rand(2, 3, 4, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        conv_makers: Sequence[type[Conv3DSimple | Conv3DNoTemporal | Conv2Plus1D]],
        layers: list[int],
        stem: Callable[..., nn.Module],
        num_classes: int = 400,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        self.inplanes = 64
        self.stem = stem()
        self.layer1 = self._make_layer(block, conv_makers[0], 64, layers[0], stride=1)
        self.layer2 = self._make_layer(block, conv_makers[1], 128, layers[1], stride=2)
        self.layer3 = self._make_layer(block, conv_makers[2], 256, layers[2], stride=2)
        self.layer4 = self._make_layer(block, conv_makers[3], 512, layers[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool3d((1, 1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.BatchNorm3d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, Bottleneck):
                    nn.init.constant_(module.conv3[1].weight, 0)

    def _make_layer(
        self,
        block: type[BasicBlock | Bottleneck],
        conv_builder: type[Conv3DSimple | Conv3DNoTemporal | Conv2Plus1D],
        planes: int,
        blocks: int,
        stride: int = 1,
    ) -> nn.Sequential:
        wide, downsample = planes * block.expansion, None
        if stride != 1 or self.inplanes != wide:
            shortcut = _convolution(self.inplanes, wide, 1, conv_builder.get_downsample_stride(stride))
            downsample = nn.Sequential(*_normalized(shortcut, wide, active=False))
        first = block(self.inplanes, planes, conv_builder, stride, downsample)
        self.inplanes = wide
        return nn.Sequential(first, *[block(wide, planes, conv_builder) for _ in range(1, blocks)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(self.avgpool(x).flatten(1))


_row = partial(builder, make=VideoResNet, pretrained="KINETICS400_V1", block=BasicBlock, layers=[2, 2, 2, 2])

r3d_18 = _row(
    "r3d_18", weights=R3D_18_Weights, about="ResNet 3D, 18 layers (Tran et al., 2018): all convolutions are over time, too.",
    conv_makers=[Conv3DSimple] * 4, stem=BasicStem,
)  # fmt: skip
mc3_18 = _row(
    "mc3_18", weights=MC3_18_Weights, about="ResNet MC, 18 layers (Tran et al., 2018): the first convolutions are over time, too.",
    conv_makers=[Conv3DSimple, *[Conv3DNoTemporal] * 3], stem=BasicStem,
)  # fmt: skip
r2plus1d_18 = _row(
    "r2plus1d_18", weights=R2Plus1D_18_Weights,
    about="ResNet (2+1)D, 18 layers (Tran et al., 2018): convolutions in space, and others over time.",
    conv_makers=[Conv2Plus1D] * 4, stem=R2Plus1dStem,
)  # fmt: skip
