"""Lines: source text as it is written, line by line."""

from __future__ import annotations


class Lines(list):
    """The lines so far; a call adds one, indented to its depth."""

    def __call__(self, depth: int, text: str) -> None:
        self.append("    " * depth + text)
