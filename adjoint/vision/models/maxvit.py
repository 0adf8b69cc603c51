"""MaxViT: Tu et al. (2022), blocks of a convolution, attention within windows, and attention across a grid.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models import windows
from adjoint.vision.models.builders import builder
from adjoint.vision.models.maxvit_weights import MaxVit_T_Weights
from adjoint.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from adjoint.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["MaxVit", "MaxVit_T_Weights", "maxvit_t"]

_Layer = Callable[..., nn.Module]
_Size = tuple[int, int]


def _halved(size: _Size) -> _Size:
    """What a 3x3 convolution of stride 2 leaves of a size."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


class MBConv(nn.Module):
    """A depthwise convolution between two that widen and narrow, with channels weighed, beside a shortcut.

    (N, ``in_channels``, H, W) to (N, ``out_channels``, H / ``stride``, W / ``stride``).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion_ratio: float,
        squeeze_ratio: float,
        stride: int,
        activation_layer: _Layer,
        norm_layer: _Layer,
        p_stochastic_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.proj: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            smaller = [nn.AvgPool2d(kernel_size=3, stride=stride, padding=1)] if stride == 2 else []
            self.proj = nn.Sequential(
                *smaller, nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=1, bias=True)
            )
        wide, squeezed = int(out_channels * expansion_ratio), int(out_channels * squeeze_ratio)
        self.stochastic_depth = (
            StochasticDepth(p_stochastic_dropout, mode="row") if p_stochastic_dropout else nn.Identity()
        )
        same: dict[str, Any] = {"activation_layer": activation_layer, "norm_layer": norm_layer, "inplace": None}
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["pre_norm"] = norm_layer(in_channels)
        layers["conv_a"] = Conv2dNormActivation(in_channels, wide, kernel_size=1, stride=1, padding=0, **same)
        layers["conv_b"] = Conv2dNormActivation(
            wide, wide, kernel_size=3, stride=stride, padding=1, groups=wide, **same
        )
        layers["squeeze_excitation"] = SqueezeExcitation(wide, squeezed, activation=nn.SiLU)
        layers["conv_c"] = nn.Conv2d(in_channels=wide, out_channels=out_channels, kernel_size=1, bias=True)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x) + self.stochastic_depth(self.layers(x))


class RelativePositionalMultiHeadAttention(nn.Module):
    """Self-attention of P places, with a learned bias for each distance of two: (N, G, P, D) to its shape.

    The places are those of a square.  Raises ValueError unless ``head_dim`` divides ``feat_dim``.
    """

    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim != 0:
            raise ValueError(f"feat_dim: {feat_dim} must be divisible by head_dim: {head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = int(math.sqrt(max_seq_len))
        self.max_seq_len = max_seq_len
        self.to_qkv = nn.Linear(feat_dim, self.n_heads * self.head_dim * 3)
        self.scale_factor = feat_dim**-0.5
        self.merge = nn.Linear(self.head_dim * self.n_heads, feat_dim)
        distances = (2 * self.size - 1) ** 2
        self.relative_position_bias_table = nn.Parameter(
            adjoint.empty((distances, self.n_heads), dtype=adjoint.float32)
        )
        self.register_buffer("relative_position_index", windows.relative_places((self.size, self.size)))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def get_relative_positional_bias(self) -> Tensor:
        """The bias for each two places: (1, heads, P, P)."""
        return windows.bias_of_places(
            self.relative_position_bias_table, self.relative_position_index, (self.size, self.size)
        )

    def forward(self, x: Tensor) -> Tensor:
        n, groups, places, width = x.shape
        split = self.to_qkv(x).reshape(n, groups, places, 3, self.n_heads, self.head_dim)
        q, k, v = split.permute(3, 0, 1, 4, 2, 5).unbind(0)
        bias = self.get_relative_positional_bias()
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=self.scale_factor)
        return self.merge(out.permute(0, 1, 3, 2, 4).reshape(n, groups, places, width))


class SwapAxes(nn.Module):
    """Two dimensions in each other's place."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        return adjoint.swapaxes(x, self.a, self.b)


class WindowPartition(nn.Module):
    """Windows of ``p`` by ``p`` places: (N, C, H, W) to (N, windows, ``p * p``, C)."""

    def forward(self, x: Tensor, p: int) -> Tensor:
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(n, (h // p) * (w // p), p * p, c)


class WindowDepartition(nn.Module):
    """Windows put together again: (N, windows, ``p * p``, C) to (N, C, H, W)."""

    def forward(self, x: Tensor, p: int, h_partitions: int, w_partitions: int) -> Tensor:
        n, _, _, c = x.shape
        x = x.reshape(n, h_partitions, w_partitions, p, p, c).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(n, c, h_partitions * p, w_partitions * p)


class PartitionAttentionLayer(nn.Module):
    """Attention and an MLP, beside shortcuts, within windows or, for the type "grid", across them: (N, C, H, W) to its shape.

    ``grid_size`` is (H, W); ``partition_size`` is a window's side, or the grid's.  Raises ValueError for another type.
    """

    def __init__(
        self,
        in_channels: int,
        head_dim: int,
        partition_size: int,
        partition_type: str,
        grid_size: _Size,
        mlp_ratio: int,
        activation_layer: _Layer,
        norm_layer: _Layer,
        attention_dropout: float,
        mlp_dropout: float,
        p_stochastic_dropout: float,
    ) -> None:
        super().__init__()
        self.n_heads = in_channels // head_dim
        self.head_dim = head_dim
        self.n_partitions = grid_size[0] // partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        if partition_type not in ["grid", "window"]:
            raise ValueError("partition_type must be either 'grid' or 'window'")
        across = partition_type == "grid"
        self.p, self.g = (self.n_partitions, partition_size) if across else (partition_size, self.n_partitions)
        self.partition_op = WindowPartition()
        self.departition_op = WindowDepartition()
        self.partition_swap = SwapAxes(-2, -3) if across else nn.Identity()
        self.departition_swap = SwapAxes(-2, -3) if across else nn.Identity()
        self.attn_layer = nn.Sequential(
            norm_layer(in_channels),
            RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size**2),
            nn.Dropout(attention_dropout),
        )
        self.mlp_layer = nn.Sequential(
            nn.LayerNorm(in_channels),
            nn.Linear(in_channels, in_channels * mlp_ratio),
            activation_layer(),
            nn.Linear(in_channels * mlp_ratio, in_channels),
            nn.Dropout(mlp_dropout),
        )
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, mode="row")

    def forward(self, x: Tensor) -> Tensor:
        h, w = self.grid_size
        adjoint._assert(
            h % self.p == 0 and w % self.p == 0,
            "Grid size must be divisible by partition size. Got grid size of "
            f"{self.grid_size} and partition size of {self.p}",
        )
        x = self.partition_swap(self.partition_op(x, self.p))
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        return self.departition_op(self.departition_swap(x), self.p, h // self.p, w // self.p)


class MaxVitLayer(nn.Module):
    """An :class:`MBConv`, attention within windows, and attention across a grid."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        stride: int,
        norm_layer: _Layer,
        activation_layer: _Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        p_stochastic_dropout: float,
        partition_size: int,
        grid_size: _Size,
    ) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["MBconv"] = MBConv(
            in_channels=in_channels,
            out_channels=out_channels,
            expansion_ratio=expansion_ratio,
            squeeze_ratio=squeeze_ratio,
            stride=stride,
            activation_layer=activation_layer,
            norm_layer=norm_layer,
            p_stochastic_dropout=p_stochastic_dropout,
        )
        for kind in ("window", "grid"):
            layers[f"{kind}_attention"] = PartitionAttentionLayer(
                in_channels=out_channels,
                head_dim=head_dim,
                partition_size=partition_size,
                partition_type=kind,
                grid_size=grid_size,
                mlp_ratio=mlp_ratio,
                activation_layer=activation_layer,
                norm_layer=nn.LayerNorm,
                attention_dropout=attention_dropout,
                mlp_dropout=mlp_dropout,
                p_stochastic_dropout=p_stochastic_dropout,
            )
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MaxVitBlock(nn.Module):
    """Layers, the first of which halves the size.  Raises ValueError unless ``p_stochastic`` has a probability for each."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        norm_layer: _Layer,
        activation_layer: _Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        partition_size: int,
        input_grid_size: _Size,
        n_layers: int,
        p_stochastic: list[float],
    ) -> None:
        super().__init__()
        if len(p_stochastic) != n_layers:
            raise ValueError(f"p_stochastic must have length n_layers={n_layers}, got p_stochastic={p_stochastic}.")
        self.layers = nn.ModuleList()
        self.grid_size = _halved(input_grid_size)
        for i, p in enumerate(p_stochastic):
            self.layers.append(
                MaxVitLayer(
                    in_channels=out_channels if i else in_channels,
                    out_channels=out_channels,
                    squeeze_ratio=squeeze_ratio,
                    expansion_ratio=expansion_ratio,
                    stride=1 if i else 2,
                    norm_layer=norm_layer,
                    activation_layer=activation_layer,
                    head_dim=head_dim,
                    mlp_ratio=mlp_ratio,
                    mlp_dropout=mlp_dropout,
                    attention_dropout=attention_dropout,
                    partition_size=partition_size,
                    grid_size=self.grid_size,
                    p_stochastic_dropout=p,
                )
            )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    """A stem and blocks, each of half the size of the one before it, and a classifier.

    Takes images of shape (N, 3, *``input_size``) and gives (N, ``num_classes``).  ``norm_layer``, of the convolutions, is batch
    normalization unless said otherwise.  Raises ValueError unless windows of ``partition_size`` fill the images of every block.

    >>> import adjoint as torch
    >>> from adjoint.vision.models import MaxVit
    >>> model = MaxVit((32, 32), 8, 2, [8, 16], [1, 1], head_dim=4, stochastic_depth_prob=0.1, num_classes=10)
    >>> model(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        input_size: _Size,
        stem_channels: int,
        partition_size: int,
        block_channels: list[int],
        block_layers: list[int],
        head_dim: int,
        stochastic_depth_prob: float,
        norm_layer: _Layer | None = None,
        activation_layer: _Layer = nn.GELU,
        squeeze_ratio: float = 0.25,
        expansion_ratio: float = 4,
        mlp_ratio: int = 4,
        mlp_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
        grid = _halved(input_size)
        _check_partitions(grid, len(block_channels), partition_size)
        self.stem = nn.Sequential(
            Conv2dNormActivation(
                3,
                stem_channels,
                3,
                stride=2,
                norm_layer=norm_layer,
                activation_layer=activation_layer,
                bias=False,
                inplace=None,
            ),
            Conv2dNormActivation(
                stem_channels, stem_channels, 3, stride=1, norm_layer=None, activation_layer=None, bias=True
            ),
        )
        self.partition_size = partition_size
        self.blocks = nn.ModuleList()
        drops = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        for before, channels, layers in zip([stem_channels, *block_channels[:-1]], block_channels, block_layers):
            self.blocks.append(
                MaxVitBlock(
                    in_channels=before,
                    out_channels=channels,
                    squeeze_ratio=squeeze_ratio,
                    expansion_ratio=expansion_ratio,
                    norm_layer=norm_layer,
                    activation_layer=activation_layer,
                    head_dim=head_dim,
                    mlp_ratio=mlp_ratio,
                    mlp_dropout=mlp_dropout,
                    attention_dropout=attention_dropout,
                    partition_size=partition_size,
                    input_grid_size=grid,
                    n_layers=layers,
                    p_stochastic=drops[:layers],
                )
            )
            grid, drops = _halved(grid), drops[layers:]
        last = block_channels[-1]
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.LayerNorm(last),
            nn.Linear(last, last),
            nn.Tanh(),
            nn.Linear(last, num_classes, bias=False),
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


def _check_partitions(grid: _Size, blocks: int, partition: int) -> None:
    sizes = []
    for _ in range(blocks):
        grid = _halved(grid)
        sizes.append(grid)
    for i, size in enumerate(sizes):
        if size[0] % partition or size[1] % partition:
            raise ValueError(
                f"Input size {size} of block {i} is not divisible by partition size {partition}. Consider changing the partition "
                f"size or the input size.\nCurrent configuration yields the following block input sizes: {sizes}."
            )


def _maxvit(input_size: _Size = (224, 224), **options: Any) -> MaxVit:
    return MaxVit(input_size=input_size, **options)


def _size(meta: dict[str, Any]) -> dict[str, Any]:
    return {"input_size": meta["min_size"]}


maxvit_t = builder(
    "maxvit_t", _maxvit, MaxVit_T_Weights, "MaxViT, tiny (Tu et al., 2022).", needs=_size, stem_channels=64,
    block_channels=[64, 128, 256, 512], block_layers=[2, 2, 5, 2], head_dim=32, stochastic_depth_prob=0.2, partition_size=7,
)  # fmt: skip
