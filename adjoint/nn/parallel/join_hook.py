"""What a process without data left does in ``DistributedDataParallel.join()``, so that the others can go on."""

from __future__ import annotations

from typing import Any

from adjoint.distributed.algorithms.join import JoinHook


class DDPJoinHook(JoinHook):
    """Answers the collectives of the others' iterations, and takes over the model of who trained last."""

    def __init__(self, ddp: Any, divide_by_initial_world_size: bool) -> None:
        self.ddp = ddp
        ddp._divide_by_initial_world_size = divide_by_initial_world_size
        super().__init__()

    def main_hook(self) -> None:
        """One iteration of the others: their buffers, their question whether gradients are reduced, their gradients."""
        ddp = self.ddp
        ddp.reducer.rebuild_buckets()
        if ddp.will_sync_module_buffers():
            ddp._broadcast_buffers(ddp._agreed_rank(False))
        if not ddp._tell_whether_grads_are_reduced(False):
            ddp.require_forward_param_sync = False
            return
        ddp.require_forward_param_sync = True
        ddp.reducer.shadow_backward()
        ddp.reducer.shadow_arrival()

    def post_hook(self, is_last_joiner: bool) -> None:
        """Have the model of the process that trained last."""
        self.ddp._take_over_final_model(is_last_joiner)
