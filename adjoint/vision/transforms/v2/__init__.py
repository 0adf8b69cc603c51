"""``torchvision.transforms.v2``: the functions of the newer transforms (:mod:`.functional`), which image processors call."""

from adjoint.names import named as _named
from adjoint.vision.transforms.functional import InterpolationMode

__all__ = ["InterpolationMode"]

_named(__name__, modules={"functional"})
