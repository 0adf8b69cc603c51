"""``torch.distributed.pipelining``: names of models that are cut into stages, one for each process."""

from enum import Enum

from adjoint.distributed.refused import refuse_in


class SplitPoint(Enum):
    """On which side of a module a model is cut."""

    BEGINNING = 1
    END = 2


refuse_in(
    __name__,
    "a model is whole on every rank; torch.nn.parallel.DistributedDataParallel trains one on several",
    classes="Pipe PipelineStage Schedule1F1B ScheduleGPipe ScheduleInterleaved1F1B",
    functions="build_stage pipe_split pipeline",
)
