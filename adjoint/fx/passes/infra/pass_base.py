"""Passes: functions that change the graph of a module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from adjoint.fx.graph_module import GraphModule
from adjoint.names import list_names as _list_names

__all__ = ["PassBase", "PassResult"]


class PassResult(NamedTuple):
    """The module, and whether the pass changed it."""

    graph_module: GraphModule
    modified: bool


class PassBase(ABC):
    """A pass as an object: :meth:`call` does it, between what it requires and what it ensures."""

    def __call__(self, graph_module: GraphModule) -> PassResult | None:
        self.requires(graph_module)
        result = self.call(graph_module)
        self.ensures(graph_module)
        return result

    @abstractmethod
    def call(self, graph_module: GraphModule) -> PassResult | None:
        """Do it."""

    def requires(self, graph_module: GraphModule) -> None:  # noqa: B027  (there may be nothing)
        """Raise an error if the module is not one of which it can be done."""

    def ensures(self, graph_module: GraphModule) -> None:  # noqa: B027
        """Raise an error if the module is not what it should be now."""


_list_names(__name__)
