"""Finder: what the user calls one tensor, in time that does not grow with the number of variables.

Where there are few variables they are all looked at.  Where there are many, as in a file that a program wrote, those are
that the statement mentions, then an index, which is made anew from time to time: so the work per tensor stays the same.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from itertools import islice
from types import FrameType
from typing import Any

from adjoint.tensor import Tensor
from adjoint.viz.lines import Sources
from adjoint.viz.names import is_of_notebook, tensors_in

_MANY = 200  # names from which on there is an index
_SHARE = 32  # names that are looked at for one tensor, on average


class Finder:
    """Finds names of tensors for one recording."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._variables: dict[int, _Index] = {}  # by the id of a frame's variables
        self._held = _Index()

    def name_of(self, tensor: Tensor, frames: list[FrameType], deep: bool) -> str | None:
        """What the user calls a tensor: the outermost variable that is it; ``deep``: or what a variable holds."""
        for frame in frames:
            found = self._variable(tensor, frame)
            if found is not None:
                return found
        return self._in_containers(tensor, frames) if deep else None

    def _variable(self, tensor: Tensor, frame: FrameType) -> str | None:
        space = frame.f_locals
        if len(space) <= _MANY:
            return next((name for name, value in list(space.items()) if value is tensor and _is_name(name)), None)
        for name in self.sources.mentioned(frame):
            if space.get(name) is tensor:
                return name
        index = self._variables.setdefault(id(space), _Index())
        new = len(space) - index.size  # which come last
        index.size = len(space)
        if new > 0:
            index.add(_plain(islice(reversed(list(space.items())) if new > _SHARE else reversed(space.items()), new)))
        found = index.get(tensor)
        if found is None and index.is_due():
            index.clear()
            index.add(_plain(list(space.items())))
            found = index.get(tensor)
        return found if found is not None and space.get(found) is tensor else None

    def _in_containers(self, tensor: Tensor, frames: list[FrameType]) -> str | None:
        index = self._held
        known = index.get(tensor)
        if known is not None or not index.is_due():
            return known
        name: str | None = None
        index.clear()
        index.size = 0
        for frame in frames:
            for label, value in tensors_in(frame):
                index.size += 1
                index.add([(label, value)])
                if value is tensor and name is None:
                    name = label
                if name is not None and index.size <= _MANY:
                    index.clear()
                    index.size = 0
                    return name
        return name


class _Index:
    """Names of tensors, which are known weakly."""

    def __init__(self) -> None:
        self.size = 0  # how many names it was made of
        self._names: dict[int, tuple[Any, str]] = {}
        self._misses = 0

    def get(self, tensor: Tensor) -> str | None:
        known = self._names.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    def add(self, named: Any) -> None:
        for name, tensor in named:
            if self.get(tensor) is None:
                self._names[id(tensor)] = weakref.ref(tensor), name

    def clear(self) -> None:
        self._names.clear()
        self._misses = 0

    def is_due(self) -> bool:
        """Whether it is worth while to make it anew for a tensor that is not in it."""
        self._misses += 1
        return self.size <= _MANY or self._misses * _SHARE >= self.size


def _plain(items: Any) -> Iterator[tuple[str, Tensor]]:
    return ((name, value) for name, value in items if isinstance(value, Tensor) and _is_name(name))


def _is_name(name: str) -> bool:
    return not name.startswith("__") and not is_of_notebook(name)
