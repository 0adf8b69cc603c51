"""torchvision's module of functions of films, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.frames import *  # noqa: F403
