"""``torch.distributed.launcher``: a function run by several processes that train together."""

from adjoint.distributed.launcher import api as api
from adjoint.distributed.launcher.api import LaunchConfig as LaunchConfig
from adjoint.distributed.launcher.api import elastic_launch as elastic_launch
from adjoint.names import list_names as _list_names

__all__ = ["LaunchConfig", "api", "elastic_launch"]

_list_names(__name__)
