"""``FullyShardedDataParallel``, which no module here is, with the settings that programs import from beside it."""

from __future__ import annotations

from enum import Enum, auto

from adjoint.distributed.fsdp import api
from adjoint.distributed.fsdp.api import *  # noqa: F403
from adjoint.distributed.refused import Refused
from adjoint.nn import Module

WHY = "parameters are whole on every rank; torch.nn.parallel.DistributedDataParallel trains one model on several"


class FullyShardedDataParallel(Refused, Module, why=WHY):
    """A module whose parameters are sharded over processes, which no module here is."""


class OptimStateKeyType(Enum):
    """By what an optimizer's state dict names parameters."""

    PARAM_NAME = auto()
    PARAM_ID = auto()


__all__ = ["FullyShardedDataParallel", "OptimStateKeyType"]
__all__ += api.__all__
