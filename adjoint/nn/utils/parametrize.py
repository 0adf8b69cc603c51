"""Parametrizations: a module's tensor as a function of others, computed whenever it is read.

A module that has one is given a class of its own, ``ParametrizedLinear``, in which the tensor is a property; what it is
computed from, and the modules that compute it, are in ``module.parametrizations``.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from adjoint.autograd.grad_mode import no_grad
from adjoint.names import list_names as _list_names
from adjoint.nn.modules.container import ModuleDict, ModuleList
from adjoint.nn.modules.module import Module
from adjoint.nn.parameter import Parameter
from adjoint.tensor import Tensor

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


class _Cache:
    """What was computed while caching is on: by module and name of the tensor."""

    depth = 0
    found: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """While this is on, a parametrized tensor is computed when it is first read and then kept; all is forgotten at the end.

    >>> import adjoint as torch
    >>> import adjoint.nn.utils.parametrize as P
    >>> m = P.register_parametrization(torch.nn.Linear(2, 2), "weight", torch.nn.Tanh())
    >>> with P.cached():
    ...     m.weight is m.weight
    True
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.found = {}


class ParametrizationList(ModuleList):
    """The modules that compute one tensor, in order, and what they compute it from: ``original``, or ``original0``,
    ``original1``, ... where the first module's ``right_inverse`` gives several tensors."""

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:  # it cannot be assigned to, which is found out when someone does
                        pass
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            self._keep(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            _check_kept(self(), dtype, shape, "unparametrized ", "parametrized ", "`unsafe`")

    def _keep(self, original: Tensor, new: Tensor) -> None:
        """Have ``original`` hold ``new``, of which the tensor is computed."""
        for what, theirs, ours in (("dtype", original.dtype, new.dtype), ("device", original.device, new.device)):
            if theirs != ours:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                    f"original.{what}: {theirs}\nright_inverse(original).{what}: {ours}"
                )
        _set(original, new)
        _register(self, "original", original)

    def _keep_several(self, original: Tensor, new: Sequence[Any]) -> None:
        for i, tensor in enumerate(new):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                    f"{i} of the sequence with type {type(tensor).__name__}."
                )
            if isinstance(original, Parameter):
                tensor = Parameter(tensor, original.requires_grad)
            tensor.requires_grad_(original.requires_grad)
            _register(self, f"original{i}", tensor)

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that ``value`` is computed of them, as far as the modules' ``right_inverse`` make it so.

        Raises RuntimeError for a module that has none, ValueError for what it returns of another kind, number or dtype.
        """
        with no_grad():
            found: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                found = module.right_inverse(found)
            if self.is_tensor:
                if not isinstance(found, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(found).__name__}")
                if found.dtype != self.original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {found.dtype} while `original` has dtype "
                        f"{self.original.dtype}"
                    )
                _set(self.original, found)
                return
            if not isinstance(found, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(found).__name__}.")
            if len(found) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length "
                    f"{len(found)}."
                )
            for i, tensor in enumerate(found):
                original = getattr(self, f"original{i}")
                if not isinstance(tensor, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a sequence of tensors or reference-type opaques. Got element "
                        f"{i} of type {type(tensor).__name__}."
                    )
                if original.dtype != tensor.dtype:
                    raise ValueError(
                        f"Tensor {i} returned by `right_inverse` has dtype {tensor.dtype} while `original{i}` has dtype "
                        f"{original.dtype}"
                    )
                _set(original, tensor)

    def forward(self) -> Tensor:  # type: ignore[override]
        """The tensor."""
        first, *rest = self
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*[getattr(self, f"original{i}") for i in range(self.ntensors)])
        for module in rest:
            x = module(x)
        return x  # type: ignore[no-any-return]


def _check_kept(found: Any, dtype: Any, shape: Any, before: str, after: str, flag: str) -> None:
    """Raise unless ``found`` is a tensor of that dtype and shape; ``before`` and ``after`` are what the two are called."""
    if not isinstance(found, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(found).__name__}.")
    for what, had, has in (("dtype", dtype, found.dtype), ("shape", shape, found.shape)):
        if had != has:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless {flag} flag is enabled.\n"
                f"{before}{what}: {had}\n{after}{what}: {has}"
            )


def _set(tensor: Tensor, value: Tensor) -> None:
    """Have ``tensor`` look at the memory of ``value``."""
    with no_grad():
        tensor.set_(value)


def _register(module: Module, name: str, tensor: Tensor) -> None:
    """Register a tensor as a parameter if it is one, and as a buffer otherwise."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _refuse_to_pickle(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _copied(self: Any, memo: dict[int, Any]) -> Any:
    """A deep copy without the pickling that such a class refuses; of the same class, whose properties know no module."""
    if id(self) in memo:
        return memo[id(self)]
    replica = memo[id(self)] = object.__new__(type(self))
    replica.__dict__ = deepcopy(self.__dict__, memo)
    for slot in copyreg._slotnames(type(self)):  # type: ignore[attr-defined]
        if hasattr(self, slot):
            setattr(replica, slot, deepcopy(getattr(self, slot), memo))
    return replica


def _give_own_class(module: Module) -> None:
    """Give a module a class of its own, in which its tensors can be properties."""
    cls = type(module)
    own: dict[str, Any] = {"__getstate__": _refuse_to_pickle}
    if not hasattr(cls, "__deepcopy__"):
        own["__deepcopy__"] = _copied
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), own)


def _property(name: str) -> property:
    """The tensor ``name`` of a module, as its parametrizations compute it; to assign to it is to set their originals."""

    def get(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _Cache.depth:
            return parametrization()  # type: ignore[no-any-return]
        key = id(self), name
        if key not in _Cache.found:
            _Cache.found[key] = parametrization()
        return _Cache.found[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Have the parameter or buffer ``tensor_name`` of ``module`` be computed by ``parametrization``; returns the module.

    Registered upon another it computes of what that gives.  Where it has a method ``right_inverse``, the tensor can be
    assigned to, and keeps its value now as far as that allows; several tensors that ``right_inverse`` returns are all
    arguments of its forward.  ``unsafe``: it is not asked whether dtype and shape stay.  Raises ValueError where they do not, and
    for a name that there is not.

    >>> import adjoint as torch
    >>> import adjoint.nn.utils.parametrize as P
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, X):
    ...         return X.triu() + X.triu(1).mT
    >>> m = P.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> torch.equal(m.weight, m.weight.T)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(module, tensor_name, parametrization)
        upon: Any = module.parametrizations[tensor_name]
        upon.append(parametrization)
        upon.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        parametrizations = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        if hasattr(module, tensor_name):
            raise AssertionError(f"Module already has an attribute named '{tensor_name}'")
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


def _check_another(module: Module, name: str, parametrization: Any) -> None:
    """Raise where a parametrization upon others changes dtype or shape."""
    now = getattr(module, name)
    found = parametrization(now)
    before, after = f"module.{name}.", f"parametrization(module.{name})."
    _check_kept(found, now.dtype, now.shape, before, after, "the `unsafe`")
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(found)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    for what, had, has in (("dtype", now.dtype, back.dtype), ("shape", now.shape, back.shape)):
        if had != has:
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, unless "
                f"the `unsafe` flag is enabled.\nmodule.{name}.{what}: {had}\nreturned {what}: {has}"
            )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations; with a name, whether that tensor has.

    >>> import adjoint as torch
    >>> torch.nn.utils.parametrize.is_parametrized(torch.nn.Linear(2, 2))
    False
    """
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary one again, and return the module: with its value now, or, without
    ``leave_parametrized``, with that of its original.

    Raises ValueError where there is no parametrization, or no single original to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    found: Any = module.parametrizations[tensor_name]
    if found.is_tensor:
        original = found.original
        if leave_parametrized:
            with no_grad():
                value = getattr(module, tensor_name)
            _set(original, value)
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence "
            "of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before it was parametrized; its own if it is not.

    >>> import adjoint as torch
    >>> torch.nn.utils.parametrize.type_before_parametrizations(torch.nn.Linear(2, 2)).__name__
    'Linear'
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Have ``to_module`` share the parametrizations of ``from_module`` and their originals, all or those of one tensor;
    returns ``to_module``.  A tensor that it has not is made."""
    if not is_parametrized(from_module):
        return to_module
    theirs: Any = from_module.parametrizations
    for name in list(theirs) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in theirs[name]:
            register_parametrization(to_module, name, parametrization)
        ours: Any = to_module.parametrizations[name]
        originals = ["original"] if theirs[name].is_tensor else [f"original{i}" for i in range(theirs[name].ntensors)]
        for original in originals:
            setattr(ours, original, getattr(theirs[name], original))
    return to_module


_list_names(__name__)
