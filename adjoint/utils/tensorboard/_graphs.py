"""Graphs: a model's operators, by its modules, as TensorBoard shows them.

The model is called once, in eval mode, while its operators are recorded.  Nodes are named as PyTorch names them: by the kinds
and names of the modules that they are in, ``Net/Linear[fc1]/linear_3``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.config_pb2 import RunMetadata
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.step_stats_pb2 import DeviceStepStats, StepStats
from tensorboard.compat.proto.versions_pb2 import VersionDef

from adjoint.interrupts import contextmanager
from adjoint.utils.tensorboard._messages import shape_of

_VERSION = 22  # of what made the graph, as TensorBoard reads it


def graph(model: Any, inputs: Any, verbose: bool = False) -> tuple[Any, Any]:
    """The graph of a model called with a tensor or a tuple of arguments, and the (empty) statistics of the run."""
    from adjoint.viz import record

    args = inputs if isinstance(inputs, tuple) else tuple(inputs) if isinstance(inputs, list) else (inputs,)
    with _in_eval_mode(model), record(type(model).__name__) as recording:
        model(*args)
    nodes = list(_Graph(model, recording).nodes())
    if verbose:
        for node in nodes:
            print(f"{node.name} = {node.op}({', '.join(node.input)})")
    statistics = RunMetadata(step_stats=StepStats(dev_stats=[DeviceStepStats(device="/device:CPU:0")]))
    return GraphDef(node=nodes, versions=VersionDef(producer=_VERSION)), statistics


class _Graph:
    """Names for the nodes of a recording."""

    def __init__(self, model: Any, recording: Any) -> None:
        self.recording = recording
        self.root = type(model).__name__
        self.used = {i.node for node in recording.nodes for i in node.inputs}
        self.scopes = {m.id: self.scope(m.id) for m in recording.modules}
        self.by_path = {m.path: self.scopes[m.id] for m in recording.modules}
        self.names = {node.id: self.name(node) for node in recording.nodes}

    def scope(self, module: int | None) -> str:
        """The modules that a node is in, from the model on."""
        names: list[str] = []
        while module is not None:
            one = self.recording.modules[module]
            names.append(one.kind if one.parent is None else f"{one.kind}[{one.name}]")
            module = one.parent
        return "/".join(reversed(names)) or self.root

    def name(self, node: Any) -> str:
        if node.kind == "input":
            return f"input/{node.name or 'input'}.{node.id}"
        if node.kind != "operator":
            path, _, name = (node.name or "").rpartition(".")
            return f"{self.by_path.get(path, self.root)}/{name or node.kind}/{name or node.kind}.{node.id}"
        return f"{self.scopes.get(node.module, self.root)}/{node.operator}_{node.id}"

    def nodes(self) -> Iterator[Any]:
        """The messages of all nodes that take part, and of the results."""
        for node in self.recording.nodes:
            if node.kind == "operator":
                given = [self.names[i.node] for i in node.inputs]
                told = ", ".join(f"{name}: {value}" for name, value in node.arguments.items())
                yield _message(self.names[node.id], f"aten::{node.operator}", given, node.outputs, f"{{{told}}}")
            elif node.id in self.used:
                kind = "IO Node" if node.kind == "input" else "prim::GetAttr"
                yield _message(self.names[node.id], kind, [], node.outputs)
        ends = [n for n in self.recording.nodes if n.kind == "operator" and n.id not in self.used]
        for k, node in enumerate(ends, 1):
            yield _message(f"output/output.{k}", "IO Node", [self.names[node.id]], node.outputs)


def _message(name: str, kind: str, inputs: list[str], outputs: list[Any], told: str = "") -> Any:
    attributes = {"attr": AttrValue(s=told.encode())}
    shapes = [shape_of(o.shape) for o in outputs if o.shape is not None]
    if shapes:
        attributes["_output_shapes"] = AttrValue(list=AttrValue.ListValue(shape=shapes))
    return NodeDef(name=name, op=kind, input=inputs, attr=attributes)


@contextmanager
def _in_eval_mode(model: Any) -> Iterator[None]:
    training = model.training
    model.train(False)
    try:
        yield
    finally:
        model.train(training)
