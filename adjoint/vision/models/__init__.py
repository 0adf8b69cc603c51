"""Models, with the weights that torchvision offers for them."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

# A module that is imported becomes an attribute of its package: these two have the names of functions, which come before.
from adjoint.vision.models.alexnet import alexnet
from adjoint.vision.models.googlenet import googlenet

# A module, and the names it has that are this package's: it is imported when one of them is first asked for.
_MODULES = {
    "alexnet": "AlexNet AlexNet_Weights alexnet",
    "convnext": """
        ConvNeXt convnext_tiny convnext_small convnext_base convnext_large ConvNeXt_Tiny_Weights ConvNeXt_Small_Weights
        ConvNeXt_Base_Weights ConvNeXt_Large_Weights
    """,
    "densenet": """
        DenseNet DenseNet121_Weights DenseNet161_Weights DenseNet169_Weights DenseNet201_Weights densenet121
        densenet161 densenet169 densenet201
    """,
    "efficientnet": """
        EfficientNet EfficientNet_B0_Weights EfficientNet_B1_Weights EfficientNet_B2_Weights EfficientNet_B3_Weights
        EfficientNet_B4_Weights EfficientNet_B5_Weights EfficientNet_B6_Weights EfficientNet_B7_Weights
        EfficientNet_V2_L_Weights EfficientNet_V2_M_Weights EfficientNet_V2_S_Weights efficientnet_b0 efficientnet_b1
        efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7
        efficientnet_v2_l efficientnet_v2_m efficientnet_v2_s
    """,
    "googlenet": "GoogLeNet GoogLeNetOutputs GoogLeNet_Weights googlenet",
    "inception": "Inception3 InceptionOutputs Inception_V3_Weights inception_v3",
    "maxvit": "MaxVit MaxVit_T_Weights maxvit_t",
    "mnasnet": """
        MNASNet MNASNet0_5_Weights MNASNet0_75_Weights MNASNet1_0_Weights MNASNet1_3_Weights mnasnet0_5 mnasnet0_75
        mnasnet1_0 mnasnet1_3
    """,
    "mobilenet": """
        MobileNetV2 MobileNetV3 MobileNet_V2_Weights MobileNet_V3_Large_Weights MobileNet_V3_Small_Weights
        mobilenet_v2 mobilenet_v3_large mobilenet_v3_small
    """,
    "registry": "get_model get_model_builder get_model_weights get_weight list_models",
    "regnet": """
        RegNet RegNet_X_16GF_Weights RegNet_X_1_6GF_Weights RegNet_X_32GF_Weights RegNet_X_3_2GF_Weights
        RegNet_X_400MF_Weights RegNet_X_800MF_Weights RegNet_X_8GF_Weights RegNet_Y_128GF_Weights
        RegNet_Y_16GF_Weights RegNet_Y_1_6GF_Weights RegNet_Y_32GF_Weights RegNet_Y_3_2GF_Weights
        RegNet_Y_400MF_Weights RegNet_Y_800MF_Weights RegNet_Y_8GF_Weights regnet_x_16gf regnet_x_1_6gf regnet_x_32gf
        regnet_x_3_2gf regnet_x_400mf regnet_x_800mf regnet_x_8gf regnet_y_128gf regnet_y_16gf regnet_y_1_6gf
        regnet_y_32gf regnet_y_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_8gf
    """,
    "resnet": """
        ResNet ResNet18_Weights ResNet34_Weights ResNet50_Weights ResNet101_Weights ResNet152_Weights
        ResNeXt50_32X4D_Weights ResNeXt101_32X8D_Weights ResNeXt101_64X4D_Weights Wide_ResNet50_2_Weights
        Wide_ResNet101_2_Weights resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d
        resnext101_64x4d wide_resnet50_2 wide_resnet101_2
    """,
    "shufflenetv2": """
        ShuffleNetV2 ShuffleNet_V2_X0_5_Weights ShuffleNet_V2_X1_0_Weights ShuffleNet_V2_X1_5_Weights
        ShuffleNet_V2_X2_0_Weights shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0
    """,
    "squeezenet": "SqueezeNet SqueezeNet1_0_Weights SqueezeNet1_1_Weights squeezenet1_0 squeezenet1_1",
    "swin_transformer": """
        SwinTransformer swin_t swin_s swin_b swin_v2_t swin_v2_s swin_v2_b Swin_T_Weights Swin_S_Weights Swin_B_Weights
        Swin_V2_T_Weights Swin_V2_S_Weights Swin_V2_B_Weights
    """,
    "vgg": """
        VGG VGG11_Weights VGG11_BN_Weights VGG13_Weights VGG13_BN_Weights VGG16_Weights VGG16_BN_Weights VGG19_Weights
        VGG19_BN_Weights vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
    """,
    "vision_transformer": """
        VisionTransformer vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14 ViT_B_16_Weights ViT_B_32_Weights ViT_L_16_Weights
        ViT_L_32_Weights ViT_H_14_Weights
    """,
    "weights": "Weights WeightsEnum",
}

if _typing.TYPE_CHECKING:
    from adjoint.vision.models import detection as detection
    from adjoint.vision.models import feature_extraction as feature_extraction
    from adjoint.vision.models import optical_flow as optical_flow
    from adjoint.vision.models import quantization as quantization
    from adjoint.vision.models import segmentation as segmentation
    from adjoint.vision.models import video as video
    from adjoint.vision.models.alexnet import *
    from adjoint.vision.models.convnext import *
    from adjoint.vision.models.densenet import *
    from adjoint.vision.models.efficientnet import *
    from adjoint.vision.models.googlenet import *
    from adjoint.vision.models.inception import *
    from adjoint.vision.models.maxvit import *
    from adjoint.vision.models.mnasnet import *
    from adjoint.vision.models.mobilenet import *
    from adjoint.vision.models.registry import get_model as get_model
    from adjoint.vision.models.registry import get_model_builder as get_model_builder
    from adjoint.vision.models.registry import get_model_weights as get_model_weights
    from adjoint.vision.models.registry import get_weight as get_weight
    from adjoint.vision.models.registry import list_models as list_models
    from adjoint.vision.models.regnet import *
    from adjoint.vision.models.resnet import *
    from adjoint.vision.models.shufflenetv2 import *
    from adjoint.vision.models.squeezenet import *
    from adjoint.vision.models.swin_transformer import *
    from adjoint.vision.models.vgg import *
    from adjoint.vision.models.vision_transformer import *
    from adjoint.vision.models.weights import Weights as Weights
    from adjoint.vision.models.weights import WeightsEnum as WeightsEnum

_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}
globals()["__all__"] = sorted(_WHERE)  # set so, for readers of types follow the imports above

_PACKAGES = {"detection", "optical_flow", "quantization", "segmentation", "video"}
_named(
    __name__, modules={"feature_extraction", "mobilenetv2", "mobilenetv3", *_PACKAGES, *_MODULES}, elsewhere=_WHERE
)
_list_names(__name__)
