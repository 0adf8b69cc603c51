"""Theme: the colours of all pictures, read from the style sheet that the explorer's page uses."""

from __future__ import annotations

import functools
import re
from pathlib import Path

_TOKENS = Path(__file__).parent / "page" / "css" / "tokens.css"


@functools.cache
def colours(scheme: str) -> dict[str, str]:
    """The colours of ``"light"`` or ``"dark"``, by name: ``ground``, ``surface``, ``ink``, ``forward``, ``gradient`` …"""
    text = re.sub(r"/\*.*?\*/", "", _TOKENS.read_text(encoding="utf-8"), flags=re.DOTALL)
    light, dark = text.split(':root[data-theme="dark"]')[:2]
    found = dict(re.findall(r"--([\w-]+):\s*(#\w+)", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+):\s*(#\w+)", dark))
    return found
