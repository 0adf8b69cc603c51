"""What programs import from ``torch._jit_internal``: marks that they put on functions for TorchScript, and its questions
about types.

Nothing is scripted here: programs run as Python, as they do in PyTorch with ``PYTORCH_JIT=0``.  The marks are set, for programs
read them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
import typing
import warnings
from collections.abc import Callable, Container
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from adjoint.futures import Future
from adjoint.names import list_names as _list_names
from adjoint.places import users_level

__all__ = [
    "BroadcastingList1",
    "BroadcastingList2",
    "BroadcastingList3",
    "BroadcastingList4",
    "BroadcastingList5",
    "BroadcastingList6",
    "BroadcastingListCls",
    "Final",
    "FunctionModifiers",
    "Future",
    "boolean_dispatch",
    "boolean_dispatched",
    "copy_torchscript_modifier",
    "export",
    "get_torchscript_modifier",
    "ignore",
    "is_dict",
    "is_final",
    "is_future",
    "is_ignored_fn",
    "is_list",
    "is_optional",
    "is_scripting",
    "is_tuple",
    "is_union",
    "module_has_exports",
    "should_drop",
    "unused",
]

F = TypeVar("F", bound=Callable[..., Any])


def is_scripting() -> bool:
    """False: code runs as Python."""
    return False


class BroadcastingListCls:
    """What annotations say of an argument that may be one number for all dimensions: ``BroadcastingList2[int]``."""

    def __getitem__(self, types: Any) -> None:
        """Nothing; annotations are not looked at."""
        return


BroadcastingList1 = BroadcastingList2 = BroadcastingList3 = BroadcastingListCls()
BroadcastingList4 = BroadcastingList5 = BroadcastingList6 = BroadcastingList1


class FunctionModifiers:
    """What a function's ``_torchscript_modifier`` may say."""

    UNUSED = "unused (ignored and replaced with raising of an exception)"
    IGNORE = "ignore (leave as a call to Python, cannot be torch.jit.save'd)"
    EXPORT = "export (compile this function even if nothing calls it)"
    DEFAULT = "default (compile if called from an exported function / forward)"
    COPY_TO_SCRIPT_WRAPPER = "if this method is not scripted, copy the python method onto the scripted model"
    _DROP = "_drop (function is fully ignored, declaration can be unscriptable)"


def _marked(function: F, modifier: str) -> F:
    function._torchscript_modifier = modifier  # type: ignore[attr-defined]
    return function


def export(fn: F) -> F:
    """``fn``, marked as one that is scripted although ``forward`` does not call it (a decorator).

    >>> import adjoint as torch
    >>> torch.jit.export(lambda x: x)._torchscript_modifier
    'export (compile this function even if nothing calls it)'
    """
    return _marked(fn, FunctionModifiers.EXPORT)


def unused(fn: F) -> F:
    """``fn``, a function or property, marked as one that scripted code does not call (a decorator)."""
    if isinstance(fn, property):
        for accessor in (fn.fget, fn.fset):
            if accessor is not None:
                _marked(accessor, FunctionModifiers.UNUSED)
        return fn
    return _marked(fn, FunctionModifiers.UNUSED)


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A function, marked as one that stays Python where others are scripted; a decorator, with or without arguments.

    ``drop=True`` is the older spelling of :func:`unused`, and warns.  Raises RuntimeError for anything but a bool or function.
    """
    if callable(drop):
        return _marked(drop, FunctionModifiers.IGNORE)
    if not isinstance(drop, bool):
        raise RuntimeError(f"Argument to @torch.jit.ignore must be a bool or a function but got {drop}")
    older = kwargs.pop("drop_on_export", None)
    if older or drop:
        warnings.warn(
            f"ignore({'drop_on_export=True' if older else 'True'}) has been deprecated. TorchScript will now drop the function "
            "call on compilation. Use torch.jit.unused now. {}",
            category=FutureWarning,
            stacklevel=users_level(),
        )
    modifier = FunctionModifiers.UNUSED if older or drop else FunctionModifiers.IGNORE
    return lambda function: _marked(function, modifier)


def _drop(fn: F) -> F:
    """``fn``, marked as one whose declaration need not even be scriptable."""
    return _marked(fn, FunctionModifiers._DROP)


def _copy_to_script_wrapper(fn: F) -> F:
    """``fn``, marked as a method that scripted modules keep as Python."""
    return _marked(fn, FunctionModifiers.COPY_TO_SCRIPT_WRAPPER)


class _IgnoreContextManager(AbstractContextManager[None]):
    """A block that stays Python where what surrounds it is scripted; keywords describe its names."""

    def __init__(self, **kwargs: Any) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass


def get_torchscript_modifier(fn: Any) -> str | None:
    """The mark of a function or method; None for what cannot be called."""
    if not callable(fn):
        return None
    modifier: str = getattr(getattr(fn, "__func__", fn), "_torchscript_modifier", FunctionModifiers.DEFAULT)
    return modifier


def copy_torchscript_modifier(orig: Any, new: Any) -> None:
    """Give ``new`` the mark of ``orig``."""
    modifier = get_torchscript_modifier(orig)
    if modifier is not None:
        new._torchscript_modifier = modifier


def should_drop(fn: Any) -> bool:
    """Whether scripted code does not call ``fn``."""
    return get_torchscript_modifier(fn) in (FunctionModifiers.UNUSED, FunctionModifiers._DROP)


def is_ignored_fn(fn: Any) -> bool:
    """Whether ``fn`` is not scripted."""
    return should_drop(fn) or get_torchscript_modifier(fn) == FunctionModifiers.IGNORE


def module_has_exports(mod: Any) -> bool:
    """Whether a method of ``mod`` is marked by :func:`export`."""
    return any(get_torchscript_modifier(getattr(mod, n, None)) == FunctionModifiers.EXPORT for n in dir(mod))


boolean_dispatched: WeakKeyDictionary[Callable[..., Any], dict[str, Any]] = WeakKeyDictionary()
"""What :func:`boolean_dispatch` made its functions of."""


def boolean_dispatch(
    arg_name: str,
    arg_index: int,
    default: bool,
    if_true: Callable[..., Any],
    if_false: Callable[..., Any],
    module_name: str | None,
    func_name: str | None,
) -> Callable[..., Any]:
    """One function of two: which of them is called, the argument ``arg_name`` (the ``arg_index``-th) decides.

    Raises RuntimeError if both have a docstring.
    """

    def fn(*args: Any, **kwargs: Any) -> Any:
        positional = args[arg_index] if arg_index < len(args) else default
        return (if_true if kwargs.get(arg_name, positional) else if_false)(*args, **kwargs)

    if if_true.__doc__ is not None and if_false.__doc__ is not None:
        raise RuntimeError("only one function can have a docstring")
    documented = if_true.__doc__ if if_true.__doc__ is not None else if_false.__doc__
    fn.__doc__ = if_true.__doc__ = if_false.__doc__ = documented
    if module_name is not None:
        fn.__module__ = module_name
    if func_name is not None:
        fn.__name__ = func_name
    boolean_dispatched[fn] = {
        "if_true": if_true, "if_false": if_false, "index": arg_index, "default": default, "arg_name": arg_name
    }  # fmt: skip
    return fn


_OVERLOAD_EXAMPLE = """
Example usage of overload function:
@torch.jit._overload
def my_function(x: type0) -> type0: # decl 1
    pass

@torch.jit._overload
def my_function(x: type1) -> type1: # decl 2
    pass

def my_function(x):                 # implementation
    if isinstance(x, type0):
        return x
    elif isinstance(x, type1):
        return x
"""


def _overload(func: F) -> F:
    """``func``, a declaration of one of several signatures, whose body is ``pass`` or ``...`` (a decorator).

    Raises RuntimeError for another body; warns where there is no source to look at.
    """
    try:
        source = inspect.getsource(func)
    except OSError:
        warnings.warn(f"Unable to retrieve source for @torch.jit._overload function: {func}.", stacklevel=users_level())
        return func
    body = ast.parse(textwrap.dedent(source)).body[0].body  # type: ignore[attr-defined]
    first = body[0]
    ellipsis = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.value.value is Ellipsis
    if len(body) != 1 or not (ellipsis or isinstance(first, ast.Pass)):
        raise RuntimeError(
            "Only `pass` statement or `...` can be the body of overload declaration:\n"
            + "\n".join(source.split("\n")[:3])
            + f" <- Expecting `pass` or `...` here!\n{_OVERLOAD_EXAMPLE}"
        )
    return func


_overload_method = _overload


# Questions about annotations.


def is_final(ann: Any) -> bool:
    """Whether an annotation is ``Final``, with or without a type."""
    return ann is Final or get_origin(ann) is Final


def is_tuple(ann: Any) -> bool:
    """Whether it is a tuple of given types."""
    return _is_container(ann, typing.Tuple, tuple)  # noqa: UP006


def is_list(ann: Any) -> bool:
    """Whether it is a list of a given type."""
    return _is_container(ann, typing.List, list)  # noqa: UP006


def is_dict(ann: Any) -> bool:
    """Whether it is a dictionary of given types."""
    return _is_container(ann, typing.Dict, dict)  # noqa: UP006


def is_union(ann: Any) -> bool:
    """Whether it is a union, in either spelling."""
    if ann is Union:
        _raise_without_types("Union")
    return isinstance(ann, types.UnionType) or get_origin(ann) is Union


def is_optional(ann: Any) -> bool:
    """Whether it is a union of one type and None."""
    if ann is typing.Optional:
        _raise_without_types("Optional")
    parts = get_args(ann)
    return is_union(ann) and len(parts) == 2 and type(None) in parts


def is_future(ann: Any) -> bool:
    """Whether it is a Future of a given type."""
    if ann is Future:
        raise RuntimeError(
            "Attempted to use Future without a contained type. Please add a contained type, e.g. Future[int]"
        )
    return get_origin(ann) is Future


def _is_container(ann: Any, bare: Any, kind: type) -> bool:
    if ann is bare:
        _raise_without_types(_BARE[ann])
    return get_origin(ann) is kind


_BARE: dict[Any, str] = {
    dict: "dict", list: "list", tuple: "tuple",
    typing.Dict: "Dict", typing.List: "List", typing.Tuple: "Tuple", typing.Optional: "Optional",  # noqa: UP006
}  # fmt: skip


def _raise_without_types(name: str) -> None:
    if name.endswith("ict"):
        raise RuntimeError(
            f"Attempted to use {name} without contained types. Please add contained type, e.g. {name}[int, int]"
        )
    raise RuntimeError(
        f"Attempted to use {name} without a contained type. Please add a contained type, e.g. {name}[int]"
    )


def _isinstance(obj: Any, target_type: Any) -> bool:
    """Whether ``obj`` is of a type, or one of a tuple of types, which may say what containers hold."""
    if isinstance(target_type, Container) and not isinstance(target_type, type) and get_origin(target_type) is None:
        if not isinstance(target_type, tuple):
            raise RuntimeError("The second argument to `torch.jit.isinstance` must be a type or a tuple of types")
        return any([_isinstance(obj, one) for one in target_type])
    if target_type in _BARE:
        _raise_without_types(_BARE[target_type])
    kind = get_origin(target_type)
    if kind is None:
        return isinstance(obj, target_type)
    parts = get_args(target_type)
    if kind is Union or kind is types.UnionType:
        return obj is None or any(_isinstance(obj, part) for part in parts)
    if kind not in (list, dict, tuple):
        return False
    if not obj and isinstance(obj, (list, dict, tuple)):
        warnings.warn(
            "The inner type of a container is lost when calling torch.jit.isinstance in eager mode. For example, List[int] "
            "would become list and therefore falsely return True for List[float] or List[str].",
            stacklevel=users_level(),
        )
    if not isinstance(obj, kind):
        return False
    if kind is list:
        return all(_isinstance(x, parts[0]) for x in obj)
    if kind is dict:
        return all(isinstance(k, parts[0]) and _isinstance(v, parts[1]) for k, v in obj.items())
    return len(obj) == len(parts) and all(_isinstance(x, part) for x, part in zip(obj, parts))


_list_names(__name__)
