"""Swin Transformer: Liu et al. (2021), attention within shifted windows, and its second version (Liu et al., 2022).

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.models import windows
from adjoint.vision.models.builders import builder
from adjoint.vision.models.swin_transformer_weights import (
    Swin_B_Weights,
    Swin_S_Weights,
    Swin_T_Weights,
    Swin_V2_B_Weights,
    Swin_V2_S_Weights,
    Swin_V2_T_Weights,
)
from adjoint.vision.ops.misc import MLP, Permute
from adjoint.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "SwinTransformer",
    "Swin_B_Weights",
    "Swin_S_Weights",
    "Swin_T_Weights",
    "Swin_V2_B_Weights",
    "Swin_V2_S_Weights",
    "Swin_V2_T_Weights",
    "swin_b",
    "swin_s",
    "swin_t",
    "swin_v2_b",
    "swin_v2_s",
    "swin_v2_t",
]

_Layer = Callable[..., nn.Module]


@noted
def _patch_merging_pad(x: Tensor) -> Tensor:
    """The four of each two by two places side by side: (..., H, W, C) to (..., H / 2, W / 2, 4 C), rounded up."""
    h, w, _ = x.shape[-3:]
    if h % 2 or w % 2:
        x = F.pad(x, (0, 0, 0, w % 2, 0, h % 2))
    return adjoint.cat([x[..., i::2, j::2, :] for j in range(2) for i in range(2)], -1)


@noted
def _get_relative_position_bias(
    relative_position_bias_table: Tensor, relative_position_index: Tensor, window_size: list[int]
) -> Tensor:
    return windows.bias_of_places(relative_position_bias_table, relative_position_index, window_size)


@noted
def shifted_window_attention(
    input: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    relative_position_bias: Tensor,
    window_size: list[int],
    num_heads: int,
    shift_size: list[int],
    attention_dropout: float = 0.0,
    dropout: float = 0.0,
    qkv_bias: Tensor | None = None,
    proj_bias: Tensor | None = None,
    logit_scale: Tensor | None = None,
    training: bool = True,
) -> Tensor:
    """Self-attention of (N, H, W, C) within windows; see :func:`adjoint.vision.models.windows.attend_in_windows`.

    Windows that are as large as the image in a dimension are not shifted in it.
    """
    shift = [0 if w >= size else s for size, w, s in zip(input.shape[1:3], window_size, shift_size)]
    return windows.attend_in_windows(
        input, qkv_weight, proj_weight, relative_position_bias, window_size, num_heads, shift, attention_dropout, dropout,
        qkv_bias, proj_bias, logit_scale, training,
    )  # fmt: skip


class PatchMerging(nn.Module):
    """Half the size and twice the channels: (..., H, W, C) to (..., H / 2, W / 2, 2 C)."""

    def __init__(self, dim: int, norm_layer: _Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.reduction(self.norm(_patch_merging_pad(x)))


class PatchMergingV2(nn.Module):
    """:class:`PatchMerging`, normalized after the linear layer."""

    def __init__(self, dim: int, norm_layer: _Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.reduction(_patch_merging_pad(x)))


class ShiftedWindowAttention(nn.Module):
    """:func:`shifted_window_attention` with its weights, and a learned bias for each distance of two places."""

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError("window_size and shift_size must be of length 2")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self) -> None:
        """Make the parameter of biases, one for a distance and a head."""
        h, w = self.window_size
        self.relative_position_bias_table = nn.Parameter(adjoint.zeros((2 * h - 1) * (2 * w - 1), self.num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """Make the buffer that says which distance lies between two places."""
        self.register_buffer("relative_position_index", windows.relative_places(self.window_size).flatten())

    def get_relative_position_bias(self) -> Tensor:
        """The bias for each two places of a window: (1, heads, M, M)."""
        return _get_relative_position_bias(
            self.relative_position_bias_table, self.relative_position_index, self.window_size
        )

    def forward(self, x: Tensor) -> Tensor:
        return self._attend(x)

    def _attend(self, x: Tensor, logit_scale: Tensor | None = None) -> Tensor:
        return shifted_window_attention(
            x,
            self.qkv.weight,
            self.proj.weight,
            self.get_relative_position_bias(),
            self.window_size,
            self.num_heads,
            shift_size=self.shift_size,
            attention_dropout=self.attention_dropout,
            dropout=self.dropout,
            qkv_bias=self.qkv.bias,
            proj_bias=self.proj.bias,
            logit_scale=logit_scale,
            training=self.training,
        )


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """Attention by cosines, with a bias that a small network makes of the logarithms of distances."""

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            dim,
            window_size,
            shift_size,
            num_heads,
            qkv_bias=qkv_bias,
            proj_bias=proj_bias,
            attention_dropout=attention_dropout,
            dropout=dropout,
        )
        self.logit_scale = nn.Parameter(adjoint.log(10 * adjoint.ones((num_heads, 1, 1))))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512, bias=True), nn.ReLU(inplace=True), nn.Linear(512, num_heads, bias=False)
        )
        if qkv_bias:
            self.qkv.bias.data[dim : 2 * dim].zero_()

    def define_relative_position_bias_table(self) -> None:
        """Make the buffer of distances, -8 to 8 and then their logarithms: (1, 2 h - 1, 2 w - 1, 2)."""
        apart = [adjoint.arange(-(w - 1), w, dtype=adjoint.float32) for w in self.window_size]
        table = adjoint.stack(adjoint.meshgrid(*apart, indexing="ij"), dim=-1).unsqueeze(0)
        table /= adjoint.tensor([w - 1.0 for w in self.window_size], device=table.device)
        table *= 8
        table = adjoint.sign(table) * adjoint.log2(adjoint.abs(table) + 1.0) / 3.0
        self.register_buffer("relative_coords_table", table)

    def get_relative_position_bias(self) -> Tensor:
        """The bias for each two places of a window, 0 to 16: (1, heads, M, M)."""
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        return 16 * adjoint.sigmoid(_get_relative_position_bias(table, self.relative_position_index, self.window_size))

    def forward(self, x: Tensor) -> Tensor:
        return self._attend(x, self.logit_scale)


class SwinTransformerBlock(nn.Module):
    """Attention in windows and an MLP, each after a normalization and beside a shortcut: (N, H, W, C) to its shape."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
        attn_layer: _Layer = ShiftedWindowAttention,
    ) -> None:
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(
            dim, window_size, shift_size, num_heads, attention_dropout=attention_dropout, dropout=dropout
        )
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
        for module in self.mlp.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.normal_(module.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformerBlockV2(SwinTransformerBlock):
    """:class:`SwinTransformerBlock`, normalized after the attention and after the MLP."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
        attn_layer: _Layer = ShiftedWindowAttentionV2,
    ) -> None:
        super().__init__(
            dim,
            num_heads,
            window_size,
            shift_size,
            mlp_ratio=mlp_ratio,
            dropout=dropout,
            attention_dropout=attention_dropout,
            stochastic_depth_prob=stochastic_depth_prob,
            norm_layer=norm_layer,
            attn_layer=attn_layer,
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


def stages(
    depths: list[int],
    embed_dim: int,
    num_heads: list[int],
    window_size: list[int],
    stochastic_depth_prob: float,
    block: _Layer,
    norm_layer: _Layer,
    downsample_layer: _Layer,
    **options: Any,
) -> nn.Sequential:
    """Blocks, every second one with shifted windows, and between the stages what halves the size and doubles the channels."""
    layers: list[nn.Module] = []
    made, last = 0, sum(depths) - 1
    for stage, depth in enumerate(depths):
        dim = embed_dim * 2**stage
        blocks = []
        for i in range(depth):
            blocks.append(
                block(
                    dim,
                    num_heads[stage],
                    window_size=window_size,
                    shift_size=[0 if i % 2 == 0 else w // 2 for w in window_size],
                    stochastic_depth_prob=stochastic_depth_prob * float(made) / last,
                    norm_layer=norm_layer,
                    **options,
                )
            )
            made += 1
        layers.append(nn.Sequential(*blocks))
        if stage < len(depths) - 1:
            layers.append(downsample_layer(dim, norm_layer))
    return nn.Sequential(*layers)


def initialize_linear(model: nn.Module) -> None:
    """Draw the weights of all linear layers, and have their biases be zero."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class SwinTransformer(nn.Module):
    """Stages of blocks over patches of ``patch_size``, each of half the size and twice the channels of the one before it.

    Takes images of shape (N, 3, H, W) and gives (N, ``num_classes``).

    >>> import adjoint as torch
    >>> from adjoint.vision.models import SwinTransformer
    >>> model = SwinTransformer([4, 4], 8, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], num_classes=10)
    >>> model(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        patch_size: list[int],
        embed_dim: int,
        depths: list[int],
        num_heads: list[int],
        window_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
        norm_layer: _Layer | None = None,
        block: _Layer | None = None,
        downsample_layer: _Layer = PatchMerging,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        block = block or SwinTransformerBlock
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patch = (patch_size[0], patch_size[1])
        patches = nn.Sequential(
            nn.Conv2d(3, embed_dim, kernel_size=patch, stride=patch), Permute([0, 2, 3, 1]), norm_layer(embed_dim)
        )
        transformed = stages(
            depths,
            embed_dim,
            num_heads,
            window_size,
            stochastic_depth_prob,
            block,
            norm_layer,
            downsample_layer,
            mlp_ratio=mlp_ratio,
            dropout=dropout,
            attention_dropout=attention_dropout,
        )
        self.features = nn.Sequential(patches, *transformed)
        channels = embed_dim * 2 ** (len(depths) - 1)
        self.norm = norm_layer(channels)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(channels, num_classes)
        initialize_linear(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.features(x))
        return self.head(self.flatten(self.avgpool(self.permute(x))))


_TINY: dict[str, Any] = {"patch_size": [4, 4], "embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]}
_SMALL: dict[str, Any] = {**_TINY, "depths": [2, 2, 18, 2]}
_BASE: dict[str, Any] = {**_SMALL, "embed_dim": 128, "num_heads": [4, 8, 16, 32]}
_SECOND: dict[str, Any] = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}

swin_t = builder(
    "swin_t", SwinTransformer, Swin_T_Weights, "Swin, tiny (Liu et al., 2021).",
    window_size=[7, 7], stochastic_depth_prob=0.2, **_TINY,
)  # fmt: skip
swin_s = builder(
    "swin_s", SwinTransformer, Swin_S_Weights, "Swin, small (Liu et al., 2021).",
    window_size=[7, 7], stochastic_depth_prob=0.3, **_SMALL,
)  # fmt: skip
swin_b = builder(
    "swin_b", SwinTransformer, Swin_B_Weights, "Swin, base (Liu et al., 2021).",
    window_size=[7, 7], stochastic_depth_prob=0.5, **_BASE,
)  # fmt: skip
swin_v2_t = builder(
    "swin_v2_t", SwinTransformer, Swin_V2_T_Weights, "Swin v2, tiny (Liu et al., 2022).",
    window_size=[8, 8], stochastic_depth_prob=0.2, **_TINY, **_SECOND,
)  # fmt: skip
swin_v2_s = builder(
    "swin_v2_s", SwinTransformer, Swin_V2_S_Weights, "Swin v2, small (Liu et al., 2022).",
    window_size=[8, 8], stochastic_depth_prob=0.3, **_SMALL, **_SECOND,
)  # fmt: skip
swin_v2_b = builder(
    "swin_v2_b", SwinTransformer, Swin_V2_B_Weights, "Swin v2, base (Liu et al., 2022).",
    window_size=[8, 8], stochastic_depth_prob=0.5, **_BASE, **_SECOND,
)  # fmt: skip
