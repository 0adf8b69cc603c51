"""How a state is split and put together."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

DefaultLoadPlanner = checkpoint.DefaultLoadPlanner  # type: ignore[attr-defined]
DefaultSavePlanner = checkpoint.DefaultSavePlanner  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY, classes="_EmptyStateDictLoadPlanner")
