"""What a transform gives is part of an outer graph only where the transform was called while recording, and where
something outside of it can be differentiated with respect to."""

import pytest
from both import agree

import adjoint

INSIDE_OUT = {
    "grad": lambda t, f, a: t.func.grad(lambda q: f(q).sum())(a),
    "grad of what is captured": lambda t, f, a: t.func.grad(lambda q: (f(q) * a).sum())(t.ones(2)),
    "vjp": lambda t, f, a: t.func.vjp(f, a)[1](t.ones(2))[0],
    "vjp, its values": lambda t, f, a: t.func.vjp(f, a)[0],
    "jacrev": lambda t, f, a: t.func.jacrev(f)(a),
    "jacfwd": lambda t, f, a: t.func.jacfwd(f)(a),
    "hessian": lambda t, f, a: t.func.hessian(lambda q: f(q).sum())(a),
    "jvp": lambda t, f, a: t.func.jvp(f, (a,), (t.ones(2),))[1],
    "vmap of grad": lambda t, f, a: t.vmap(t.func.grad(lambda q: f(q).sum()))(t.stack([a, a * 2])),
    "grad of grad": lambda t, f, a: t.func.grad(lambda q: t.func.grad(lambda p: (f(p) * q).sum())(q).sum())(a),
}

OUTER = {
    "grad": lambda t, f, x: t.func.grad(lambda a: (f(a) * a).sum())(x),
    "jvp": lambda t, f, x: t.func.jvp(lambda a: (f(a) * a).sum(), (x,), (t.ones(2),)),
    "jacrev": lambda t, f, x: t.func.jacrev(lambda a: f(a) * a)(x),
    "autograd": lambda t, f, x: (lambda a: t.autograd.grad((f(a) * a).sum(), a))(x.clone().requires_grad_()),
    "nothing": lambda t, f, x: f(x.clone().requires_grad_()),
}


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INSIDE_OUT)
def test_a_transform_called_in_no_grad_gives_constants(inner, outer):
    def scenario(t):
        @t.no_grad()
        def f(a):
            return INSIDE_OUT[inner](t, lambda q: q.sin() * q, a)

        return OUTER[outer](t, f, t.tensor([1.0, 2.0]))

    agree(scenario)


@pytest.mark.parametrize("inner", ["grad", "vjp", "jvp", "grad of what is captured"])
def test_a_transform_called_in_inference_mode_gives_constants(inner):
    def scenario(t):
        x = t.tensor([1.0, 2.0], requires_grad=True)
        with t.inference_mode():
            found = INSIDE_OUT[inner](t, lambda q: q.sin() * q, x)
        return found

    agree(scenario)


@pytest.mark.parametrize("outer", ["grad", "jvp", "nothing"])
@pytest.mark.parametrize("inner", INSIDE_OUT)
def test_what_leads_only_to_the_names_of_inner_transforms_requires_no_grad(inner, outer):
    agree(
        lambda t: OUTER[outer](
            t, lambda a: INSIDE_OUT[inner](t, lambda q: t.cumprod(q, 0), a.detach()), t.tensor([1.0, 2.0])
        )
    )


def test_a_pullback_is_recorded_where_it_is_called():
    def scenario(t):
        w = t.tensor([2.0, 3.0], requires_grad=True)
        _, pull = t.func.vjp(lambda q: q.sin() * w, w)
        with t.no_grad():
            constant = pull(t.ones(2))
        recorded, with_graph, without = (
            pull(t.ones(2)),
            pull(t.ones(2), create_graph=True),
            pull(t.ones(2), create_graph=False),
        )
        return constant, [[x.requires_grad for x in r] for r in (recorded, with_graph, without)]

    agree(scenario)


def test_a_pushforward_is_recorded_where_it_is_called():
    w = adjoint.tensor([2.0, 3.0], requires_grad=True)
    with adjoint.no_grad():
        value, push = adjoint.func.linearize(lambda q: q.sin() * w, w)
        assert not value.requires_grad
        assert not push(adjoint.ones(2)).requires_grad
    assert push(adjoint.ones(2)).requires_grad


OF_A_TANGENT = {
    "grad": lambda t, x, v: t.func.jvp(t.func.grad(lambda q: (q**3).sum()), (x,), (v,))[1],
    "vjp": lambda t, x, v: t.func.jvp(lambda q: t.func.vjp(lambda p: p**3, q)[1](q)[0], (x,), (v,))[1],
    "value of vjp": lambda t, x, v: t.func.jvp(lambda q: t.func.vjp(lambda p: p**3, q)[0], (x,), (v,))[1],
    "grad_and_value": lambda t, x, v: t.func.jvp(t.func.grad_and_value(lambda q: (q**3).sum()), (x,), (v,)),
    "jacrev": lambda t, x, v: t.func.jvp(t.func.jacrev(lambda q: q**3), (x,), (v,))[1],
    "hessian": lambda t, x, v: t.func.jvp(t.func.hessian(lambda q: (q**3).sum()), (x,), (v,))[1],
    "jvp of grad": lambda t, x, v: t.func.jvp(
        lambda q: t.func.jvp(t.func.grad(lambda p: (p**3).sum()), (q,), (q,))[1], (x,), (v,)
    )[1],
    "vmap of jvp of grad": lambda t, x, v: t.vmap(
        lambda y: t.func.jvp(t.func.grad(lambda q: (q**3).sum()), (y,), (v,))[1]
    )(t.stack([x, x + 1])),
}


def _flat(found):
    return [x for f in found for x in _flat(f)] if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("inner", OF_A_TANGENT)
def test_a_derivative_with_respect_to_a_tangent_goes_through_an_inner_gradient(inner):
    def scenario(t):
        x, v = t.tensor([1.0, 2.0]), t.tensor([0.5, -1.0])

        def total(found):
            return sum((f**2).sum() for f in _flat(found))

        loss = lambda d: total(OF_A_TANGENT[inner](t, x, d))
        w = v.clone().requires_grad_()
        value = OF_A_TANGENT[inner](t, x, w)
        return (
            t.func.grad(loss)(v),
            t.func.hessian(loss)(v),
            t.func.jvp(loss, (v,), (x,)),
            t.autograd.grad(total(value), w),
            [f.requires_grad for f in _flat(value)],
        )

    agree(scenario, tolerance=1e-5)


def test_a_gradient_that_does_not_depend_on_what_is_outside_requires_none():
    def scenario(t):
        w = t.tensor([2.0, 3.0], requires_grad=True)
        loss = lambda a, b: ((a * w).sum() + (b**2).sum(), (a * 2, b * w))
        (first, second), aux = t.func.grad(loss, argnums=(0, 1), has_aux=True)(t.ones(2), t.ones(2))
        values, pull = t.func.vjp(lambda a, b: (a * w, b**2), t.ones(2), t.ones(2))
        return [x.requires_grad for x in (first, second, *aux, *values, *pull((t.ones(2), t.ones(2))))]

    agree(scenario)


def test_results_are_what_was_returned_or_views_of_it():
    def scenario(t):
        b, w, n = t.ones(3, requires_grad=True), t.ones(3, requires_grad=True), t.ones(3)
        found = {
            "captured": t.func.jvp(lambda y: w, (b,), (n,)),
            "an input": t.func.jvp(lambda y: y, (b,), (w,)),
            "a constant": t.func.jvp(lambda y: n, (n,), (n,)),
            "made": t.func.jvp(lambda y: y * w, (b,), (n,)),
        }
        values = {name: x[0] for name, x in found.items()}
        for name, f in {"captured": lambda y: w, "an input": lambda y: y, "made": lambda y: y * w}.items():
            values[f"vjp, {name}"] = t.func.vjp(f, b)[0]
            with t.no_grad():
                values[f"vjp in no_grad, {name}"] = t.func.vjp(f, b)[0]
        return [(k, x.is_leaf, x._is_view(), [x is y for y in (b, w, n)], x) for k, x in values.items()]

    agree(scenario)


def test_a_write_to_a_primal_is_recorded():
    def scenario(t):
        def written(y):
            y.mul_(3)
            return y * y

        x = t.ones(2, requires_grad=True)
        base = x * 2
        value, tangent = t.func.jvp(written, (base,), (t.ones(2),))
        return value, tangent.detach(), t.autograd.grad(value.sum() + base.sum(), x)

    agree(scenario)
    agree(lambda t: t.func.jvp(lambda y: y.mul_(3), (t.ones(2, requires_grad=True),), (t.ones(2),)), raises=True)


def test_a_function_inside_of_a_transform_leaves_no_grad_as_it_was():
    def scenario(t):
        class Twice(t.autograd.Function):
            @staticmethod
            def forward(x):
                return x * 2

            @staticmethod
            def setup_context(ctx, inputs, output):
                pass

            @staticmethod
            def backward(ctx, g):
                return Twice.apply(g)

        x = t.ones(2, requires_grad=True)
        y = Twice.apply(x).sum()
        with t.no_grad():
            t.func.grad(lambda a: Twice.apply(a).sum())(x)
            found = [(x * 2).requires_grad]
            t.autograd.grad(y, x, create_graph=True)
            return [*found, (x * 2).requires_grad]

    agree(scenario)


OF_A_COTANGENT = {
    "vjp": lambda t, x, v: t.func.vjp(lambda q: q**3, x)[1](v)[0],
    "vjp, with a graph": lambda t, x, v: t.func.vjp(lambda q: q**3, x)[1](v, create_graph=True)[0],
    "vjp of vjp": lambda t, x, v: t.func.vjp(lambda q: t.func.vjp(lambda p: p**3, q)[1](q)[0], x)[1](v)[0],
    "vmap of vjp": lambda t, x, v: t.vmap(t.func.vjp(lambda q: q**3, x)[1])(t.stack([v, 2 * v]))[0],
}


@pytest.mark.parametrize("inner", OF_A_COTANGENT)
def test_a_derivative_with_respect_to_a_cotangent_goes_through_the_pullback(inner):
    def scenario(t):
        x, v = t.tensor([1.0, 2.0]), t.tensor([0.5, -1.0])
        loss = lambda d: (OF_A_COTANGENT[inner](t, x, d) ** 2).sum()
        w = v.clone().requires_grad_()
        return t.func.grad(loss)(v), t.func.jvp(loss, (v,), (x,)), t.autograd.grad(loss(w), w)

    agree(scenario, warnings_too=False)


def test_a_derivative_with_respect_to_a_tangent_goes_through_the_pushforward():  # which PyTorch does not
    x, v = adjoint.tensor([1.0, 2.0]), adjoint.tensor([0.5, -1.0])
    push = adjoint.func.linearize(lambda q: q**3, x)[1]
    assert adjoint.func.grad(lambda d: (push(d) ** 2).sum())(v).tolist() == [9.0, -288.0]
    assert adjoint.func.jacrev(push)(v).tolist() == [[3.0, 0.0], [0.0, 12.0]]


@pytest.mark.parametrize("form", ["alone", "beside", "by what is around it"])
def test_a_linearized_function_has_the_tangents_of_what_it_does_without_recording(form):
    def scenario(torch):
        w = torch.tensor([2.0, 3.0])

        def constant(x):
            with torch.no_grad():
                return x.sin() * 2

        functions = {
            "alone": constant,
            "beside": lambda x: x * constant(x),
            "by what is around it": lambda x: constant(x) * w,
        }
        x = torch.tensor([0.5, -1.0])
        y, push = torch.func.linearize(functions[form], x)
        return y, push(torch.tensor([1.0, 0.5])), push(torch.tensor([0.0, 2.0]))

    agree(scenario, warnings_too=False)  # PyTorch warns of its own tracing


def test_a_pullback_made_without_recording_is_differentiated_where_it_is_called():
    def scenario(torch):
        func = torch.func
        x, w, one = torch.tensor(3.0, requires_grad=True), torch.tensor(2.0, requires_grad=True), torch.tensor(1.0)

        def f(t):
            return w * t**3

        def pulled(t):
            with torch.no_grad():
                _, pull = func.vjp(f, t)
            return pull(one)[0]

        with torch.no_grad():
            out, pull = func.vjp(f, x)
            inside = pull(one)[0]
        y = pull(one)[0]
        derivatives = torch.autograd.grad(y, (x, w)), func.grad(pulled)(x).detach(), func.jvp(pulled, (x,), (one,))[1].detach()
        return out.requires_grad, inside.requires_grad, y.detach(), derivatives

    agree(scenario)
