"""Diagram: what a picture shows, before anybody has decided where: boxes with captions, edges with labels."""

from __future__ import annotations

import sys
from typing import Any

from adjoint.viz.captions import caption_of, edge_label, is_detailed, passed, path_around
from adjoint.viz.folding import Edge, Folded, folded, lines_of, title
from adjoint.viz.lettering import clipped
from adjoint.viz.lines import user_frame
from adjoint.viz.wording import name_of

_LABELLED = 40  # edges up to which gradients have labels


def diagram_of(
    thing: Any, inputs: tuple[Any, ...], limit: int, depth: int | None, values: bool | None, gradients: bool
) -> Diagram:
    """The diagram of anything that has a recording, named by the variables of the user's frame."""
    from adjoint.viz._of import recording_of

    recording = recording_of(thing, *inputs, frame=user_frame(sys._getframe(1)))
    picture = folded(recording, limit, depth)
    return Diagram(recording, picture, is_detailed(recording, picture) if values is None else values, gradients)


class Diagram:
    """The boxes of a folded recording with their captions, and its edges: which have a gradient, and its label."""

    def __init__(self, recording: Any, picture: Folded, values: bool, gradients: bool = True) -> None:
        self.recording = recording
        self.picture = picture
        self.name = recording.title or "The graph"
        self.captions = [caption_of(box, recording, picture, values) for box in picture.boxes]
        self.edges = list(_single_uses(picture))
        shown = gradients and sum(passed(edge, recording) for edge in self.edges)
        self.passed = [bool(shown) and passed(edge, recording) for edge in self.edges]
        labelled = shown and shown <= _LABELLED
        self.labels = [
            edge_label(edge, recording, values) if labelled and up else [] for edge, up in zip(self.edges, self.passed)
        ]

    def described(self) -> str:
        """The picture in words, for those who don't see it."""
        names = [caption.rows[0].text for caption in self.captions]
        flows = [f"{names[edge.source]} to {names[edge.target]}" for edge in self.edges]
        more = f", and {len(flows) - 30} more" if len(flows) > 30 else ""
        back = " Gradients flow back along the edges." if any(self.passed) else ""
        return f"{len(names)} boxes: {', '.join(names)}. Values flow from {'; '.join(flows[:30])}{more}.{back}"

    def frame_words(self, i: int) -> tuple[str, str]:
        """A frame's title, and what stands beside it."""
        cluster = self.picture.clusters[i]
        name, kind = title(cluster.group, self.recording.modules, path_around(cluster.parent, self.picture, self.recording))
        if name or kind:
            return clipped(name or kind, "title", 240), kind if name not in ("", kind) else ""
        names = [name_of(self.recording.nodes[self.picture.boxes[box].nodes[0]]) for box in cluster.handed_on]
        handed = ", ".join(dict.fromkeys(name for name in names if name))
        beside = lines_of(cluster.group.nodes(), self.recording)
        return "loop", f"{beside} · hands on {handed}" if handed else beside


def _single_uses(picture: Folded) -> list[Edge]:
    """Between two single operators each use is an edge of its own: in ``y * y``, y has two."""
    edges = []
    for edge in picture.edges:
        alone = all(len(picture.boxes[end].nodes) == 1 for end in (edge.source, edge.target))
        edges += [Edge(edge.source, edge.target, [use], edge.gradient) for use in edge.uses] if alone else [edge]
    return edges
