"""Whether packages are there."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from adjoint.names import list_names as _list_names


def _check_module_exists(name: str) -> bool:
    """Whether a module of that name can be found; it is not imported.

    >>> _check_module_exists("json"), _check_module_exists("no_such_module")
    (True, False)
    """
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def dill_available() -> bool:
    """Whether the package dill is there."""
    return _check_module_exists("dill")


def import_dill() -> ModuleType | None:
    """The package dill, its changes of Python's own pickler undone; None where it is not there."""
    if not dill_available():
        return None
    dill = importlib.import_module("dill")
    dill.extend(use_dill=False)
    return dill


_list_names(__name__)
