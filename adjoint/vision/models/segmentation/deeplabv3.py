"""DeepLab v3: Chen et al. (2017), convolutions of several dilations side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from adjoint.vision.models.resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from adjoint.vision.models.segmentation._utils import (
    _SimpleSegmentationModel,
    layers_of_mobilenet,
    layers_of_resnet,
    resized,
    segmenter,
)
from adjoint.vision.models.segmentation.weights import (
    DeepLabV3_MobileNet_V3_Large_Weights,
    DeepLabV3_ResNet50_Weights,
    DeepLabV3_ResNet101_Weights,
)

__all__ = [
    "DeepLabV3",
    "DeepLabV3_MobileNet_V3_Large_Weights",
    "DeepLabV3_ResNet101_Weights",
    "DeepLabV3_ResNet50_Weights",
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet101",
    "deeplabv3_resnet50",
]


class DeepLabV3(_SimpleSegmentationModel):
    """Features of a backbone, "out" and maybe "aux", with a classifier of their places each.

    Takes images (N, 3, H, W) and gives a dictionary of (N, classes, H, W), with the names of those features.
    """


def _normalized(convolution: nn.Module, channels: int) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU()]


class ASPPConv(nn.Sequential):
    """A dilated 3x3 convolution that keeps the size."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        convolution = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False)
        super().__init__(*_normalized(convolution, out_channels))


class ASPPPooling(nn.Sequential):
    """What a whole image has in the mean, at each of its places."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        convolution = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        super().__init__(nn.AdaptiveAvgPool2d(1), *_normalized(convolution, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        return resized(super().forward(x), x)


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: a 1x1 convolution, one for each dilation, and the mean, put together by another."""

    def __init__(self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256) -> None:
        super().__init__()
        place = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.convs = nn.ModuleList([nn.Sequential(*_normalized(place, out_channels))])
        self.convs.extend(ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates)
        self.convs.append(ASPPPooling(in_channels, out_channels))
        together = nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False)
        self.project = nn.Sequential(*_normalized(together, out_channels), nn.Dropout(0.5))

    def forward(self, x: Tensor) -> Tensor:
        return self.project(adjoint.cat([convolution(x) for convolution in self.convs], dim=1))


class DeepLabHead(nn.Sequential):
    """:class:`ASPP`, and convolutions to the classes: (N, ``in_channels``, H, W) to (N, ``num_classes``, H, W).

    >>> import adjoint as torch
    >>> from adjoint.vision.models.segmentation.deeplabv3 import DeepLabHead
    >>> DeepLabHead(4, 5, (1, 2)).eval()(torch.rand(1, 4, 6, 6)).shape
    torch.Size([1, 5, 6, 6])
    """

    def __init__(self, in_channels: int, num_classes: int, atrous_rates: Sequence[int] = (12, 24, 36)) -> None:
        super().__init__(
            ASPP(in_channels, atrous_rates),
            *_normalized(nn.Conv2d(256, 256, 3, padding=1, bias=False), 256),
            nn.Conv2d(256, num_classes, 1),
        )


_deeplab = partial(segmenter, model=DeepLabV3, head=DeepLabHead)
_DILATED = [False, True, True]

deeplabv3_resnet50 = _deeplab(
    "deeplabv3_resnet50", weights=DeepLabV3_ResNet50_Weights, backbone=resnet50, backbone_weights=ResNet50_Weights,
    layers=layers_of_resnet, about="DeepLab v3 over a ResNet-50 (Chen et al., 2017).", replace_stride_with_dilation=_DILATED,
)  # fmt: skip
deeplabv3_resnet101 = _deeplab(
    "deeplabv3_resnet101", weights=DeepLabV3_ResNet101_Weights, backbone=resnet101, backbone_weights=ResNet101_Weights,
    layers=layers_of_resnet, about="DeepLab v3 over a ResNet-101 (Chen et al., 2017).", replace_stride_with_dilation=_DILATED,
)  # fmt: skip
deeplabv3_mobilenet_v3_large = _deeplab(
    "deeplabv3_mobilenet_v3_large", weights=DeepLabV3_MobileNet_V3_Large_Weights, backbone=mobilenet_v3_large,
    backbone_weights=MobileNet_V3_Large_Weights, layers=layers_of_mobilenet,
    about="DeepLab v3 over a large MobileNet v3 (Chen et al., 2017).", dilated=True,
)  # fmt: skip
