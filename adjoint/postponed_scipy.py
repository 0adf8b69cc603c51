"""Packages of SciPy's that wait to be executed until something of them is used that is more than one file.

SciPy is installed wherever Adjoint is, and libraries ask whether it is there: transformers then imports one function of
``scipy.optimize``, for the losses of detectors, which executes 200 modules: 0.3 seconds and 40 MB of a process that embeds
sentences.  Beside PyTorch SciPy is often not installed, and nothing is imported.  Adjoint itself has the error function of few
numbers from ``scipy.special``, which is one file of C, and 0.15 seconds of Python around it.

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

_UFUNCS = """
    betainc erf erfc erfcx erfinv expit gammainc gammaincc gammaln i0 i0e i1 i1e j0 j1 k0 k0e k1 k1e log_ndtr logit ndtr ndtri psi
    xlog1py xlogy y0 y1
"""

_FILES = {
    "scipy.optimize": {"linear_sum_assignment": "_lsap"},
    "scipy.special": dict.fromkeys(_UFUNCS.split(), "_ufuncs"),
}
"""Of each package that waits: functions that need nothing of the package, and the module below it that each is in."""

_waiting: dict[str, Callable[[ModuleType], None]] = {}
"""Of packages that were imported and not executed: what executes them."""

_executing = threading.RLock()
_begun: set[str] = set()
_thread = threading.local()  # ``fetching``: whether it imports such a module, whatever that imports in turn


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
    if package not in _waiting or package in _begun or below in _FILES[package].values() or getattr(_thread, "fetching", False):
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
            found = _fetched(package, name)
            if found is not None:
                vars(self)[name] = found
                return found
        _execute(self)
        try:
            return vars(self)[name]
        except KeyError:
            raise _missing(package, name) from None

    def __dir__(self) -> list[str]:
        _execute(self)
        return dir(self)


def _fetched(package: str, name: str) -> Any:
    """A function from its file; None if it has none, or another version of SciPy has it elsewhere."""
    file = _FILES[package].get(name)
    if file is None:
        return None
    before = getattr(_thread, "fetching", False)
    _thread.fetching = True
    try:
        return getattr(importlib.import_module(f"{package}.{file}"), name, None)
    except ImportError:
        return None
    finally:
        _thread.fetching = before


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

