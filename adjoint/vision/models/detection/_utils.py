"""What detectors share, under torchvision's name of the module."""

from __future__ import annotations

from collections import OrderedDict

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.detection.box_coding import BoxCoder, BoxLinearCoder, _box_loss, encode_boxes
from adjoint.vision.models.detection.matching import BalancedPositiveNegativeSampler, Matcher, SSDMatcher
from adjoint.vision.ops import FrozenBatchNorm2d

__all__ = [
    "BalancedPositiveNegativeSampler",
    "BoxCoder",
    "BoxLinearCoder",
    "Matcher",
    "SSDMatcher",
    "_box_loss",
    "encode_boxes",
    "overwrite_eps",
    "retrieve_out_channels",
]


def overwrite_eps(model: nn.Module, eps: float) -> None:
    """Set the ``eps`` of all :class:`FrozenBatchNorm2d` of a model, as old weights need it."""
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.eps = eps


def retrieve_out_channels(model: nn.Module, size: tuple[int, int]) -> list[int]:
    """How many channels a backbone's features have, found by running it on an image of ``size`` (width, height)."""
    training = model.training
    model.eval()
    with adjoint.no_grad():
        features = model(adjoint.zeros((1, 3, size[1], size[0]), device=next(model.parameters()).device))
    if isinstance(features, Tensor):
        features = OrderedDict([("0", features)])
    if training:
        model.train()
    return [x.size(1) for x in features.values()]


def _topk_min(input: Tensor, orig_kval: int, axis: int) -> int:
    """``orig_kval``, or as many as there are along a dimension."""
    return min(orig_kval, input.size(axis))


def taken(at: Tensor, *tensors: Tensor) -> list[Tensor]:
    """The rows of tensors at these numbers."""
    return [tensor[at] for tensor in tensors]


_list_names(__name__)
