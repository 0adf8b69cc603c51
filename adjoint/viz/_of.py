"""From any thing to its recording: what every rendering begins with."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from adjoint import places
from adjoint.autograd.node import Node
from adjoint.tensor import Tensor
from adjoint.viz.lines import user_frame
from adjoint.viz.model import Recording
from adjoint.viz.table import ROWS, Explanation


def recording_of(
    thing: Any,
    *inputs: Any,
    names: dict[str, Tensor] | None = None,
    gradient: Any = None,
    with_gradients: bool = True,
    frame: FrameType | None = None,
) -> Recording:
    """The recording of a Recording (itself), of the graph of a Tensor or a ``grad_fn``, or of a Module called with ``inputs``.

    Tensors are named by the variables of the user's frame that called (or of ``frame``), and by ``names``.  A graph's
    gradients are those of a dry backward, which begins with ``gradient`` (1 for a scalar) and changes nothing.  Raises
    TypeError for what has no recording.
    """
    if isinstance(thing, Recording):
        return thing
    frame = frame or user_frame(sys._getframe(1))
    if isinstance(thing, (Tensor, Node)):
        from adjoint.viz.history import history_of

        return history_of(thing, frame, gradient=gradient, with_gradients=with_gradients, given_names=names)
    if callable(thing) and hasattr(thing, "named_parameters"):
        return _of_module(thing, inputs, frame)
    raise TypeError(f"cannot explain a {type(thing).__name__}: give a Tensor, a grad_fn, a Module and its inputs, or a Recording")


def explain(
    thing: Any,
    *inputs: Any,
    rows: int | None = ROWS,
    names: dict[str, Tensor] | None = None,
    gradient: Any = None,
    with_gradients: bool = True,
) -> Explanation:
    """What led to a tensor and how its gradient flows back, as a table in text.

    ``thing`` is a Tensor, a ``grad_fn``, a Recording, or a Module, which is called with ``inputs``.  Graphs of more than
    ``rows`` operators are folded (None: they are not).  The gradients of a graph are those that a backward would send; it
    begins with 1 at a scalar, with ``gradient`` elsewhere, and changes nothing; ``with_gradients=False`` does without.
    Tensors go by the caller's variables, and by ``names``.  Raises TypeError for what cannot be explained, and backward's
    errors for a gradient of another shape or dtype.

    >>> import adjoint as torch
    >>> from adjoint.viz import explain
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> y = (x * x).sum()
    >>> print(*str(explain(y)).splitlines()[:4], sep="\\n")
    #  your line          operator  shape        derivative  saved  gradient g
    1  y = (x * x).sum()  mul       (2,) [1, 4]  g * x       x      [1, 1]
    2    (x * x).sum()    sum       () 5         g           –      1
    leaves: x ← [2, 4], the sum of 2
    """
    frame = user_frame(sys._getframe(1))
    found = recording_of(thing, *inputs, names=names, gradient=gradient, with_gradients=with_gradients, frame=frame)
    return Explanation(found, rows)


def _of_module(module: Any, inputs: tuple[Any, ...], frame: FrameType | None) -> Recording:
    from adjoint.viz.recorder import Recorder

    recorder = Recorder(type(module).__name__)
    recorder.start()
    try:
        module(*inputs)
    except TypeError as error:
        if not inputs:
            places.explain(error, f"(a module is shown by what it does: give the inputs of the {type(module).__name__} as well)")
        raise
    finally:
        recorder.stop()
    return recorder.recording
