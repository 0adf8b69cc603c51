"""Inception v3 (Szegedy et al., 2016): branches of convolutions beside each other, 7x7 ones as a row and a column."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import with_weights
from adjoint.vision.models.inception_weights import Inception_V3_Weights
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.weights import require, with_legacy_weights
from adjoint.vision.transforms.presets import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["Inception3", "InceptionOutputs", "Inception_V3_Weights", "_InceptionOutputs", "inception_v3"]

Layer = Callable[..., nn.Module]


class InceptionOutputs(NamedTuple):
    """What an Inception v3 that trains gives: the classes, and the auxiliary classifier's."""

    logits: Tensor
    aux_logits: Tensor | None


_InceptionOutputs = InceptionOutputs  # its older name


class BasicConv2d(nn.Module):
    """A convolution, a normalization and a ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class InceptionA(nn.Module):
    """Branches of 1x1, of 5x5, of two 3x3 convolutions, and of a pooling."""

    def __init__(self, in_channels: int, pool_features: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        one = self.branch1x1(x)
        five = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return [one, five, double, pooled]


class InceptionB(nn.Module):
    """Half the size: branches of a 3x3, of two 3x3 convolutions, and of a pooling."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        three = self.branch3x3(x)
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return [three, double, F.max_pool2d(x, kernel_size=3, stride=2)]


class InceptionC(nn.Module):
    """Branches of 1x1, of a 7x7, of two 7x7 convolutions, and of a pooling."""

    def __init__(self, in_channels: int, channels_7x7: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        row: dict[str, Any] = {"kernel_size": (1, 7), "padding": (0, 3)}
        column: dict[str, Any] = {"kernel_size": (7, 1), "padding": (3, 0)}
        within = channels_7x7
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, within, kernel_size=1)
        self.branch7x7_2 = conv(within, within, **row)
        self.branch7x7_3 = conv(within, 192, **column)
        self.branch7x7dbl_1 = conv(in_channels, within, kernel_size=1)
        self.branch7x7dbl_2 = conv(within, within, **column)
        self.branch7x7dbl_3 = conv(within, within, **row)
        self.branch7x7dbl_4 = conv(within, within, **column)
        self.branch7x7dbl_5 = conv(within, 192, **row)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        one = self.branch1x1(x)
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return [one, seven, double, pooled]


class InceptionD(nn.Module):
    """Half the size: branches of a 3x3, of a 7x7 and a 3x3 convolution, and of a pooling."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = conv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return [three, seven, F.max_pool2d(x, kernel_size=3, stride=2)]


class InceptionE(nn.Module):
    """Branches of 1x1, of a row beside a column, of a 3x3 and then a row beside a column, and of a pooling."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        row: dict[str, Any] = {"kernel_size": (1, 3), "padding": (0, 1)}
        column: dict[str, Any] = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = conv(384, 384, **row)
        self.branch3x3_2b = conv(384, 384, **column)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = conv(384, 384, **row)
        self.branch3x3dbl_3b = conv(384, 384, **column)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        one = self.branch1x1(x)
        three = self.branch3x3_1(x)
        three = adjoint.cat([self.branch3x3_2a(three), self.branch3x3_2b(three)], 1)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        double = adjoint.cat([self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)], 1)
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return [one, three, double, pooled]


class InceptionAux(nn.Module):
    """The auxiliary classifier, of what is known in the middle of the network."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01  # type: ignore[assignment]
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(adjoint.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class Inception3(nn.Module):
    """Takes images (N, 3, H, W), made for 299 by 299 and at least 75, and gives (N, ``num_classes``).

    While it trains with ``aux_logits`` it gives :class:`InceptionOutputs`.  ``transform_input`` takes images normalized for
    torchvision's other models, where this one was trained on values from -1 to 1.  ``inception_blocks`` are classes in place of
    those of this module, seven.  ``init_weights`` draws from a truncated normal distribution.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: list[Layer] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if inception_blocks is None:
            inception_blocks = [BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE, InceptionAux]
        if init_weights is None:
            init_weights = initialized_by_default("inception_v3")
        if len(inception_blocks) != 7:
            raise ValueError(f"length of inception_blocks should be 7 instead of {len(inception_blocks)}")
        conv, a, b, c, d, e, auxiliary = inception_blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = a(192, pool_features=32)
        self.Mixed_5c = a(256, pool_features=64)
        self.Mixed_5d = a(288, pool_features=64)
        self.Mixed_6a = b(288)
        self.Mixed_6b = c(768, channels_7x7=128)
        self.Mixed_6c = c(768, channels_7x7=160)
        self.Mixed_6d = c(768, channels_7x7=160)
        self.Mixed_6e = c(768, channels_7x7=192)
        self.AuxLogits: nn.Module | None = auxiliary(768, num_classes) if aux_logits else None
        self.Mixed_7a = d(768)
        self.Mixed_7b = e(1280)
        self.Mixed_7c = e(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)
        if init_weights:
            initialize_truncated(self, 0.1)

    def forward(self, x: Tensor) -> Tensor | InceptionOutputs:
        logits, auxiliary = self._forward(self._transform_input(x))
        return InceptionOutputs(logits, auxiliary) if self.training and self.aux_logits else logits

    def _transform_input(self, x: Tensor) -> Tensor:
        return from_minus_one_to_one(x) if self.transform_input else x

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        auxiliary = self.AuxLogits(x) if self.AuxLogits is not None and self.training else None
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return self.fc(adjoint.flatten(self.dropout(self.avgpool(x)), 1)), auxiliary


def initialized_by_default(name: str) -> bool:
    """True, with torchvision's warning that this may change."""
    warnings.warn(
        f"The default weight initialization of {name} will be changed in future releases of torchvision. If you wish to keep the "
        "old behavior (which leads to long initialization times due to scipy/scipy#11299), please set init_weights=True.",
        FutureWarning,
        stacklevel=users_level(),
    )
    return True


def initialize_truncated(model: nn.Module, std: float) -> None:
    """Draw weights from a normal distribution, truncated at -2 and 2; a layer's ``stddev`` goes before ``std``."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.trunc_normal_(module.weight, mean=0.0, std=float(getattr(module, "stddev", std)), a=-2, b=2)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.weight, 1)
            nn.init.constant_(module.bias, 0)


def from_minus_one_to_one(x: Tensor) -> Tensor:
    """Images that were normalized by ImageNet's mean and deviation, as values from -1 to 1."""
    channels: Sequence[Tensor] = [
        adjoint.unsqueeze(x[:, i], 1) * (std / 0.5) + (mean - 0.5) / 0.5
        for i, (mean, std) in enumerate(zip(IMAGENET_MEAN, IMAGENET_STD))
    ]
    return adjoint.cat(channels, 1)


@register_model()
@with_legacy_weights(Inception_V3_Weights.IMAGENET1K_V1)
def inception_v3(*, weights: Inception_V3_Weights | None = None, progress: bool = True, **kwargs: Any) -> Inception3:
    """Inception v3 (Szegedy et al., 2016), for images of 299 by 299.

    ``weights``, a member of :class:`Inception_V3_Weights` or its name, are downloaded once, and images are then taken as they are
    prepared for them; None leaves the seeded initialization.  ``progress`` shows the download; the other arguments are those of
    :class:`Inception3`.  Raises ValueError if ``num_classes`` is not that of the weights, URLError where there is no network.
    """
    chosen = Inception_V3_Weights.verify(weights)
    if chosen is None:
        return Inception3(**kwargs)
    auxiliary = kwargs.get("aux_logits", True)
    for option, value in (("transform_input", kwargs.get("transform_input", True)), ("aux_logits", True), ("init_weights", False)):
        require(kwargs, option, value)
    model = with_weights(Inception3, kwargs, chosen, progress)
    if not auxiliary:
        model.aux_logits = False
        model.AuxLogits = None
    return model
