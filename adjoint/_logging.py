"""``torch._logging``: PyTorch's compiler tells what it does; Adjoint's has nothing to tell."""

from __future__ import annotations

import functools
import logging
from typing import Any

from adjoint.names import list_names as _list_names


def set_logs(**artifacts: Any) -> None:
    """Have the compiler tell what it does.  Raises NotImplementedError where something is asked for."""
    asked = [name for name, level in artifacts.items() if level is not None and level is not False]
    if asked:
        raise NotImplementedError(
            f"set_logs({', '.join(asked)}): torch.compile runs functions as they are, and has no logs. "
            "What a kernel became is told by adjoint.kernels.reading.explain"
        )


def getArtifactLogger(module_qname: str, artifact_name: str) -> logging.Logger:
    """The logger of a module for one of the compiler's artifacts."""
    return logging.getLogger(f"{module_qname}.__{artifact_name}")


@functools.lru_cache(maxsize=None)
def warning_once(logger_obj: logging.Logger, *args: Any, **kwargs: Any) -> None:
    """``logger_obj.warning(...)``, the first time that it is called with these arguments."""
    logger_obj.warning(*args, **kwargs)


_list_names(__name__)
