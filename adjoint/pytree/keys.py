"""Keys: by what a container's part is reached, and paths of them from a pytree's root to a leaf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class KeyEntry(Protocol):
    """A step of a path: printed as Python writes it, and able to take itself."""

    def __hash__(self) -> int: ...

    def __eq__(self, other: object) -> bool: ...

    def __str__(self) -> str: ...

    def get(self, parent: Any) -> Any:
        """The part of ``parent`` that the step leads to."""


KeyPath = tuple[KeyEntry, ...]


@dataclass(frozen=True)
class SequenceKey:
    """The part at an index."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Any) -> Any:
        """``sequence[idx]``."""
        return sequence[self.idx]


@dataclass(frozen=True)
class MappingKey:
    """The part at a dictionary's key."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Any) -> Any:
        """``mapping[key]``."""
        return mapping[self.key]


@dataclass(frozen=True)
class GetAttrKey:
    """The part that is an attribute."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        """``obj.name``."""
        return getattr(obj, self.name)


def keystr(kp: KeyPath) -> str:
    """A path as Python writes it.

    >>> keystr((MappingKey("a"), SequenceKey(0), GetAttrKey("x")))
    "['a'][0].x"
    """
    return "".join(map(str, kp))


def key_get(obj: Any, kp: KeyPath) -> Any:
    """What a path leads to from ``obj``.

    >>> key_get({"a": [1, 2]}, (MappingKey("a"), SequenceKey(1)))
    2
    """
    for key in kp:
        obj = key.get(obj)
    return obj
