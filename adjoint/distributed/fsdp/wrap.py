"""Which modules of a model would be sharded by themselves; as nothing is sharded here, asking raises."""

from adjoint.distributed.fsdp.fully_sharded_data_parallel import WHY as _WHY
from adjoint.distributed.refused import Refused, refused
from adjoint.names import list_names as _list_names

__all__ = [
    "CustomPolicy", "ModuleWrapPolicy", "always_wrap_policy", "enable_wrap", "lambda_auto_wrap_policy",
    "size_based_auto_wrap_policy", "transformer_auto_wrap_policy", "wrap",
]  # fmt: skip


class ModuleWrapPolicy(Refused, why=_WHY):
    """Modules of certain classes would be sharded by themselves."""


class CustomPolicy(Refused, why=_WHY):
    """Modules for which a function says so would be sharded by themselves."""


always_wrap_policy = refused("always_wrap_policy", _WHY)
enable_wrap = refused("enable_wrap", _WHY)
lambda_auto_wrap_policy = refused("lambda_auto_wrap_policy", _WHY)
size_based_auto_wrap_policy = refused("size_based_auto_wrap_policy", _WHY)
transformer_auto_wrap_policy = refused("transformer_auto_wrap_policy", _WHY)
wrap = refused("wrap", _WHY)
_or_policy = refused("_or_policy", _WHY)

_list_names(__name__)
