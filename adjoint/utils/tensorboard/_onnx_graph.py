"""Graphs that were exported to ONNX, as TensorBoard shows them.  It needs the package ``onnx``."""

from __future__ import annotations

from typing import Any

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.versions_pb2 import VersionDef

from adjoint.utils.tensorboard._messages import shape_of


def load_onnx_graph(fname: Any) -> Any:
    """The graph in a file.  Raises ModuleNotFoundError where ``onnx`` is not installed."""
    import onnx

    return parse(onnx.load(fname).graph)


def parse(graph: Any) -> Any:
    """The graph of an ONNX one: its inputs and outputs, and its operators by the names of their first results."""
    nodes = []
    for end in (*graph.input, *graph.output):
        kind = end.type.tensor_type
        shape = shape_of([d.dim_value for d in kind.shape.dim])
        attributes = {"dtype": AttrValue(type=kind.elem_type), "shape": AttrValue(shape=shape)}
        nodes.append(NodeDef(name=end.name, op="Variable", attr=attributes))
    for node in graph.node:
        told = ", ".join([" = ".join([str(field[1]) for field in a.ListFields()]) for a in node.attribute])
        attributes = {"parameters": AttrValue(s=told.encode())}
        nodes.append(NodeDef(name=node.output[0], op=node.op_type, input=node.input, attr=attributes))
    return GraphDef(node=nodes, versions=VersionDef(producer=22))
