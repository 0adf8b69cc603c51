"""AccumulateGrad: the end of every path, where a gradient becomes a leaf's ``grad``."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from adjoint.autograd.node import Node
from adjoint.tensor import Tensor, from_array, tick, writes_of


def _references_of_an_owned_gradient() -> int:
    """How many references a gradient has, seen from ``apply``, when nobody but the engine holds it."""
    seen = []

    class Probe:
        def apply(self, g: Any) -> None:
            seen.append(getrefcount(g))

    def engine() -> None:
        g = np.empty(1)
        Probe().apply(g)

    engine()
    return seen[0]


_OWNED = _references_of_an_owned_gradient()


class AccumulateGrad(Node):
    """Adds the gradient that arrives to the ``grad`` of its leaf, ``variable``."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self.edges = ()
        self.saved = ()
        self.extra = ()
        self.hooks = variable._hooks
        self.order = tick()

    def apply(self, g: Any) -> Any:
        """Take the gradient over where nothing else holds it, copy it where something does, add where one is."""
        leaf = self.variable
        grad = leaf._grad
        if grad is None:
            if g.__class__ is not np.ndarray or g.base is not None or getrefcount(g) > _OWNED:
                g = g.copy()
            leaf._grad = from_array(g)
        elif grad._array.__class__ is np.ndarray and g.__class__ is np.ndarray:
            np.add(grad._array, g, out=grad._array)
            writes_of(grad).bump()
        else:
            leaf._grad = from_array(grad._array + g)
        if leaf._hooks is not None:
            leaf._hooks.after_accumulation(leaf)
        return ()

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, out of place and recorded."""
        leaf = self.variable
        grad = leaf._grad
        leaf._grad = g.tensor if grad is None else (type(g)(grad) + g).tensor
        if leaf._hooks is not None:
            leaf._hooks.after_accumulation(leaf)
        return ()

    def _sequence_nr(self) -> int:
        return 2**64 - 1
