"""The explorer: a recording as one HTML page that fetches nothing, to be opened from a file.

The page is written from ``adjoint/viz/page/``: ``page.html``, its styles (``tokens.css`` has the colours that all pictures
share), its modules in JavaScript, and the layered layout of ELK, which is another project's (``vendor/README.md``).
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from adjoint.files import write_text

_FOLDER = Path(__file__).parent / "page"
_STYLES = ("tokens", "page", "graph", "panel", "phone")
_ELK_NOTICE = (
    "The layout below is elkjs 0.12.1, copyright Kiel University and others, under the Eclipse Public License 2.0:"
    " https://www.eclipse.org/legal/epl-2.0, source at https://github.com/kieler/elkjs"
)


def to_html(recording: Any, *, title: str | None = None) -> str:
    """The explorer's page for a recording, as text.

    Args:
        recording: a :class:`Recording`, its JSON as text, or that JSON's dictionary.
        title: the page's title; else the recording's own.

    Raises:
        ValueError: for JSON that is no recording of format 1.

    >>> page = to_html({"format": 1, "title": "nothing yet", "program": None, "files": [], "modules": [], "nodes": [],
    ...                 "backwards": [], "steps": [], "omitted": {"nodes": 0, "values": 0}})
    >>> page[:15], "<title>nothing yet</title>" in page, "src=" in page
    ('<!doctype html>', True, False)
    """
    data = _dictionary(recording)
    data = {**data, "title": title or data.get("title") or "Adjoint"}
    slots = {
        "title": html.escape(data["title"]),
        "style": _style(),
        "recording": _packed(json.dumps(data, separators=(",", ":"), allow_nan=False).encode(), 6),
        "elk_notice": _ELK_NOTICE,
        "elk": _elk(),
        "script": _script(),
    }
    # One pass, so that nothing that is put in is searched for slots.
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], _read("page.html"))


def write(recording: Any, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
    """Write the explorer's page for a recording (see :func:`to_html`) to a file, and return its path."""
    path = Path(path)
    write_text(path, to_html(recording, title=title))
    return path


def tokens() -> str:
    """The style sheet with the colours that all of Adjoint's pictures share, light and dark."""
    return _read("css/tokens.css")


def _dictionary(recording: Any) -> dict[str, Any]:
    if hasattr(recording, "to_dict"):
        recording = recording.to_dict()
    elif hasattr(recording, "to_json"):
        recording = recording.to_json()
    data = json.loads(recording) if isinstance(recording, (str, bytes)) else recording
    if not isinstance(data, dict) or data.get("format") != 1:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise ValueError(f"expected a recording of format 1, but got {found!r}")
    return data


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _packed(data: bytes, level: int) -> str:
    return base64.b64encode(gzip.compress(data, level, mtime=0)).decode()


@lru_cache(maxsize=None)
def _elk() -> str:
    return _packed((_FOLDER / "vendor" / "elk-worker.min.js").read_bytes(), 9)


@lru_cache(maxsize=None)
def _style() -> str:
    return "\n".join(_read(f"css/{name}.css") for name in _STYLES)


@lru_cache(maxsize=None)
def _script() -> str:
    """The page's modules as one script, each in a scope of its own, after those that it imports."""
    done: dict[str, str] = {}
    _bundle("start.js", done)
    script = "\n".join(["'use strict';", *done.values()])
    return script.replace("</script", "<\\/script")


_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (async function|function|const|let|class) (\w+)", re.MULTILINE)


def _bundle(name: str, done: dict[str, str]) -> None:
    if name in done:
        return
    text = _read(f"js/{name}")
    for _, other in _IMPORT.findall(text):
        _bundle(other, done)
    names = ", ".join(name for _, name in _EXPORT.findall(text))
    text = _IMPORT.sub(lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {_variable(found[2])};\n", text)
    text = _EXPORT.sub(r"\1 \2", text)
    done[name] = f"const {_variable(name)} = (() => {{\n{text}return {{ {names} }};\n}})();"


def _variable(name: str) -> str:
    return "module_" + name.removesuffix(".js").replace("-", "_")
