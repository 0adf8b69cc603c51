"""Pytrees: nested tuples, lists and dictionaries, flattened to their leaves and built again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any


class TreeSpec:
    """The structure of a pytree: what is needed to build it again from its leaves."""

    __slots__ = ("children", "context", "kind", "num_leaves")

    def __init__(self, kind: Any, context: Any, children: tuple[TreeSpec, ...]) -> None:
        self.kind = kind  # the container's class, None for a leaf
        self.context = context  # the keys of a dictionary
        self.children = children
        self.num_leaves: int = 1 if kind is None else sum(c.num_leaves for c in children)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (self.kind, self.context, self.children) == (other.kind, other.context, other.children)

    def __hash__(self) -> int:
        return hash((self.kind, self.children))

    def __repr__(self) -> str:
        return self._written(2)

    def _written(self, indent: int) -> str:
        """The structure as PyTorch writes it, a line for each child but the first."""
        if self.kind is None:
            return "*"
        children = (",\n" + " " * indent).join(c._written(indent + 2) for c in self.children)
        if hasattr(self.kind, "_fields"):
            return f"TreeSpec(namedtuple, {self.kind}, [{children}])"
        return f"TreeSpec({self.kind.__name__}, {self.context}, [{children}])"

    def text(self) -> str:
        """The structure as nested brackets with a star for each leaf."""
        if self.kind is None:
            return "*"
        parts = [c.text() for c in self.children]
        if self.context is not None:
            keys = self.context[1] if self.kind is defaultdict else self.context
            return "{" + ", ".join(f"{k!r}: {p}" for k, p in zip(keys, parts)) + "}"
        if self.kind is list:
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def is_leaf(self) -> bool:
        """Whether the tree is one leaf."""
        return self.kind is None


_LEAF = TreeSpec(None, None, ())


def _is_named_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of ``tree``, in order, and its structure.

    >>> from adjoint.pytree import tree_flatten
    >>> tree_flatten({"a": (1, 2), "b": [3]})[0]
    [1, 2, 3]
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves, is_leaf)


def _flatten(tree: Any, leaves: list[Any], is_leaf: Callable[[Any], bool] | None) -> TreeSpec:
    kind = type(tree)
    if is_leaf is None or not is_leaf(tree):
        if kind in (dict, OrderedDict, defaultdict):
            context: Any = list(tree) if kind is not defaultdict else (tree.default_factory, list(tree))
            return TreeSpec(kind, context, tuple(_flatten(v, leaves, is_leaf) for v in tree.values()))
        if kind in (tuple, list) or _is_named_tuple(tree):
            return TreeSpec(kind, None, tuple(_flatten(v, leaves, is_leaf) for v in tree))
        if isinstance(tree, tuple) and hasattr(kind, "_names"):  # an operator's named outputs
            return TreeSpec(kind, None, tuple(_flatten(v, leaves, is_leaf) for v in tree))
    leaves.append(tree)
    return _LEAF


def tree_unflatten(leaves: Iterable[Any], spec: TreeSpec) -> Any:
    """The pytree of structure ``spec`` with these leaves.  Raises ValueError if there are too many or too few."""
    leaves = list(leaves)
    if len(leaves) != spec.num_leaves:
        raise ValueError(f"a tree of {spec.num_leaves} leaves cannot be built from {len(leaves)}")
    iterator = iter(leaves)
    return _unflatten(iterator, spec)


def _unflatten(leaves: Any, spec: TreeSpec) -> Any:
    if spec.kind is None:
        return next(leaves)
    children = [_unflatten(leaves, c) for c in spec.children]
    if spec.kind is defaultdict:
        factory, keys = spec.context
        return defaultdict(factory, zip(keys, children))
    if spec.context is not None:
        return spec.kind(zip(spec.context, children))
    return spec.kind(*children) if hasattr(spec.kind, "_fields") else spec.kind(children)


def tree_map(function: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """``tree`` with ``function`` applied to each leaf (and those at its place in the ``rest``)."""
    leaves, spec = tree_flatten(tree)
    others = [tree_flatten(r)[0] for r in rest]
    return tree_unflatten([function(*values) for values in zip(leaves, *others)], spec)


def broadcast_to_tree(prefix: Any, spec: TreeSpec) -> list[Any] | None:
    """One value per leaf of ``spec`` from ``prefix``, a tree whose leaves may stand for whole subtrees; None where the
    structures do not agree."""
    if spec.kind is None:
        return None if isinstance(prefix, (tuple, list, dict)) else [prefix]
    if not isinstance(prefix, (tuple, list, dict)):
        return [prefix] * spec.num_leaves
    if type(prefix) is not spec.kind or len(prefix) != len(spec.children):
        return None
    if isinstance(prefix, dict) and list(prefix) != spec.context:
        return None
    found: list[Any] = []
    for part, child in zip(prefix.values() if isinstance(prefix, dict) else prefix, spec.children):
        values = broadcast_to_tree(part, child)
        if values is None:
            return None
        found += values
    return found
