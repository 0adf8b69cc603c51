"""Lines: the user's statements, found from frames and from source files.

A place in a program is told as the statement that is there, whole if it has several lines, without its body if it has one.
"""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from adjoint.places import is_ours
from adjoint.viz.model import File, Line

_AROUND = 2
_LONGEST = 160  # characters of a statement's text
_SHORT = 40  # of an expression's


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame that is the user's, from ``frame`` outwards."""
    while frame is not None and (is_ours(frame.f_code) or frame.f_code.co_filename.startswith("<frozen ")):
        frame = frame.f_back
    return frame


def way_to(frame: FrameType | None, user: FrameType | None) -> tuple[tuple[int, int], ...]:
    """The instructions by which the user's frame came to ``frame``, which is Adjoint's."""
    found = []
    while frame is not None and frame is not user:
        found.append((id(frame.f_code), frame.f_lasti))
        frame = frame.f_back
    return tuple(found)


class Source:
    """One source file's statements."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines = linecache.getlines(path)
        self.tree: ast.Module | None = None
        self._statements: dict[int, ast.stmt] = {}
        if not self.lines:
            return
        try:
            self.tree = ast.parse("".join(self.lines))
        except (SyntaxError, ValueError):  # a cell with magics, or a file that has changed since
            return
        for node in ast.walk(self.tree):  # outer ones first, so that inner ones take their lines over
            if isinstance(node, ast.stmt):
                for number in range(first_line(node), last_line(node) + 1):
                    self._statements[number] = node

    def statement(self, number: int) -> ast.stmt | None:
        """The innermost statement on a line."""
        return self._statements.get(number)

    def span(self, number: int) -> tuple[int, int]:
        """The first and the last line of the statement on a line."""
        statement = self._statements.get(number)
        return (number, number) if statement is None else (first_line(statement), last_line(statement))

    def text(self, number: int) -> str:
        """The text of the statement on a line, on one line."""
        first, last = self.span(number)
        if not 0 < first <= len(self.lines):
            return ""
        text = " ".join([line.strip() for line in self.lines[first - 1 : last]])
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

    def words(self, tree: ast.AST) -> str | None:
        """The text of a part of this file's tree, if it is short and on one line."""
        first, start, end = getattr(tree, "lineno", 0), getattr(tree, "col_offset", 0), getattr(tree, "end_col_offset", 0)
        if first != getattr(tree, "end_lineno", None) or not 0 < first <= len(self.lines):
            return None
        text = self.lines[first - 1].encode()[start:end].decode(errors="replace").strip()
        return text if 0 < len(text) <= _SHORT else None


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, decorators included."""
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])


def last_line(statement: ast.stmt) -> int:
    """Where a statement, or the head of one with a body, ends."""
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not body:
        return statement.end_lineno or statement.lineno
    first = body[0].lineno if isinstance(body[0], ast.stmt) else body[0].pattern.lineno
    return max(statement.lineno, first - 1)


class _Code:
    """What has been found out of a code object, which it keeps."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        positions = getattr(code, "co_positions", None)  # before Python 3.11 there are none
        self.positions: list[Any] = [] if positions is None else list(positions())  # of each instruction
        self.expressions: dict[int, str | None] = {}  # by the instruction
        self.mentioned: dict[int, tuple[str, ...]] = {}  # by the line


class Sources:
    """The files that a recording names; its ``files`` grow as lines are asked for."""

    def __init__(self, files: list[File]) -> None:
        self.files = files
        self._ids: dict[str, int] = {}
        self._sources: dict[str, Source] = {}
        self._lines: dict[tuple[str, str, int], Line] = {}
        self._codes: dict[int, _Code] = {}  # by their ids: a long code's hash takes as long as the code

    def of(self, path: str) -> Source:
        """The statements of a file."""
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = Source(path)
        return found

    def line(self, code: CodeType, number: int) -> Line:
        """The statement on a line of code, noted among the lines of its file."""
        key = (code.co_filename, code.co_name, number)
        found = self._lines.get(key)
        if found is None:
            source = self.of(code.co_filename)
            first, last = source.span(number)
            file = self._id(code.co_filename)
            kept = self.files[file].lines
            for n in range(max(1, first - _AROUND), min(len(source.lines), last + _AROUND) + 1):
                kept[n] = source.lines[n - 1].rstrip("\n")
            found = self._lines[key] = Line(file, first, code.co_name, source.text(number))
        return found

    def of_frame(self, frame: FrameType | None) -> Line | None:
        """The statement that a frame is at."""
        return None if frame is None else self.line(frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno)

    def expression(self, frame: FrameType) -> str | None:
        """The text of the expression that a frame is at; None where Python does not say (before 3.11), or it is long."""
        code, instruction = self._code(frame), frame.f_lasti
        if instruction not in code.expressions:
            code.expressions[instruction] = self._expression(code, instruction)
        return code.expressions[instruction]

    def _code(self, frame: FrameType) -> _Code:
        code = frame.f_code
        found = self._codes.get(id(code))
        if found is None:
            found = self._codes[id(code)] = _Code(code)
        return found

    def _expression(self, code: _Code, instruction: int) -> str | None:
        places = code.positions
        first, last, start, end = places[instruction // 2] if 0 <= instruction // 2 < len(places) else (None,) * 4
        if first is None or first != last or start is None:
            return None
        place = ast.Constant(None, lineno=first, end_lineno=last, col_offset=start, end_col_offset=end)
        return self.of(code.code.co_filename).words(place)

    def mentioned(self, frame: FrameType) -> tuple[str, ...]:
        """The variables that the statement mentions which a frame is at."""
        code, number = self._code(frame), frame.f_lineno or 0
        found = code.mentioned.get(number)
        if found is None:
            statement = self.of(frame.f_code.co_filename).statement(number)
            found = code.mentioned[number] = tuple(dict.fromkeys(_names_in(statement))) if statement is not None else ()
        return found

    def _id(self, path: str) -> int:
        found = self._ids.get(path)
        if found is None:
            found = self._ids[path] = len(self.files)
            self.files.append(File(path, _shown(path)))
        return found


def _shown(path: str) -> str:
    """A file's name as a reader knows it; of a notebook's cell, which one it is."""
    folder, name = os.path.split(path)
    if os.path.basename(folder).startswith("ipykernel_"):
        return "cell"
    if path.startswith("<ipython-input-"):
        return f"cell {path.split('-')[2]}"
    return {"<string>": "command", "<stdin>": "input"}.get(path, name)


def _names_in(statement: ast.stmt) -> Iterator[str]:
    """The names in a statement, without those in its body."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            yield node.id
        waiting += [inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, (ast.stmt, ast.ExceptHandler))]


def names_assigned(statement: Any) -> list[str]:
    """The plain names that a statement binds, in order: ``a, b = ...`` gives both."""
    found: list[str] = []
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    for target in targets:
        if target is not None:
            found += [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return found
