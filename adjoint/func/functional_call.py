"""Modules as functions: run one with other parameters, or many of one architecture as a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.interrupts import at_once, surely
from adjoint.tensor import Tensor


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call ``module`` with the given tensors in place of its parameters and buffers; it keeps its own.

    With ``tie_weights`` a tensor given for one name of a shared parameter stands for all its names.  With ``strict``
    every parameter and buffer must be given.

    What is no parameter or buffer of its module becomes an attribute of it for the call.  What the module itself puts in place of
    a tensor that was given in one dictionary is in that dictionary afterwards.

    Raises ValueError for a name given twice, RuntimeError (if strict) for an unknown or missing one, AttributeError for a name in a
    module that is not there, TypeError for what is no tensor.
    """
    dicts = parameter_and_buffer_dicts
    if isinstance(dicts, dict):
        given = dicts
    else:
        given = {}
        for d in dicts:
            for name, value in d.items():
                if name in given:
                    raise ValueError(f"{[name]} appeared in multiple dictionaries; behavior of functional call is ambiguous")
                given[name] = value
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _swapped(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _tied(module: Any, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is given, under every name of a tensor that has several."""
    names_of: dict[int, list[str]] = {}
    for name, tensor in _named_tensors(module):
        names_of.setdefault(id(tensor), []).append(name)
    for names in names_of.values():
        values = {id(given[n]): given[n] for n in names if n in given}
        if len(values) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(n for n in names if n in given)}, which are "
                "tied. Consider using tie_weights=False"
            )
        for value in values.values():
            given = {**given, **dict.fromkeys((n for n in names if n not in given), value)}
    return given


def _named_tensors(module: Any) -> list[tuple[str, Tensor]]:
    return [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]


def _check_names(module: Any, given: dict[str, Tensor]) -> None:
    """Raise PyTorch's error unless the names are those of all parameters and buffers."""
    names = {name for name, _ in _named_tensors(module)}
    unexpected, missing = sorted(given.keys() - names), sorted(names - given.keys())
    if missing or unexpected:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {type(module).__name__}:"
            + (f"\n\tUnexpected key(s): {', '.join(map(repr, unexpected))}." if unexpected else "")
            + (f"\n\tMissing key(s): {', '.join(map(repr, missing))}." if missing else "")
        )


_NOTHING = object()


def _owner(module: Any, path: str) -> Any:
    """The module at a path."""
    from adjoint.nn.modules.module import Module

    for name in path.split(".") if path else ():
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        module = getattr(module, name)
        if not isinstance(module, Module):
            raise TypeError(f"submodule `{name}`: {module} is not an instance of torch.nn.Module")
    return module


class _Place:
    """Where a module has a tensor of this name, among its parameters, its buffers or its other attributes, or will have it."""

    def __init__(self, module: Any, name: str) -> None:
        path, _, self.key = name.rpartition(".")
        if not self.key:
            raise KeyError('tensor name can\'t be empty string ""')
        self.owner = owner = _owner(module, path)
        self.members = next((m for m in (owner._parameters, owner._buffers) if self.key in m), None)

    def look(self) -> Any:
        """What is there; raises TypeError for an attribute that is no tensor."""
        if self.members is not None:
            return self.members.get(self.key, _NOTHING)
        found = getattr(self.owner, self.key, _NOTHING)
        if found is not _NOTHING and found is not None and not isinstance(found, Tensor):
            raise TypeError(f"attribute `{self.key}`: {found} is not an instance of torch.Tensor")
        return found

    def put(self, value: Any) -> None:
        """Have a tensor there, or nothing."""
        if self.members is not None and value is not _NOTHING:
            self.members[self.key] = value
        elif value is not _NOTHING:
            setattr(self.owner, self.key, value)
        elif hasattr(self.owner, self.key):
            delattr(self.owner, self.key)


class _swapped:
    """The module has other parameters and buffers inside."""

    def __init__(self, module: Any, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> None:
        self.users = given
        self.given = _tied(module, given) if tie_weights else dict(given)
        if strict:
            _check_names(module, self.given)
        for value in self.given.values():
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"{value} is not an instance of torch.Tensor")
        self.places = {name: _Place(module, name) for name in self.given}
        self.before = {name: place.look() for name, place in self.places.items()}

    def __enter__(self) -> None:
        try:
            self._put(self.given)
        except BaseException:
            self._put(self.before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        surely(self._leave)

    def _leave(self) -> None:
        for name, place in self.places.items():
            found = place.look()
            if name in self.users and found is not _NOTHING and found is not self.before[name]:
                self.users[name] = found
            place.put(self.before[name])

    def _put(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self.places[name].put(value)


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several models of one class, stacked, for a vmap over the models.

    Raises RuntimeError if there are none, if their classes or their train/eval modes differ.
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or not any(m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    stack = lookup("torch", "stack")
    parameters: dict[str, Tensor] = {}
    for name, first in models[0].named_parameters():
        every = [dict(m.named_parameters())[name] for m in models]
        if any(p.requires_grad is not first.requires_grad for p in every):
            raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
        stacked = stack(every).detach()
        parameters[name] = stacked._set_requires_grad(first.requires_grad)
    buffers = {
        name: stack([dict(m.named_buffers())[name] for m in models]).detach() for name, _ in models[0].named_buffers()
    }
    return parameters, buffers


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Have all batch norms in a module, and it itself if it is one, keep no running statistics; returns the module.

    >>> import adjoint as torch
    >>> torch.func.replace_all_batch_norm_modules_(torch.nn.BatchNorm1d(2)).running_mean is None
    True
    """
    from adjoint.nn.modules.batchnorm import _BatchNorm

    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
