"""Seeing: what ``adjoint see`` puts around a program: a recorder, and a page of what it saw when the program ends."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import TracebackType

from adjoint.viz import page
from adjoint.viz.recorder import Recorder
from adjoint.viz.showing import open_page
from adjoint.viz.window import Window

KEPT = 8_000
"""Nodes up to which all steps of a program are kept."""


class Seeing:
    """Records what runs inside of a ``with`` and writes its page, also where the program fails.

    ``output``: the page's file, ``<program>-graph.html`` in the working directory if None; ``open``: whether a browser shows
    it; ``steps``: how many of the first steps of a training are kept (None: as many as a page of some thousand nodes has room
    for), the last always is; ``source``: the program's text, where it is in no file.
    """

    def __init__(
        self, program: str, *, output: str | None = None, open: bool = True, steps: int | None = None, source: str | None = None
    ) -> None:
        self.program = program
        self.output = output
        self.open = open
        self.recorder = Recorder(Path(program).name, program)
        self.recorder.window = self.window = Window(self.recorder.graph, steps, KEPT)
        self.source = source

    def __enter__(self) -> None:
        if self.source is not None:
            linecache.cache["<string>"] = (len(self.source), None, self.source.splitlines(True), "<string>")
        self.recorder.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        recording = self.recorder.stop()
        note = self.window.note()
        if note is not None:
            recording.notes.append(note)
        if error is not None and not isinstance(error, SystemExit):
            recording.notes.append(f"The program ended with {type(error).__name__}: {error}")
        try:
            path = page.write(recording, self.output or f"{Path(self.program).stem or 'program'}-graph.html").absolute()
        except OSError as problem:
            sys.stderr.write(f"adjoint: the page cannot be written: {problem}\n")
            return
        sys.stdout.flush()
        operators = sum(node.kind == "operator" for node in recording.nodes)
        sys.stderr.write(f"adjoint: {operators:,} operators and {len(recording.backwards):,} backwards are in {path}\n")
        if self.open:
            open_page(path)
