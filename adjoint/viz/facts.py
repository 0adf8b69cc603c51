"""Facts: what a node's formulas know of its call, and the formulas' texts made of them."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

import numpy as np

from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.saved import is_freed
from adjoint.declare.operator import OPTIONAL, Operator
from adjoint.declare.saved import extra_names, saved_names
from adjoint.viz import model
from adjoint.viz.derivatives import Form, derivative_of

_PLAIN = (int, float, bool, str, complex, type(None), np.dtype)


def facts_of(graph_node: GraphNode) -> dict[str, Any]:
    """The values that a node keeps for its formulas: arguments, shapes and dtypes of inputs, operands that are numbers."""
    operator = getattr(type(graph_node), "operator", None)
    if operator is None:
        return {}
    found: dict[str, Any] = {}
    names = extra_names(operator)
    extra = graph_node._extra
    fitted = operator.elementwise and len(operator.arrays) > 1
    if names and isinstance(extra, tuple):
        for name, value in zip(names, extra[1:] if fitted else extra):
            if _is_plain(value):
                found[name] = value
    if not is_freed(graph_node._kept):
        for name, saved in zip(saved_names(operator), graph_node._kept):
            if getattr(saved, "_wrapped", False):
                found[name] = saved._array.item()
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_plain(v) for v in value)
    return isinstance(value, _PLAIN)


def write_derivatives(node: model.Node, nodes: list[model.Node], operator: Operator | None, facts: dict[str, Any]) -> None:
    """Fill in how the gradient of each input of a node is computed, in the row's names and in the user's."""
    if operator is None:
        _of_function(node)
        return
    facts = dict(facts)
    names: dict[str, str] = {}
    for given in node.inputs:
        output = nodes[given.node].outputs[given.output] if given.output < len(nodes[given.node].outputs) else None
        if output is not None and output.shape is not None:
            facts[given.argument] = _form(output)
        label = label_of(nodes[given.node], given.output)
        if label is not None:
            names[given.argument] = label
    for argument, short in short_names(node, nodes).items():
        names[argument] = short
    given_names = {given.argument for given in node.inputs}
    for parameter in operator.arrays:
        if parameter.kind == OPTIONAL and parameter.name not in given_names:
            facts.setdefault(parameter.name, None)
    for i, output in enumerate(node.outputs):
        shown = operator.outputs[i] if isinstance(operator.outputs, tuple) and i < len(operator.outputs) else "result"
        if output.shape is not None:
            facts[shown] = _form(output)
            facts.setdefault("g", _form(output))
        if output.name is not None:
            names[shown] = output.name
    names.setdefault("self", "input")
    for name, text in node.arguments.items():
        if name not in facts and _is_atom(text):
            names.setdefault(name, text)
    written: dict[str, tuple[str | None, str | None]] = {}  # a list of tensors has one formula, and may be long
    for given in node.inputs:
        if given.requires_grad and node.grad_fn is not None:
            base = given.argument.partition("[")[0]
            if base not in written:
                written[base] = derivative_of(operator, base, facts), derivative_of(operator, base, facts, names)
            given.derivative, given.derivative_named = written[base]


def short_names(node: model.Node, nodes: list[model.Node]) -> dict[str, str]:
    """The last parts of the paths of a node's parameters, ``weight`` for ``layer1.0.conv1.weight``, where they tell them
    apart."""
    paths = {i.argument: nodes[i.node].name or "" for i in node.inputs if nodes[i.node].kind != model.OPERATOR}
    short = {argument: path.rpartition(".")[2] for argument, path in paths.items() if _is_path(path)}
    taken = Counter(short.get(argument, name) for argument, name in paths.items())
    alone = len(set(paths.values())) == 1
    return {argument: name for argument, name in short.items() if taken[name] == 1 or alone}


def _is_path(name: str) -> bool:
    return "." in name and "(" not in name and "[" not in name


def _form(output: model.Output) -> Form:
    assert output.shape is not None
    return Form(output.shape, np.complex64 if (output.dtype or "").startswith("complex") else np.float32)


_OF_AUTOGRAD = {
    "torch::autograd::CopySlices": "g outside of the view that was written; inside through the write",
    "torch::autograd::CopyBackwards": "g",
    "AsStridedBackward0": "g where the view looks, 0 elsewhere",
    "BatchBackward0": "g of the samples, as one",
    "UnbatchBackward0": "g, one for each sample",
    "IdentityBackward0": "g",
}
"""Nodes that autograd itself records, whose formulas are in no row."""


def _of_function(node: model.Node) -> None:
    """The user's own Function: its backward is the formula."""
    if node.grad_fn in _OF_AUTOGRAD:
        for given in (i for i in node.inputs if i.requires_grad):
            given.derivative = given.derivative_named = _OF_AUTOGRAD[node.grad_fn]
        return
    name = (node.grad_fn or "").removesuffix("Backward")
    if node.grad_fn is not None and node.grad_fn.endswith("Backward") and node.operator is not None:
        for given in node.inputs:
            if given.requires_grad:
                given.derivative = given.derivative_named = f"{name}.backward(g)"


def label_of(node: model.Node, output: int = 0) -> str | None:
    """What a reader calls a node's result: the user's name for it, or the user's words, in parentheses where they need them."""
    name = node.outputs[output].name if output < len(node.outputs) else node.name
    if name is not None:
        return name
    if node.expression is not None and len(node.outputs) == 1:
        return node.expression if _is_atom(node.expression) else f"({node.expression})"
    if node.operator is not None:
        return f"{node.operator}(…)" if len(node.outputs) == 1 else f"{node.operator}(…)[{output}]"
    return None


def _is_atom(text: str) -> bool:
    try:
        body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    return isinstance(body, (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant))
