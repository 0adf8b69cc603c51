"""torchvision's module of functions of tensors, for programs that import from there; these take images of Pillow's as well."""

from adjoint.vision.transforms.functional import *  # noqa: F403
from adjoint.vision.transforms.images import check_tensor, largest

_assert_image_tensor = check_tensor
_max_value = largest
