"""Underived: results whose derivative does not exist require grad all the same, and say so when a backward comes to them.

A result that silently did not depend on what it was made of would leave gradients out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Error, Node, Output, record
from adjoint.tensor import Tensor


@lru_cache(maxsize=None)
def _kind(name: str, error: type[Exception]) -> type[Error]:
    def apply(self: Error, g: Any) -> Any:
        raise error(self.message)

    def apply_undefined(self: Error, g: Any, taped: bool) -> Any:
        raise error(self.message)

    body = {"apply": apply, "apply_taped": apply, "apply_undefined": apply_undefined, "name": Node.name}
    return type(name, (Error,), {"__slots__": (), "__module__": "builtins", **body})


def underived(
    results: Iterable[Tensor],
    inputs: Iterable[Any],
    message: str,
    node: str = "NotImplemented",
    error: type[Exception] = RuntimeError,
) -> None:
    """Put a node that raises ``error(message)`` behind floating results, if one of the inputs requires grad and it is recorded."""
    made = [t for t in results if t._array.dtype.kind not in "iub"]
    edges = tuple(edge_of(t) for t in inputs if isinstance(t, Tensor) and t.requires_grad)
    if not edges or not made or not mode.enabled:
        return
    behind = record(_kind(node, error)(), edges)
    behind.message = message  # type: ignore[attr-defined]
    behind._outputs = len(made)
    for i, t in enumerate(made):
        t._edge = behind if len(made) == 1 else Output(behind, i)
