"""Multiprocessing: Python's own, whose queues and pipes send tensors by where they lie (``torch.multiprocessing``).

A tensor that is sent is moved into memory that both processes see; what one writes into it, the other reads.

>>> import adjoint as torch
>>> weight = torch.zeros(3).share_memory_()
>>> weight.is_shared()
True
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import *  # noqa: F403

from adjoint.interop.sharing import register as _register
from adjoint.multiprocessing import pool as pool
from adjoint.multiprocessing import reductions as reductions
from adjoint.multiprocessing.spawn import (
    ProcessContext,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)
from adjoint.multiprocessing.strategies import get_all_sharing_strategies, get_sharing_strategy, set_sharing_strategy
from adjoint.names import list_names as _list_names

_register()

__all__ = [
    *multiprocessing.__all__,  # type: ignore[attr-defined]
    "ProcessContext",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

_list_names(__name__)
