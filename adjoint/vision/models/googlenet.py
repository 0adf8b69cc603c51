"""GoogLeNet (Szegedy et al., 2015), the first Inception, with normalizations, and 3x3 convolutions where the paper has 5x5 ones."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import with_weights
from adjoint.vision.models.googlenet_weights import GoogLeNet_Weights
from adjoint.vision.models.inception import (
    BasicConv2d,
    Layer,
    from_minus_one_to_one,
    initialize_truncated,
    initialized_by_default,
)
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.weights import require, with_legacy_weights

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "GoogLeNet_Weights", "_GoogLeNetOutputs", "googlenet"]


class GoogLeNetOutputs(NamedTuple):
    """What a GoogLeNet that trains gives: the classes, and those of the auxiliary classifiers, the later one first."""

    logits: Tensor
    aux_logits2: Tensor | None
    aux_logits1: Tensor | None


_GoogLeNetOutputs = GoogLeNetOutputs  # its older name


class Inception(nn.Module):
    """Branches of 1x1, of 3x3, of what was 5x5 and is 3x3 in torchvision too, and of a pooling, beside each other."""

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        conv_block: Layer | None = None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1), conv(ch3x3red, ch3x3, kernel_size=3, padding=1)
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1), conv(ch5x5red, ch5x5, kernel_size=3, padding=1)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True), conv(in_channels, pool_proj, kernel_size=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.cat(self._forward(x), 1)

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]


class InceptionAux(nn.Module):
    """An auxiliary classifier, of what is known in the middle of the network."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: Layer | None = None, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = adjoint.flatten(self.conv(F.adaptive_avg_pool2d(x, (4, 4))), 1)
        return self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))


# For each Inception, the numbers of channels that it is made with.
_INCEPTIONS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}
# The poolings after some of them: number and kernel.
_POOLINGS = {"3b": (3, 3), "4e": (4, 2)}


class GoogLeNet(nn.Module):
    """Takes images (N, 3, H, W), H and W at least 15, and gives (N, ``num_classes``).

    While it trains with ``aux_logits`` it gives :class:`GoogLeNetOutputs`.  ``transform_input`` takes images normalized for
    torchvision's other models, where this one was trained on values from -1 to 1.  ``blocks`` are classes in place of those of
    this module, three.  ``init_weights`` draws from a truncated normal distribution.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: list[Layer] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        if blocks is None:
            blocks = [BasicConv2d, Inception, InceptionAux]
        if init_weights is None:
            init_weights = initialized_by_default("GoogleNet")
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        conv, inception, auxiliary = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        for name, channels in _INCEPTIONS.items():
            self.add_module(f"inception{name}", inception(*channels))
            if name in _POOLINGS:
                number, kernel = _POOLINGS[name]
                self.add_module(f"maxpool{number}", nn.MaxPool2d(kernel, stride=2, ceil_mode=True))
        self.aux1 = auxiliary(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = auxiliary(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights:
            initialize_truncated(self, 0.01)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        logits, second, first = self._forward(self._transform_input(x))
        return GoogLeNetOutputs(logits, second, first) if self.training and self.aux_logits else logits

    def _transform_input(self, x: Tensor) -> Tensor:
        return from_minus_one_to_one(x) if self.transform_input else x

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        first = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        second = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.maxpool4(self.inception4e(x))
        x = self.avgpool(self.inception5b(self.inception5a(x)))
        return self.fc(self.dropout(adjoint.flatten(x, 1))), second, first


@register_model()
@with_legacy_weights(GoogLeNet_Weights.IMAGENET1K_V1)
def googlenet(*, weights: GoogLeNet_Weights | None = None, progress: bool = True, **kwargs: Any) -> GoogLeNet:
    """GoogLeNet, the first Inception (Szegedy et al., 2015).

    ``weights``, a member of :class:`GoogLeNet_Weights` or its name, are downloaded once, and images are then taken as they are
    prepared for them; None leaves the seeded initialization.  With weights there are auxiliary classifiers only if ``aux_logits``
    is given, and they are not trained: a warning says so.  ``progress`` shows the download; the other arguments are those of
    :class:`GoogLeNet`.  Raises ValueError if ``num_classes`` is not that of the weights, URLError where there is no network.
    """
    chosen = GoogLeNet_Weights.verify(weights)
    if chosen is None:
        return GoogLeNet(**kwargs)
    auxiliary = kwargs.get("aux_logits", False)
    for option, value in (("transform_input", kwargs.get("transform_input", True)), ("aux_logits", True), ("init_weights", False)):
        require(kwargs, option, value)
    model = with_weights(GoogLeNet, kwargs, chosen, progress)
    if auxiliary:
        warnings.warn(
            "auxiliary heads in the pretrained googlenet model are NOT pretrained, so make sure to train them",
            stacklevel=users_level(),
        )
    else:
        model.aux_logits = False
        model.aux1 = model.aux2 = None
    return model
