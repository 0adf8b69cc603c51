"""DOT: a recording as text for Graphviz, with clusters for modules and loops, for those who style their own pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from adjoint.files import write_text
from adjoint.viz.captions import Caption, Row
from adjoint.viz.diagram import Diagram, diagram_of
from adjoint.viz.theme import colours

# Of each kind of box: the colours of its inside and its line, and its style.
_LOOKS = {
    "operator": ("surface", "edge", "rounded,filled"),
    "plain": ("surface", "line", "rounded,filled"),
    "root": ("surface", "forward", "rounded,filled,bold"),
    "group": ("surface", "edge", "rounded,filled"),
    "leaf": ("leaf-soft", "leaf", "rounded,filled"),
    "input": ("raised", "edge", "rounded,filled,dashed"),
    "constant": ("raised", "line", "rounded,filled,dashed"),
}


def to_dot(
    thing: Any,
    *inputs: Any,
    path: str | os.PathLike[str] | None = None,
    limit: int = 20,
    depth: int | None = None,
    values: bool | None = None,
    gradients: bool = True,
) -> str:
    """The graph of ``thing`` in Graphviz's language, which is also written to ``path`` if one is given.

    What is shown is what :func:`adjoint.viz.to_svg` shows; the arguments are the same.  No program is needed for it; ``dot
    -Tpdf graph.dot`` makes a picture of it.

    >>> import adjoint as torch
    >>> from adjoint.viz import to_dot
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> print(to_dot((x * x).sum(), gradients=False).splitlines()[-2])
      b0 -> b1 [color="#0b62c4"];
    """
    diagram = diagram_of(thing, inputs, limit, depth, values, gradients)
    text = "\n".join(_lines(diagram)) + "\n"
    if path is not None:
        write_text(path, text)
    return text


def _lines(diagram: Diagram) -> Iterator[str]:
    known = colours("light")
    yield f"digraph {_quoted(diagram.name)} {{"
    yield '  graph [rankdir=TB, fontname="Helvetica", fontsize=12, nodesep=0.35, ranksep=0.4];'
    yield f'  node [shape=box, fontname="Helvetica", fontsize=11, fontcolor="{known["ink"]}"];'
    yield f'  edge [fontname="Courier", fontsize=9, arrowsize=0.6, fontcolor="{known["gradient"]}"];'
    yield from _inside(diagram, None, "  ")
    for edge, up, label in zip(diagram.edges, diagram.passed, diagram.labels):
        colour = known["forward" if edge.gradient else "edge"]
        yield f'  b{edge.source} -> b{edge.target} [color="{colour}"];'
        if up:
            said = f", label={_quoted(chr(10).join(label))}" if label else ""
            yield f'  b{edge.source} -> b{edge.target} [dir=back, style=dashed, color="{known["gradient"]}"{said}];'
    yield "}"


def _inside(diagram: Diagram, cluster: int | None, indent: str) -> Iterator[str]:
    """The boxes of a cluster, and the clusters in it."""
    for i, box in enumerate(diagram.picture.boxes):
        if box.cluster == cluster:
            yield f"{indent}b{i} [{_attributes(diagram.captions[i])}];"
    for i, inner in enumerate(diagram.picture.clusters):
        if inner.parent != cluster:
            continue
        name, beside = diagram.frame_words(i)
        times = f"×{inner.group.count}" if inner.group.count > 1 else ""
        known = colours("light")
        yield f"{indent}subgraph cluster_{i} {{"
        yield f"{indent}  label={_quoted(' '.join(filter(None, (name, beside, times))))};"
        yield f'{indent}  labeljust=l; style="rounded,filled"; fillcolor="{known["raised"]}"; color="{known["line"]}";'
        yield from _inside(diagram, i, indent + "  ")
        yield f"{indent}}}"


def _attributes(caption: Caption) -> str:
    inside, line, style = _LOOKS[caption.kind]
    known = colours("light")
    label = "\n".join(words for row in caption.rows if (words := _words(row)))
    attributes = f'label={_quoted(label)}, style="{style}", fillcolor="{known[inside]}", color="{known[line]}"'
    return f"{attributes}, peripheries=2" if caption.stacked else attributes


def _words(row: Row) -> str:
    if row.kind == "cells":
        return row.label + " " + "\n".join("  ".join(numbers) for numbers in row.cells)
    return "  ".join(filter(None, (row.text, row.tag)))


def _quoted(text: str) -> str:
    r"""A string of the language: quotes and backslashes escaped, lines ended by ``\n``."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
