"""Who writes and reads which part."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

LoadPlan = checkpoint.LoadPlan  # type: ignore[attr-defined]
LoadPlanner = checkpoint.LoadPlanner  # type: ignore[attr-defined]
SavePlan = checkpoint.SavePlan  # type: ignore[attr-defined]
SavePlanner = checkpoint.SavePlanner  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY, classes="LoadItemType ReadItem WriteItem WriteItemType")
