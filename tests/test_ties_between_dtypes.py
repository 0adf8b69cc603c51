"""Ties between operands of two dtypes are decided in the dtype of the result, as in PyTorch."""

from __future__ import annotations

import pytest

import adjoint

torch = pytest.importorskip("torch")

PAIRS = [("float64", "float32"), ("float32", "float64"), ("float32", "float16"), ("float64", "bfloat16"), ("int64", "float32")]


def _both(dtypes, function):
    found = []
    for t in (torch, adjoint):
        single, several = (getattr(t, d) for d in dtypes)
        a = t.tensor(0.1 if single.is_floating_point else 1, dtype=single)
        b = t.tensor([0.1, 0.2, 0.0, 1.0], dtype=several)
        tensors = [x.requires_grad_() if x.dtype.is_floating_point else x for x in (a, b)]
        found.append(function(t, *tensors))
    assert found[0] == found[1]


def _gradients(t, y, *tensors):
    y.sum().backward()
    return str(y.dtype).rpartition(".")[2], [None if x.grad is None else x.grad.tolist() for x in tensors]


@pytest.mark.parametrize("dtypes", PAIRS)
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "max", "min"])
def test_the_gradients_of_equal_operands_are_shared_as_in_pytorch(name, dtypes):
    _both(dtypes, lambda t, a, b: _gradients(t, getattr(t, name)(a, b), a, b))
    _both(dtypes, lambda t, a, b: _gradients(t, getattr(t, name)(b, a), a, b))


@pytest.mark.parametrize("dtypes", PAIRS)
def test_an_element_at_its_bound_is_inside_of_it(dtypes):
    _both(dtypes, lambda t, a, b: _gradients(t, t.clamp(b, min=a), a, b))
    _both(dtypes, lambda t, a, b: _gradients(t, t.clamp(b, max=a), a, b))
    _both(dtypes, lambda t, a, b: _gradients(t, t.clamp(b, min=a, max=a), a, b))
    _both(dtypes, lambda t, a, b: _gradients(t, t.clamp(a, min=b), a, b))


@pytest.mark.parametrize("dtypes", PAIRS[:2])
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax"])
def test_tangents_of_equal_operands_are_those_of_pytorch(name, dtypes):
    def tangent(t, a, b):
        a, b = a.detach(), b.detach()
        found = t.func.jvp(getattr(t, name), (a, b), (t.full_like(a, 3), t.full_like(b, 5)))[1]
        return [round(x, 5) for x in found.tolist()]

    _both(dtypes, tangent)


@pytest.mark.parametrize("first", ["relu", "abs", "floor"])
@pytest.mark.parametrize("second", ["sign", "round", "relu"])
@pytest.mark.parametrize("shape", [(), (3,), (0,)])
def test_a_recorded_gradient_of_steps_requires_grad_where_pytorchs_does(first, second, shape):
    found = []
    for t in (torch, adjoint):
        x = t.ones(shape, requires_grad=True)
        y = getattr(getattr(x, first)(), second)()
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        found.append((g.requires_grad, g.grad_fn is None, g.tolist()))
    assert found[0] == found[1]
