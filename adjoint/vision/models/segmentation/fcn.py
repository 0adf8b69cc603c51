"""Fully convolutional networks: Long et al. (2015), a classifier of each place over a dilated ResNet."""

from __future__ import annotations

from functools import partial

from adjoint.vision.models.resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from adjoint.vision.models.segmentation._utils import (
    FCNHead,
    _SimpleSegmentationModel,
    layers_of_resnet,
    segmenter,
)
from adjoint.vision.models.segmentation.weights import FCN_ResNet50_Weights, FCN_ResNet101_Weights

__all__ = ["FCN", "FCN_ResNet101_Weights", "FCN_ResNet50_Weights", "fcn_resnet101", "fcn_resnet50"]


class FCN(_SimpleSegmentationModel):
    """Features of a backbone, "out" and maybe "aux", with a classifier of their places each.

    Takes images (N, 3, H, W) and gives a dictionary of (N, classes, H, W), with the names of those features.

    >>> import adjoint as torch
    >>> from adjoint.vision.models._utils import IntermediateLayerGetter
    >>> from adjoint.vision.models.segmentation.fcn import FCN, FCNHead
    >>> features = IntermediateLayerGetter(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=2)), {"0": "out"})
    >>> {name: value.shape for name, value in FCN(features, FCNHead(8, 5))(torch.rand(2, 3, 32, 32)).items()}
    {'out': torch.Size([2, 5, 32, 32])}
    """


_fcn = partial(segmenter, model=FCN, head=FCNHead, layers=layers_of_resnet)
_DILATED = [False, True, True]

fcn_resnet50 = _fcn(
    "fcn_resnet50", weights=FCN_ResNet50_Weights, backbone=resnet50, backbone_weights=ResNet50_Weights,
    about="An FCN over a ResNet-50 (Long et al., 2015).", replace_stride_with_dilation=_DILATED,
)  # fmt: skip
fcn_resnet101 = _fcn(
    "fcn_resnet101", weights=FCN_ResNet101_Weights, backbone=resnet101, backbone_weights=ResNet101_Weights,
    about="An FCN over a ResNet-101 (Long et al., 2015).", replace_stride_with_dilation=_DILATED,
)  # fmt: skip
