"""Older signatures: ``add(input, alpha, other)``, with numbers before the tensors that they multiply, as PyTorch still takes them.

Rows whose numbers are keywords of these names have one; nothing is written in the row.  Programs of PyTorch's first years,
optimizers above all, are full of such calls.
"""

from __future__ import annotations

from typing import Any

from adjoint.declare.once import warn_once
from adjoint.declare.operator import VALUE, Operator
from adjoint.tensor import Tensor

_NUMBERS = ({"alpha"}, {"value"}, {"beta", "alpha"})


def older_numbers(operator: Operator) -> tuple[str, ...]:
    """The numbers of an operator's older signature, in its order; none where it has no such signature."""
    found = operator._built.get("older")
    if found is None:
        names = {p.name for p in operator.params if p.keyword_only}
        tensors = len(operator.arrays) > 1 and all(p.kind != VALUE or p.keyword_only for p in operator.params)
        has = tensors and bool(operator.where) and names in _NUMBERS
        found = operator._built["older"] = tuple(sorted(names, reverse=True)) if has else ()
    return found  # type: ignore[no-any-return]


def as_now(operator: Operator, given: tuple[Any, ...], name: str) -> dict[str, Any]:
    """The arguments of a call with more of them than the operator has operands, by their names of today.

    The numbers come behind the first tensor; the first of two before it, in the function.  Raises Python's TypeError for any other
    order, and warns once.
    """
    numbers = older_numbers(operator)
    places = [i for i, value in enumerate(given) if not isinstance(value, Tensor)]
    operands = [value for value in given if isinstance(value, Tensor)]
    orders = ([1],) if len(numbers) == 1 else ([1], [0], [1, 2], [0, 2])
    if len(operands) != len(operator.arrays) or places not in orders:
        hidden = name.endswith("_")  # a method, whose tensor is not counted
        takes, got = len(operator.arrays) - hidden, len(given) - hidden
        raise TypeError(f"{name}() takes {takes} positional argument{'s' * (takes != 1)} but {got} were given")
    names = ["input" if p.name == "self" else p.name for p in operator.arrays]
    before = ", ".join([f"Tensor {names[0]}", *(f"Number {n}" for n in numbers), *(f"Tensor {n}" for n in names[1:])])
    now = ", ".join([*(f"Tensor {n}" for n in names), "*", *(f"Number {n} = 1" for n in numbers)])
    warn_once(
        "an older signature",
        f"This overload of {name} is deprecated:\n\t{name}({before})\nConsider using one of the following signatures instead:\n"
        f"\t{name}({now})",
    )
    return {**dict(zip(names, operands)), **dict(zip(numbers, (given[i] for i in places)))}
