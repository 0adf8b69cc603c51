"""torchvision's module of functions of values, for programs that import from there."""

from adjoint.vision.transforms.images import bits_of
from adjoint.vision.transforms.v2.functional.blurring import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.sanitizing import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.values import *  # noqa: F403

_num_value_bits = bits_of
