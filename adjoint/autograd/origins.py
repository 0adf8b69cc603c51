"""Origins: why a tensor does not require grad although what it was made from did.

Noted while anomaly detection is on (it would cost every call otherwise), told by the error of a backward that finds no
graph to go through.
"""

from __future__ import annotations

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


def note_result(operator: Any, result: Any, args: tuple[Any, ...]) -> None:
    """Note on an operator's results why they do not require grad, where their inputs did or lost it."""
    inputs = [t for a in args for t in (a if isinstance(a, (tuple, list)) else (a,)) if isinstance(t, Tensor)]
    for made in result if isinstance(result, (tuple, list)) else (result,):
        if not isinstance(made, Tensor) or made.requires_grad or any(made is t for t in inputs):
            continue
        if any(t.requires_grad for t in inputs):
            if made.dtype.category < dtypes.FLOAT:
                note_break(made, f"{operator.name}, whose result of dtype {made.dtype} carries no gradient")
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
    return explain(error, "torch.autograd.set_detect_anomaly(True) before the forward notes where the path broke.")
