"""Models that classify each place of an image, with the weights that torchvision offers for them."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

# A module, and the names it has that are this package's: it is imported when one of them is first asked for.
_MODULES = {
    "deeplabv3": """
        DeepLabV3 deeplabv3_resnet50 deeplabv3_resnet101 deeplabv3_mobilenet_v3_large DeepLabV3_ResNet50_Weights
        DeepLabV3_ResNet101_Weights DeepLabV3_MobileNet_V3_Large_Weights
    """,
    "fcn": "FCN fcn_resnet50 fcn_resnet101 FCN_ResNet50_Weights FCN_ResNet101_Weights",
    "lraspp": "LRASPP lraspp_mobilenet_v3_large LRASPP_MobileNet_V3_Large_Weights",
}

if _typing.TYPE_CHECKING:
    from adjoint.vision.models.segmentation.deeplabv3 import *
    from adjoint.vision.models.segmentation.fcn import *
    from adjoint.vision.models.segmentation.lraspp import *

_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}
globals()["__all__"] = sorted(_WHERE)  # set so, for readers of types follow the imports above

_named(__name__, modules={*_MODULES}, elsewhere=_WHERE)
_list_names(__name__)
