"""Names: what a module or an object of Adjoint has, in one place.

What is imported or built when it is first named, what ``dir()`` and editors list, what a star import brings, and the
error for what is not there.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from adjoint.suggestions import Missing

_TOP = __name__.partition(".")[0]


def absent(module: str, name: str) -> AttributeError:
    """The error for a name that a module does not have."""
    theirs = module.replace("adjoint.vision", "torchvision").replace("adjoint", "torch", 1)
    own = sys.modules[module]
    return Missing(f"module {own.__name__!r} has no attribute {name!r}", name, lambda: dir(own), f"{theirs}.{name}")


def named(
    module: str,
    *,
    modules: Collection[str] = (),
    elsewhere: Mapping[str, str] | None = None,
    find: Callable[[str], Any] | None = None,
    found: Callable[[], Iterable[str]] = tuple,
    kept_back: Collection[str] = (),
    unlisted: Collection[str] = (),
    brought: Collection[str] = (),
) -> None:
    """Give a module its ``__getattr__`` and ``__dir__``; they are not written there, for readers of types would take it that
    it has any name.

    ``modules`` are the modules in it that are imported when first named; ``elsewhere`` says of other names in which module
    below this one they are; ``find`` looks up what is declared (None where there is nothing of that name), and ``found``
    lists it.  ``kept_back`` does not come with a star import, nor do modules but those ``brought``; ``unlisted`` is for other
    programs, and offered to nobody.
    """
    own = sys.modules[module]
    places = elsewhere or {}

    def get(name: str) -> Any:
        if name in modules:
            full = f"{module}.{name}"
            try:
                return importlib.import_module(full)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
        if name == "__all__" and find is not None:
            public = [n for n in listed() if n[0] != "_" and n not in modules and n not in kept_back]
            return [*public, *brought]
        value = find(name) if find is not None else None
        if value is None and name in places:
            value = getattr(importlib.import_module(f"{module}.{places[name]}"), name)
        if value is None:
            raise absent(module, name)
        vars(own)[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*_defined_in(own), *_importable(module, modules), *places, *found()}.difference(unlisted))

    vars(own).update(__getattr__=get, __dir__=listed)


def list_names(module: str) -> None:
    """Give a module that has all its names from the beginning, and those below it that are imported already, their
    ``__dir__``; what lists its names itself is left as it is."""
    for name, below in list(sys.modules.items()):
        if name.startswith(module) and name[len(module) : len(module) + 1] in ("", "."):
            vars(below).setdefault("__dir__", _listing(below))


def _listing(module: ModuleType) -> Callable[[], list[str]]:
    return lambda: sorted(_defined_in(module))


def listed_without(*hidden: str) -> Callable[[Any], list[str]]:
    """The ``__dir__`` of a class: everything but these names and Adjoint's private ones."""

    def __dir__(self: Any) -> list[str]:
        names = set(object.__dir__(self)).difference(hidden)
        for cls in type(self).__mro__:
            if cls.__module__.partition(".")[0] in (_TOP, "torch"):
                names.difference_update(n for n in vars(cls) if is_private(n))
        return sorted(names)

    return __dir__


def is_private(name: str) -> bool:
    """Whether an attribute of a class is Adjoint's own affair."""
    if name[0] != "_" or name in _PYTORCHS or name.startswith(("_saved_", "_raw_saved_")):
        return False
    return name[:2] != "__" or name == "__slots__"


# Underscored names that PyTorch has as well, and shows.
_PYTORCHS = frozenset(
    """
    _all_weights _apply _asdict _auto_collation _backward_cls _backward_hooks _backward_pre_hooks _base _buffers
    _check_input_dim _compiled_call_impl _conv_forward _ff_block _field_defaults _fields _fill_padding_idx_with_zero
    _flat_weights _flat_weights_names _forward_hooks _forward_hooks_always_called _forward_hooks_with_kwargs
    _forward_pre_hooks _forward_pre_hooks_with_kwargs _get_closed_form_lr _get_lr_called_within_step _get_name _grad _grad_fn
    _index_sampler _initial_step _input_metadata _is_better _is_full_backward_hook _is_initial _is_view _key_to_attr
    _load_from_state_dict _load_state_dict_post_hooks _load_state_dict_pre_hooks _make _mha_block _modules
    _named_members _neg_view _non_persistent_buffers_set _optimizer_load_state_dict_post_hooks
    _optimizer_load_state_dict_pre_hooks _optimizer_state_dict_post_hooks _optimizer_state_dict_pre_hooks
    _optimizer_step_post_hooks _optimizer_step_pre_hooks _output_padding _parameters _reduce_lr
    _register_load_state_dict_pre_hook _register_state_dict_hook _replace _reset _reset_parameters _sa_block
    _save_to_state_dict _sequence_nr _state_dict_hooks _state_dict_pre_hooks _update_lr _version
    """.split()
)


def _defined_in(module: ModuleType) -> set[str]:
    """The names of a module that are for others: those it exports, or, where it does not say, those its source defines."""
    space = vars(module)
    public = space.get("__all__")
    if public is None:
        public = _public_in_source(space.get("__file__"))
    return {name for name in space if name[:2] == "__" == name[-2:]} | {
        name for name in (space if public is None else public) if name in space
    }


def _importable(module: str, modules: Iterable[str]) -> set[str]:
    """Those of the modules that exist."""
    places = [Path(place) for place in getattr(sys.modules[module], "__path__", ())]
    return {name for name in modules if any((p / f"{name}.py").exists() or (p / name).is_dir() for p in places)}


@lru_cache(maxsize=None)
def _public_in_source(file: str | None) -> frozenset[str] | None:
    """The public names that a module's source defines, those it imports left out; None where there is no source."""
    try:
        tree = ast.parse(Path(file or "").read_bytes())
    except (OSError, ValueError):
        return None
    names: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names.update(node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    return frozenset(name for name in names if name[0] != "_")
