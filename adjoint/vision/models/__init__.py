"""Models, with the weights that torchvision offers for them."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

# A module, and the names it has that are this package's: it is imported when one of them is first asked for.
_MODULES = {
    "convnext": """
        ConvNeXt convnext_tiny convnext_small convnext_base convnext_large ConvNeXt_Tiny_Weights ConvNeXt_Small_Weights
        ConvNeXt_Base_Weights ConvNeXt_Large_Weights
    """,
    "maxvit": "MaxVit MaxVit_T_Weights maxvit_t",
    "registry": "get_model get_model_builder get_model_weights get_weight list_models",
    "resnet": """
        ResNet resnet18 resnet34 resnet50 resnet101 resnet152 ResNet18_Weights ResNet34_Weights ResNet50_Weights ResNet101_Weights
        ResNet152_Weights resnext50_32x4d resnext101_32x8d resnext101_64x4d ResNeXt50_32X4D_Weights ResNeXt101_32X8D_Weights
        ResNeXt101_64X4D_Weights wide_resnet50_2 wide_resnet101_2 Wide_ResNet50_2_Weights Wide_ResNet101_2_Weights
    """,
    "swin_transformer": """
        SwinTransformer swin_t swin_s swin_b swin_v2_t swin_v2_s swin_v2_b Swin_T_Weights Swin_S_Weights Swin_B_Weights
        Swin_V2_T_Weights Swin_V2_S_Weights Swin_V2_B_Weights
    """,
    "vgg": """
        VGG vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn VGG11_Weights VGG13_Weights VGG16_Weights VGG19_Weights
        VGG11_BN_Weights VGG13_BN_Weights VGG16_BN_Weights VGG19_BN_Weights
    """,
    "vision_transformer": """
        VisionTransformer vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14 ViT_B_16_Weights ViT_B_32_Weights ViT_L_16_Weights
        ViT_L_32_Weights ViT_H_14_Weights
    """,
    "weights": "Weights WeightsEnum",
}

if _typing.TYPE_CHECKING:
    from adjoint.vision.models import feature_extraction as feature_extraction
    from adjoint.vision.models.convnext import *
    from adjoint.vision.models.maxvit import *
    from adjoint.vision.models.registry import get_model as get_model
    from adjoint.vision.models.registry import get_model_builder as get_model_builder
    from adjoint.vision.models.registry import get_model_weights as get_model_weights
    from adjoint.vision.models.registry import get_weight as get_weight
    from adjoint.vision.models.registry import list_models as list_models
    from adjoint.vision.models.resnet import *
    from adjoint.vision.models.swin_transformer import *
    from adjoint.vision.models.vgg import *
    from adjoint.vision.models.vision_transformer import *
    from adjoint.vision.models.weights import Weights as Weights
    from adjoint.vision.models.weights import WeightsEnum as WeightsEnum

_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}
globals()["__all__"] = sorted(_WHERE)  # set so, for readers of types follow the imports above

_named(__name__, modules={"feature_extraction", *_MODULES}, elsewhere=_WHERE)
_list_names(__name__)
