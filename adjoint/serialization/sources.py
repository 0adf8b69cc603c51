"""Sources: the old formats keep the source text of the modules that they hold, and tell when it is another today."""

from __future__ import annotations

import warnings
from typing import Any

from adjoint.places import users_level
from adjoint.serialization.names import name_of


class SourceChangeWarning(Warning):
    """The source of a module's class is not what it was when the module was saved."""

    __module__ = "adjoint.serialization"


def source_of(cls: type) -> tuple[str | None, str | None]:
    """File and text of a class of the user's; of one of Adjoint's nothing, since PyTorch's of that name has another."""
    if name_of(cls) is not None:
        return None, None
    import inspect

    try:
        return inspect.getsourcefile(cls), inspect.getsource(cls)
    except (OSError, TypeError):
        _warn_unknown(cls)
        return None, None


def check_source(cls: Any, file: str | None, saved: str | None) -> None:
    """Warn if a class of the user's has changed since it was saved.

    Where the class's ``dump_patches`` is true, a patch that takes the changes back is written into the current folder.
    """
    if not (file and saved) or name_of(cls) is not None:
        return
    import inspect

    try:
        current = inspect.getsource(cls)
    except (OSError, TypeError):
        _warn_unknown(cls)
        return
    if current == saved:
        return
    told = (
        "you can retrieve the original source code by accessing the object's source attribute or set "
        "`torch.nn.Module.dump_patches = True` and use the patch tool to revert the changes."
    )
    if getattr(cls, "dump_patches", False):
        told = _write_patch(cls, file, saved, current)
    warnings.warn(
        f"source code of class '{cls.__module__}.{cls.__qualname__}' has changed. {told}",
        SourceChangeWarning,
        stacklevel=users_level(),
    )


def _warn_unknown(cls: type) -> None:
    warnings.warn(
        f"Couldn't retrieve source code for container of type {cls.__name__}. It won't be checked for correctness upon "
        "loading.",
        stacklevel=users_level(),
    )


def _write_patch(cls: type, file: str, saved: str, current: str) -> str:
    import difflib

    name = cls.__name__ + ".patch"
    patch = "\n".join(difflib.unified_diff(current.split("\n"), saved.split("\n"), file, file, lineterm=""))
    try:
        with open(name, "a+") as out:
            out.seek(0)
            before = out.read()
            if before and before != patch:
                raise OSError
            if not before:
                out.write(patch)
    except OSError:
        return (
            f"Tried to save a patch, but couldn't create a writable file {name}. Make sure it doesn't exist and your "
            "working directory is writable."
        )
    return f"Saved a reverse patch to {name}. Run `patch -p0 < {name}` to revert your changes."
