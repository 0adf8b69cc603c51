"""Reading what processes wrote together."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

load = checkpoint.load  # type: ignore[attr-defined]
load_state_dict = checkpoint.load_state_dict  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY, functions="_load_state_dict _load_state_dict_from_keys")
