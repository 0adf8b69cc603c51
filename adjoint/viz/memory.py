"""Memory: how many bytes the results of a program and its graph hold, as it goes on.

A piece of memory counts once, however many tensors look at it, and for as long as one of them, or a node, holds it.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np


def root_of(array: Any) -> Any:
    """The array that owns the memory which ``array`` looks at."""
    array = getattr(array, "array", array) if not isinstance(array, np.ndarray) else array
    while isinstance(array, np.ndarray) and isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Memory:
    """Who holds how much: ``live`` bytes of all results and saved tensors, and ``saved`` ones of the graph alone."""

    def __init__(self) -> None:
        self.live = 0
        self.saved = 0
        self._holders: dict[int, list[int]] = {}  # id of the owning array -> [bytes, holders, of them nodes]
        self._nodes: dict[int, list[int]] = {}  # id of a node -> the memory that it saved
        self._references: dict[int, Any] = {}

    def result(self, tensor: Any) -> None:
        """A tensor was made: it holds its memory until it dies."""
        key = self._hold(tensor._array, False)
        mark = id(tensor)

        def gone(_: Any) -> None:
            self._references.pop(mark, None)
            self._release(key, False)

        self._references[mark] = weakref.ref(tensor, gone)

    def saves(self, node: Any, arrays: list[Any]) -> None:
        """A node was recorded and keeps these arrays until they are freed, or it dies."""
        if not arrays:
            return
        mark = id(node)
        self._nodes[mark] = [self._hold(a, True) for a in arrays]
        self._references[-mark] = weakref.ref(node, lambda _: self.frees(mark))

    def frees(self, mark: int) -> int:
        """The node of this id keeps nothing any more; how many bytes the graph got rid of."""
        self._references.pop(-mark, None)
        before = self.saved
        for key in self._nodes.pop(mark, ()):
            self._release(key, True)
        return before - self.saved

    def _hold(self, array: Any, node: bool) -> int:
        root = root_of(array)
        key = id(root)
        holder = self._holders.get(key)
        if holder is None:
            holder = self._holders[key] = [int(getattr(root, "nbytes", 0)), 0, 0]
            self.live += holder[0]
        holder[1] += 1
        if node:
            if not holder[2]:
                self.saved += holder[0]
            holder[2] += 1
        return key

    def _release(self, key: int, node: bool) -> None:
        holder = self._holders.get(key)
        if holder is None:
            return
        holder[1] -= 1
        if node:
            holder[2] -= 1
            if not holder[2]:
                self.saved -= holder[0]
        if not holder[1]:
            self.live -= holder[0]
            del self._holders[key]
