"""Inference tensors: which tensors are, and what a backward through one that was saved says."""

from __future__ import annotations

import gc

import pytest
from both import agree

import adjoint

MADE = {
    "a result": lambda t, x: x * 2,
    "a view of a result": lambda t, x: (x * 2)[1:],
    "a detached result": lambda t, x: (x * 2).detach(),
    "one of several results": lambda t, x: x.max(0).values,
    "a new tensor": lambda t, x: t.ones(3),
    "random numbers": lambda t, x: t.randn(3),
    "a written result": lambda t, x: (x * 2).add_(1),
    "a view of a tensor from outside": lambda t, x: x.view(1, 3),
    "the tensor from outside": lambda t, x: x.add_(1),
    "a parameter": lambda t, x: t.nn.Parameter(t.ones(3)),
}

AFTERWARDS = {
    "itself": lambda t, b: b,
    "a view": lambda t, b: b[:1],
    "detached": lambda t, b: b.detach(),
    "a copy": lambda t, b: b.clone(),
    "a sum": lambda t, b: b + 1,
}


@pytest.mark.parametrize("then", AFTERWARDS)
@pytest.mark.parametrize("name", MADE)
def test_a_memory_that_was_made_in_inference_mode_has_inference_tensors_only(name, then):
    def scenario(torch):
        x = torch.tensor([1.0, 2.0, 3.0])
        with torch.inference_mode():
            made = MADE[name](torch, x)
        return AFTERWARDS[then](torch, made).is_inference()

    agree(scenario)


USES = {
    "a product": lambda t, x, b: x * b,
    "a quotient": lambda t, x, b: b / x,
    "a matrix product": lambda t, x, b: x @ b,
    "a linear layer": lambda t, x, b: t.nn.functional.linear(b[None], x[None]),
    "a view's product": lambda t, x, b: x * b[:1],
    "a product in place": lambda t, x, b: (x * 1).mul_(b),
    "a sum": lambda t, x, b: x + b,
    "a copy's product": lambda t, x, b: x * b.clone(),
    "a joined tensor": lambda t, x, b: t.cat([x, b]),
}


USES |= {
    "a convolution": lambda t, x, b: t.nn.functional.conv1d(x[None, None], b[None, None]),
    "a mean squared error": lambda t, x, b: t.nn.functional.mse_loss(x, b),
    "a power": lambda t, x, b: x**b,
    "a choice": lambda t, x, b: t.where(b > 3, x, b),
    "a Function that saves it": lambda t, x, b: _saving(t).apply(x, b),
}


def _saving(torch):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, b):
            ctx.save_for_backward(b)
            return x * b

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    return Product


@pytest.mark.parametrize("name", USES)
def test_an_operator_that_would_save_an_inference_tensor_raises(name):
    def scenario(torch):
        with torch.inference_mode():
            b = torch.tensor([1.0, 2.0, 3.0]) * 2
        x = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
        made = USES[name](torch, x, b)
        print("made")
        made.sum().backward()
        return x.grad

    agree(scenario)


def test_operators_look_at_what_they_save_only_while_there_are_inference_tensors():
    from adjoint.autograd.grad_mode import off

    before = len(off)
    with adjoint.inference_mode():
        tensors = [adjoint.ones(2) * 2 for _ in range(3)]
    assert len(off) > before
    del tensors
    gc.collect()
    assert len(off) == before


ASKED = {
    "its version": lambda t, b: b._version,
    "a view's version": lambda t, b: b[:1]._version,
    "whether a view is one": lambda t, b: b[:1]._is_view(),
    "a view's base": lambda t, b: b[:1]._base is None,
    "a parameter of it": lambda t, b: t.nn.Parameter(b),
    "a view that requires grad": lambda t, b: b.view(3).requires_grad_(),
}


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("name", ASKED)
def test_what_an_inference_tensor_knows(name, inside):
    def scenario(torch):
        with torch.inference_mode():
            b = torch.tensor([1.0, 2.0, 3.0]) * 2
        with torch.inference_mode(inside):
            return ASKED[name](torch, b)

    agree(scenario)


def test_a_view_made_in_inference_mode_may_be_written_to_outside_of_it():
    def scenario(torch):
        x = torch.ones(3)
        with torch.inference_mode():
            view = x.view(1, 3)
        view.add_(1)
        return x

    agree(scenario)


@pytest.mark.parametrize("name", ["grad", "jvp", "hessian"])
def test_transforms_take_inference_tensors_from_outside(name):
    def scenario(torch):
        with torch.inference_mode():
            b = torch.tensor([1.0, 2.0, 3.0]) * 2
        f, x = lambda r: (b * r.sin()).prod(), torch.tensor([2.0, 3.0, 4.0])
        return torch.func.jvp(f, (x,), (x,)) if name == "jvp" else getattr(torch.func, name)(f)(x)

    agree(scenario)


def test_an_inference_tensor_is_given_no_other_memory_outside():
    def scenario(torch):
        with torch.inference_mode():
            x = torch.ones(2) * 2
            x.set_(torch.zeros(2))
        with torch.no_grad():
            x.set_(torch.ones(2))

    agree(scenario)


TOUCHED = {
    "a view": lambda t, c: c.view(-1),
    "a transposed view": lambda t, c: c.t(),
    "one of several": lambda t, c: c.unbind()[0],
    "an element": lambda t, c: c[0],
    "a product": lambda t, c: c * 2,
    "a written view": lambda t, c: c.view(-1).add_(1),
    "written": lambda t, c: c.add_(1),
    "an out": lambda t, c: t.add(t.ones(2, 3), 1, out=c),
    "an out of what requires grad": lambda t, c: t.add(t.ones(2, 3, requires_grad=True), 1, out=c),
    "an out of several": lambda t, c: t.cat([t.ones(1, 3), t.ones(1, 3)], out=c),
    "resized": lambda t, c: c.resize_(1, 2),
    "turned": lambda t, c: c.transpose_(0, 1),
    "detached": lambda t, c: c.detach(),
    "copied": lambda t, c: t.ones(2, 3).copy_(c),
}


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("name", TOUCHED)
def test_views_of_inference_tensors_and_writes_to_them(name, inside, requires_grad):
    def scenario(torch):
        with torch.inference_mode():
            c = torch.ones(2, 3, requires_grad=requires_grad)
        with torch.inference_mode(inside):
            found = TOUCHED[name](torch, c)
        return found, found.is_inference(), found.is_leaf, found._is_view()

    agree(scenario)


def test_operators_mark_what_they_make_with_and_without_other_interceptors():
    x, y = adjoint.randn(4, 4), adjoint.randn(4, 4)

    def made():
        return [x + y, x @ y, x.t() + y.t(), adjoint.zeros(2), x.sum(), *x.sort(), *adjoint.split(x + 1, 2), x.clone()]

    with adjoint.inference_mode():
        assert all(t.is_inference() for t in made())
        assert not any(t.is_inference() for t in (x.t(), x.view(-1), x[0]))
        with adjoint.autograd.forward_ad.dual_level():
            assert all(t.is_inference() for t in made())
        with adjoint.inference_mode():
            assert all(t.is_inference() for t in made())
        with adjoint.inference_mode(False):
            assert not any(t.is_inference() for t in made())
    assert not any(t.is_inference() for t in made())
    with adjoint.autograd.forward_ad.dual_level(), adjoint.inference_mode():
        assert all(t.is_inference() for t in made())
