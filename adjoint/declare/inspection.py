"""Inspection: a node's ``_saved_*`` attributes, from the declaration."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.saved import is_freed, raise_freed, raise_modified
from adjoint.autograd.saved_hooks import saved_tensor
from adjoint.declare.operator import ARRAYS, VALUE, Operator
from adjoint.declare.saved import extra_names, saved_names
from adjoint.tensor import Tensor, from_array


def saved_properties(operator: Operator) -> dict[str, property]:
    """``_saved_self``, ``_saved_result``, ``_saved_dim`` and so on: what the node of this operator keeps."""
    found: dict[str, property] = {}
    for position, name in enumerate(saved_names(operator)):
        found[f"_saved_{name}"], found[f"_raw_saved_{name}"] = _saved_tensor(operator, name, position)
    values = {p.name for p in operator.params if p.kind == VALUE}
    offset = 1 if operator.elementwise and len(operator.arrays) > 1 else 0
    for position, name in enumerate(extra_names(operator)):
        dtype = name.endswith("_dtype") and name not in values  # which PyTorch's nodes keep and do not show
        if dtype or name.removesuffix("_array") in operator.held:
            continue
        attribute = name if name in values else name.replace("_shape", "_sym_sizes")
        found[f"_saved_{attribute}"] = property(lambda node, i=position + offset: _shown(node._extra[i]))
    return found


def _shown(value: Any) -> Any:
    """What a node keeps as users see it: sequences as tuples, arrays as tensors."""
    if isinstance(value, list):
        return tuple(value)
    return from_array(value) if isinstance(value, np.ndarray) else value


def _saved_tensor(operator: Operator, name: str, position: int) -> tuple[property, property]:
    """The tensor as it was, and the handle on which hooks may be registered."""
    sequence = any(p.name == name and p.kind == ARRAYS for p in operator.params)
    is_input = any(p.name == name for p in operator.arrays)

    def one(node: Any, saved: Any) -> Tensor | None:
        if saved is None:
            return None
        if saved._writes is not None and saved._writes.stamp < node._order:
            made = operator.outputs if isinstance(operator.outputs, tuple) else ("result",)
            raise_modified(node, saved, None if is_input or name not in made else made.index(name))
        if is_input or name in operator.keeps:
            return saved if isinstance(saved, Tensor) else saved.tensor
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
        if is_freed(node._kept):
            raise_freed(node._kept)
        saved = node._kept[position]
        if sequence:
            return tuple(one(node, s) for s in saved)
        return one(node, saved)

    def raw(node: Any) -> Any:
        """Where the tensor is saved.  Raises RuntimeError once it was freed."""
        if is_freed(node._kept):
            raise_freed(node._kept)
        if sequence:
            count = range(len(node._kept[position]))
            return tuple(saved_tensor(node, (position, i), lambda n, i=i: one(n, n._kept[position][i])) for i in count)
        return saved_tensor(node, (position,), get)

    return property(get), property(raw)
