"""torchvision's module of functions of colours, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.colors import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.tones import *  # noqa: F403
