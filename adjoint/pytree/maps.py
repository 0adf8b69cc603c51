"""Maps: functions applied to, and questions asked of, the leaves of pytrees."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from adjoint.pytree.keys import KeyPath
from adjoint.pytree.nodes import SUPPORTED_NODES, _get_node_type
from adjoint.pytree.spec import IsLeaf, TreeSpec, tree_flatten, tree_is_leaf, tree_iter


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """``tree`` with ``func`` applied to each leaf, and to what the ``rests`` have in its place.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_map(lambda x, y: [x] + y, [5, 6], [[7, 9], [1]])
    [[5, 7, 9], [6, 1]]
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *(spec.flatten_up_to(rest) for rest in rests)))


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """Call ``func`` with each leaf, and what the ``rests`` have in its place, for what it does; ``tree`` itself."""
    leaves, spec = tree_flatten(tree, is_leaf)
    for values in zip(leaves, *(spec.flatten_up_to(rest) for rest in rests)):
        func(*values)
    return tree


def map_only(type_or_types_or_pred: Any, /) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """A decorator: the function for values of a type, or of one of several, or that a predicate says True to; others stay.

    Raises TypeError for anything else.
    """
    if isinstance(type_or_types_or_pred, (type, tuple, types.UnionType)):

        def chosen(value: Any) -> bool:
            return isinstance(value, type_or_types_or_pred)

    elif callable(type_or_types_or_pred):
        chosen = type_or_types_or_pred
    else:
        raise TypeError("Argument must be a type, a tuple of types, or a callable.")

    def wrapper(func: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return functools.wraps(func)(lambda value: func(value) if chosen(value) else value)

    return wrapper


def tree_map_only(
    type_or_types_or_pred: Any, /, func: Callable[[Any], Any], tree: Any, is_leaf: IsLeaf | None = None
) -> Any:
    """``tree`` with ``func`` applied to the leaves of a type, see :func:`map_only`.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_map_only(int, lambda x: x + 1, {"a": 1, "b": "text"})
    {'a': 2, 'b': 'text'}
    """
    return tree_map(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_map_only_(
    type_or_types_or_pred: Any, /, func: Callable[[Any], Any], tree: Any, is_leaf: IsLeaf | None = None
) -> Any:
    """Call ``func`` with the leaves of a type, for what it does; ``tree`` itself."""
    return tree_map_(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """Whether ``pred`` says True to every leaf."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """Whether ``pred`` says True to a leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(
    type_or_types: Any, /, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None
) -> bool:
    """Whether ``pred`` says True to every leaf of a type."""
    return all(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


def tree_any_only(
    type_or_types: Any, /, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None
) -> bool:
    """Whether ``pred`` says True to a leaf of a type."""
    return any(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


def tree_leaves_with_path(tree: Any, is_leaf: IsLeaf | None = None) -> list[tuple[KeyPath, Any]]:
    """Each leaf with the keys that lead to it.

    Raises ValueError for a container of a class that was made one without ``flatten_with_keys_fn``.

    >>> from adjoint.utils import _pytree as pytree
    >>> [(pytree.keystr(path), leaf) for path, leaf in pytree.tree_leaves_with_path({"a": [1, 2]})]
    [("['a'][0]", 1), ("['a'][1]", 2)]
    """
    found: list[tuple[KeyPath, Any]] = []
    _walk((), tree, is_leaf, found)
    return found


def _walk(path: KeyPath, tree: Any, is_leaf: IsLeaf | None, found: list[tuple[KeyPath, Any]]) -> None:
    if tree_is_leaf(tree, is_leaf):
        found.append((path, tree))
        return
    kind = _get_node_type(tree)
    parts_with_keys = SUPPORTED_NODES[kind].flatten_with_keys_fn
    if parts_with_keys is None:
        raise ValueError(
            f"Did not find a flatten_with_keys_fn for type: {kind}. "
            "Please pass a flatten_with_keys_fn argument to register_pytree_node."
        )
    for key, part in parts_with_keys(tree)[0]:
        _walk((*path, key), part, is_leaf, found)


def tree_flatten_with_path(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """Each leaf with the keys that lead to it, and the structure."""
    return tree_leaves_with_path(tree, is_leaf), tree_flatten(tree, is_leaf)[1]


def tree_map_with_path(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """:func:`tree_map` of a function that is also given, first, the keys that lead to the leaf.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_map_with_path(lambda path, x: pytree.keystr(path) + "=" + str(x), {"a": 1})
    {'a': "['a']=1"}
    """
    leaves, spec = tree_flatten_with_path(tree, is_leaf)
    others = [spec.flatten_up_to(rest) for rest in rests]
    return spec.unflatten(func(*leaf, *values) for leaf, *values in zip(leaves, *others))


def broadcast_to_tree(prefix: Any, spec: TreeSpec) -> list[Any] | None:
    """One value per leaf of ``spec`` from ``prefix``, a tree whose leaves may stand for whole subtrees; None where the
    structures do not agree."""
    if tree_is_leaf(prefix):
        return [prefix] * spec.num_leaves
    if spec.is_leaf():
        return None
    try:
        parts = spec._parts(prefix)
    except ValueError:
        return None
    found: list[Any] = []
    for part, child in zip(parts, spec._children):
        values = broadcast_to_tree(part, child)
        if values is None:
            return None
        found += values
    return found
