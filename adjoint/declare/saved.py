"""Saved: what a node keeps for its formulas, by name: arrays, values, and shapes and dtypes of inputs.

It follows from the names of the formulas' parameters.  The source of callers fills a node's slots in this order, the
source of backwards unpacks them, and ``_saved_*`` attributes show them.
"""

from __future__ import annotations

from adjoint.declare.operator import Operator, asks_for


def saved_names(operator: Operator) -> list[str]:
    """As :func:`_saved_names`, found once: in-place operators ask at every call."""
    names = operator._built.get("saved names")
    if names is None:
        names = operator._built["saved names"] = _saved_names(operator)
    return names


def _saved_names(operator: Operator) -> list[str]:
    """The arrays that the formulas ask for, in the order in which a node saves them: inputs, outputs, kept ones."""
    asked = {name for formula in operator.gradients.values() for name in asks_for(formula)}
    # A kept array with a formula of its own is made again in the taped reading, from what that formula asks for.
    grew = True
    while grew:
        more = {
            n for name in asked & set(operator.keeps) if operator.keeps[name] for n in asks_for(operator.keeps[name])
        }
        grew = not more <= asked
        asked |= more
    outputs = operator.outputs if isinstance(operator.outputs, tuple) else ("result",)
    names = [p.name for p in operator.arrays] + list(outputs) + list(operator.keeps)
    return [name for name in names if name in asked]


def extra_names(operator: Operator) -> list[str]:
    """What else the formulas ask for: values, and shapes and dtypes of inputs."""
    asked = {name for formula in operator.gradients.values() for name in asks_for(formula)}
    for name in list(asked):
        if operator.keeps.get(name):
            asked |= set(asks_for(operator.keeps[name]))
    if operator.steps is not None:
        asked |= set(asks_for(operator.steps))
    names = [p.name for p in operator.values]
    for p in operator.arrays:
        names += [f"{p.name}_shape", f"{p.name}_dtype"]
    return [name for name in names if name in asked] + [f"{name}_array" for name in operator.held]
