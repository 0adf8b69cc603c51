"""Compatibility: in this process ``torch`` and ``torchvision`` are Adjoint.

:func:`install` puts a finder in front of Python's own, so that ``import torch.nn`` gives the module ``adjoint.nn``
itself, not a copy: ``sys.modules["torch.nn"] is sys.modules["adjoint.nn"]``.  Modules and classes then also go by
PyTorch's names, which users print and pickles contain.  ``adjoint run`` calls it; whoever only does ``import adjoint as
torch`` keeps Adjoint's names.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from adjoint import postponed, postponed_scipy
from adjoint.declare import naming
from adjoint.declare.namespaces import declared, name_methods

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

# Packages, PyTorch's name first.
_PACKAGES = {"torch": "adjoint", "torchvision": "adjoint.vision", "functorch": "adjoint.functorch"}

# Modules that only pickles name, whose functions users find elsewhere; those below torch._C as well.
_NAMES_ALONE = frozenset({"torch._linalg_utils", "torch._lobpcg", "torch._lowrank", "torch._tensor"})

# Modules that have, besides what users find there, functions by which PyTorch's pickles make tensors.
_MAKING = frozenset({"torch._utils", "torch.serialization", "torch.storage"})

# Modules that PyTorch has under another name.
_MODULES = {
    "torch._functorch.deprecated": "adjoint.functorch.deprecated",
    "torch._functorch.make_functional": "adjoint.functorch.stateless",
    "torch.storage": "adjoint.interop.storage",
    "torch.torch_version": "adjoint.version",
    "torch.utils._pytree": "adjoint.pytree",
    "torchvision.transforms.v2.functional._utils": "adjoint.vision.transforms.v2.functional.kernels",
    "torchvision.transforms._presets": "adjoint.vision.transforms.presets",
    "torchvision.tv_tensors._dataset_wrapper": "adjoint.vision.datasets.wrapping",
}

_SHOWN = {ours: theirs for theirs, ours in _MODULES.items()}

# Where multiprocessing makes what a process that it spawns begins with.
_SPAWNING = "multiprocessing.spawn"


def install() -> None:
    """Make ``torch`` and ``torchvision`` resolve to Adjoint from now on; a second call does nothing.

    Raises ImportError if PyTorch was imported before: two libraries cannot go by one name.

    >>> import subprocess, sys
    >>> program = "import adjoint.compat; adjoint.compat.install(); import torch; print(torch.Tensor)"
    >>> subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    "<class 'torch.Tensor'>\\n"
    """
    if _installed():
        return
    for name in _PACKAGES:
        if name in sys.modules:
            raise ImportError(f"{name} was imported before adjoint.compat.install() was called", name=name)
    sys.meta_path.insert(0, _Finder())
    sys.modules.update(_set_aside)
    name_methods()
    naming.Root.name = "torch"  # of functions that are declared, or built, from now on
    for function in declared():
        if function.__module__ == "adjoint" or function.__module__.startswith("adjoint."):
            function.__module__ = _torch_name(function.__module__)
    for name, module in list(sys.modules.items()):
        if name == "adjoint" or name.startswith("adjoint."):
            _show_as_torch(name, module)
    if _SPAWNING in sys.modules:
        _prepare_children(sys.modules[_SPAWNING])
    postponed.postpone()


def uninstall() -> None:
    """Take the names back that :func:`install` gave: ``import torch`` finds what Python finds by itself, from now on.

    What was imported before stays Adjoint's, also in what it prints.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
        waited = postponed.forget(name)
        module = sys.modules.pop(name)
        if not waited:
            _set_aside[name] = module


def _installed() -> bool:
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


# The modules, by PyTorch's names, of before uninstall().
_set_aside: dict[str, ModuleType] = {}

# Classes that PyTorch shows in modules that nobody has imported yet, by PyTorch's names of both.
_awaited: dict[str, dict[str, Any]] = {}


def load_ipython_extension(shell: object) -> None:
    """``%load_ext adjoint``: in this notebook ``torch`` and ``torchvision`` are Adjoint."""
    install()


def unload_ipython_extension(shell: object) -> None:
    """``%unload_ext adjoint``: see :func:`uninstall`."""
    uninstall()


class _Finder:
    """Finds PyTorch's modules in Adjoint, and renames Adjoint's as they are loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, _, _ = name.partition(".")
        if top == "adjoint":
            spec = PathFinder.find_spec(name, path, target)
            return None if spec is None else _begun(_executed_then(spec, lambda module: _show_as_torch(name, module)), name)
        if name == _SPAWNING:
            spec = PathFinder.find_spec(name, path, target)
            return None if spec is None else _executed_then(spec, _prepare_children)
        if top == "scipy":
            module = postponed_scipy.executed_for(name)
            return postponed_scipy.find_spec(name, path, target) if module is None else _known(name, module)
        if top not in _PACKAGES:
            return None
        module = _module(_own_name(name))
        if module is None and name in _awaited:  # not Adjoint's: made for what is shown in it
            module = ModuleType(name, "Some of PyTorch's module, by Adjoint.")
            vars(module).update(_awaited.pop(name))
        if module is None and (name in _NAMES_ALONE or name.startswith("torch._C.")):
            return ModuleSpec(name, _Known(_BuiltIn(name)), is_package=True)
        if module is None:  # nor will others find it: they look into the parent's folder, which is Adjoint's
            return None
        # importlib would take the spec of what it now finds there, and load the module a second time.
        sys.modules.pop(name, None)
        return _known(name, module)

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterator[Distribution]:
        """What ``importlib.metadata`` is told, and its backport: ``version("torch")`` is Adjoint's.

        Only whoever looks where Python imports from is told: to pip, which looks into a folder, this process is nothing.
        """
        from adjoint.metadata import answered

        if context is not None and list(context.path) != sys.path:
            return iter(())
        return answered(None if context is None else context.name)


class _BuiltIn(ModuleType):
    """A module that pickles of PyTorch's name, and that Adjoint has no need of."""

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from adjoint.serialization.names import find

        return find(self.__name__, name)


class _Known(Loader):
    """A loader for a module that is loaded."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # importlib has put that of the alias there

    def get_code(self, name: str) -> CodeType | None:
        """For ``-m torch.distributed.run``."""
        loader: Any = self.spec and self.spec.loader
        return loader.get_code(self.spec.name) if hasattr(loader, "get_code") else None  # type: ignore[union-attr]


def _known(name: str, module: ModuleType) -> ModuleSpec:
    """The spec by which an import finds a module that is loaded."""
    return ModuleSpec(name, _Known(module), is_package=hasattr(module, "__path__"))


def _module(name: str) -> ModuleType | None:
    """The module of that name, imported; None where there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise


def _executed_then(spec: ModuleSpec, do: Callable[[ModuleType], None]) -> ModuleSpec:
    """The spec, with a loader that also does something with the module once it was executed."""
    execute = getattr(spec.loader, "exec_module", None)
    if execute is not None:

        def exec_module(module: ModuleType) -> None:
            execute(module)
            do(module)

        spec.loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]
    return spec


def _begun(spec: ModuleSpec, name: str) -> ModuleSpec:
    """The spec of one of Adjoint's modules, with a loader that fills the module which already is there by PyTorch's name."""
    loader: Any = spec.loader
    execute: Any = getattr(loader, "exec_module", None)
    module = None if execute is None else postponed.begun(_torch_name(name))
    if module is not None:

        def exec_module(module: ModuleType) -> None:
            try:
                execute(module)
            except BaseException:
                postponed.ended(module, False)
                raise
            postponed.ended(module, True)

        loader.exec_module, loader.create_module = exec_module, lambda spec: module
    return spec


def _prepare_children(spawning: Any) -> None:
    """Have the processes that multiprocessing spawns call Adjoint ``torch`` before they import the program."""
    get_preparation_data = spawning.get_preparation_data

    def with_names(name: str) -> dict[str, Any]:
        data = get_preparation_data(name)
        return {"adjoint": _Spawned(), **data} if _installed() else data

    spawning.get_preparation_data = with_names


class _Spawned:
    """What is made of this object in a process that is spawned: the names, installed."""

    def __reduce__(self) -> Any:
        return importlib.import_module, ("adjoint.spawned",)


def _own_name(name: str) -> str:
    """Adjoint's name of PyTorch's module ``name``."""
    top, dot, rest = name.partition(".")
    return _MODULES.get(name) or _PACKAGES[top] + dot + rest


def _torch_name(name: str) -> str:
    """PyTorch's name of Adjoint's module ``name``."""
    if name in _SHOWN:
        return _SHOWN[name]
    top = next((t for t, ours in _PACKAGES.items() if t != "torch" and f"{name}.".startswith(f"{ours}.")), "torch")
    return top + name[len(_PACKAGES[top]) :]


def _show_as_torch(name: str, module: ModuleType) -> None:
    """Give one of Adjoint's modules, and the classes and functions made in it, PyTorch's names.

    ``__package__`` and ``__spec__`` stay, by which Python resolves the module's own imports.
    """
    shown = _torch_name(name)
    sys.modules.setdefault(shown, module)
    for value in list(vars(module).values()):
        if isinstance(value, type):
            if value.__module__ == name:
                _rename(value)
        elif value.__class__ is FunctionType and value.__module__ == name:
            value.__module__ = naming.shown(name, value.__qualname__) or shown
    for awaited, cls in _awaited.pop(shown, {}).items():
        vars(module).setdefault(awaited, cls)
    if shown in _MAKING:
        vars(module).setdefault("__getattr__", lambda name: _making(module, name))
    # Errors name the module by this: "cannot import name 'x' from 'torch'".
    module.__name__ = shown


def _making(module: ModuleType, name: str) -> Any:
    """One of the functions of PyTorch's that pickles call; memory formats are ``torch._utils.torch.channels_last`` to them."""
    if name == "torch" and module.__name__ == "torch._utils":
        return sys.modules["torch"]
    if name[:1] == "_" and name[:2] != "__":
        from adjoint.serialization import rebuild

        full = f"{module.__name__}.{name}"
        found = rebuild.FUNCTIONS.get(full) or rebuild.OLDER.get(full)
        if found is not None:
            return found
    raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name, obj=module)


def _rename(cls: Any) -> None:
    """Show a class, and those that it holds, where PyTorch does, and have it be found there, as pickles require."""
    module = cls.__module__
    place = naming.shown(module, cls.__qualname__)
    shown = cls.__module__ = place or _torch_name(module)
    if place and shown != "builtins" and "." not in cls.__qualname__:
        home = sys.modules.get(shown) or sys.modules.get(_own_name(shown))
        names = _awaited.setdefault(shown, {}) if home is None else vars(home)
        names.setdefault(cls.__name__, cls)
    for value in list(vars(cls).values()):
        if isinstance(value, type) and value.__module__ == module and value.__qualname__.startswith(cls.__qualname__):
            _rename(value)
