"""SciPy's ``optimize``, which waits to be executed until something of it is used that is more than one small file.

SciPy is installed wherever Adjoint is, and libraries ask whether it is there: transformers then imports one function of
``scipy.optimize``, for the losses of detectors, which executes 200 modules: 0.3 seconds and 40 MB of a process that embeds
sentences.  Beside PyTorch SciPy is often not installed, and nothing is imported.

What programs find is SciPy's own: a function that has a file to itself comes from that file, and any other name, or module below,
executes the package first, as Python would have done at once.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_FILES = {"scipy.optimize": {"linear_sum_assignment": "_lsap"}}
"""Of each package that waits: functions that need nothing of the package, and the module below it that each is in."""

_waiting: dict[str, Callable[[ModuleType], None]] = {}
"""Of packages that were imported and not executed: what executes them."""

_executing = threading.RLock()
_begun: set[str] = set()


def find_spec(name: str, path: Any, target: ModuleType | None) -> ModuleSpec | None:
    """The spec of a package that is to wait; None leaves a module to others."""
    if name not in _FILES or name in _begun:
        return None
    spec = PathFinder.find_spec(name, path, target)
    execute: Any = getattr(spec and spec.loader, "exec_module", None)
    if execute is not None:
        _waiting[name] = execute
        spec.loader.exec_module = _wait  # type: ignore[union-attr, method-assign]
    return spec


def executed_for(name: str) -> ModuleType | None:
    """A module below a package that waited until now, if the package's execution imported it."""
    package, _, below = name.rpartition(".")
    if package not in _waiting or package in _begun or below in _FILES[package].values():
        return None
    _execute(sys.modules[package])
    return sys.modules.get(name)


def _wait(module: ModuleType) -> None:
    module.__class__ = _Waiting  # type: ignore[assignment]


class _Waiting(ModuleType):
    """A package whose ``__path__`` and ``__spec__`` are there, which is all that an import needs of it."""

    def __getattr__(self, name: str) -> Any:
        package = self.__name__
        if package not in _begun:
            if name[:2] == "__" and name != "__all__":  # what those who go through all modules ask each for
                raise _missing(package, name)
            file = _FILES[package].get(name)
            if file is not None:
                try:
                    return getattr(importlib.import_module(f"{package}.{file}"), name)
                except (ModuleNotFoundError, AttributeError):  # another version of SciPy has it elsewhere
                    pass
        _execute(self)
        try:
            return vars(self)[name]
        except KeyError:
            raise _missing(package, name) from None

    def __dir__(self) -> list[str]:
        _execute(self)
        return dir(self)


def _execute(module: ModuleType) -> None:
    """Have a package executed; another thread's execution is waited for, the own one is going on."""
    package = module.__name__
    with _executing:
        if package in _begun:
            return
        _begun.add(package)
        try:
            _waiting[package](module)
        except BaseException:
            _begun.discard(package)
            raise
        module.__class__ = ModuleType  # type: ignore[assignment]


def _missing(package: str, name: str) -> AttributeError:
    return AttributeError(f"module {package!r} has no attribute {name!r}", name=name)

