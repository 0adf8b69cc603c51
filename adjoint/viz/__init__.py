"""See what autograd did: recordings of programs, and their renderings as text, pictures and pages.

``with record() as recording:`` records what runs inside; ``explain(loss)`` tells the graph of a tensor as text, and
``show(loss)`` opens it as a page.  Nothing here is imported, and nothing costs, before it is used.
"""

from __future__ import annotations

import importlib
from typing import Any

# Public names, and the modules that they are imported from when first asked for.
_NAMES = {
    "Recording": "model",
    "explain": "_of",
    "record": "recorder",
    "show": "showing",
    "summary": "model_summary",
    "to_dot": "dot",
    "to_html": "showing",
    "to_json": "showing",
    "to_svg": "svg",
    "watch": "watching",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        found = getattr(importlib.import_module(f"adjoint.viz.{_NAMES[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'adjoint.viz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
