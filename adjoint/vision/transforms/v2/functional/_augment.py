"""torchvision's module of functions of augmentation, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.erasing import *  # noqa: F403
