"""What notebooks show of a ``grad_fn``, a module, and a recording: a picture whose boxes open and tell what is in them.

The classes' ``_repr_mimebundle_`` come here when a notebook first asks; tensors keep their text.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from adjoint.viz import layout, outside
from adjoint.viz.lines import user_frame


def mimebundle(thing: Any) -> dict[str, str]:
    """What a notebook may show of a thing, by MIME type: HTML, a picture (SVG), and its text.

    A module is a tree of its modules, and below it what it did in the latest recording that it was called in.  Where a
    picture cannot be drawn, there is the text alone: a repr raises nothing.
    """
    bundle = {"text/plain": repr(thing)}
    try:
        if hasattr(thing, "named_parameters"):
            from adjoint.viz.inline_view import module_tree

            bundle["text/html"] = module_tree(thing)
            recording = outside.latest.get(thing)
            if recording is not None and layout.available():
                pictures = _pictures(recording)
                bundle |= pictures | {"text/html": bundle["text/html"] + pictures.get("text/html", "")}
        elif layout.available():
            bundle |= _pictures(thing)
    except Exception as error:  # a notebook shows the text, and what is wrong with the picture below it
        bundle["text/plain"] += f"\n(no picture: {type(error).__name__}: {error})"
    return bundle


def _pictures(thing: Any) -> dict[str, str]:
    from adjoint.viz._of import recording_of
    from adjoint.viz.inline_view import view_of
    from adjoint.viz.svg import to_svg

    recording = recording_of(thing, frame=_cell())
    if not recording.nodes:
        return {}
    return {"text/html": view_of(recording), "image/svg+xml": to_svg(recording)}


def _cell() -> FrameType | None:
    """The frame of the cell that is being run: what calls reprs are the notebook's own functions, inside of it."""
    frame = user_frame(sys._getframe(1))
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _NOTEBOOKS:
        frame = user_frame(frame.f_back)
    return frame


_NOTEBOOKS = frozenset({"IPython", "ipykernel", "traitlets"})
