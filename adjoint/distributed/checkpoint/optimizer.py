"""An optimizer's sharded state."""

from adjoint.distributed.checkpoint import WHY
from adjoint.distributed.refused import refuse_in

refuse_in(__name__, WHY, functions="load_sharded_optimizer_state_dict")
