"""What a sharded checkpoint says of itself."""

from adjoint.distributed.checkpoint import WHY
from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    WHY,
    classes="BytesStorageMetadata ChunkStorageMetadata Metadata MetadataIndex TensorProperties TensorStorageMetadata",
)
