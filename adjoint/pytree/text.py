"""Text: structures as JSON, by which they are stored, and as Python would write the pytree."""

from __future__ import annotations

import functools
import importlib
import json
from enum import Enum
from typing import Any

from adjoint.pytree.nodes import (
    NO_SERIALIZED_TYPE_NAME_FOUND,
    SERIALIZED_TYPE_TO_PYTHON_TYPE,
    SUPPORTED_SERIALIZED_TYPES,
    warn_of_old,
)
from adjoint.pytree.spec import _LEAF_SPEC, TreeSpec

DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL = 1


class EnumEncoder(json.JSONEncoder):
    """JSON with members of enumerations, by their class and name."""

    def default(self, obj: object) -> Any:
        """What is written of a value that JSON does not know."""
        if isinstance(obj, Enum):
            cls = type(obj)
            return {"__enum__": True, "fqn": f"{cls.__module__}:{cls.__qualname__}", "name": obj.name}
        return super().default(obj)


def enum_object_hook(obj: dict[str, Any]) -> Any:
    """The member of an enumeration that was written as ``obj``; other dictionaries are themselves."""
    if "__enum__" not in obj:
        return obj
    module, _, names = obj["fqn"].partition(":")
    place: Any = importlib.import_module(module)
    for name in names.split("."):
        place = getattr(place, name)
    return place[obj["name"]]


def treespec_dumps(treespec: TreeSpec, protocol: int | None = None) -> str:
    """A structure as JSON.

    Raises NotImplementedError for classes that were not given a ``serialized_type_name``, TypeError for contexts that
    JSON cannot hold, ValueError for a protocol other than 1.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.treespec_loads(pytree.treespec_dumps(pytree.tree_structure((1, [2])))).unflatten("ab")
    ('a', ['b'])
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
    protocol = DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL if protocol is None else protocol
    _check(protocol)
    return json.dumps((protocol, _written(treespec)), cls=EnumEncoder)


@functools.lru_cache
def treespec_loads(serialized: str) -> TreeSpec:
    """The structure that :func:`treespec_dumps` wrote.  Raises NotImplementedError for classes that it does not know."""
    protocol, written = json.loads(serialized)
    _check(protocol)
    return _read(written)


def _check(protocol: int) -> None:
    if protocol != DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL:
        available = [DEFAULT_TREESPEC_SERIALIZATION_PROTOCOL]
        raise ValueError(f"Unknown protocol {protocol}. Available protocols: {available}")


def _written(spec: TreeSpec) -> dict[str, Any]:
    if spec.is_leaf():
        return {"type": None, "context": None, "children_spec": []}
    form = SUPPORTED_SERIALIZED_TYPES.get(spec.type)
    if form is None:
        raise NotImplementedError(f"Serializing {spec.type} in pytree is not registered.")
    if form.serialized_type_name == NO_SERIALIZED_TYPE_NAME_FOUND:
        raise NotImplementedError(
            f"No registered serialization name for {spec.type} found. "
            "Please update your _register_pytree_node call with a `serialized_type_name` kwarg."
        )
    if form.to_dumpable_context is not None:
        context = form.to_dumpable_context(spec._context)
    else:
        try:
            context = json.dumps(spec._context, cls=EnumEncoder)
        except TypeError as error:
            raise TypeError(
                "Unable to serialize context. Please make the context json dump-able, or register a "
                "custom serializer using _register_pytree_node."
            ) from error
    children = [_written(child) for child in spec._children]
    return {"type": form.serialized_type_name, "context": context, "children_spec": children}


def _read(written: dict[str, Any]) -> TreeSpec:
    name, context, children = written["type"], written["context"], written["children_spec"]
    if name is None and context is None and not children:
        return _LEAF_SPEC
    if name not in SERIALIZED_TYPE_TO_PYTHON_TYPE:
        raise NotImplementedError(f"Deserializing {name} in pytree is not registered.")
    kind = SERIALIZED_TYPE_TO_PYTHON_TYPE[name]
    read = SUPPORTED_SERIALIZED_TYPES[kind].from_dumpable_context
    if read is not None:
        context = read(context)
    else:
        try:
            context = json.loads(context, object_hook=enum_object_hook)
        except TypeError as error:
            raise TypeError(
                "Unable to deserialize context. Please make the context json load-able, or register a "
                "custom serializer using _register_pytree_node."
            ) from error
    return TreeSpec(kind, context, [_read(child) for child in children])


class _Star(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def treespec_pprint(treespec: TreeSpec) -> str:
    """The pytree as Python writes it, with a star for each leaf.

    >>> from adjoint.utils import _pytree as pytree
    >>> pytree.treespec_pprint(pytree.tree_structure({"a": [1, 2]}))
    "{'a': [*, *]}"
    """
    return repr(treespec.unflatten([_Star("*")] * treespec.num_leaves))


def pytree_to_str(treespec: TreeSpec) -> str:
    """Deprecated: :func:`treespec_dumps`."""
    warn_of_old("`pytree_to_str` is deprecated. Please use `treespec_dumps` instead.")
    return treespec_dumps(treespec)


def str_to_pytree(json: str) -> TreeSpec:
    """Deprecated: :func:`treespec_loads`."""
    warn_of_old("`str_to_pytree` is deprecated. Please use `treespec_loads` instead.")
    return treespec_loads(json)
