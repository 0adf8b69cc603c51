"""ConvNeXt: Liu et al. (2022), convolutions with the layout of a transformer.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.convnext_weights import (
    ConvNeXt_Base_Weights,
    ConvNeXt_Large_Weights,
    ConvNeXt_Small_Weights,
    ConvNeXt_Tiny_Weights,
)
from adjoint.vision.ops.misc import Conv2dNormActivation, Permute
from adjoint.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "ConvNeXt",
    "ConvNeXt_Base_Weights",
    "ConvNeXt_Large_Weights",
    "ConvNeXt_Small_Weights",
    "ConvNeXt_Tiny_Weights",
    "convnext_base",
    "convnext_large",
    "convnext_small",
    "convnext_tiny",
]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of (N, C, H, W), at each place by itself."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A depthwise 7x7 convolution and two linear layers over the channels, scaled, beside a shortcut."""

    def __init__(
        self,
        dim: int,
        layer_scale: float,
        stochastic_depth_prob: float,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm_layer(dim),
            nn.Linear(in_features=dim, out_features=4 * dim, bias=True),
            nn.GELU(),
            nn.Linear(in_features=4 * dim, out_features=dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(adjoint.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        result = self.stochastic_depth(self.layer_scale * self.block(input))
        result += input
        return result


class CNBlockConfig:
    """A stage: blocks of ``input_channels``, and the channels to which it is then reduced in size (None: it is not)."""

    def __init__(self, input_channels: int, out_channels: int | None, num_layers: int) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(input_channels={self.input_channels}, out_channels={self.out_channels}, "
            f"num_layers={self.num_layers})"
        )


class ConvNeXt(nn.Module):
    """Stages of :class:`CNBlock` between convolutions that halve the size.

    Takes images of shape (N, 3, H, W), H and W at least 32, and gives (N, ``num_classes``).  Raises ValueError where there is no
    stage, TypeError for a stage that is none.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.convnext import CNBlockConfig, ConvNeXt
    >>> with torch.device("meta"):
    ...     model = ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 1)], num_classes=10)
    ...     model(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        block_setting: list[CNBlockConfig],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        if not isinstance(block_setting, Sequence) or not all(isinstance(s, CNBlockConfig) for s in block_setting):
            raise TypeError("The block_setting should be List[CNBlockConfig]")
        block = block or CNBlock
        norm_layer = norm_layer or partial(LayerNorm2d, eps=1e-6)

        stem = Conv2dNormActivation(
            3,
            block_setting[0].input_channels,
            kernel_size=4,
            stride=4,
            padding=0,
            norm_layer=norm_layer,
            activation_layer=None,
            bias=True,
        )
        layers: list[nn.Module] = [stem]
        last = sum(stage.num_layers for stage in block_setting) - 1.0
        made = 0
        for stage in block_setting:
            blocks = []
            for _ in range(stage.num_layers):
                blocks.append(block(stage.input_channels, layer_scale, stochastic_depth_prob * made / last))
                made += 1
            layers.append(nn.Sequential(*blocks))
            if stage.out_channels is not None:
                smaller = nn.Conv2d(stage.input_channels, stage.out_channels, kernel_size=2, stride=2)
                layers.append(nn.Sequential(norm_layer(stage.input_channels), smaller))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        channels = block_setting[-1].out_channels
        channels = block_setting[-1].input_channels if channels is None else channels
        self.classifier = nn.Sequential(norm_layer(channels), nn.Flatten(1), nn.Linear(channels, num_classes))

        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))


def _convnext(channels: tuple[int, ...], layers: tuple[int, ...], drops: float, **kwargs: Any) -> ConvNeXt:
    """Stages of these channels and so many blocks, whose branches are left out with probabilities up to ``drops``."""
    kwargs.setdefault("stochastic_depth_prob", drops)
    return ConvNeXt([CNBlockConfig(*stage) for stage in zip(channels, (*channels[1:], None), layers)], **kwargs)


convnext_tiny = builder(
    "convnext_tiny", _convnext, ConvNeXt_Tiny_Weights, "ConvNeXt, tiny (Liu et al., 2022).",
    channels=(96, 192, 384, 768), layers=(3, 3, 9, 3), drops=0.1,
)  # fmt: skip
convnext_small = builder(
    "convnext_small", _convnext, ConvNeXt_Small_Weights, "ConvNeXt, small (Liu et al., 2022).",
    channels=(96, 192, 384, 768), layers=(3, 3, 27, 3), drops=0.4,
)  # fmt: skip
convnext_base = builder(
    "convnext_base", _convnext, ConvNeXt_Base_Weights, "ConvNeXt, base (Liu et al., 2022).",
    channels=(128, 256, 512, 1024), layers=(3, 3, 27, 3), drops=0.5,
)  # fmt: skip
convnext_large = builder(
    "convnext_large", _convnext, ConvNeXt_Large_Weights, "ConvNeXt, large (Liu et al., 2022).",
    channels=(192, 384, 768, 1536), layers=(3, 3, 27, 3), drops=0.5,
)  # fmt: skip
