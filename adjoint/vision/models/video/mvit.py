"""Multiscale Vision Transformers: Fan et al. (2021), attention to places that are pooled; their second version: Li et al. (2022).

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import functional as F
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.video.weights import MViT_V1_B_Weights, MViT_V2_S_Weights
from adjoint.vision.ops.misc import MLP
from adjoint.vision.ops.stochastic_depth import StochasticDepth

__all__ = ["MViT", "MViT_V1_B_Weights", "MViT_V2_S_Weights", "mvit_v1_b", "mvit_v2_s"]

_Layer = Callable[..., nn.Module]
_Sizes = tuple[int, int, int]


@dataclass
class MSBlockConfig:
    """A block: heads, channels before and after it, and the pooling of what asks and of what is asked (empty lists: none)."""

    num_heads: int
    input_channels: int
    output_channels: int
    kernel_q: list[int]
    kernel_kv: list[int]
    stride_q: list[int]
    stride_kv: list[int]


@noted
def _unsqueeze(x: Tensor, target_dim: int, expand_dim: int) -> tuple[Tensor, int]:
    """``x`` of ``target_dim`` dimensions, one inserted if it has one less, and how many it had."""
    dims = x.dim()
    if dims == target_dim - 1:
        return x.unsqueeze(expand_dim), dims
    if dims != target_dim:
        raise ValueError(f"Unsupported input dimension {x.shape}")
    return x, dims


@noted
def _squeeze(x: Tensor, target_dim: int, expand_dim: int, tensor_dim: int) -> Tensor:
    """What :func:`_unsqueeze` did, undone."""
    return x.squeeze(expand_dim) if tensor_dim == target_dim - 1 else x


class Pool(nn.Module):
    """A pooling of sequences of places, whose first element, which is no place, is left as it is.

    Takes (N, heads, 1 + T * H * W, C), or that without heads, and (T, H, W); gives what is left, and its sizes.
    """

    def __init__(
        self,
        pool: nn.Module,
        norm: nn.Module | None,
        activation: nn.Module | None = None,
        norm_before_pool: bool = False,
    ) -> None:
        super().__init__()
        self.pool = pool
        layers = [layer for layer in (norm, activation) if layer is not None]
        self.norm_act = nn.Sequential(*layers) if layers else None
        self.norm_before_pool = norm_before_pool

    def forward(self, x: Tensor, thw: _Sizes) -> tuple[Tensor, _Sizes]:
        x, dims = _unsqueeze(x, 4, 1)
        first, x = adjoint.tensor_split(x, indices=(1,), dim=2)
        x = x.transpose(2, 3)
        n, heads, c = x.shape[:3]
        x = x.reshape((n * heads, c) + thw).contiguous()
        if self.norm_before_pool and self.norm_act is not None:
            x = self.norm_act(x)
        x = self.pool(x)
        t, h, w = x.shape[2:]
        x = adjoint.cat((first, x.reshape(n, heads, c, -1).transpose(2, 3)), dim=2)
        if not self.norm_before_pool and self.norm_act is not None:
            x = self.norm_act(x)
        return _squeeze(x, 4, 1, dims), (t, h, w)


def _interpolate(embedding: Tensor, d: int) -> Tensor:
    """An embedding of as many distances as there are: (D, C) to (``d``, C)."""
    if embedding.shape[0] == d:
        return embedding
    return F.interpolate(embedding.permute(1, 0).unsqueeze(0), size=d, mode="linear").squeeze(0).permute(1, 0)


def _of_distances(embedding: Tensor, q: int, k: int) -> Tensor:
    """The embedding of the distance of each of ``q`` and each of ``k`` places of one dimension: (q, k, C)."""
    embedding = _interpolate(embedding, 2 * max(q, k) - 1)
    asking = adjoint.arange(q, device=embedding.device)[:, None] * max(k / q, 1.0)
    asked = (adjoint.arange(k, device=embedding.device)[None, :] + (1.0 - k)) * max(q / k, 1.0)
    return embedding[(asking - asked).long()]


def _relative_positions(q: Tensor, q_thw: _Sizes, k_thw: _Sizes, h: Tensor, w: Tensor, t: Tensor) -> Tensor:
    """What is added before the softmax for the distances of places, nothing for the first elements: (N, heads, Q, K).

    Of each dimension it is the product of ``q`` (N, heads, Q, C) and the embedding of the distance in it.
    """
    n, heads, _, c = q.shape
    q_t, q_h, q_w = q_thw
    asking = q[:, :, 1:].reshape(n, heads, *q_thw, c)
    by_h = adjoint.einsum("bythwc,hkc->bythwk", asking, _of_distances(h, q_h, k_thw[1]))
    by_w = adjoint.einsum("bythwc,wkc->bythwk", asking, _of_distances(w, q_w, k_thw[2]))
    by_t = adjoint.einsum("bythwc,tkc->bythwk", asking, _of_distances(t, q_t, k_thw[0]))
    added = by_h[..., None, :, None] + by_w[..., None, None, :] + by_t[..., :, None, None]
    return F.pad(added.reshape(n, heads, math.prod(q_thw), math.prod(k_thw)), (1, 0, 1, 0))


@noted
def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    q_thw: _Sizes,
    k_thw: _Sizes,
    scale: float,
    embeddings: tuple[Tensor, Tensor, Tensor] | None,
) -> Tensor:
    """Attention, with what :func:`_relative_positions` adds if there are ``embeddings``: (N, heads, Q, C)."""
    added = None if embeddings is None else _relative_positions(q, q_thw, k_thw, *embeddings)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=added, scale=scale)


@noted
def _add_shortcut(x: Tensor, shortcut: Tensor, residual_with_cls_embed: bool) -> Tensor:
    """The sum, of all elements or of those that are places."""
    if residual_with_cls_embed:
        return x + shortcut
    return adjoint.cat((x[:, :, :1], x[:, :, 1:] + shortcut[:, :, 1:]), dim=2)


class MultiscaleAttention(nn.Module):
    """Self-attention of places that are pooled: (N, 1 + T * H * W, C) and (T, H, W) to what is left, and its sizes."""

    def __init__(
        self,
        input_size: list[int],
        embed_dim: int,
        output_dim: int,
        num_heads: int,
        kernel_q: list[int],
        kernel_kv: list[int],
        stride_q: list[int],
        stride_kv: list[int],
        residual_pool: bool,
        residual_with_cls_embed: bool,
        rel_pos_embed: bool,
        dropout: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
    ) -> None:
        super().__init__()
        self.embed_dim = embed_dim
        self.output_dim = output_dim
        self.num_heads = num_heads
        self.head_dim = output_dim // num_heads
        self.scaler = 1.0 / math.sqrt(self.head_dim)
        self.residual_pool = residual_pool
        self.residual_with_cls_embed = residual_with_cls_embed
        self.qkv = nn.Linear(embed_dim, 3 * output_dim)
        dropped = [nn.Dropout(dropout, inplace=True)] if dropout > 0.0 else []
        self.project = nn.Sequential(nn.Linear(output_dim, output_dim), *dropped)
        self.pool_q = self._pool(kernel_q, stride_q, norm_layer)
        self.pool_k = self._pool(kernel_kv, stride_kv, norm_layer)
        self.pool_v = self._pool(kernel_kv, stride_kv, norm_layer)
        self.rel_pos_h: nn.Parameter | None = None
        self.rel_pos_w: nn.Parameter | None = None
        self.rel_pos_t: nn.Parameter | None = None
        if rel_pos_embed:
            size = max(input_size[1:])
            sides = [size // stride[1] if stride else size for stride in (stride_q, stride_kv)]
            self.rel_pos_h = nn.Parameter(adjoint.zeros(2 * max(sides) - 1, self.head_dim))
            self.rel_pos_w = nn.Parameter(adjoint.zeros(2 * max(sides) - 1, self.head_dim))
            self.rel_pos_t = nn.Parameter(adjoint.zeros(2 * input_size[0] - 1, self.head_dim))
            for embedding in (self.rel_pos_h, self.rel_pos_w, self.rel_pos_t):
                nn.init.trunc_normal_(embedding, std=0.02)

    def _pool(self, kernel: list[int], stride: list[int], norm_layer: _Layer) -> Pool | None:
        if math.prod(kernel) <= 1 and math.prod(stride) <= 1:
            return None
        convolution = nn.Conv3d(
            self.head_dim,
            self.head_dim,
            tuple(kernel),
            stride=tuple(stride),
            padding=tuple(k // 2 for k in kernel),
            groups=self.head_dim,
            bias=False,
        )
        return Pool(convolution, norm_layer(self.head_dim))

    def forward(self, x: Tensor, thw: _Sizes) -> tuple[Tensor, _Sizes]:
        n, length, _ = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, self.num_heads, self.head_dim).transpose(1, 3).unbind(dim=2)
        k_thw = thw
        if self.pool_k is not None:
            k, k_thw = self.pool_k(k, thw)
        if self.pool_v is not None:
            v = self.pool_v(v, thw)[0]
        if self.pool_q is not None:
            q, thw = self.pool_q(q, thw)
        embeddings: Any = None if self.rel_pos_h is None else (self.rel_pos_h, self.rel_pos_w, self.rel_pos_t)
        x = _attend(q, k, v, thw, k_thw, self.scaler, embeddings)
        if self.residual_pool:
            x = _add_shortcut(x, q, self.residual_with_cls_embed)
        return self.project(x.transpose(1, 2).reshape(n, -1, self.output_dim)), thw


class MultiscaleBlock(nn.Module):
    """:class:`MultiscaleAttention` and an MLP, each after a normalization and beside a shortcut, which is pooled as well."""

    def __init__(
        self,
        input_size: list[int],
        cnf: MSBlockConfig,
        residual_pool: bool,
        residual_with_cls_embed: bool,
        rel_pos_embed: bool,
        proj_after_attn: bool,
        dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: _Layer = nn.LayerNorm,
    ) -> None:
        super().__init__()
        self.proj_after_attn = proj_after_attn
        self.pool_skip: Pool | None = None
        if math.prod(cnf.stride_q) > 1:
            kernel = [s + 1 if s > 1 else s for s in cnf.stride_q]
            padding = [k // 2 for k in kernel]
            self.pool_skip = Pool(nn.MaxPool3d(kernel, stride=cnf.stride_q, padding=padding), None)
        within = cnf.output_channels if proj_after_attn else cnf.input_channels
        self.norm1 = norm_layer(cnf.input_channels)
        self.norm2 = norm_layer(within)
        self.needs_transposal = isinstance(self.norm1, nn.BatchNorm1d)
        self.attn = MultiscaleAttention(
            input_size,
            cnf.input_channels,
            within,
            cnf.num_heads,
            kernel_q=cnf.kernel_q,
            kernel_kv=cnf.kernel_kv,
            stride_q=cnf.stride_q,
            stride_kv=cnf.stride_kv,
            rel_pos_embed=rel_pos_embed,
            residual_pool=residual_pool,
            residual_with_cls_embed=residual_with_cls_embed,
            dropout=dropout,
            norm_layer=norm_layer,
        )
        self.mlp = MLP(
            within, [4 * within, cnf.output_channels], activation_layer=nn.GELU, dropout=dropout, inplace=None
        )
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.project: nn.Module | None = None
        if cnf.input_channels != cnf.output_channels:
            self.project = nn.Linear(cnf.input_channels, cnf.output_channels)

    def _normalized(self, norm: nn.Module, x: Tensor) -> Tensor:
        return norm(x.transpose(1, 2)).transpose(1, 2) if self.needs_transposal else norm(x)

    def forward(self, x: Tensor, thw: _Sizes) -> tuple[Tensor, _Sizes]:
        normalized = self._normalized(self.norm1, x)
        attended, sizes = self.attn(normalized, thw)
        if self.project is not None and self.proj_after_attn:
            x = self.project(normalized)
        if self.pool_skip is not None:
            x = self.pool_skip(x, thw)[0]
        x = x + self.stochastic_depth(attended)
        normalized = self._normalized(self.norm2, x)
        if self.project is not None and not self.proj_after_attn:
            x = self.project(normalized)
        return x + self.stochastic_depth(self.mlp(normalized)), sizes


class PositionalEncoding(nn.Module):
    """A first element for a sequence of places, and what is added for places and times unless their distances are embedded."""

    def __init__(self, embed_size: int, spatial_size: tuple[int, int], temporal_size: int, rel_pos_embed: bool) -> None:
        super().__init__()
        self.spatial_size = spatial_size
        self.temporal_size = temporal_size
        self.class_token = nn.Parameter(adjoint.zeros(embed_size))
        self.spatial_pos: Any = None
        self.temporal_pos: Any = None
        self.class_pos: Any = None
        if not rel_pos_embed:
            self.spatial_pos = nn.Parameter(adjoint.zeros(math.prod(spatial_size), embed_size))
            self.temporal_pos = nn.Parameter(adjoint.zeros(temporal_size, embed_size))
            self.class_pos = nn.Parameter(adjoint.zeros(embed_size))

    def forward(self, x: Tensor) -> Tensor:
        x = adjoint.cat((self.class_token.expand(x.size(0), -1).unsqueeze(1), x), dim=1)
        if self.spatial_pos is None:
            return x
        places = (self.temporal_pos[:, None] + self.spatial_pos).flatten(0, 1)
        return x + adjoint.cat((self.class_pos.unsqueeze(0), places), dim=0)


class MViT(nn.Module):
    """Blocks over patches of a video, and a classifier of the first element of their sequence.

    Takes videos of shape (N, 3, ``temporal_size``, *``spatial_size``), or images without the third dimension, and gives
    (N, ``num_classes``).  ``residual_pool``, ``rel_pos_embed`` and ``proj_after_attn`` make the second version.  Raises ValueError
    where there is no block.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.video.mvit import MSBlockConfig, MViT
    >>> blocks = [MSBlockConfig(1, 8, 8, [], [3, 3, 3], [], [1, 2, 2]), MSBlockConfig(1, 8, 16, [], [], [], [])]
    >>> model = MViT((32, 32), 4, blocks, False, False, False, False, num_classes=10)
    >>> model(torch.rand(1, 3, 4, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self,
        spatial_size: tuple[int, int],
        temporal_size: int,
        block_setting: Sequence[MSBlockConfig],
        residual_pool: bool,
        residual_with_cls_embed: bool,
        rel_pos_embed: bool,
        proj_after_attn: bool,
        dropout: float = 0.5,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        num_classes: int = 400,
        block: _Layer | None = None,
        norm_layer: _Layer | None = None,
        patch_embed_kernel: _Sizes = (3, 7, 7),
        patch_embed_stride: _Sizes = (2, 4, 4),
        patch_embed_padding: _Sizes = (1, 3, 3),
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The configuration parameter can't be empty.")
        block = block or MultiscaleBlock
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.conv_proj = nn.Conv3d(
            in_channels=3,
            out_channels=block_setting[0].input_channels,
            kernel_size=patch_embed_kernel,
            stride=patch_embed_stride,
            padding=patch_embed_padding,
        )
        sizes = [size // stride for size, stride in zip((temporal_size, *spatial_size), self.conv_proj.stride)]
        self.pos_encoding = PositionalEncoding(
            embed_size=block_setting[0].input_channels,
            spatial_size=(sizes[1], sizes[2]),
            temporal_size=sizes[0],
            rel_pos_embed=rel_pos_embed,
        )
        self.blocks = nn.ModuleList()
        for i, setting in enumerate(block_setting):
            self.blocks.append(
                block(
                    input_size=sizes,
                    cnf=setting,
                    residual_pool=residual_pool,
                    residual_with_cls_embed=residual_with_cls_embed,
                    rel_pos_embed=rel_pos_embed,
                    proj_after_attn=proj_after_attn,
                    dropout=attention_dropout,
                    stochastic_depth_prob=stochastic_depth_prob * i / (len(block_setting) - 1.0),
                    norm_layer=norm_layer,
                )
            )
            if setting.stride_q:
                sizes = [size // stride for size, stride in zip(sizes, setting.stride_q)]
        last = block_setting[-1].output_channels
        self.norm = norm_layer(last)
        self.head = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(last, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.0)
            elif isinstance(module, nn.LayerNorm):
                if module.weight is not None:
                    nn.init.constant_(module.weight, 1.0)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.0)
            elif isinstance(module, PositionalEncoding):
                for parameter in module.parameters():
                    nn.init.trunc_normal_(parameter, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        x = _unsqueeze(x, 5, 2)[0]
        x = self.pos_encoding(self.conv_proj(x).flatten(2).transpose(1, 2))
        thw = (self.pos_encoding.temporal_size, *self.pos_encoding.spatial_size)
        for block in self.blocks:
            x, thw = block(x, thw)
        return self.head(self.norm(x)[:, 0])


def _first_blocks() -> list[MSBlockConfig]:
    """Of the first version: a stage's last block has the next one's channels, and only its first pools what asks."""
    return [
        MSBlockConfig(
            heads, channels, after if i == count - 1 else channels, pooled, [3, 3, 3], stride, [1, side, side]
        )
        for count, heads, channels, after, side in _STAGES
        for i in range(count)
        for pooled, stride in [([3, 3, 3], [1, 2, 2]) if i == 0 and heads > 1 else ([], [])]
    ]


def _second_blocks() -> list[MSBlockConfig]:
    """Of the second version: a stage's first block gets the channels of the one before, and all pool what asks."""
    blocks, before = [], _STAGES[0][2]
    for count, heads, channels, _, side in _STAGES:
        for i in range(count):
            stride = [1, 2, 2] if i == 0 and heads > 1 else [1, 1, 1]
            blocks.append(MSBlockConfig(heads, before, channels, [3, 3, 3], [3, 3, 3], stride, [1, side, side]))
            before = channels
    return blocks


# Blocks, heads, channels, those of the next stage, and by which factor height and width of what is asked are pooled.
_STAGES = [(1, 1, 96, 192, 8), (2, 2, 192, 384, 4), (11, 4, 384, 768, 2), (2, 8, 768, 768, 1)]


def _mvit(stochastic_depth_prob: float = 0.2, **options: Any) -> MViT:
    return MViT(stochastic_depth_prob=stochastic_depth_prob, **options)


_SIZES: dict[str, Any] = {"spatial_size": (224, 224), "temporal_size": 16}

mvit_v1_b = builder(
    "mvit_v1_b", _mvit, MViT_V1_B_Weights, "MViT, base (Fan et al., 2021).", pretrained="KINETICS400_V1", **_SIZES,
    block_setting=_first_blocks(), residual_pool=False, residual_with_cls_embed=False, rel_pos_embed=False, proj_after_attn=False,
)  # fmt: skip
mvit_v2_s = builder(
    "mvit_v2_s", _mvit, MViT_V2_S_Weights, "MViT v2, small (Li et al., 2022).", pretrained="KINETICS400_V1", **_SIZES,
    block_setting=_second_blocks(), residual_pool=True, residual_with_cls_embed=False, rel_pos_embed=True, proj_after_attn=True,
)  # fmt: skip
