"""Graph: the recording's nodes, made of calls or of autograd's nodes, and which of them a tensor came from."""

from __future__ import annotations

import time
import weakref
from types import FrameType
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output as GraphOutput
from adjoint.autograd.saved import is_freed
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import CopySlices
from adjoint.kernels.deferred import forced
from adjoint.tensor import NO_EDGE, Tensor, version_of
from adjoint.viz import model, names
from adjoint.viz.arrays import Summary, summary_of
from adjoint.viz.calls import Call
from adjoint.viz.facts import facts_of, write_derivatives
from adjoint.viz.finder import Finder
from adjoint.viz.folding import mark_equal_modules
from adjoint.viz.lines import Sources
from adjoint.viz.memory import Memory
from adjoint.viz.nodes import dtype_name, edge_names, public_name, saved_of, targets_of, way_along, way_of
from adjoint.viz.recomputed import recompute
from adjoint.viz.writes import Writes

_REST = "what was left out"
_IMAGES = 6 << 20  # pixels of pictures in a recording


class Graph:
    """The nodes so far.  Tensors and autograd's nodes are known weakly: the recording keeps nothing alive."""

    def __init__(self, recording: model.Recording, sources: Sources, most: int) -> None:
        self.recording = recording
        self.nodes = recording.nodes
        self.sources = sources
        self.most = most
        self.memory = Memory()
        self.began = time.perf_counter()
        self.home: FrameType | None = None  # where the recording was begun: names are looked for from there
        self.paths: dict[int, tuple[Any, str, int]] = {}  # id of a parameter -> reference, its path in its model, its module
        self._facts: dict[int, tuple[Any, dict[str, Any]]] = {}  # node -> the row of its derivative, and what that knows
        self._at: tuple[int, int, int] = (-1, -1, -1)  # the frame and the instruction of the latest call, and its node
        self._ways: set[Any] = set()  # by which operators of that evaluation were called
        self.wanted: dict[int, list[int]] = {}  # node -> of each of the graph node's edges, which input it is
        self._tensors: dict[int, tuple[Any, int, int, int]] = {}  # id -> reference, node, output, version (of a leaf)
        self._known: dict[int, tuple[Any, int]] = {}  # id of an autograd node -> reference, node
        self._recent: dict[int, tuple[Any, Summary]] = {}  # gradients on their way: id of the array -> reference, summary
        self._images = _IMAGES
        self.names = Finder(sources)
        self.writes = Writes(self)
        self._written: set[int] = set()  # nodes whose tensors may not be what they were when they were used

    # What happens

    def has_room(self) -> bool:
        """Whether there may be more nodes; counts those that may not."""
        if len(self.nodes) < self.most:
            return True
        self.recording.omitted["nodes"] += 1
        return False

    def step(self, event: str, node: int | None = None, **more: Any) -> model.Step:
        """Note that something happened now."""
        at = time.perf_counter() - self.began
        made = model.Step(at, event, node, bytes=self.memory.live, saved_bytes=self.memory.saved, **more)
        self.recording.steps.append(made)
        return made

    def add_call(self, call: Call, frame: FrameType | None, target: Tensor | None, module: Any, phase: str, way: Any) -> model.Node:
        """A node for a call of an operator at the user's ``frame``, from where a ``way`` led to it; ``target`` is what its
        result is written into."""
        inputs = []
        frames: list[FrameType] | None = None
        known, view = len(self.nodes), bool(getattr(call.operator, "view", False))
        for name, tensor in call.tensors:
            source, output = self.source_of(tensor)
            if self.nodes[source].kind == model.LEAF and source >= known:
                self.writes.made(self.nodes[source])
            called = None
            if self.writes.used(tensor, source, known, target, phase, view):
                called, self.nodes[source].name, self.nodes[source].outputs[0].name = self.nodes[source].name, None, None
                self._place(self.nodes[source], tensor)
            inputs.append(model.Input(source, output, name, tensor._edge is not NO_EDGE and tensor.requires_grad))
            if self.nodes[source].outputs[output].name is None and frame is not None:
                frames = names.frames_around(frame, self.home) if frames is None else frames
                self._name(source, output, tensor, frames)
            if called is not None and self.nodes[source].name is None:
                self.call_it(source, output, called)
        node = self._new(model.OPERATOR)
        node.operator = public_name(call.name)
        node.inputs = inputs
        node.arguments = call.arguments
        node.phase = phase
        if frame is not None:
            node.line = self.sources.of_frame(frame)
            at = (id(frame), frame.f_lasti)
            if at != self._at[:2] or (way, module) in self._ways:  # evaluated anew
                self._ways.clear()
            elif self._ways:  # one expression, several operators: it is the last one's
                self.nodes[self._at[2]].expression = None
            self._ways.add((way, module))
            node.expression = self.sources.expression(frame)
            self._at = (*at, node.id)
        if module is not None:
            node.module, node.call = module
        for i, made in enumerate(call.made):
            node.outputs.append(self.output_of(made))
            view_of_data = made._view is not None and (made._edge is NO_EDGE or made._edge is None)
            version = version_of(made) if view_of_data else -1
            self._tensors[id(made)] = weakref.ref(made), node.id, i, version
            self.memory.result(made)
        edge = next((t._edge for t in call.made if t._edge is not NO_EDGE and t._edge is not None), None)
        recorded: Any = edge.node if edge.__class__ is GraphOutput else edge  # type: ignore[union-attr]
        if recorded is not None and not self._is_known(recorded):
            self._recorded(node, recorded, call)
        if view and inputs:
            node.view_of = inputs[0].node
        if target is not None:
            node.in_place = True
            self.writes.write(target, node, recorded is not None)
        return node

    def _recorded(self, node: model.Node, recorded: GraphNode, call: Call) -> None:
        """Note what autograd recorded of a call: its node, where gradients go, and what it saved."""
        self._known[id(recorded)] = weakref.ref(recorded), node.id
        node.grad_fn = recorded.name()
        self._facts[node.id] = getattr(type(recorded), "operator", None), facts_of(recorded)
        places: dict[Any, list[int]] = {}  # by where a gradient goes: the inputs that it may be of, the first one last
        for i in range(len(call.tensors) - 1, -1, -1):
            places.setdefault(way_of(call.tensors[i][1]), []).append(i)
        ways = [None if edge is NO_EDGE else way_along(edge) for edge in recorded._edges]
        self.wanted[node.id] = [places[way].pop() if way is not None and places.get(way) else -1 for way in ways]
        self._save(node, recorded, call)

    def _save(self, node: model.Node, recorded: GraphNode, call: Call | None) -> None:
        arrays = []
        for name, saved in saved_of(recorded):
            array = saved._array
            if not isinstance(array, np.ndarray):
                array = getattr(array, "array", None)
                if not isinstance(array, np.ndarray):
                    continue
            arrays.append(array)
            of, value = self._owner_of(saved, node, call)
            shape, kind = saved._array.shape, dtype_name(array)
            node.saved.append(model.Saved(name, of, tuple(shape), kind, array.nbytes, value or self.summary(array)))
        self.memory.saves(recorded, arrays)

    def _owner_of(self, saved: Any, node: model.Node, call: Call | None) -> tuple[int | None, Summary | None]:
        """The node whose result a saved tensor is, and what it looks like."""
        for i, made in enumerate(call.made if call is not None else ()):
            if made._array is saved._array:
                return node.id, node.outputs[i].value
        found = self.known_source(saved) if isinstance(saved, Tensor) else None
        if found is None:
            return None, None
        return found[0], self.nodes[found[0]].outputs[found[1]].value

    def gradient(self, graph_node: GraphNode, arrived: list[Any], grads: Any, backward: int) -> None:
        """A node was run: gradients arrived at its outputs, and left along its edges."""
        number = self.node_of(graph_node)
        node = self.nodes[number]
        came = [self._of_gradient(g) for g in arrived]
        if len(self._recent) > 256:
            self._recent.clear()
        if len(came) < len(node.outputs):  # some of them have no gradients
            given = iter(came)
            came = [next(given, None) if output.requires_grad else None for output in node.outputs]
        for output, summary in zip(node.outputs, came):  # which has its shape, where nobody saw it being made
            if output.shape is None and summary is not None:
                output.shape, output.dtype = summary.shape, summary.dtype
        left: list[Summary | None] = [None] * (0 if node.kind == model.LEAF else len(node.inputs))
        node.gradient = model.Gradient(came, left)
        if isinstance(graph_node, AccumulateGrad):
            self.step("accumulate", number, backward=backward, norm=None if came[0] is None else came[0].norm)
            return
        for place, edge, grad in zip(self.wanted.get(number, ()), graph_node._edges, grads):
            if edge is NO_EDGE or grad is None:
                continue
            summary = self._of_gradient(grad)
            if place >= 0:
                left[place] = summary
            if grad.__class__ is np.ndarray and summary is not None:  # it arrives as it is where nothing is added to it
                self._recent[id(grad)] = weakref.ref(grad), summary
            target = edge.node if edge.__class__ is GraphOutput else edge
            if isinstance(target, GraphNode) and len(self.nodes) < self.most:
                norm = None if summary is None else summary.norm
                way = (number, place) if place >= 0 else None
                self.step("arrive", self.node_of(target), edge=way, backward=backward, norm=norm)

    def _of_gradient(self, g: Any) -> Summary | None:
        if g is None:
            return None
        array = g.tensor._array if g.__class__ is Taped else forced(g)
        array = getattr(array, "array", array) if not isinstance(array, np.ndarray) else array
        return self.summary(array) if isinstance(array, (np.ndarray, np.generic)) else None

    def learn(self, node: int, output: int, tensor: Tensor) -> None:
        """What an output is like, of a node that nobody saw being made, from a tensor that is it."""
        known = self.nodes[node].outputs[output]
        if getattr(tensor, "_writes", None) is not None and tensor._writes.count:  # type: ignore[union-attr]
            self._written.add(node)
        if known.value is None:
            made = self.output_of(tensor)
            known.shape, known.dtype, known.bytes, known.value = made.shape, made.dtype, made.bytes, made.value

    def recompute(self) -> None:
        """Fill in the results that can be known, though nobody saw or kept them."""
        for number, (operator, facts) in self._facts.items():
            node = self.nodes[number]
            if not any(given.node in self._written for given in node.inputs):
                recompute(node, self.nodes, operator, facts)

    # Where tensors come from

    def source_of(self, tensor: Tensor) -> tuple[int, int]:
        """The node whose output a tensor is, and which output; one that was made outside becomes a leaf or an input."""
        edge = tensor._edge
        if edge is not None and edge is not NO_EDGE:
            graph_node = edge.node if edge.__class__ is GraphOutput else edge
            if isinstance(graph_node, GraphNode):
                index = edge.index if edge.__class__ is GraphOutput else 0
                known = self._tensors.get(id(tensor))
                if known is not None and known[0]() is tensor and known[1] == self._id_if_known(graph_node):
                    return known[1], known[2]
                number = self.node_of(graph_node)
                return number, min(index, len(self.nodes[number].outputs) - 1)
        found = self._known_of(tensor)
        if found is not None:
            written = self.writes.source_of(tensor, found)
            if written is not None:
                return written
            if found[3] in (-1, version_of(tensor)):
                return found[1], found[2]
        if tensor._stale:
            edge = tensor._find_edge()
            if edge is not None and edge is not NO_EDGE:
                return self.source_of(tensor)
        return self._outside(tensor), 0

    def _outside(self, tensor: Tensor) -> int:
        """A node for a tensor that was made before, or in a way that nobody sees."""
        leaf = tensor.requires_grad
        node = self._new(model.LEAF if leaf else model.INPUT)
        node.grad_fn = "AccumulateGrad" if leaf else None
        node.outputs.append(self.output_of(tensor))
        if version_of(tensor):
            self._written.add(node.id)
        self._tensors[id(tensor)] = weakref.ref(tensor), node.id, 0, version_of(tensor)
        self._place(node, tensor)
        return node.id

    def _place(self, node: model.Node, tensor: Tensor) -> None:
        """A module's parameter or buffer has its path there."""
        known = self.paths.get(id(tensor))
        if known is not None and known[0]() is tensor:
            node.module = known[2]
            self.call_it(node.id, 0, known[1])

    def node_of(self, graph_node: GraphNode) -> int:
        """The recording's node of one of autograd's; with its history, if it was recorded before anybody looked."""
        found = self._id_if_known(graph_node)
        if found is not None:
            return found
        if isinstance(graph_node, AccumulateGrad):
            return self.source_of(graph_node.variable)[0]
        if len(self.nodes) >= self.most:
            return self._left_out()
        waiting = [graph_node]
        while waiting:  # edges lead to earlier nodes: first those, then this one
            one = waiting[-1]
            unknown = [n for n in targets_of(one) if self._id_if_known(n) is None and not isinstance(n, AccumulateGrad)]
            if unknown and len(self.nodes) + len(waiting) < self.most:
                waiting += unknown
                continue
            waiting.pop()
            if self._id_if_known(one) is None:
                self._adopt(one)
        return self._known[id(graph_node)][1]

    def _left_out(self) -> int:
        """The node that stands for all that there was no room for."""
        last = self.nodes[-1]
        if last.name != _REST:
            last = self._new(model.INPUT)
            last.name = _REST
            last.outputs.append(model.Output(None, None, False, name=_REST))
        return last.id

    def _adopt(self, graph_node: GraphNode) -> model.Node:
        """A node for one of autograd's whose call nobody saw: from its edges, and from what it saved."""
        operator = getattr(type(graph_node), "operator", None)
        inputs = []
        places: list[str | None] = []  # of each edge, the argument that it belongs to
        for name, edge in zip(edge_names(graph_node, operator), graph_node._edges):
            if edge is NO_EDGE:
                places.append(None)
                continue
            target = edge.node if edge.__class__ is GraphOutput else edge
            is_leaf = isinstance(target, AccumulateGrad)
            source = self.source_of(target.variable)[0] if is_leaf else self.node_of(target)  # type: ignore[attr-defined, arg-type]
            output = min(getattr(edge, "index", 0), len(self.nodes[source].outputs) - 1)
            inputs.append(model.Input(source, output, name, True))
            places.append(name)
        if isinstance(graph_node, CopySlices) and not is_freed(graph_node._kept):  # it keeps the node of what was written
            part = self._id_if_known(graph_node._kept[0])
            if part is not None:
                inputs.append(model.Input(part, 0, "written", False))
        saved = saved_of(graph_node)
        self._learn_of_saved(saved, operator, inputs)
        node = self._new(model.OPERATOR)
        node.operator = public_name(operator.name) if operator is not None else None
        node.grad_fn = graph_node.name()
        node.inputs = inputs
        self._known[id(graph_node)] = weakref.ref(graph_node), node.id
        facts = facts_of(graph_node)
        self._facts[node.id] = operator, facts
        if operator is not None:
            node.arguments = {p.name: repr(facts[p.name]) for p in operator.values if facts.get(p.name) is not None}
            node.arguments |= {p.name: repr(facts[p.name]) for p in operator.arrays if p.name in facts}
        positions = {given.argument: i for i, given in enumerate(inputs)}
        self.wanted[node.id] = [-1 if name is None else positions[name] for name in places]
        forms = graph_node.__dict__.get("_forms")
        for i in range(graph_node._outputs):
            form = forms[i] if forms is not None and i < len(forms) else None
            dtype = None if form is None else str(dtypes.OF_ARRAY[form[1]]).rpartition(".")[2]
            node.outputs.append(model.Output(None if form is None else tuple(form[0]), dtype, True))
        self._save(node, graph_node, None)
        self._learn_of_results(node, saved, operator)
        return node

    def _learn_of_saved(self, saved: list[tuple[str, Any]], operator: Any, inputs: list[model.Input]) -> None:
        """From the inputs that a node saved: what they are like, and those that need no gradient, which no edge tells of."""
        order = [p.name for p in operator.arrays] if operator is not None else []
        known = {given.argument: given for given in inputs}
        for name, tensor in saved:
            given = known.get(name)
            if not isinstance(tensor, Tensor):
                continue
            if given is not None:
                self.learn(given.node, given.output, tensor)
            elif name in order and tensor._edge is NO_EDGE:
                inputs.append(model.Input(*self.source_of(tensor), name, False))
        if order:
            inputs.sort(key=lambda i: order.index(i.argument.partition("[")[0]) if i.argument.partition("[")[0] in order else 99)

    def _learn_of_results(self, node: model.Node, saved: list[tuple[str, Any]], operator: Any) -> None:
        made = operator.outputs if operator is not None and isinstance(operator.outputs, tuple) else ("result",)
        for name, tensor in saved:
            if name in made and made.index(name) < len(node.outputs):
                self.learn(node.id, made.index(name), tensor)
                for kept in node.saved:
                    if kept.name == name:
                        kept.of = node.id

    def _is_known(self, graph_node: Any) -> bool:
        return self._id_if_known(graph_node) is not None

    def _id_if_known(self, graph_node: Any) -> int | None:
        known = self._known.get(id(graph_node))
        return known[1] if known is not None and known[0]() is graph_node else None

    # Parts

    def _new(self, kind: str) -> model.Node:
        node = model.Node(len(self.nodes), kind)
        self.nodes.append(node)
        return node

    def output_of(self, tensor: Tensor) -> model.Output:
        """A tensor as an output."""
        array = tensor._array
        kind = dtype_name(array)
        if isinstance(array, np.ndarray):
            return model.Output(array.shape, kind, tensor.requires_grad, array.nbytes, self.summary(array))
        inner = getattr(array, "array", None)  # of a vmap: all samples
        bytes_ = int(getattr(inner, "nbytes", 0))
        value = self.summary(inner) if isinstance(inner, np.ndarray) else None
        return model.Output(tuple(array.shape), kind, tensor.requires_grad, bytes_, value)

    def summary(self, array: Any) -> Summary:
        """The summary of an array, with a picture while there is room for pictures."""
        known = self._recent.get(id(array))
        if known is not None and known[0]() is array:
            return known[1]
        made = summary_of(array, image=self._images > 0)
        if made.image is not None:
            self._images -= made.image.pixels.size
            if self._images <= 0:
                self.recording.omitted["values"] += 1
        return made

    # Names

    def _name(self, node: int, output: int, tensor: Tensor, frames: list[FrameType]) -> None:
        outside = self.nodes[node].kind != model.OPERATOR
        known = self.paths.get(id(tensor))
        name = known[1] if known is not None and known[0]() is tensor else self.names.name_of(tensor, frames, outside)
        if name is not None:
            self.call_it(node, output, name)

    def call_it(self, node: int, output: int, name: str) -> None:
        """Give an output its name."""
        self.nodes[node].outputs[output].name = name
        if self.nodes[node].name is None:
            self.nodes[node].name = name

    def claim(self, name: str, tensor: Tensor) -> bool:
        """Give the node of a tensor a name, if it is known and has none; whether it was given."""
        found = self.known_source(tensor)
        if found is None or self.nodes[found[0]].outputs[found[1]].name is not None:
            return False
        known = self.paths.get(id(tensor))
        self.call_it(*found, known[1] if known is not None and known[0]() is tensor else name)
        return True

    def known_source(self, tensor: Tensor) -> tuple[int, int] | None:
        """As :meth:`source_of`, without making a node for what is not known."""
        edge = tensor._edge
        graph_node = edge.node if edge.__class__ is GraphOutput else edge  # type: ignore[union-attr]
        if isinstance(graph_node, GraphNode):
            found = self._id_if_known(graph_node)
            if found is not None:
                index = getattr(edge, "index", 0)
                return (found, index) if index < len(self.nodes[found].outputs) else None
        known = self._known_of(tensor)
        return known[1:3] if known is not None else None

    def _known_of(self, tensor: Tensor) -> tuple[Any, int, int, int] | None:
        known = self._tensors.get(id(tensor))
        return known if known is not None and known[0]() is tensor else None

    def renumbered(self, numbers: dict[int, int]) -> None:
        """Nodes were taken out of the recording: what is known of the others goes by their new numbers."""
        self._tensors = {
            key: (reference, numbers[node], output, version)
            for key, (reference, node, output, version) in self._tensors.items()
            if node in numbers and reference() is not None
        }
        self._known = {k: (r, numbers[node]) for k, (r, node) in self._known.items() if node in numbers and r() is not None}
        self._facts = {numbers[node]: facts for node, facts in self._facts.items() if node in numbers}
        self.wanted = {numbers[node]: places for node, places in self.wanted.items() if node in numbers}
        self.writes.renumbered(numbers)
        self._at = (-1, -1, -1)

    def finish(self, frame: FrameType | None = None) -> None:
        """Write down what is only known at the end: the names that variables of ``frame`` give, and the formulas."""
        for around in names.frames_around(frame, self.home):
            for name, tensor in names.tensors_in(around):
                self.claim(name, tensor)
        for reference, number, _, _ in self._tensors.values():
            leaf = self.nodes[number]
            if leaf.kind == model.LEAF and (tensor := reference()) is not None and tensor._grad is not None:
                leaf.grad = self._of_gradient(tensor._grad._array)
        mark_equal_modules(self.recording.modules)
        for number, (operator, facts) in self._facts.items():
            write_derivatives(self.nodes[number], self.nodes, operator, facts)
        for known in (self._tensors, self._known, self._facts, self.wanted, self.paths):
            known.clear()  # type: ignore[attr-defined]
        self.home = None
