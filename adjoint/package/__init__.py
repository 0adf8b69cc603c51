"""``torch.package``: names of archives that hold Python code beside tensors, which are neither written nor read."""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

from adjoint.names import list_names as _list_names

__all__ = [
    "EmptyMatchError",
    "Importer",
    "ObjMismatchError",
    "ObjNotFoundError",
    "OrderedImporter",
    "PackageExporter",
    "PackageImporter",
    "PackagingError",
    "is_from_package",
    "sys_importer",
]


class PackagingError(Exception):
    """An archive cannot be written."""


class EmptyMatchError(Exception):
    """Nothing is of the name that was to be taken into an archive."""


class ObjNotFoundError(Exception):
    """An object is not found by its name."""


class ObjMismatchError(Exception):
    """Another object is found by an object's name."""


class Importer:
    """What finds modules, and objects in them, by name."""

    modules: dict[str, Any]

    def import_module(self, module_name: str) -> Any:
        """The module of that name."""
        raise NotImplementedError

    def get_name(self, obj: Any, name: str | None = None) -> tuple[str, str]:
        """The module and the name by which an object is found.  Raises ObjNotFoundError or ObjMismatchError if it is not."""
        name = name or getattr(obj, "__qualname__", None) or obj.__name__
        module = obj.__module__
        found: Any = self.import_module(module)
        for part in str(name).split("."):
            if not hasattr(found, part):
                raise ObjNotFoundError(f"{obj} was not found as {module}.{name}")
            found = getattr(found, part)
        if found is not obj:
            raise ObjMismatchError(f"{obj} is not what is found as {module}.{name}")
        return module, str(name)


class _SysImporter(Importer):
    """What finds them as ``import`` does."""

    def import_module(self, module_name: str) -> Any:
        """The module of that name."""
        return importlib.import_module(module_name)


sys_importer = _SysImporter()


class OrderedImporter(Importer):
    """Several of them, asked one after the other."""

    def __init__(self, *importers: Importer) -> None:
        self._importers = list(importers)

    def import_module(self, module_name: str) -> Any:
        """The module of that name, of the first that has it."""
        for importer in self._importers:
            try:
                return importer.import_module(module_name)
            except ModuleNotFoundError as error:
                missing = error
        raise missing


class PackageExporter:
    """What writes an archive: refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("PackageExporter")


class PackageImporter(Importer):
    """What reads an archive: refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("PackageImporter")


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"torch.package.{name}: archives of Python code are neither written nor read by Adjoint. Keep the code in files, and "
        "tensors in what torch.save writes."
    )


def is_from_package(obj: Any) -> bool:
    """False: nothing was ever read from an archive."""
    return False


_list_names(__name__)
