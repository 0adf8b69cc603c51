"""Where parts are written."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

StorageReader = checkpoint.StorageReader  # type: ignore[attr-defined]
StorageWriter = checkpoint.StorageWriter  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY)
