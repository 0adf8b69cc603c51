"""Quantized models: there are none, for Adjoint has no kernels of quantized numbers.

Each of torchvision's names says so, and what there is of floats.
"""

from __future__ import annotations

from typing import Any

from adjoint.names import absent as _absent

# torchvision's names here, without what is the same of each: the builder of the model of floats, and its weights here.
_FLOATS = {
    "googlenet": "GoogLeNet",
    "inception_v3": "Inception_V3",
    "mobilenet_v2": "MobileNet_V2",
    "mobilenet_v3_large": "MobileNet_V3_Large",
    "resnet18": "ResNet18",
    "resnet50": "ResNet50",
    "resnext101_32x8d": "ResNeXt101_32X8D",
    "resnext101_64x4d": "ResNeXt101_64X4D",
    "shufflenet_v2_x0_5": "ShuffleNet_V2_X0_5",
    "shufflenet_v2_x1_0": "ShuffleNet_V2_X1_0",
    "shufflenet_v2_x1_5": "ShuffleNet_V2_X1_5",
    "shufflenet_v2_x2_0": "ShuffleNet_V2_X2_0",
}
_CLASSES = ("GoogLeNet", "Inception3", "MobileNetV2", "MobileNetV3", "ResNet", "ShuffleNetV2")

_INSTEAD = {
    **{name: name for name in _FLOATS},
    **{f"{weights}_QuantizedWeights": f"{weights}_Weights" for weights in _FLOATS.values()},
    **{f"Quantizable{name}": name for name in _CLASSES},
}


def __getattr__(name: str) -> Any:
    if name in _INSTEAD:
        raise ImportError(
            f"Adjoint has no torchvision.models.quantization.{name}, for it has no kernels of quantized numbers; of floats "
            f"there is torchvision.models.{_INSTEAD[name]}"
        )
    raise _absent(__name__, name)


def __dir__() -> list[str]:
    return []
