"""The recording: what a program did with tensors and what autograd did with the program, as plain data.

Lists in execution order; ids are indices into them.  :meth:`Recording.to_dict` and :meth:`Recording.from_dict` are its
JSON, in which numbers that JSON lacks are the strings ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from adjoint.files import write_text
from adjoint.viz.arrays import Summary, as_summary, finite

FORMAT = 1

OPERATOR, LEAF, INPUT, CONSTANT = "operator", "leaf", "input", "constant"
"""The kinds of nodes.  A leaf requires grad and was made by the user; an input needs no grad and was made before."""


@dataclass(slots=True)
class Line:
    """A statement of the user's program."""

    file: int
    number: int
    function: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        return {"file": self.file, "number": self.number, "function": self.function, "text": self.text}


@dataclass(slots=True)
class File:
    """A source file, of which ``lines`` has the lines that are named and two around each."""

    path: str
    name: str
    lines: dict[int, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, "name": self.name, "lines": {str(n): self.lines[n] for n in sorted(self.lines)}}


@dataclass(slots=True)
class Module:
    """A module that was called, or that holds one that was; ``path`` is from the outermost, which has none."""

    id: int
    path: str
    name: str
    kind: str
    parent: int | None = None
    text: str = ""
    parameters: int = 0
    same_as: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Output:
    """One result of a node."""

    shape: tuple[int, ...] | None
    dtype: str | None
    requires_grad: bool
    bytes: int = 0
    value: Summary | None = None
    name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "shape": None if self.shape is None else list(self.shape),
            "dtype": self.dtype,
            "requires_grad": self.requires_grad,
            "bytes": self.bytes,
            "value": _dict_of(self.value),
            "name": self.name,
        }


@dataclass(slots=True)
class Input:
    """What a node was called with: the result of another one."""

    node: int
    output: int
    argument: str
    requires_grad: bool
    derivative: str | None = None
    derivative_named: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Saved:
    """A tensor that a node keeps for the backward."""

    name: str
    of: int | None
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    value: Summary | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "of": self.of,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "bytes": self.bytes,
            "value": _dict_of(self.value),
        }


@dataclass(slots=True)
class Gradient:
    """The gradients that arrived at a node's outputs, and those that left it for its inputs, in the latest backward."""

    arrived: list[Summary | None]
    left: list[Summary | None]

    def to_dict(self) -> dict[str, Any]:
        return {"arrived": [_dict_of(s) for s in self.arrived], "left": [_dict_of(s) for s in self.left]}


@dataclass(slots=True)
class Node:
    """An operator that was called, or a tensor that was there before.  ``expression``: the user's words for its result,
    ``x + 2``, where they are its alone."""

    id: int
    kind: str
    name: str | None = None
    operator: str | None = None
    grad_fn: str | None = None
    module: int | None = None
    call: int | None = None
    line: Line | None = None
    expression: str | None = None
    outputs: list[Output] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    saved: list[Saved] = field(default_factory=list)
    gradient: Gradient | None = None
    forward_seconds: float | None = None
    backward_seconds: float | None = None
    phase: str = "forward"
    in_place: bool = False
    view_of: int | None = None
    grad: Summary | None = None
    """Of a leaf: its ``grad`` at the end."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "operator": self.operator,
            "grad_fn": self.grad_fn,
            "module": self.module,
            "call": self.call,
            "line": _dict_of(self.line),
            "expression": self.expression,
            "outputs": [o.to_dict() for o in self.outputs],
            "inputs": [i.to_dict() for i in self.inputs],
            "arguments": self.arguments,
            "saved": [s.to_dict() for s in self.saved],
            "gradient": _dict_of(self.gradient),
            "seconds": {"forward": self.forward_seconds, "backward": self.backward_seconds},
            "phase": self.phase,
            "in_place": self.in_place,
            "view_of": self.view_of,
            "grad": _dict_of(self.grad),
        }


@dataclass(slots=True)
class Backward:
    """One call of ``backward`` or ``grad``."""

    id: int
    root: int | None
    line: Line | None
    create_graph: bool

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "root": self.root, "line": _dict_of(self.line), "create_graph": self.create_graph}


@dataclass(slots=True)
class Step:
    """Something that happened, ``at`` seconds after the recording began."""

    at: float
    event: str
    node: int | None = None
    edge: tuple[int, int] | None = None
    backward: int | None = None
    bytes: int = 0
    saved_bytes: int = 0
    norm: float | None = None
    text: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "at": round(self.at, 9),
            "event": self.event,
            "node": self.node,
            "edge": None if self.edge is None else list(self.edge),
            "backward": self.backward,
            "bytes": self.bytes,
            "saved_bytes": self.saved_bytes,
            "norm": finite(self.norm),
            "text": self.text,
        }


@dataclass(slots=True, repr=False)
class Recording:
    """What was recorded, to be shown: ``explain()`` as text, ``show()`` as a page, and in notebooks as a picture."""

    title: str = ""
    program: str | None = None
    files: list[File] = field(default_factory=list)
    modules: list[Module] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    omitted: dict[str, int] = field(default_factory=lambda: {"nodes": 0, "values": 0})
    notes: list[str] = field(default_factory=list)
    """What a reader has to know: why something is not there."""
    dry: bool = False
    """Whether the gradients are those that a backward would send, which nobody has run."""

    def to_dict(self) -> dict[str, Any]:
        """The recording as one JSON object of Python dictionaries and lists."""
        return {
            "format": FORMAT,
            "title": self.title,
            "program": self.program,
            **{
                name: [x.to_dict() for x in getattr(self, name)]
                for name in ("files", "modules", "nodes", "backwards", "steps")
            },
            "omitted": dict(self.omitted),
            "notes": list(self.notes),
            "dry": self.dry,
        }

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Recording:
        """The recording of a JSON object.  Raises ValueError for one of another format, or with parts missing."""
        if not isinstance(given, dict):
            raise ValueError(f"not a recording, but a {type(given).__name__}")
        if given.get("format") != FORMAT:
            raise ValueError(f"not a recording of format {FORMAT}, but of {given.get('format')!r}")
        try:
            return cls._of_parts(given)
        except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise ValueError(f"this recording is damaged ({type(error).__name__}: {error})") from error

    @classmethod
    def _of_parts(cls, given: dict[str, Any]) -> Recording:
        return cls(
            given["title"],
            given["program"],
            [File(f["path"], f["name"], {int(n): text for n, text in f["lines"].items()}) for f in given["files"]],
            [Module(**m) for m in given["modules"]],
            [_node_from(n) for n in given["nodes"]],
            [Backward(b["id"], b["root"], _line_from(b["line"]), b["create_graph"]) for b in given["backwards"]],
            [_step_from(s) for s in given["steps"]],
            dict(given["omitted"]),
            list(given.get("notes", ())),
            given.get("dry", False),
        )

    def explain(self, rows: int | None = 40) -> Any:
        """The recording as a table in text, of about ``rows`` rows at most (None: all); see :func:`adjoint.viz.explain`."""
        return _rendering("table", "Explanation")(self, rows)

    def show(self, open: bool = True, path: str | os.PathLike[str] | None = None) -> Any:
        """Write the recording's page and open it; see :func:`adjoint.viz.show`."""
        return _rendering("showing", "show")(self, open=open, path=path)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The recording's page as text; see :func:`adjoint.viz.to_html`."""
        return _rendering("showing", "to_html")(self, path=path)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        operators = sum(n.kind == OPERATOR for n in self.nodes)
        title = f" {self.title!r}" if self.title else ""
        return f"<Recording{title}: {operators} operators, {len(self.backwards)} backwards; .explain() tells, .show() opens it>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: a picture whose boxes tell what is in them."""
        from adjoint.viz.notebook import mimebundle

        return mimebundle(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The recording as JSON text, which is also written to ``path`` if one is given."""
        text = json.dumps(self.to_dict(), separators=(",", ":"), allow_nan=False)
        if path is not None:
            write_text(path, text)
        return text

    def to_svg(self, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
        """The recording as a picture: see :func:`adjoint.viz.to_svg`."""
        from adjoint.viz.svg import to_svg

        return to_svg(self, path=path, **options)

    def to_dot(self, path: str | os.PathLike[str] | None = None, **options: Any) -> str:
        """The recording in Graphviz's language: see :func:`adjoint.viz.to_dot`."""
        from adjoint.viz.dot import to_dot

        return to_dot(self, path=path, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording's JSON to a file."""
        self.to_json(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recording:
        """The recording that :meth:`save` wrote.  Raises ValueError for a file that holds none, or is damaged."""
        with open(path, encoding="utf-8") as file:
            try:
                found = json.load(file)
            except RecursionError as error:
                raise ValueError("not a recording, but lists without end") from error
        return cls.from_dict(found)


def _rendering(module: str, name: str) -> Any:
    """What renders recordings is imported when it is first asked for, and is made of them."""
    return getattr(importlib.import_module(f"adjoint.viz.{module}"), name)


def _dict_of(thing: Any) -> Any:
    return None if thing is None else thing.to_dict()


def _line_from(given: Any) -> Line | None:
    return None if given is None else Line(**given)


def _node_from(given: dict[str, Any]) -> Node:
    gradient = given["gradient"]
    plain = "id kind name operator grad_fn module call expression arguments phase in_place view_of"
    rest = {name: given[name] for name in plain.split()}
    return Node(
        **rest,
        line=_line_from(given["line"]),
        outputs=[Output(**{**o, "shape": _shape(o["shape"]), "value": as_summary(o["value"])}) for o in given["outputs"]],
        inputs=[Input(**i) for i in given["inputs"]],
        saved=[Saved(**{**s, "shape": tuple(s["shape"]), "value": as_summary(s["value"])}) for s in given["saved"]],
        gradient=None
        if gradient is None
        else Gradient([as_summary(s) for s in gradient["arrived"]], [as_summary(s) for s in gradient["left"]]),
        forward_seconds=given["seconds"]["forward"],
        backward_seconds=given["seconds"]["backward"],
        grad=as_summary(given.get("grad")),
    )


def _shape(given: Any) -> tuple[int, ...] | None:
    return None if given is None else tuple(given)


def _step_from(given: dict[str, Any]) -> Step:
    edge = given["edge"]
    norm = given["norm"]
    norm = float(norm) if isinstance(norm, str) else norm
    return Step(**{**given, "edge": None if edge is None else tuple(edge), "norm": norm})
