"""A model's graph, to be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adjoint.onnx.loading.inputs import shape_of
from adjoint.onnx.loading.rows import plain
from adjoint.onnx.loading.tensors import dtype_name


@dataclass(frozen=True)
class Value:
    """An input or an output: its name, and the dtype and the shape that the file says."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None

    def __str__(self) -> str:
        shape = (
            "" if self.shape is None else f"[{', '.join('?' if size is None else str(size) for size in self.shape)}]"
        )
        return f"{self.name}: {self.dtype}{shape}"


@dataclass(frozen=True)
class Node:
    """An operator of the graph: from which values it computes which, and its attributes (graphs inside of it among them)."""

    name: str
    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        options = [f"{name}={_short(value)}" for name, value in self.attributes.items()]
        domain = f"{self.domain}." if self.domain else ""
        return f"{', '.join(self.outputs)} = {domain}{self.operator}({', '.join([*self.inputs, *options])})"


@dataclass(frozen=True)
class Graph:
    """A graph: what goes in, the nodes in the order in which they are computed, and what comes out.

    ``str`` of it is a line for each.  ``opsets`` has the version of each domain's operators that the file is written for.
    """

    name: str
    file: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    opsets: dict[str, int] = field(default_factory=dict)
    producer: str = ""

    @classmethod
    def of_model(cls, model: Any, file: str) -> Graph:
        """The graph of a model."""
        opsets = {plain(entry.domain) or "ai.onnx": entry.version for entry in model.opset_import}
        return _graph(model.graph, file, opsets, f"{model.producer_name} {model.producer_version}".strip())

    def operators(self) -> Counter[str]:
        """How many nodes of each operator there are, those of graphs inside of nodes among them."""
        found: Counter[str] = Counter()
        for node in self.nodes:
            found[node.operator] += 1
            for value in node.attributes.values():
                if isinstance(value, Graph):
                    found += value.operators()
        return found

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        lines = [f"graph {self.name or self.file}({', '.join(map(str, self.inputs))}):"]
        lines += [f"    {line}" for node in self.nodes for line in str(node).splitlines()]
        return "\n".join([*lines, f"    return {', '.join(map(str, self.outputs))}"])


def _graph(proto: Any, file: str, opsets: dict[str, int], producer: str) -> Graph:
    weights = {tensor.name for tensor in proto.initializer}
    return Graph(
        proto.name, file, tuple(_value(v) for v in proto.input if v.name not in weights), tuple(map(_value, proto.output)),
        tuple(_node(node, file, opsets, producer) for node in proto.node), opsets, producer,
    )  # fmt: skip


def _node(node: Any, file: str, opsets: dict[str, int], producer: str) -> Node:
    from onnx import helper, numpy_helper

    attributes: dict[str, Any] = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif attribute.HasField("g"):
            value = _graph(value, file, opsets, producer)
        elif attribute.HasField("t"):
            value = numpy_helper.to_array(value)
        elif isinstance(value, float):
            value = _written(value)
        elif not isinstance(value, int):
            value = tuple(_written(v) if isinstance(v, float) else v for v in value)
        attributes[attribute.name] = value
    return Node(node.name, node.op_type, plain(node.domain), tuple(node.input), tuple(node.output), attributes)


def _written(number: float) -> float:
    """A number of a file, of which there are seven digits, as one writes it."""
    return float(f"{number:.7g}")


def _value(value: Any) -> Value:
    kind = value.type
    if kind.HasField("tensor_type"):
        return Value(value.name, dtype_name(kind.tensor_type.elem_type), shape_of(kind.tensor_type))
    return Value(value.name, (kind.WhichOneof("value") or "anything").removesuffix("_type"), None)


def _short(value: Any) -> str:
    if isinstance(value, Graph):
        return f"\n    {value}".replace("\n", "\n    ")
    size = getattr(value, "size", 0)
    if size > 8:
        return f"{value.dtype}{list(value.shape)}"
    return repr(value.tolist() if hasattr(value, "tolist") else value)
