"""Names that programs take from ``torchvision.ops._utils``."""

from __future__ import annotations

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.ops.box_overlaps import upcast as _upcast
from adjoint.vision.ops.paired_boxes import loss_inter_union as _loss_inter_union
from adjoint.vision.ops.paired_boxes import upcast_non_float as _upcast_non_float
from adjoint.vision.ops.regions import convert_boxes_to_roi_format

__all__ = [
    "_loss_inter_union",
    "_upcast",
    "_upcast_non_float",
    "convert_boxes_to_roi_format",
    "split_normalization_params",
]


def split_normalization_params(
    model: nn.Module, norm_classes: list[type] | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """A model's trainable parameters, those of normalizations (``norm_classes``) and the others, for an optimizer's groups.

    Raises ValueError for classes that are no modules.
    """
    kinds = norm_classes or [
        nn.modules.batchnorm._BatchNorm,
        nn.LayerNorm,
        nn.GroupNorm,
        nn.modules.instancenorm._InstanceNorm,
        nn.LocalResponseNorm,
    ]
    for kind in kinds:
        if not issubclass(kind, nn.Module):
            raise ValueError(f"Class {kind} is not a subclass of nn.Module.")
    normalizing: list[Tensor] = []
    others: list[Tensor] = []
    for module in model.modules():
        composed = next(module.children(), None) is not None
        found = normalizing if not composed and isinstance(module, tuple(kinds)) else others
        found.extend(p for p in module.parameters(recurse=not composed) if p.requires_grad)
    return normalizing, others
