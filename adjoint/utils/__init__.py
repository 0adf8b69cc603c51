"""``torch.utils``: the modules and packages in it are imported when first named."""

from adjoint.names import named as _named

__getattr__, __dir__ = _named(__name__, modules={"checkpoint", "data", "dlpack", "tensorboard"})
