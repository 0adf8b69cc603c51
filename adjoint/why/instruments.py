"""Instruments: what a witness puts in the place of functions that neither an interceptor nor a watcher sees.

One line a function: where values leave the graph, where gradients are cleared, where parameters and optimizers are made.
All are taken off again when the witness stops.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adjoint.autograd import grad_mode
from adjoint.nn.modules.module import Module
from adjoint.nn.parameter import Parameter
from adjoint.optim import lr_scheduler
from adjoint.optim import optimizer as optimizers
from adjoint.optim.optimizer import Optimizer
from adjoint.tensor import Tensor, Writes, writes_of
from adjoint.why import states
from adjoint.why.lines import here, is_own, is_users, line_of
from adjoint.why.numbers import stats_of

_FACTORIES = (
    "tensor as_tensor from_numpy asarray zeros ones full empty eye arange linspace rand randn randint randperm normal "
    "zeros_like ones_like full_like rand_like randn_like"
).split()
_MADE_BY_METHODS = "new_tensor new_zeros new_ones new_full new_empty".split()
_UNRECORDED = (  # whose results are integers, truth values, or drawn
    "multinomial nonzero argwhere bincount histc unique unique_consecutive searchsorted bucketize poisson bernoulli isclose"
).split()
_ESCAPES = ("item", "tolist", "numpy", "__float__", "__int__", "__array__")

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MISSING: Any = object()


def put_on(witness: Any) -> None:
    """Put the instruments in, for this witness."""
    witness.replaced = []
    for owner, name, make in _table(witness):
        own = vars(owner).get(name, _MISSING)
        found = own if own is not _MISSING else getattr(owner, name, None)
        if found is None:
            continue
        if hasattr(found, "make") and type(found).__name__ == "_Lazy":
            found = getattr(owner, name)
        witness.replaced.append((owner, name, own))
        setattr(owner, name, make(found))
    witness.handles = [
        optimizers.register_optimizer_step_pre_hook(witness.before_step),
        optimizers.register_optimizer_step_post_hook(witness.after_step),
    ]


def take_off(witness: Any) -> None:
    """Take them out again."""
    for owner, name, own in reversed(witness.replaced):
        if own is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
    for handle in witness.handles:
        handle.remove()


def _table(w: Any) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    import adjoint
    from adjoint.nn import functional, utils

    for name in _FACTORIES:
        yield adjoint, name, functools.partial(_factory, w, name)
    for name in _MADE_BY_METHODS:
        yield Tensor, name, functools.partial(_factory, w, name)
    for name in _UNRECORDED:
        yield adjoint, name, functools.partial(_unrecorded, w, name)
        yield Tensor, name, functools.partial(_unrecorded, w, name)
    yield adjoint.autograd, "grad", functools.partial(_gradients, w)
    yield functional, "one_hot", functools.partial(_unrecorded, w, "one_hot")
    for name in _ESCAPES:
        yield Tensor, name, functools.partial(_escape, w, name)
    yield Tensor, "detach", functools.partial(_leaving, w, "detach()")
    yield Tensor, "data", functools.partial(_data, w)
    yield Tensor, "grad", functools.partial(_grad, w)
    yield Tensor, "requires_grad", functools.partial(states.flag, w)
    yield Tensor, "requires_grad_", functools.partial(states.flag_method, w)
    yield Tensor, "register_hook", functools.partial(_noted, w, "hook")
    for name in ("register_full_backward_hook", "register_full_backward_pre_hook", "register_backward_hook"):
        yield Module, name, functools.partial(_noted_on_module, w)
    yield Tensor, "__deepcopy__", functools.partial(_copied, w)
    yield Parameter, "__deepcopy__", functools.partial(_copied, w)
    yield Parameter, "__new__", functools.partial(_parameter, w)
    yield Writes, "bump_at", functools.partial(states.bumping, w)
    yield Module, "__init__", functools.partial(states.made, w, "module made")
    yield Module, "__call__", functools.partial(states.module_call, w)
    yield Module, "train", functools.partial(states.train, w)
    yield Module, "zero_grad", functools.partial(_zeroing, w)
    yield Module, "load_state_dict", functools.partial(states.around, w, "loaded")
    yield Optimizer, "zero_grad", functools.partial(_zeroing, w)
    yield Optimizer, "__init__", functools.partial(states.made, w, "optimizer")
    yield lr_scheduler.LRScheduler, "__init__", functools.partial(states.made, w, "scheduler")
    yield lr_scheduler.LRScheduler, "step", functools.partial(states.scheduled, w)
    yield utils, "clip_grad_norm_", functools.partial(_clipping, w, "clip_grad_norm_")
    yield utils, "clip_grad_value_", functools.partial(_clipping, w, "clip_grad_value_")
    yield grad_mode.no_grad, "__enter__", functools.partial(states.entered, w, "torch.no_grad()")
    yield grad_mode.no_grad, "__exit__", functools.partial(states.left, w)
    yield grad_mode.inference_mode, "__enter__", functools.partial(states.entered, w, "torch.inference_mode()")
    yield grad_mode.inference_mode, "__exit__", functools.partial(states.left, w)
    yield grad_mode.enable_grad, "__enter__", functools.partial(states.entered, w, "torch.enable_grad()")
    yield grad_mode.enable_grad, "__exit__", functools.partial(states.left, w)
    yield grad_mode.set_grad_enabled, "__init__", functools.partial(states.set_enabled, w)
    yield grad_mode.set_grad_enabled, "__exit__", functools.partial(states.left, w)
    yield importlib.import_module("adjoint.autograd.backward"), "explain_missing", functools.partial(_explaining, w)


def _by_user() -> bool:
    """Whether the function around this one was called by the user, and not by Adjoint itself."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame is not None and not is_own(frame.f_code.co_filename)


def _tensors_in(value: Any, depth: int = 0) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif depth < 3 and isinstance(value, (list, tuple)):
        for v in value:
            yield from _tensors_in(v, depth + 1)


def _numbers_in(value: Any, depth: int = 0) -> Iterator[Any]:
    if isinstance(value, (float, int)) and not isinstance(value, bool):
        yield value
    elif depth < 3 and isinstance(value, (list, tuple)):
        for v in value:
            yield from _numbers_in(v, depth + 1)


# Tensors that are made


def _factory(w: Any, name: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        if not isinstance(made, Tensor) or w.depth:
            return made
        line = here()
        data = args[0] if args else kwargs.get("data")
        inputs: list[int] = []
        maybe: list[int] = []
        if name in ("tensor", "as_tensor", "from_numpy", "asarray", "full"):
            given = list(_tensors_in(args))
            if any(t is made for t in given):
                return made
            inputs = [w.value_of(t) for t in given]
            if isinstance(data, np.ndarray):
                maybe = [v for a, v in w.arrays if np.shares_memory(a, data)] or list(w.escaped[-8:])
            elif not inputs:
                numbers = list(_numbers_in(list(args)))
                maybe = [w.numbers[x] for x in numbers if x in w.numbers]
        if inputs or maybe:
            w.add_op(
                f"torch.{name}()", line, tuple(inputs), tuple(w.trace.values[i].requires_grad for i in inputs), (made,),
                maybe=tuple(dict.fromkeys(maybe)), called=name,
            )  # fmt: skip
        else:
            record = writes_of(made)
            w.data[id(record)] = (record, w.value_of(made, name, line))
            w.trace.kept.append(made)
        return made

    return wrapper


def _unrecorded(w: Any, name: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        results = tuple(t for t in _tensors_in(made if isinstance(made, tuple) else [made]) if not w.knows(t))
        if results and not w.depth and not w.stepping and _by_user():
            given = list(_tensors_in(args))
            inputs = tuple(w.value_of(t) for t in given)
            w.add_op(name, here(), inputs, tuple(t.requires_grad for t in given), results, called=name)
        return made

    return wrapper


def _gradients(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(outputs: Any, *args: Any, **kwargs: Any) -> Any:
        made = function(outputs, *args, **kwargs)
        results = tuple(t for t in _tensors_in(made) if not w.knows(t) and not t.requires_grad)
        if results and _by_user():
            given = list(_tensors_in(outputs))
            inputs = tuple(w.value_of(t) for t in given)
            w.add_op("autograd.grad()", here(), inputs, tuple(t.requires_grad for t in given), results, called="grad")
        return made

    return wrapper


def _parameter(w: Any, function: Any) -> Any:
    new = getattr(function, "__func__", function)

    @functools.wraps(new)
    def wrapper(cls: Any, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        made = new(cls, data, *args, **kwargs)
        line = here()
        known = isinstance(data, Tensor) and id(data) in w._known
        if known and isinstance(data, Tensor) and (data.requires_grad or w._known[id(data)][2] in _derived(w)):
            v = w.value_of(data)
            w.add_op("Parameter()", line, (v,), (data.requires_grad,), (made,), called="Parameter")
        else:
            w.value_of(made, "parameter", line)
        return made

    return staticmethod(wrapper)


def _derived(w: Any) -> set[int]:
    """Values that came out of the graph not long ago."""
    return set(w.escaped[-64:])


def _copied(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, memo: Any) -> Any:
        known = id(self) in memo
        made = function(self, memo)
        if not known:
            w.add_op("deepcopy()", here(), (w.value_of(self),), (self.requires_grad,), (made,), called="deepcopy")
        return made

    return wrapper


# Values that leave the graph


def _leaving(w: Any, what: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = function(self, *args, **kwargs)
        if isinstance(self, Tensor) and not w.depth and not w.stepping and _by_user():
            v = w.value_of(self)
            op = w.add_op(what, here(), (v,), (self.requires_grad,), (made,), called=what)
            if self.requires_grad:
                w.escaped += op.outputs
        return made

    return wrapper


def _data(w: Any, own: Any) -> Any:
    def get(self: Any) -> Any:
        made = own.fget(self)
        if not w.depth and not w.stepping and _by_user():
            v = w.value_of(self)
            op = w.add_op(".data", here(), (v,), (self.requires_grad,), (made,), called=".data")
            w.escaped += op.outputs
            if self.is_leaf and self.requires_grad:
                record = writes_of(made)
                w.leaves[id(record)] = (record, v)
        return made

    def put(self: Any, value: Any) -> None:
        before = stats_of(self._array)
        own.fset(self, value)
        if not w.depth and not w.stepping and _by_user():
            v = w.value_of(self)
            given = w.value_of(value) if isinstance(value, Tensor) else None
            w.event("data set", here(), v, before=before, after=given)

    return property(get, put, doc=own.__doc__)


def _escape(w: Any, name: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = function(self, *args, **kwargs)
        if isinstance(self, Tensor) and not w.depth and not w.stepping:
            frame = sys._getframe(1)
            if is_users(frame.f_code.co_filename) or name == "__array__":
                v = w.value_of(self)
                line = line_of(frame) if name != "__array__" else here()
                shown = {"__float__": "float()", "__int__": "int()", "__array__": "NumPy"}.get(name, f".{name}()")
                w.add_op(shown, line, (v,), (self.requires_grad,), (), called=shown)
                w.escaped.append(v)
                if isinstance(found, np.ndarray):
                    w.arrays.append((found, v))
                else:
                    for x in _numbers_in(found):
                        if not (isinstance(x, int) or x in (0.0, 1.0, -1.0, 2.0, 0.5)):
                            w.numbers[x] = v
        return found

    return wrapper


# Gradients


def _grad(w: Any, own: Any) -> Any:
    def put(self: Any, value: Any) -> None:
        before = None if self._grad is None else stats_of(self._grad)
        own.fset(self, value)
        if not w.depth and not w.stepping and self.is_leaf:
            v = w.value_of(self)
            after = None if value is None else stats_of(value)
            if value is not None:
                record = writes_of(value)
                w.grads[id(record)] = (record, v)
            w.event("grad set", here(), v, before=before, after=after)

    return property(own.fget, put, own.fdel, doc=own.__doc__)


def _zeroing(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self, Module):
            parameters = list(self.parameters())
        else:
            parameters = [p for group in self.param_groups for p in group["params"]]
        had = {w.value_of(p): stats_of(p._grad) for p in parameters if p._grad is not None}
        had_none = {w.value_of(p) for p in parameters if p._grad is None}
        w.stepping += 1
        try:
            return function(self, *args, **kwargs)
        finally:
            w.stepping -= 1
            w.event("zero_grad", here(), id(self), type(self).__name__, before=had, after=had_none)
            w.trace.kept.append(self)

    return wrapper


def _clipping(w: Any, what: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(parameters: Any, *args: Any, **kwargs: Any) -> Any:
        given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        before = {w.value_of(p): stats_of(p._grad) for p in given if p._grad is not None}
        w.stepping += 1
        try:
            return function(given, *args, **kwargs)
        finally:
            w.stepping -= 1
            after = {w.value_of(p): stats_of(p._grad) for p in given if p._grad is not None}
            limit = args[0] if args else next(iter(kwargs.values()), "")
            w.event("clipped", here(), 0, f"{what}(…, {limit})", before=before, after=after)

    return wrapper


def _noted(w: Any, what: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = function(self, *args, **kwargs)
        if not w.depth and _by_user():
            w.event(what, here(), w.value_of(self))
        return found

    return wrapper


def _noted_on_module(w: Any, function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        w.event("module hook", here(), id(self))
        w.trace.kept.append(self)
        return function(self, *args, **kwargs)

    return wrapper


def _explaining(w: Any, function: Any) -> Any:
    def wrapper(error: Any, tensor: Any) -> Any:
        w.failed_backward(tensor)
        return function(error, tensor)

    return wrapper
