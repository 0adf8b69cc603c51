"""``torch.nn``: modules, parameters, functions on them, initial values."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
from adjoint.nn import functional as functional
from adjoint.nn import init as init
from adjoint.nn import modules as modules
from adjoint.nn import utils as utils
from adjoint.nn.modules import *  # noqa: F403
from adjoint.nn.parameter import Buffer as Buffer
from adjoint.nn.parameter import Parameter as Parameter

if _TYPE_CHECKING:
    from adjoint.nn.parallel import DataParallel as DataParallel

_own = ["Buffer", "DataParallel", "Parameter", "functional", "init", "modules", "parallel", "utils"]
globals()["__all__"] = [*_own, *vars(modules)["__all__"]]  # set so, for readers of types follow star imports but not sums of lists

_named(__name__, modules={"parallel", "parameter"}, elsewhere={"DataParallel": "parallel"})
_list_names(__name__)
