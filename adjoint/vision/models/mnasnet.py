"""MNASNet (Tan et al., 2019), model B1: blocks of MobileNet v2, arranged by a search that measured time on telephones."""

from __future__ import annotations

import warnings
from typing import Any

from adjoint import nn
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.models.builders import builder
from adjoint.vision.models.mnasnet_weights import (
    MNASNet0_5_Weights,
    MNASNet0_75_Weights,
    MNASNet1_0_Weights,
    MNASNet1_3_Weights,
)

__all__ = [
    "MNASNet",
    "MNASNet0_5_Weights",
    "MNASNet0_75_Weights",
    "MNASNet1_0_Weights",
    "MNASNet1_3_Weights",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
]

# The paper's momentum is 0.9997 of the old value; ours is the share of the new one.
_MOMENTUM = 1 - 0.9997

# Channels of the first convolution, of the one after it, and of the stacks.
_CHANNELS = [32, 16, 24, 40, 80, 96, 192, 320]
# The stacks: kernel, the first block's stride, how much blocks widen, how many there are.
_STACKS = [(3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1)]


class _InvertedResidual(nn.Module):
    """A 1x1 convolution that widens, a depthwise one and a 1x1 one that narrows, beside a shortcut where the shapes allow it."""

    def __init__(
        self, in_ch: int, out_ch: int, kernel_size: int, stride: int, expansion_factor: int, bn_momentum: float = 0.1
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        if kernel_size not in (3, 5):
            raise ValueError(f"kernel_size should be 3 or 5 instead of {kernel_size}")
        within = in_ch * expansion_factor
        self.apply_residual = in_ch == out_ch and stride == 1
        self.layers = nn.Sequential(
            nn.Conv2d(in_ch, within, 1, bias=False),
            nn.BatchNorm2d(within, momentum=bn_momentum),
            nn.ReLU(inplace=True),
            *_depthwise(within, kernel_size, stride, bn_momentum),
            nn.Conv2d(within, out_ch, 1, bias=False),
            nn.BatchNorm2d(out_ch, momentum=bn_momentum),
        )

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input) + input if self.apply_residual else self.layers(input)


def _depthwise(channels: int, kernel_size: int, stride: int, momentum: float = _MOMENTUM) -> list[nn.Module]:
    padding = kernel_size // 2
    return [
        nn.Conv2d(channels, channels, kernel_size, padding=padding, stride=stride, groups=channels, bias=False),
        nn.BatchNorm2d(channels, momentum=momentum),
        nn.ReLU(inplace=True),
    ]


def _stem(first: int, second: int) -> list[nn.Module]:
    """A convolution, a depthwise one and a 1x1 one."""
    return [
        nn.Conv2d(3, first, 3, padding=1, stride=2, bias=False),
        nn.BatchNorm2d(first, momentum=_MOMENTUM),
        nn.ReLU(inplace=True),
        *_depthwise(first, 3, 1),
        nn.Conv2d(first, second, 1, padding=0, stride=1, bias=False),
        nn.BatchNorm2d(second, momentum=_MOMENTUM),
    ]


def _stack(
    in_ch: int, out_ch: int, kernel_size: int, stride: int, exp_factor: int, repeats: int, bn_momentum: float = _MOMENTUM
) -> nn.Sequential:
    if repeats < 1:
        raise ValueError(f"repeats should be >= 1, instead got {repeats}")
    return nn.Sequential(
        _InvertedResidual(in_ch, out_ch, kernel_size, stride, exp_factor, bn_momentum),
        *[_InvertedResidual(out_ch, out_ch, kernel_size, 1, exp_factor, bn_momentum) for _ in range(1, repeats)],
    )


def _round_to_multiple_of(val: float, divisor: int, round_up_bias: float = 0.9) -> int:
    """The multiple of ``divisor`` nearest to ``val``, the next one if that is less than ``round_up_bias`` of it."""
    if not 0.0 < round_up_bias < 1.0:
        raise ValueError(f"round_up_bias should be greater than 0.0 and smaller than 1.0 instead of {round_up_bias}")
    near = max(divisor, int(val + divisor / 2) // divisor * divisor)
    return near if near >= round_up_bias * val else near + divisor


def _get_depths(alpha: float) -> list[int]:
    return [_round_to_multiple_of(channels * alpha, 8) for channels in _CHANNELS]


class MNASNet(nn.Module):
    """Takes images (N, 3, H, W) and gives (N, ``num_classes``); ``alpha`` multiplies the channels.

    >>> import adjoint as torch
    >>> from adjoint.vision.models import MNASNet
    >>> MNASNet(0.5, num_classes=7).eval()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 7])
    """

    _version = 2  # the first one did not multiply the channels at the beginning

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
        self.alpha = alpha
        self.num_classes = num_classes
        first, *channels = _get_depths(alpha)
        layers = _stem(first, channels[0])
        for before, after, (kernel, stride, widening, count) in zip(channels, channels[1:], _STACKS):
            layers.append(_stack(before, after, kernel, stride, widening, count))
        layers += [
            nn.Conv2d(channels[-1], 1280, 1, padding=0, stride=1, bias=False),
            nn.BatchNorm2d(1280, momentum=_MOMENTUM),
            nn.ReLU(inplace=True),
        ]
        self.layers = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(1280, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, mode="fan_out", nonlinearity="sigmoid")
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.layers(x).mean([2, 3]))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any) -> None:
        version = local_metadata.get("version", None)
        if version not in (1, 2):
            raise ValueError(f"version should be set to 1 or 2 instead of {version}")
        if version == 1 and self.alpha != 1.0:
            self._become_version_1()
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)

    def _become_version_1(self) -> None:
        """Take the layers that a file of the first version has: its beginning had the same channels for every ``alpha``."""
        second = _get_depths(self.alpha)[2]
        for i, layer in enumerate([*_stem(32, 16), _stack(16, second, *_STACKS[0])]):
            self.layers[i] = layer
        self._version = 1
        warnings.warn(
            "A new version of MNASNet model has been implemented. Your checkpoint was saved using the previous version. This "
            "checkpoint will load and work as before, but you may want to upgrade by training a newer model or transfer learning "
            "from an updated ImageNet checkpoint.",
            UserWarning,
            stacklevel=users_level(),
        )


mnasnet0_5 = builder("mnasnet0_5", MNASNet, MNASNet0_5_Weights, "MNASNet of half the channels.", alpha=0.5)
mnasnet0_75 = builder("mnasnet0_75", MNASNet, MNASNet0_75_Weights, "MNASNet of 0.75 of the channels.", alpha=0.75)
mnasnet1_0 = builder("mnasnet1_0", MNASNet, MNASNet1_0_Weights, "MNASNet (Tan et al., 2019).", alpha=1.0)
mnasnet1_3 = builder("mnasnet1_3", MNASNet, MNASNet1_3_Weights, "MNASNet of 1.3 times the channels.", alpha=1.3)
