"""The terminal's view: what is unusual, and a line a layer with its latest numbers."""

from __future__ import annotations

import math
from typing import Any

from adjoint.viz.watching.findings import SERIOUS, View

_HEAD = ("layer", "", "output", "zero", "|gradient|", "|weight|", "log10(update/weight)")


def table(watcher: Any) -> str:
    """What a watcher has seen, as text."""
    view = View(watcher.history, watcher.layers, watcher.parameters, watcher.inputs)
    samples = watcher.history.samples
    lines = [f"{watcher.title} watched: step {watcher.step_number}, {len(samples)} looked at" + ", ended" * watcher.closed]
    for name, values in watcher.history.logged.items():
        lines[0] += f", {name} {values[-1][1]:.3g}"
    if not samples:
        return lines[0]
    found = watcher.found()
    lines += ["", *[f"{'!!' if f.severity == SERIOUS else ' !'} {f.text}" for f in found]] if found else ["", "nothing is unusual"]
    rows = [_HEAD, *_rows(view, watcher.layers)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEAD))]
    lines.append("")
    for row in rows:
        cells = [cell.ljust(w) if k < 2 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _rows(view: View, layers: Any) -> list[tuple[str, ...]]:
    activation, gradient, weight, update = map(view.latest, ("activation", "gradient", "weight", "update"))
    rows: list[tuple[str, ...]] = []
    for layer in layers:
        for name in activation:
            if name.startswith(f"{layer.path} ← "):
                rows.append((name, "a function", *_output(activation[name]), "", "", ""))
        ratios = [update[n].ratio for n in layer.names if n in update and view.parameters[n].matrix]
        rows.append(
            (
                layer.path,
                layer.kind,
                *_output(activation.get(layer.path)),
                _norm(gradient, layer.names),
                _norm(weight, layer.names),
                f"{math.log10(ratios[0]):.1f}" if ratios and ratios[0] else "",
            )
        )
    return rows


def _output(n: Any) -> tuple[str, str]:
    """Mean and deviation of outputs, and the share of zeros."""
    if n is None:
        return "", ""
    return f"{n.mean:.2g} ± {n.std:.2g}", f"{n.zero:.0%}" if n.zero else ""


def _norm(numbers: Any, names: list[str]) -> str:
    """The norm of a layer's parameters together."""
    found = [numbers[n] for n in names if n in numbers]
    if not found:
        return ""
    if any(n.nan or n.infinite for n in found):
        return "nan" if any(n.nan for n in found) else "inf"
    return f"{math.hypot(*[n.norm for n in found]):.3g}"
