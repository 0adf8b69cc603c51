"""``torch.nn``: modules, parameters, functions on them, initial values."""

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
from adjoint.nn import functional, init, modules, utils
from adjoint.nn.modules import *  # noqa: F403
from adjoint.nn.modules import __all__ as _modules
from adjoint.nn.parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "utils", *_modules]

__getattr__, __dir__ = _named(__name__, modules={"parameter"})
_list_names(__name__)
