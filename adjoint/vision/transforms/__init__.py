"""Transforms: what prepares images.  They work on tensors (..., C, H, W), and on PIL images where Pillow is installed."""

from adjoint.names import list_names as _list_names
from adjoint.vision.transforms import functional
from adjoint.vision.transforms.functional import InterpolationMode
from adjoint.vision.transforms.geometry import (
    CenterCrop,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
)
from adjoint.vision.transforms.lists import Compose, Lambda, RandomApply, RandomChoice, RandomOrder
from adjoint.vision.transforms.values import (
    ColorJitter,
    ConvertImageDtype,
    GaussianBlur,
    Grayscale,
    Normalize,
    PILToTensor,
    RandomGrayscale,
    ToPILImage,
    ToTensor,
)

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
    "functional",
]

_list_names(__name__)
