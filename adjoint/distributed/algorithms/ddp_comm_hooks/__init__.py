"""``torch.distributed.algorithms.ddp_comm_hooks``: ways of reducing gradients, for ``model.register_comm_hook``."""

from __future__ import annotations

import functools
from enum import Enum
from typing import Any

from adjoint.distributed.algorithms.ddp_comm_hooks import debugging_hooks as debugging
from adjoint.distributed.algorithms.ddp_comm_hooks import default_hooks as default
from adjoint.names import named as _named

__all__ = ["DDPCommHookType", "register_ddp_comm_hook"]


def _register(hook: Any, model: Any, state: Any) -> None:
    model.register_comm_hook(state, hook)


class DDPCommHookType(Enum):
    """The hooks by name; the value of each is called with a model and a state to register it."""

    # In a tuple, for a function by itself would be a method of the class.
    ALLREDUCE = (functools.partial(_register, default.allreduce_hook),)
    FP16_COMPRESS = (functools.partial(_register, default.fp16_compress_hook),)
    BF16_COMPRESS = (functools.partial(_register, default.bf16_compress_hook),)
    NOOP = (functools.partial(_register, debugging.noop_hook),)

    @property
    def value(self) -> Any:
        """``value(model=..., state=...)`` registers the hook."""
        return self._value_[0]


def register_ddp_comm_hook(comm_hook_type: DDPCommHookType, model: Any, state: Any = None) -> None:
    """Register one of the hooks with a DistributedDataParallel; ``state`` is a process group, or None for the default one."""
    comm_hook_type.value(model=model, state=state)


_named(__name__, modules={"debugging_hooks", "default_hooks", "post_localSGD_hook", "powerSGD_hook"})
