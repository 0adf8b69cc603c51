"""Checkpoints in folders."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

FileSystemReader = checkpoint.FileSystemReader  # type: ignore[attr-defined]
FileSystemWriter = checkpoint.FileSystemWriter  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY)
