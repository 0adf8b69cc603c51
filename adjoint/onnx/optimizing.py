"""Optimizing a model of ONNX: constants are computed, and copies left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_MOST = 1 << 20  # elements of a constant that is computed


def optimize(model: Any, kept_names: Collection[str] = ()) -> Any:
    """A model that computes the same: nodes whose inputs are all constants are replaced by what they compute, if that is not
    larger than a million elements, and nodes that only copy are left out.  ``kept_names`` are constants that stay as they are."""
    import onnx
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    weights = {tensor.name: tensor for tensor in graph.initializer if tensor.name in kept_names}
    known = {tensor.name: tensor for tensor in graph.initializer if tensor.name not in weights}
    outputs = {value.name for value in graph.output}
    inputs = {value.name for value in graph.input}
    alias: dict[str, str] = {}
    kept = []
    for node in graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = alias.get(name, name)
        if node.op_type == "Identity" and not node.domain and node.output[0] not in outputs:
            alias[node.output[0]] = node.input[0]
            continue
        constant = all(not name or name in known for name in node.input) and not any(
            name in outputs for name in node.output
        )
        if constant and not node.domain and node.input and _is_pure(node) and _size(node, known) <= _MOST:
            single = helper.make_graph([node], "one", [], [helper.make_empty_tensor_value_info(n) for n in node.output],
                                       [known[name] for name in dict.fromkeys(node.input) if name])  # fmt: skip
            try:
                found: Any = ReferenceEvaluator(helper.make_model(single, opset_imports=made.opset_import)).run(
                    None, {}
                )
            except Exception:  # what the reference does not compute stays as it is
                kept.append(node)
                continue
            for name, array in zip(node.output, found):
                known[name] = numpy_helper.from_array(array, name)
            continue
        kept.append(node)
    used = {name for node in kept for name in node.input} | outputs
    tensors = [tensor for name, tensor in {**weights, **known}.items() if name in used and name not in inputs]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(tensors)
    return made


def _is_pure(node: Any) -> bool:
    return not node.op_type.startswith(("Random", "Bernoulli", "Multinomial", "Dropout")) and not any(
        a.HasField("g") for a in node.attribute
    )


def _size(node: Any, known: Any) -> int:
    total = 0
    for name in node.input:
        if name:
            count = 1
            for size in known[name].dims:
                count *= size
            total += count
    return total
