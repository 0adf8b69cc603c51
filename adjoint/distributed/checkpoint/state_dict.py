"""States of models and optimizers that may be sharded."""

from adjoint.distributed.checkpoint import WHY
from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    WHY,
    classes="StateDictOptions",
    functions="get_model_state_dict get_optimizer_state_dict get_state_dict set_model_state_dict "
    "set_optimizer_state_dict set_state_dict",
)
