"""Gradients are sent as matrices of low rank.  Names alone."""

from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    "the hooks there are reduce gradients as they are, or in 16 bits (default_hooks)",
    classes="PowerSGDState",
    functions="batched_powerSGD_hook powerSGD_hook",
)
