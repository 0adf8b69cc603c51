"""Blocks: the fenced code of a Markdown page, and what the words behind its fence ask for.

=========================  ==========================================================================================
a fence                    what happens when the site is built, or the page is tested
=========================  ==========================================================================================
````` ```python `````      run; the blocks of a page are one program, in order, in a process of its own
``python raises``          ... must raise; the error's last lines belong to what was printed
``python picture``         ... the last expression is shown as a notebook would show it
``python hidden``          ... and not shown on the page
``python pytorch``         ... needs PyTorch itself: run where that is installed, as it is for the tests
``python file=train.py``   written to that file in the page's folder, for a command below to run
````` ```pycon `````       run as a doctest
````` ```console `````     lines that begin with ``$`` are run in the page's folder, the others are what they print
````` ```output `````      what the block above printed; compared (``...`` stands for anything), or filled in if empty
other languages            shown
=========================  ==========================================================================================
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

RUN = ("python", "pycon", "console")
WORDS = {"raises", "picture", "hidden", "pytorch"}

_OPEN = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*(.*)$")


@dataclass
class Block:
    """A fenced block: its language, the words behind it, and the lines of the page that it takes (from 1, fences included)."""

    language: str
    words: list[str]
    text: str
    first: int
    last: int
    indent: str = ""
    output: Block | None = None  # the output block that follows
    fence: str = "```"

    @property
    def file(self) -> str | None:
        """The file that it is written to, if it asks for that."""
        return next((word[5:] for word in self.words if word.startswith("file=")), None)

    def asks(self, word: str) -> bool:
        """Whether a word stands behind the fence."""
        return word in self.words


@dataclass
class Page:
    """A page's lines and its blocks."""

    lines: list[str]
    blocks: list[Block] = field(default_factory=list)

    @property
    def runs(self) -> list[Block]:
        """The blocks that are run or written to files."""
        return [b for b in self.blocks if b.language in RUN]


def parse(text: str) -> Page:
    """The blocks of a page.  Raises ValueError for a word that means nothing, or an output that belongs to no block."""
    page = Page(text.splitlines())
    page.blocks = list(_fenced(page.lines))
    before: Block | None = None
    for block in page.blocks:
        if block.language == "output":
            between = page.lines[before.last : block.first - 1] if before else []
            if before is None or before.language not in ("python", "output") or any(line.strip() for line in between):
                raise ValueError(f"line {block.first}: the output of which block?")
            before.output = block
        if block.language == "python":
            for word in block.words:
                if word not in WORDS and not word.startswith("file="):
                    raise ValueError(f"line {block.first}: {word!r} means nothing behind a fence")
        before = block
    return page


def _fenced(lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        opening = _OPEN.match(lines[number])
        number += 1
        if opening is None:
            continue
        indent, fence, rest = opening.groups()
        first = number
        while number < len(lines) and not re.fullmatch(rf"[ \t]*{fence}[`~]*[ \t]*", lines[number]):
            number += 1
        text = textwrap.dedent("\n".join(lines[first:number]))
        language, *words = rest.split() or [""]
        number += 1
        yield Block(language, words, text + "\n" if text else "", first, number, indent, fence=fence)
