"""Shapes: a graph is run once, and each node has noted of which shape and dtype its value was."""

from __future__ import annotations

import traceback
from typing import Any, NamedTuple

import adjoint
from adjoint.fx.interpreter import Interpreter
from adjoint.fx.node import Node, map_aggregate
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = ["ShapeProp", "TensorMetadata"]


class TensorMetadata(NamedTuple):
    """What is noted of a tensor."""

    shape: Any
    dtype: Any
    requires_grad: bool
    stride: tuple[int, ...]
    memory_format: Any
    is_quantized: bool
    qparams: dict[str, Any]


def _extract_tensor_metadata(result: Any, include_contiguity: bool = True) -> TensorMetadata:
    formats = (adjoint.contiguous_format, adjoint.channels_last, adjoint.channels_last_3d)
    found = None
    if include_contiguity:
        found = next((f for f in formats if result.is_contiguous(memory_format=f)), None)
    return TensorMetadata(result.shape, result.dtype, result.requires_grad, result.stride(), found, False, {})


class ShapeProp(Interpreter):
    """Runs a module's graph, and has each node note ``meta["tensor_meta"]`` and ``meta["type"]`` of its value.

    >>> import adjoint as torch
    >>> from adjoint.fx.passes.shape_prop import ShapeProp
    >>> traced = torch.fx.symbolic_trace(torch.nn.Sequential(torch.nn.Linear(2, 3)))
    >>> result = ShapeProp(traced).propagate(torch.ones(4, 2))
    >>> [tuple(node.meta["tensor_meta"].shape) for node in traced.graph.nodes]
    [(4, 2), (4, 3), (4, 3)]
    """

    def __init__(self, gm: Any, fake_mode: Any = None) -> None:
        if fake_mode is not None:
            raise NotImplementedError(
                "ShapeProp: Adjoint has no fake tensors; give tensors on the device `meta`, or real ones"
            )
        super().__init__(gm)

    def run_node(self, n: Node) -> Any:
        """As Interpreter's; what is found is noted."""
        try:
            result = super().run_node(n)
        except Exception as error:
            traceback.print_exc()
            raise RuntimeError(f"ShapeProp error for: node={n.format_node()} with meta={n.meta}") from error
        found: list[Any] = []

        def noted(x: Any) -> Any:
            if isinstance(x, Tensor):
                found.append(x)
                return _extract_tensor_metadata(x)
            return x

        meta = map_aggregate(result, noted)
        if found:
            n.meta["tensor_meta"] = meta
        n.meta["type"] = type(result)
        return result

    def propagate(self, *args: Any) -> Any:
        """What the graph returns for these arguments."""
        return self.run(*args)


_list_names(__name__)
