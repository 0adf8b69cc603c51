"""Pytrees: nested containers, flattened to their leaves and built again.  Users find them in ``torch.utils._pytree``."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.pytree.keys import GetAttrKey, KeyEntry, KeyPath, MappingKey, SequenceKey, key_get, keystr
from adjoint.pytree.maps import (
    broadcast_to_tree,
    map_only,
    tree_all,
    tree_all_only,
    tree_any,
    tree_any_only,
    tree_flatten_with_path,
    tree_leaves_with_path,
    tree_map,
    tree_map_,
    tree_map_only,
    tree_map_only_,
    tree_map_with_path,
)
from adjoint.pytree.nodes import (
    BUILTIN_TYPES,
    CONSTANT_NODES,
    NO_SERIALIZED_TYPE_NAME_FOUND,
    SERIALIZED_TYPE_TO_PYTHON_TYPE,
    STANDARD_DICT_TYPES,
    SUPPORTED_NODES,
    SUPPORTED_SERIALIZED_TYPES,
    ConstantNode,
    Context,
    DumpableContext,
    FlattenFn,
    FlattenFunc,
    FlattenWithKeysFn,
    FlattenWithKeysFunc,
    FromDumpableContextFn,
    NodeDef,
    PyTree,
    ToDumpableContextFn,
    UnflattenFn,
    UnflattenFunc,
    _deregister_pytree_node,
    _dict_flatten,
    _dict_flatten_with_keys,
    _dict_unflatten,
    _get_node_type,
    _private_register_pytree_node,
    _register_namedtuple,
    _register_pytree_node,
    is_constant_class,
    is_namedtuple,
    is_namedtuple_class,
    is_namedtuple_instance,
    is_structseq,
    is_structseq_class,
    is_structseq_instance,
    register_constant,
    register_dataclass,
    register_pytree_node,
)
from adjoint.pytree.nodes import warn_of_old as _warn_of_old
from adjoint.pytree.spec import (
    _LEAF_SPEC,
    LeafSpec,
    PyTreeSpec,
    TreeSpec,
    arg_tree_leaves,
    tree_flatten,
    tree_is_leaf,
    tree_iter,
    tree_leaves,
    tree_structure,
    tree_unflatten,
    treespec_dict,
    treespec_leaf,
    treespec_tuple,
)
from adjoint.pytree.text import (
    DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL,
    EnumEncoder,
    enum_object_hook,
    pytree_to_str,
    str_to_pytree,
    treespec_dumps,
    treespec_loads,
    treespec_pprint,
)

__all__ = [
    "Context", "DumpableContext", "FlattenFn", "FromDumpableContextFn", "LeafSpec", "PyTree", "PyTreeSpec",
    "ToDumpableContextFn", "TreeSpec", "UnflattenFn", "is_namedtuple", "is_namedtuple_class", "is_namedtuple_instance",
    "is_structseq", "is_structseq_class", "is_structseq_instance", "key_get", "keystr", "register_pytree_node", "tree_all",
    "tree_all_only", "tree_any", "tree_any_only", "tree_flatten", "tree_flatten_with_path", "tree_is_leaf", "tree_iter",
    "tree_leaves", "tree_leaves_with_path", "tree_map", "tree_map_", "tree_map_only", "tree_map_only_", "tree_map_with_path",
    "tree_structure", "tree_unflatten", "treespec_dumps", "treespec_loads", "treespec_pprint",
]  # fmt: skip

_broadcast_to_and_flatten = broadcast_to_tree

# PyTorch's second implementation, over the package optree, is not there: programs ask here before they import it.
_cxx_pytree_exists = _cxx_pytree_dynamo_traceable = _cxx_pytree_imported = False


def _is_leaf(tree: Any, is_leaf: Any = None) -> bool:
    """Deprecated: :func:`tree_is_leaf`."""
    _warn_of_old("torch.utils._pytree._is_leaf is private and will be removed in a future release. "
                 "Please use torch.utils._pytree.tree_is_leaf instead.")  # fmt: skip
    return tree_is_leaf(tree, is_leaf)


def _is_namedtuple_instance(tree: Any) -> bool:
    """Deprecated: :func:`is_namedtuple_instance`."""
    _warn_of_old("torch.utils._pytree._is_namedtuple_instance is private and will be removed in a future release. "
                 "Please use torch.utils._pytree.is_namedtuple_instance instead.")  # fmt: skip
    return is_namedtuple_instance(tree)


_list_names(__name__)
