"""Products: which of PyTorch's matrix products and convolutions a row is, and its node, with the shapes of their operands."""

from __future__ import annotations

from math import prod
from typing import Any

from adjoint.autograd.saved import is_freed
from adjoint.declare.saved import extra_names, saved_names
from adjoint.tensor import Tensor

_Product = tuple[str, tuple[Any, ...], dict[str, Any]]


def forward_products(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> list[_Product]:
    """The products of an operator's call: PyTorch's name, the shapes of the operands, and other arguments."""
    name = operator.name
    if name not in _FORWARD:
        return []
    given = dict(zip([p.name for p in operator.params], args)) | kwargs
    shape = {key: tuple(value.shape) for key, value in given.items() if isinstance(value, Tensor)}
    return _FORWARD[name](shape, given)


def _matmul(a: tuple[int, ...], b: tuple[int, ...]) -> list[_Product]:
    if len(b) == 2:  # the rows of all matrices are those of one
        return [("mm", ((prod(a[:-1]), a[-1]), b), {})]
    batch = prod(_broadcast(a[:-2], b[:-2]))
    return [("bmm", ((batch, *a[-2:]), (batch, *b[-2:])), {})]


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    wide = max(len(a), len(b))
    a, b = (1,) * (wide - len(a)) + a, (1,) * (wide - len(b)) + b
    return tuple(max(x, y) if 0 not in (x, y) else 0 for x, y in zip(a, b))


def _convolution(shape: dict[str, Any], given: dict[str, Any]) -> list[_Product]:
    transposed = bool(given.get("transposed", False))
    return [("convolution", (shape["input"], shape["weight"], shape.get("bias"), None, None, None, transposed), {})]


_FORWARD: dict[str, Any] = {
    "mm": lambda shape, given: [("mm", (shape["self"], shape["mat2"]), {})],
    "bmm": lambda shape, given: [("bmm", (shape["self"], shape["mat2"]), {})],
    "vector_matmul": lambda shape, given: [("mm", ((1, *shape["self"]), shape["other"]), {})],
    "matmul": lambda shape, given: _matmul(shape["self"], shape["other"]),
    "addmm": lambda shape, given: [("addmm", (shape["self"], shape["mat1"], shape["mat2"]), {})],
    "linear": lambda shape, given: [("addmm", (shape["bias"], shape["self"], shape["weight"][::-1]), {})],
    "baddbmm": lambda shape, given: [("baddbmm", (shape["self"], shape["batch1"], shape["batch2"]), {})],
    "addbmm": lambda shape, given: [],
    "convolution": _convolution,
}

# Per row the operands of its product, and where in the node's edges their gradients go.
_OPERANDS = {
    "mm": ("self", "mat2"), "bmm": ("self", "mat2"), "vector_matmul": ("self", "other"), "matmul": ("self", "other"),
    "addmm": ("mat1", "mat2"), "linear": ("self", "weight"), "baddbmm": ("batch1", "batch2"), "addbmm": ("batch1", "batch2"),
}  # fmt: skip


def backward_products(node: Any, g: tuple[int, ...], wanted: list[bool]) -> list[tuple[str, tuple[Any, ...], Any]]:
    """The products of a node's backward: PyTorch's name, the shapes of the operands, and of the result."""
    operator = getattr(type(node), "operator", None)
    name = getattr(operator, "name", None)
    if name == "convolution":
        return _convolution_backward(node, g, wanted)
    if name not in _OPERANDS:
        return []
    places = [p.name for p in operator.arrays if p.name in operator.differentiable_inputs]  # type: ignore[union-attr]
    first, second = _OPERANDS[name]
    a, b = _saved_shape(node, first), _saved_shape(node, second)
    if name == "linear" and b is not None:
        b = b[::-1]
    if name == "vector_matmul":
        g, a = (1, g[-1]), None if a is None else (1, *a)
    if name == "addbmm":
        g = ((a or b)[0], *g)  # type: ignore[index]
    m, n = g[-2:]
    k = a[-1] if a is not None else b[-2]  # type: ignore[index]
    batch = g[:-2]
    product = "bmm" if name in ("bmm", "baddbmm", "addbmm") or (name == "matmul" and _batched(node, b)) else "mm"
    if product == "mm":
        m, batch = prod(batch) * m, ()
    elif batch:
        batch = (prod(batch),)
    found: list[tuple[str, tuple[Any, ...], Any]] = []
    if wanted[places.index(first)]:
        found.append((product, ((*batch, m, n), (*batch, n, k)), (*batch, m, k)))
    if wanted[places.index(second)]:
        found.append((product, ((*batch, k, m), (*batch, m, n)), (*batch, k, n)))
    return found


def _saved_shape(node: Any, name: str) -> tuple[int, ...] | None:
    """The shape of what the node keeps of an operand, without asking it, which would open it (:mod:`adjoint.declare.steps`)."""
    names = saved_names(type(node).operator)
    saved = None if is_freed(node._kept) or name not in names else node._kept[names.index(name)]
    return None if saved is None else tuple(saved._array.shape)


def _batched(node: Any, other: tuple[int, ...] | None) -> bool:
    """Whether a node's second operand is a batch of matrices."""
    shape = other if other is not None else dict(zip(extra_names(type(node).operator), node._extra)).get("other_shape")
    return shape is not None and len(shape) > 2


def _convolution_backward(node: Any, g: tuple[int, ...], wanted: list[bool]) -> list[tuple[str, tuple[Any, ...], Any]]:
    x, w = tuple(node._saved_input.shape), tuple(node._saved_weight.shape)
    mask = [*wanted[:2], len(wanted) > 2 and wanted[2]]
    if not any(mask[:2]):
        return []
    return [("convolution_backward", (g, x, w, None, None, None, None, bool(node._saved_transposed), None, None, mask), (x, w))]
