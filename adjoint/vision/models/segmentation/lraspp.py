"""Lite R-ASPP: Howard et al. (2019), a light classifier of each place over a MobileNet v3."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import IntermediateLayerGetter
from adjoint.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.segmentation._utils import layers_of_mobilenet, resized
from adjoint.vision.models.segmentation.weights import LRASPP_MobileNet_V3_Large_Weights
from adjoint.vision.models.weights import decided, with_legacy_weights

__all__ = ["LRASPP", "LRASPP_MobileNet_V3_Large_Weights", "lraspp_mobilenet_v3_large"]


class LRASPP(nn.Module):
    """Features of a backbone, "low" and "high", and :class:`LRASPPHead` over them.

    Takes images (N, 3, H, W) and gives a dictionary with "out", (N, ``num_classes``, H, W).
    """

    def __init__(
        self, backbone: nn.Module, low_channels: int, high_channels: int, num_classes: int, inter_channels: int = 128
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = LRASPPHead(low_channels, high_channels, num_classes, inter_channels)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        return OrderedDict(out=resized(self.classifier(self.backbone(input)), input))


class LRASPPHead(nn.Module):
    """High features, weighed by what they have in the mean, and low ones, classified each and added.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.segmentation.lraspp import LRASPPHead
    >>> features = {"low": torch.rand(2, 3, 8, 8), "high": torch.rand(2, 6, 4, 4)}
    >>> LRASPPHead(3, 6, 5, 4)(features).shape
    torch.Size([2, 5, 8, 8])
    """

    def __init__(self, low_channels: int, high_channels: int, num_classes: int, inter_channels: int) -> None:
        super().__init__()
        self.cbr = nn.Sequential(
            nn.Conv2d(high_channels, inter_channels, 1, bias=False),
            nn.BatchNorm2d(inter_channels),
            nn.ReLU(inplace=True),
        )
        self.scale = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(high_channels, inter_channels, 1, bias=False), nn.Sigmoid()
        )
        self.low_classifier = nn.Conv2d(low_channels, num_classes, 1)
        self.high_classifier = nn.Conv2d(inter_channels, num_classes, 1)

    def forward(self, input: dict[str, Tensor]) -> Tensor:
        low, high = input["low"], input["high"]
        weighed = resized(self.cbr(high) * self.scale(high), low)
        return self.low_classifier(low) + self.high_classifier(weighed)


@register_model()
@with_legacy_weights(
    LRASPP_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1, MobileNet_V3_Large_Weights.IMAGENET1K_V1
)
def lraspp_mobilenet_v3_large(
    *,
    weights: LRASPP_MobileNet_V3_Large_Weights | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: MobileNet_V3_Large_Weights | None = MobileNet_V3_Large_Weights.IMAGENET1K_V1,
    **kwargs: Any,
) -> LRASPP:
    """LR-ASPP over a large MobileNet v3 (Howard et al., 2019).

    ``weights`` and ``weights_backbone`` are as those of :func:`~adjoint.vision.models.segmentation.fcn_resnet50`.  There is no
    auxiliary classifier: NotImplementedError for ``aux_loss=True``.
    """
    if kwargs.pop("aux_loss", False):
        raise NotImplementedError("This model does not use auxiliary loss")
    chosen = LRASPP_MobileNet_V3_Large_Weights.verify(weights)
    trained = MobileNet_V3_Large_Weights.verify(weights_backbone)
    if chosen is not None:
        trained = None
        num_classes = decided("num_classes", num_classes, len(chosen.meta["categories"]))
    classes = 21 if num_classes is None else num_classes
    below, places, channels = layers_of_mobilenet(mobilenet_v3_large(weights=trained, dilated=True))
    features = IntermediateLayerGetter(below, {places["aux"]: "low", places["out"]: "high"})
    model = LRASPP(features, channels["aux"], channels["out"], classes)
    if chosen is not None:
        model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
    return model
