"""Functional activations: what ``F.relu`` in a ``forward`` gave, seen where it arrives as a layer's input.

A hook sees modules only.  The node that made a layer's input says which function it was.
"""

from __future__ import annotations

from typing import Any

from adjoint.autograd.node import as_pair
from adjoint.viz.watching.layers import SATURATES
from adjoint.viz.watching.statistics import UNBOUNDED

ACTIVATIONS: dict[str, str] = {
    "Relu": "ReLU", "Sigmoid": "Sigmoid", "Tanh": "Tanh", "Gelu": "GELU", "Silu": "SiLU", "LeakyRelu": "LeakyReLU",
    "Elu": "ELU", "Softplus": "Softplus", "Hardtanh": "Hardtanh", "Hardswish": "Hardswish", "Hardsigmoid": "Hardsigmoid",
    "Mish": "Mish", "Threshold": "Threshold", "Clamp": "clamp", "ClampMin": "clamp",
}  # fmt: skip
"""Names of nodes, less ``Backward0``, and of the modules that do the same."""

_PASSES = (
    "View", "UnsafeView", "ReshapeAlias", "Transpose", "T", "Permute", "Flatten", "Squeeze", "Unsqueeze", "Clone", "Expand",
    "MaxPool", "AvgPool", "Adaptive", "NativeDropout", "Alias", "Slice", "Select", "MulBackward", "As",
)  # fmt: skip
_FURTHEST = 6


def activation_before(tensor: Any) -> tuple[str, Any] | None:
    """Which activation made a tensor, pooled, dropped out or reshaped since or not, and its node; None where none did."""
    node = tensor.grad_fn
    for _ in range(_FURTHEST):
        if node is None:
            return None
        name = type(node).__name__
        kind = ACTIVATIONS.get(name.partition("Backward")[0])
        if kind is not None:
            return kind, node
        if not name.startswith(_PASSES) or not node._edges:
            return None
        node = as_pair(node._edges[0])[0]
    return None


def bounds_of(kind: str) -> tuple[float, float]:
    """Where an activation saturates."""
    return SATURATES.get(kind, UNBOUNDED)
