"""The table of a summary, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from adjoint.viz import units
from adjoint.viz.model_summary import Layer, Summary

_HEADS = ("layer", "kind", "output", "parameters", "multiply-adds", "kept", "forward", "backward")
_TEXT_COLUMNS = 3  # the first are words, the others numbers
_WIDEST = 34  # of a column of words


def text(summary: Summary) -> str:
    """The table in characters, with what it doesn't say below."""
    table = [_cells(layer, times, name, summary) for layer, times, name in summary.rows()]
    for cells, branch in zip(table, _branches([layer.depth for layer, _, _ in summary.rows()])):
        cells[0] = branch + cells[0]
    heads = list(_HEADS)
    _drop_empty(heads, table)
    widths = [max(len(head), *(len(cells[i]) for cells in table)) for i, head in enumerate(heads)]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_line(heads, widths, heads), rule, *(_line(cells, widths, heads) for cells in table), rule]
    return "\n".join([*lines, *notes(summary)])


def notes(summary: Summary) -> list[str]:
    """What is said below the table: totals, and how they were measured."""
    frozen = summary.parameters - summary.trainable
    trained = "all trainable" if not frozen else f"{summary.trainable:,} trainable, {frozen:,} not"
    if not summary.parameters:
        trained = "none"
    lines = [f"parameters     {summary.parameters:,} ({trained}), {units.size(summary.parameter_bytes)}"]
    if summary.buffers:
        lines[0] += f"; buffers {summary.buffers:,}, {units.size(summary.buffer_bytes)}"
    if summary.input_bytes is None:
        return [*lines, "Give an input, summary(model, x) or input_size=(1, 3, 224, 224), for shapes, memory and times."]
    lines.append(f"multiply-adds  {units.count(summary.multiply_adds)} in products of one forward")
    memory = f"inputs {units.size(summary.input_bytes)}, results of the forward {units.size(summary.result_bytes)}"
    if summary.backward_seconds is not None:
        memory += f", kept for the backward {units.size(summary.saved_bytes)} (beside parameters)"
    lines.append(f"memory         {memory}")
    times = f"forward {units.seconds(summary.forward_seconds)}"
    if summary.backward_seconds is not None:
        times += f", backward {units.seconds(summary.backward_seconds)}"
    how = f"median of {summary.runs}" if summary.runs > 1 else "one run"
    lines.append(f"time           {times} ({how}, whole; the table's were measured layer by layer)")
    lines.append(f"input          {summary.inputs}")
    if any(times > 1 for _, times, _ in summary.rows()):
        lines.append("×n: n equal layers in a row; the numbers are those of the first.")
    if any(layer.shared and not layer.parameters for layer, _, _ in summary.rows()):
        lines.append("(n): parameters that a layer above has already.")
    return lines


def _cells(layer: Layer, times: int, name: str, summary: Summary) -> list[str]:
    kind = layer.kind + (f" ×{times}" if times > 1 else "")
    if layer.calls is not None and layer.calls > 1:
        kind += f", {layer.calls} calls"
    has_backward = summary.backward_seconds is not None
    return [
        name,
        "" if name == layer.kind else _cut(kind),
        "" if layer.calls is None else _cut(_shapes(layer.output)) if layer.calls else _uncalled(layer),
        f"({layer.shared:,})" if layer.shared and not layer.parameters else f"{layer.parameters:,}" if layer.parameters else "",
        units.count(layer.multiply_adds) if layer.multiply_adds else "",
        units.size(layer.saved) if layer.saved else "",
        units.seconds(layer.forward) if layer.forward is not None else "",
        units.seconds(layer.backward) if has_backward and layer.backward else "",
    ]


def _uncalled(layer: Layer) -> str:
    if any(inner.calls for inner in layer.walk()):
        return ""
    return "weights used" if any(inner.used for inner in layer.walk()) else "not called"


def _shapes(output: Any) -> str:
    """The shape of an output; of several, in the brackets that they were returned in."""
    if output is None:
        return "–"
    if isinstance(output, tuple) and all(isinstance(n, int) for n in output):
        return units.shape(output)
    if isinstance(output, dict):
        return "{" + ", ".join(f"{key}: {_shapes(value)}" for key, value in output.items()) + "}"
    if isinstance(output, (tuple, list)):
        return "[" + ", ".join(_shapes(value) for value in output) + "]"
    return "–"


def _cut(words: str) -> str:
    return words if len(words) <= _WIDEST else words[: _WIDEST - 1] + "…"


def _drop_empty(heads: list[str], table: list[list[str]]) -> None:
    for i in reversed(range(len(heads))):
        if not any(cells[i] for cells in table):
            del heads[i]
            for cells in table:
                del cells[i]


def _line(cells: Sequence[str], widths: Sequence[int], heads: Sequence[str]) -> str:
    words = [
        cell.ljust(width) if head in _HEADS[:_TEXT_COLUMNS] else cell.rjust(width)
        for cell, width, head in zip(cells, widths, heads)
    ]
    return "  ".join(words).rstrip()


def _branches(depths: Sequence[int]) -> list[str]:
    """The lines of the tree that lead to each row."""
    branches = []
    for i, depth in enumerate(depths):
        parts = []
        for level in range(1, depth + 1):
            following = next((d for d in depths[i + 1 :] if d <= level), 0)
            more = following == level
            parts.append(("├─ " if more else "└─ ") if level == depth else ("│  " if more else "   "))
        branches.append("".join(parts))
    return branches


_STYLE = """
.adjoint-summary { border-collapse: collapse; font: 12px/1.5 ui-sans-serif, system-ui, sans-serif; color: inherit; }
.adjoint-summary th, .adjoint-summary td { padding: 2px 10px; text-align: right; white-space: nowrap; border: 0;
  background: none !important; color: inherit; font-variant-numeric: tabular-nums; }
.adjoint-summary thead th { border-bottom: 1px solid rgb(128 128 128 / .5); font-weight: 600; }
.adjoint-summary tbody tr:hover > * { background: rgb(128 128 128 / .14) !important; }
.adjoint-summary tr > .w { text-align: left !important; }
.adjoint-summary tbody th { font: 12px/1.5 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; }
.adjoint-summary .k { opacity: .75; }
.adjoint-summary i { display: inline-block; height: 8px; margin-left: 6px; border-radius: 1px; background: #0b62c4;
  opacity: .65; vertical-align: 0; }
.adjoint-summary i.b { background: #b8400a; }
.adjoint-summary tfoot td { border-top: 1px solid rgb(128 128 128 / .5); white-space: pre-wrap; text-align: left !important;
  font: 12px/1.6 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; padding-top: 6px; }
"""


def html(summary: Summary) -> str:
    """The table as HTML, with bars for the shares of the time."""
    rows = summary.rows()
    table = [_cells(layer, times, name, summary) for layer, times, name in rows]
    heads = list(_HEADS)
    _drop_empty(heads, table)
    longest = {
        "forward": max((layer.forward or 0.0 for layer, _, _ in rows), default=0.0),
        "backward": max((layer.backward or 0.0 for layer, _, _ in rows), default=0.0),
    }
    body = []
    for (layer, _, _), cells in zip(rows, table):
        made = []
        for head, cell in zip(heads, cells):
            if head == "layer":
                made.append(f'<th class="w" scope="row" style="padding-left:{10 + 16 * layer.depth}px">{escape(cell)}</th>')
            elif head in _HEADS[:_TEXT_COLUMNS]:
                made.append(f'<td class="w k" title="{escape(layer.text, quote=True)}">{escape(cell)}</td>')
            else:
                made.append(f"<td>{escape(cell)}{_bar(layer, head, longest)}</td>")
        body.append(f"<tr>{''.join(made)}</tr>")
    words = _HEADS[:_TEXT_COLUMNS]
    head_row = "".join(f'<th{" class=w" if head in words else ""} scope="col">{head}</th>' for head in heads)
    foot = escape("\n".join(notes(summary)))
    return (
        f'<style>{_STYLE}</style><table class="adjoint-summary"><thead><tr>{head_row}</tr></thead>'
        f'<tbody>{"".join(body)}</tbody><tfoot><tr><td colspan="{len(heads)}">{foot}</td></tr></tfoot></table>'
    )


def _bar(layer: Layer, head: str, longest: dict[str, float]) -> str:
    """A bar as long as the layer's share of the time."""
    if not longest.get(head):
        return ""
    share = (getattr(layer, head) or 0.0) / longest[head]
    return f'<i class="{head[0]}" style="width:{40 * share:.1f}px"></i><i style="width:{40 - 40 * share:.1f}px;opacity:0"></i>'
