"""``torchvision.transforms.v2``: transforms of samples, of images and of what is in them: films, masks, boxes and points.

A transform takes a sample of any structure (an image, a tuple, a dictionary of lists, …), and returns one of the same structure.
It does the same to all that belongs together; what is what, :mod:`adjoint.vision.tv_tensors` says.  What transforms compute, the
functions of :mod:`.functional` do.
"""

from adjoint.names import list_names as _list_names
from adjoint.vision.transforms.autoaugment import AutoAugmentPolicy
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.v2 import functional
from adjoint.vision.transforms.v2._augment import JPEG, CutMix, MixUp, RandomErasing
from adjoint.vision.transforms.v2._auto_augment import AugMix, AutoAugment, RandAugment, TrivialAugmentWide
from adjoint.vision.transforms.v2._color import (
    RGB,
    ColorJitter,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomChannelPermutation,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPhotometricDistort,
    RandomPosterize,
    RandomSolarize,
)
from adjoint.vision.transforms.v2._container import Compose, RandomApply, RandomChoice, RandomOrder
from adjoint.vision.transforms.v2._deprecated import ToTensor
from adjoint.vision.transforms.v2._geometry import (
    CenterCrop,
    ElasticTransform,
    FiveCrop,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomIoUCrop,
    RandomPerspective,
    RandomResize,
    RandomResizedCrop,
    RandomRotation,
    RandomShortestSize,
    RandomVerticalFlip,
    RandomZoomOut,
    Resize,
    ScaleJitter,
    TenCrop,
)
from adjoint.vision.transforms.v2._meta import (
    ClampBoundingBoxes,
    ClampKeyPoints,
    ConvertBoundingBoxFormat,
    SetClampingMode,
)
from adjoint.vision.transforms.v2._misc import (
    ConvertImageDtype,
    GaussianBlur,
    GaussianNoise,
    Identity,
    Lambda,
    LinearTransformation,
    Normalize,
    SanitizeBoundingBoxes,
    SanitizeKeyPoints,
    ToDtype,
)
from adjoint.vision.transforms.v2._temporal import UniformTemporalSubsample
from adjoint.vision.transforms.v2._transform import Transform
from adjoint.vision.transforms.v2._type_conversion import PILToTensor, ToImage, ToPILImage, ToPureTensor
from adjoint.vision.transforms.v2._utils import (
    check_type,
    get_bounding_boxes,
    get_keypoints,
    has_all,
    has_any,
    query_chw,
    query_size,
)

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoAugmentPolicy",
    "CenterCrop",
    "ClampBoundingBoxes",
    "ClampKeyPoints",
    "ColorJitter",
    "Compose",
    "ConvertBoundingBoxFormat",
    "ConvertImageDtype",
    "CutMix",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Identity",
    "InterpolationMode",
    "JPEG",
    "Lambda",
    "LinearTransformation",
    "MixUp",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RGB",
    "RandAugment",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChannelPermutation",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomIoUCrop",
    "RandomOrder",
    "RandomPerspective",
    "RandomPhotometricDistort",
    "RandomPosterize",
    "RandomResize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShortestSize",
    "RandomSolarize",
    "RandomVerticalFlip",
    "RandomZoomOut",
    "Resize",
    "SanitizeBoundingBoxes",
    "SanitizeKeyPoints",
    "ScaleJitter",
    "SetClampingMode",
    "TenCrop",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
    "Transform",
    "TrivialAugmentWide",
    "UniformTemporalSubsample",
    "check_type",
    "functional",
    "get_bounding_boxes",
    "get_keypoints",
    "has_all",
    "has_any",
    "query_chw",
    "query_size",
]

_list_names(__name__)
