"""From any thing to its recording: what every rendering begins with."""

from __future__ import annotations

from typing import Any

from adjoint.viz.model import Recording


def recording_of(thing: Any, *inputs: Any, names: Any = None) -> Recording:
    """The recording of a Recording (itself), or of a module called with ``inputs``.

    Raises TypeError for what has no recording.
    """
    if isinstance(thing, Recording):
        return thing
    if callable(thing) and hasattr(thing, "named_parameters"):
        from adjoint.viz.recorder import record

        with record(type(thing).__name__) as recording:
            thing(*inputs)
        return recording
    raise TypeError(f"cannot explain a {type(thing).__name__}: give a Tensor, a grad_fn, a Module and its inputs, or a Recording")
