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
from adjoint.autograd.saved_hooks import Packed
from adjoint.declare.saved import saved_names
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.viz import model
from adjoint.viz.arrays import Summary, summary_of
from adjoint.viz.calls import Call
from adjoint.viz.lines import Sources
from adjoint.viz.memory import Memory

_IMAGES = 8 << 20  # bytes of pictures in a recording


class Graph:
    """The nodes so far.  Tensors and autograd's nodes are known weakly: the recording keeps nothing alive."""

    def __init__(self, recording: model.Recording, sources: Sources, most: int) -> None:
        self.recording = recording
        self.nodes = recording.nodes
        self.sources = sources
        self.most = most
        self.memory = Memory()
        self.began = time.perf_counter()
        self.operators: dict[int, Any] = {}  # node -> the row of its derivative, for its text
        self.wanted: dict[int, list[int]] = {}  # node -> of each of the graph node's edges, which input it is
        self._tensors: dict[int, tuple[Any, int, int, int]] = {}  # id -> reference, node, output, version (of a leaf)
        self._known: dict[int, tuple[Any, int]] = {}  # id of an autograd node -> reference, node
        self._images = _IMAGES

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

    def add_call(self, call: Call, frame: FrameType | None, target: Tensor | None, module: Any, phase: str) -> model.Node:
        """A node for a call of an operator at the user's ``frame``; ``target`` is what its result is written into."""
        inputs = []
        for name, tensor in call.tensors:
            source, output = self.source_of(tensor, frame)
            inputs.append(model.Input(source, output, name, tensor._edge is not NO_EDGE and tensor.requires_grad))
        node = self._new(model.OPERATOR)
        node.operator = call.name
        node.inputs = inputs
        node.arguments = call.arguments
        node.phase = phase
        node.line = self.sources.of_frame(frame)
        if module is not None:
            node.module, node.call = module
        for i, made in enumerate(call.made):
            node.outputs.append(self.output_of(made))
            self._tensors[id(made)] = weakref.ref(made), node.id, i, -1
            self.memory.result(made)
        edge = next((t._edge for t in call.made if t._edge is not NO_EDGE and t._edge is not None), None)
        recorded: Any = edge.node if edge.__class__ is GraphOutput else edge  # type: ignore[union-attr]
        if recorded is not None and not self._is_known(recorded):
            self._recorded(node, recorded, call)
        if getattr(call.operator, "view", False) and inputs:
            node.view_of = inputs[0].node
        if target is not None:
            node.in_place = True
            self._tensors[id(target)] = weakref.ref(target), node.id, 0, target._version + 1
        return node

    def _recorded(self, node: model.Node, recorded: GraphNode, call: Call) -> None:
        """Note what autograd recorded of a call: its node, where gradients go, and what it saved."""
        self._known[id(recorded)] = weakref.ref(recorded), node.id
        node.grad_fn = recorded.name()
        self.operators[node.id] = getattr(type(recorded), "operator", None)
        left = list(range(len(call.tensors)))
        places = []
        for edge in recorded._edges:
            place = next((i for i in left if _leads_to(call.tensors[i][1], edge)), -1)
            if place >= 0:
                left.remove(place)
            places.append(place)
        self.wanted[node.id] = places
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
        known = self._tensors.get(id(saved))
        if known is not None and known[0]() is saved:
            return known[1], self.nodes[known[1]].outputs[known[2]].value
        return None, None

    # Where tensors come from

    def source_of(self, tensor: Tensor, frame: FrameType | None = None) -> tuple[int, int]:
        """The node whose output a tensor is, and which output; one that was made outside becomes a leaf or an input."""
        edge = tensor._edge
        if edge is not None and edge is not NO_EDGE:
            graph_node = edge.node if edge.__class__ is GraphOutput else edge
            if isinstance(graph_node, GraphNode):
                index = edge.index if edge.__class__ is GraphOutput else 0
                known = self._tensors.get(id(tensor))
                if known is not None and known[0]() is tensor and known[1] == self._id_if_known(graph_node):
                    return known[1], known[2]
                return self.node_of(graph_node), index
        known = self._tensors.get(id(tensor))
        if known is not None and known[0]() is tensor and known[3] in (-1, tensor._version):
            return known[1], known[2]
        if tensor._stale:
            found = tensor._find_edge()
            if found is not None and found is not NO_EDGE:
                return self.source_of(tensor, frame)
        return self._outside(tensor), 0

    def _outside(self, tensor: Tensor) -> int:
        """A node for a tensor that was made before, or in a way that nobody sees."""
        leaf = tensor.requires_grad
        node = self._new(model.LEAF if leaf else model.INPUT)
        node.grad_fn = "AccumulateGrad" if leaf else None
        node.outputs.append(self.output_of(tensor))
        self._tensors[id(tensor)] = weakref.ref(tensor), node.id, 0, tensor._version
        return node.id

    def node_of(self, graph_node: GraphNode) -> int:
        """The recording's node of one of autograd's; with its history, if it was recorded before anybody looked."""
        found = self._id_if_known(graph_node)
        if found is not None:
            return found
        if isinstance(graph_node, AccumulateGrad):
            return self.source_of(graph_node.variable)[0]
        waiting = [graph_node]
        while waiting:  # edges lead to earlier nodes: first those, then this one
            one = waiting[-1]
            unknown = [n for n in _targets(one) if self._id_if_known(n) is None and not isinstance(n, AccumulateGrad)]
            if unknown and len(self.nodes) < self.most:
                waiting += unknown
                continue
            waiting.pop()
            if self._id_if_known(one) is None:
                self._adopt(one)
        return self._known[id(graph_node)][1]

    def _adopt(self, graph_node: GraphNode) -> model.Node:
        """A node for one of autograd's whose call nobody saw."""
        inputs = []
        operator = getattr(type(graph_node), "operator", None)
        names = edge_names(graph_node, operator)
        for name, edge in zip(names, graph_node._edges):
            if edge is NO_EDGE:
                continue
            target = edge.node if edge.__class__ is GraphOutput else edge
            source = self.source_of(target.variable)[0] if isinstance(target, AccumulateGrad) else self.node_of(target)  # type: ignore[arg-type]
            inputs.append(model.Input(source, getattr(edge, "index", 0), name, True))
        node = self._new(model.OPERATOR)
        node.operator = operator.name if operator is not None else None
        node.grad_fn = graph_node.name()
        node.inputs = inputs
        self._known[id(graph_node)] = weakref.ref(graph_node), node.id
        self.operators[node.id] = operator
        count = iter(range(len(inputs)))
        self.wanted[node.id] = [-1 if edge is NO_EDGE else next(count) for edge in graph_node._edges]
        forms = graph_node.__dict__.get("_forms")
        for i in range(graph_node._outputs):
            shape, kind = (forms[i][0], forms[i][1]) if forms is not None and i < len(forms) else (None, None)
            dtype = None if kind is None else str(dtypes.OF_ARRAY[kind]).rpartition(".")[2]
            node.outputs.append(model.Output(None if shape is None else tuple(shape), dtype, True))
        self._save(node, graph_node, None)
        return node

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
        made = summary_of(array, image=self._images > 0)
        if made.image is not None:
            self._images -= len(made.image["data"])
            if self._images <= 0:
                self.recording.omitted["values"] += 1
        return made

    def finish(self) -> None:
        """Write down what is only known at the end: names, and the formulas with them in place."""
        self._tensors.clear()
        self._known.clear()


def saved_of(graph_node: GraphNode) -> list[tuple[str, Any]]:
    """What a node keeps, by name; nothing of what hooks have packed, or was freed."""
    kept = graph_node._kept
    if is_freed(kept) or not kept:
        return []
    operator = getattr(type(graph_node), "operator", None)
    names = saved_names(operator) if operator is not None else []
    found: list[tuple[str, Any]] = []
    for i, saved in enumerate(kept):
        name = names[i] if i < len(names) else f"saved[{i}]"
        several = isinstance(saved, (tuple, list))
        for j, one in enumerate(saved if several else (saved,)):
            if one is None or one.__class__ is Packed or not hasattr(one, "_array") or getattr(one, "_wrapped", False):
                continue  # what hooks have packed is theirs; a number is told by the formula
            found.append((f"{name}[{j}]" if several else name, one))
    return found


def edge_names(graph_node: GraphNode, operator: Any) -> list[str]:
    """The names of the inputs that a node's edges belong to."""
    count = len(graph_node._edges)
    names = list(operator.differentiable_inputs) if operator is not None else []
    if len(names) == 1 and count > 1:
        return [f"{names[0]}[{i}]" for i in range(count)]
    return [*names[:count], *(f"input {i}" for i in range(len(names), count))]


def dtype_name(array: Any) -> str:
    """The name of an array's dtype, ``"float32"``."""
    return str(dtypes.OF_ARRAY[array.dtype]).rpartition(".")[2]


def _leads_to(tensor: Tensor, edge: Any) -> bool:
    """Whether an edge is where the tensor's gradient goes."""
    if edge is NO_EDGE:
        return False
    if edge.__class__ is AccumulateGrad:
        return edge.variable is tensor
    own = tensor._edge
    return own is edge or (own.__class__ is GraphOutput is edge.__class__ and (own.node, own.index) == (edge.node, edge.index))  # type: ignore[union-attr]


def _targets(graph_node: GraphNode) -> list[Any]:
    return [e.node if e.__class__ is GraphOutput else e for e in graph_node._edges if e is not NO_EDGE]  # type: ignore[attr-defined]
