"""A graph as ONNX's ``ModelProto``: what outputs do not need is left out, and inputs and outputs get types and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import adjoint
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.types import number_of


def model_of(
    graph: Graph,
    outputs: Sequence[Value],
    output_names: Sequence[str] | None,
    labels: Mapping[Varying, str],
    other_axes: Mapping[str, Mapping[int, str]],
) -> Any:
    """The model of a graph with these outputs; ``labels`` has names of sizes, ``other_axes`` of outputs' dimensions."""
    from onnx import helper

    names = _named_outputs(graph, outputs, output_names)
    nodes = _needed(graph.nodes, names)
    used = {name for node in nodes for name in node.input} | set(names)
    initializers = [
        _tensor(name, array, graph.dtypes[name]) for name, array in graph.initializers.items() if name in used
    ]
    inputs = [_info(str(value.name), value, labels, {}) for value in graph.inputs]
    told = [_info(name, value, labels, other_axes.get(name, {})) for name, value in zip(names, outputs)]
    made = helper.make_graph(nodes, "main_graph", inputs, told, initializers)
    opsets = [helper.make_opsetid(domain, version) for domain, version in graph.domains.items()]
    version = max(8, helper.find_min_ir_version_for([helper.make_opsetid("", graph.opset)]))
    return helper.make_model(
        made, opset_imports=opsets, ir_version=version, producer_name="pytorch", producer_version=adjoint.__version__
    )


def _named_outputs(graph: Graph, outputs: Sequence[Value], given: Sequence[str] | None) -> list[str]:
    """The outputs' names: those given are what the nodes' results are called then; a name that is taken gets a copy."""
    from onnx import helper

    made = {name for node in graph.nodes for name in node.output}
    wanted = list(given or ())[: len(outputs)]
    names: list[str] = []
    renamed: dict[str, str] = {}
    for i, value in enumerate(outputs):
        own = graph.name_of(value)
        name = wanted[i] if i < len(wanted) else None
        if own in made and own not in names and own not in renamed:
            if name is not None and name != own:
                renamed[own] = name
            names.append(name or own)
            continue
        name = name or graph.fresh(f"output_{i}" if len(outputs) > 1 else "output")
        graph.nodes.append(helper.make_node("Identity", [own], [name], name=f"/Identity_output_{i}"))
        names.append(name)
    for node in graph.nodes:
        for side in (node.input, node.output):
            for at, name in enumerate(side):
                if name in renamed:
                    side[at] = renamed[name]
    return names


def _needed(nodes: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The nodes that these values depend on."""
    wanted = set(names)
    kept = []
    for node in reversed(nodes):
        if any(name in wanted for name in node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def _tensor(name: str, array: Any, dtype: Any) -> Any:
    from onnx import helper

    return helper.make_tensor(name, number_of(dtype), array.shape, array.tobytes(), raw=True)


def _info(name: str, value: Value, labels: Mapping[Varying, str], own: Mapping[int, str]) -> Any:
    from onnx import helper

    sizes: list[Any] = []
    for axis, size in enumerate(value.sizes):
        if isinstance(size, Varying):
            sizes.append(own.get(axis) or labels.get(size) or f"{name}_dim_{axis}")
        else:
            sizes.append(own.get(axis, size))
    return helper.make_tensor_value_info(name, number_of(value.dtype), sizes)
