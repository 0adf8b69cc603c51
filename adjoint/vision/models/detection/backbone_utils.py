"""Backbones of detectors: models of images whose features are a pyramid, and which of their layers are trained."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.models import registry
from adjoint.vision.models._utils import IntermediateLayerGetter
from adjoint.vision.models.weights import WeightsEnum, handle_legacy_interface
from adjoint.vision.ops import FrozenBatchNorm2d
from adjoint.vision.ops.feature_pyramid_network import ExtraFPNBlock, FeaturePyramidNetwork, LastLevelMaxPool

__all__ = ["BackboneWithFPN", "mobilenet_backbone", "resnet_fpn_backbone"]


class BackboneWithFPN(nn.Module):
    """A pyramid of what some layers of a model compute.

    ``return_layers`` says which of its children, and the names of their levels; ``in_channels_list`` are their channels,
    ``out_channels`` those of the pyramid.  ``extra_blocks`` adds levels, without it one of every second pixel of the coarsest.
    """

    def __init__(
        self,
        backbone: nn.Module,
        return_layers: dict[str, str],
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.body = IntermediateLayerGetter(backbone, return_layers=return_layers)
        self.fpn = FeaturePyramidNetwork(in_channels_list, out_channels, extra_blocks or LastLevelMaxPool(), norm_layer)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The levels of images (N, 3, H, W), by name."""
        return self.fpn(self.body(x))  # type: ignore[no-any-return]


def _built(backbone_name: str, module: str, **options: Any) -> Any:
    """A model by its name, of one of the modules of models."""
    return getattr(importlib.import_module(f"adjoint.vision.models.{module}"), backbone_name)(**options)


def _pretrained(module: str) -> Callable[[dict[str, Any]], Any]:
    def found(options: dict[str, Any]) -> Any:
        builder = getattr(importlib.import_module(f"adjoint.vision.models.{module}"), options["backbone_name"])
        return registry.get_model_weights(builder)["IMAGENET1K_V1"]

    return found


@handle_legacy_interface(weights=("pretrained", _pretrained("resnet")))
def resnet_fpn_backbone(
    *,
    backbone_name: str,
    weights: WeightsEnum | None,
    norm_layer: Callable[..., nn.Module] = FrozenBatchNorm2d,
    trainable_layers: int = 3,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
) -> BackboneWithFPN:
    """A pyramid of a ResNet's layers 1 to 4, or those of ``returned_layers``, of which the last ``trainable_layers`` (of 5)
    are trained.

    >>> import adjoint as torch
    >>> from adjoint.vision.models.detection.backbone_utils import resnet_fpn_backbone
    >>> backbone = resnet_fpn_backbone(backbone_name="resnet18", weights=None)
    >>> {name: tuple(level.shape) for name, level in backbone(torch.rand(1, 3, 64, 64)).items() if name in ("0", "pool")}
    {'0': (1, 256, 16, 16), 'pool': (1, 256, 1, 1)}
    """
    backbone = _built(backbone_name, "resnet", weights=weights, norm_layer=norm_layer)
    return _resnet_fpn_extractor(backbone, trainable_layers, returned_layers, extra_blocks)


def _resnet_fpn_extractor(
    backbone: Any,
    trainable_layers: int,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
    norm_layer: Callable[..., nn.Module] | None = None,
) -> BackboneWithFPN:
    if trainable_layers < 0 or trainable_layers > 5:
        raise ValueError(f"Trainable layers should be in the range [0,5], got {trainable_layers}")
    trained = ["layer4", "layer3", "layer2", "layer1", "conv1", "bn1"][: trainable_layers + (trainable_layers == 5)]
    for name, parameter in backbone.named_parameters():
        if not name.startswith(tuple(trained)):
            parameter.requires_grad_(False)
    layers = [1, 2, 3, 4] if returned_layers is None else returned_layers
    if min(layers) <= 0 or max(layers) >= 5:
        raise ValueError(f"Each returned layer should be in the range [1,4]. Got {layers}")
    names = {f"layer{layer}": str(level) for level, layer in enumerate(layers)}
    channels = [backbone.inplanes // 8 * 2 ** (layer - 1) for layer in layers]
    return BackboneWithFPN(backbone, names, channels, 256, extra_blocks=extra_blocks, norm_layer=norm_layer)


def _validate_trainable_layers(
    is_trained: bool, trainable_backbone_layers: int | None, max_value: int, default_value: int
) -> int:
    """How many of ``max_value`` layers of a backbone are trained: all of one without weights, ``default_value`` if nothing
    is said."""
    if not is_trained:
        if trainable_backbone_layers is not None:
            warnings.warn(
                "Changing trainable_backbone_layers has no effect if neither pretrained nor pretrained_backbone have been set to "
                f"True, falling back to trainable_backbone_layers={max_value} so that all layers are trainable",
                stacklevel=users_level(),
            )
        return max_value
    if trainable_backbone_layers is None:
        return default_value
    if trainable_backbone_layers < 0 or trainable_backbone_layers > max_value:
        raise ValueError(
            f"Trainable backbone layers should be in the range [0,{max_value}], got {trainable_backbone_layers} "
        )
    return trainable_backbone_layers


@handle_legacy_interface(weights=("pretrained", _pretrained("mobilenet")))
def mobilenet_backbone(
    *,
    backbone_name: str,
    weights: WeightsEnum | None,
    fpn: bool,
    norm_layer: Callable[..., nn.Module] = FrozenBatchNorm2d,
    trainable_layers: int = 2,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
) -> nn.Module:
    """A MobileNet's features, with ``fpn`` as a pyramid of its last two stages or those of ``returned_layers``, else of 256
    channels."""
    backbone = _built(backbone_name, "mobilenet", weights=weights, norm_layer=norm_layer)
    return _mobilenet_extractor(backbone, fpn, trainable_layers, returned_layers, extra_blocks)


def stages_of(features: Any) -> list[int]:
    """Where the stages of a MobileNet's features begin: with each block that halves the sizes."""
    return [0, *(i for i, block in enumerate(features) if getattr(block, "_is_cn", False)), len(features) - 1]


def freeze(features: Any, stages: list[int], trainable_layers: int) -> None:
    """Have all but the last ``trainable_layers`` stages stay as they are."""
    before = len(features) if trainable_layers == 0 else stages[len(stages) - trainable_layers]
    for block in features[:before]:
        for parameter in block.parameters():
            parameter.requires_grad_(False)


def _mobilenet_extractor(
    backbone: Any,
    fpn: bool,
    trainable_layers: int,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
    norm_layer: Callable[..., nn.Module] | None = None,
) -> nn.Module:
    features = backbone.features
    stages = stages_of(features)
    count = len(stages)
    if trainable_layers < 0 or trainable_layers > count:
        raise ValueError(f"Trainable layers should be in the range [0,{count}], got {trainable_layers} ")
    freeze(features, stages, trainable_layers)
    if not fpn:
        model: Any = nn.Sequential(features, nn.Conv2d(features[-1].out_channels, 256, 1))
        model.out_channels = 256
        return model  # type: ignore[no-any-return]
    layers = [count - 2, count - 1] if returned_layers is None else returned_layers
    if min(layers) < 0 or max(layers) >= count:
        raise ValueError(f"Each returned layer should be in the range [0,{count - 1}], got {layers} ")
    names = {f"{stages[layer]}": str(level) for level, layer in enumerate(layers)}
    channels = [features[stages[layer]].out_channels for layer in layers]
    return BackboneWithFPN(features, names, channels, 256, extra_blocks=extra_blocks, norm_layer=norm_layer)


_list_names(__name__)
