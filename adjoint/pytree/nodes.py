"""Nodes: which classes are containers of a pytree, and how each is taken apart and put together again."""

from __future__ import annotations

import dataclasses
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from adjoint.places import users_level
from adjoint.pytree.keys import GetAttrKey, MappingKey, SequenceKey

PyTree = Any
Context = Any
DumpableContext = Any
FlattenFn = Callable[[Any], "tuple[list[Any], Any]"]
FlattenFunc = FlattenFn
UnflattenFn = Callable[[Iterable[Any], Any], Any]
UnflattenFunc = UnflattenFn
FlattenWithKeysFn = Callable[[Any], "tuple[list[tuple[Any, Any]], Any]"]
FlattenWithKeysFunc = FlattenWithKeysFn
ToDumpableContextFn = Callable[[Any], Any]
FromDumpableContextFn = Callable[[Any], Any]

NO_SERIALIZED_TYPE_NAME_FOUND = "NO_SERIALIZED_TYPE_NAME_FOUND"


class NodeDef(NamedTuple):
    """How the containers of one class are taken apart, with and without the keys of their parts, and put together."""

    type: Any
    flatten_fn: FlattenFn
    unflatten_fn: UnflattenFn
    flatten_with_keys_fn: FlattenWithKeysFn | None


class _SerializeNodeDef(NamedTuple):
    """How a class and what it keeps beside its parts are written down."""

    typ: Any
    serialized_type_name: str
    to_dumpable_context: ToDumpableContextFn | None
    from_dumpable_context: FromDumpableContextFn | None


SUPPORTED_NODES: dict[Any, NodeDef] = {}
SUPPORTED_SERIALIZED_TYPES: dict[Any, _SerializeNodeDef] = {}
SERIALIZED_TYPE_TO_PYTHON_TYPE: dict[str, Any] = {}
CONSTANT_NODES: set[type] = set()


# Which values are containers.


def _get_node_type(tree: Any) -> Any:
    """The class that says how ``tree`` is taken apart: ``namedtuple`` for every class of that kind, else its own."""
    kind = type(tree)
    if kind not in _PLAIN and issubclass(kind, tuple):
        if is_namedtuple_class(kind):
            return namedtuple
        if hasattr(kind, "_names") and kind not in SUPPORTED_NODES:  # an operator's named outputs
            SUPPORTED_NODES[kind] = NodeDef(kind, _sequence, lambda values, context: kind(values), _sequence_keys)
    return kind


def is_namedtuple(obj: Any) -> bool:
    """Whether ``obj`` is a named tuple, or a class of them."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def is_namedtuple_class(cls: Any) -> bool:
    """Whether ``cls`` is a class that ``collections.namedtuple`` made, or one derived of it."""
    if not (isinstance(cls, type) and issubclass(cls, tuple)):
        return False
    fields = getattr(cls, "_fields", None)
    return (
        isinstance(fields, tuple)
        and all(type(field) is str for field in fields)
        and callable(getattr(cls, "_make", None))
        and callable(getattr(cls, "_asdict", None))
    )


def is_namedtuple_instance(obj: Any) -> bool:
    """Whether ``obj`` is a named tuple."""
    return is_namedtuple_class(type(obj))


def is_structseq(obj: Any) -> bool:
    """Whether ``obj`` is a sequence as ``time.localtime()`` is one, with named fields and made in C, or a class of them."""
    return is_structseq_class(obj if isinstance(obj, type) else type(obj))


_CAN_HAVE_SUBCLASSES = 1 << 10  # Py_TPFLAGS_BASETYPE


def is_structseq_class(cls: Any) -> bool:
    """Whether ``cls`` is a class of such sequences."""
    return (
        isinstance(cls, type)
        and cls.__bases__ == (tuple,)
        and all(isinstance(getattr(cls, n, None), int) for n in ("n_fields", "n_sequence_fields", "n_unnamed_fields"))
        and not cls.__flags__ & _CAN_HAVE_SUBCLASSES
    )


def is_structseq_instance(obj: Any) -> bool:
    """Whether ``obj`` is such a sequence."""
    return is_structseq_class(type(obj))


# Making classes containers.


def register_pytree_node(
    cls: Any,
    flatten_fn: FlattenFn,
    unflatten_fn: UnflattenFn,
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: ToDumpableContextFn | None = None,
    from_dumpable_context: FromDumpableContextFn | None = None,
    flatten_with_keys_fn: FlattenWithKeysFn | None = None,
) -> None:
    """Make the objects of a class containers.

    ``flatten_fn(object)`` gives the list of its parts and what else is needed to build it again (the context);
    ``unflatten_fn(parts, context)`` builds it.  ``flatten_with_keys_fn`` gives pairs of a key and a part in place of
    the parts, for paths.  The rest says how a structure is written down: the class's name, and functions that make JSON
    of the context and the context of it.

    Raises ValueError if the class is a container already.

    >>> from adjoint.utils import _pytree as pytree
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda parts, context: Pair(*parts))
    >>> pytree.tree_leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    _private_register_pytree_node(
        cls,
        flatten_fn,
        unflatten_fn,
        serialized_type_name=serialized_type_name,
        to_dumpable_context=to_dumpable_context,
        from_dumpable_context=from_dumpable_context,
        flatten_with_keys_fn=flatten_with_keys_fn,
    )


def _private_register_pytree_node(
    cls: Any,
    flatten_fn: FlattenFn,
    unflatten_fn: UnflattenFn,
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: ToDumpableContextFn | None = None,
    from_dumpable_context: FromDumpableContextFn | None = None,
    flatten_with_keys_fn: FlattenWithKeysFn | None = None,
) -> None:
    """:func:`register_pytree_node` that warns where the class is a container already."""
    if cls in SUPPORTED_NODES:
        warnings.warn(
            f"{cls} is already registered as pytree node. Overwriting the previous registration.",
            stacklevel=users_level(),
        )
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)
    if (to_dumpable_context is None) != (from_dumpable_context is None):
        raise ValueError(f"Both to_dumpable_context and from_dumpable_context for {cls} must be None or registered.")
    name = NO_SERIALIZED_TYPE_NAME_FOUND if serialized_type_name is None else serialized_type_name
    SUPPORTED_SERIALIZED_TYPES[cls] = _SerializeNodeDef(cls, name, to_dumpable_context, from_dumpable_context)
    SERIALIZED_TYPE_TO_PYTHON_TYPE[name] = cls


def _register_pytree_node(
    cls: Any,
    flatten_fn: FlattenFn,
    unflatten_fn: UnflattenFn,
    to_str_fn: Any = None,
    maybe_from_str_fn: Any = None,
    **rest: Any,
) -> None:
    """Deprecated: :func:`register_pytree_node`."""
    warn_of_old("`torch.utils._pytree._register_pytree_node` is deprecated. Please use "
                "`torch.utils._pytree.register_pytree_node` instead.")  # fmt: skip
    if to_str_fn is not None or maybe_from_str_fn is not None:
        warn_of_old("`to_str_fn` and `maybe_from_str_fn` is deprecated. Please use `to_dumpable_context` and "
                    "`from_dumpable_context` instead.")  # fmt: skip
    _private_register_pytree_node(cls, flatten_fn, unflatten_fn, **rest)


def warn_of_old(text: str) -> None:
    """Say that a name is deprecated."""
    warnings.warn(text, FutureWarning, stacklevel=users_level())


def _deregister_pytree_node(cls: Any) -> None:
    """Make the objects of a class leaves again.  Raises KeyError if they are."""
    del SUPPORTED_NODES[cls]
    del SERIALIZED_TYPE_TO_PYTHON_TYPE[SUPPORTED_SERIALIZED_TYPES.pop(cls).serialized_type_name]
    CONSTANT_NODES.discard(cls)


def register_dataclass(
    cls: type[Any],
    *,
    field_names: list[str] | None = None,
    drop_field_names: list[str] | None = None,
    serialized_type_name: str | None = None,
) -> None:
    """Make the objects of a dataclass containers of their fields; fields that are None are no parts.

    A class that is no dataclass needs ``field_names``, the names by which it is built.

    Raises ValueError if names are missing, or of no field.
    """
    fields = _data_fields(cls, field_names, drop_field_names or [])

    def flatten(value: Any) -> tuple[list[Any], Any]:
        parts = {name: getattr(value, name) for name in fields}
        there = [name for name in fields if parts[name] is not None]
        return [parts[name] for name in there], [there, [name for name in fields if parts[name] is None]]

    def flatten_with_keys(value: Any) -> tuple[list[tuple[Any, Any]], Any]:
        parts, (there, _) = flatten(value)
        return [(GetAttrKey(name), part) for name, part in zip(there, parts)], there

    def unflatten(parts: Iterable[Any], context: Any) -> Any:
        there, none = context
        return cls(**dict(zip(there, parts, strict=True)), **dict.fromkeys(none))

    _private_register_pytree_node(
        cls, flatten, unflatten, serialized_type_name=serialized_type_name, flatten_with_keys_fn=flatten_with_keys
    )


def _data_fields(cls: Any, given: list[str] | None, dropped: list[str]) -> list[str]:
    if not dataclasses.is_dataclass(cls):
        if given is None:
            raise ValueError(
                "field_names must be specified with a list of all fields used to "
                f"initialize {cls}, as it is not a dataclass."
            )
        return given
    names = [f.name for f in dataclasses.fields(cls) if f.init]
    if given is None:
        return names
    wanted = set(names) - set(dropped)
    text = "field_names does not include all dataclass fields.\n"
    if missing := wanted - set(given):
        text += (
            f"Missing fields in `field_names`: {missing}. If you want to include these fields in the pytree, please add "
            "them to `field_names`, otherwise please add them to `drop_field_names`.\n"
        )
    if unexpected := set(given) - wanted:
        text += (
            f"Unexpected fields in `field_names`: {unexpected}. Please remove these fields, or add them to "
            "`drop_field_names`.\n"
        )
    if missing or unexpected:
        raise ValueError(text)
    return given


@dataclasses.dataclass(frozen=True)
class ConstantNode:
    """The context of a value without parts: the value."""

    value: Any


def register_constant(cls: Any) -> None:
    """Make the objects of a class containers without parts: of two trees that differ in them, the structures differ.

    Raises TypeError if objects of the class are not compared and hashed by what they are.
    """
    for method, is_default in (("__eq__", cls.__eq__ is object.__eq__), ("__hash__", cls.__hash__ is None)):
        if is_default:
            raise TypeError(f"register_constant(cls) expects `cls` to have a non-default `{method}` implementation.")
    _private_register_pytree_node(
        cls,
        lambda value: ([], ConstantNode(value)),
        lambda parts, context: context.value,
        flatten_with_keys_fn=lambda value: ([], ConstantNode(value)),
    )
    CONSTANT_NODES.add(cls)


def is_constant_class(cls: Any) -> bool:
    """Whether a class was given to :func:`register_constant`."""
    return isinstance(cls, type) and cls in CONSTANT_NODES


# The containers that there are from the beginning.


def _sequence(value: Any) -> tuple[list[Any], Any]:
    return list(value), None


def _sequence_keys(value: Any) -> tuple[list[tuple[Any, Any]], Any]:
    return [(SequenceKey(i), part) for i, part in enumerate(value)], None


def _dict_flatten(value: dict[Any, Any]) -> tuple[list[Any], Any]:
    return list(value.values()), list(value)


def _dict_flatten_with_keys(value: dict[Any, Any]) -> tuple[list[tuple[Any, Any]], Any]:
    return [(MappingKey(key), part) for key, part in value.items()], list(value)


def _dict_unflatten(parts: Iterable[Any], context: Any) -> dict[Any, Any]:
    return dict(zip(context, parts, strict=True))


def _named_keys(value: Any) -> tuple[list[tuple[Any, Any]], Any]:
    return [(GetAttrKey(field), part) for field, part in zip(value._fields, value)], type(value)


def _name_of_named(context: Any) -> str:
    form = SUPPORTED_SERIALIZED_TYPES.get(context)
    problem = None
    if form is None:
        problem = "didn't register a serializated_type_name"
    elif form.serialized_type_name == NO_SERIALIZED_TYPE_NAME_FOUND:
        problem = "couldn't find a serializated_type_name"
    if form is None or problem:
        raise NotImplementedError(
            f"Can't serialize TreeSpec of namedtuple class {context} because we {problem}. "
            "Please register using `_register_namedtuple`."
        )
    return form.serialized_type_name


def _named_of_name(name: Any) -> Any:
    if name not in SERIALIZED_TYPE_TO_PYTHON_TYPE:
        raise NotImplementedError(
            f"Can't deserialize TreeSpec of namedtuple class {name} because we couldn't find a serializated name."
        )
    return SERIALIZED_TYPE_TO_PYTHON_TYPE[name]


def _register_namedtuple(cls: Any, *, serialized_type_name: str) -> None:
    """Give a class of named tuples, which are containers anyway, a name by which structures with it are written down."""
    named = NodeDef(cls, *SUPPORTED_NODES[namedtuple][1:])
    _private_register_pytree_node(
        *named[:3],
        serialized_type_name=serialized_type_name,
        to_dumpable_context=_name_of_named,
        from_dumpable_context=_named_of_name,
        flatten_with_keys_fn=named.flatten_with_keys_fn,
    )


def _default_written(context: Any) -> dict[str, Any]:
    factory, keys = context
    return {
        "default_factory_module": factory.__module__,
        "default_factory_name": factory.__qualname__,
        "dict_context": keys,
    }


def _default_read(written: Any) -> list[Any]:
    import importlib

    module = importlib.import_module(written["default_factory_module"])
    return [getattr(module, written["default_factory_name"]), written["dict_context"]]


_PLAIN = frozenset({tuple, list, dict})
STANDARD_DICT_TYPES: frozenset[Any] = frozenset({dict, OrderedDict, defaultdict})
BUILTIN_TYPES: frozenset[Any] = frozenset({tuple, list, dict, namedtuple, OrderedDict, defaultdict, deque})

_BEGINNING: tuple[tuple[Any, ...], ...] = (
    # class, its parts, built of them, its parts with keys; and how its context is written and read, where JSON needs help
    (tuple, _sequence, lambda parts, _: tuple(parts), _sequence_keys),
    (list, _sequence, lambda parts, _: list(parts), _sequence_keys),
    (dict, _dict_flatten, _dict_unflatten, _dict_flatten_with_keys),
    (namedtuple, lambda value: (list(value), type(value)), lambda parts, cls: cls(*parts), _named_keys,
     _name_of_named, _named_of_name),
    (OrderedDict, _dict_flatten, lambda parts, keys: OrderedDict(zip(keys, parts, strict=True)), _dict_flatten_with_keys),
    (defaultdict, lambda value: (list(value.values()), [value.default_factory, list(value)]),
     lambda parts, context: defaultdict(context[0], zip(context[1], parts, strict=True)),
     lambda value: (_dict_flatten_with_keys(value)[0], [value.default_factory, list(value)]),
     _default_written, _default_read),
    (deque, lambda value: (list(value), value.maxlen), lambda parts, length: deque(parts, maxlen=length),
     lambda value: (_sequence_keys(value)[0], value.maxlen)),
)  # fmt: skip
for _cls, _flatten, _unflatten, _with_keys, *_context in _BEGINNING:
    _private_register_pytree_node(
        _cls,
        _flatten,
        _unflatten,
        serialized_type_name=f"{'builtins' if _cls in _PLAIN else 'collections'}.{_cls.__name__}",
        to_dumpable_context=_context[0] if _context else None,
        from_dumpable_context=_context[1] if _context else None,
        flatten_with_keys_fn=_with_keys,
    )
