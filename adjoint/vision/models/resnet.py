"""ResNet: He et al. (2016), and its relatives ResNeXt (Xie et al., 2017) and Wide ResNet (Zagoruyko and Komodakis, 2016).

The stride of a bottleneck is in its 3x3 convolution, as in torchvision.  Modules are made in torchvision's order and
initialized in torchvision's way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder, with_weights
from adjoint.vision.models.resnet_weights import (
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
    Wide_ResNet50_2_Weights,
    Wide_ResNet101_2_Weights,
)
from adjoint.vision.models.weights import WeightsEnum

__all__ = [
    "ResNet",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size, but for the stride."""
    return nn.Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1x1 convolution."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    expansion: int = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones that narrow and widen, beside a shortcut."""

    expansion: int = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """Four groups of residual blocks between a 7x7 convolution and a linear classifier.

    ``layers`` are the numbers of blocks, ``block`` their class.  Input: (N, 3, H, W); output: (N, num_classes).
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: list[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilate = [False, False, False] if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(
                f"replace_stride_with_dilation should be None or a 3-element tuple, got {replace_stride_with_dilation}"
            )
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._initialize(zero_init_residual)

    def _initialize(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:  # every block begins as the identity (Goyal et al., 2017)
            for module in self.modules():
                last = (
                    module.bn3
                    if isinstance(module, Bottleneck)
                    else module.bn2
                    if isinstance(module, BasicBlock)
                    else None
                )
                if last is not None and last.weight is not None:
                    nn.init.constant_(last.weight, 0)

    def _make_layer(
        self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        before = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride),
                self._norm_layer(planes * block.expansion),
            )
        first = block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, before, self._norm_layer)
        self.inplanes = planes * block.expansion
        others = [
            block(
                self.inplanes,
                planes,
                groups=self.groups,
                base_width=self.base_width,
                dilation=self.dilation,
                norm_layer=self._norm_layer,
            )
            for _ in range(1, blocks)
        ]
        return nn.Sequential(first, *others)

    def forward(self, x: Tensor) -> Tensor:
        return self._forward_impl(x)

    def _forward_impl(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = self.avgpool(x)
        x = adjoint.flatten(x, 1)
        return self.fc(x)


def _resnet(
    block: type[BasicBlock | Bottleneck], layers: list[int], weights: WeightsEnum | None, progress: bool, **kwargs: Any
) -> ResNet:
    """A ResNet of so many blocks, with weights or without: what models written after torchvision's call."""
    kwargs = {**kwargs, "block": block, "layers": layers}
    return ResNet(**kwargs) if weights is None else with_weights(ResNet, kwargs, weights, progress)


resnet18 = builder(
    "resnet18", ResNet, ResNet18_Weights, "ResNet-18 (He et al., 2016).",
    block=BasicBlock, layers=[2, 2, 2, 2],
)  # fmt: skip
resnet34 = builder(
    "resnet34", ResNet, ResNet34_Weights, "ResNet-34 (He et al., 2016).",
    block=BasicBlock, layers=[3, 4, 6, 3],
)  # fmt: skip
resnet50 = builder(
    "resnet50", ResNet, ResNet50_Weights, "ResNet-50 (He et al., 2016).",
    block=Bottleneck, layers=[3, 4, 6, 3],
)  # fmt: skip
resnet101 = builder(
    "resnet101", ResNet, ResNet101_Weights, "ResNet-101 (He et al., 2016).",
    block=Bottleneck, layers=[3, 4, 23, 3],
)  # fmt: skip
resnet152 = builder(
    "resnet152", ResNet, ResNet152_Weights, "ResNet-152 (He et al., 2016).",
    block=Bottleneck, layers=[3, 8, 36, 3],
)  # fmt: skip
resnext50_32x4d = builder(
    "resnext50_32x4d", ResNet, ResNeXt50_32X4D_Weights, "ResNeXt-50, 32 groups of 4 channels (Xie et al., 2017).",
    decided={"groups": 32, "width_per_group": 4}, block=Bottleneck, layers=[3, 4, 6, 3],
)  # fmt: skip
resnext101_32x8d = builder(
    "resnext101_32x8d", ResNet, ResNeXt101_32X8D_Weights, "ResNeXt-101, 32 groups of 8 channels (Xie et al., 2017).",
    decided={"groups": 32, "width_per_group": 8}, block=Bottleneck, layers=[3, 4, 23, 3],
)  # fmt: skip
resnext101_64x4d = builder(
    "resnext101_64x4d", ResNet, ResNeXt101_64X4D_Weights, "ResNeXt-101, 64 groups of 4 channels (Xie et al., 2017).",
    decided={"groups": 64, "width_per_group": 4}, block=Bottleneck, layers=[3, 4, 23, 3],
)  # fmt: skip
wide_resnet50_2 = builder(
    "wide_resnet50_2", ResNet, Wide_ResNet50_2_Weights,
    "Wide ResNet-50-2, of twice the channels in the bottlenecks (Zagoruyko and Komodakis, 2016).",
    decided={"width_per_group": 128}, block=Bottleneck, layers=[3, 4, 6, 3],
)  # fmt: skip
wide_resnet101_2 = builder(
    "wide_resnet101_2", ResNet, Wide_ResNet101_2_Weights,
    "Wide ResNet-101-2, of twice the channels in the bottlenecks (Zagoruyko and Komodakis, 2016).",
    decided={"width_per_group": 128}, block=Bottleneck, layers=[3, 4, 23, 3],
)  # fmt: skip
