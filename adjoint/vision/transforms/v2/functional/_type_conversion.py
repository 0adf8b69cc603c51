"""torchvision's module of functions of conversion, for programs that import from there."""

from adjoint.vision.transforms.images import pil_to_tensor as pil_to_tensor
from adjoint.vision.transforms.images import to_pil_image as to_pil_image
from adjoint.vision.transforms.v2.functional.conversion import *  # noqa: F403
