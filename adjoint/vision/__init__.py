"""Vision: what programs use of torchvision, under its names (``import torchvision`` gives this package)."""

from adjoint.names import named as _named

__version__ = "0.28.0+adjoint"

__getattr__, __dir__ = _named(__name__, modules={"datasets", "models", "transforms", "utils"})
