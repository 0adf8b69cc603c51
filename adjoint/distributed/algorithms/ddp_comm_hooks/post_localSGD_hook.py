"""Gradients are reduced within a group, and models averaged.  Names alone."""

from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    "the hooks there are reduce gradients as they are, or in 16 bits (default_hooks)",
    classes="PostLocalSGDState",
    functions="post_localSGD_hook",
)
