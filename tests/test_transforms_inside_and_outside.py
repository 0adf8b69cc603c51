"""A tensor that is reached from inside of a transform and from outside of it gets the sum of both gradients.

Every way into a transform, beside every use outside of it, by every kind of backward.
"""

from itertools import product

import pytest
from both import agree


def _five(t):
    return t.arange(15.0, dtype=t.float64).view(5, 3) / 7


def _one(t):
    return t.tensor([0.5, -1.0, 2.0], dtype=t.float64)


def _ended(t, v):
    """An inner vmap that is over when the outer one is differentiated."""
    return lambda r: t.vmap(lambda e: v * r * e)(_five(t)[:2]).sum()


INSIDE = {
    "vmap": lambda t, v: t.vmap(lambda r: (v * r).sum())(_five(t)),
    "vmap, not mapped over": lambda t, v: t.vmap(lambda r, w: w * r, in_dims=(0, None))(_five(t), v),
    "vmap, default argument": lambda t, v: t.vmap(lambda r, w=v: w.sin() * r)(_five(t)),
    "vmap in chunks": lambda t, v: t.vmap(lambda r: v * r, chunk_size=2)(_five(t)),
    "vmap, a matrix": lambda t, v: t.vmap(lambda r: t.outer(v, v) @ r)(_five(t)),
    "vmap, shared result": lambda t, v: t.vmap(lambda r: v * 2)(_five(t)),
    "vmap, shared on the way": lambda t, v: t.vmap(lambda r: (lambda p: (p * r, p.sum()))(v * v), out_dims=(0, None))(
        _five(t)
    ),
    "vmap, elements": lambda t, v: t.vmap(lambda r, i: v[i] * r)(_five(t), t.tensor([0, 2, 2, 1, 0])),
    "vmap, an operator without a rule": lambda t, v: t.vmap(lambda r: t.cross(v.exp(), r, dim=0))(_five(t)),
    "vmap of vmap": lambda t, v: t.vmap(lambda r: t.vmap(lambda e: v * e)(r.outer(r)))(_five(t)),
    "vmap of vmap of one": lambda t, v: t.vmap(_ended(t, v))(_five(t)),
    "vmap of grad": lambda t, v: t.vmap(t.func.grad(lambda r: (v * r**2).sum()))(_five(t)),
    "vmap of grad with respect to what is shared": lambda t, v: t.vmap(
        lambda r: t.func.grad(lambda w: (w**2 * r).sum())(v)
    )(_five(t)),
    "vmap of grad of vmap": lambda t, v: t.vmap(
        t.func.grad(lambda r: t.vmap(lambda e: (v * r * r * e).sum())(_five(t)).sum())
    )(_five(t)),
    "vmap of vjp": lambda t, v: t.vmap(lambda r: t.func.vjp(lambda q: v * q**2, r)[1](v)[0])(_five(t)),
    "vmap of jvp": lambda t, v: t.vmap(lambda r: t.func.jvp(lambda q: v * q**2, (r,), (r * v,))[1])(_five(t)),
    "vmap of jacrev": lambda t, v: t.vmap(t.func.jacrev(lambda r: v * r**2))(_five(t)),
    "vmap of jacfwd": lambda t, v: t.vmap(t.func.jacfwd(lambda r: v * r**2))(_five(t)),
    "vmap of hessian": lambda t, v: t.vmap(t.func.hessian(lambda r: (v * r**3).sum()))(_five(t)),
    "jacrev": lambda t, v: t.func.jacrev(lambda r: v.sin() * r**2)(_one(t)),
    "jacrev in chunks": lambda t, v: t.func.jacrev(lambda r: v.sin() * r**2, chunk_size=2)(_one(t)),
    "jacrev of vmap": lambda t, v: t.func.jacrev(t.vmap(lambda r: v * r**2))(_five(t)),
    "jacfwd": lambda t, v: t.func.jacfwd(lambda r: v.sin() * r**2)(_one(t)),
    "jacfwd of vmap": lambda t, v: t.func.jacfwd(t.vmap(lambda r: v * r**2))(_five(t)),
    "jacrev of jacrev": lambda t, v: t.func.jacrev(t.func.jacrev(lambda r: v * r**3))(_one(t)),
    "jacfwd of jacfwd": lambda t, v: t.func.jacfwd(t.func.jacfwd(lambda r: v * r**3))(_one(t)),
    "hessian": lambda t, v: t.func.hessian(lambda r: (v * r**3).sum())(_one(t)),
    "grad of vmap": lambda t, v: t.func.grad(lambda r: t.vmap(lambda e: v * r**2 * e)(_five(t)).sum())(_one(t)),
    "grad of vmap of the same": lambda t, v: t.func.grad(lambda w: t.vmap(lambda e: w**3 * e)(_five(t)).sum())(v),
    "jvp of vmap": lambda t, v: t.func.jvp(lambda w: t.vmap(lambda e: w**2 * e)(_five(t)), (v,), (v.cos(),))[1],
    "vjp of vmap": lambda t, v: t.func.vjp(lambda w: t.vmap(lambda e: w**2 * e)(_five(t)), v)[1](_five(t))[0],
    "batched gradients": lambda t, v: t.autograd.grad(
        v.sin(), v, t.eye(3, dtype=t.float64), create_graph=True, is_grads_batched=True
    )[0],
}

OUTSIDE = {
    "beside": lambda t, v, inside: (v * 100).sum() + _sum(inside(t, v)),
    "after": lambda t, v, inside: _sum(inside(t, v)) + (v * 100).sum(),
    "of both": lambda t, v, inside: (lambda u: _sum(inside(t, u)) + (u * 100).sum())(v * 2),
    "twice": lambda t, v, inside: _sum(inside(t, v)) * _sum(t.vmap(lambda r: v * r)(t.ones(7, 3, dtype=t.float64))),
    "a view": lambda t, v, inside: (lambda u: _sum(inside(t, u[0])) + (u[0] * u[1]).sum())(t.stack([v, v.sin()])),
    "written to before": lambda t, v, inside: (lambda u: _sum(inside(t, u.mul_(v))) + (u * 100).sum())(v * 2),
    "a part written to before": lambda t, v, inside: _part(v, lambda u: _sum(inside(t, u)) + (u * 100).sum()),
}


def _part(v, then):
    u = v * 2
    u[1:].mul_(v[:2])
    return then(u)


def _sum(found):
    return sum(f.sum() for f in found) if isinstance(found, tuple) else found.sum()


def _value(t):
    return t.tensor([1.0, -2.0, 0.5], dtype=t.float64, requires_grad=True)


def _second(t, v, loss):
    (g,) = t.autograd.grad(loss, v, create_graph=True)
    return t.autograd.grad((g**2).sum() + (v * 10).sum(), v)


@pytest.mark.parametrize("inside, outside", list(product(INSIDE, OUTSIDE)))
def test_a_gradient_is_the_sum_of_those_from_inside_and_from_outside(inside, outside):
    def scenario(t):
        v = _value(t)
        return t.autograd.grad(OUTSIDE[outside](t, v, INSIDE[inside]), v)

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize("inside", INSIDE)
def test_a_leaf_accumulates_both(inside):
    def scenario(t):
        v = _value(t)
        seen: list = []
        if inside != "batched gradients":  # (there PyTorch has no values to copy)
            v.register_hook(lambda g: seen.append(g.clone()))
        for way in OUTSIDE.values():
            way(t, v, INSIDE[inside]).backward()
        return v.grad, seen

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize("inside, outside", list(product(INSIDE, ["beside", "of both", "a part written to before"])))
def test_second_derivatives_add_up_what_is_inside_and_outside(inside, outside):
    def scenario(t):
        v = _value(t)
        return _second(t, v, OUTSIDE[outside](t, v, INSIDE[inside]))

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize("inside", INSIDE)
def test_an_outer_transform_adds_up_what_is_inside_and_outside(inside):
    def scenario(t):
        v = _value(t).detach()
        loss = lambda w: OUTSIDE["of both"](t, w, INSIDE[inside])
        tangent = t.func.jvp(loss, (v,), (_one(t),))[1]
        return t.func.grad(loss)(v), t.func.jacrev(loss)(v), tangent, t.vmap(t.func.grad(loss))(_five(t))

    if inside == "batched gradients":
        return  # torch.autograd is not to be used inside of a transform
    agree(scenario, warnings_too=False)


def test_a_hook_on_what_the_samples_share_sees_their_sum():
    def scenario(t):
        v = _value(t)
        u = v * 2
        u.retain_grad()
        seen = []
        u.register_hook(lambda g: seen.append(g.clone()) or g * 2)
        (t.vmap(lambda r: (u * r).sum())(_five(t)).sum() + u.sum()).backward()
        return seen, u.grad, v.grad

    agree(scenario)


WRITES = {
    "the base": lambda u: (u.diagonal().sin_(), u)[1],
    "a diagonal": lambda u: u.diagonal().sin_(),
    "a row": lambda u: u[0].mul_(2),
    "a column of another view": lambda u: (lambda v: (u[:, 0].sin_(), v)[1])(u.t()),
    "both": lambda u: (lambda v: (v.sin_(), (u.tanh().sum() * v))[1])(u.diagonal()),
}


@pytest.mark.parametrize("write", WRITES)
def test_views_of_a_sample_that_was_written_to_keep_its_gradients(write):
    def scenario(t):
        w = _value(t)
        y = t.vmap(lambda r: WRITES[write](t.outer(w, r)))(_five(t)[:3])
        loss = (y**2).sum() + w.sum()
        batched = t.autograd.grad(
            loss.expand(2), w, t.eye(2, dtype=t.float64), is_grads_batched=True, retain_graph=True
        )
        (g,) = t.autograd.grad(loss, w, create_graph=True)
        u = t.outer(w, w)
        WRITES[write](u)
        return (
            y.detach(),
            batched,
            g.detach(),
            t.autograd.grad((g**2).sum(), w),
            t.autograd.grad(u.sum().expand(2), w, t.eye(2, dtype=t.float64), is_grads_batched=True),
        )

    agree(scenario)


def test_what_is_made_inside_of_a_vmap_and_used_outside_of_it_gets_both():
    def scenario(t):
        v = _value(t)
        kept = []

        def sample(r):
            p = v * v
            leaf = t.ones(3, dtype=t.float64, requires_grad=True)
            kept.extend((p, leaf))
            return p * r * leaf

        loss = t.vmap(sample)(_five(t)).sum() + (kept[0] * 100).sum() + (kept[1] * 10).sum()
        return t.autograd.grad(loss, [v, *kept])

    agree(scenario)


def test_parameters_of_a_model_get_the_gradient_of_its_values_and_of_its_derivatives():
    def scenario(t):
        model = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 1)).double()
        x = _five(t)
        slopes = t.vmap(t.func.jacrev(model))(x).squeeze(1)
        curved = t.vmap(t.func.hessian(lambda r: model(r).sum()))(x)
        loss = (model(x) ** 2).sum() + (slopes**2).sum() + (curved**2).sum()
        loss.backward()
        return [p.grad for p in model.parameters()]

    agree(scenario)
