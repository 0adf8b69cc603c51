"""Functions: of the model's own, and those by which operators are defined; and what nodes carry: attributes and graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adjoint.onnx.loading.errors import ModelError, UnknownOperatorError
from adjoint.onnx.loading.rows import plain
from adjoint.onnx.loading.tensors import read_tensor

_TENSOR, _GRAPH, _TYPE = 4, 5, 13


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes as Python has them: numbers, tuples, texts, tensors, graphs."""
    from onnx import helper

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.name in found:
            raise ModelError(f"the attribute {attribute.name!r} is given twice")
        if attribute.ref_attr_name:
            raise ModelError(f"the attribute {attribute.name!r} is one of a function, and this node is in none")
        value = helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif attribute.type == _TENSOR:
            value = read_tensor(value)
        elif attribute.type not in (_GRAPH, _TYPE) and not isinstance(value, (int, float)):
            value = tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in value)
        found[attribute.name] = value
    return found


def graphs(node: Any) -> Iterator[Any]:
    """The graphs that a node carries."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def captured(node: Any) -> set[str]:
    """Names that graphs inside of a node take from around it."""
    found: set[str] = set()
    for graph in graphs(node):
        own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
        for inner in graph.node:
            found.update(name for name in (*inner.input, *captured(inner)) if name not in own)
            own.update(inner.output)
        found.update(value.name for value in graph.output if value.name not in own)
    found.discard("")
    return found


def bound(function: Any, call: Any, absent: set[str]) -> list[Any]:
    """A function's nodes with the attributes of a call of it; inputs that are not given are absent in them, too."""
    import onnx

    given = {proto.name: proto for proto in function.attribute_proto}
    given.update({proto.name: proto for proto in call.attribute})
    nodes = []
    for original in function.node:
        node = onnx.NodeProto()
        node.CopyFrom(original)
        _bind(node, given)
        for place, name in enumerate(node.input):
            if name in absent:
                node.input[place] = ""
        nodes.append(node)
    return nodes


def _bind(node: Any, given: dict[str, Any]) -> None:
    kept = []
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            if attribute.ref_attr_name not in given:
                continue
            name = attribute.name
            attribute.CopyFrom(given[attribute.ref_attr_name])
            attribute.name = name
        kept.append(attribute)
    for graph in graphs(node):
        for inner in graph.node:
            _bind(inner, given)
    copies = [type(attribute).FromString(attribute.SerializeToString()) for attribute in kept]
    del node.attribute[:]
    node.attribute.extend(copies)


def of_schema(node: Any, version: int, types: Callable[[], dict[str, Any]]) -> Any:
    """The function by which an operator that has no row is defined, or None.

    Some are defined otherwise for other dtypes of their inputs; ``types`` gives what is known of these, by name.
    """
    import onnx
    from onnx import defs, helper

    try:
        schema: Any = defs.get_schema(node.op_type, version, node.domain)
    except defs.SchemaError:
        return None
    if schema.has_function:
        function = schema.function_body
    elif schema.has_context_dependent_function:
        known = types()
        if any(name not in known for name in node.input if name):
            return None
        given = [known[name].SerializeToString() if name else b"" for name in node.input]
        function = onnx.FunctionProto.FromString(schema.get_context_dependent_function(node.SerializeToString(), given))
        if not function.node:
            return None
    else:
        return None
    present = {attribute.name for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in present and attribute.default_value.name:
            node.attribute.append(helper.make_attribute(name, helper.get_attribute_value(attribute.default_value)))
    versions = {plain(entry.domain) for entry in function.opset_import}
    if "" not in versions and plain(node.domain) != "":
        function.opset_import.append(helper.make_opsetid("", defs.onnx_opset_version()))
    return function


def strings_refused(where: str) -> UnknownOperatorError:
    """The error for texts among the values."""
    return UnknownOperatorError(f"texts cannot be computed with ({where})")
