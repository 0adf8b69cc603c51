"""Checkpoints in safetensors files."""

from adjoint.distributed import checkpoint
from adjoint.distributed.refused import refuse_in

HuggingFaceStorageReader = checkpoint.HuggingFaceStorageReader  # type: ignore[attr-defined]
HuggingFaceStorageWriter = checkpoint.HuggingFaceStorageWriter  # type: ignore[attr-defined]

refuse_in(__name__, checkpoint.WHY)
