"""Recomputed: results that nobody kept, of element-wise operators on few numbers that are known.

A graph keeps what its backward needs.  A reader of a small example wants all numbers, and these cost nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.quiet import quietly
from adjoint.declare.operator import VALUE, Operator
from adjoint.viz import model
from adjoint.viz.arrays import FEW, summary_of


def recompute(node: model.Node, nodes: list[model.Node], operator: Operator | None, facts: dict[str, Any]) -> None:
    """Fill in what a node's only result is like, where its row computes it of operands of which all numbers are known."""
    if operator is None or not operator.elementwise or len(node.outputs) != 1 or node.outputs[0].value is not None:
        return
    output = node.outputs[0]
    known = {i.argument: nodes[i.node].outputs[i.output].value for i in node.inputs}
    arguments: dict[str, Any] = {}
    for parameter in operator.params:
        summary = known.get(parameter.name)
        if parameter.kind == VALUE:
            if parameter.name in facts:
                arguments[parameter.name] = facts[parameter.name]
        elif summary is not None and summary.array is not None and summary.dtype in ("float32", "float64"):
            arguments[parameter.name] = summary.array
        elif isinstance(facts.get(parameter.name), (int, float)):
            arguments[parameter.name] = facts[parameter.name]
        else:
            return
    forward: Any = operator.forward
    try:
        made = quietly(forward, *arguments.values()) if isinstance(forward, np.ufunc) else quietly(forward, **arguments)
    except Exception:  # it takes something else
        return
    array = np.asarray(made)
    if array.size <= FEW and output.shape in (None, array.shape) and output.dtype in (None, str(array.dtype)):
        output.shape, output.dtype, output.value = array.shape, str(array.dtype), summary_of(array)
