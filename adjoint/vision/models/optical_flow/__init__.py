"""Models of optical flow, with the weights that torchvision offers for them."""

import typing as _typing

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

# A module, and the names it has that are this package's: it is imported when one of them is first asked for.
_MODULES = {"raft": "RAFT raft_large raft_small Raft_Large_Weights Raft_Small_Weights"}

if _typing.TYPE_CHECKING:
    from adjoint.vision.models.optical_flow.raft import *

_WHERE = {name: module for module, names in _MODULES.items() for name in names.split()}
globals()["__all__"] = sorted(_WHERE)  # set so, for readers of types follow the imports above

_named(__name__, modules={*_MODULES}, elsewhere=_WHERE)
_list_names(__name__)
