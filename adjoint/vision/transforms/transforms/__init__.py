"""The transforms as classes, and the module by which files know them."""

from adjoint.names import list_names as _list_names
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.transforms import arguments as _arguments
from adjoint.vision.transforms.transforms.conversion import (
    ConvertImageDtype,
    LinearTransformation,
    Normalize,
    PILToTensor,
    ToPILImage,
    ToTensor,
)
from adjoint.vision.transforms.transforms.erasing import RandomErasing
from adjoint.vision.transforms.transforms.geometry import (
    CenterCrop,
    FiveCrop,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    TenCrop,
)
from adjoint.vision.transforms.transforms.lists import (
    Compose,
    Lambda,
    RandomApply,
    RandomChoice,
    RandomOrder,
    RandomTransforms,
)
from adjoint.vision.transforms.transforms.values import (
    ColorJitter,
    GaussianBlur,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from adjoint.vision.transforms.transforms.warps import (
    ElasticTransform,
    RandomAffine,
    RandomPerspective,
    RandomRotation,
)

# torchvision's own names of them, which programs' transforms use.
_setup_size, _check_sequence_input, _setup_angle = _arguments.size_of, _arguments.check_sequence, _arguments.angles_of

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
]

_list_names(__name__)
