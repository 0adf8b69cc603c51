"""Second derivatives of every row in every order of the modes: forward and reverse mode over each other, and vmap."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.func import grad, jvp, linearize, vmap
from tests.samples import NOT_DIFFERENTIABLE
from tests.test_tables import DIFFERENTIABLE, JUMPS, operands, run, torch_can

SAMPLES = [s for s in DIFFERENTIABLE if not JUMPS.search(s) and "repeat(4096, 1)," not in s]  # (one large sample will do)
UNBATCHED = "torch.zeros(2, 3, dtype=x.dtype).copy_(x)"  # a batch does not fit into what all samples share


def scalar_function(sample: str, dtype: str, results: Any = run) -> tuple[Any, list[Any]]:
    """The sample's results, weighted and added up to a real number, as a function of its differentiable operands."""
    given = operands(adjoint, sample, dtype)
    names = [name for name in given if name not in NOT_DIFFERENTIABLE]

    def function(*args: Any) -> Any:
        total = adjoint.zeros((), dtype=adjoint.float64)
        for t in results(adjoint, sample, {**given, **dict(zip(names, args))}):
            if t.dtype.is_complex:
                t = adjoint.view_as_real(t.resolve_conj())
            if t.dtype.is_floating_point:
                t = t * t.sin()  # so that nothing is linear
                weights = np.cos(np.arange(t.numel()) + 1.0).reshape(tuple(t.shape))
                total = total + (t * adjoint.tensor(weights)).sum()
        return total

    return function, [given[name] for name in names]


def directions(inputs: list[Any]) -> tuple[Any, ...]:
    found = []
    for i, t in enumerate(inputs):
        values = np.sin(np.arange(t.numel()) + 2.0 * i + 1).reshape(tuple(t.shape))
        found.append(adjoint.tensor(values * (1 + 0.5j) if t.dtype.is_complex else values))
    return tuple(found)


def dot(a: Any, b: Any) -> Any:
    """The real inner product of two tuples of tensors."""
    return sum(((x * y.conj()).real if x.dtype.is_complex else x * y).sum() for x, y in zip(a, b))


def second_derivative(function: Any, inputs: list[Any], v: Any) -> Any:
    """The Hessian times ``v``, by reverse over reverse mode; None where the function has none."""
    own = [t.clone().requires_grad_() for t in inputs]
    value = function(*own)
    if not value.requires_grad:
        return None
    first = adjoint.autograd.grad(value, own, create_graph=True, materialize_grads=True)
    along = dot(first, v)
    if not along.requires_grad:
        return tuple(adjoint.zeros_like(t) for t in inputs)
    return adjoint.autograd.grad(along, own, materialize_grads=True)


def forward_over_forward(function: Any, inputs: Any, v: Any) -> Any:
    return jvp(lambda *args: jvp(function, args, v)[1], inputs, v)[1]


def forward_over_reverse(function: Any, inputs: Any, v: Any) -> Any:
    return jvp(grad(function, tuple(range(len(inputs)))), inputs, v)[1]


def reverse_over_forward(function: Any, inputs: Any, v: Any) -> Any:
    return grad(lambda *args: jvp(function, args, v)[1], tuple(range(len(inputs))))(*inputs)


def batched(way: Any) -> Any:
    """The derivative for a batch of one sample that is like the inputs, and one of others."""

    def of_batch(function: Any, inputs: Any, v: Any) -> Any:
        batches = [adjoint.stack([t * 0.9, t]) for t in inputs]
        found = vmap(lambda *args: way(function, args, v), randomness="same")(*batches)
        return tuple(t[1] for t in found) if isinstance(found, tuple) else found[1]

    return of_batch


WAYS = {
    "forward over forward": forward_over_forward,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
}


def check(sample: str, dtype: str, ways: dict[str, Any], in_place: Any = None, out_of_place: Any = run) -> None:
    """Compare with the sample's second derivative that of the same, ``in_place`` if it is given, found in other ways."""
    function, inputs = scalar_function(sample, dtype, out_of_place)
    v = directions(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = second_derivative(function, inputs, v) if inputs else None
        if expected is None:
            return
        if in_place is not None:
            function = scalar_function(sample, dtype, in_place)[0]
        for name, way in ways.items():
            found = way(function, tuple(inputs), v)
            if not isinstance(found, tuple):
                found, wanted = (found,), (dot(expected, v),)
            else:
                wanted = expected
            for f, w in zip(found, wanted):
                np.testing.assert_allclose(f.numpy(), w.numpy(), rtol=1e-7, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_order_of_modes_gives_the_same_second_derivative(sample):
    for dtype in ("float64", "complex128"):
        if torch_can(sample, dtype, backward=True):
            check(sample, dtype, WAYS)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_linearized_function_gives_what_forward_mode_gives(sample):
    """It differentiates the gradient at a gradient of zeros, which no formula may take for one that does not arrive."""
    for dtype in ("float64", "complex128"):
        if torch_can(sample, dtype, backward=True):
            function, inputs = scalar_function(sample, dtype)
            v = directions(inputs)
            if inputs and function(*[t.clone().requires_grad_() for t in inputs]).requires_grad:
                twice = lambda f, v: lambda *args: linearize(lambda *a: linearize(f, *a)[1](*v), *args)[1](*v)
                once = linearize(function, *inputs)[1](*v)
                np.testing.assert_allclose(once.numpy(), jvp(function, tuple(inputs), v)[1].numpy(), rtol=1e-7, atol=1e-8)
                expected = forward_over_forward(function, tuple(inputs), v)
                np.testing.assert_allclose(twice(function, v)(*inputs).numpy(), expected.numpy(), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s != UNBATCHED])
def test_every_order_of_modes_gives_the_same_in_a_batch(sample):
    if torch_can(sample, "float64", backward=True):
        check(sample, "float64", {name: batched(way) for name, way in WAYS.items()})


def test_an_integer_base_has_the_tangent_of_a_power_in_the_exponents_precision():
    x = adjoint.tensor([0.5, 1.5], dtype=adjoint.float64)
    found = adjoint.func.jvp(lambda x: 2**x, (x,), (adjoint.ones_like(x),))[1]
    expected = 2.0 ** x.numpy() * np.log(2.0)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-15)


def test_a_row_without_a_batching_rule_has_second_derivatives_of_what_it_saved_of_its_results():
    from adjoint.declare import op
    from adjoint.declare.namespaces import OPERATORS
    from adjoint.ops.arrays import Array, array_function

    @array_function
    def grown(self: Array):  # which has no rule: it is run sample by sample
        return np.exp(self)

    row = op("grown_for_this_test", lambda self: grown(self), where="", self=lambda g, result: g * result)
    row.forward.__annotations__["self"] = "Array"
    del OPERATORS["grown_for_this_test"]
    draw = np.random.default_rng(0)
    x, t, u = (adjoint.tensor(draw.standard_normal((3, 2))) for _ in range(3))

    def second(exponential: Any, outer: Any) -> Any:
        inner = lambda a: exponential(a).sin().sum()
        first = {"forward": lambda a, t: jvp(inner, (a,), (t,))[1], "reverse": lambda a, t: (grad(inner)(a) * t).sum()}[outer]
        return vmap(lambda a, t, u: jvp(lambda b: first(b, t), (a,), (u,))[1])(x, t, u)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for outer in ("forward", "reverse"):
            np.testing.assert_allclose(second(row.function, outer).numpy(), second(adjoint.exp, outer).numpy(), 1e-9)
