"""Layout: where boxes, frames and edges of a picture go, computed by ELK's layered layout or by Graphviz' ``dot``.

ELK is the JavaScript that the explorer's page uses too; Python runs it in V8 (``mini-racer``).  Where that isn't
installed, ``dot`` does it, if it is on the path.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ELK = Path(__file__).parent / "page" / "vendor" / "elk-worker.min.js"
_INSTALL = "pip install 'adjoint[viz]'"

Point = tuple[float, float]


@dataclass
class Place:
    """A box of a size, or a frame around ``children``; its corner ``x``, ``y`` (and a frame's size) are filled in."""

    id: str
    width: float = 0.0
    height: float = 0.0
    children: list[Place] = field(default_factory=list)
    heading: float = 0.0  # of a frame: the height that its title takes
    least_width: float = 0.0  # of a frame: the width that its title takes
    x: float = 0.0
    y: float = 0.0


@dataclass
class Route:
    """An edge between two boxes; its ``points`` and the corner of its label are filled in.

    ``curved``: the points are those of cubic Bézier curves, else of straight lines.
    """

    source: str
    target: str
    label: tuple[float, float] | None = None  # the label's size
    points: list[Point] = field(default_factory=list)
    curved: bool = False
    label_at: Point | None = None


def lay_out(places: list[Place], routes: list[Route]) -> tuple[float, float]:
    """Fill in where everything goes, from top to bottom, and return the picture's width and height.

    Raises ImportError, with what to install, where there is no engine.
    """
    engine = _engine()
    if engine is None:
        raise ImportError(f"a picture needs a layout engine: {_INSTALL} (or install Graphviz, so that `dot` is on the PATH)")
    return engine(places, routes)


def available() -> bool:
    """Whether there is a layout engine."""
    return _engine() is not None


def _engine() -> Any:
    try:
        import py_mini_racer  # noqa: F401
    except ImportError:
        return _by_dot if shutil.which("dot") else None
    return _by_elk


# ELK

_OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.padding": "[top=12,left=12,bottom=12,right=12]",
    "elk.spacing.nodeNode": "26",
    "elk.spacing.edgeNode": "14",
    "elk.spacing.edgeEdge": "12",
    "elk.spacing.edgeLabel": "5",
    "elk.layered.spacing.nodeNodeBetweenLayers": "17",
    "elk.layered.spacing.edgeNodeBetweenLayers": "13",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.edgeLabels.placement": "CENTER",
    "elk.layered.edgeLabels.sideSelection": "ALWAYS_UP",
    "elk.layered.thoroughness": "20",
}

# Operands in their order, from left to right.  Inside of frames ELK fails with this, and of some graphs even so.
_ORDERED = {"elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES"}

# What ELK's worker expects to be there: a scope that it gets messages in and posts its answers to.
_SCOPE = """
var self = globalThis, console = {log() {}, info() {}, warn() {}, error() {}}, answer = null;
self.postMessage = (message) => { answer = message; };
"""

_ASK = """
self.onmessage({data: %s});
JSON.stringify(answer.error ? {error: String(answer.error.message || answer.error)} : {data: answer.data});
"""


class _Elk:
    """ELK in an interpreter of its own, which is made once: that takes a quarter of a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: Any = None

    def layout(self, graph: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if self._context is None:
                from py_mini_racer import MiniRacer

                context = MiniRacer()
                atexit.register(context.close)  # when the interpreter goes it is too late: it would wait for ever
                context.eval(_SCOPE)
                context.eval(_ELK.read_text(encoding="utf-8") + "\n;0")
                context.eval(_ASK % json.dumps({"id": 0, "cmd": "register", "algorithms": ["layered"]}))
                self._context = context
            for options in (_OPTIONS | _ORDERED, _OPTIONS):
                asked = {"id": 1, "cmd": "layout", "graph": graph | {"layoutOptions": options}, "layoutOptions": {}, "options": {}}
                answer = json.loads(self._context.eval(_ASK % json.dumps(asked)))
                if "error" not in answer:
                    break
            else:
                raise RuntimeError(f"the layout failed: {answer['error']}")
        placed: dict[str, Any] = answer["data"]
        return placed


_elk = _Elk()


def _by_elk(places: list[Place], routes: list[Route]) -> tuple[float, float]:
    graph = {
        "id": "root",
        "children": [_elk_node(place) for place in places],
        "edges": [_elk_edge(i, route) for i, route in enumerate(routes)],
    }
    placed = _elk.layout(graph)
    by_id = {place.id: place for place in _all(places)}
    stack = list(placed["children"])
    while stack:
        node = stack.pop()
        place = by_id[node["id"]]
        place.x, place.y, place.width, place.height = node["x"], node["y"], node["width"], node["height"]
        stack += node.get("children", ())
    for route, edge in zip(routes, placed["edges"]):
        (section,) = edge["sections"]
        route.points = [
            (p["x"], p["y"]) for p in (section["startPoint"], *section.get("bendPoints", ()), section["endPoint"])
        ]
        for label in edge.get("labels", ()):
            route.label_at = label["x"], label["y"]
    return placed["width"], placed["height"]


def _elk_node(place: Place) -> dict[str, Any]:
    if not place.children:
        return {"id": place.id, "width": place.width, "height": place.height}
    beside = max(14.0, place.least_width - _least_width(place) - 14)  # ELK keeps to no least width of a frame
    padding = f"[top={place.heading + 12},left=14,bottom=14,right={beside:.0f}]"
    return {
        "id": place.id,
        "layoutOptions": {**_OPTIONS, "elk.padding": padding},
        "children": [_elk_node(child) for child in place.children],
    }


def _least_width(place: Place) -> float:
    """The width that a frame's widest part needs."""
    if not place.children:
        return place.width
    return max(_least_width(child) + (28 if child.children else 0) for child in place.children)


def _elk_edge(i: int, route: Route) -> dict[str, Any]:
    edge: dict[str, Any] = {"id": f"edge{i}", "sources": [route.source], "targets": [route.target]}
    if route.label:
        width, height = route.label
        edge["labels"] = [{"id": f"label{i}", "text": ".", "width": width, "height": height}]
    return edge


def _all(places: list[Place]) -> Iterator[Place]:
    for place in places:
        yield place
        yield from _all(place.children)


# Graphviz, whose lengths are inches of 72 points

_EDGE = 12.0  # around the picture


def _by_dot(places: list[Place], routes: list[Route]) -> tuple[float, float]:
    done = subprocess.run(
        ["dot", "-Tjson", "-y"], input=_dot_source(places, routes), capture_output=True, text=True, encoding="utf-8", timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"the layout failed: dot says {done.stderr.strip()!r}")
    placed = json.loads(done.stdout)
    by_id = {place.id: place for place in _all(places)}
    for thing in placed.get("objects", ()):
        place = by_id[thing["name"].removeprefix("cluster")]
        if "bb" in thing:
            left, first, right, second = map(float, thing["bb"].split(","))
            place.x, place.y = left, min(first, second)
            place.width, place.height = right - left, abs(second - first)
        else:
            x, y = map(float, thing["pos"].split(","))
            place.x, place.y = x - place.width / 2, y - place.height / 2
    for edge in placed.get("edges", ()):
        route = routes[int(edge["id"])]
        points = [tuple(map(float, point.lstrip("e,").split(","))) for point in edge["pos"].split()]
        end, *curve = points  # the arrow's point comes first
        route.points, route.curved = [*curve[:-1], end], True  # type: ignore[list-item]
        if route.label and "lp" in edge:
            x, y = map(float, edge["lp"].split(","))
            route.label_at = x - route.label[0] / 2, y - route.label[1] / 2
    _, first, width, second = map(float, placed["bb"].split(","))
    for place in by_id.values():
        place.x, place.y = place.x + _EDGE, place.y + _EDGE
    for route in routes:
        route.points = [(x + _EDGE, y + _EDGE) for x, y in route.points]
        if route.label_at is not None:
            route.label_at = route.label_at[0] + _EDGE, route.label_at[1] + _EDGE
    return width + 2 * _EDGE, max(first, second) + 2 * _EDGE


def _dot_source(places: list[Place], routes: list[Route]) -> str:
    lines = [
        "digraph {",
        "graph [rankdir=TB, nodesep=0.36, ranksep=0.3];",
        'node [shape=box, fixedsize=true, label=""];',
    ]
    lines += _dot_places(places)
    for i, route in enumerate(routes):
        label = ""
        if route.label:
            table = f'<TABLE FIXEDSIZE="TRUE" BORDER="0" WIDTH="{route.label[0]:.0f}" HEIGHT="{route.label[1]:.0f}">'
            label = f", label=<{table}<TR><TD></TD></TR></TABLE>>"
        lines.append(f'"{route.source}" -> "{route.target}" [id="{i}"{label}];')
    return "\n".join([*lines, "}"])


def _dot_places(places: list[Place]) -> Iterator[str]:
    for place in places:
        if place.children:
            yield f'subgraph "cluster{place.id}" {{ margin=14; labelloc=t;'
            heading = f'<TABLE FIXEDSIZE="TRUE" BORDER="0" WIDTH="{place.least_width:.0f}" HEIGHT="{place.heading:.0f}">'
            yield f"label=<{heading}<TR><TD></TD></TR></TABLE>>;"
            yield from _dot_places(place.children)
            yield "}"
        else:
            yield f'"{place.id}" [width={place.width / 72:.4f}, height={place.height / 72:.4f}];'
