"""Attributes: the ``__dict__`` of an object that keeps things of its own in the same dictionary as its users do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_NOTHING: Any = object()


class Attributes(dict[str, Any]):
    """The entries of a dictionary that are for others to see; what is written here is written there.

    >>> from adjoint.attributes import Attributes
    >>> whole = {"_own": 1, "name": "x"}
    >>> shown = Attributes(whole, lambda name: name[0] == "_")
    >>> shown["other"] = 2
    >>> shown, whole
    ({'name': 'x', 'other': 2}, {'_own': 1, 'name': 'x', 'other': 2})
    """

    __slots__ = ("_whole",)

    def __init__(self, whole: dict[str, Any], is_hidden: Callable[[str], bool]) -> None:
        super().__init__({name: value for name, value in whole.items() if not is_hidden(name)})
        self._whole = whole

    def __setitem__(self, name: str, value: Any) -> None:
        self._whole[name] = value
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        del self._whole[name]

    def __ior__(self, other: Any) -> Attributes:  # type: ignore[override, misc]
        self.update(other)
        return self

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def clear(self) -> None:
        """Take all entries out."""
        for name in list(self):
            del self[name]

    def pop(self, name: str, default: Any = _NOTHING) -> Any:
        """Take an entry out and return it."""
        if name not in self and default is not _NOTHING:
            return default
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last entry out and return it with its name."""
        name, value = super().popitem()
        del self._whole[name]
        return name, value

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The entry, which is made if it is not there."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Write many entries."""
        for name, value in dict(*args, **kwargs).items():
            self[name] = value
