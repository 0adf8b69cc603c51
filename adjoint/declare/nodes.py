"""Nodes: the classes of an operator's nodes, ``MulBackward0`` and its kin."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.node import Node
from adjoint.declare.emit import build
from adjoint.declare.inspection import saved_properties
from adjoint.declare.operator import Operator


def node_class(operator: Operator, name: str) -> type[Node]:
    """The class of the operator's nodes; its ``apply`` is compiled when a node is first run."""

    def apply(self: Any, g: Any) -> Any:
        cls.apply = build(operator, "apply")  # type: ignore[method-assign]
        return cls.apply(self, g)

    def apply_taped(self: Any, g: Any) -> Any:
        cls.apply_taped = build(operator, "apply_taped")  # type: ignore[method-assign]
        return cls.apply_taped(self, g)

    cls: Any = type(
        name,
        (Node,),
        {
            "__slots__": (),
            "__module__": "builtins",  # so that it prints as PyTorch's, <class 'MulBackward0'>
            "__doc__": f"The backward of {operator.name}.",
            "operator": operator,
            "apply": apply,
            "apply_taped": apply_taped,
            **(_opening(operator) if operator.steps is not None else saved_properties(operator)),
        },
    )
    return cls


def _opening(operator: Operator) -> dict[str, Any]:
    from adjoint.declare.steps import opening

    return opening(operator)


def large_node_class(operator: Operator, name: str) -> type[Node]:
    """The class of the nodes of large arrays, under the same name: small ones' ``apply`` need not ask for sizes."""

    def apply(self: Any, g: Any) -> Any:
        cls.apply = build(operator, "apply_large")  # type: ignore[method-assign]
        return cls.apply(self, g)

    plain = build(operator, "node " + name)
    cls: Any = type(name, (plain,), {"__slots__": (), "__module__": "builtins", "defers": True, "apply": apply})
    cls.__doc__ = plain.__doc__
    return cls
