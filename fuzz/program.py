"""Program: source lines that both libraries run, and what the harness has to know to run them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Program:
    """Lines over the names ``torch``, those of the prelude and those that earlier lines made.

    A line is one statement, or a compound one with its ``\\n``; after each, what the user can see of every name whose
    first letter is not an underscore is compared.  ``prelude`` is run before them and not compared: classes, functions.
    """

    lines: list[str]
    prelude: str = ""
    threads: int = 1
    """Of both libraries."""
    look: str = "each"
    """``"end"``: compare after the last line only, since looking computes gradients that had been put off."""
    seconds: float = 20.0
    """A program that takes longer is a finding."""
    notes: dict[str, object] = field(default_factory=dict)
    """What the family's own ``check``, or an entry of :mod:`fuzz.known`, wants to know of how it was made."""

    def with_lines(self, lines: list[str]) -> Program:
        """The same with other lines."""
        return Program(lines, self.prelude, self.threads, self.look, self.seconds, self.notes)

    def __str__(self) -> str:
        return "\n".join(f"    {line}".replace("\n", "\n    ") for line in self.lines)
