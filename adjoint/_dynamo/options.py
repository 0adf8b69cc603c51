"""Options of a compiler: a module whose attributes are those that it has, and can be set to anything.

There is no compiler that reads them; they keep what programs set, so that a name which PyTorch has not is noticed.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class Options(ModuleType):
    """A module of options.  Raises AttributeError where one is read or set that there is not."""

    _options: dict[str, Any]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._options and name[:2] != "__":
            raise AttributeError(f"{self.__name__}.{name} does not exist")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.__name__}.{name} does not exist")


class Patch:
    """Options set for a block or a function, and put back after it."""

    def __init__(self, options: Options, changes: dict[str, Any]) -> None:
        self._options = options
        self._changes = changes
        self._before: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        before = {name: getattr(self._options, name) for name in self._changes}
        for name, value in self._changes.items():
            setattr(self._options, name, value)
        self._before.append(before)

    def __exit__(self, *error: Any) -> None:
        for name, value in self._before.pop().items():
            setattr(self._options, name, value)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def patched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return patched


def of_compiler(name: str, options: dict[str, Any]) -> None:
    """Make the module ``name`` one of these options, with PyTorch's functions around them."""
    module: Any = sys.modules[name]

    def patch(arg1: Any = None, arg2: Any = None, **kwargs: Any) -> Patch:
        """Set options in a block or a function: ``patch("name", value)``, ``patch({"name": value})`` or ``patch(name=value)``."""
        return Patch(module, {arg1: arg2} if isinstance(arg1, str) else {**(arg1 or {}), **kwargs})

    def to_dict() -> dict[str, Any]:
        """The options and what they are set to."""
        return {key: getattr(module, key) for key in options}

    def load_config(given: dict[str, Any]) -> None:
        """Set these options."""
        for key, value in given.items():
            setattr(module, key, value)

    vars(module).update(
        options, _options=options, patch=patch, to_dict=to_dict, get_config_copy=to_dict, shallow_copy_dict=to_dict,
        load_config=load_config,
    )  # fmt: skip
    module.__class__ = Options
