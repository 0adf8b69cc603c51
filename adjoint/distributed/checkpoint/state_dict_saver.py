"""Writing together."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

async_save = checkpoint.async_save  # type: ignore[attr-defined]
save = checkpoint.save  # type: ignore[attr-defined]
save_state_dict = checkpoint.save_state_dict  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY)
