"""Names of modules that wrap others for sharded models, so that their activations are computed again."""

from enum import Enum, auto

from adjoint.distributed.refused import refuse_in


class CheckpointImpl(Enum):
    """Which checkpoint: with reentrance or without."""

    REENTRANT = auto()
    NO_REENTRANT = auto()


refuse_in(
    __name__,
    "torch.utils.checkpoint.checkpoint computes the activations of a part of a model again",
    classes="ActivationWrapper CheckpointWrapper OffloadWrapper",
    functions="apply_activation_checkpointing checkpoint_wrapper offload_wrapper",
)
