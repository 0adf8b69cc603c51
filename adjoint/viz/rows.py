"""Rows: what a table of a recording says, row by row: an operator each, or a group of them that is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adjoint.viz import model, units
from adjoint.viz.arrays import Summary
from adjoint.viz.facts import label_of
from adjoint.viz.folding import Group, _opened, mark_equal_modules, shown_nodes, title, tree

FEW = 4  # numbers of an array that stand in a cell

_BIG = 10_000  # bytes from which on it is said how many are kept


@dataclass
class Row:
    """One row's cells; ``derivative`` and ``saved`` may take several lines.  ``kind``: "operator", "open" or "closed"."""

    number: str = ""
    line: str = ""
    operator: str = ""
    shape: str = ""
    values: str = ""
    derivative: list[str] = field(default_factory=list)
    saved: str = ""
    gradient: str = ""
    kind: str = "operator"
    depth: int = 0
    strange: bool = False  # whether the gradient has NaNs or infinities


@dataclass
class Rows:
    """The rows of a table; ``closed``: how many operators are in groups that are closed, ``left_out``: how many are not there."""

    rows: list[Row]
    closed: int = 0
    left_out: int = 0


def rows_of(recording: model.Recording, most: int | None) -> Rows:
    """The rows of a recording, about ``most`` at most; all of them, if None."""
    mark_equal_modules(recording.modules)
    shown = shown_nodes(recording)
    whole = most is None or len(shown) <= most
    root = tree(recording, repeats=not whole)
    builder = _Builder(recording, {node.id: i for i, node in enumerate(shown, 1)})
    if whole:
        builder.everything(root, 0)
    else:
        assert most is not None
        builder.some(root, 0, _opened(root, most, None))
    made = Rows(builder.rows, builder.closed)
    if most is not None and len(made.rows) > most + 4:
        head, tail = most * 2 // 3, most - most * 2 // 3
        made.left_out = len(made.rows) - head - tail
        made.rows = [*made.rows[:head], Row(kind="gap", line=f"… {made.left_out} rows"), *made.rows[-tail:]]
    return made


class _Builder:
    def __init__(self, recording: model.Recording, ranks: dict[int, int]) -> None:
        self.recording = recording
        self.nodes = recording.nodes
        self.modules = recording.modules
        self.ranks = ranks
        self.rows: list[Row] = []
        self.closed = 0
        self._line: tuple[int, int] | None = None  # the statement of the row before
        self._module: int | None = None
        self._ended = False  # whether the row before ended its statement
        self._inside = False  # whether the module's parents are in rows above

    def everything(self, group: Group, depth: int) -> None:
        """Rows for all that is in a group."""
        for item in group.items:
            if isinstance(item, Group):
                inner = self._header(item, depth)
                self.everything(item, inner)
            else:
                self.rows.append(self._operator(item, depth))

    def some(self, group: Group, depth: int, opened: set[int]) -> None:
        """Rows for a group's items, those that are not open as one row each."""
        for item in group.items:
            if not isinstance(item, Group):
                self.rows.append(self._operator(item, depth))
            elif id(item) not in opened and sum(1 for _ in item.nodes()) == 1:  # a module of one operator
                self.rows.append(self._operator(next(item.nodes()), depth))
            elif id(item) in opened:
                inner = self._header(item, depth)
                if item.kind == "repeat" and item.only is not None:  # the repeated module's own header says it all
                    self.some(item.only, inner, opened)
                else:
                    self.some(item, inner, opened)
                self.closed += sum(1 for _ in item.nodes()) - sum(1 for i in item.items for _ in _nodes(i))
            else:
                self.rows.append(self._closed(item, depth))

    def _header(self, group: Group, depth: int) -> int:
        """A row above an open group's; the depth of these."""
        items = [i for i in group.items if not isinstance(i, Group)]
        if len(items) == len(group.items) == 1 and group.count == 1:  # a module of one operator: its row has the name
            return depth
        text = f"▾ {self._name(group)}"
        lines = {_place(self.nodes[i]) for i in group.nodes()}
        if len(lines) == 1 and (place := lines.pop()) is not None and place != self._line:  # not written in lines of its own
            self._line = place
            line = self.nodes[next(group.nodes())].line
            assert line is not None
            text += f"    {line.text}"
        self.rows.append(Row(line=text, kind="open", depth=depth))
        self._inside = True
        self._module = group.module
        return depth + 1

    def _name(self, group: Group) -> str:
        name, kind = title(group, self.modules)
        times = f" ×{group.count}" if group.count > 1 else ""
        if not name and not kind:
            return f"the same{times}"
        return f"{name} {kind}{times}".strip()

    def _closed(self, group: Group, depth: int) -> Row:
        """A row for all that is in a closed group: its last result and what arrived there, the first's line."""
        numbers = list(group.nodes())
        self.closed += len(numbers)
        first, last = self.nodes[numbers[0]], self.nodes[numbers[-1]]
        saved = sum(s.bytes for n in numbers for s in self.nodes[n].saved)
        row = Row(
            f"{self.ranks[first.id]}–{self.ranks[last.id]}",
            f"▸ {self._name(group)}",
            f"{len(numbers)} operators",
            _shapes(last),
            saved=units.size(saved) if saved else "–",
            kind="closed",
            depth=depth,
        )
        row.gradient, row.strange = _gradient(last)
        self._line = _place(last)
        return row

    def _operator(self, number: int, depth: int) -> Row:
        node = self.nodes[number]
        row = Row(
            str(self.ranks[number]),
            self._where(node),
            _operator(node),
            _shapes(node),
            _values(node),
            derivatives(node, self.nodes),
            _saved(node, self.nodes),
            depth=depth,
        )
        row.gradient, row.strange = _gradient(node)
        return row

    def _where(self, node: model.Node) -> str:
        """The statement, where it is another one than that of the row before; else the module, where that is another; else
        which part of the statement it is."""
        module = self.modules[node.module] if node.module is not None else None
        changed = module is not None and bool(module.path) and module.id != self._module
        self._module = node.module
        place = _place(node)
        again, self._ended = self._ended, node.name is not None  # once its variable is assigned, it is run anew
        if node.line is not None and (place != self._line or again):
            self._line = place
            return node.line.text
        if changed:
            assert module is not None
            return f"{module.path if not self._inside else module.name} {module.kind}"
        if node.expression is not None:
            return f"  {node.expression}"
        return "" if module is not None else self._owner(node)

    def _owner(self, node: model.Node) -> str:
        """Where nobody saw modules: what has the parameters that a node uses."""
        for given in node.inputs:
            name = self.nodes[given.node].name or ""
            if self.nodes[given.node].kind == model.LEAF and name.count(".") > 0:
                return f"  {name.rpartition('.')[0]}"
        return ""


def _place(node: model.Node) -> tuple[int, int] | None:
    return None if node.line is None else (node.line.file, node.line.number)


def _nodes(item: int | Group) -> Iterator[int]:
    if isinstance(item, Group):
        yield from item.nodes()
    else:
        yield item


def _operator(node: model.Node) -> str:
    name = node.operator or (node.grad_fn or "").rpartition("::")[2].removesuffix("Backward0")
    return name + "_" if node.in_place and not name.endswith("_") else name


def _shapes(node: model.Node) -> str:
    shapes = [units.shape(o.shape) for o in node.outputs]
    return ", ".join(shapes) if len(shapes) < 3 or len(set(shapes)) > 1 else f"{len(shapes)} × {shapes[0]}"


def _values(node: model.Node) -> str:
    if len(node.outputs) != 1 or node.outputs[0].value is None:
        return ""
    return numbers(node.outputs[0].value) or ""


def numbers(summary: Summary) -> str | None:
    """An array's numbers, if they are few enough to stand in a cell."""
    array = summary.array
    if array is None or array.size > FEW or array.ndim > 1 or array.dtype.kind == "c":
        return None
    if array.dtype.kind == "b":
        return str(array.tolist())
    shown = [units.number(float(v)) for v in array.reshape(-1)]
    return shown[0] if array.ndim == 0 else f"[{', '.join(shown)}]"


def derivatives(node: model.Node, nodes: list[model.Node]) -> list[str]:
    """The formulas of a node's gradients, one a line; without the inputs' names where there is one formula for all."""
    if node.grad_fn is None:
        return ["not recorded"] if any(i.requires_grad for i in node.inputs) else ["–"]
    wanted = [i for i in node.inputs if i.requires_grad and i.derivative_named is not None]
    if not wanted:
        return ["–"]
    texts = list(dict.fromkeys(i.derivative_named or "" for i in wanted))
    if len(texts) == 1 and (len(wanted) > 1 or wanted[0] is node.inputs[0]):
        return texts
    return list(dict.fromkeys(f"{_label(node, i, nodes)}: {i.derivative_named}" for i in wanted))


def _label(node: model.Node, given: model.Input, nodes: list[model.Node]) -> str:
    """What an input is called before its formula."""
    source = nodes[given.node]
    name = source.outputs[given.output].name if given.output < len(source.outputs) else source.name
    return short(name) if name is not None else given.argument.replace("self", "input")


def short(name: str) -> str:
    """The last part of a parameter's path."""
    return name.rpartition(".")[2] if "(" not in name and "[" not in name else name


def _saved(node: model.Node, nodes: list[model.Node]) -> str:
    if not node.saved:
        return "–"
    names = []
    for saved in node.saved:
        label = label_of(nodes[saved.of]) if saved.of is not None and saved.of != node.id else node.name
        names.append(short(label) if label is not None and saved.of is not None else saved.name)
    total = sum(s.bytes for s in node.saved)
    return ", ".join(dict.fromkeys(names)) + (f" {units.size(total)}" if total >= _BIG else "")


def _gradient(node: model.Node) -> tuple[str, bool]:
    if node.gradient is None:
        return "–", False
    arrived = [s for s in node.gradient.arrived if s is not None]
    if not arrived:
        return "none arrived", False
    texts = [of_gradient(s) for s in arrived]
    return ", ".join(dict.fromkeys(texts)), any(s.nan or s.inf for s in arrived)


def of_gradient(summary: Summary) -> str:
    """A gradient: its numbers if they are few, else its shape and norm, and how much of it is no number."""
    few = numbers(summary)
    if few is not None:
        return few
    text = f"{units.shape(summary.shape)} |g| {units.number(summary.norm)}"
    for count, what in ((summary.nan, "NaN"), (summary.inf, "∞")):
        if count:
            text += f", {count} {what}"
    return text


def leaves(recording: model.Recording) -> list[Any]:
    """The leaves and inputs that a reader wants to know of, each name once, in the order of use."""
    found: dict[Any, model.Node] = {}
    used = {given.node for node in shown_nodes(recording) for given in node.inputs}
    for node in recording.nodes:
        if used and node.id not in used:
            continue
        if node.kind in (model.LEAF, model.INPUT) and (node.name is not None or node.kind == model.LEAF):
            found[node.name or node.id] = node
    return list(found.values())
