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

    Raises ValueError for a name given twice, RuntimeError for an unknown (or, if strict, missing) one.
    """
    given: dict[str, Tensor] = {}
    dicts = parameter_and_buffer_dicts
    for d in (dicts,) if isinstance(dicts, dict) else dicts:
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


def _slots(module: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Every name of a parameter or buffer, and the module dictionary and key where it is."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for prefix, sub in module.named_modules(remove_duplicate=False):
        for members in (sub._parameters, sub._buffers):
            for name in members:
                found[f"{prefix}.{name}" if prefix else name] = (members, name)
    return found


def _checked(module: Any, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The module's places, and what is to be put into them."""
    slots = _slots(module)
    unexpected = [name for name in given if name not in slots]
    if tie_weights:
        names_of: dict[int, list[str]] = {}
        for name, (members, key) in slots.items():
            if members[key] is not None:
                names_of.setdefault(id(members[key]), []).append(name)
        for names in names_of.values():
            values = {id(given[n]): given[n] for n in names if n in given}
            if len(values) > 1:
                raise ValueError(
                    f"functional_call got multiple values for keys {sorted(n for n in names if n in given)}, which are "
                    "tied. Consider using tie_weights=False"
                )
            for value in values.values():
                given = {**dict.fromkeys(names, value), **given}
    if strict:
        missing = [name for name, (members, key) in slots.items() if name not in given and members[key] is not None]
        if missing or unexpected:
            raise RuntimeError(
                f"Error(s) in loading state for {type(module).__name__}:"
                + (f"\n\tUnexpected key(s): {', '.join(map(repr, unexpected))}." if unexpected else "")
                + (f"\n\tMissing key(s): {', '.join(map(repr, missing))}." if missing else "")
            )
    elif unexpected:
        name = unexpected[0]
        raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
    return slots, given


class _swapped:
    """The module has other parameters and buffers inside."""

    def __init__(self, module: Any, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> None:
        self.slots, self.given = _checked(module, given, tie_weights, strict)
        self.before = {name: self.slots[name][0][self.slots[name][1]] for name in self.given}

    def __enter__(self) -> None:
        try:
            self._put(self.given)
        except BaseException:
            self._put(self.before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        surely(self._put, self.before)

    def _put(self, values: dict[str, Tensor]) -> None:
        for name, value in values.items():
            members, key = self.slots[name]
            members[key] = value


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
