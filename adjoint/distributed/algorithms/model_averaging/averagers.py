"""Names of the ways in which such models are averaged."""

from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    "average the parameters with torch.distributed.all_reduce where a step is done",
    classes="ModelAverager PeriodicModelAverager",
)
