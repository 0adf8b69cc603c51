"""SqueezeNet (Iandola et al., 2016): few channels, squeezed before every 3x3 convolution, and no linear layer."""

from __future__ import annotations

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.squeezenet_weights import SqueezeNet1_0_Weights, SqueezeNet1_1_Weights

__all__ = ["SqueezeNet", "SqueezeNet1_0_Weights", "SqueezeNet1_1_Weights", "squeezenet1_0", "squeezenet1_1"]


class Fire(nn.Module):
    """A 1x1 convolution that squeezes channels, and a 1x1 and a 3x3 one that expand them, beside each other."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        small, large = self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))
        return adjoint.cat([small, large], 1)


# For each version, channels and kernel of the first convolution; then channels within a Fire and on each of its sides, and 0 for a
# pooling.
_LAYERS: dict[str, tuple[int, int, list[tuple[int, int] | int]]] = {
    "1_0": (96, 7, [0, (16, 64), (16, 64), (32, 128), 0, (32, 128), (48, 192), (48, 192), (64, 256), 0, (64, 256)]),
    "1_1": (64, 3, [0, (16, 64), (16, 64), 0, (32, 128), (32, 128), 0, (48, 192), (48, 192), (64, 256), (64, 256)]),
}


class SqueezeNet(nn.Module):
    """Takes images (N, 3, H, W), H and W at least 21 (17 in version 1.1), and gives (N, ``num_classes``).

    Raises ValueError for a ``version`` other than "1_0" and "1_1".
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        if version not in _LAYERS:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        before, kernel, rest = _LAYERS[version]
        layers: list[nn.Module] = [nn.Conv2d(3, before, kernel_size=kernel, stride=2), nn.ReLU(inplace=True)]
        for layer in rest:
            if isinstance(layer, int):
                layers.append(nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
                continue
            squeezed, side = layer
            layers.append(Fire(before, squeezed, side, side))
            before = 2 * side
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(before, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is last:
                    nn.init.normal_(module.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.flatten(self.classifier(self.features(x)), 1)


squeezenet1_0 = builder(
    "squeezenet1_0", SqueezeNet, SqueezeNet1_0_Weights, "SqueezeNet 1.0 (Iandola et al., 2016).", version="1_0"
)
squeezenet1_1 = builder(
    "squeezenet1_1", SqueezeNet, SqueezeNet1_1_Weights, "SqueezeNet 1.1: as good, for less than half of the computation.",
    version="1_1",
)  # fmt: skip
