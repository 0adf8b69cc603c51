"""Origins: why a tensor does not require grad although what it was made from did.

Noted while anomaly detection is on (it would cost every call otherwise), told by the error of a backward that finds no
graph to go through.
"""

from __future__ import annotations

import weakref
from typing import Any

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.places import explain, here, tell
from adjoint.tensor import Tensor


class _Noting:
    on = False


noting = _Noting()


def note_break(made: Tensor, what: str) -> None:
    """Note that ``made`` lost its history by ``what``, in the line that is being run."""
    made._origin = (what, here())


def note_copy(made: Tensor, data: Any, what: str) -> None:
    """Note on a tensor that was made of ``data``, a tensor or an array, that the way to the graph ends there."""
    if isinstance(data, Tensor):
        if data.requires_grad:
            note_break(made, what)
        else:
            made._origin = data._origin
    else:
        known = _arrays.get(id(data))
        if known is not None and known[0]() is data:
            made._origin = known[1]


def note_array(array: Any, of: Tensor) -> None:
    """Note of which tensor an array was made, so that a tensor made of it is told where the way to the graph ends."""
    broke = of._origin if not of.requires_grad else ("numpy(), whose array has no history", here())
    if broke is not None:
        key = id(array)
        _arrays[key] = (weakref.ref(array, lambda _: _arrays.pop(key, None)), broke)


_arrays: dict[int, tuple[Any, Any]] = {}


def note_result(operator: Any, result: Any, args: tuple[Any, ...]) -> None:
    """Note on an operator's results why they do not require grad, where their inputs did or lost it."""
    inputs = [t for a in args for t in (a if isinstance(a, (tuple, list)) else (a,)) if isinstance(t, Tensor)]
    for made in result if isinstance(result, (tuple, list)) else (result,):
        if not isinstance(made, Tensor) or made.requires_grad or any(made is t for t in inputs):
            continue
        if any(t.requires_grad for t in inputs):
            if made.dtype.category < dtypes.FLOAT:
                name = "a conversion" if operator.name.startswith("_") else operator.name
                note_break(made, f"{name}, whose result of dtype {made.dtype} carries no gradient")
            elif not mode.enabled:
                note_break(made, f"{operator.name} under torch.no_grad()")
            else:
                note_break(made, f"{operator.name}, which has no derivative")
        else:
            made._origin = next((t._origin for t in inputs if t._origin is not None), None)


def explain_missing(error: BaseException, tensor: Tensor) -> BaseException:
    """Add to the error of a backward from a tensor without a graph why it has none."""
    if tensor._origin is not None:
        what, place = tensor._origin
        return explain(error, f"The path to the graph broke at {what}:", tell(place))
    if tensor.dtype.category < dtypes.FLOAT:
        return explain(error, f"The tensor is of dtype {tensor.dtype}, which carries no gradient.")
    if not mode.enabled:
        return explain(error, "Grad mode is off here: nothing is recorded under torch.no_grad().")
    return explain(
        error,
        "Where the path broke, `adjoint why PROGRAM` says; or torch.autograd.set_detect_anomaly(True) before the forward.",
    )
