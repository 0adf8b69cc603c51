"""torchvision's module of functions of what is not to be used any more, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.conversion import *  # noqa: F403
