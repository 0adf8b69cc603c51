"""Inspection: a node's ``_saved_*`` attributes, from the declaration."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.saved import raise_freed, raise_modified
from adjoint.declare.operator import ARRAYS, VALUE, Operator
from adjoint.tensor import Tensor


def saved_properties(operator: Operator) -> dict[str, property]:
    """``_saved_self``, ``_saved_result``, ``_saved_dim`` and so on: what the node of this operator keeps."""
    from adjoint.declare.emit import extra_names, saved_names

    found: dict[str, property] = {}
    for position, name in enumerate(saved_names(operator)):
        found[f"_saved_{name}"] = _saved_tensor(operator, name, position)
    values = {p.name for p in operator.params if p.kind == VALUE}
    offset = 1 if operator.elementwise and len(operator.arrays) > 1 else 0
    for position, name in enumerate(extra_names(operator)):
        attribute = name if name in values else name.replace("_shape", "_sym_sizes").replace("_dtype", "_scalar_type")
        found[f"_saved_{attribute}"] = property(lambda node, i=position + offset: node.extra[i])
    return found


def _saved_tensor(operator: Operator, name: str, position: int) -> property:
    sequence = any(p.name == name and p.kind == ARRAYS for p in operator.params)
    is_input = any(p.name == name for p in operator.arrays)

    def one(node: Any, saved: Any) -> Tensor | None:
        if saved is None:
            return None
        if saved._writes is not None and saved._writes.stamp < node.order:
            raise_modified(node, saved)
        if is_input or name in operator.keeps:
            return saved
        from adjoint.autograd.node import Output
        from adjoint.autograd.saved import alias

        outputs = operator.outputs if isinstance(operator.outputs, tuple) else None
        differentiable = operator.differentiable or outputs
        if outputs is None:
            return alias(saved, node)
        assert differentiable is not None
        if name not in differentiable:
            return saved
        return alias(saved, node if len(differentiable) == 1 else Output(node, differentiable.index(name)))

    def get(node: Any) -> Any:
        """The saved tensor.  Raises RuntimeError once it was freed or if it was changed in place."""
        if node.saved is None:
            raise_freed()
        saved = node.saved[position]
        if sequence:
            return tuple(one(node, s) for s in saved)
        return one(node, saved)

    return property(get)
