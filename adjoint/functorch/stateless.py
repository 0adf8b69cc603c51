"""Modules without their state: functions of parameters and inputs, as functorch had them before ``functional_call``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.func.functional_call import functional_call
from adjoint.nn.modules.module import Module
from adjoint.nn.parameter import Parameter
from adjoint.tensor import Tensor

Tensors = tuple[Tensor, ...]
Names = tuple[str, ...]


def _state(model: Module, kind: str) -> dict[str, Tensor]:
    """The parameters or buffers of a model by name; a tensor that has several, by its first."""
    return dict(getattr(model, f"named_{kind}")())


def _names_map(model: Module, kind: str) -> dict[str, list[str]]:
    """Of each parameter or buffer all names, by its first."""
    first: dict[int, str] = {}
    found: dict[str, list[str]] = {}
    for name, tensor in getattr(model, f"named_{kind}")(remove_duplicate=False):
        found.setdefault(first.setdefault(id(tensor), name), []).append(name)
    return found


def _emptied(model: Module) -> Module:
    """A copy of a model with nothing in its parameters and buffers; those that were one tensor stay one."""
    empty_like = lookup("torch", "empty_like")
    known: dict[int, Any] = {}
    for kind in ("parameters", "buffers"):
        for _, tensor in getattr(model, f"named_{kind}")():
            empty = empty_like(tensor, device="meta")
            known[id(tensor)] = Parameter(empty, tensor.requires_grad) if kind == "parameters" else empty
    return copy.deepcopy(model, known)


class _Stateless(Module):
    """A module whose parameters and buffers are given to each call."""

    def __init__(self, model: Module, *kinds: str) -> None:
        super().__init__()
        self.stateless_model = _emptied(model)
        self._names = [tuple(_state(model, kind)) for kind in kinds]
        self._map = {k: v for kind in kinds for k, v in _names_map(model, kind).items()}

    def _call(self, given: Sequence[Iterable[Tensor]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        state: dict[str, Tensor] = {}
        for names, tensors in zip(self._names, given):
            state.update(zip(names, tensors))
        return functional_call(self.stateless_model, state, args, kwargs)


class FunctionalModule(_Stateless):
    """What :func:`make_functional` returns: called with parameters, then with what the model takes."""

    def __init__(self, model: Module) -> None:
        super().__init__(model, "parameters")
        (self.param_names,) = self._names
        self.names_map = self._map

    def forward(self, params: Iterable[Tensor], *args: Any, **kwargs: Any) -> Any:
        """The model's outputs with these parameters, in the order of ``param_names``."""
        return self._call([params], args, kwargs)


class FunctionalModuleWithBuffers(_Stateless):
    """What :func:`make_functional_with_buffers` returns: called with parameters, buffers, then with what the model takes."""

    def __init__(self, model: Module) -> None:
        super().__init__(model, "parameters", "buffers")
        self.param_names, self.buffer_names = self._names
        self.all_names_map = self._map

    def forward(self, params: Iterable[Tensor], buffers: Iterable[Tensor], *args: Any, **kwargs: Any) -> Any:
        """The model's outputs with these parameters and buffers, in the order of ``param_names`` and ``buffer_names``."""
        return self._call([params, buffers], args, kwargs)


def _copies(model: Module, kind: str, tracked: bool) -> Tensors:
    found = tuple(_state(copy.deepcopy(model), kind).values())
    if not tracked:
        for tensor in found:
            tensor.requires_grad_(False)
    return found


def make_functional(model: Module, disable_autograd_tracking: bool = False) -> tuple[FunctionalModule, Tensors]:
    """A model as a function of its parameters, and a copy of these.

    With ``disable_autograd_tracking`` the parameters do not require grad.  Raises RuntimeError for a model with buffers.

    >>> import adjoint as torch
    >>> from adjoint.functorch.stateless import make_functional
    >>> model = torch.nn.Linear(2, 1)
    >>> func, params = make_functional(model)
    >>> bool((func(params, torch.ones(1, 2)) == model(torch.ones(1, 2))).all())
    True
    """
    if _state(model, "buffers"):
        raise RuntimeError(
            "make_functional(model): `model` has buffers. Please use make_functional_with_buffers(model) instead."
        )
    return FunctionalModule(model), _copies(model, "parameters", not disable_autograd_tracking)


def make_functional_with_buffers(
    model: Module, disable_autograd_tracking: bool = False
) -> tuple[FunctionalModuleWithBuffers, Tensors, Tensors]:
    """A model as a function of its parameters and buffers, and copies of these."""
    params = _copies(model, "parameters", not disable_autograd_tracking)
    return FunctionalModuleWithBuffers(model), params, _copies(model, "buffers", True)


def _stacked(state: Iterable[Tensors]) -> Tensors:
    stack = lookup("torch", "stack")
    return tuple(stack(list(tensors)).detach() for tensors in zip(*state))


def combine_state_for_ensemble(models: Sequence[Module]) -> tuple[FunctionalModuleWithBuffers, Tensors, Tensors]:
    """A model as a function of parameters and buffers, and those of several models of its class, stacked.

    Raises RuntimeError if there are none, or if their classes or their train/eval modes differ.
    """
    if len(models) == 0:
        raise RuntimeError("combine_state_for_ensemble: Expected at least one model, got 0.")
    if len({bool(m.training) for m in models}) > 1:
        raise RuntimeError("combine_state_for_ensemble: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("combine_state_for_ensemble: Expected all models to be of the same class.")
    made = [make_functional_with_buffers(model) for model in models]
    return made[0][0], _stacked(m[1] for m in made), _stacked(m[2] for m in made)


def make_functional_deprecated_v1(model: Module) -> tuple[Tensors, Callable[..., Any], Names]:
    """The parameters of a model, a function ``(parameters, tuple of inputs) -> outputs``, and the parameters' names."""
    if _state(model, "buffers"):
        raise RuntimeError(
            "make_functional_deprecated_v1(model): `model` has buffers. Please use "
            "make_functional_with_buffers_deprecated_v1(model) instead."
        )
    func = FunctionalModule(model)
    return _copies(model, "parameters", True), lambda params, data: func(params, *data), func.param_names


def make_functional_with_buffers_deprecated_v1(
    model: Module,
) -> tuple[Tensors, Tensors, Callable[..., Any], Names, Names]:
    """As :func:`make_functional_deprecated_v1`, with buffers: parameters, buffers, the function, the names of both."""
    func = FunctionalModuleWithBuffers(model)
    params, buffers = (_copies(model, kind, True) for kind in ("parameters", "buffers"))
    return params, buffers, lambda p, b, data: func(p, b, *data), func.param_names, func.buffer_names


def _initialized(
    split: Callable[[Module], Any], state: int, model_class: Any, ensemble_shape: tuple[int, ...], device: Any
) -> Callable[..., Any]:
    """A function from a model's arguments to what ``split`` gives of it, with the first ``state`` things of several stacked."""

    def initialize(*args: Any, **kwargs: Any) -> Any:
        if len(ensemble_shape) >= 2:
            raise ValueError("NYI: ensemble_shape with more than 1 element")
        if not ensemble_shape:
            return make_functional_deprecated_v1(model_class(*args, **kwargs).to(device))
        (count,) = ensemble_shape
        if count <= 0:
            raise ValueError(f"num_models {count} should be > 0")
        made = [split(model_class(*args, **kwargs).to(device)) for _ in range(count)]
        rest = split(model_class(*args, **kwargs))[state:]
        return (*(_stacked(m[i] for m in made) for i in range(state)), *rest)

    return initialize


def functional_init(model_class: Any, ensemble_shape: tuple[int, ...] = (), device: Any = "cpu") -> Callable[..., Any]:
    """A function that makes a model of a class, or several, and returns ``(parameters, function, names)``."""
    return _initialized(make_functional_deprecated_v1, 1, model_class, ensemble_shape, device)


def functional_init_with_buffers(
    model_class: Any, ensemble_shape: tuple[int, ...] = (), device: Any = "cpu"
) -> Callable[..., Any]:
    """A function that makes models of a class and returns ``(parameters, buffers, function, names of both)``."""
    return _initialized(make_functional_with_buffers_deprecated_v1, 2, model_class, ensemble_shape, device)
