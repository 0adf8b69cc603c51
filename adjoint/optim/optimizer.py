"""Optimizer: parameter groups, state, and the hooks around them.  What a step does is each algorithm's own."""

from __future__ import annotations

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.hooks import RemovableHandle, add_hook
from adjoint.kernels.deferred import settle, unsettled
from adjoint.names import listed_without
from adjoint.optim.for_others import *  # noqa: F403
from adjoint.places import users_level
from adjoint.tensor import NO_EDGE, Tensor, from_array, writes_of

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook", "required"]


class _Required:
    """The default of an option that every parameter group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()

_global_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
_global_post_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(optimizer, args, kwargs)`` called before every optimizer's step; it may return new ones."""
    return add_hook(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Have ``hook(optimizer, args, kwargs)`` called after every optimizer's step."""
    return add_hook(_global_post_hooks, hook)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """A class's ``step`` with the hooks of the optimizer, and those of all optimizers, around it."""

    @functools.wraps(step)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        self = args[0]  # hooks see it among the arguments, and may replace it
        if unsettled:
            settle()
        if _global_pre_hooks or self._optimizer_step_pre_hooks:
            for hook in (*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()):
                replaced = hook(self, args, kwargs)
                if replaced is None:
                    continue
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                args, kwargs = replaced
        result = step(*args, **kwargs)
        if _global_post_hooks or self._optimizer_step_post_hooks:
            for hook in (*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()):
                hook(self, args, kwargs)
        return result

    hooked.hooked = True  # type: ignore[attr-defined]
    return hooked


def _typename(value: Any) -> str:
    """A value's type as PyTorch's messages name it."""
    if isinstance(value, Tensor):
        return f"torch.{dtypes.SCALAR_TYPE_NAMES[value.dtype]}Tensor"
    module = type(value).__module__
    if module.partition(".")[0] == "adjoint":
        module = "torch" + module[7:]
    return type(value).__qualname__ if module in ("builtins", "") else f"{module}.{type(value).__qualname__}"


class Optimizer:
    """Base of all optimizers.

    ``params`` are tensors, (name, tensor) pairs, or dictionaries with a key ``"params"`` and options of their own;
    ``defaults`` are the options of groups that do not give them.  A subclass defines ``step``.

    Raises TypeError or ValueError where ``params`` are none, are not tensors, not leaves, or appear twice.

    >>> import adjoint as torch
    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    state: defaultdict[Tensor, Any]
    param_groups: list[dict[str, Any]]
    _optimizer_step_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _optimizer_step_post_hooks: OrderedDict[int, Callable[..., Any]]
    _optimizer_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _optimizer_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]
    _optimizer_load_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _optimizer_load_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + _typename(params)
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hooks(self) -> None:
        for when in (
            "step_pre",
            "step_post",
            "state_dict_pre",
            "state_dict_post",
            "load_state_dict_pre",
            "load_state_dict_post",
        ):
            setattr(self, f"_optimizer_{when}_hooks", OrderedDict())
        cls = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once; ``closure`` computes the loss anew and returns it."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters: ``grad`` becomes None, or zeros if not ``set_to_none``."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                else:
                    if grad._edge is not NO_EDGE:
                        if grad.is_leaf:
                            grad._edge = NO_EDGE
                        else:
                            grad.detach_()  # type: ignore[attr-defined]
                    grad._array[...] = 0
                    writes_of(grad).bump()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group: a dictionary with ``"params"`` and any options that are to differ from the defaults.

        Raises TypeError or ValueError, and adds nothing, where the group is not one.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params, names = _names_apart(list(params))
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {_typename(p)}")
            if not self.defaults.get("differentiable") and not (p.is_leaf or p._retains):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
        if len({id(p) for p in params}) != len(params):
            import warnings

            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=users_level(),
            )
        named = names is not None or "param_names" in param_group
        if self.param_groups and named != ("param_names" in self.param_groups[0]):
            kind = "with names" if named else "without names"
            raise ValueError(
                "all optimizer param groups should be with/without names. "
                f"cannot add param group {kind} to the optimizer"
            )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if not known.isdisjoint(map(id, params)):
            raise ValueError("some parameters appear in more than one parameter group")
        param_group["params"] = params
        if names is not None:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    # Hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have ``hook(optimizer, args, kwargs)`` called before each step; it may return new ``(args, kwargs)``."""
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Have ``hook(optimizer, args, kwargs)`` called after each step."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(optimizer)`` called before :meth:`state_dict` collects."""
        return _placed(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(optimizer, state_dict)`` called on what :meth:`state_dict` made; it may return another."""
        return _placed(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(optimizer, state_dict)`` called before a state is loaded; it may return another."""
        return _placed(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Have ``hook(optimizer)`` called after a state was loaded."""
        return _placed(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # State

    def state_dict(self) -> dict[str, Any]:
        """The optimizer's state as plain data: ``"state"`` by the parameters' numbers, and ``"param_groups"``.

        The tensors in it are the optimizer's own, not copies.
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        start = 0
        packed_groups = []
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(id(p), i)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            start += len(packed["params"])
            packed_groups.append(packed)
        packed_state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        made: dict[str, Any] = {"state": packed_state, "param_groups": packed_groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            replaced = hook(self, made)
            if replaced is not None:
                made = replaced
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that :meth:`state_dict` made; the parameters are matched by their order.

        Raises ValueError where the number or the sizes of the groups differ.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            replaced = hook(self, state_dict)
            if replaced is not None:
                state_dict = replaced
        groups = self.param_groups
        saved_groups = deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved_groups)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        param_of = {}
        options_of = {}
        for group, saved in zip(groups, saved_groups):
            for number, p in zip(saved["params"], group["params"]):
                param_of[number] = p
                options_of[number] = saved
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in param_of:
                state[param_of[key]] = _fitted(value, param_of[key], options_of[key], None)
            else:
                state[key] = value
        for group, saved in zip(groups, saved_groups):
            saved["params"] = group["params"]
            if "param_names" in group and "param_names" not in saved:
                saved["param_names"] = group["param_names"]
        self.__setstate__({"state": state, "param_groups": saved_groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._make_hooks()
        self.defaults.setdefault("differentiable", False)
        for group in self.param_groups:
            for name, default in self._later_options.items():
                group.setdefault(name, default)
        # Checkpoints of old PyTorch versions count steps in Python numbers.
        for value in self.state.values():
            if isinstance(value, dict) and isinstance(value.get("step"), (int, float)) and self._counts_in_tensors:
                value["step"] = count(value["step"])

    # Options that a checkpoint made by an older version may lack.
    _later_options: dict[str, Any] = {}
    _counts_in_tensors = False

    __dir__ = listed_without("_batches")

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}" if i == 0 else f"\nParameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join(lines) + "\n)"


def count(value: float = 0.0) -> Tensor:
    """A 0-d tensor for what an optimizer counts: float32, or float64 where that is the default dtype."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    return from_array(np.array(value, np.float64 if wide else np.float32))


def zeros_beside(tensor: Tensor) -> Tensor:
    """Zeros that lie in memory as ``tensor`` does."""
    return from_array(np.zeros_like(tensor._array, order="K"))


def number(value: Any) -> Any:
    """An option that may be a 1-element tensor, as a Python number."""
    return value._array.item() if isinstance(value, Tensor) else value


def check_one_element(lr: Any) -> None:
    """Raise ValueError where ``lr`` is a tensor of several elements."""
    if isinstance(lr, Tensor) and lr._array.size != 1:
        raise ValueError("Tensor lr must be 1-element")


def check_learning_rate(lr: Any) -> None:
    """Raise ValueError, in PyTorch's words, where ``lr`` is negative or a tensor of several elements."""
    check_one_element(lr)
    if not 0.0 <= number(lr):
        raise ValueError(f"Invalid learning rate: {lr}")


def check_at_least_zero(**options: tuple[Any, str]) -> None:
    """Raise ValueError for a negative option, given as ``name=(value, words)``."""
    for value, words in options.values():
        if not 0.0 <= number(value):
            raise ValueError(f"Invalid {words}: {value}")


def check_betas(betas: Any) -> None:
    """Raise ValueError where one of the two decay rates is outside of [0, 1)."""
    for i in (0, 1):
        if not 0.0 <= number(betas[i]) < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Raise RuntimeError for combinations that exclude each other."""
    if fused:
        if differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def _placed(hooks: OrderedDict[int, Any], hook: Callable[..., Any], first: bool) -> RemovableHandle:
    handle = add_hook(hooks, hook)
    if first:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _names_apart(params: list[Any]) -> tuple[list[Any], list[str] | None]:
    """Parameters and their names, where they were given as (name, parameter) pairs."""
    pairs = [isinstance(p, tuple) for p in params]
    if not any(pairs):
        return params, None
    if not all(pairs):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [p[1] for p in params], [p[0] for p in params]


def _fitted(value: Any, param: Tensor, options: dict[str, Any], key: Any) -> Any:
    """A loaded state, its tensors in the parameter's dtype; a step stays as it is."""
    if isinstance(value, Tensor):
        target = param._array.dtype
        if key == "step":
            if not (options.get("capturable") or options.get("fused")):
                return value
            target = np.dtype(np.float32)
        elif param.dtype.category != dtypes.FLOAT:
            return value
        return value if value._array.dtype == target else from_array(value._array.astype(target))
    if isinstance(value, dict):
        return {k: _fitted(v, param, options, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_fitted(v, param, options, None) for v in value)  # type: ignore[call-arg]
    return value


def parameters_of(groups: list[dict[str, Any]]) -> Iterator[Tensor]:
    """All parameters of all groups."""
    for group in groups:
        yield from group["params"]
