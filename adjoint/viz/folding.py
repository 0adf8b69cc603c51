"""Folding: a recording as a tree of modules and loops, and as a graph that is small enough to be read.

The tree follows the order of execution: a module's operators lie together, and what is done several times in a row, a
stack of equal blocks, the iterations of a loop, is one :class:`Group` with a count.  :func:`folded` opens that tree from
the top until the picture would have more boxes than a reader takes in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adjoint.viz.repeats import runs
from adjoint.viz.shown import Shown

# Lists of modules that are no layers: nobody calls them, and what they hold stands in the forward of their parent.
_LISTS = frozenset({"ModuleList", "ModuleDict"})


@dataclass
class Group:
    """Operators that belong together: a module's, the iterations of a loop, or (``kind="root"``) all of them.

    ``items`` are node ids and groups in the order of execution.  A repeat's items are those of its first time;
    ``others`` are those of the following ones, of the same structure.
    """

    kind: str  # "root", "module", "repeat"
    items: list[int | Group] = field(default_factory=list)
    module: int | None = None
    count: int = 1
    others: list[list[int | Group]] = field(default_factory=list)
    word: Hashable = ()  # equal for groups of the same structure

    def nodes(self) -> Iterator[int]:
        """The ids of all operators in it, those of every repetition included."""
        for items in (self.items, *self.others):
            for item in items:
                if isinstance(item, Group):
                    yield from item.nodes()
                else:
                    yield item

    @property
    def only(self) -> Group | None:
        """The group that is all of this one's content (of each repetition), None if there is more or less."""
        return self.items[0] if len(self.items) == 1 and isinstance(self.items[0], Group) else None


def mark_equal_modules(modules: Any) -> None:
    """Fill ``same_as`` of a recording's modules: the first sibling before it that has the same structure, or None.

    The structure is a module's kind, its own text (sizes), and that of its children; names don't count.
    """
    children: dict[int | None, list[Any]] = {}
    for module in modules:
        children.setdefault(module.parent, []).append(module)
    words: dict[int, Hashable] = {}
    for module in reversed(modules):  # children come after their parents
        words[module.id] = (module.kind, _own_text(module), *(words[child.id] for child in children.get(module.id, ())))
    for siblings in children.values():
        first: dict[Hashable, int] = {}
        for module in siblings:
            known = first.setdefault(words[module.id], module.id)
            module.same_as = None if known == module.id else known


def shown_nodes(recording: Any) -> list[Any]:
    """The operators that a picture of the computation shows, in the order of execution (:mod:`.shown`)."""
    return [recording.nodes[node] for node in Shown(recording).operators]


def tree(recording: Any, *, repeats: bool = True, shown: Shown | None = None) -> Group:
    """The recording's operators as a tree of modules, with what repeats in a row as one group (``repeats=False``: not)."""
    root = Group("root")
    shown = shown or Shown(recording)
    parents = {module.id: module for module in recording.modules}
    open_groups: list[tuple[Group, int | None]] = []  # from the outermost module that is being run to the innermost
    for node in map(recording.nodes.__getitem__, shown.operators):
        path = _modules_around(node.module, parents)
        kept = 0
        for (group, call), module in zip(open_groups, path):
            innermost = module == node.module
            if group.module != module or (innermost and call is not None and call != node.call):
                break
            kept += 1
        del open_groups[kept:]
        for module in path[kept:]:
            group = Group("module", module=module)
            (open_groups[-1][0] if open_groups else root).items.append(group)
            open_groups.append((group, None))
        if open_groups and open_groups[-1][0].module == node.module:
            open_groups[-1] = (open_groups[-1][0], node.call)
        (open_groups[-1][0] if open_groups else root).items.append(node.id)
    _Words(recording, repeats).settle(root)
    return root


def _modules_around(module: int | None, modules: dict[int, Any]) -> list[int]:
    """The modules that an operator ran in, the outermost first, without mere lists."""
    path: list[int] = []
    while module is not None:
        if modules[module].kind not in _LISTS:
            path.append(module)
        module = modules[module].parent
    return path[::-1]


def _own_text(module: Any) -> str:
    """A module's own sizes: its text without its children's and without its name."""
    return str(module.text or "").split("\n", 1)[0]


class _Words:
    """Gives every item of a tree its word, and folds what repeats."""

    def __init__(self, recording: Any, repeats: bool) -> None:
        self._nodes = recording.nodes
        self._modules = recording.modules
        self._repeats = repeats

    def settle(self, group: Group) -> None:
        for item in group.items:
            if isinstance(item, Group):
                self.settle(item)
        if self._repeats:
            group.items = list(self._fold(group.items))
        if group.module is not None:
            module = self._modules[group.module]
            group.word = (module.kind, _own_text(module), *map(self._word, group.items))

    def _word(self, item: int | Group) -> Hashable:
        """What an item is: the same for the same operator of two equal modules, wherever they were called."""
        return item.word if isinstance(item, Group) else self._nodes[item].operator

    def _word_and_line(self, item: int | Group) -> Hashable:
        """What an item of one scope is: two operators are iterations of a loop only if they're on the same line."""
        if isinstance(item, Group):
            return item.word
        node = self._nodes[item]
        return node.operator, node.line and (node.line.file, node.line.number)

    def _fold(self, items: list[int | Group]) -> Iterator[int | Group]:
        words = [self._word_and_line(item) for item in items]
        numbers: dict[Hashable, int] = {}
        least = [2 if isinstance(item, Group) else 3 for item in items]
        for run in runs([numbers.setdefault(word, len(numbers)) for word in words], least):
            starts = [run.start + run.period * k for k in range(run.times)]
            times = [items[start : start + run.period] for start in starts]
            if run.times == 1:
                yield from times[0]
                continue
            folded_times = [list(self._fold(once)) if run.period > 1 else once for once in times]
            word = ("repeat", run.times, *map(self._word, folded_times[0]))
            yield Group("repeat", folded_times[0], count=run.times, others=folded_times[1:], word=word)


# What a picture shows.


@dataclass
class Box:
    """One box: an operator, a leaf, an input, or a closed group with all that is in it."""

    id: int
    kind: str  # "operator", "leaf", "input", "constant", "module", "repeat"
    nodes: list[int]  # recorded nodes that it stands for; of an operator that repeats, those of every repetition
    group: Group | None = None  # what is closed in it
    module: int | None = None  # the module whose only operator it is
    count: int = 1
    cluster: int | None = None
    parameters: list[int] = field(default_factory=list)  # leaves that are used in it alone


@dataclass
class Cluster:
    """A group that is open: a frame around the boxes of its content."""

    id: int
    group: Group
    parent: int | None
    handed_on: list[int] = field(default_factory=list)  # of a loop: boxes whose results its next iteration uses


@dataclass
class Edge:
    """What flows from a box to another; ``uses`` are the recorded ``(node, input index)`` that it stands for."""

    source: int
    target: int
    uses: list[tuple[int, int]] = field(default_factory=list)
    gradient: bool = False  # whether a gradient flows back along it


@dataclass
class Folded:
    """A graph of boxes, in the order of execution, with clusters around them.  ``whole``: nothing in it is closed."""

    boxes: list[Box] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    whole: bool = True
    root: Group | None = None  # what it is the inside of


def folded(recording: Any, limit: int = 20, depth: int | None = None, *, group: Group | None = None) -> Folded:
    """The recording as a graph of at most about ``limit`` boxes (leaves and inputs come on top).

    Modules and loops are opened from the outermost on, the larger first, as long as their content fits; none lies deeper
    than ``depth`` (0: the top level alone).  A recording with at most ``limit`` operators is shown whole.  ``group``: a closed
    one of another folding of this recording, whose inside is shown alone.
    """
    shown = Shown(recording)
    whole = group is None and depth is None and len(shown.operators) <= limit
    root = group or tree(recording, repeats=not whole, shown=shown)
    opened = _opened(root, limit, depth, () if whole else recording.modules)
    picture = Folded(root=root)
    holders: dict[int, int] = {}  # node -> its box
    _lay_out(root, None, opened, root.count, picture, holders)
    if not shown.operators:  # a tensor that nothing was done to is a box all the same
        picture.boxes = [Box(i, node.kind, [node.id]) for i, node in enumerate(recording.nodes[:limit]) if node.kind != "operator"]
    picture.whole = all(box.group is None and box.count == 1 for box in picture.boxes)
    _draw_edges(recording, picture, holders, shown)
    return picture


def _opened(root: Group, limit: int, depth: int | None, modules: Sequence[Any] = ()) -> set[int]:
    """Which groups are open, by identity: the outermost first, as long as there is room.

    Of ``modules``, those that have none inside and run up to three operators stay closed: a Linear is known by its name.
    """
    opened = {id(root)}
    while (only := root.only) is not None:
        opened.add(id(only))
        root = only
    parents = {module.parent for module in modules}
    known = {module.id for module in modules if module.id not in parents}
    total = len(root.items)
    waiting = [(1, item) for item in root.items if isinstance(item, Group)]
    while waiting:
        waiting.sort(key=lambda entry: (entry[0], -sum(1 for _ in entry[1].nodes())))
        level, group = waiting.pop(0)
        chain = [group]  # a group that is all of another's content is opened together with it
        while (inner := chain[-1].only) is not None:
            chain.append(inner)
        more = len(chain[-1].items) - 1
        if more < 3 and chain[-1].module in known:
            continue
        if more == 0 or total + more > limit or (depth is not None and level > depth):
            continue
        total += more
        opened.update(map(id, chain))
        waiting += [(level + 1, item) for item in chain[-1].items if isinstance(item, Group)]
    return opened


def _lay_out(
    group: Group, cluster: int | None, opened: set[int], count: int, picture: Folded, holders: dict[int, int]
) -> None:
    """Give every item of an open group its box, or its cluster."""
    for position, item in enumerate(group.items):
        twins = [items[position] for items in group.others]
        if isinstance(item, Group) and id(item) in opened:
            inner = cluster
            if group.kind != "repeat" or group.only is None:  # a repeated module has one frame, with its count
                inner = len(picture.clusters)
                picture.clusters.append(Cluster(inner, item, cluster))
            before = len(picture.boxes)
            _lay_out(item, inner, opened, count * item.count, picture, holders)
            boxes = picture.boxes[before:]
        else:
            boxes = [_boxed(item, len(picture.boxes), cluster, count)]
            picture.boxes += boxes
        for box in boxes:
            for node in box.nodes:
                holders[node] = box.id
        for twin in twins:
            _hold_as(item, twin, holders)
    if group.others:
        by_box: dict[int, list[int]] = {}
        for node in group.nodes():
            by_box.setdefault(holders[node], []).append(node)
        for box_id, nodes in by_box.items():
            picture.boxes[box_id].nodes = nodes


def _boxed(item: int | Group, id: int, cluster: int | None, count: int) -> Box:
    if not isinstance(item, Group):
        return Box(id, "operator", [item], cluster=cluster, count=count)
    nodes = list(item.nodes())
    if item.kind == "module" and len(nodes) == 1:  # a module of one operator: the operator, named for the module
        return Box(id, "operator", nodes, module=item.module, cluster=cluster, count=count)
    return Box(id, item.kind, nodes, group=item, module=item.module, cluster=cluster, count=count)


def _hold_as(item: int | Group, twin: int | Group, holders: dict[int, int]) -> None:
    """Have a repetition's nodes stand where those of the first time do."""
    first = item.nodes() if isinstance(item, Group) else iter((item,))
    again = twin.nodes() if isinstance(twin, Group) else iter((twin,))
    for node, other in zip(first, again):
        holders[other] = holders[node]


def _draw_edges(recording: Any, picture: Folded, holders: dict[int, int], shown: Shown) -> None:
    """The edges between boxes, and boxes for what comes from outside: leaves, inputs, constants."""
    order = sorted(holders)
    users: dict[int, list[int]] = {}  # what stands for a leaf or an input -> boxes that use it
    latest: dict[int, int] = {}  # ... -> the node that has its name and its gradient
    for node in order:
        for use in recording.nodes[node].inputs:
            if use.node not in holders:
                origin, _ = shown.outside(use.node)
                latest[origin] = max(use.node, latest.get(origin, 0))
                boxes = users.setdefault(origin, [])
                if holders[node] not in boxes:
                    boxes.append(holders[node])
    alike: dict[Hashable, int] = {}  # what each time of a loop brings anew, a batch, a label: one box for all of them
    outside: dict[int, int] = {}  # what stands for a leaf or an input -> its box
    for origin, boxes in users.items():
        node = latest[origin]
        word = (recording.nodes[node].name, *boxes) if all(picture.boxes[user].count > 1 for user in boxes) else origin
        if word in alike:
            picture.boxes[alike[word]].nodes.append(node)
            picture.boxes[alike[word]].count += shown.outside(node)[1] != "leaf"  # a parameter is one, however often written to
            outside[origin] = alike[word]
        elif (box := _place_outside(recording, picture, shown, node, boxes)) is not None:
            alike[word] = outside[origin] = box.id
    edges: dict[tuple[int, int], Edge] = {}
    for node in order:
        target = holders[node]
        for index, use in enumerate(recording.nodes[node].inputs):
            source = holders.get(use.node, outside.get(shown.outside(use.node)[0]))
            if source is None or source == target:
                continue
            edge = edges.setdefault((source, target), Edge(source, target))
            edge.uses.append((node, index))
            edge.gradient |= bool(use.requires_grad and recording.nodes[node].grad_fn)
    picture.edges = list(_without_ways_back(edges, picture))


def _without_ways_back(edges: dict[tuple[int, int], Edge], picture: Folded) -> Iterator[Edge]:
    """What a loop hands to its own next iteration goes upwards in a folded picture: its frame says so, no arrow does."""
    outside = {box.id for box in picture.boxes if box.kind in ("leaf", "input", "constant")}
    for (source, target), edge in edges.items():
        if source in outside or source < target:
            yield edge
            continue
        around = _clusters_around(picture.boxes[source], picture)
        frame = next((c for c in reversed(_clusters_around(picture.boxes[target], picture)) if c in around), None)
        if frame is not None and source not in picture.clusters[frame].handed_on:
            picture.clusters[frame].handed_on.append(source)


def _place_outside(recording: Any, picture: Folded, shown: Shown, node: int, users: list[int]) -> Box | None:
    """A leaf or an input: inside of the closed box that alone uses it, if it is a module's own; else a box of its own."""
    _, kind = shown.outside(node)
    user = picture.boxes[users[0]]
    owner = shown.owner(node)
    inner = shown.is_shown(node)  # of a part of the recording: what comes in from the rest
    unnamed = kind == "input" and recording.nodes[node].name is None
    unnamed = unnamed and (user.group is not None or user.count > 1 or _has_other_operands(recording, shown, user, node))
    own = not inner and (owner is not None or kind == "constant" or unnamed)
    closed = user.group is not None or user.count > 1 or (user.module is not None and not picture.whole)
    if len(users) == 1 and own and closed:
        if kind == "leaf":
            user.parameters.append(node)
        return None
    box = Box(len(picture.boxes), kind, [node])
    if owner is not None and not inner:
        around = [_clusters_around(picture.boxes[user], picture) for user in users]
        common = [cluster for cluster in around[0] if all(cluster in others for others in around)]
        box.cluster = common[-1] if common else None
    picture.boxes.append(box)
    return box


def _has_other_operands(recording: Any, shown: Shown, user: Box, node: int) -> bool:
    """Whether an operator is about something else: a mask of its own making is not what a dropout is about, data is."""
    uses = recording.nodes[user.nodes[0]].inputs
    return any(use.node != node and shown.outside(use.node)[1] != "leaf" for use in uses)


def _clusters_around(box: Box, picture: Folded) -> list[int]:
    around: list[int] = []
    cluster = box.cluster
    while cluster is not None:
        around.append(cluster)
        cluster = picture.clusters[cluster].parent
    return around[::-1]


def title(group: Group, modules: Any, inside: str = "") -> tuple[str, str]:
    """How a group is called: its name and its kind, ``("layer1.0", "BasicBlock")``, ``("h.0 … 11", "Block")``.

    ``inside`` is the path of the module around it, which isn't repeated.  A loop's name is empty, for the lines that it runs
    are known to the recording's nodes alone.
    """
    if group.module is not None:
        module = modules[group.module]
        return relative(module.path, inside), module.kind
    if group.kind == "repeat" and (inner := group.only) is not None and inner.module is not None:
        last = group.others[-1][0]
        assert isinstance(last, Group) and last.module is not None
        first, end = modules[inner.module].path, modules[last.module].path
        name = relative(first, inside)
        return name if first == end else f"{name} … {end.rpartition('.')[2]}", modules[inner.module].kind
    return "", ""


def relative(path: str, inside: str) -> str:
    """A module's or a parameter's path as seen from another module; at most its last two parts.

    >>> relative("transformer.h.0.mlp.c_fc", "transformer.h.0"), relative("transformer.h.0.ln_1.weight", "")
    ('mlp.c_fc', 'ln_1.weight')
    """
    if inside and path.startswith(inside + "."):
        path = path[len(inside) + 1 :]
    return ".".join(path.split(".")[-2:])


def lines_of(nodes: Iterable[int], recording: Any) -> str:
    """The lines that some nodes were written on: ``"line 12"``, ``"lines 12-15"``; empty if none is known."""
    lines = [node.line for i in nodes if (node := recording.nodes[i]).line is not None]
    if not lines:
        return ""
    numbers = [line.number for line in lines if line.file == lines[0].file]
    low, high = min(numbers), max(numbers)
    return f"line {low}" if low == high else f"lines {low}-{high}"
