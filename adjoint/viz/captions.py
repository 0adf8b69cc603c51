"""Captions: what is written in a picture's boxes and beside its edges, as rows of text and of numbers with their sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from math import prod
from typing import Any

from adjoint.viz import units
from adjoint.viz.folding import Box, Edge, Folded, Group, lines_of, relative, title
from adjoint.viz.lettering import clipped, width_of
from adjoint.viz.wording import as_mathematics, expression_of, name_of, title_of, word_of

PAD = 10.0
CELL_HEIGHT = 17.0
LABEL = 50.0  # the column that says "value" or "gradient"
_MOST = 6  # rows and columns of numbers that a box shows
_DETAILED = 16  # boxes up to which numbers are shown, if nobody says whether


@dataclass
class Row:
    """A line of a box: text at its left and right ends, or numbers in cells."""

    kind: str  # a kind of lettering, or "cells"
    text: str = ""
    tag: str = ""
    height: float = 16.0
    label: str = ""  # of cells
    cells: list[list[str]] = field(default_factory=list)
    cell_width: float = 0.0
    tone: str = ""  # "value", "gradient"

    def width(self) -> float:
        """The width that the row takes."""
        if self.kind == "cells":
            return LABEL + self.cell_width * max(map(len, self.cells))
        return width_of(self.text, self.kind) + (width_of(self.tag, "tag") + 14 if self.tag else 0)


@dataclass
class Caption:
    """What a box says. ``tip`` is what a pointer over it tells."""

    kind: str  # "operator", "plain" (not recorded by autograd), "leaf", "input", "constant", "group", "root"
    rows: list[Row]
    tip: str = ""
    stacked: bool = False

    def size(self) -> tuple[float, float]:
        """Width and height of the box."""
        width = max(56.0, *(row.width() for row in self.rows)) + 2 * PAD
        return width, sum(row.height for row in self.rows) + 2 * PAD - 4


def is_detailed(recording: Any, picture: Folded) -> bool:
    """Whether a picture is small enough for numbers in it, and most of what it shows has few."""
    if not picture.whole or len(picture.boxes) > _DETAILED:
        return False
    outputs = [_first(recording.nodes[box.nodes[0]].outputs) for box in picture.boxes]
    return 2 * sum(_has_few(output) for output in outputs) > len(outputs)


def _has_few(output: Any) -> bool:
    """Whether an output has few numbers, known or not: of what nobody holds any more, only the gradient is known."""
    if output is None or output.value is not None or output.shape is None:
        return _numbers(output) is not None
    return prod(output.shape) <= _MOST * _MOST and max(output.shape, default=1) <= _MOST


def caption_of(box: Box, recording: Any, picture: Folded, values: bool) -> Caption:
    """The caption of a box; ``values``: with numbers, where there are few."""
    inside = path_around(box.cluster, picture, recording)
    if box.group is not None:
        return _of_group(box, box.group, recording, inside)
    if box.kind != "operator":
        return _of_tensor(box, recording, inside, values)
    caption = _of_operator(box, recording, inside, values)
    if box.count != times_around(box.cluster, picture):
        caption.rows[0].tag = f"×{box.count}"
    return caption


def times_around(cluster: int | None, picture: Folded) -> int:
    """How often what lies in a frame is done, by the counts of the frames around it."""
    times = 1
    while cluster is not None:
        times *= picture.clusters[cluster].group.count
        cluster = picture.clusters[cluster].parent
    return times


def path_around(cluster: int | None, picture: Folded, recording: Any) -> str:
    """The path of the innermost module whose frame something lies in; of repeated ones, of the first."""
    while cluster is not None:
        group = picture.clusters[cluster].group
        for known in (group, group.only):
            if known is not None and known.module is not None:
                return str(recording.modules[known.module].path)
        cluster = picture.clusters[cluster].parent
    for known in () if picture.root is None else (picture.root, picture.root.only):
        if known is not None and known.module is not None:
            return str(recording.modules[known.module].path)
    return ""


def _of_operator(box: Box, recording: Any, inside: str, values: bool) -> Caption:
    """An operator: its name, what it computes, and its numbers; of a module's only one, the module."""
    nodes = recording.nodes
    node = nodes[box.nodes[0]]
    name, word, shape = name_of(node), word_of(node) + ("_" if node.in_place else ""), _shape(node)
    if box.module is not None:
        module = recording.modules[box.module]
        name, word = relative(module.path, inside) or module.kind, module.kind if module.path else word
    if values and box.module is None:
        titled, formula = title_of(node, nodes), expression_of(node, nodes)
        rows = [Row("title", clipped(titled, "title", 210), tag=shape if word == titled else f"{word} {shape}", height=18)]
        if name is not None and titled != formula:
            rows.append(Row("formula", clipped(formula, "formula", 220)))
    elif name is None:
        rows = [Row("title", clipped(word, "title", 190), tag=shape, height=18)]
    else:
        rows = [Row("title", clipped(name, "title", 190), height=18), Row("small", clipped(word, "small", 150), tag=shape)]
    if values:
        rows += _number_rows(node, "gradient", rows[-1])
    roots = {backward.root for backward in recording.backwards}
    kind = "root" if node.id in roots else "operator" if node.grad_fn else "plain"
    return Caption(kind, rows, _tip(node, recording))


def _of_tensor(box: Box, recording: Any, inside: str, values: bool) -> Caption:
    """A leaf, or data: its name, and its numbers."""
    node = recording.nodes[box.nodes[-1]]
    name = name_of(node)
    titled = relative(name, inside) if name is not None else title_of(node, recording.nodes)
    word = {"leaf": "parameter" if name is not None and "." in name else "leaf", "input": "data"}.get(box.kind, box.kind)
    if node.kind == "operator" and node.grad_fn is not None:  # of a part of a graph: it comes from the rest
        word = "comes in"
        if name is None and node.module is not None:
            titled = relative(recording.modules[node.module].path, inside)
    rows = [Row("title", clipped(titled, "title", 190), height=18)]
    if values and _numbers(_first(node.outputs)):
        rows[0].tag = _shape(node) if word == titled else f"{word} {_shape(node)}"
        rows += _number_rows(node, "gradient" if recording.dry else ".grad", rows[0])
    else:
        rows.append(Row("small", "" if word == titled else word, tag=_shape(node)))
    if box.count > 1:
        rows[0].tag = f"×{box.count}"
    return Caption(box.kind, rows, _tip(node, recording))


def _number_rows(node: Any, gradient_label: str, above: Row) -> list[Row]:
    """The value and the gradient that arrived, where they have few numbers, in columns of one width."""
    value = _numbers(_first(node.outputs))
    arrived = getattr(node, "grad", None) if node.kind == "leaf" else None
    if arrived is None and node.gradient and node.gradient.arrived:
        arrived = node.gradient.arrived[0]
    gradient = numbers_of(arrived)
    widest = max((width_of(cell, "cell") for row in chain(value or (), gradient or ()) for cell in row), default=0.0)
    cell = max(26.0, widest + 9)
    rows = []
    for tone, label, numbers in (("value", "value", value), ("gradient", gradient_label, gradient)):
        if numbers:
            rows.append(Row("cells", height=CELL_HEIGHT * len(numbers) + 3, label=label, cells=numbers, cell_width=cell, tone=tone))
    if rows:
        above.height += 3
    return rows


def _first(outputs: Any) -> Any:
    return outputs[0] if outputs else None


def _shape(node: Any) -> str:
    return units.shape(node.outputs[0].shape) if node.outputs else ""


def _of_group(box: Box, group: Group, recording: Any, inside: str) -> Caption:
    name, kind = title(group, recording.modules, inside)
    operators = len(box.nodes) // (box.count if group.kind == "module" else group.count)
    size = f"{operators} operator{'s' if operators != 1 else ''}"
    parameters = _parameters(group, recording)
    if parameters:
        size += f" · {units.count(parameters)} parameters"
    if not name and not kind:
        name, kind = "loop", lines_of(group.nodes(), recording)
    rows = [
        Row("title", clipped(name or kind, "title", 200), tag=f"×{group.count}" if group.count > 1 else "", height=18),
        Row("small", clipped(_inside(group, kind if name else "", recording), "small", 230), tag=_result_shape(box, recording)),
        Row("small", clipped(size, "small", 230)),
    ]
    rows = [row for row in rows if row.text or row.tag]
    return Caption("group", rows, f"{name} {kind}: {size}".strip(), stacked=group.count > 1)


def _inside(group: Group, kind: str, recording: Any) -> str:
    """A module's kind, and what it repeats, if that is all of it: ``Sequential · BasicBlock ×2``."""
    inner = group.only
    if group.kind == "module" and inner is not None and inner.kind == "repeat":
        return f"{kind} · {title(inner, recording.modules)[1]} ×{inner.count}".removeprefix(" · ")
    return kind


def _parameters(group: Group, recording: Any) -> int:
    """How many numbers the parameters of a box hold; of a repeated module, of one."""
    inner = group if group.module is not None else group.only
    if inner is not None and inner.module is not None:
        return int(recording.modules[inner.module].parameters)
    return 0


def _result_shape(box: Box, recording: Any) -> str:
    last = recording.nodes[box.nodes[-1]]
    return units.shape(last.outputs[0].shape) if last.outputs else ""


def _numbers(output: Any) -> list[list[str]] | None:
    return None if output is None else numbers_of(output.value)


def numbers_of(summary: Any) -> list[list[str]] | None:
    """The numbers of an array in rows and columns, if they are few."""
    if summary is None or summary.numbers is None:
        return None
    rows = summary.numbers if isinstance(summary.numbers, list) else [[summary.numbers]]
    if not rows or not isinstance(rows[0], list):
        rows = [rows]
    while rows and rows[0] and isinstance(rows[0][0], list):
        rows = [row for block in rows for row in block]
    if not rows or len(rows) > _MOST or not rows[0] or len(rows[0]) > _MOST:
        return None
    return [[_cell(x) for x in row] for row in rows]


def _cell(x: Any) -> str:
    if isinstance(x, complex):
        return units.number(x.real) + ("" if x.imag < 0 else "+") + units.number(x.imag) + "i"
    return str(x) if isinstance(x, bool) else units.number(x)


def _tip(node: Any, recording: Any) -> str:
    parts = [node.grad_fn or node.operator or node.kind]
    if node.line is not None:
        parts.append(f"{recording.files[node.line.file].name}:{node.line.number}  {node.line.text}")
    for use in node.inputs:
        if use.derivative_named or use.derivative:
            parts.append(f"gradient of {use.argument}: {use.derivative_named or use.derivative}")
    if node.saved:
        parts.append("keeps " + ", ".join(f"{saved.name} {units.shape(saved.shape)}" for saved in node.saved))
    return "\n".join(parts)


# Edges


def edge_label(edge: Edge, recording: Any, values: bool) -> list[str]:
    """What stands beside the gradient of an edge: its numbers where they are few, with the formula that they come from; else
    its norm, of several the least and the greatest."""
    lefts = []
    for node, index in edge.uses:
        gradient = recording.nodes[node].gradient
        if gradient is not None and index < len(gradient.left) and gradient.left[index] is not None:
            lefts.append(gradient.left[index])
    norms = sorted(left.norm for left in lefts if left.norm is not None)
    if not norms:
        return []
    low, high = units.number(norms[0], 2), units.number(norms[-1], 2)
    norm = f"|g| {low}" if low == high else f"|g| {low} … {high}"
    if not values or len(edge.uses) > 1:
        return [norm]
    node, index = edge.uses[0]
    rows = numbers_of(lefts[0])
    numbers = "  ".join(rows[0]) if rows and len(rows) == 1 else norm
    formula = as_mathematics(recording.nodes[node].inputs[index].derivative_named or "")
    return [clipped(formula, "edge", 190), numbers] if formula not in ("", "g") else [numbers]


def passed(edge: Edge, recording: Any) -> bool:
    """Whether a gradient went back along an edge."""
    return any(
        (gradient := recording.nodes[node].gradient) is not None and index < len(gradient.left) and gradient.left[index] is not None
        for node, index in edge.uses
    )
