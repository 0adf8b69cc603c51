"""Forward mode: dual levels, tangents through every kind of operator, and their errors, as PyTorch has them."""

import importlib
import re

import pytest
from both import agree, run, torch

import adjoint


def forward_ad(t):
    return importlib.import_module(t.__name__ + ".autograd.forward_ad")


def dual(scenario):
    """A scenario inside of a level: it is handed the library, and functions that make and unpack dual tensors."""

    def inside(t):
        ad = forward_ad(t)
        with ad.dual_level():
            return scenario(t, ad.make_dual, lambda x: tuple(ad.unpack_dual(x)))

    return inside


def square_of(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

        @staticmethod
        def jvp(ctx, tangent):
            return 2 * tangent * ctx.saved_tensors[0]

        generate_vmap_rule = True

    return Square


def copied_into_another(t, make, unpack):
    x = make(t.ones(3), t.arange(3.0))
    y = t.zeros(3)
    y.copy_(x)
    y.mul_(2)
    y[0] = 5.0
    return unpack(y)


def written_into_a_part(t, make, unpack):
    x = make(t.ones(3), t.arange(3.0))
    y = t.zeros(4)
    y[1:] = x * 3
    v = y[:2]
    v.add_(x[2])
    return unpack(y), unpack(v)


def written_through_a_view(t, make, unpack):
    x = make(t.arange(4.0), t.arange(4.0) + 1)
    y = x.view(2, 2).t()
    y.mul_(2)
    return unpack(x), unpack(y)


def view_from_before(t, make, unpack):
    z = t.zeros(2, 2)
    row, element = z[1], z[1, 0]
    z.add_(make(t.ones(2, 2), t.arange(4.0).view(2, 2)))
    row.mul_(3)
    return unpack(z), unpack(row), unpack(element)


def two_of_one_tangent(t, make, unpack):
    x = make(t.arange(3.0), t.ones(3))
    y = x + 1
    y.mul_(5)
    return unpack(x), unpack(y)


def part_of_a_dual(t, make, unpack):
    p = t.arange(3.0)
    x = make(p, t.ones(3))
    part = x[1:]
    x.mul_(3)
    part.mul_(2)
    return unpack(x), unpack(part), unpack(p)


def written_while_off(t, make, unpack):
    x = make(t.arange(3.0), t.ones(3)) * 2
    with forward_ad(t)._set_fwd_grad_enabled(False):
        x.mul_(7)
    return unpack(x)


def into_integers(t, make, unpack):
    y = t.zeros(3, dtype=t.int64)
    y.copy_(make(t.arange(3.0), t.ones(3)))
    return unpack(y)


def overwritten_by_a_constant(t, make, unpack):
    x = make(t.arange(3.0), t.ones(3)) * 2
    x.copy_(t.ones(3))
    return unpack(x)


def drawn_anew(t, make, unpack):
    x = make(t.ones(4), t.ones(4))
    draws = [
        lambda y: y.normal_(), lambda y: y.uniform_(), lambda y: y.bernoulli_(0.5), lambda y: y.exponential_(),
        lambda y: y.cauchy_(), lambda y: y.log_normal_(), lambda y: y.geometric_(0.5), lambda y: y.random_(0, 5),
        t.nn.init.normal_, t.nn.init.zeros_, lambda y: t.nn.init.constant_(y, 3.0),
    ]  # fmt: skip
    parts = [x * 2 for _ in draws]
    for draw, y in zip(draws, parts):
        draw(y[1:3])
    return [unpack(draw(x * 2))[1] for draw in draws], [unpack(y)[1] for y in parts]


def after_steps_of(make_optimizer):
    def scenario(t, make, unpack):
        p = t.nn.Parameter(t.tensor([1.0, 2.0]))
        optimizer = make_optimizer(t.optim, [p])
        for i in range(3):
            p.grad = make(t.tensor([1.0, 2.0]), t.tensor([1.0, -1.0]) * i)
            optimizer.step()
        return [part.detach() for part in unpack(p)]

    return scenario


def gradient_of_a_dual(t, make, unpack):
    x = make(t.arange(1.0, 4.0, requires_grad=True), t.ones(3))
    (g,) = t.autograd.grad((x**3).sum(), x)
    return unpack(g)


def gradient_of_its_primal(t, make, unpack):
    p = t.arange(1.0, 4.0, requires_grad=True)
    (g,) = t.autograd.grad((make(p, t.ones(3)) ** 3).sum(), p)
    return unpack(g)


def backward_through_a_tangent(t, make, unpack):
    p = t.arange(1.0, 4.0, requires_grad=True)
    tangent = unpack((make(p, t.ones(3)) ** 3).sum())[1]
    tangent.backward()
    return p.grad


def backward_to_a_direction(t, make, unpack):
    v = t.ones(3, requires_grad=True)
    x = make(t.arange(3.0), v)
    unpack((x**2).sum())[1].backward()
    return v.grad, x.requires_grad


def made_without_grad(t, make, unpack):
    with t.no_grad():
        x = make(t.arange(3.0), t.ones(3))
        return unpack(x * x)


def switched_off(t, make, unpack):
    with forward_ad(t)._set_fwd_grad_enabled(False):
        x = make(t.arange(3.0), t.ones(3))
        return unpack(x * x)


INSIDE = {
    "of an element-wise operator": lambda t, make, unpack: unpack(t.sin(make(t.arange(3.0), t.ones(3))) * 2),
    "of two operands": lambda t, make, unpack: unpack(
        make(t.arange(3.0), t.ones(3)) * make(t.ones(3), t.arange(3.0)) + t.ones(3)
    ),
    "broadcast": lambda t, make, unpack: unpack(make(t.tensor(2.0), t.tensor(1.0)) * t.ones(2, 2)),
    "of a linear operator": lambda t, make, unpack: unpack(make(t.arange(6.0).view(2, 3), t.ones(2, 3)).sum(0)),
    "of a product of matrices": lambda t, make, unpack: unpack(
        make(t.arange(4.0).view(2, 2), t.ones(2, 2)) @ make(t.ones(2, 2), t.eye(2))
    ),
    "of a softmax": lambda t, make, unpack: unpack(t.softmax(make(t.arange(3.0), t.arange(3.0)), 0)),
    "of a maximum along a dimension": lambda t, make, unpack: unpack(
        make(t.tensor([[1.0, 3.0], [5.0, 2.0]]), t.arange(4.0).view(2, 2)).max(1)[0]
    ),
    "of several outputs": lambda t, make, unpack: [unpack(p) for p in make(t.arange(4.0), t.arange(4.0)).split(2)],
    "of a concatenation": lambda t, make, unpack: unpack(t.cat([make(t.ones(2), t.arange(2.0)), t.zeros(1)])),
    "of an index": lambda t, make, unpack: unpack(make(t.arange(4.0), t.arange(4.0) * 2)[t.tensor([3, 1, 1])]),
    "of an integer result": lambda t, make, unpack: unpack(make(t.arange(3.0), t.ones(3)).long()),
    "of a detached tensor": lambda t, make, unpack: unpack(make(t.arange(3.0), t.ones(3)).detach()),
    "of a clone": lambda t, make, unpack: unpack(make(t.arange(3.0), t.ones(3)).clone()),
    "of another dtype": lambda t, make, unpack: unpack(make(t.arange(3.0), t.ones(3)).double() * 2),
    "copied into another tensor": copied_into_another,
    "written into a part": written_into_a_part,
    "written through a view": written_through_a_view,
    "of a gradient": gradient_of_a_dual,
    "of a gradient with respect to the primal": gradient_of_its_primal,
    "differentiated": backward_through_a_tangent,
    "differentiated with respect to the direction": backward_to_a_direction,
    "without grad": made_without_grad,
    "switched off": switched_off,
    "of a view from before": view_from_before,
    "that two tensors have": two_of_one_tangent,
    "of a part of a dual tensor": part_of_a_dual,
    "of what is written while off": written_while_off,
    "into integers": into_integers,
    "that a constant overwrites": overwritten_by_a_constant,
    "of numbers that are drawn into it": drawn_anew,
    "of a parameter after steps of SGD": after_steps_of(lambda optim, ps: optim.SGD(ps, lr=0.1, weight_decay=0.2)),
    "of a parameter after steps of Adam": after_steps_of(lambda optim, ps: optim.Adam(ps, lr=0.1)),
    "of a parameter after steps of AdamW": after_steps_of(lambda optim, ps: optim.AdamW(ps, lr=0.1)),
    "of a parameter after steps of RMSprop": after_steps_of(lambda optim, ps: optim.RMSprop(ps, lr=0.1)),
    "of a Function": lambda t, make, unpack: unpack(square_of(t).apply(make(t.arange(3.0), t.ones(3)))),
    "of a Function that is recorded": lambda t, make, unpack: [
        part.detach() for part in unpack(square_of(t).apply(make(t.arange(3.0, requires_grad=True), t.ones(3))))
    ],
    "of a Function without tangents": lambda t, make, unpack: unpack(square_of(t).apply(t.arange(3.0))),
}


@pytest.mark.parametrize("name", INSIDE)
def test_a_tangent_is_what_pytorch_computes(name):
    scenario = dual(INSIDE[name])

    def without_nodes(t):
        def plain(value):
            if isinstance(value, (tuple, list)):
                return [plain(v) for v in value]
            return (value.requires_grad, value.detach()) if isinstance(value, t.Tensor) else value

        return plain(scenario(t))

    agree(without_nodes, raises=False)


def outlived(t):
    ad = forward_ad(t)
    with ad.dual_level():
        x = ad.make_dual(t.ones(2), t.ones(2))
    after = ad.unpack_dual(x)
    with ad.dual_level():
        return tuple(after), tuple(ad.unpack_dual(x))


def test_a_tangent_does_not_outlive_its_level():
    agree(outlived, raises=False)


def nested(t):
    with forward_ad(t).dual_level(), forward_ad(t).dual_level():
        pass


def without_jvp(t):
    class Double(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return dual(lambda t, make, unpack: Double.apply(make(t.ones(2), t.ones(2))))(t)


ERRORS = {
    "a level inside of another": nested,
    "a dual without a level": lambda t: forward_ad(t).make_dual(t.ones(2), t.ones(2)),
    "leaving no level": lambda t: forward_ad(t).exit_dual_level(),
    "an integer primal": dual(lambda t, make, unpack: make(t.ones(2, dtype=t.int64), t.ones(2))),
    "an integer tangent": dual(lambda t, make, unpack: make(t.ones(2), t.ones(2, dtype=t.int64))),
    "a tangent of another size": dual(lambda t, make, unpack: make(t.ones(2), t.ones(3))),
    "a dual of a dual": dual(lambda t, make, unpack: make(make(t.ones(2), t.ones(2)), t.ones(2))),
    "a Function without jvp": without_jvp,
    "a tangent of another size in jvp": lambda t: t.func.jvp(t.sin, (t.ones(2),), (t.ones(3),)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_use_raises_what_pytorch_raises(name):
    agree(ERRORS[name], raises=True)


def texts(t):
    ad = forward_ad(t)
    with ad.dual_level():
        x = ad.make_dual(t.tensor(1.0), t.tensor(1.0))
        y = ad.make_dual(t.ones(2), t.zeros(2))
        return [repr(x), repr(x * 2), repr(y), repr(y.sum()), str(ad.unpack_dual(x))]


def test_a_dual_tensor_prints_its_tangent():
    assert run(texts, adjoint)["returned"] == run(texts, torch)["returned"]


def test_results_of_jvp_require_grad_only_where_something_given_does():
    for t in (torch, adjoint):
        for function in (t.sin, lambda x, t=t: t.softmax(x, 0), lambda x: (x.sin() @ x), lambda x: x.prod()):
            y, tangent = t.func.jvp(function, (t.arange(3.0),), (t.ones(3),))
            assert not y.requires_grad and not tangent.requires_grad
        w = t.ones(3, requires_grad=True)
        y, tangent = t.func.jvp(lambda x, t=t, w=w: t.softmax(x * w, 0), (t.arange(3.0),), (t.ones(3),))
        assert y.requires_grad and tangent.requires_grad


def test_one_result_that_is_returned_twice_has_its_tangent_twice():
    agree(lambda t: t.func.jvp(lambda x: (lambda y: (y, y, x))(x * 2), (t.arange(3.0),), (t.ones(3),)))


def test_a_derivative_by_a_direction_goes_through_an_inner_gradient():
    """(PyTorch's own result has no graph.)"""

    def scenario(t):
        x, v = t.tensor([0.5, 2.0]), t.tensor([1.0, -1.0])
        inner = t.func.grad(lambda x: (x**3).sum())
        pulled = lambda x: t.func.vjp(lambda y: y.sin() * y, x)[1](x)[0]
        return [
            t.func.grad(lambda v, f=f: t.func.jvp(f, (x,), (v,))[1].prod())(v).detach()
            for f in (inner, pulled, t.func.jacfwd(t.sin), lambda x: x.softmax(0), lambda x: inner(x).logsumexp(0))
        ]

    agree(scenario, raises=False)


def test_a_derivative_by_the_direction_of_a_direction_is_found():
    def scenario(t):
        x, v = t.tensor([0.5, 2.0]), t.tensor([1.0, -1.0])
        second = lambda f, w: t.func.jvp(lambda x: t.func.jvp(f, (x,), (v,))[1], (x,), (w,))[1]
        return [
            t.func.grad(lambda w, f=f: (second(f, w) ** 2).sum())(v).detach()
            for f in (t.sin, lambda x: x.softmax(0), lambda x: x.prod(), lambda x: x.cumprod(0))
        ]

    agree(scenario, raises=False)


def test_a_pullback_can_be_differentiated_by_its_cotangent():
    def scenario(t):
        x, v = t.tensor([0.5, 2.0]), t.tensor([1.0, -1.0])
        f = lambda x: x.sin() * x.prod()
        pull = lambda c: t.func.vjp(f, x)[1](c)[0]
        outside = t.func.vjp(f, x)[1]
        given = v.clone().requires_grad_()
        pull(given).prod().backward()
        return [
            given.grad,
            t.func.jacrev(lambda c: outside(c)[0])(v),
            *(way(lambda c: pull(c).prod())(v) for way in (t.func.grad, t.func.jacfwd, t.func.hessian)),
            t.vmap(t.func.grad(lambda c: pull(c).prod()))(t.stack([v, x])),
        ]

    agree(scenario, raises=False)


def test_a_linearized_function_can_be_differentiated_by_its_tangent():
    """(PyTorch's gradient is 0 there.)"""
    func = adjoint.func
    x, v = adjoint.tensor([0.5, 2.0]), adjoint.tensor([1.0, -1.0])
    f = lambda x: x.sin() * x.prod()
    push = func.linearize(f, x)[1]
    given = v.clone().requires_grad_()
    (push(given) ** 2).sum().backward()
    jacobian = func.jacrev(f)(x)
    expected = 2 * jacobian.T @ (jacobian @ v)
    for found in (given.grad, func.grad(lambda v: (push(v) ** 2).sum())(v), func.jacfwd(lambda v: (push(v) ** 2).sum())(v)):
        assert adjoint.allclose(found, expected)
    assert adjoint.allclose(func.jacrev(push)(v), jacobian) and not push(v).requires_grad


def test_a_dual_tensor_cannot_be_written_to_by_out():
    def scenario(t, make, unpack):
        x = make(t.ones(2), t.ones(2))
        texts = []
        for call in (
            lambda: t.sin(x, out=t.zeros(2)),
            lambda: t.add(t.ones(2), 1, out=x),
            lambda: t.cat([x, x], out=t.zeros(4)),
            lambda: t.where(x > 0, x, x, out=t.zeros(2)),
            lambda: t.max(x, 0, out=(t.zeros(()), t.zeros((), dtype=t.int64))),
        ):
            with pytest.raises(NotImplementedError) as caught:
                call()
            texts.append(str(caught.value))
        return texts

    agree(dual(scenario), raises=False)


def test_a_function_with_jvp_can_be_transformed_in_every_way():
    def scenario(t):
        square = square_of(t).apply
        x = t.arange(6.0).reshape(3, 2)
        total = lambda x: square(x).sum()
        return [
            t.func.grad(total)(x[0]),
            t.func.jvp(square, (x[1],), (t.ones(2),)),
            t.vmap(square)(x),
            t.vmap(t.func.grad(total))(x),
            t.func.hessian(total)(x[1]),
            t.func.jacrev(square)(x[1]),
            t.func.jacfwd(square)(x[1]),
        ]

    agree(scenario, raises=False, warnings_too=False)


def test_forward_mode_leaves_nothing_behind():
    from adjoint.autograd.grad_mode import mode
    from adjoint.autograd.interception import intercept

    with pytest.raises(ZeroDivisionError):
        adjoint.func.jvp(lambda x: 1 / 0, (adjoint.ones(2),), (adjoint.ones(2),))
    assert not intercept.active and not mode.duals and not mode.transforms and not mode.primal
    assert re.fullmatch(r"tensor\(\[2., 2.\]\)", repr(adjoint.ones(2) * 2))
