"""The allow-list: what a file may name and call when only weights are to be loaded."""

from __future__ import annotations

import codecs
from collections import Counter, OrderedDict
from typing import Any

from adjoint.ops.legacy import CPU_CLASSES, CUDA_CLASSES
from adjoint.serialization.names import KNOWN, name_of
from adjoint.serialization.storage_types import TYPES

BLOCKED_MODULES = frozenset({"sys", "os", "posix", "nt"})
"""Never allowed, even where a user lists something of theirs."""

_by_user: dict[int, Any] = {}


_ALWAYS: dict[str, Any] = {
    **KNOWN,
    # As files before PyTorch 0.4, and those of tensors on a GPU, name them.
    **{f"torch.cuda.{name}": kind for name, kind in TYPES.items()},
    **{f"torch.{cls.__name__}": cls for cls in CPU_CLASSES.values()},
    **{f"torch.cuda.{name}": cls for name, cls in CUDA_CLASSES.items()},
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "_codecs.encode": codecs.encode,
    "builtins.bytearray": bytearray,
    "builtins.set": set,
    "builtins.complex": complex,
}
"""Name -> thing for what is always allowed: it holds data and runs nothing of the file's choosing."""

_PARAMETER = "torch.nn.parameter.Parameter"


def always(name: str) -> Any:
    """The thing of that name if it is always allowed, else None."""
    if name == _PARAMETER:
        from adjoint.nn.parameter import Parameter

        return Parameter
    return _ALWAYS.get(name)


def by_user() -> dict[str, Any]:
    """Name -> thing for what :func:`add_safe_globals` added."""
    found = {}
    for entry in _by_user.values():
        if isinstance(entry, tuple):
            if len(entry) != 2:
                raise ValueError(
                    "Expected tuple of length 2 (global, str of callable full path), but got tuple of length: "
                    f"{len(entry)}"
                )
            thing, name = entry
            if type(name) is not str:
                raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(name)}")
            found[name] = thing
        else:
            ours = name_of(entry)
            module, name = ours if ours is not None else (entry.__module__, entry.__qualname__)
            found[f"{module}.{name}"] = entry
    return found


def _key(entry: Any) -> Any:
    return (id(entry[0]), *entry[1:]) if isinstance(entry, tuple) else id(entry)


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Allow files to name these classes and functions, from now on.

    An entry is the thing itself, or a pair of it and the name under which files know it.  What is allowed is called
    with whatever arguments a file gives: add only what does no harm then.
    """
    for entry in safe_globals:
        _by_user[_key(entry)] = entry


def get_safe_globals() -> list[Any]:
    """What :func:`add_safe_globals` added."""
    return list(_by_user.values())


def clear_safe_globals() -> None:
    """Take back all that :func:`add_safe_globals` allowed."""
    _by_user.clear()


class safe_globals:
    """A context in which :func:`add_safe_globals` has been called with these things.

    >>> import adjoint as torch
    >>> with torch.serialization.safe_globals([print]):
    ...     torch.serialization.get_safe_globals()
    [<built-in function print>]
    """

    def __init__(self, safe_globals: list[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: object) -> None:
        for entry in self.safe_globals:
            _by_user.pop(_key(entry), None)
