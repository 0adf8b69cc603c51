"""Names: what things are called in files.  Files say ``torch``, whoever wrote them."""

from __future__ import annotations

import importlib
import sys
from types import FunctionType
from typing import Any

from adjoint import dtypes
from adjoint.declare.namespaces import FUNCTIONS, name_methods
from adjoint.declare.naming import shown
from adjoint.device import device
from adjoint.interop.storage import UntypedStorage
from adjoint.serialization import rebuild
from adjoint.serialization.storage_types import TYPES, UNTYPED, StorageType
from adjoint.tensor import Size, Tensor


def _known() -> dict[str, Any]:
    """The names that do not follow from where Adjoint defines a thing."""
    known: dict[str, Any] = dict(rebuild.FUNCTIONS)
    known |= {f"torch.{d.name}": d for d in dtypes.ALL}
    known |= {f"torch.{name}": t for name, t in TYPES.items()}
    known["torch.storage.UntypedStorage"] = UNTYPED
    known["torch._C._LinAlgError"] = FUNCTIONS["linalg"]["LinAlgError"]
    known["torch.Size"] = Size
    known["torch.Tensor"] = Tensor
    known["torch.device"] = device
    return known


KNOWN = _known()
_NAMES = {id(thing): name for name, thing in KNOWN.items()}


def name_of(thing: Any) -> tuple[str, str] | None:
    """Module and name under which files know a class, function or constant of Adjoint's; None for anything else."""
    known: str | None = _NAMES.get(id(thing))
    if known is None and thing is UntypedStorage:
        known = "torch.storage.UntypedStorage"
    if known is not None:
        return known.rpartition(".")[0], known.rpartition(".")[2]
    if isinstance(thing, FunctionType):
        name_methods()
    module = getattr(thing, "__module__", None)
    if not isinstance(module, str) or not (module == "adjoint" or module.startswith("adjoint.")):
        return None
    name = str(getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None))
    place = shown(module, name)
    if place is not None and place != "builtins":
        return place, name
    if name == "Parameter" and module == "adjoint.nn.parameter":
        return "torch.nn.parameter", "Parameter"
    for package in ("vision",):
        if module.startswith(f"adjoint.{package}"):
            return "torchvision" + module[len(f"adjoint.{package}") :], name
    return "torch" + module[len("adjoint") :], name


def find(module: str, name: str) -> Any:
    """The thing of Adjoint's that files call ``module.name``, a name of PyTorch's or torchvision's.

    Only for files that are trusted: importing a module runs it.
    """
    if module == "torch.tensor":  # where PyTorch had it before 1.8
        module = "torch._tensor"
    known = KNOWN.get(f"{module}.{name}") or rebuild.OLDER.get(f"{module}.{name}")
    if known is not None:
        return known
    if name in TYPES:  # of whatever device
        return TYPES[name]
    if module == "torch._C" or module.startswith("torch._C."):
        return _built_in(module, name)
    ours = module
    if module == "torch" or module.startswith("torch."):
        ours = "adjoint" + module[len("torch") :]
    elif module == "torchvision" or module.startswith("torchvision."):
        ours = "adjoint.vision" + module[len("torchvision") :]
    try:
        importlib.import_module(ours)
        found: Any = sys.modules[ours]
        for part in name.split("."):
            found = getattr(found, part)
        return found
    except (ImportError, AttributeError):
        # PyTorch may define a thing elsewhere than Adjoint does: look where users find it.
        parts = ours.split(".")
        for end in range(len(parts) - 1, 0, -1):
            if parts[0] != "adjoint":
                break
            try:
                package = importlib.import_module(".".join(parts[:end]))
                return getattr(package, name, None) or getattr(package, name.removeprefix("_"))
            except (ImportError, AttributeError):
                continue
        raise


# The modules of PyTorch's functions that are not written in Python, by the ends of their names: where users find them,
# and what is put before their names.
_BUILT_IN = {
    "_nn": ("adjoint.nn.functional", ""),
    "_linalg": ("adjoint.linalg", "linalg_"),
    "_special": ("adjoint.special", "special_"),
    "_fft": ("adjoint.fft", "fft_"),
}


def _built_in(module: str, name: str) -> Any:
    """What PyTorch has as ``torch._C.….name``; the class that holds its functions stands for the module of ours."""
    if module == "torch._C":
        if name in ("TensorBase", "_TensorBase"):
            return Tensor
        if name == "_VariableFunctionsClass":
            return importlib.import_module("adjoint")
        return find("torch", name)
    place, prefix = _BUILT_IN.get(module.rpartition(".")[2], ("adjoint", ""))
    name = {"log_sigmoid": "logsigmoid"}.get(name, name.removeprefix(prefix))
    try:
        return getattr(importlib.import_module(place), name)
    except AttributeError:
        return getattr(importlib.import_module("adjoint"), name)


__all__ = ["KNOWN", "StorageType", "find", "name_of"]
