"""S3D: Xie et al. (2018), an Inception network of videos, with convolutions in space and over time apart.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.video.weights import S3D_Weights
from adjoint.vision.ops.misc import Conv3dNormActivation

__all__ = ["S3D", "S3D_Weights", "s3d"]


class TemporalSeparableConv(nn.Sequential):
    """A convolution in space, and one over time."""

    def __init__(
        self,
        in_planes: int,
        out_planes: int,
        kernel_size: int,
        stride: int,
        padding: int,
        norm_layer: Callable[..., nn.Module],
    ) -> None:
        space = Conv3dNormActivation(
            in_planes,
            out_planes,
            kernel_size=(1, kernel_size, kernel_size),
            stride=(1, stride, stride),
            padding=(0, padding, padding),
            bias=False,
            norm_layer=norm_layer,
        )
        time = Conv3dNormActivation(
            out_planes,
            out_planes,
            kernel_size=(kernel_size, 1, 1),
            stride=(stride, 1, 1),
            padding=(padding, 0, 0),
            bias=False,
            norm_layer=norm_layer,
        )
        super().__init__(space, time)


class SepInceptionBlock3D(nn.Module):
    """Four branches side by side: a 1x1x1 convolution, two with :class:`TemporalSeparableConv`, and one of a pooling."""

    def __init__(
        self,
        in_planes: int,
        b0_out: int,
        b1_mid: int,
        b1_out: int,
        b2_mid: int,
        b2_out: int,
        b3_out: int,
        norm_layer: Callable[..., nn.Module],
    ) -> None:
        super().__init__()
        point = partial(Conv3dNormActivation, in_planes, kernel_size=1, stride=1, norm_layer=norm_layer)
        separable = partial(TemporalSeparableConv, kernel_size=3, stride=1, padding=1, norm_layer=norm_layer)
        self.branch0 = point(b0_out)
        self.branch1 = nn.Sequential(point(b1_mid), separable(b1_mid, b1_out))
        self.branch2 = nn.Sequential(point(b2_mid), separable(b2_mid, b2_out))
        self.branch3 = nn.Sequential(nn.MaxPool3d(kernel_size=(3, 3, 3), stride=1, padding=1), point(b3_out))

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat((self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)), 1)


# Of each block the channels it gets, and those in its branches; between the lists, time is halved.
_BLOCKS: list[list[tuple[int, int, int, int, int, int, int]]] = [
    [(192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64)],
    [
        (480, 192, 96, 208, 16, 48, 64),
        (512, 160, 112, 224, 24, 64, 64),
        (512, 128, 128, 256, 24, 64, 64),
        (512, 112, 144, 288, 32, 64, 64),
        (528, 256, 160, 320, 32, 128, 128),
    ],
    [(832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128)],
]


class S3D(nn.Module):
    """Convolutions, blocks, and a classifier of what is left of a video, in the mean.

    Takes videos of shape (N, 3, T, H, W), at least 14 frames of 224 by 224, and gives (N, ``num_classes``).  ``norm_layer`` is
    batch normalization unless said otherwise.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.video import S3D
    >>> with torch.device("meta"):
    ...     S3D(num_classes=10)(torch.rand(1, 3, 16, 224, 224)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self, num_classes: int = 400, dropout: float = 0.2, norm_layer: Callable[..., nn.Module] | None = None
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or partial(nn.BatchNorm3d, eps=0.001, momentum=0.001)
        smaller = partial(nn.MaxPool3d, kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
        first, second, third = _BLOCKS
        self.features = nn.Sequential(
            TemporalSeparableConv(3, 64, 7, 2, 3, norm_layer),
            smaller(),
            Conv3dNormActivation(64, 64, kernel_size=1, stride=1, norm_layer=norm_layer),
            TemporalSeparableConv(64, 192, 3, 1, 1, norm_layer),
            smaller(),
            *[SepInceptionBlock3D(*row, norm_layer) for row in first],
            nn.MaxPool3d(kernel_size=(3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)),
            *[SepInceptionBlock3D(*row, norm_layer) for row in second],
            nn.MaxPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0)),
            *[SepInceptionBlock3D(*row, norm_layer) for row in third],
        )
        self.avgpool = nn.AvgPool3d(kernel_size=(2, 7, 7), stride=1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), nn.Conv3d(1024, num_classes, kernel_size=1, stride=1, bias=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.mean(self.classifier(self.avgpool(self.features(x))), dim=(2, 3, 4))


s3d = builder("s3d", S3D, S3D_Weights, "S3D (Xie et al., 2018).", pretrained="KINETICS400_V1")
