"""Video Swin Transformer: Liu et al. (2022), attention within windows of space and time.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

import math
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
from adjoint.vision.models.swin_transformer import PatchMerging, SwinTransformerBlock, initialize_linear, stages
from adjoint.vision.models.video.weights import Swin3D_B_Weights, Swin3D_S_Weights, Swin3D_T_Weights

__all__ = [
    "Swin3D_B_Weights",
    "Swin3D_S_Weights",
    "Swin3D_T_Weights",
    "SwinTransformer3d",
    "swin3d_b",
    "swin3d_s",
    "swin3d_t",
]

_Layer = Callable[..., nn.Module]


@noted
def _get_window_and_shift_size(
    shift_size: list[int], size_dhw: list[int], window_size: list[int]
) -> tuple[list[int], list[int]]:
    """Windows no larger than a video, and no shift in the dimensions that they fill."""
    fills = [size <= w for size, w in zip(size_dhw, window_size)]
    window = [size if fill else w for fill, size, w in zip(fills, size_dhw, window_size)]
    return window, [0 if fill else shift for fill, shift in zip(fills, shift_size)]


@noted
def _get_relative_position_bias(
    relative_position_bias_table: Tensor, relative_position_index: Tensor, window_size: list[int]
) -> Tensor:
    m = math.prod(window_size)
    return windows.bias_of_places(relative_position_bias_table, relative_position_index[:m, :m], window_size)


@noted
def _compute_pad_size_3d(size_dhw: tuple[int, int, int], patch_size: tuple[int, int, int]) -> tuple[int, int, int]:
    time, height, width = windows.to_fill(size_dhw, patch_size)
    return time, height, width


@noted
def shifted_window_attention_3d(
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
    training: bool = True,
) -> Tensor:
    """Self-attention of (N, T, H, W, C) within windows; see :func:`adjoint.vision.models.windows.attend_in_windows`."""
    return windows.attend_in_windows(
        input, qkv_weight, proj_weight, relative_position_bias, window_size, num_heads, shift_size, attention_dropout, dropout,
        qkv_bias, proj_bias, None, training,
    )  # fmt: skip


class ShiftedWindowAttention3d(nn.Module):
    """:func:`shifted_window_attention_3d` with its weights, and a learned bias for each distance of two places."""

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
        if len(window_size) != 3 or len(shift_size) != 3:
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
        distances = math.prod(2 * w - 1 for w in self.window_size)
        self.relative_position_bias_table = nn.Parameter(adjoint.zeros(distances, self.num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """Make the buffer that says which distance lies between two places."""
        self.register_buffer("relative_position_index", windows.relative_places(self.window_size))

    def get_relative_position_bias(self, window_size: list[int]) -> Tensor:
        """The bias for each two places of a window: (1, heads, M, M)."""
        return _get_relative_position_bias(self.relative_position_bias_table, self.relative_position_index, window_size)

    def forward(self, x: Tensor) -> Tensor:
        _, t, h, w, _ = x.shape
        window, shift = _get_window_and_shift_size(self.shift_size, [t, h, w], self.window_size)
        return shifted_window_attention_3d(
            x,
            self.qkv.weight,
            self.proj.weight,
            self.get_relative_position_bias(window),
            window,
            self.num_heads,
            shift_size=shift,
            attention_dropout=self.attention_dropout,
            dropout=self.dropout,
            qkv_bias=self.qkv.bias,
            proj_bias=self.proj.bias,
            training=self.training,
        )


class PatchEmbed3d(nn.Module):
    """Patches of a video, projected: (N, C, T, H, W) to (N, T, H, W, ``embed_dim``), each as many as fill the video."""

    def __init__(
        self,
        patch_size: list[int],
        in_channels: int = 3,
        embed_dim: int = 96,
        norm_layer: _Layer | None = None,
    ) -> None:
        super().__init__()
        self.tuple_patch_size = (patch_size[0], patch_size[1], patch_size[2])
        self.proj = nn.Conv3d(in_channels, embed_dim, kernel_size=self.tuple_patch_size, stride=self.tuple_patch_size)
        self.norm = nn.Identity() if norm_layer is None else norm_layer(embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        _, _, t, h, w = x.size()
        more = _compute_pad_size_3d((t, h, w), self.tuple_patch_size)
        x = F.pad(x, (0, more[2], 0, more[1], 0, more[0]))
        return self.norm(self.proj(x).permute(0, 2, 3, 4, 1))


class SwinTransformer3d(nn.Module):
    """Stages of blocks over patches of space and time, each of half the height and width and twice the channels.

    Takes videos of shape (N, 3, T, H, W) and gives (N, ``num_classes``).

    >>> import adjoint as torch
    >>> from adjoint.vision.models.video import SwinTransformer3d
    >>> model = SwinTransformer3d([2, 4, 4], 8, depths=[1, 2], num_heads=[2, 4], window_size=[2, 2, 2], num_classes=10)
    >>> model(torch.rand(1, 3, 4, 32, 32)).shape
    torch.Size([1, 10])
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
        num_classes: int = 400,
        norm_layer: _Layer | None = None,
        block: _Layer | None = None,
        downsample_layer: _Layer = PatchMerging,
        patch_embed: _Layer | None = None,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patch_embed = patch_embed or PatchEmbed3d
        self.patch_embed = patch_embed(patch_size=patch_size, embed_dim=embed_dim, norm_layer=norm_layer)
        self.pos_drop = nn.Dropout(p=dropout)
        self.features = stages(
            depths,
            embed_dim,
            num_heads,
            window_size,
            stochastic_depth_prob,
            block or SwinTransformerBlock,
            norm_layer,
            downsample_layer,
            mlp_ratio=mlp_ratio,
            dropout=dropout,
            attention_dropout=attention_dropout,
            attn_layer=ShiftedWindowAttention3d,
        )
        self.num_features = embed_dim * 2 ** (len(depths) - 1)
        self.norm = norm_layer(self.num_features)
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.head = nn.Linear(self.num_features, num_classes)
        initialize_linear(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.features(self.pos_drop(self.patch_embed(x)))).permute(0, 4, 1, 2, 3)
        return self.head(adjoint.flatten(self.avgpool(x), 1))


_TINY: dict[str, Any] = {
    "patch_size": [2, 4, 4],
    "embed_dim": 96,
    "depths": [2, 2, 6, 2],
    "num_heads": [3, 6, 12, 24],
    "window_size": [8, 7, 7],
    "stochastic_depth_prob": 0.1,
}
_SMALL: dict[str, Any] = {**_TINY, "depths": [2, 2, 18, 2]}
_BASE: dict[str, Any] = {**_SMALL, "embed_dim": 128, "num_heads": [4, 8, 16, 32]}

_row = partial(builder, make=SwinTransformer3d, pretrained="KINETICS400_V1")

swin3d_t = _row("swin3d_t", weights=Swin3D_T_Weights, about="Video Swin, tiny (Liu et al., 2022).", **_TINY)
swin3d_s = _row("swin3d_s", weights=Swin3D_S_Weights, about="Video Swin, small (Liu et al., 2022).", **_SMALL)
swin3d_b = _row("swin3d_b", weights=Swin3D_B_Weights, about="Video Swin, base (Liu et al., 2022).", **_BASE)
