"""Models that classify videos, with the weights that torchvision offers for them."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

# A module, and the names it has that are this package's: it is imported when one of them is first asked for.
_MODULES = {
    "mvit": "MViT mvit_v1_b mvit_v2_s MViT_V1_B_Weights MViT_V2_S_Weights",
    "resnet": "VideoResNet r3d_18 mc3_18 r2plus1d_18 R3D_18_Weights MC3_18_Weights R2Plus1D_18_Weights",
    "s3d": "S3D s3d S3D_Weights",
    "swin_transformer": "SwinTransformer3d swin3d_t swin3d_s swin3d_b Swin3D_T_Weights Swin3D_S_Weights Swin3D_B_Weights",
}

if _typing.TYPE_CHECKING:
    from adjoint.vision.models.video.mvit import *
    from adjoint.vision.models.video.resnet import *
    from adjoint.vision.models.video.s3d import *
    from adjoint.vision.models.video.swin_transformer import *

_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}
globals()["__all__"] = sorted(_WHERE)  # set so, for readers of types follow the imports above

_named(__name__, modules={*_MODULES}, elsewhere=_WHERE)
_list_names(__name__)
