"""Detectors in two stages: regions that may be objects, and what is in each (Ren et al., "Faster R-CNN", 2015)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.detection.inputs import check_targets, refuse_degenerate, sizes_of

__all__ = ["GeneralizedRCNN"]


class GeneralizedRCNN(nn.Module):
    """A ``backbone`` that makes features, an ``rpn`` that proposes regions, ``roi_heads`` that look at these, and a
    ``transform`` of what is given and found."""

    def __init__(self, backbone: nn.Module, rpn: nn.Module, roi_heads: nn.Module, transform: nn.Module) -> None:
        super().__init__()
        self.transform: Any = transform
        self.backbone = backbone
        self.rpn = rpn
        self.roi_heads: Any = roi_heads

    def eager_outputs(self, losses: dict[str, Tensor], detections: list[dict[str, Tensor]]) -> Any:
        """The losses while training, else what was found."""
        return losses if self.training else detections

    def forward(self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None) -> Any:
        """While training, losses by name, from images (C, H, W) and what is in them: ``boxes`` (N, 4), ``labels`` (N,), and
        ``masks`` (N, H, W) or ``keypoints`` (N, K, 3).  Otherwise for each image ``boxes``, ``labels``, ``scores`` and these.
        """
        if self.training:
            check_targets(targets)
        originals = sizes_of(images)
        batch, targets = self.transform(images, targets)
        refuse_degenerate(targets)
        features = self.backbone(batch.tensors)
        if isinstance(features, Tensor):
            features = OrderedDict([("0", features)])
        proposals, proposal_losses = self.rpn(batch, features, targets)
        detections, losses = self.roi_heads(features, proposals, batch.image_sizes, targets)
        detections = self.transform.postprocess(detections, batch.image_sizes, originals)
        return self.eager_outputs({**losses, **proposal_losses}, detections)


_list_names(__name__)
