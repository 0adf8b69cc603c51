"""TreeSpec: the structure of a pytree, which with its leaves makes the pytree again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from adjoint.pytree.nodes import (
    BUILTIN_TYPES,
    STANDARD_DICT_TYPES,
    SUPPORTED_NODES,
    ConstantNode,
    _get_node_type,
    warn_of_old,
)

IsLeaf = Callable[[Any], bool]


class TreeSpec:
    """The structure of a pytree: its root's class (None for a leaf), what that class keeps beside its parts, and the
    structures of these.

    >>> from adjoint.utils import _pytree as pytree
    >>> spec = pytree.tree_structure({"a": 1, "b": (2, 3)})
    >>> spec.num_leaves, spec.unflatten([10, 20, 30])
    (3, {'a': 10, 'b': (20, 30)})
    """

    __slots__ = ("_children", "_context", "num_leaves", "type")

    def __init__(self, type: Any, context: Any, children_specs: list[TreeSpec]) -> None:
        self.type = type
        self._context = context
        self._children = children_specs
        self.num_leaves: int = 1 if type is None else sum(child.num_leaves for child in children_specs)

    @property
    def num_nodes(self) -> int:
        """How many containers and leaves there are."""
        return 1 + sum(child.num_nodes for child in self._children)

    @property
    def num_children(self) -> int:
        """How many parts the root has."""
        return len(self._children)

    @property
    def context(self) -> Any:
        """What the root's class keeps beside its parts: the keys of a dictionary, the class of a named tuple."""
        return self._context

    @property
    def children_specs(self) -> list[TreeSpec]:
        """Deprecated: :meth:`children`."""
        warn_of_old("`treespec.children_specs` is deprecated. Use `treespec.child(index)` to access a single child, or "
                    "`treespec.children()` to get all children.")  # fmt: skip
        return self._children

    def children(self) -> list[TreeSpec]:
        """The structures of the root's parts."""
        return list(self._children)

    def child(self, index: int) -> TreeSpec:
        """The structure of one of the root's parts."""
        return self._children[index]

    def is_leaf(self) -> bool:
        """Whether the pytree is one leaf."""
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The pytree with these leaves.  Raises ValueError if there are too many or too few."""
        if not isinstance(leaves, (list, tuple)):
            leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree that holds "
                f"{self.num_leaves} items ({self})."
            )
        return self._built(iter(leaves))

    def _built(self, leaves: Iterator[Any]) -> Any:
        if self.type is None:
            return next(leaves)
        return SUPPORTED_NODES[self.type].unflatten_fn([child._built(leaves) for child in self._children], self._context)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """What ``tree`` has in the places of this structure's leaves.  Raises ValueError where the structures differ.

        >>> from adjoint.utils import _pytree as pytree
        >>> pytree.tree_structure([0, 0]).flatten_up_to([1, {"a": 2}])
        [1, {'a': 2}]
        """
        if self.type is None:
            return [tree]
        return [found for child, part in zip(self._children, self._parts(tree)) for found in child.flatten_up_to(part)]

    def _parts(self, tree: Any) -> list[Any]:
        """The parts of ``tree``, whose root has to be like this structure's, in its order."""
        kind, expected = _get_node_type(tree), self.type
        dicts = expected in STANDARD_DICT_TYPES and kind in STANDARD_DICT_TYPES  # which may stand for each other
        built_in = expected in BUILTIN_TYPES
        if kind is not expected and not dicts:
            raise ValueError(f"{'Node type' if built_in else 'Type'} mismatch; expected {expected!r}, but got {kind!r}.")
        parts, context = SUPPORTED_NODES[kind].flatten_fn(tree)
        if len(parts) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(parts)}.")
        if dicts:
            keys = self._context[1] if expected is defaultdict else self._context
            if missing := set(keys).difference(tree):
                raise ValueError(
                    f"Node keys mismatch; missing key(s): {missing}; extra key(s): {set(tree).difference(keys)}."
                )
            return [tree[key] for key in keys]
        if context != self._context and kind is not deque:  # deques may differ in what they hold at most
            if not built_in:
                raise ValueError(f"Node context mismatch for custom node type {expected!r}.")
            raise ValueError(
                f"Node context mismatch for node type {expected!r}; expected {self._context!r}, but got {context!r}."
            )
        return parts

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        assert isinstance(other, TreeSpec)
        return (
            str(self.type) == str(other.type)
            and not self._context != other._context
            and self._children == other._children
        )

    def __hash__(self) -> int:
        context = self._context
        if self.type is defaultdict:
            context = context[0], tuple(context[1])
        elif self.type in (dict, OrderedDict):
            context = tuple(context)
        elif isinstance(context, ConstantNode):
            context = context.value
        elif self.type is not None and self.type not in BUILTIN_TYPES:
            context = None  # of others' classes it may be anything
        return hash((self.type, context, tuple(self._children)))

    def __repr__(self, indent: int = 0) -> str:
        indent += 2
        children = (",\n" + " " * indent).join(child.__repr__(indent) for child in self._children)
        return f"TreeSpec({self.type.__name__}, {self._context}, [{children}])"


PyTreeSpec = TreeSpec


class LeafSpec(TreeSpec):
    """The structure of a leaf.  Deprecated: ``spec.is_leaf()`` asks for it, :func:`treespec_leaf` makes it."""

    __slots__ = ()

    def __init__(self) -> None:
        warn_of_old("`isinstance(treespec, LeafSpec)` is deprecated, use `isinstance(treespec, TreeSpec) and "
                    "treespec.is_leaf()` instead.")  # fmt: skip
        super().__init__(None, None, [])

    def __repr__(self, indent: int = 0) -> str:
        return "*"


_LEAF_SPEC = LeafSpec.__new__(LeafSpec)
TreeSpec.__init__(_LEAF_SPEC, None, None, [])


def treespec_leaf() -> TreeSpec:
    """The structure of a leaf."""
    return _LEAF_SPEC


def treespec_tuple(iterable: Iterable[TreeSpec] = (), /) -> TreeSpec:
    """The structure of a tuple whose parts have these structures.  Raises ValueError for others than structures."""
    children = list(iterable)
    if not all(isinstance(child, TreeSpec) for child in children):
        raise ValueError(f"Expected a tuple of TreeSpec values, got: {children!r}.")
    return TreeSpec(tuple, None, children)


def treespec_dict(mapping: Mapping[Any, TreeSpec] | Iterable[tuple[Any, TreeSpec]] = (), /, **kwargs: TreeSpec) -> TreeSpec:
    """The structure of a dictionary whose values have these structures.  Raises ValueError for others than structures."""
    children = dict(mapping, **kwargs)
    if not all(isinstance(child, TreeSpec) for child in children.values()):
        raise ValueError(f"Expected a dictionary of TreeSpec values, got: {children!r}.")
    return TreeSpec(dict, list(children), list(children.values()))


def tree_is_leaf(tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """Whether ``tree`` is no container, or ``is_leaf`` says that it is a leaf.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_is_leaf(None), pytree.tree_is_leaf([]), pytree.tree_is_leaf((1,), lambda x: isinstance(x, tuple))
    (True, False, True)
    """
    return bool(is_leaf is not None and is_leaf(tree)) or _get_node_type(tree) not in SUPPORTED_NODES


def tree_flatten(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of ``tree``, in order, and its structure; what ``is_leaf`` says True to is a leaf.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_flatten({"a": (1, 2), "b": [3]})[0]
    [1, 2, 3]
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves, is_leaf)


def _flatten(tree: Any, leaves: list[Any], is_leaf: IsLeaf | None) -> TreeSpec:
    if is_leaf is None or not is_leaf(tree):
        kind = _get_node_type(tree)
        node = SUPPORTED_NODES.get(kind)
        if node is not None:
            parts, context = node.flatten_fn(tree)
            return TreeSpec(kind, context, [_flatten(part, leaves, is_leaf) for part in parts])
    leaves.append(tree)
    return _LEAF_SPEC


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The pytree of structure ``treespec`` with these leaves.  Raises ValueError if there are too many or too few.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_unflatten([1, 2], pytree.tree_structure((0, [0])))
    (1, [2])
    """
    if not isinstance(treespec, TreeSpec):
        if not isinstance(leaves, TreeSpec):
            raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
        leaves, treespec = treespec, leaves
    return treespec.unflatten(leaves)


def tree_iter(tree: Any, is_leaf: IsLeaf | None = None) -> Iterator[Any]:
    """The leaves of ``tree``, one after the other."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
    else:
        for part in SUPPORTED_NODES[_get_node_type(tree)].flatten_fn(tree)[0]:
            yield from tree_iter(part, is_leaf)


def tree_leaves(tree: Any, is_leaf: IsLeaf | None = None) -> list[Any]:
    """The leaves of ``tree``, in order."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: IsLeaf | None = None) -> TreeSpec:
    """The structure of ``tree``.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.tree_structure([1, (2, 3)])
    TreeSpec(list, None, [*,
      TreeSpec(tuple, None, [*,
        *])])
    """
    return tree_flatten(tree, is_leaf)[1]


def arg_tree_leaves(*args: Any, **kwargs: Any) -> list[Any]:
    """The leaves of all arguments."""
    return tree_leaves([*args, *kwargs.values()])
