"""Showing: a recording as a page, and the page in a browser."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

from adjoint.files import write_text
from adjoint.viz import page
from adjoint.viz._of import recording_of
from adjoint.viz.lines import user_frame


def show(
    thing: Any,
    *inputs: Any,
    open: bool = True,
    path: str | os.PathLike[str] | None = None,
    names: dict[str, Any] | None = None,
    gradient: Any = None,
) -> Path:
    """Write the explorer's page of a Tensor's graph, a ``grad_fn``, a Module called with ``inputs``, or a Recording, and
    open it; returns where it is.

    The page is one file that fetches nothing.  Without ``path`` it lies among the system's temporary files.  It is only
    written where ``open`` is False, or there is no screen.  ``names`` and ``gradient`` as for :func:`adjoint.viz.explain`.
    """
    frame = user_frame(sys._getframe(1))
    recording = recording_of(thing, *inputs, names=names, gradient=gradient, frame=frame)
    if path is None:
        word = re.sub(r"\W+", "-", recording.title).strip("-") or "graph"
        handle, path = tempfile.mkstemp(".html", f"adjoint-{word}-")
        os.close(handle)
    written = page.write(recording, path).absolute()
    if open and not open_page(written):
        print(f"The page is {written}", file=sys.stderr)
    return written


def open_page(path: Path) -> bool:
    """Open a page in the user's browser; False where there is no screen to open it on."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(path.as_uri())
    except webbrowser.Error:
        return False


def to_html(thing: Any, *inputs: Any, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
    """The explorer's page as text, also written to ``path`` if one is given; what is shown as in :func:`show`."""
    text = page.to_html(recording_of(thing, *inputs, frame=user_frame(sys._getframe(1)), **options))
    if path is not None:
        write_text(path, text)
    return text


def to_json(thing: Any, *inputs: Any, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
    """A recording's JSON, also written to ``path`` if one is given; what is recorded as in :func:`show`."""
    return recording_of(thing, *inputs, frame=user_frame(sys._getframe(1)), **options).to_json(path)
