"""Vision Transformer: Dosovitskiy et al. (2021), a transformer over the patches of an image.

Modules are made in torchvision's order and initialized in its way, so that the same seed gives the same weights.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import adjoint
from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.vision_transformer_weights import (
    ViT_B_16_Weights,
    ViT_B_32_Weights,
    ViT_H_14_Weights,
    ViT_L_16_Weights,
    ViT_L_32_Weights,
)
from adjoint.vision.ops.misc import MLP, Conv2dNormActivation

__all__ = [
    "ViT_B_16_Weights",
    "ViT_B_32_Weights",
    "ViT_H_14_Weights",
    "ViT_L_16_Weights",
    "ViT_L_32_Weights",
    "VisionTransformer",
    "vit_b_16",
    "vit_b_32",
    "vit_h_14",
    "vit_l_16",
    "vit_l_32",
]

_Norm = Callable[..., nn.Module]
_NORM = partial(nn.LayerNorm, eps=1e-6)


class ConvStemConfig(NamedTuple):
    """One convolution of a stem of several (Xiao et al., 2021)."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: _Norm = nn.BatchNorm2d
    activation_layer: Callable[..., nn.Module] = nn.ReLU


class MLPBlock(MLP):
    """Two linear layers with a GELU between them.  Loads states of when they were named ``linear_1`` and ``linear_2``."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:
            for old, new in (("linear_1", 0), ("linear_2", 3)):
                for kind in ("weight", "bias"):
                    if f"{prefix}{old}.{kind}" in state_dict:
                        state_dict[f"{prefix}{new}.{kind}"] = state_dict.pop(f"{prefix}{old}.{kind}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)


class EncoderBlock(nn.Module):
    """Attention and an :class:`MLPBlock`, each after a normalization and beside a shortcut: (N, S, E) to (N, S, E)."""

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: _Norm = _NORM,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        _check_sequence(input)
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Places are added to a sequence, which blocks then transform: (N, S, E) to (N, S, E)."""

    def __init__(
        self,
        seq_length: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: _Norm = _NORM,
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(adjoint.empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for i in range(num_layers):
            layers[f"encoder_layer_{i}"] = EncoderBlock(
                num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
            )
        self.layers = nn.Sequential(layers)
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        _check_sequence(input)
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


def _check_sequence(x: Tensor) -> None:
    adjoint._assert(x.dim() == 3, f"Expected (batch_size, seq_length, hidden_dim) got {x.shape}")


class VisionTransformer(nn.Module):
    """Patches of an image, and a token in which the encoder gathers what the heads classify.

    Takes images of shape (N, 3, ``image_size``, ``image_size``) and gives (N, ``num_classes``).  Raises AssertionError for other
    sizes, and where patches do not fill an image.

    >>> import adjoint as torch
    >>> from adjoint.vision.models import VisionTransformer
    >>> model = VisionTransformer(32, 8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=10)
    >>> model(torch.rand(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        norm_layer: _Norm = _NORM,
        conv_stem_configs: list[ConvStemConfig] | None = None,
    ) -> None:
        super().__init__()
        adjoint._assert(image_size % patch_size == 0, "Input shape indivisible by patch size!")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer

        self.conv_proj: nn.Module
        if conv_stem_configs is None:
            self.conv_proj = nn.Conv2d(
                in_channels=3, out_channels=hidden_dim, kernel_size=patch_size, stride=patch_size
            )
        else:
            self.conv_proj = _stem(conv_stem_configs, hidden_dim)
        self.class_token = nn.Parameter(adjoint.zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
        )
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is None:
            heads["head"] = nn.Linear(hidden_dim, num_classes)
        else:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
            heads["head"] = nn.Linear(representation_size, num_classes)
        self.heads = nn.Sequential(heads)
        self._initialize()

    def _initialize(self) -> None:
        projection = self.conv_proj
        if isinstance(projection, nn.Conv2d):
            fan_in = projection.in_channels * projection.kernel_size[0] * projection.kernel_size[1]
            nn.init.trunc_normal_(projection.weight, std=math.sqrt(1 / fan_in))
        else:
            projection = projection.conv_last
            nn.init.normal_(projection.weight, mean=0.0, std=math.sqrt(2.0 / projection.out_channels))
        nn.init.zeros_(projection.bias)
        if self.representation_size is not None:
            before = self.heads.pre_logits
            nn.init.trunc_normal_(before.weight, std=math.sqrt(1 / before.in_features))
            nn.init.zeros_(before.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def _process_input(self, x: Tensor) -> Tensor:
        """Images as sequences of patches: (N, 3, H, W) to (N, S, E)."""
        n, _, h, w = x.shape
        adjoint._assert(h == self.image_size, f"Wrong image height! Expected {self.image_size} but got {h}!")
        adjoint._assert(w == self.image_size, f"Wrong image width! Expected {self.image_size} but got {w}!")
        patches = (h // self.patch_size) * (w // self.patch_size)
        return self.conv_proj(x).reshape(n, self.hidden_dim, patches).permute(0, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self._process_input(x)
        x = self.encoder(adjoint.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1))
        return self.heads(x[:, 0])


def _stem(convolutions: list[ConvStemConfig], hidden_dim: int) -> nn.Sequential:
    stem = nn.Sequential()
    channels = 3
    for i, wanted in enumerate(convolutions):
        convolution = Conv2dNormActivation(
            in_channels=channels,
            out_channels=wanted.out_channels,
            kernel_size=wanted.kernel_size,
            stride=wanted.stride,
            norm_layer=wanted.norm_layer,
            activation_layer=wanted.activation_layer,
        )
        stem.add_module(f"conv_bn_relu_{i}", convolution)
        channels = wanted.out_channels
    stem.add_module("conv_last", nn.Conv2d(in_channels=channels, out_channels=hidden_dim, kernel_size=1))
    return stem


def _vision_transformer(image_size: int = 224, **options: Any) -> VisionTransformer:
    return VisionTransformer(image_size=image_size, **options)


def _size(meta: dict[str, Any]) -> dict[str, Any]:
    return {"image_size": meta["min_size"][0]}


_BASE: dict[str, Any] = {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072}
_LARGE: dict[str, Any] = {"num_layers": 24, "num_heads": 16, "hidden_dim": 1024, "mlp_dim": 4096}
_HUGE: dict[str, Any] = {"num_layers": 32, "num_heads": 16, "hidden_dim": 1280, "mlp_dim": 5120}

vit_b_16 = builder(
    "vit_b_16", _vision_transformer, ViT_B_16_Weights, "ViT-B/16 (Dosovitskiy et al., 2021).",
    needs=_size, patch_size=16, **_BASE,
)  # fmt: skip
vit_b_32 = builder(
    "vit_b_32", _vision_transformer, ViT_B_32_Weights, "ViT-B/32 (Dosovitskiy et al., 2021).",
    needs=_size, patch_size=32, **_BASE,
)  # fmt: skip
vit_l_16 = builder(
    "vit_l_16", _vision_transformer, ViT_L_16_Weights, "ViT-L/16 (Dosovitskiy et al., 2021).",
    needs=_size, patch_size=16, **_LARGE,
)  # fmt: skip
vit_l_32 = builder(
    "vit_l_32", _vision_transformer, ViT_L_32_Weights, "ViT-L/32 (Dosovitskiy et al., 2021).",
    needs=_size, patch_size=32, **_LARGE,
)  # fmt: skip
vit_h_14 = builder(
    "vit_h_14", _vision_transformer, ViT_H_14_Weights, "ViT-H/14 (Dosovitskiy et al., 2021).",
    needs=_size, patch_size=14, **_HUGE,
)  # fmt: skip


def interpolate_embeddings(
    image_size: int,
    patch_size: int,
    model_state: OrderedDict[str, Tensor],
    interpolation_mode: str = "bicubic",
    reset_heads: bool = False,
) -> OrderedDict[str, Tensor]:
    """A state for images of another size: the embedding of places is resized to as many patches as those have.

    ``model_state`` is changed, and returned; with ``reset_heads`` and another number of patches a copy of it without the heads
    is.  Raises ValueError unless the places of the state are those of a square.

    >>> from adjoint.vision.models.vision_transformer import VisionTransformer, interpolate_embeddings
    >>> sizes = {"patch_size": 8, "num_layers": 1, "num_heads": 2, "hidden_dim": 4, "mlp_dim": 8}
    >>> small, large = VisionTransformer(16, **sizes), VisionTransformer(32, **sizes)
    >>> large.load_state_dict(interpolate_embeddings(32, 8, small.state_dict()))
    <All keys matched successfully>
    """
    places = model_state["encoder.pos_embedding"]
    n, length, hidden_dim = places.shape
    if n != 1:
        raise ValueError(f"Unexpected position embedding shape: {places.shape}")
    side = image_size // patch_size
    if side**2 + 1 == length:
        return model_state
    token, patches = places[:, :1, :], places[:, 1:, :].permute(0, 2, 1)
    length -= 1
    was = int(math.sqrt(length))
    if was * was != length:
        raise ValueError(
            f"seq_length is not a perfect square! Instead got seq_length_1d * seq_length_1d = {was * was} and seq_length = {length}"
        )
    resized = nn.functional.interpolate(
        patches.reshape(1, hidden_dim, was, was), size=side, mode=interpolation_mode, align_corners=True
    )
    resized = resized.reshape(1, hidden_dim, side**2).permute(0, 2, 1)
    model_state["encoder.pos_embedding"] = adjoint.cat([token, resized], dim=1)
    if reset_heads:
        return OrderedDict((name, value) for name, value in model_state.items() if not name.startswith("heads"))
    return model_state
