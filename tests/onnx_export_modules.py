"""Modules of ``torch.nn`` that ONNX can hold, each with how it is made and what it is called with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import adjoint as torch
from adjoint import nn

_GENERATOR = torch.Generator().manual_seed(0)


def _numbers(*sizes: int) -> Any:
    return torch.rand(*sizes, generator=_GENERATOR) - 0.4


ROWS, STEPS = _numbers(3, 8), _numbers(2, 5, 8)
IMAGES = {1: _numbers(2, 4, 9), 2: _numbers(2, 4, 8, 8), 3: _numbers(1, 4, 6, 6, 6)}
SHARES = torch.rand(3, 8, generator=_GENERATOR)
CLASSES, WORDS = torch.tensor([1, 0, 2]), torch.tensor([[1, 2, 5], [3, 4, 0]])


class Case(NamedTuple):
    """How a module is made, and the arguments of a call."""

    make: Callable[[], Any]
    args: tuple[Any, ...]


def _plain(names: str, *args: Any) -> dict[str, Case]:
    """Modules that are made of nothing."""
    return {name: Case(getattr(nn, name), args) for name in names.split()}


def _of_images(pattern: str, make: Callable[[Any], Any], label: str = "") -> dict[str, Case]:
    """Modules of one, two and three dimensions."""
    kinds = {d: getattr(nn, pattern.format(d)) for d in IMAGES}
    return {pattern.format(d) + label: Case(functools.partial(make, kind), (IMAGES[d],)) for d, kind in kinds.items()}


CASES: dict[str, Case] = {
    **_plain(
        "ReLU ReLU6 ELU CELU SELU GELU SiLU Mish Hardswish Hardsigmoid Hardtanh Hardshrink Softshrink Tanhshrink Softplus Softsign "
        "Sigmoid Tanh LogSigmoid LeakyReLU RReLU PReLU Identity Dropout AlphaDropout Flatten GLU",
        ROWS,
    ),
    **{name: Case(lambda name=name: getattr(nn, name)(-1), (ROWS,)) for name in ("Softmax", "LogSoftmax", "Softmin")},
    **_plain("Softmax2d Dropout2d FeatureAlphaDropout", IMAGES[2]),
    **_plain("Dropout1d", IMAGES[1]),
    **_plain("Dropout3d", IMAGES[3]),
    "Threshold": Case(lambda: nn.Threshold(0.1, 20), (ROWS,)),
    "Unflatten": Case(lambda: nn.Unflatten(1, (2, 4)), (ROWS,)),
    "Linear": Case(lambda: nn.Linear(8, 3), (ROWS,)),
    "Linear of steps": Case(lambda: nn.Linear(8, 3), (STEPS,)),
    "Bilinear": Case(lambda: nn.Bilinear(8, 8, 3), (ROWS, ROWS)),
    "Embedding": Case(lambda: nn.Embedding(9, 3), (WORDS,)),
    "EmbeddingBag": Case(lambda: nn.EmbeddingBag(9, 3, mode="sum"), (WORDS,)),
    **_of_images("Conv{}d", lambda kind: kind(4, 6, 3, 2, 1)),
    **_of_images("Conv{}d", lambda kind: kind(4, 6, 4, padding="same", groups=2), " same"),
    "Conv2d circular": Case(lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), (IMAGES[2],)),
    "Conv2d reflect": Case(lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), (IMAGES[2],)),
    **_of_images("ConvTranspose{}d", lambda kind: kind(4, 6, 3, 2, 1, 1)),
    "Unfold": Case(lambda: nn.Unfold(3), (IMAGES[2],)),
    "Fold": Case(lambda: nn.Fold((4, 4), 2), (_numbers(1, 8, 9),)),
    **_of_images("BatchNorm{}d", lambda kind: kind(4)),
    **_of_images("InstanceNorm{}d", lambda kind: kind(4, affine=True)),
    "InstanceNorm2d with statistics": Case(lambda: nn.InstanceNorm2d(4, track_running_stats=True), (IMAGES[2],)),
    "SyncBatchNorm": Case(lambda: nn.SyncBatchNorm(4), (IMAGES[2],)),
    "LayerNorm": Case(lambda: nn.LayerNorm((5, 8)), (STEPS,)),
    "RMSNorm": Case(lambda: nn.RMSNorm(8), (STEPS,)),
    "GroupNorm": Case(lambda: nn.GroupNorm(2, 4), (IMAGES[2],)),
    "LocalResponseNorm": Case(lambda: nn.LocalResponseNorm(3), (IMAGES[2],)),
    "CrossMapLRN2d": Case(lambda: nn.CrossMapLRN2d(3), (IMAGES[2],)),
    "RNN": Case(lambda: nn.RNN(8, 6, nonlinearity="relu"), (STEPS,)),
    "LSTM": Case(lambda: nn.LSTM(8, 6, 2, bidirectional=True, batch_first=True), (STEPS,)),
    "LSTM of one sequence": Case(lambda: nn.LSTM(8, 6), (ROWS,)),
    "GRU": Case(lambda: nn.GRU(8, 6, bias=False), (STEPS,)),
    "RNNCell": Case(lambda: nn.RNNCell(8, 6), (ROWS,)),
    "LSTMCell": Case(lambda: nn.LSTMCell(8, 6), (ROWS,)),
    "GRUCell": Case(lambda: nn.GRUCell(8, 6), (ROWS,)),
    "MultiheadAttention": Case(lambda: nn.MultiheadAttention(8, 2, batch_first=True), (STEPS, STEPS, STEPS)),
    "MultiheadAttention with more keys": Case(
        lambda: nn.MultiheadAttention(8, 2, batch_first=True, add_bias_kv=True, add_zero_attn=True),
        (STEPS, STEPS, STEPS),
    ),
    "TransformerEncoder": Case(
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (STEPS,)
    ),
    "TransformerDecoderLayer": Case(
        lambda: nn.TransformerDecoderLayer(8, 2, 16, norm_first=True, activation="gelu"), (STEPS, STEPS)
    ),
    "Transformer": Case(lambda: nn.Transformer(8, 2, 1, 1, 16), (STEPS, STEPS)),
    "PixelShuffle": Case(lambda: nn.PixelShuffle(2), (IMAGES[2],)),
    "PixelUnshuffle": Case(lambda: nn.PixelUnshuffle(2), (IMAGES[2],)),
    "ChannelShuffle": Case(lambda: nn.ChannelShuffle(2), (IMAGES[2],)),
    "Upsample": Case(lambda: nn.Upsample(scale_factor=2), (IMAGES[2],)),
    "Upsample linear": Case(lambda: nn.Upsample(scale_factor=2, mode="linear"), (IMAGES[1],)),
    "Upsample bilinear": Case(lambda: nn.Upsample(scale_factor=1.5, mode="bilinear"), (IMAGES[2],)),
    "Upsample trilinear": Case(lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (IMAGES[3],)),
    "Upsample bicubic": Case(lambda: nn.Upsample(size=(11, 13), mode="bicubic"), (IMAGES[2],)),
    "UpsamplingNearest2d": Case(lambda: nn.UpsamplingNearest2d(scale_factor=2), (IMAGES[2],)),
    "UpsamplingBilinear2d": Case(lambda: nn.UpsamplingBilinear2d(size=(11, 7)), (IMAGES[2],)),
    **_of_images("MaxPool{}d", lambda kind: kind(3, 2, 1)),
    **_of_images("MaxPool{}d", lambda kind: kind(2, 2, ceil_mode=True), " up"),
    **_of_images("AvgPool{}d", lambda kind: kind(3, 2, 1)),
    **_of_images("AvgPool{}d", lambda kind: kind(2, 2, ceil_mode=True), " up"),
    **_of_images("AdaptiveAvgPool{}d", lambda kind: kind(1)),
    **_of_images("AdaptiveAvgPool{}d", lambda kind: kind(3), " to three"),
    **_of_images("AdaptiveMaxPool{}d", lambda kind: kind(1)),
    **_of_images("AdaptiveMaxPool{}d", lambda kind: kind(3), " to three"),
    **_of_images("LPPool{}d", lambda kind: kind(2, 3)),
    "MaxUnpool2d": Case(lambda: nn.MaxUnpool2d(2), (IMAGES[2], torch.arange(64).view(8, 8).expand(2, 4, 8, 8) * 4)),
    **_of_images("ReflectionPad{}d", lambda kind: kind(1)),
    **_of_images("ReplicationPad{}d", lambda kind: kind(1)),
    **_of_images("ZeroPad{}d", lambda kind: kind(1)),
    **_of_images("CircularPad{}d", lambda kind: kind(1)),
    **_of_images("ConstantPad{}d", lambda kind: kind(1, 2.0)),
    "CosineSimilarity": Case(nn.CosineSimilarity, (ROWS, SHARES)),
    "PairwiseDistance": Case(nn.PairwiseDistance, (ROWS, SHARES)),
    **_plain(
        "L1Loss MSELoss SmoothL1Loss HuberLoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss SoftMarginLoss", ROWS, SHARES
    ),
    "MultiLabelSoftMarginLoss": Case(nn.MultiLabelSoftMarginLoss, (ROWS, SHARES.round())),
    "BCELoss": Case(nn.BCELoss, (SHARES, SHARES.flip(0))),
    "CrossEntropyLoss": Case(nn.CrossEntropyLoss, (ROWS, CLASSES)),
    "CrossEntropyLoss smoothed": Case(lambda: nn.CrossEntropyLoss(label_smoothing=0.1), (ROWS, CLASSES)),
    "CrossEntropyLoss of shares": Case(nn.CrossEntropyLoss, (ROWS, SHARES)),
    "NLLLoss": Case(lambda: nn.NLLLoss(weight=SHARES[0]), (ROWS, CLASSES)),
    "HingeEmbeddingLoss": Case(nn.HingeEmbeddingLoss, (ROWS, ROWS.sign())),
    "MarginRankingLoss": Case(nn.MarginRankingLoss, (ROWS, SHARES, ROWS.sign())),
    "CosineEmbeddingLoss": Case(nn.CosineEmbeddingLoss, (ROWS, SHARES, torch.tensor([1, -1, 1]))),
    "TripletMarginLoss": Case(nn.TripletMarginLoss, (ROWS, SHARES, ROWS.flip(0))),
    "TripletMarginWithDistanceLoss": Case(nn.TripletMarginWithDistanceLoss, (ROWS, SHARES, ROWS.flip(0))),
    "AdaptiveLogSoftmaxWithLoss": Case(lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4]), (ROWS, CLASSES)),
    "weight_norm": Case(lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 3)), (ROWS,)),
    "weight_norm by hooks": Case(lambda: nn.utils.weight_norm(nn.Linear(8, 3)), (ROWS,)),
    "spectral_norm": Case(lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 3)), (ROWS,)),
    "orthogonal": Case(lambda: nn.utils.parametrizations.orthogonal(nn.Linear(8, 8)), (ROWS,)),
}
