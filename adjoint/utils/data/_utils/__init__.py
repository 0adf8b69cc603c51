"""The parts of :mod:`adjoint.utils.data` that programs import by PyTorch's path: collating, fetching, workers."""

import sys as _sys

from adjoint._utils import ExceptionWrapper
from adjoint.utils.data._utils import collate, crew, fetch, pin_memory, signal_handling, worker

IS_WINDOWS = _sys.platform == "win32"
HAS_NUMPY = True
MP_STATUS_CHECK_INTERVAL = crew.PATIENCE

__all__ = ["ExceptionWrapper", "collate", "fetch", "pin_memory", "signal_handling", "worker"]
