"""``torch.utils._pytree``: everything that :mod:`adjoint.pytree` has, the names with an underscore too."""

from adjoint import pytree as _pytree

globals().update({name: value for name, value in vars(_pytree).items() if name[:2] != "__" or name == "__all__"})
