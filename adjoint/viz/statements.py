"""Statements: which of the user's statements made the nodes of a graph that nobody saw being made.

A variable's tensor was made by the statement that assigned the variable last.  What led to it without a name of its own
belongs to the same statement.
"""

from __future__ import annotations

import ast
import linecache
import re
from bisect import bisect_left, bisect_right
from collections import deque
from types import CodeType, FrameType

from adjoint.viz import model
from adjoint.viz.expressions import SURE, could_be, matched
from adjoint.viz.lines import Source, Sources, first_line, names_assigned

_TRIED = 64  # assignments of one variable, on each side, that a node may be of

Found = tuple[str, ast.stmt]
"""A file, and a statement in it."""


class Statements:
    """The assignments in the code that frames run."""

    def __init__(self, sources: Sources, frames: list[FrameType]) -> None:
        self.sources = sources
        self.frames = frames
        self._assigned: dict[int, dict[str, tuple[list[Found], list[Found]]]] = {}  # by the id of a frame's code

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
                self._made_by(self.assignment(node.name, frame), node, nodes, frame)
            if node.line is None and node.id in consumers:
                node.line = nodes[consumers[node.id]].line
            elif node.line is None and node.name is None:
                node.line = here

    def _made_by(self, found: Found | None, node: model.Node, nodes: list[model.Node], frame: FrameType) -> None:
        """A node was made by an assignment: its line, and what the assignment's expression tells of those before it."""
        waiting = [(found, node)]

        def meet(name: str, other: model.Node, before: int) -> None:
            if other.kind == model.OPERATOR and other.name is None and other.line is None:
                if len(other.outputs) == 1:
                    other.name = other.outputs[0].name = name
                waiting.append((self._assignment_of(name, other, frame, before), other))

        while waiting:
            entry, one = waiting.pop()
            if entry is None:
                continue
            path, statement = entry
            code = frame.f_code if path == frame.f_code.co_filename else frame.f_code.replace(co_filename=path)
            one.line = self.sources.line(code, statement.lineno)
            value = getattr(statement, "value", None)
            if value is not None and len(names_assigned(statement)) == 1:
                line = first_line(statement)
                words = self.sources.of(path).words
                matched(value, one, nodes, words, lambda name, other, line=line: meet(name, other, line))  # type: ignore[misc]

    def assignment(self, name: str, frame: FrameType) -> Found | None:
        """The statement that assigned a frame's variable last, before the one that runs now."""
        own, others = self._of_name(name, frame)
        now = frame.f_lineno or 0
        before, after = bisect_left(own, now, key=_line_of), bisect_right(own, now, key=_line_of)
        if before:
            return own[before - 1]
        found = own[before:after] or others or own
        return found[-1] if found else None

    def _assignment_of(self, name: str, node: model.Node, frame: FrameType, before: int) -> Found | None:
        """The statement that made a node by assigning a variable which something else has been assigned to since: the
        nearest before a line, of those that may have made it; in a loop, a later one."""
        own, others = self._of_name(name, frame)
        place = bisect_left(own, before, key=_line_of)
        earlier, later = own[max(0, place - _TRIED) : place], own[place:][-_TRIED:]
        best, found = 0, None
        for entry in (*reversed(earlier), *reversed(later), *reversed(others[-_TRIED:])):
            likely = could_be(getattr(entry[1], "value", None) or ast.Constant(None), node)
            if likely > best:
                best, found = likely, entry
            if likely == SURE:
                break
        return found

    def _of_name(self, name: str, frame: FrameType) -> tuple[list[Found], list[Found]]:
        """The statements that assign a name: in the file that runs, and in other cells of a notebook."""
        code = frame.f_code
        if id(code) not in self._assigned:
            self._assigned[id(code)] = self._assignments(code)
        return self._assigned[id(code)].get(name.partition(".")[0].partition("[")[0], ([], []))

    def _assignments(self, code: CodeType) -> dict[str, tuple[list[Found], list[Found]]]:
        """Name -> (file, statement) of all that assign it in this code, in order; of a module's, also in other cells."""
        found: dict[str, tuple[list[Found], list[Found]]] = {}
        paths = [code.co_filename]
        if code.co_name == "<module>":
            paths = [path for path in cells_with(code.co_filename) if path != code.co_filename] + paths
        for path in paths:
            source = self.sources.of(path)
            for statement in _own_statements(source, code):
                for name in names_assigned(statement):
                    found.setdefault(name, ([], []))[path != code.co_filename].append((path, statement))
        return found


def _line_of(found: Found) -> int:
    return first_line(found[1])


def cells_with(path: str) -> list[str]:
    """The sources that share their variables with one: the cells of a notebook, what was typed at a prompt, a doctest's
    examples, in the order in which they ran."""
    doctest = re.fullmatch(r"(<doctest .*\[)(\d+)(\]>)", path)
    if doctest:
        return [f"{doctest[1]}{i}{doctest[3]}" for i in range(int(doctest[2]) + 1)]
    return [other for other in linecache.cache if _is_cell(other)] if _is_cell(path) else []


def _is_cell(path: str) -> bool:
    return "ipykernel_" in path or path.startswith(("<ipython-input-", "<python-input-"))


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
    waiting = deque(body)
    while waiting:
        statement = waiting.popleft()
        found.append(statement)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for inner in ast.iter_child_nodes(statement):
            if isinstance(inner, ast.stmt):
                waiting.append(inner)
            elif isinstance(inner, (ast.ExceptHandler, ast.match_case)):
                waiting += inner.body
    return sorted(found, key=first_line)
