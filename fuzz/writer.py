"""Writer: what families share whose programs are lines over the names ``v0``, ``v1``, ...; a family adds the kinds of lines."""

from __future__ import annotations

import random
from collections.abc import Callable


class Writer:
    """A program under construction.

    A subclass has a method for each kind of line, which adds it to ``lines``, and says in :meth:`kinds` how often each is
    drawn; ``create`` makes a tensor to begin with.
    """

    def __init__(self, random: random.Random, operands: int, length: int) -> None:
        self.random = random
        self.lines: list[str] = []
        self.names: list[str] = []
        for _ in range(operands):
            self.create()
        kinds, weights = zip(*self.kinds())
        for _ in range(length):
            random.choices(kinds, weights)[0]()

    def create(self) -> None:
        """A line that makes a tensor."""
        raise NotImplementedError

    def kinds(self) -> list[tuple[Callable[[], None], int]]:
        """The kinds of lines, with weights."""
        raise NotImplementedError

    def any(self) -> str:
        """A name, the later ones more often."""
        return self.names[-1 - min(int(self.random.expovariate(0.4)), len(self.names) - 1)]

    def new(self, expression: str) -> None:
        """A line that gives the expression a new name."""
        name = f"v{len(self.names)}"
        self.names.append(name)
        self.lines.append(f"{name} = {expression}")

    def under(self, context: str, line: Callable[[], None]) -> None:
        """The next line in a context."""
        before = len(self.lines)
        line()
        self.lines[before] = f"with torch.{context}: {self.lines[before]}"
