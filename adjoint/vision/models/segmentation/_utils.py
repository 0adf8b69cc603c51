"""What segmentation models have in common: features, classifiers of each place, and builders with a backbone."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from adjoint import nn
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models._utils import IntermediateLayerGetter
from adjoint.vision.models.registry import register_model
from adjoint.vision.models.weights import WeightsEnum, decided, with_legacy_weights


def resized(x: Tensor, like: Tensor) -> Tensor:
    """``x`` (N, C, h, w), brought to the height and width of ``like`` between its values."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class _SimpleSegmentationModel(nn.Module):
    """A classifier of each place of the features "out" of a backbone, and maybe another one, which trains it, of "aux".

    Takes images (N, C, H, W) and gives a dictionary of (N, classes, H, W), with the names of those features.
    """

    def __init__(self, backbone: nn.Module, classifier: nn.Module, aux_classifier: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.backbone(x)
        found = OrderedDict(out=resized(self.classifier(features["out"]), x))
        if self.aux_classifier is not None:
            found["aux"] = resized(self.aux_classifier(features["aux"]), x)
        return found


class FCNHead(nn.Sequential):
    """A 3x3 convolution to a quarter of the channels, and a 1x1 one to the classes."""

    def __init__(self, in_channels: int, channels: int) -> None:
        narrow = in_channels // 4
        super().__init__(
            nn.Conv2d(in_channels, narrow, 3, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(narrow, channels, 1),
        )


def layers_of_resnet(resnet: Any) -> tuple[nn.Module, dict[str, str], dict[str, int]]:
    """Its children, those of features by the places at which they are taken, and how many channels these have."""
    return resnet, {"out": "layer4", "aux": "layer3"}, {"out": 2048, "aux": 1024}


def layers_of_mobilenet(mobilenet: Any) -> tuple[nn.Module, dict[str, str], dict[str, int]]:
    """As :func:`layers_of_resnet`; the features before the third halving of the size are "aux", the last ones "out"."""
    features = mobilenet.features
    halving = [0, *(i for i, block in enumerate(features) if getattr(block, "_is_cn", False)), len(features) - 1]
    places = {"out": halving[-1], "aux": halving[-4]}
    return (
        features,
        {kind: str(i) for kind, i in places.items()},
        {kind: features[i].out_channels for kind, i in places.items()},
    )


def segmenter(
    name: str,
    model: type[_SimpleSegmentationModel],
    head: Callable[[int, int], nn.Module],
    weights: type[WeightsEnum],
    backbone: Callable[..., nn.Module],
    backbone_weights: type[WeightsEnum],
    layers: Callable[[Any], tuple[nn.Module, dict[str, str], dict[str, int]]],
    about: str,
    **options: Any,
) -> Callable[..., Any]:
    """The function ``name`` of the calling module, registered, that makes a ``model`` over ``backbone(**options)``.

    ``head(channels, classes)`` makes its classifier; ``layers`` says where the backbone's features are.  ``about`` begins the
    docstring.
    """
    enum, known = weights, backbone_weights.__members__["IMAGENET1K_V1"]

    def build(
        *,
        weights: Any = None,
        progress: bool = True,
        num_classes: int | None = None,
        aux_loss: bool | None = None,
        weights_backbone: Any = known,
        **kwargs: Any,
    ) -> Any:
        chosen, trained = enum.verify(weights), backbone_weights.verify(weights_backbone)
        if chosen is not None:
            trained = None
            num_classes = decided("num_classes", num_classes, len(chosen.meta["categories"]))
            aux_loss = decided("aux_loss", aux_loss, True)
        classes = 21 if num_classes is None else num_classes
        below, places, channels = layers(backbone(weights=trained, **options))
        kinds = ["out", "aux"] if aux_loss else ["out"]
        features = IntermediateLayerGetter(below, {places[kind]: kind for kind in kinds})
        # The auxiliary classifier is made first: so the random numbers are torchvision's.
        aux = FCNHead(channels["aux"], classes) if aux_loss else None
        made = model(features, head(channels["out"], classes), aux)
        if chosen is not None:
            made.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
        return made

    build.__name__ = build.__qualname__ = name
    build.__module__ = sys._getframe(1).f_globals["__name__"]
    build.__doc__ = f"""{about}

    ``weights``, a member of :class:`{enum.__name__}` or its name, are downloaded once; ``weights_backbone`` are if there are none:
    unless they are None, those of the backbone alone.  ``num_classes`` (21 unless said otherwise) has the background among them;
    with ``aux_loss`` a second classifier is trained beside the first.  Raises ValueError if these are not what the weights have,
    URLError where there is no network: it says which file to put where.
    """
    build.__annotations__ = {
        "weights": enum | None,
        "progress": bool,
        "num_classes": int | None,
        "aux_loss": bool | None,
        "weights_backbone": backbone_weights | None,
        "kwargs": Any,
        "return": model,
    }
    return register_model()(with_legacy_weights(enum.__members__["COCO_WITH_VOC_LABELS_V1"], known)(build))
