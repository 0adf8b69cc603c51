"""A leaf's `grad_dtype`, and how errors name the types of what is no tensor: as in PyTorch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from both import agree

import adjoint


def leaf(t: Any, dtype: Any) -> Any:
    x = t.tensor([1.0, 3.0], requires_grad=True)
    x.grad_dtype = dtype
    return x


def wider(t: Any) -> Any:
    """A Function whose gradient is of another dtype than what it was given."""
    forward, backward = staticmethod(lambda ctx, x: x * 1), staticmethod(lambda ctx, g: g.double() * 1.1)
    return type("Wider", (t.autograd.Function,), {"forward": forward, "backward": backward}).apply


def after(x: Any, result: Any) -> Any:
    result.sum().backward()
    return x.grad, x.grad.dtype


def set_late(t: Any) -> Any:
    x = t.ones(2, requires_grad=True)
    y = x * 2
    x.grad_dtype = t.float64
    return after(x, y)


def set_before_it_requires_grad(t: Any) -> Any:
    x = t.ones(2)
    x.grad_dtype = t.float64
    x.requires_grad_()
    return after(x, x * 2)


def changed(t: Any) -> Any:
    x = leaf(t, t.float64)
    first = after(x, x * 2)
    x.grad = None
    x.grad_dtype = t.float16
    return first, after(x, x * 2)


def seen_by_hooks(t: Any) -> Any:
    x, seen = leaf(t, t.float64), []
    x.register_hook(lambda g: seen.append(g.dtype))
    return after(x, x * 2), seen


SCENARIOS = {
    "backward": lambda t: after(x := leaf(t, t.float64), x * x),
    "to halves": lambda t: after(x := leaf(t, t.float16), x * x),
    "to complex": lambda t: after(x := leaf(t, t.complex64), x * x),
    "any": lambda t: after(x := leaf(t, None), x * x),
    "any, of a Function": lambda t: after(x := leaf(t, None), wider(t)(x)),
    "halves, of a Function": lambda t: after(x := leaf(t, t.float16), wider(t)(x)),
    "its own, of a Function": lambda t: after(x := t.ones(2, requires_grad=True), wider(t)(x)),
    "accumulated": lambda t: (after(x := leaf(t, None), wider(t)(x)), after(x, x * 2)),
    "asked for": lambda t: t.autograd.grad(((x := leaf(t, t.float64)) * x).sum(), x)[0],
    "asked for, with a graph": lambda t: t.autograd.grad(((x := leaf(t, t.float64)) * x).sum(), x, create_graph=True)[0].detach(),
    "set late": set_late,
    "set before it requires grad": set_before_it_requires_grad,
    "changed": changed,
    "hooks": seen_by_hooks,
    "read": lambda t: (t.ones(2).grad_dtype, t.ones(2).long().grad_dtype, leaf(t, None).grad_dtype, leaf(t, t.half).grad_dtype),
    "read of its copies": lambda t: [f(leaf(t, t.half)).grad_dtype for f in (copy.deepcopy, lambda x: x.detach())],
    "read after a pickle": lambda t: pickle.loads(pickle.dumps(leaf(t, t.half))).grad_dtype,
    "assigned": lambda t: setattr(x := leaf(t, t.float64), "grad", t.ones(2).double()) or x.grad,
    "anything assigned": lambda t: setattr(x := leaf(t, None), "grad", t.ones(2).half()) or x.grad,
    "of a module": lambda t: (
        (m := t.nn.Linear(2, 1)).weight.__setattr__("grad_dtype", t.float64) or after(m.weight, m(t.ones(1, 2)))
    ),
}
REFUSED = {
    "read of what is no leaf": lambda t: (t.ones(2, requires_grad=True) * 2).grad_dtype,
    "set of what is no leaf": lambda t: setattr((t.ones(2, requires_grad=True) * 2), "grad_dtype", t.float64),
    "no dtype": lambda t: leaf(t, 3),
    "an array": lambda t: leaf(t, np.ones(2)),
    "beside a gradient": lambda t: after(x := t.ones(2, requires_grad=True), x * 2) and setattr(x, "grad_dtype", t.float64),
    "assigned of its own": lambda t: setattr(leaf(t, t.float64), "grad", t.ones(2)),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_gradients_have_the_dtype_that_their_leaf_asks_for(name):
    agree(SCENARIOS[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_set_is_refused_in_pytorchs_words(name):
    agree(REFUSED[name], raises=True, warnings_too=False)


def test_no_gradient_is_of_integers():
    """PyTorch's assertion fails there."""
    x = leaf(adjoint, adjoint.int64)
    with pytest.raises(RuntimeError, match=r"cannot be of torch\.int64"):
        (x * x).sum().backward()


def function(t: Any, forward: Any = None, backward: Any = None) -> Any:
    methods = {"forward": forward or (lambda ctx, x: x * 1), "backward": backward or (lambda ctx, g: g)}
    kind = type("F", (t.autograd.Function,), {k: staticmethod(v) for k, v in methods.items()})
    return kind.apply(t.ones(2, requires_grad=True)).sum().backward()


def hooked(t: Any, how: str, hook: Any) -> Any:
    x = t.ones(2, requires_grad=True)
    y = x * 2
    getattr(x if how.endswith("_hook") and how != "register_node_hook" else y.grad_fn, how.replace("_node", ""))(hook)
    y.sum().backward()


def unpacked(t: Any) -> Any:
    with t.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: np.ones(2)):
        y = t.ones(2, requires_grad=True).exp()
    y.sum().backward()


ARRAYS = {
    "grad": lambda t, a: setattr(t.ones(2), "grad", a),
    "data": lambda t, a: setattr(t.ones(2), "data", a),
    "requires_grad_": lambda t, a: t.ones(2).requires_grad_(a),
    "Variable": lambda t, a: t.autograd.Variable(a),
    "Parameter": lambda t, a: t.nn.Parameter(a),
    "inputs": lambda t, a: t.ones((), requires_grad=True).backward(inputs=[a]),
    "a Function's gradient": lambda t, a: function(t, backward=lambda ctx, g: a),
    "save_for_backward": lambda t, a: function(t, lambda ctx, x: (ctx.save_for_backward(a), x * 1)[1]),
    "a hook": lambda t, a: hooked(t, "register_hook", lambda g: a),
    "a node's hook": lambda t, a: hooked(t, "register_node_hook", lambda g, o: a),
    "a node's prehook": lambda t, a: hooked(t, "register_prehook", lambda o: (a,)),
    "a hook that comes last": lambda t, a: hooked(t, "register_post_accumulate_grad_hook", lambda p: a),
    "unpacking": lambda t, a: unpacked(t),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_errors_name_the_type_of_an_array_with_its_module(name):
    agree(lambda t: ARRAYS[name](t, np.ones(2)), raises=True, warnings_too=False)
