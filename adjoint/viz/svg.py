"""SVG: a recording as a picture for papers, notebooks and documentation.

Values flow down, gradients up beside them.  Small graphs show their numbers; of large ones modules and loops are boxes with
a count (:mod:`.folding`).
"""

from __future__ import annotations

import os
from html import escape
from typing import Any

from adjoint.files import write_text
from adjoint.viz.captions import CELL_HEIGHT, LABEL, PAD, Row
from adjoint.viz.diagram import Diagram, diagram_of
from adjoint.viz.layout import Place, Point, Route, lay_out
from adjoint.viz.lettering import clipped, width_of
from adjoint.viz.svg_style import style

_BESIDE = 4.5  # how far from the line of the values that of the gradients runs
_MARGIN = 8.0
_STACK = 4.0
_LEGEND = 330.0  # the legend is at least so wide, if the picture isn't


def to_svg(
    thing: Any,
    *inputs: Any,
    path: str | os.PathLike[str] | None = None,
    limit: int = 20,
    depth: int | None = None,
    values: bool | None = None,
    gradients: bool = True,
    legend: bool = True,
    scheme: str = "auto",
) -> str:
    """A picture of the graph of ``thing`` as SVG, which is also written to ``path`` if one is given.

    ``thing`` is a Recording, a tensor or its ``grad_fn``, or a module with its ``inputs``.  Up to ``limit`` operators are
    shown one by one; of more, modules and loops are closed until there are about so many boxes, and none is open that lies
    deeper than ``depth``.  ``values``: whether numbers are shown (in small graphs, if None); ``gradients``: whether those that
    flowed are drawn; ``scheme``: ``"light"``, ``"dark"``, or ``"auto"``, as the viewer prefers.

    Raises ImportError where there is no layout engine (``pip install 'adjoint[viz]'``), ValueError for another scheme.

    >>> import adjoint as torch
    >>> from adjoint.viz import to_svg
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> to_svg((x * x).sum())[:4]                                  # doctest: +SKIP
    '<svg'
    """
    if scheme not in ("auto", "light", "dark"):
        raise ValueError(f"scheme must be 'auto', 'light' or 'dark', not {scheme!r}")
    text = draw(diagram_of(thing, inputs, limit, depth, values, gradients), scheme, legend)
    if path is not None:
        write_text(path, text)
    return text


def draw(diagram: Diagram, scheme: str, legend: bool, *, marked: bool = False) -> str:
    """The SVG of a diagram.  ``marked``: inside of a page that has the style already, boxes have numbers (``data-box``)."""
    return _Drawing(diagram, marked).text(legend, scheme)


class _Drawing:
    """One picture while it is being drawn."""

    def __init__(self, diagram: Diagram, marked: bool) -> None:
        self.marked = marked
        self.diagram = diagram
        self.picture = diagram.picture
        self.captions, self.edges, self.passed, self.labels = diagram.captions, diagram.edges, diagram.passed, diagram.labels
        self.boxes: list[Place] = []
        self.frames: list[Place] = []
        self.routes: list[Route] = []

    def text(self, legend: bool, scheme: str) -> str:
        width, height = self._lay_out()
        frames = self._outer_first()
        drawn = "".join(
            (
                *(_rect("frame", f.x, f.y, f.width, f.height, 9) for f in map(self.frames.__getitem__, frames)),
                *(self._edge(i) for i in range(len(self.edges))),
                *(self._heading(i) for i in frames),
                *(self._box(i) for i in range(len(self.captions))),
            )
        )
        lines: list[tuple[str, float]] = self._legend(max(width, _LEGEND)) if legend and self.captions else []
        whole = max(width, *(line_width for _, line_width in lines), 0.0)
        parts = [f'<g transform="translate({(whole - width) / 2:.1f} 0)">{drawn}</g>']
        for line, line_width in lines:
            parts.append(f'<g transform="translate({(whole - line_width) / 2:.1f} {height:.0f})">{line}</g>')
            height += 22
        width, height = round(whole), round(height + _MARGIN)
        sheet = "" if self.marked else f"<style>{style(scheme)}</style>"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="adjoint-picture {scheme}" role="img" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" style="max-width:100%;height:auto">'
            f"<title>{escape(self.diagram.name)}</title><desc>{escape(self.diagram.described())}</desc>{sheet}"
            f'<rect class="ground" width="{width}" height="{height}" rx="8"/>{"".join(parts)}</svg>'
        )

    # Where everything goes

    def _lay_out(self) -> tuple[float, float]:
        for i, caption in enumerate(self.captions):
            width, height = caption.size()
            extra = 2 * _STACK if caption.stacked else 0.0
            self.boxes.append(Place(f"b{i}", width + extra, height + extra))
        for i in range(len(self.picture.clusters)):
            words, kind = self.diagram.frame_words(i)
            least = width_of(words, "title") + width_of(kind, "small") + 60
            self.frames.append(Place(f"c{i}", heading=24.0, least_width=least))
        top: list[Place] = []
        for place, cluster_id in (
            *zip(self.frames, (cluster.parent for cluster in self.picture.clusters)),
            *zip(self.boxes, (box.cluster for box in self.picture.boxes)),
        ):
            (top if cluster_id is None else self.frames[cluster_id].children).append(place)
        for edge, label in zip(self.edges, self.labels):
            size = (max(width_of(line, "edge") for line in label) + 8, 13.0 * len(label)) if label else None
            self.routes.append(Route(f"b{edge.source}", f"b{edge.target}", size))
        return lay_out(top, self.routes)

    def _outer_first(self) -> list[int]:
        depths: list[int] = []
        for cluster in self.picture.clusters:
            depths.append(0 if cluster.parent is None else depths[cluster.parent] + 1)
        return sorted(range(len(depths)), key=depths.__getitem__)

    # What is drawn

    def _heading(self, i: int) -> str:
        """A frame's title, legible where edges pass behind it, and no wider than the frame."""
        place, group = self.frames[i], self.picture.clusters[i].group
        words, kind = self.diagram.frame_words(i)
        times = f"×{group.count}" if group.count > 1 else ""
        room = place.width - 22 - (width_of(times, "count") + 24 if times else 0)
        words = clipped(words, "title", room)
        left = width_of(words, "title") + 8
        parts = [_text("title", place.x + 14, place.y + 20, words)]
        if room - left > 30:
            parts.append(_text("small", place.x + 14 + left, place.y + 20, clipped(kind, "small", room - left)))
        if times:
            parts.append(_badge(place.x + place.width - 8, place.y + 8, times))
        return f'<g class="heading">{"".join(parts)}</g>'

    def _box(self, i: int) -> str:
        place, caption = self.boxes[i], self.captions[i]
        width, height = place.width, place.height
        x, y = place.x, place.y
        parts = [f"<title>{escape(caption.tip)}</title>"] if caption.tip else []
        rounding = 13 if caption.kind in ("leaf", "input", "constant") else 6
        if caption.stacked:
            width, height = width - 2 * _STACK, height - 2 * _STACK
            y += 2 * _STACK
            parts += [_rect("stack", x + by, y - by, width, height, rounding) for by in (2 * _STACK, _STACK)]
        parts.append(_rect("body", x, y, width, height, rounding))
        at = y + PAD - 2
        for row in caption.rows:
            parts += _row(row, x, at, width)
            at += row.height
        number = f' data-box="{i}"' if self.marked else ""
        return f'<g class="{caption.kind}"{number}>{"".join(parts)}</g>'

    def _edge(self, i: int) -> str:
        edge, route, up = self.edges[i], self.routes[i], self.passed[i]
        lines: list[str] = []
        if up:
            lines.append(_arrow("forward", _beside(route.points, -_BESIDE / 2), route.curved))
            lines.append(_arrow("gradient", _beside(route.points, _BESIDE / 2)[::-1], route.curved))
        else:
            lines.append(_arrow("forward" if edge.gradient else "silent", route.points, route.curved))
        if self.labels[i] and route.label_at is not None:
            x, y = route.label_at
            *formula, numbers = self.labels[i]
            lines += [_text("edge by", x + 4, y + 10, words) for words in formula]
            lines.append(_text("edge", x + 4, y + 10 + 13 * len(formula), numbers))
        return f"<g>{''.join(lines)}</g>"

    def _legend(self, room: float) -> list[tuple[str, float]]:
        """What the lines and boxes mean, of those that are there, in lines no wider than ``room``, with their widths."""
        kinds = {caption.kind for caption in self.captions}
        entries = []
        if any(self.passed):
            back = "gradients that a backward would send" if self.diagram.recording.dry else "gradients, backward"
            entries = [("forward", "values, forward"), ("gradient", back)]
        elif any(edge.gradient for edge in self.edges):
            entries = [("forward", "values that require grad")]
        if any(not edge.gradient for edge in self.edges):
            entries.append(("silent", "no gradient"))
        entries += [
            (kind, words)
            for kind, words in (("leaf", "collects a .grad"), ("root", "where the backward begins"), ("input", "data"))
            if kind in kinds
        ]
        lines, parts, x = [], "", 12.0
        for kind, words in entries:
            width = 32 + width_of(words, "small") + 18
            if parts and x + width > room:
                lines.append((parts, x - 6))
                parts, x = "", 12.0
            if kind in ("forward", "gradient", "silent"):
                ends = [(x, 10.0), (x + 24, 10.0)]
                parts += _arrow(kind, ends[::-1] if kind == "gradient" else ends, False)
            else:
                parts += f'<g class="{kind}">{_rect("body", x + 3, 4, 18, 12, 6 if kind != "root" else 3)}</g>'
            parts += _text("small", x + 31, 14, words)
            x += width
        return [*lines, (parts, x - 6)]


def _row(row: Row, x: float, y: float, width: float) -> list[str]:
    if row.kind == "cells":
        return _cells(row, x, y)
    parts = []
    if row.text:
        parts.append(_text(row.kind, x + PAD, y + row.height - 5, row.text))
    if row.tag.startswith("×"):
        parts.append(_badge(x + width - 6, y, row.tag))
    elif row.tag:
        parts.append(_text("tag", x + width - PAD, y + row.height - 5, row.tag, "end"))
    return parts


def _cells(row: Row, x: float, y: float) -> list[str]:
    parts = [_text("label", x + PAD, y + 12, row.label)]
    for i, numbers in enumerate(row.cells):
        left = x + PAD + LABEL
        for j, cell in enumerate(numbers):
            at, top = left + j * row.cell_width, y + i * CELL_HEIGHT
            parts.append(_rect(f"cell {row.tone}", at + 1, top, row.cell_width - 2, CELL_HEIGHT - 2, 3))
            trouble = " trouble" if cell in ("NaN", "∞", "−∞") else ""
            parts.append(_text(f"number {row.tone}{trouble}", at + row.cell_width / 2, top + 11, cell, "middle"))
    return parts


def _rect(kind: str, x: float, y: float, width: float, height: float, rounding: float) -> str:
    return f'<rect class="{kind}" x="{x:.4g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}" rx="{rounding}"/>'


def _text(kind: str, x: float, y: float, words: str, anchor: str = "") -> str:
    if not words:
        return ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{kind}" x="{x:.5g}" y="{y:.6g}"{anchored}>{escape(words, quote=False)}</text>'


def _badge(right: float, y: float, words: str) -> str:
    """How often something is done, in a small pill whose right end is given."""
    width = width_of(words, "count") + 12
    return _rect("badge", right - width, y, width, 16, 8) + _text("count", right - width / 2, y + 12, words, "middle")


def _arrow(kind: str, points: list[Point], curved: bool) -> str:
    """A line with rounded corners, and its head."""
    (bx, by), (x, y) = points[-2], points[-1]
    length = ((x - bx) ** 2 + (y - by) ** 2) ** 0.5 or 1.0
    dx, dy = (x - bx) / length, (y - by) / length
    neck = (x - 6 * dx, y - 6 * dy)
    body = [*points[:-1], neck]
    sides = [(x - 7 * dx - by * dy, y - 7 * dy + by * dx) for by in (3.4, -3.4)]
    head = f"M{x:.1f} {y:.1f}" + "".join(f"L{u:.1f} {v:.1f}" for u, v in sides) + "Z"
    line = _curves(body) if curved else _rounded(body)
    return f'<path class="{kind} line" d="{line}"/><path class="{kind} head" d="{head}"/>'


def _curves(points: list[Point]) -> str:
    first, *rest = points
    return f"M{first[0]:.1f} {first[1]:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in rest)


def _rounded(points: list[Point], radius: float = 7.0) -> str:
    line = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, corner, after in zip(points, points[1:], points[2:]):
        start, end = _toward(corner, before, radius), _toward(corner, after, radius)
        line += f"L{start[0]:.1f} {start[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return f"{line}L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _toward(start: Point, end: Point, by: float) -> Point:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5 or 1.0
    by = min(by, length / 2)
    return start[0] + (end[0] - start[0]) * by / length, start[1] + (end[1] - start[1]) * by / length


def _beside(points: list[Point], by: float) -> list[Point]:
    """The line moved to its right (seen on a screen, going down: to the left) by ``by``."""
    normals: list[Point] = []
    for (x, y), (u, v) in zip(points, points[1:]):
        length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
        normals.append(((v - y) / length, -(u - x) / length) if length else (normals[-1] if normals else (1.0, 0.0)))
    moved = []
    for i, (x, y) in enumerate(points):
        (a, b), (c, d) = normals[max(0, i - 1)], normals[min(len(normals) - 1, i)]
        share = 1 / (1 + a * c + b * d) if a * c + b * d > -0.9 else 0.5  # where the line turns, both its sides are moved
        moved.append((x + by * (a + c) * share, y + by * (b + d) * share))
    return moved
