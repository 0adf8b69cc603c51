"""The view of a recording inside of a notebook: a picture whose boxes tell what is in them, and open.

One piece of HTML that fetches nothing and needs no kernel.  The pictures of what is closed are drawn beforehand; without
scripts (a notebook that isn't trusted, a converter) the first picture is still there.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from adjoint.viz import units
from adjoint.viz.captions import is_detailed, numbers_of, path_around
from adjoint.viz.diagram import Diagram
from adjoint.viz.folding import Box, Folded, Group, folded, title
from adjoint.viz.lettering import MONO, SANS
from adjoint.viz.svg import draw
from adjoint.viz.svg_style import style
from adjoint.viz.theme import colours
from adjoint.viz.wording import as_mathematics, name_of, word_of

_FOLDER = Path(__file__).parent / "inline"
_VIEWS = 40  # pictures of closed boxes, at most
_SECONDS = 2.0  # that drawing them may take
_LIMIT = 500_000  # characters of the whole


def view_of(recording: Any) -> str:
    """The HTML of a recording's view.  Raises ImportError where there is no layout engine."""
    views = _Views(recording)
    nodes = _NodeTexts(recording)
    data = {"views": views.told, "nodes": {str(i): nodes.of(i) for i in views.nodes}}
    written = json.dumps(data, ensure_ascii=False)
    room = _LIMIT - sum(map(len, views.pictures))
    for drop in ("image", "histogram", "rows"):
        if len(written) <= room:
            break
        written = json.dumps(_without(data, drop), ensure_ascii=False)
        data = json.loads(written)
    first, *others = views.pictures
    templates = "".join(f'<template data-view="{i}">{svg}</template>' for i, svg in enumerate(others, 1))
    safe = written.replace("<", "\\u003c")
    return (
        f'<div class="adjoint-view"><style>{_sheet()}</style><nav aria-label="opened boxes"></nav>'
        f'<div class="picture">{first}</div><aside hidden aria-live="polite"></aside>{templates}'
        f'<script type="application/json">{safe}</script><script>{_script()}</script></div>'
    )


class _Views:
    """The picture of the whole, and one for every closed box, as far as there is room."""

    def __init__(self, recording: Any) -> None:
        self.recording = recording
        self.pictures: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.nodes: set[int] = set()
        self._waiting: list[tuple[Group, dict[str, Any]]] = []
        self._draw(folded(recording), recording.title or "the graph")
        until = time.perf_counter() + _SECONDS
        while self._waiting and len(self.pictures) < _VIEWS and time.perf_counter() < until:
            group, box = self._waiting.pop(0)
            if sum(map(len, self.pictures)) > _LIMIT // 2:
                break
            box["view"] = len(self.pictures)
            self._draw(folded(recording, 24, group=group), box["title"])

    def _draw(self, picture: Folded, heading: str) -> None:
        diagram = Diagram(self.recording, picture, is_detailed(self.recording, picture))
        self.pictures.append(draw(diagram, "auto", legend=not self.pictures, marked=True))
        boxes = []
        for box, caption in zip(picture.boxes, diagram.captions):
            told = self._told(box, picture, caption.rows[0].text)
            boxes.append(told)
            if box.group is not None:
                self._waiting.append((box.group, told))
        self.told.append({"title": heading, "boxes": boxes})

    def _told(self, box: Box, picture: Folded, heading: str) -> dict[str, Any]:
        modules = self.recording.modules
        told: dict[str, Any] = {"title": heading}
        if box.group is not None:
            name, kind = title(box.group, modules, path_around(box.cluster, picture, self.recording))
            module = box.module if box.module is not None else box.group.only and box.group.only.module
            once = len(box.nodes) // box.count if box.count > 1 else len(box.nodes) // box.group.count
            parts = [kind if kind != heading else "", f"{once:,} operators"]
            if module is not None:
                parts[0] = modules[module].text or kind
                parts.append(f"{modules[module].parameters:,} parameters" + (" each" if box.group.count > 1 else ""))
            told["kind"] = " · ".join(filter(None, parts))
        else:
            node = self.recording.nodes[box.nodes[0] if box.kind == "operator" else box.nodes[-1]]
            self.nodes.add(node.id)
            told["node"] = node.id
            if box.module is not None:
                told["kind"] = modules[box.module].text
            elif node.kind == "operator":
                told["kind"] = " · ".join(filter(None, (word_of(node), node.grad_fn)))
            else:
                told["kind"] = {"leaf": "collects a .grad", "input": "data: no gradient"}.get(box.kind, box.kind)
            if len(box.nodes) > 1:
                gradients = [self.recording.nodes[i].gradient for i in box.nodes]
                norms = [g.arrived[0].norm for g in gradients if g and g.arrived and g.arrived[0]]
                if len(norms) > 1:
                    told["norms"] = [float(f"{norm:.3g}") if norm is not None and norm == norm else 0.0 for norm in norms[:200]]
        return told


class _NodeTexts:
    """What the panel says of each node."""

    def __init__(self, recording: Any) -> None:
        self._recording = recording

    def of(self, number: int) -> dict[str, Any]:
        node = self._recording.nodes[number]
        gradient = node.gradient
        left = gradient.left if gradient is not None else []
        return {
            "leaf": node.kind != "operator",
            "line": node.line.text if node.line is not None else None,
            "place": f"{self._recording.files[node.line.file].name}, line {node.line.number}" if node.line is not None else None,
            "outputs": [{"about": _about(output), "value": _array(output.value)} for output in node.outputs[:4]],
            "grad": _array(node.grad) if node.grad is not None else None,
            "arrived": [_array(one) for one in gradient.arrived[:4]] if gradient is not None else [],
            "inputs": [
                {
                    "name": self._name(use),
                    "derivative": as_mathematics(use.derivative_named or use.derivative or "") or None,
                    "left": _array(left[i]) if i < len(left) else None,
                }
                for i, use in enumerate(node.inputs[:12])
            ],
            "saved": [self._saved(saved) for saved in node.saved],
            "times": _times(node),
        }

    def _name(self, use: Any) -> str:
        return name_of(self._recording.nodes[use.node]) or self._recording.nodes[use.node].expression or use.argument

    def _saved(self, saved: Any) -> str:
        name = None if saved.of is None else name_of(self._recording.nodes[saved.of]) or self._recording.nodes[saved.of].expression
        return f"{name or saved.name}: {units.shape(saved.shape)} {saved.dtype}, {units.size(saved.bytes)}"


def _about(output: Any) -> str:
    parts = [units.shape(output.shape), output.dtype or "", units.size(output.bytes) if output.bytes else ""]
    return "  ".join(filter(None, parts)) + ("" if output.requires_grad else "  (no gradient)")


def _times(node: Any) -> str:
    parts = [("forward", node.forward_seconds), ("backward", node.backward_seconds)]
    return ", ".join(f"{word} {units.seconds(t)}" for word, t in parts if t is not None)


def _array(summary: Any) -> dict[str, Any] | None:
    """An array: its numbers if they are few, else an image, a histogram and statistics."""
    if summary is None:
        return None
    rows = numbers_of(summary)
    told: dict[str, Any] = {}
    if summary.nan or summary.inf:
        told["trouble"] = ", ".join(f"{n:,} {word}" for n, word in ((summary.nan, "NaN"), (summary.inf, "infinite")) if n)
    if rows:
        return told | {"rows": rows}
    histogram = summary.histogram
    if histogram:
        told |= {"histogram": histogram["counts"], "low": units.number(histogram["low"]), "high": units.number(histogram["high"])}
    if summary.image:
        told["image"] = summary.image.to_dict()
    if summary.mean is not None:
        told["about"] = (
            f"mean {units.number(summary.mean)}, std {units.number(summary.std)}, norm {units.number(summary.norm)}, "
            f"{summary.zero:.0%} zeros, {units.shape(summary.shape)}"
        )
    return told


def _without(data: Any, key: str) -> Any:
    """The same data without what ``key`` holds anywhere."""
    if isinstance(data, dict):
        return {k: _without(value, key) for k, value in data.items() if k != key}
    return [_without(value, key) for value in data] if isinstance(data, list) else data


@lru_cache(maxsize=None)
def _sheet() -> str:
    """The styles: those of pictures in both schemes, and of the panel with the colours as variables."""
    variables = []
    for scheme in ("light", "dark"):
        chosen = "" if scheme == "light" else '[data-theme="dark"]'
        named = ";".join(f"--{name}:{value}" for name, value in colours(scheme).items())
        variables.append(f".adjoint-view{chosen}{{--sans:{SANS};--mono:{MONO};{named}}}")
    sheet = (_FOLDER / "view.css").read_text(encoding="utf-8")
    return "".join(variables) + style("light") + style("dark") + style("auto") + sheet


@lru_cache(maxsize=None)
def _script() -> str:
    return (_FOLDER / "view.js").read_text(encoding="utf-8").replace("</script", "<\\/script")


def module_tree(module: Any) -> str:
    """A module as a tree that folds, with its parameters; equal layers in a row are one, with a count."""
    from adjoint.viz.model_summary import layers_of

    tree = _branch(layers_of(module), 1, "", 0)
    return f'<div class="adjoint-view"><style>{_sheet()}{_tree_sheet()}</style><div class="tree">{tree}</div></div>'


_TREE = (
    ".adjoint-view .tree{font:12.5px/1.7 var(--mono);flex:1}.adjoint-view .tree details,.adjoint-view .tree .one{padding-left:16px}"
    ".adjoint-view .tree summary{cursor:pointer;margin-left:-14px}.adjoint-view .tree i{font-style:normal;color:var(--muted)}"
    ".adjoint-view .tree b{font-weight:600}.adjoint-view .tree u{text-decoration:none;color:var(--forward)}"
    ".adjoint-view .tree s{text-decoration:none;color:var(--saved);background:var(--saved-soft);border-radius:8px;padding:0 6px}"
)


def _tree_sheet() -> str:
    """A tree has no script that asks whether the notebook is dark: it goes by what notebooks say, and by the system."""
    dark = ";".join(f"--{name}:{value}" for name, value in colours("dark").items())
    says = "[data-jp-theme-light=false] .adjoint-view,.vscode-dark .adjoint-view"
    return _TREE + f"{says}{{color-scheme:dark;{dark}}}"


def _branch(layer: Any, times: int, name: str, depth: int) -> str:
    from adjoint.viz.model_summary import rows_inside

    count = f"{layer.parameters:,}" if layer.parameters else f"({layer.shared:,})" if layer.shared else ""
    line = (
        (f"<b>{escape(name)}</b> " if name else "")
        + f"<u>{escape(layer.kind)}</u>"
        + (f" <s>×{times}</s>" if times > 1 else "")
        + (f" <i>{escape(layer.text)}</i>" if layer.text else "")
        + (f" <i>· {count} parameters</i>" if count else "")
    )
    if not layer.inside:
        return f'<div class="one">{line}</div>'
    inside = "".join(_branch(inner, n, called, depth + 1) for inner, n, called in rows_inside(layer, layer.depth + 1))
    return f"<details{' open' if depth < 2 else ''}><summary>{line}</summary>{inside}</details>"
