"""Names: every node, and every object that code refers to, gets one that is not taken."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import Any

_NOT_IN_IDENTIFIERS = re.compile("[^0-9a-zA-Z_]+")
_NUMBERED = re.compile(r"^([a-zA-Z_][0-9a-zA-Z_]*?)(?:_(\d+))?$")
_HUMP = re.compile(r"(?<=[a-z])([A-Z])")


def snake_case(text: str) -> str:
    """``MaxPool2d`` as ``max_pool2d``."""
    return _HUMP.sub(r"_\1", text).lower()


class Namespace:
    """Names that are taken, and what they are of.

    >>> from adjoint.fx.namespace import Namespace
    >>> names = Namespace()
    >>> names.create_name("x", None), names.create_name("x", None), names.create_name("a.b", None), names.create_name("len", None)
    ('x', 'x_1', 'a_b', 'len_1')
    """

    reserved: dict[str, Any] = {**dict.fromkeys(keyword.kwlist, object()), **vars(builtins)}
    """Names that only these objects have: Python's, and those that all generated code knows."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}

    def create_name(self, candidate: str, thing: Any) -> str:
        """The name of ``thing``: the one that it has, or else ``candidate``, with a number behind it where that is taken."""
        if thing is not None and thing in self._names:
            return self._names[thing]
        match = _NUMBERED.match(candidate)
        if match is None:
            candidate = _NOT_IN_IDENTIFIERS.sub("_", candidate) or "_unnamed"
            if candidate[0].isdigit():
                candidate = f"_{candidate}"
            match = _NUMBERED.match(candidate)
            assert match is not None
        base, digits = match.groups()
        if digits is None or candidate in self._used:
            number = self._counts.get(base, 0)
            if self.reserved.get(candidate, thing) is not thing:
                number += 1
                candidate = f"{base}_{number}"
        else:
            number = int(digits)
        while candidate in self._used:
            number += 1
            candidate = f"{base}_{number}"
        self._used.add(candidate)
        self._counts[base] = number
        if thing is not None:
            self._names[thing] = candidate
        return candidate

    def associate_name_with_obj(self, name: str, thing: Any) -> None:
        """Say that the name is that of ``thing``, which has none."""
        if self._names.setdefault(thing, name) is not name:
            raise AssertionError("obj is already associated")

    def _rename_object(self, thing: Any, name: str) -> None:
        if thing not in self._names:
            raise AssertionError(f"Object {thing} is not in _obj_to_name")
        self._names[thing] = name
        self._used.add(name)
