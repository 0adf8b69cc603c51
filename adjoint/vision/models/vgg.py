"""VGG: Simonyan and Zisserman (2015), with and without batch normalization.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.vgg_weights import (
    VGG11_BN_Weights,
    VGG11_Weights,
    VGG13_BN_Weights,
    VGG13_Weights,
    VGG16_BN_Weights,
    VGG16_Weights,
    VGG19_BN_Weights,
    VGG19_Weights,
)
from adjoint.vision.models.weights import WeightsEnum, require, with_legacy_weights

__all__ = ["VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]


class VGG(nn.Module):
    """Convolutions ``features``, and three linear layers over what is left of an image, pooled to 7 by 7.

    Takes images of shape (N, 3, H, W), H and W at least 32, and gives (N, ``num_classes``).
    """

    def __init__(self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                    if module.bias is not None:
                        nn.init.constant_(module.bias, 0)
                elif isinstance(module, nn.BatchNorm2d):
                    nn.init.constant_(module.weight, 1)
                    nn.init.constant_(module.bias, 0)
                elif isinstance(module, nn.Linear):
                    nn.init.normal_(module.weight, 0, 0.01)
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(adjoint.flatten(self.avgpool(self.features(x)), 1))


# Channels of the convolutions; 0 is a pooling.
_CHANNELS: dict[int, list[int]] = {
    11: [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0],
    13: [64, 64, 0, 128, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0],
    16: [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0],
    19: [64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, *[512] * 4, 0],
}


def make_features(depth: int, batch_norm: bool) -> nn.Sequential:
    """The convolutions of a VGG of that many layers."""
    layers: list[nn.Module] = []
    before = 3
    for channels in _CHANNELS[depth]:
        if not channels:
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(before, channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU(inplace=True))
        before = channels
    return nn.Sequential(*layers)


def _vgg(depth: int, batch_norm: bool, weights: WeightsEnum | None, progress: bool, **kwargs: Any) -> VGG:
    if weights is not None:
        kwargs["init_weights"] = False
        require(kwargs, "num_classes", weights.meta["num_classes"])
    model = VGG(make_features(depth, batch_norm), **kwargs)
    if weights is not None:
        model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model


@register_model(VGG11_Weights)
@with_legacy_weights(VGG11_Weights.IMAGENET1K_V1)
def vgg11(*, weights: VGG11_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11; ``weights`` (an enum member or its name) are downloaded once, None leaves the seeded initialization.

    Raises ValueError if ``num_classes`` is not that of the weights, URLError where there is no network.
    """
    return _vgg(11, False, VGG11_Weights.verify(weights), progress, **kwargs)


@register_model(VGG11_BN_Weights)
@with_legacy_weights(VGG11_BN_Weights.IMAGENET1K_V1)
def vgg11_bn(*, weights: VGG11_BN_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11, with batch normalization; see :func:`vgg11`."""
    return _vgg(11, True, VGG11_BN_Weights.verify(weights), progress, **kwargs)


@register_model(VGG13_Weights)
@with_legacy_weights(VGG13_Weights.IMAGENET1K_V1)
def vgg13(*, weights: VGG13_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13; see :func:`vgg11`."""
    return _vgg(13, False, VGG13_Weights.verify(weights), progress, **kwargs)


@register_model(VGG13_BN_Weights)
@with_legacy_weights(VGG13_BN_Weights.IMAGENET1K_V1)
def vgg13_bn(*, weights: VGG13_BN_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13, with batch normalization; see :func:`vgg11`."""
    return _vgg(13, True, VGG13_BN_Weights.verify(weights), progress, **kwargs)


@register_model(VGG16_Weights)
@with_legacy_weights(VGG16_Weights.IMAGENET1K_V1)
def vgg16(*, weights: VGG16_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16; see :func:`vgg11`."""
    return _vgg(16, False, VGG16_Weights.verify(weights), progress, **kwargs)


@register_model(VGG16_BN_Weights)
@with_legacy_weights(VGG16_BN_Weights.IMAGENET1K_V1)
def vgg16_bn(*, weights: VGG16_BN_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16, with batch normalization; see :func:`vgg11`."""
    return _vgg(16, True, VGG16_BN_Weights.verify(weights), progress, **kwargs)


@register_model(VGG19_Weights)
@with_legacy_weights(VGG19_Weights.IMAGENET1K_V1)
def vgg19(*, weights: VGG19_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19; see :func:`vgg11`."""
    return _vgg(19, False, VGG19_Weights.verify(weights), progress, **kwargs)


@register_model(VGG19_BN_Weights)
@with_legacy_weights(VGG19_BN_Weights.IMAGENET1K_V1)
def vgg19_bn(*, weights: VGG19_BN_Weights | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19, with batch normalization; see :func:`vgg11`."""
    return _vgg(19, True, VGG19_BN_Weights.verify(weights), progress, **kwargs)
