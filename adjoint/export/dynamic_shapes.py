"""Sizes that are said to vary: descriptions, for a compiler that is not there."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names

__all__ = ["AdditionalInputs", "Constraint", "Dim", "ShapesCollection", "dims"]


class _Hint:
    """A size that is found out: AUTO, DYNAMIC or STATIC."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"DimHint({self.name})"


class Dim:
    """A size that varies between ``min`` and ``max``, by name.

    Raises AssertionError for a name that is no identifier, or where ``max`` is not above ``min``.

    >>> import adjoint as torch
    >>> torch.export.Dim("batch", max=8)
    Dim('batch', min=0, max=8)
    """

    AUTO = _Hint("AUTO")
    DYNAMIC = _Hint("DYNAMIC")
    STATIC = _Hint("STATIC")

    def __init__(self, name: str, *, min: int | None = None, max: int | None = None) -> None:
        self.__name__ = name
        self.min = 0 if min is None else min
        self.max = max
        if max is not None and max <= self.min:
            raise AssertionError(f"Cannot create Dim with inconsistent min={min}, max={max}")
        if not name.isidentifier():
            raise AssertionError(f"Dim name must be a valid identifier, got {name}")

    def __repr__(self) -> str:
        least = "" if self.min == 2 else f", min={self.min}"  # what PyTorch takes for granted, and leaves out
        most = "" if self.max is None else f", max={self.max}"
        return f"Dim({self.__name__!r}{least}{most})"


def dims(*names: str, min: int | None = None, max: int | None = None) -> tuple[Dim, ...]:
    """A :class:`Dim` for each name."""
    return tuple([Dim(name, min=min, max=max) for name in names])


class Constraint:
    """A condition on a size."""


class ShapesCollection:
    """Which sizes of which tensors vary.

    >>> import adjoint as torch
    >>> x, shapes = torch.ones(2, 3), torch.export.ShapesCollection()
    >>> shapes[x] = (torch.export.Dim("batch"), None)
    >>> shapes[x], len(shapes)
    ((Dim('batch', min=0), None), 1)
    """

    def __init__(self) -> None:
        self._shapes: dict[int, Any] = {}
        self._tensors: list[Any] = []  # kept, so that no other takes the place of one in memory

    def __setitem__(self, t: Any, shape: Any) -> None:
        self._tensors.append(t)
        self._shapes[id(t)] = shape

    def __getitem__(self, t: Any) -> Any:
        return self._shapes.setdefault(id(t), {})

    def __len__(self) -> int:
        return len(self._shapes)


class AdditionalInputs:
    """Further inputs of which a model is to take account."""

    def __init__(self) -> None:
        self._examples: list[Any] = []

    def add(self, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        """Add the arguments of a call."""
        self._examples.append((args, kwargs or {}))


_list_names(__name__)
