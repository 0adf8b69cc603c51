"""The page: what was seen as data, and one self-contained HTML document around it."""

from __future__ import annotations

import base64
import gzip
import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from adjoint.viz.page import tokens
from adjoint.viz.watching.history import columns, snapshot

FORMAT = 1
_FOLDER = Path(__file__).parent / "page"
_SCRIPTS = ("numbers.js", "plots.js", "overview.js", "cards.js", "page.js")


def data_of(watcher: Any, since: int = 0, thinned: int = 0, version: int = -1) -> dict[str, Any]:
    """All that the page shows, of samples from number ``since`` on.

    Where samples were dropped since the page counted, that is ``thinned`` differs from the page's, all are given; where the
    page has the latest ``version`` of the numbers, none are.
    """
    with watcher.lock:
        history = watcher.history
        if version == history.version and since:
            since = len(history.samples)
        elif thinned != history.thinned or since > len(history.samples):
            since = 0
        told = {
            "format": FORMAT,
            "title": watcher.title,
            "parameters": watcher.total,
            "step": watcher.step_number,
            "began": round(watcher.began),
            "closed": watcher.closed,
            "layers": [{"path": x.path, "kind": x.kind, "parameters": x.names} for x in watcher.layers],
            "inputs": dict(watcher.inputs),
            "shapes": {p.name: list(p.shape) for p in watcher.parameters},
            "findings": [f.to_dict() for f in watcher.found()],
        }
        now = snapshot(history, since)
    return told | columns(now, since)  # which takes a moment where there are many; the training need not wait


def document(watcher: Any, live: bool = False) -> str:
    """The page; a live one has no data in it and asks for them."""
    data = ""
    if not live:
        text = json.dumps(data_of(watcher), separators=(",", ":"))
        data = base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")
    head, body = _template().split("<!-- data -->")
    title = escape(f"{watcher.title} · watch")
    return f'{head.replace("<!-- title -->", title)}<script type="application/octet-stream" id="data">{data}</script>{body}'


@lru_cache(maxsize=1)
def _template() -> str:
    text = (_FOLDER / "page.html").read_text("utf-8")
    styles = tokens() + (_FOLDER / "page.css").read_text("utf-8")
    scripts = "\n".join([(_FOLDER / name).read_text("utf-8") for name in _SCRIPTS])
    return text.replace("/* styles */", styles).replace("/* scripts */", scripts)
