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
    from adjoint.vision.backends import get_image_backend as get_image_backend
    from adjoint.vision.backends import get_video_backend as get_video_backend
    from adjoint.vision.backends import set_image_backend as set_image_backend
    from adjoint.vision.backends import set_video_backend as set_video_backend

_BACKENDS = ("get_image_backend", "get_video_backend", "set_image_backend", "set_video_backend")

_named(
    __name__,
    modules={"datasets", "extension", "io", "models", "ops", "transforms", "tv_tensors", "utils", "version"},
    elsewhere=dict.fromkeys(_BACKENDS, "backends"),
)


def disable_beta_transforms_warning() -> None:
    """Nothing: the newer transforms have not warned for long, here or in torchvision."""


_promised.operators["torchvision"] = "adjoint.vision.ops.registered"
