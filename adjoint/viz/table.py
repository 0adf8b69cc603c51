"""The table: a recording as text for a terminal, as wide as it is."""

from __future__ import annotations

import html
import os
import shutil
import sys
import textwrap
from collections import Counter

from adjoint.viz import model
from adjoint.viz.rows import Row, leaves, of_gradient, rows_of

ROWS = 40
"""Rows that a table has, about, unless more are asked for."""

_HEADS = ("#", "your line", "operator", "shape", "derivative", "saved", "gradient g")
_LEAST = (2, 9, 6, 5, 9, 5, 7)  # the widths to which columns may be cut
_OPERATOR = 24  # to which an operator's name is cut first
_LEAVES = 8


class Explanation:
    """What a graph is, as text: ``print`` it, or let a prompt or a notebook show it.

    ``recording`` is what it is made of.
    """

    def __init__(self, recording: model.Recording, rows: int | None = ROWS) -> None:
        self.recording = recording
        self.rows = rows

    def text(self, width: int | None = None, color: bool | None = None) -> str:
        """The table, ``width`` characters wide (as the terminal is), in colors if ``color`` (if it is a terminal)."""
        if width is None:
            width = shutil.get_terminal_size((120, 40)).columns
        return table(self.recording, width, _has_colors() if color is None else color, self.rows)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str | None:
        """In a notebook: the picture, and the table behind a click."""
        picture: str | None = self.recording._repr_html_()
        if picture is None:
            return None
        table_text = html.escape(self.text(160, color=False))
        return f"{picture}<details><summary>as a table</summary><pre>{table_text}</pre></details>"


def _has_colors() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def table(recording: model.Recording, width: int, color: bool, most: int | None) -> str:
    """The text of a recording."""
    found = rows_of(recording, most)
    paint = _Paint(color)
    lines: list[str] = []
    if found.closed:  # a line for each row: what is folded is to be short
        for row in found.rows:
            row.derivative = ["; ".join(row.derivative)] if row.derivative else []
    if found.rows:
        lines += _grid(found.rows, width, paint)
    lines += _leaf_lines(recording, width, paint)
    if found.closed or found.left_out:
        what = f"{found.closed} operators are in closed groups (▸)" if found.closed else f"{found.left_out} rows are left out"
        text = f"{what}: explain(rows=None) tells all, adjoint.viz.show a page to explore."
        lines += [paint(t, "dim") for t in _folded(text, width)]
    if recording.omitted["nodes"]:
        lines.append(f"The recording is full: {recording.omitted['nodes']} operators more were not kept.")
    for note in recording.notes:
        lines += _folded(note, width)
    if any(row.gradient not in ("", "–") for row in found.rows):
        lines += [paint(line, "dim") for line in _folded(_LEGEND, width)]
    return "\n".join(lines)


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), subsequent_indent="  ")


_LEGEND = "Down: the forward. Up: the backward. g is what arrives at a row; the derivative says what goes on to its inputs."


class _Paint:
    """Colors, where there are any."""

    _CODES = {"bold": "1", "dim": "2", "derivative": "36", "bad": "31;1", "good": "32"}

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, how: str) -> str:
        return f"\033[{self._CODES[how]}m{text}\033[0m" if self.on and text else text


def _grid(rows: list[Row], width: int, paint: _Paint) -> list[str]:
    """Head and rows, cut to the width."""
    with_values = [[*_cells(row, True)] for row in rows]
    widths = _natural(with_values)
    cells = with_values
    widths[2] = min(widths[2], _OPERATOR) if _total(widths) > width else widths[2]
    if _total(widths) > width:
        cells = [[*_cells(row, False)] for row in rows]
        widths = [min(w, _OPERATOR) if i == 2 else w for i, w in enumerate(_natural(cells))]
    while _total(widths) > width:  # one character at a time from the column that is the most too wide
        spare, column = max((w - least, i) for i, (w, least) in enumerate(zip(widths, _LEAST)))
        if spare <= 0:
            break
        widths[column] -= 1
    lines = [paint(_joined([[h] for h in _HEADS], widths, None, paint)[0], "bold")]
    for row, one in zip(rows, cells):
        if row.kind in ("open", "gap"):
            text = " " * (widths[0] + 2) + "  " * row.depth + row.line
            lines.append(paint(_cut(text, width), "bold" if row.kind == "open" else "dim"))
        else:
            lines += _joined(one, widths, row, paint)
    return [line.rstrip() for line in lines]


def _cells(row: Row, values: bool) -> list[list[str]]:
    shape = f"{row.shape} {row.values}".strip() if values and row.values else row.shape
    return [
        [row.number],
        ["  " * row.depth + row.line],
        [row.operator],
        [shape],
        row.derivative or [""],
        [row.saved],
        [row.gradient],
    ]


def _natural(cells: list[list[list[str]]]) -> list[int]:
    return [max(len(head), *(len(t) for row in cells for t in row[i])) for i, head in enumerate(_HEADS)]


def _total(widths: list[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _joined(cells: list[list[str]], widths: list[int], row: Row | None, paint: _Paint) -> list[str]:
    """The lines of one row."""
    made = []
    for i in range(max(len(cell) for cell in cells)):
        parts = []
        for column, cell in enumerate(cells):
            text = _cut(cell[i] if i < len(cell) else "", widths[column])
            text = text.rjust(widths[column]) if column == 0 else text.ljust(widths[column])
            if row is not None and column == 4:
                text = paint(text, "derivative")
            if row is not None and column == 6 and row.strange:
                text = paint(text, "bad")
            parts.append(text)
        made.append("  ".join(parts))
    return made


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _leaf_lines(recording: model.Recording, width: int, paint: _Paint) -> list[str]:
    """What became of the leaves' gradients, and why others have none."""
    found = leaves(recording)
    if not found:
        return []
    if not recording.backwards and all(n.grad is None for n in found):  # nobody asked for gradients
        texts = [(n.name or "a leaf") + ("" if n.kind == model.LEAF else f" ({_why_none(n)})") for n in found]
        more = [f"… and {len(texts) - 3 * _LEAVES} more"] if len(texts) > 3 * _LEAVES else []
        return _wrapped("leaves: ", texts[: 3 * _LEAVES] + more, width)
    with_gradients = [n for n in found if n.kind == model.LEAF]
    without = [n for n in found if n.kind == model.INPUT]
    uses = Counter(
        given.node
        for node in recording.nodes
        if node.gradient is not None
        for given, left in zip(node.inputs, node.gradient.left)
        if left is not None
    )
    texts = [_of_leaf(n, recording, uses[n.id], paint) for n in with_gradients[:_LEAVES]]
    if len(with_gradients) > _LEAVES:
        texts.append(f"… and {len(with_gradients) - _LEAVES} leaves more")
    texts += [f"{n.name}: no gradient ({_why_none(n)})" for n in without[:_LEAVES]]
    if len(without) > _LEAVES:
        texts.append(f"… and {len(without) - _LEAVES} inputs more")
    lines = _wrapped("leaves: ", texts, width)
    if recording.dry and any(n.gradient is not None for n in with_gradients):
        name = recording.nodes[recording.backwards[0].root or 0].name or ""
        call = f"{name}.backward()" if name.isidentifier() else "backward()"
        lines += _folded(f"Nothing is written yet: {call} puts these gradients into .grad.", width)
    return lines


def _of_leaf(node: model.Node, recording: model.Recording, uses: int, paint: _Paint) -> str:
    name = node.name or "a leaf"
    arrived = node.gradient.arrived[0] if node.gradient is not None and node.gradient.arrived else None
    if arrived is None:
        if node.grad is not None:
            return f"{name} ← .grad {of_gradient(node.grad)} ({paint('written', 'good')})"
        return f"{name}: no gradient arrived" if recording.backwards and not recording.dry else f"{name}: .grad is None"
    text = of_gradient(arrived) + (f", the sum of {uses}" if uses > 1 else "")
    if not recording.dry:
        return f"{name} ← .grad {text} ({paint('written', 'good')})"
    if node.grad is not None:
        return f"{name} ← {text}, to be added to .grad {of_gradient(node.grad)}"
    return f"{name} ← {text}"


def _why_none(node: model.Node) -> str:
    dtype = node.outputs[0].dtype or ""
    if dtype.startswith(("int", "uint", "bool")):
        return dtype
    return "requires_grad=False"


def _wrapped(head: str, texts: list[str], width: int) -> list[str]:
    """Texts side by side, as many as fit a line."""
    lines: list[str] = []
    line = head
    for text in texts:
        if line.strip() and line != head and len(line) + 3 + len(text) > width:
            lines.append(line)
            line = " " * len(head)
        line += text if line.endswith(": ") or not line.strip() else f"   {text}"
    return [*lines, line]
