"""Gradients that are undefined: where they come from, and what they leave untouched."""

from __future__ import annotations

from tests.scenarios import leaf, same


def dropping(torch):
    class Drop(torch.autograd.Function):
        """Passes values, and no gradient."""

        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return None

    return Drop


@same
def test_an_undefined_gradient_in_the_middle(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a = x * 2
    b = dropping(torch).apply(a)
    a.register_hook(lambda g: log.append(f"a {g}"))
    x.register_hook(lambda g: log.append(f"x {g}"))
    x.register_post_accumulate_grad_hook(lambda t: log.append(f"accumulated {t.grad}"))
    a.grad_fn.register_prehook(lambda g: log.append(f"pre {g}"))
    a.grad_fn.register_hook(lambda gi, go: log.append(f"post {gi} {go}"))
    (b * y).sum().backward()
    return log, x.grad, y.grad


@same
def test_an_undefined_gradient_meets_a_defined_one(torch):
    x = leaf(torch)
    a = x * 2
    (dropping(torch).apply(a) + a).sum().backward()
    return x.grad


@same
def test_grad_of_what_only_undefined_gradients_reach(torch):
    x = leaf(torch)
    a = x * 2
    b = dropping(torch).apply(a).sum()
    print(torch.autograd.grad(b, (a, x), allow_unused=True, retain_graph=True))
    print(torch.autograd.grad(b, (a, x), materialize_grads=True, retain_graph=True))
    return torch.autograd.grad(b, x)


@same
def test_undefined_gradients_go_through_functions(torch):
    log = []

    def seeing(materialize):
        class See(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.set_materialize_grads(materialize)
                return x * 1

            @staticmethod
            def backward(ctx, g):
                log.append(str(g))
                return g

        return See

    x = leaf(torch)
    dropping(torch).apply(seeing(True).apply(x)).sum().backward()
    dropping(torch).apply(seeing(False).apply(x)).sum().backward()
    return log, x.grad


@same
def test_undefined_gradients_go_through_operators_of_every_kind(torch):
    x = leaf(torch)
    drop = dropping(torch)
    outs = []
    for f in (
        lambda t: t.exp(),
        lambda t: t[0],
        lambda t: t.sum(),
        lambda t: torch.stack([t, t]),
        lambda t: t.unbind()[0],
        lambda t: t.max(0).values,
        lambda t: torch.cat([t, t]),
        lambda t: t.clone().mul_(2),
        lambda t: torch.nn.functional.softmax(t, 0),
        lambda t: t.reshape(1, 3) @ t.reshape(3, 1),
    ):
        x.grad = None
        drop.apply(f(x)).sum().backward()
        outs.append(x.grad)
    base = x * 1
    base[0].mul_(2)
    drop.apply(base).sum().backward()
    return outs, x.grad


@same
def test_an_undefined_gradient_leaves_retained_gradients_alone(torch):
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    dropping(torch).apply(a).sum().backward()
    return a.grad, x.grad


@same
def test_several_outputs_of_which_some_got_no_gradient(torch):
    log = []

    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            log.append((a, b))
            return a + b

    x = leaf(torch)
    a, b = Two.apply(x)
    b.sum().backward()
    u, v, w = x.unbind()
    (v * 2).backward()
    return log, x.grad


@same
def test_hooks_of_outputs_without_a_gradient(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    a, b = (x * 1).unbind()
    log = []
    a.grad_fn.register_prehook(lambda gs: log.append([g is None for g in gs]))
    b.register_hook(lambda g: log.append("b" if g is not None else "b None"))
    a.register_hook(lambda g: log.append("a" if g is not None else "a None"))
    a.sum().backward()
    return log


@same
def test_a_hook_of_a_node_cannot_make_up_a_gradient(torch):
    x = leaf(torch)
    a = x * 2
    b = dropping(torch).apply(a)
    a.grad_fn.register_prehook(lambda g: (torch.ones(3),))
    b.sum().backward()
    return x.grad


@same
def test_a_hook_of_a_tensor_cannot_make_up_a_gradient(torch):
    x = leaf(torch)
    a = x * 2
    b = dropping(torch).apply(a)
    a.register_hook(lambda g: torch.ones(3))
    b.sum().backward()
    return x.grad


@same
def test_a_hook_after_a_node_may_drop_its_gradients(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_hook(lambda gi, go: (None, None))
    x.register_hook(lambda g: print("x", g))
    a.sum().backward()
    return x.grad
