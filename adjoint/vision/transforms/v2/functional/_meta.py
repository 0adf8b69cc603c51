"""torchvision's module of functions of sizes and formats, for programs that import from there."""

from adjoint.vision.transforms.v2.functional.clamping import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.formats import *  # noqa: F403
from adjoint.vision.transforms.v2.functional.sizes import *  # noqa: F403
