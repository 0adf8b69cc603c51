"""Vision: what programs use of torchvision, under its names (``import torchvision`` gives this package)."""

import typing as _typing

from adjoint import promised as _promised
from adjoint.names import named as _named

__version__ = "0.28.0+adjoint"

if _typing.TYPE_CHECKING:
    from adjoint.vision import datasets as datasets
    from adjoint.vision import models as models
    from adjoint.vision import ops as ops
    from adjoint.vision import transforms as transforms
    from adjoint.vision import tv_tensors as tv_tensors
    from adjoint.vision import utils as utils

_named(__name__, modules={"datasets", "io", "models", "ops", "transforms", "tv_tensors", "utils"})
_promised.operators["torchvision"] = "adjoint.vision.ops.registered"
