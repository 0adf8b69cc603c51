"""Statements: which of the user's statements made the nodes of a graph that nobody saw being made.

A variable's tensor was made by the statement that assigned the variable last.  What led to it without a name of its own
belongs to the same statement.
"""

from __future__ import annotations

import ast
import linecache
from types import CodeType, FrameType

from adjoint.viz import model
from adjoint.viz.lines import Source, Sources, first_line, names_assigned


class Statements:
    """The assignments in the code that frames run."""

    def __init__(self, sources: Sources, frames: list[FrameType]) -> None:
        self.sources = sources
        self.frames = frames
        self._assigned: dict[CodeType, dict[str, list[tuple[str, ast.stmt]]]] = {}

    def place(self, recording: model.Recording, owners: dict[int, FrameType]) -> None:
        """Give the nodes of a recording their lines; ``owners`` says whose variable a node's name is."""
        nodes = recording.nodes
        here = self.sources.of_frame(self.frames[-1]) if self.frames else None
        consumers: dict[int, int] = {}
        for node in nodes:
            for given in node.inputs:
                consumers.setdefault(given.node, node.id)
        for node in reversed(nodes):
            if node.kind != model.OPERATOR or node.line is not None:
                continue
            frame = owners.get(node.id)
            if frame is not None and node.name is not None:
                node.line = self.assignment(node.name, frame)
            if node.line is None:
                node.line = nodes[consumers[node.id]].line if node.id in consumers else here

    def assignment(self, name: str, frame: FrameType) -> model.Line | None:
        """The statement that assigned a frame's variable last, before the one that runs now."""
        name = name.partition(".")[0].partition("[")[0]
        code = frame.f_code
        if code not in self._assigned:
            self._assigned[code] = self._assignments(code)
        now = frame.f_lineno or 0
        made = self._assigned[code].get(name, [])
        own = [s for path, s in made if path == code.co_filename]
        before = [s for s in own if first_line(s) < now] or [s for s in own if first_line(s) == now]
        if before:
            return self.sources.line(code, before[-1].lineno)
        for path, statement in reversed(made):  # another cell of the notebook
            if path != code.co_filename:
                return self.sources.line(code.replace(co_filename=path), statement.lineno)
        return self.sources.line(code, own[-1].lineno) if own else None

    def _assignments(self, code: CodeType) -> dict[str, list[tuple[str, ast.stmt]]]:
        """Name -> (file, statement) of all that assign it in this code, in order; of a module's, in all cells."""
        found: dict[str, list[tuple[str, ast.stmt]]] = {}
        paths = [code.co_filename]
        if code.co_name == "<module>" and _is_cell(code.co_filename):
            paths = [path for path in linecache.cache if _is_cell(path) and path != code.co_filename] + paths
        for path in paths:
            source = self.sources.of(path)
            for statement in _own_statements(source, code):
                for name in names_assigned(statement):
                    found.setdefault(name, []).append((path, statement))
        return found


def _is_cell(path: str) -> bool:
    return "ipykernel_" in path or path.startswith("<ipython-input-")


def _own_statements(source: Source, code: CodeType) -> list[ast.stmt]:
    """The statements of a code object, without those of functions and classes inside of it, in the order of lines."""
    if source.tree is None:
        return []
    body: list[ast.stmt] = source.tree.body
    if code.co_name != "<module>":
        for node in ast.walk(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and first_line(node) == code.co_firstlineno:
                body = node.body
                break
        else:
            return []
    found: list[ast.stmt] = []
    waiting = list(body)
    while waiting:
        statement = waiting.pop(0)
        found.append(statement)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for inner in ast.iter_child_nodes(statement):
            if isinstance(inner, ast.stmt):
                waiting.append(inner)
            elif isinstance(inner, (ast.ExceptHandler, ast.match_case)):
                waiting += inner.body
    return sorted(found, key=lambda s: s.lineno)
