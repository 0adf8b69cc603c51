"""Lettering: how wide a text is in a picture, without asking any font.

The widths are those of DejaVu Sans, which is the widest of the fonts that a viewer may have for ``sans-serif``, and 0.6 of
the size in a monospaced font: what fits by these fits everywhere.
"""

from __future__ import annotations

SANS = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", Arial, sans-serif'
MONO = 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace'

# Hundredths of the size, of the characters from space to tilde.
_REGULAR = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
    100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,
    50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
_BOLD = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84, 84, 84, 58,
    100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110, 77, 72, 73, 46, 37, 46, 84,
    50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
)  # fmt: skip
_OTHER = 84  # an ellipsis, a minus, a letter of another script; wide ones of East Asia take a whole size

# The kinds of text in a picture: (size in pixels, whether bold, whether monospaced).
KINDS = {
    "title": (13.0, True, False),
    "tag": (10.0, False, False),
    "small": (11.0, False, False),
    "formula": (11.5, False, True),
    "cell": (10.5, False, True),
    "label": (9.5, False, False),
    "edge": (10.0, False, True),
    "count": (10.5, True, False),
}


def width_of(text: str, kind: str) -> float:
    """The width of a text of a kind, in pixels, at most.

    >>> width_of("mul", "formula")
    20.7
    """
    size, bold, mono = KINDS[kind]
    if mono:
        return round(sum(100 if _is_wide(c) else 60 for c in text) * size / 100, 2)
    table = _BOLD if bold else _REGULAR
    return sum(table[ord(c) - 32] if " " <= c <= "~" else 100 if _is_wide(c) else _OTHER for c in text) * size / 100


def clipped(text: str, kind: str, width: float) -> str:
    """A text that is no wider than ``width``; what was cut off is an ellipsis."""
    if width_of(text, kind) <= width:
        return text
    end = len(text)
    while end > 1 and width_of(text[:end] + "…", kind) > width:
        end -= 1
    return text[:end].rstrip() + "…"


def _is_wide(c: str) -> bool:
    return c >= "\u1100" and not "\u2000" <= c <= "\u2bff"
