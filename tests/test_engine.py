"""The engine's promises: when what runs, what becomes of ``grad``, and that nothing is left half-done."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import adjoint
from tests.both import agree


def same(scenario):
    """Make a test of a scenario: a function of the module ``torch`` that has to do the same with both."""

    def test():
        agree(scenario)

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def leaf(torch, *values, dtype=None):
    return torch.tensor(list(values) or [1.0, 2.0, 3.0], dtype=dtype, requires_grad=True)


def node_hooks(log, **tensors):
    """Write down when the node of each tensor runs."""
    for name, t in tensors.items():
        t.grad_fn.register_prehook(lambda gs, name=name: log.append("before " + name))
        t.grad_fn.register_hook(lambda gi, go, name=name: log.append("after " + name))


def leaf_hooks(log, **leaves):
    """Write down when a leaf's gradient arrives and when it is accumulated."""
    for name, t in leaves.items():
        t.register_hook(lambda g, name=name: log.append("hook " + name))
        t.register_post_accumulate_grad_hook(lambda t, name=name: log.append("accumulated " + name))


def accumulator(t):
    return t.expand_as(t).grad_fn.next_functions[0][0]


# When what runs.


@same
def test_nodes_run_the_latest_recorded_first(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    b = x * 3
    c = a.exp()
    d = b * c
    e = a + d
    f = b.sin()
    g = (e * f).sum()
    node_hooks(log, a=a, b=b, c=c, d=d, e=e, f=f, g=g)
    g.backward()
    return log, x.grad


@same
def test_a_leafs_gradient_is_accumulated_as_soon_as_it_is_complete(torch):
    log = []
    x, w1, w2, w3 = (leaf(torch) for _ in range(4))
    a = x * w1
    b = a * w2
    c = b * w3 * w1
    node_hooks(log, a=a, b=b, c=c)
    leaf_hooks(log, x=x, w1=w1, w2=w2, w3=w3)
    c.sum().backward()
    return log


@same
def test_a_leafs_accumulator_that_is_old_still_runs_at_once(torch):
    log = []
    x, w = leaf(torch), leaf(torch)
    old = accumulator(w)
    a = x * 2
    b = a.exp()
    c = b * w
    node_hooks(log, a=a, b=b, c=c)
    leaf_hooks(log, x=x, w=w)
    c.sum().backward()
    return log, old.name()


@same
def test_a_leaf_of_many_uses_waits_for_the_last_of_them(torch):
    log = []
    x, w = leaf(torch), leaf(torch)
    a = x * w
    b = a * 2
    c = b.exp() * w
    d = c + w
    node_hooks(log, a=a, b=b, c=c, d=d)
    leaf_hooks(log, x=x, w=w)
    d.sum().backward()
    return log, x.grad, w.grad


@same
def test_two_leaves_of_one_node_are_accumulated_in_the_order_of_its_inputs(torch):
    log = []
    x, y, z = (leaf(torch) for _ in range(3))
    leaf_hooks(log, x=x, y=y, z=z)
    torch.where(x > 1, y, z).sum().backward()
    (x * y).sum().backward()
    torch.addcmul(x, y, z).sum().backward()
    return log


@same
def test_a_graph_of_many_layers_accumulates_from_the_last_layer_to_the_first(torch):
    log = []
    layers = [torch.nn.Linear(2, 2) for _ in range(3)]
    x = torch.ones(1, 2)
    for n, layer in enumerate(layers):
        leaf_hooks(log, **{f"weight {n}": layer.weight, f"bias {n}": layer.bias})
        x = layer(x).relu()
        node_hooks(log, **{f"relu {n}": x})
    x.sum().backward()
    return log


@same
def test_everything_around_one_node_has_its_order(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    a.register_hook(lambda g: log.append("tensor a"))
    a.grad_fn.register_hook(lambda gi, go: log.append("post a 1"))
    a.grad_fn.register_prehook(lambda g: log.append("pre a 1"))
    a.grad_fn.register_prehook(lambda g: log.append(f"pre a 2, retained {a.grad is not None}"))
    a.grad_fn.register_hook(lambda gi, go: log.append("post a 2"))
    acc = accumulator(x)
    acc.register_prehook(lambda g: log.append(f"pre acc, {x.grad is not None}"))
    acc.register_hook(lambda gi, go: log.append(f"post acc, {gi}, {len(go)}, {x.grad is not None}"))
    x.register_post_accumulate_grad_hook(lambda t: log.append(f"accumulated {t.grad is not None}"))
    x.register_hook(lambda g: log.append(f"tensor x {x.grad is not None}"))
    a.sum().backward()
    return log


@same
def test_only_needed_nodes_run_and_in_the_same_order(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a = x * 2
    b = y * 3
    c = a * b
    d = c.exp()
    node_hooks(log, a=a, b=b, c=c, d=d)
    leaf_hooks(log, x=x, y=y)
    d.sum().backward(inputs=[x], retain_graph=True)
    log.append("grad")
    torch.autograd.grad(d.sum(), c, retain_graph=True)
    log.append("grad of two")
    torch.autograd.grad(d.sum(), (c, x), retain_graph=True)
    return log, x.grad, y.grad


@same
def test_views_and_writes_run_in_the_order_of_recording(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a = x * 1
    v = a[1:]
    b = y.exp()
    v.mul_(b[1:])
    c = a * 2
    node_hooks(log, b=b, v=v, a=a, c=c)
    leaf_hooks(log, x=x, y=y)
    (c.sum() + v.sum()).backward()
    return log, x.grad, y.grad


@same
def test_functions_and_operators_run_in_the_order_of_recording(torch):
    log = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.name = name
            return x * 2

        @staticmethod
        def backward(ctx, g):
            log.append(ctx.name)
            return g * 2, None

    x = leaf(torch)
    a = Double.apply(x, "first")
    b = x * 3
    c = Double.apply(b, "second")
    d = Double.apply(a, "third")
    node_hooks(log, b=b)
    leaf_hooks(log, x=x)
    (c + d).sum().backward()
    return log, x.grad


# backward(inputs=...).


@same
def test_backward_into_a_leaf_fills_no_other(torch):
    x, y = leaf(torch), leaf(torch)
    (x * y).sum().backward(inputs=[x])
    return x.grad, y.grad


@same
def test_backward_into_a_tensor_that_is_no_leaf_gives_it_a_grad(torch):
    x = leaf(torch)
    a = x * 2
    b = a * 3
    b.sum().backward(inputs=[a])
    return a.grad, x.grad, a.retains_grad


@same
def test_backward_into_both_kinds(torch):
    x = leaf(torch)
    a = x * 2
    b = a * 3
    b.sum().backward(inputs=[a, x])
    return a.grad, x.grad


@same
def test_backward_into_tensors_runs_their_hooks(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    a.register_hook(lambda g: (log.append("a"), g * 10)[1])
    x.register_hook(lambda g: (log.append("x"), g * 10)[1])
    x.register_post_accumulate_grad_hook(lambda t: log.append("accumulated"))
    node_hooks(log, a=a)
    b = (a * 3).sum()
    b.backward(inputs=[a], retain_graph=True)
    log.append("x next")
    b.backward(inputs=[x], retain_graph=True)
    log.append("both")
    b.backward(inputs=[x, a], retain_graph=True)
    return log, a.grad, x.grad


@same
def test_backward_into_one_tensor_by_other_forms(torch):
    x = leaf(torch)
    a = x * 2
    a.sum().backward(inputs=x, retain_graph=True)
    torch.autograd.backward(a.sum(), inputs=x, retain_graph=True)
    torch.autograd.backward((a.sum(), a[0]), inputs=(x, x), retain_graph=True)
    return x.grad


@pytest.mark.parametrize(
    "inputs",
    ["[]", "()", "[torch.ones(3)]", "[1]", "[None]", "[x.detach()]", "[unused]", "[a, unused]", "'x'"],
)
def test_wrong_inputs_of_backward(inputs):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch)
        a = x * 2
        a.sum().backward(inputs=eval(inputs, {"torch": torch, "x": x, "a": a, "unused": unused}))
        return x.grad, unused.grad

    agree(scenario)


@same
def test_backward_into_the_root_itself(torch):
    x = leaf(torch)
    a = (x * 2).sum()
    a.backward(inputs=[a], retain_graph=True)
    b = leaf(torch, 2.0).sum()
    print(a.grad, x.grad)
    y = torch.tensor(2.0, requires_grad=True)
    y.backward(inputs=[y])
    return a.grad, y.grad, b


@same
def test_backward_into_a_tensor_twice_accumulates(torch):
    x = leaf(torch)
    a = x * 2
    b = a.exp().sum()
    b.backward(inputs=[a], retain_graph=True)
    first = a.grad
    b.backward(inputs=[a], retain_graph=True)
    return a.grad, a.grad is first


# grad: what was not used.


@pytest.mark.parametrize("options", ["{}", "{'allow_unused': True}", "{'materialize_grads': True}"])
@pytest.mark.parametrize("inputs", ["unused", "(x, unused)", "(a, x, unused, later)"])
def test_gradients_of_what_was_not_used(options, inputs):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch, 1.0, 2.0, dtype=torch.float64)
        a = x * 2
        b = a.sum()
        later = b * 2
        named = {"x": x, "unused": unused, "a": a, "later": later}
        return torch.autograd.grad(b, eval(inputs, named), **eval(options))

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(y, x, allow_unused=False, materialize_grads=True)",
        "torch.autograd.grad(y, torch.ones(3))",
        "torch.autograd.grad(x.detach().sum(), x)",
        "torch.autograd.grad(x * 2, x)",
        "torch.autograd.grad((x * 2, y), x)",
        "torch.autograd.grad(y, [])",
        "torch.autograd.grad([], x)",
        "torch.autograd.grad(y, x, torch.ones(3))",
        "torch.autograd.grad(x * 2, x, torch.ones(2))",
        "torch.autograd.grad(x * 2, x, torch.ones(1, 3))",
        "torch.autograd.grad(x * 2, x, (torch.ones(3), torch.ones(3)))",
        "torch.autograd.grad((x * 2, x * 3), x, torch.ones(3))",
        "torch.autograd.grad((x * 2, x * 3), x, (torch.ones(3), None))",
        "torch.autograd.grad((x * 2, y), x, (torch.ones(3), None))",
        "torch.autograd.grad(x * 2, x, 1.0)",
        "torch.autograd.grad(x * 2, x, [1.0])",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.float64))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.int64))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.bool))",
        "torch.autograd.grad(x * 2, x, torch.ones(3, dtype=torch.complex64))",
        "torch.autograd.grad(x * 2j, x, torch.ones(3))",
        "torch.autograd.grad((x * 2j).sum(), x)",
        "torch.autograd.grad(y, 'x')",
        "torch.autograd.grad('y', x)",
        "torch.autograd.grad(y, (x, 1))",
        "torch.autograd.grad(y, None)",
        "torch.autograd.grad(y, x, only_inputs=False)",
        "torch.autograd.grad(y, (x, x))",
        "torch.autograd.grad(y, {'a': x, 'b': x})",
        "torch.autograd.grad(y, {})",
        "torch.autograd.grad(y, __import__('types').MappingProxyType({'a': x}))",
        "torch.autograd.grad(y, x.detach().requires_grad_(), materialize_grads=True, create_graph=True)",
        "torch.autograd.backward(y, inputs={'a': x})",
        "torch.autograd.backward(y, inputs=__import__('types').MappingProxyType({'a': x}))",
        "y.backward([torch.ones(())])",
        "y.backward((None,))",
        "torch.autograd.grad(y, y)",
        "torch.autograd.grad(x[0], x[0])",
        "torch.autograd.grad((y, y), x)",
        "torch.autograd.grad([y, y * 2], [x])",
        "torch.autograd.grad({y: 1}, [x])",
        "torch.autograd.grad(iter([y]), iter([x]))",
        "torch.autograd.grad(x.sum(), x, torch.tensor(2.0, requires_grad=True), create_graph=True)",
        "torch.autograd.grad(x * 2, x, torch.ones(3).expand(3))",
        "torch.autograd.backward(y, torch.ones(3))",
        "torch.autograd.backward(y, [None])",
        "torch.autograd.backward([y, y], [None, None])",
        "torch.autograd.backward([y, x * 2], [None, None])",
        "torch.autograd.backward([y, x * 2], [None, torch.ones(3)])",
        "torch.autograd.backward([y, x * 2], None)",
        "torch.autograd.backward([y], [None, None])",
        "torch.autograd.backward([])",
        "torch.autograd.backward(torch.ones(1))",
        "torch.autograd.backward([y, torch.ones(1)])",
        "torch.autograd.backward([y, torch.ones(2)], [None, torch.ones(2)])",
        "torch.autograd.backward(x * 2, grad_tensors=torch.ones(3), grad_variables=torch.ones(3))",
        "torch.autograd.backward(x * 2, grad_variables=torch.ones(3))",
        "torch.autograd.backward(x)",
        "torch.autograd.backward(x, torch.ones(3))",
        "torch.autograd.backward(x[:1])",
        "torch.autograd.backward(x.sum().long())",
        "torch.autograd.backward(1)",
        "y.backward(1.0)",
        "y.backward(torch.ones(3))",
        "y.backward(torch.ones(1))",
        "(x * 2).backward(torch.ones(3).double())",
        "(x * 2).backward(torch.ones(3).int())",
        "(x * 2).backward(torch.ones(3).to(torch.complex64))",
        "(x * 2).backward()",
        "(x * 2)[:1].backward()",
        "(x * 2)[:1].reshape(1, 1, 1).backward()",
        "(x[:0]).backward()",
        "(x[:0]).backward(torch.ones(0))",
        "y.backward(None, True)",
        "y.backward(retain_graph=1)",
        "torch.ones(3).backward(torch.ones(3))",
        "torch.ones(1).backward(torch.ones(3))",
        "torch.ones(1).long().backward()",
        "(x * 1j).backward(torch.ones(3))",
        "(x * 1j).backward(torch.ones(3) * 1j)",
    ],
)
def test_what_backward_and_grad_accept(call):
    def scenario(torch):
        x = leaf(torch)
        y = (x * x).sum()
        return eval(call, {"torch": torch, "x": x, "y": y}), x.grad

    agree(scenario)


@same
def test_gradients_in_batches(torch):
    x = leaf(torch)
    y = x * x
    rows = torch.eye(3)
    (jacobian,) = torch.autograd.grad(y, x, rows, retain_graph=True, is_grads_batched=True)
    (plain,) = torch.autograd.grad(y, x, rows[0], retain_graph=True, is_grads_batched=False)
    print(plain)
    unused = leaf(torch)
    print(torch.autograd.grad(y, (x, unused), rows, retain_graph=True, is_grads_batched=True, allow_unused=True))
    (graph,) = torch.autograd.grad(y, x, rows, create_graph=True, is_grads_batched=True)
    print(graph.requires_grad, torch.autograd.grad(graph.sum(), x))
    return jacobian


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(y, x, torch.ones(2, 4), is_grads_batched=True)",
        "torch.autograd.grad(y, x, torch.ones(3), is_grads_batched=True)",
        "torch.autograd.grad(y, x, is_grads_batched=True)",
        "torch.autograd.grad((y, z), x, (torch.ones(2, 3), torch.ones(2, 3)), is_grads_batched=True)",
        "torch.autograd.grad((y, z), x, (torch.ones(2, 3), torch.ones(4, 3)), is_grads_batched=True)",
        "torch.autograd.grad((y, z.sum()), x, (torch.ones(2, 3), torch.ones(2)), is_grads_batched=True)",
        "torch.autograd.grad(y, (x, u), torch.ones(2, 3), is_grads_batched=True, materialize_grads=True)",
    ],
)
def test_what_batched_gradients_accept(call):
    def scenario(torch):
        x, u = leaf(torch), leaf(torch)
        y, z = x * x, x * 3
        return eval(call, {"torch": torch, "x": x, "y": y, "z": z, "u": u})

    agree(scenario)


# Undefined gradients.


def dropping(torch, log=None):
    class Drop(torch.autograd.Function):
        """Passes values, and no gradient."""

        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if log is not None:
                log.append(g)
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


# What becomes of grad.


@same
def test_a_gradient_is_added_in_place(torch):
    x = leaf(torch)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    g = x.grad
    version, pointer = g._version, g.data_ptr()
    y.backward(retain_graph=True)
    return x.grad is g, x.grad.data_ptr() == pointer, g, g._version - version


@same
def test_with_create_graph_a_gradient_is_added_out_of_place(torch):
    x = leaf(torch)
    y = (x * x * x).sum()
    y.backward(create_graph=True)
    g = x.grad
    print(g.requires_grad, g.grad_fn is not None)
    y.backward(create_graph=True)
    print(x.grad is g, g, x.grad)
    y.backward()
    print(x.grad.requires_grad)
    kept = x.grad
    x.grad = None
    (dd,) = torch.autograd.grad(g.sum(), x)
    return dd, kept.detach()


@same
def test_a_grad_that_requires_grad_is_added_to_out_of_place_or_in_place_as_pytorch_does(torch):
    x = leaf(torch)
    x.grad = torch.ones(3, requires_grad=True)
    g = x.grad
    (x * 2).sum().backward()
    return x.grad is g, g.detach(), x.grad.detach(), x.grad.requires_grad


@same
def test_a_grad_that_the_user_set_is_added_to_in_place(torch):
    x = leaf(torch)
    mine = torch.ones(3)
    x.grad = mine
    (x * 2).sum().backward()
    return x.grad is mine, mine


@same
def test_a_grad_that_is_a_view_is_added_to_in_place(torch):
    x = leaf(torch)
    flat = torch.zeros(6)
    x.grad = flat[3:]
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return flat, x.grad.data_ptr() == flat[3:].data_ptr(), x.grad._is_view(), flat._version


@same
def test_a_grad_that_is_expanded_cannot_be_added_to(torch):
    x = leaf(torch)
    x.grad = torch.zeros(1).expand(3)
    (x * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    return x.grad


@same
def test_the_gradient_handed_in_is_not_shared(torch):
    x = leaf(torch)
    g = torch.ones(3)
    x.backward(g)
    print(x.grad is g, x.grad.data_ptr() == g.data_ptr())
    x.grad.add_(5)
    y = leaf(torch)
    (y + 0).backward(g)
    y.grad.add_(5)
    return g


@same
def test_what_grad_returns_may_be_what_was_handed_in(torch):
    x = leaf(torch)
    g = torch.ones(3)
    (got,) = torch.autograd.grad(x, x, g)
    return got.data_ptr() == g.data_ptr()


@same
def test_two_leaves_do_not_share_one_gradient(torch):
    x, y = leaf(torch), leaf(torch)
    (x + y).sum().backward()
    x.grad.mul_(100)
    a, b = leaf(torch), leaf(torch)
    (a + b).backward(torch.ones(3))
    a.grad.mul_(100)
    return x.grad, y.grad, a.grad, b.grad


@same
def test_a_hook_that_keeps_the_gradient_does_not_share_it_with_grad(torch):
    kept = []
    x = leaf(torch)
    x.register_hook(lambda g: kept.append(g))
    (x * x).sum().backward()
    x.grad.zero_()
    return kept


@same
def test_retained_gradients_are_not_shared(torch):
    x = leaf(torch)
    a = x * 1
    b = a + 0
    a.retain_grad()
    b.retain_grad()
    b.backward(torch.ones(3))
    a.grad.mul_(2)
    b.grad.mul_(3)
    return x.grad, a.grad, b.grad


@same
def test_grad_has_the_layout_of_its_parameter(torch):
    outs = []
    for make in (
        lambda: torch.arange(6.0).reshape(2, 3),
        lambda: torch.arange(6.0).reshape(3, 2).t(),
        lambda: torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        lambda: torch.arange(12.0).reshape(4, 3)[::2],
        lambda: torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    ):
        x = make().requires_grad_()
        (x * 2).sum().backward()
        outs.append(x.grad.stride())
        x.grad = None
        x.sum().backward()
        outs.append(x.grad.stride())
        x.grad = None
        x.backward(torch.ones(x.shape))
        outs.append(x.grad.stride())
        x.grad = None
        x.backward(torch.ones(()).expand(x.shape))
        outs.append(x.grad.stride())
        x.grad = None
        (x.transpose(0, -1) * 2).contiguous().sum().backward()
        outs.append(x.grad.stride())
    return outs


@same
def test_transposed_and_expanded_gradients_become_the_layout_of_the_leaf(torch):
    outs = []
    x = torch.ones(2, 3, requires_grad=True)
    x.t().backward(torch.arange(6.0).reshape(3, 2))
    outs.append((x.grad.stride(), x.grad))
    x.grad = None
    x.sum().backward()
    outs.append((x.grad.stride(), x.grad.is_contiguous()))
    x.grad = None
    x.sum().backward(create_graph=True)
    outs.append((x.grad.stride(), x.grad.is_contiguous()))
    x.grad = None
    x.t().backward(torch.arange(6.0).reshape(3, 2), create_graph=True)
    outs.append(x.grad.stride())
    w = torch.ones(4, 3, requires_grad=True)
    torch.nn.functional.linear(torch.ones(2, 3), w).sum().backward()
    outs.append(w.grad.stride())
    return outs


def test_a_grad_of_another_layout_keeps_it():
    def scenario(torch):
        x = torch.ones(2, 3, requires_grad=True)
        x.grad = torch.zeros(3, 2).t()
        (x * 2).sum().backward()
        return x.grad.stride(), x.grad

    agree(scenario, warnings_too=False)  # PyTorch gives a performance warning, once in a process


@same
def test_zero_grad_and_what_was_held(torch):
    x = leaf(torch)
    (x * x).sum().backward()
    held = x.grad
    x.grad = None
    (x * x).sum().backward()
    x.grad.zero_()
    (x * 2).sum().backward()
    return held, x.grad


@same
def test_dtypes_of_gradients_are_those_of_the_leaves(torch):
    outs = []
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.complex64):
        x = torch.ones(2, dtype=dtype, requires_grad=True)
        y = torch.ones(2, requires_grad=True)
        z = x * y
        z.sum().backward(torch.ones((), dtype=z.dtype))
        outs += [x.grad, y.grad]
    return outs


@same
def test_grad_that_is_a_leafs_own_detached_gradient_and_versions(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    y.backward(retain_graph=True)
    d = x.grad.detach()
    y.backward()
    return d, x.grad._version, d._version


# retain_graph.


@same
def test_a_graph_runs_again_where_it_was_retained(torch):
    x = leaf(torch)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    print(x.grad)
    y.backward()


@same
def test_a_graph_that_saves_nothing_runs_again_without_being_retained(torch):
    x = leaf(torch)
    y = (x + 2).sum()
    y.backward()
    y.backward()
    return x.grad


@same
def test_part_of_a_graph_that_was_freed(torch):
    x = leaf(torch)
    a = x.exp()
    b, c = a.sum(), (a * 2).sum()
    b.backward()
    print(x.grad)
    c.backward()


@same
def test_a_failed_second_backward_leaves_gradients_as_pytorch_does(torch):
    x, w = leaf(torch), leaf(torch)
    a = x.exp()
    a.sum().backward()
    b = a * 1 + w
    with pytest.raises(RuntimeError):
        b.sum().backward()
    return x.grad, w.grad


@same
def test_grad_frees_only_what_ran(torch):
    x, y = leaf(torch), leaf(torch)
    a, b = x.exp(), y.exp()
    c = (a + b).sum()
    torch.autograd.grad(c, x)
    print(torch.autograd.grad(c, y))
    torch.autograd.grad(c, x)


@same
def test_create_graph_retains(torch):
    x = leaf(torch)
    y = x.exp().sum()
    y.backward(create_graph=True)
    first = x.grad
    y.backward(create_graph=True)
    y.backward(create_graph=True, retain_graph=False)
    print(first.detach(), x.grad.detach())
    x.grad = None
    y.backward()


# Roots.


@same
def test_several_roots(torch):
    log = []
    x = leaf(torch)
    a, b = x * 2, x.exp()
    node_hooks(log, a=a, b=b)
    leaf_hooks(log, x=x)
    torch.autograd.backward([a, b], [torch.ones(3), torch.ones(3) * 2])
    return log, x.grad


@same
def test_the_same_root_twice(torch):
    log = []
    x = leaf(torch)
    a = (x * 2).sum()
    node_hooks(log, a=a)
    torch.autograd.backward([a, a], [None, torch.tensor(10.0)])
    return log, x.grad


@same
def test_roots_of_which_one_leads_to_the_other(torch):
    log = []
    x = leaf(torch)
    a = x * 2
    b = a.exp()
    node_hooks(log, a=a, b=b)
    leaf_hooks(log, x=x)
    torch.autograd.backward([a, b], [torch.ones(3), torch.ones(3)])
    return log, x.grad


@same
def test_roots_that_are_leaves(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    leaf_hooks(log, x=x, y=y)
    torch.autograd.backward([x, y, x * y], [torch.ones(3)] * 3)
    return log, x.grad, y.grad


@same
def test_roots_that_are_outputs_of_one_node(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    values, _ = x.max(0)
    u, v = x.unbind()
    torch.autograd.backward([u, v, values], [torch.ones(3), torch.ones(3) * 2, torch.ones(3) * 3])
    return x.grad


@same
def test_gradients_of_several_outputs_are_summed(torch):
    x = leaf(torch)
    print(torch.autograd.grad([x.exp().sum(), x * 2], [x], [None, torch.ones(3)]))
    return torch.autograd.grad([x, x], [x, x], [torch.ones(3), torch.ones(3)])


@same
def test_a_gradient_handed_in_may_itself_require_grad(torch):
    x, g = leaf(torch), leaf(torch)
    y = x.exp()
    (got,) = torch.autograd.grad(y, x, g, create_graph=True)
    print(torch.autograd.grad(got.sum(), (g, x), retain_graph=True))
    y.backward(g)
    return got, x.grad, g.grad


# Backwards inside of backwards.


@same
def test_a_hook_runs_a_backward_of_another_graph(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a = x * 2

    def hook(g):
        log.append(("in", torch.is_grad_enabled()))
        with torch.enable_grad():
            (y * y).sum().backward()
        log.append(("out", torch.is_grad_enabled()))

    a.register_hook(hook)
    a.sum().backward()
    log.append(torch.is_grad_enabled())
    return log, x.grad, y.grad


@same
def test_a_hook_runs_a_backward_into_the_same_leaf(torch):
    x = leaf(torch)
    a = x * 2

    def hook(g):
        with torch.enable_grad():
            (x * x).sum().backward()

    a.register_hook(hook)
    a.sum().backward()
    return x.grad


@same
def test_a_hook_of_a_leaf_runs_a_backward_into_it(torch):
    x = leaf(torch)
    seen = []

    def hook(g):
        seen.append(g)
        if len(seen) < 3:
            (x * 1).backward(torch.ones(3) * len(seen)) if torch.is_grad_enabled() else None
            with torch.enable_grad():
                (x * 2).backward(torch.ones(3) * len(seen))

    x.register_hook(hook)
    (x * x).sum().backward()
    return seen, x.grad


@same
def test_a_function_runs_a_backward_and_returns_what_it_found(torch):
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.y = (ctx.x * ctx.x).sum()
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            ctx.y.backward()
            return ctx.x.grad * g

    x = leaf(torch)
    (Inner.apply(x) * 2).backward()
    return x.grad


@same
def test_a_function_runs_the_same_graph_again(torch):
    class Again(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, other):
            ctx.other = other
            return x * 1

        @staticmethod
        def backward(ctx, g):
            ctx.other.sum().backward(retain_graph=True) if torch.is_grad_enabled() else None
            with torch.enable_grad():
                ctx.other.backward(torch.ones(3), retain_graph=True)
            return g, None

    x = leaf(torch)
    a = x.exp()
    Again.apply(a, a).sum().backward()
    return x.grad


@same
def test_the_order_of_nested_backwards(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a, b = x * 2, x * 3
    c = y.exp()
    node_hooks(log, a=a, b=b, c=c)
    leaf_hooks(log, x=x, y=y)
    b.register_hook(lambda g: (log.append("start"), c.sum_to_size(3).backward(torch.ones(3)), log.append("end"))[0])
    (a + b).sum().backward()
    return log


@pytest.mark.parametrize("depth", [50, 1200])
def test_backwards_nest_deeply(depth):
    def scenario(torch):
        class Deep(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                with torch.enable_grad():
                    ctx.x = x.detach().requires_grad_()
                    ctx.x = ctx.x - 1
                return ctx.x.detach()

            @staticmethod
            def backward(ctx, g):
                if ctx.x < 0:
                    return g
                with torch.enable_grad():
                    Deep.apply(ctx.x).sum().backward()
                return g

        x = torch.tensor(float(depth), requires_grad=True)
        Deep.apply(x).sum().backward()
        return x.grad, torch.is_grad_enabled()

    agree(scenario)


@same
def test_an_error_deep_inside_arrives_outside(torch):
    class Deep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.n = x.item()
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if ctx.n == 0:
                raise ValueError("at the bottom")
            with torch.enable_grad():
                Deep.apply(torch.tensor(ctx.n - 1, requires_grad=True)).backward()
            return g

    Deep.apply(torch.tensor(150.0, requires_grad=True)).backward()


# Threads.


def in_threads(n, work):
    """Run ``work(i)`` in n threads at once, and hand on what one of them raised."""
    errors = []
    start = threading.Barrier(n)

    def guarded(i):
        try:
            start.wait()
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


@same
def test_threads_run_graphs_of_their_own_into_one_leaf(torch):
    x = torch.zeros(1000, requires_grad=True)

    def work(i):
        for _ in range(50):
            (x * float(i + 1)).sum().backward()

    in_threads(4, work)
    return x.grad[:3], bool((x.grad == 500).all())


def test_no_gradient_is_lost_where_threads_accumulate_large_ones():
    """NumPy adds large arrays with the interpreter's lock released, so additions could overlap."""
    x = adjoint.zeros(300_000, requires_grad=True)

    def work(i):
        for _ in range(40):
            x.backward(adjoint.ones(300_000))

    in_threads(4, work)
    assert (x.grad.numpy() == 160).all()


def test_the_first_gradients_of_several_threads_are_all_counted():
    for _ in range(300):
        x = adjoint.zeros(2, requires_grad=True)
        in_threads(3, lambda i, x=x: x.backward(adjoint.ones(2)))
        assert x.grad.tolist() == [3.0, 3.0]


@same
def test_threads_run_one_graph(torch):
    x = leaf(torch)
    y = x.exp() * x
    for _ in range(20):
        y = y * 1.5 - y / 2
    out = y.sum()
    in_threads(4, lambda i: [out.backward(retain_graph=True) for _ in range(10)])
    return x.grad


@same
def test_threads_compute_gradients_of_one_graph(torch):
    x = leaf(torch)
    out = x.exp().sum()
    got = [None] * 4

    def work(i):
        (got[i],) = torch.autograd.grad(out * (i + 1), x, retain_graph=True)

    in_threads(4, work)
    return got, x.grad


@same
def test_grad_mode_is_each_threads_own(torch):
    seen = [None] * 3

    def work(i):
        before = torch.is_grad_enabled()
        with torch.no_grad():
            x = torch.ones(2, requires_grad=True)
            inside = (x * 2).requires_grad
            with torch.enable_grad():
                (x * 2).sum().backward()
        seen[i] = before, inside, x.grad.tolist(), torch.is_grad_enabled()

    with torch.no_grad():
        in_threads(3, work)
        return seen, torch.is_grad_enabled()


@same
def test_a_backward_in_another_thread_under_no_grad(torch):
    x = leaf(torch)
    y = x.exp().sum()
    with torch.no_grad():
        in_threads(1, lambda i: y.backward())
        z = (x * 2).requires_grad
    return x.grad, z


@same
def test_hooks_in_threads_see_their_own_backward(torch):
    x = [leaf(torch) for _ in range(4)]
    calls = [[] for _ in x]
    for i, t in enumerate(x):
        t.register_hook(lambda g, i=i: calls[i].append((threading.current_thread().name, g.tolist())))

    def work(i):
        threading.current_thread().name = f"thread {i}"
        for _ in range(5):
            (x[i] * (i + 1)).sum().backward()

    in_threads(4, work)
    return calls


@same
def test_multithreading_can_be_named(torch):
    x = leaf(torch)
    with torch.autograd.set_multithreading_enabled(False):
        print(torch.autograd.is_multithreading_enabled())
        (x * 2).sum().backward()
    print(torch.autograd.is_multithreading_enabled())
    switch = torch.autograd.grad_mode.set_multithreading_enabled(False)
    print(torch.autograd.is_multithreading_enabled(), switch.mode)
    torch.autograd.set_multithreading_enabled(True)
    print(torch.autograd.is_multithreading_enabled())

    @torch.autograd.set_multithreading_enabled(False)
    def f():
        return torch.autograd.is_multithreading_enabled()

    return x.grad, f(), torch.autograd.is_multithreading_enabled()


# Errors.


def failing(torch, when=lambda: True):
    class Fail(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if when():
                raise ValueError("as intended")
            return g

    return Fail


@same
def test_an_error_leaves_the_engine_usable(torch):
    x, w = leaf(torch), leaf(torch)
    bad = [True]
    a = failing(torch, lambda: bad[0]).apply(x.exp())
    out = (a * 1 + w).sum()
    for create_graph in (False, True):
        try:
            out.backward(retain_graph=True, create_graph=create_graph)
        except ValueError as error:
            print(error, torch.is_grad_enabled())
    print(x.grad, None if w.grad is None else w.grad.detach())
    with torch.no_grad():
        try:
            out.backward(retain_graph=True)
        except ValueError:
            print(torch.is_grad_enabled())
    x.grad = w.grad = None
    bad[0] = False
    out.backward()
    return x.grad, w.grad, torch.is_grad_enabled()


@same
def test_an_error_in_a_hook_leaves_the_engine_usable(torch):
    x, w = leaf(torch), leaf(torch)
    a = x.exp()

    def hook(*args):
        raise ValueError("in a hook")

    places = [
        a.register_hook,
        a.grad_fn.register_prehook,
        a.grad_fn.register_hook,
        x.register_hook,
        x.register_post_accumulate_grad_hook,
        accumulator(x).register_prehook,
    ]
    for place in places:
        handle = place(hook)
        y = (a * 2).sum() + (w * x).sum()
        try:
            y.backward(retain_graph=True)
        except ValueError as error:
            print(error, x.grad, w.grad, torch.is_grad_enabled())
        handle.remove()
        x.grad = w.grad = None
    y.backward()
    return x.grad, w.grad


@same
def test_after_an_error_the_nodes_that_ran_are_freed_and_the_others_are_not(torch):
    x = leaf(torch)
    bad = [True]
    a = x.exp()
    b = failing(torch, lambda: bad[0]).apply(a)
    c = b.exp()
    try:
        c.sum().backward()
    except ValueError:
        pass
    bad[0] = False
    print(torch.autograd.grad(b.sum(), x, retain_graph=True))
    c.sum().backward()


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "StopIteration", "MemoryError"])
def test_errors_of_every_kind_pass(kind):
    error = getattr(__builtins__, kind, None) or __builtins__[kind]
    x = adjoint.ones(2, requires_grad=True)
    y = x.exp()

    def hook(g):
        raise error

    handle = y.register_hook(hook)
    with pytest.raises(error):
        y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    assert x.grad is not None and adjoint.is_grad_enabled()


# Memory.


class Counter:
    """Counts the arrays that are alive among those it was shown."""

    def __init__(self):
        self.alive = 0
        self.most = 0

    def watch(self, array):
        while isinstance(array.base, np.ndarray):
            array = array.base
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(array, self._gone)

    def _gone(self):
        self.alive -= 1


def test_saved_tensors_are_freed_while_the_backward_runs():
    saved, seen = Counter(), []
    x = adjoint.ones(1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y.exp().clamp(0, 1)  # exp saves its result, clamp its input: one buffer a step
        node = y.grad_fn.next_functions[0][0]
        saved.watch(node._saved_result._array)
        node.register_prehook(lambda g: seen.append(saved.alive))
    del node
    out = y.sum()
    del y
    gc.collect()
    assert saved.alive == 20
    out.backward()
    assert seen == list(range(20, 0, -1))
    assert saved.alive == 0


def test_gradients_on_their_way_are_freed_while_the_backward_runs():
    gradients = Counter()
    x = adjoint.ones(1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y * 2
        y.register_hook(lambda g: gradients.watch(g._array))
    y.sum().backward()
    assert gradients.most <= 3


def test_a_retained_graph_keeps_what_it_saved():
    saved = Counter()
    x = adjoint.ones(10, requires_grad=True)
    y = x.exp()
    saved.watch(y._array)
    out = y.sum()
    del y
    out.backward(retain_graph=True)
    assert saved.alive == 1
    out.backward()
    assert saved.alive == 0


def test_the_peak_of_a_backward_is_that_of_the_forward():
    import tracemalloc

    x = adjoint.ones(10_000, requires_grad=True)

    def forward():
        y = x
        for _ in range(30):
            y = y.exp().clamp(0, 1)
        return y.sum()

    forward().backward()
    x.grad = None
    tracemalloc.start()
    try:
        out = forward()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        out.backward()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < held + 4 * 40_000  # a few gradients of 40 kB
    assert after < held / 8


def test_a_graph_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        for backward in (False, True):
            x = adjoint.ones(3, requires_grad=True)
            y = x.exp()
            y.register_hook(lambda g: None)
            y.retain_grad()
            out = (y[0] * y.unbind()[1]).sum()
            node, tensor = weakref.ref(y.grad_fn), weakref.ref(y)
            if backward:
                out.backward()
            del y, out
            assert node() is None and tensor() is None
    finally:
        gc.enable()


# Depth.


def chain_of_operators(x):
    for _ in range(1_000_000):
        x = x * 1.0
    return x


def chain_of_functions(x):
    class Same(adjoint.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    for _ in range(50_000):
        x = Same.apply(x)
    return x


def chain_of_several_outputs(x):
    for _ in range(50_000):
        (x,) = x.reshape(1, 1).unbind()
        (x,) = adjoint.stack([x]).split(1)
        x = x[0]
    return x


def chain_of_saved_results(x):
    for _ in range(100_000):
        x = x.clamp(max=2.0).exp().log()
    return x


def chain_of_writes_to_views(x):
    x = x * 1
    for _ in range(20_000):
        x[0].mul_(1)
    return x


def chain_of_views_of_what_was_written_to(x):
    x = x * 1
    for _ in range(20_000):
        v = x[:]
        x.mul_(1)
        x = v * 1
    return x


def chain_of_writes(x):
    x = x * 1
    for _ in range(100_000):
        x.mul_(1)
    return x


def chain_of_views(x):
    for _ in range(20_000):
        x = x.view(1)
    return x


def ladder(x):
    a = b = x
    for _ in range(100_000):
        a, b = a * 0.5 + b * 0.5, b
    return a


@pytest.mark.parametrize(
    "chain",
    [
        chain_of_operators,
        chain_of_functions,
        chain_of_several_outputs,
        chain_of_saved_results,
        chain_of_writes_to_views,
        chain_of_views_of_what_was_written_to,
        chain_of_writes,
        chain_of_views,
        ladder,
    ],
)
def test_deep_graphs_run_and_are_freed(chain):
    gc.disable()
    try:
        x = adjoint.ones(1, requires_grad=True)
        y = chain(x)
        y.sum().backward()
        assert abs(x.grad.item() - 1) < 1e-3
        del y
        unused = chain(x)
        del unused  # never run: everything that was saved goes with it
    finally:
        gc.enable()


def test_a_deep_graph_is_freed_from_its_root_alone_also_as_a_node_or_an_edge():
    x = adjoint.ones(1, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    last = weakref.ref(y.grad_fn)
    node = y.grad_fn
    del y
    edge = adjoint.autograd.graph.GradientEdge(node, 0)
    del node
    assert last() is not None
    del edge
    assert last() is None


def test_second_derivatives_of_a_deep_graph():
    x = adjoint.ones(1, dtype=adjoint.float64, requires_grad=True)
    y = x
    for _ in range(2_000):
        y = y * (x + 0)
    (g,) = adjoint.autograd.grad(y.sum(), x, create_graph=True)
    (gg,) = adjoint.autograd.grad(g.sum(), x)
    assert (g.item(), gg.item()) == (2001.0, 2001.0 * 2000.0)


# Callbacks.


@same
def test_callbacks_run_when_the_backward_is_done(torch):
    log = []
    x = leaf(torch)
    a = x * 2

    def hook(g):
        torch.autograd.Variable._execution_engine.queue_callback(lambda: log.append(("called", x.grad.tolist())))
        log.append("hook")

    a.register_hook(hook)
    leaf_hooks(log, x=x)
    a.sum().backward()
    log.append("done")
    return log


@same
def test_callbacks_belong_to_the_backward_that_queued_them(torch):
    log = []
    queue = torch.autograd.Variable._execution_engine.queue_callback
    x, y = leaf(torch), leaf(torch)
    a, b = x * 2, y * 3

    def inner(g):
        queue(lambda: log.append("inner is done"))

    def outer(g):
        queue(lambda: (log.append("outer is done"), queue(lambda: log.append("queued late")))[0])
        with torch.enable_grad():
            (b * 1).sum().backward()
        log.append("after inner")

    b.register_hook(inner)
    a.register_hook(outer)
    a.sum().backward()
    return log


@same
def test_a_callback_outside_of_a_backward_is_an_error(torch):
    torch.autograd.Variable._execution_engine.queue_callback(lambda: None)


@same
def test_an_error_in_a_callback_is_raised(torch):
    x = leaf(torch)

    def fail():
        raise ValueError("in a callback")

    x.register_hook(lambda g: torch.autograd.Variable._execution_engine.queue_callback(fail))
    try:
        (x * 2).sum().backward()
    except ValueError as error:
        print(error)
    return x.grad


@same
def test_callbacks_run_in_the_modes_of_the_backward(torch):
    seen = []
    x = leaf(torch)
    queue = torch.autograd.Variable._execution_engine.queue_callback
    x.register_hook(lambda g: queue(lambda: seen.append(torch.is_grad_enabled())))
    (x * 2).sum().backward()
    with torch.no_grad():
        x.sum_to_size(3)
    (x * 2).sum().backward(create_graph=True)
    return seen


# The graph as users see it.


@same
def test_nodes_are_the_same_objects_each_time(torch):
    x = leaf(torch)
    y = x.exp() * x
    u, v, w = (y * 1).unbind()
    first = y.grad_fn.next_functions
    return (
        y.grad_fn is y.grad_fn,
        first[0][0] is y.grad_fn.next_functions[0][0],
        first[1][0] is accumulator(x),
        first[1][0] is first[0][0].next_functions[0][0],
        u.grad_fn is v.grad_fn,
        [t.output_nr for t in (u, v, w)],
        (u + v).grad_fn.next_functions[1],
        first[1][0].variable is x,
        first[0] == y.grad_fn.next_functions[0],
        len({y.grad_fn, y.grad_fn}),
    )


@same
def test_sequence_numbers_grow(torch):
    x = leaf(torch)
    a = x.exp()
    b = a * x
    c = b.sum()
    numbers = [t.grad_fn._sequence_nr() for t in (a, b, c)]
    return numbers[1] - numbers[0], numbers[2] - numbers[1], accumulator(x)._sequence_nr()


@same
def test_metadata_stays_with_the_node(torch):
    x = leaf(torch)
    y = x.exp()
    print(y.grad_fn.metadata)
    y.grad_fn.metadata["a"] = [1]
    y.grad_fn.metadata["a"].append(2)
    return y.grad_fn.metadata, y.grad_fn.metadata is y.grad_fn.metadata


@same
def test_hooks_of_an_accumulator_live_as_long_as_it(torch):
    log = []
    x = leaf(torch)
    acc = accumulator(x)
    acc.register_hook(lambda gi, go: log.append(("post", gi, go[0].tolist() if go else go)))
    acc.register_prehook(lambda go: (log.append(("pre", go)), (go[0] * 10,))[1])
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    return log, x.grad


@same
def test_hooks_of_an_accumulator_that_nobody_holds_are_gone(torch):
    log = []
    x = leaf(torch)
    accumulator(x).register_hook(lambda gi, go: log.append("post"))
    accumulator(x).register_prehook(lambda go: log.append("pre"))
    gc.collect()
    (x * 2).sum().backward()
    return log


@same
def test_edges_stand_for_tensors_in_grad_and_backward(torch):
    x = leaf(torch)
    a = x * 2
    b = a.exp()
    edge = torch.autograd.graph.get_gradient_edge
    print(torch.autograd.grad(b.sum(), edge(a), retain_graph=True))
    print(torch.autograd.grad(edge(b), edge(x), torch.ones(3), retain_graph=True)[0].round())
    got = torch.autograd.grad((edge(b), a), (x, edge(a)), (torch.ones(3), torch.ones(3)), retain_graph=True)
    print([g.round() for g in got])
    torch.autograd.backward(edge(b), torch.ones(3), retain_graph=True)
    first = x.grad.clone()
    torch.autograd.backward(b.sum(), inputs=[edge(x)], retain_graph=True)
    print((x.grad / first).round())
    u, v, w = b.unbind()
    print(torch.autograd.grad(u * v, [edge(u), edge(w)], allow_unused=True))
    return edge(v).node.name(), edge(v).output_nr, edge(x).node.name(), edge(b).node is b.grad_fn


@pytest.mark.parametrize(
    "call",
    [
        "torch.autograd.grad(edge(b), x)",
        "torch.autograd.grad(b.sum(), edge(torch.ones(3)))",
        "torch.autograd.grad(edge(s), x)",
        "torch.autograd.backward(edge(b))",
        "torch.autograd.backward(edge(s))",
        "torch.autograd.grad(b.sum(), edge(unused))",
        "torch.autograd.grad(b.sum(), edge(unused), allow_unused=True)",
        "torch.autograd.grad(b.sum(), edge(unused), materialize_grads=True)",
        "torch.autograd.grad(b.sum(), (x, edge(unused)), materialize_grads=True)",
        "torch.autograd.backward(b.sum(), inputs=[edge(b)])",
        "torch.autograd.grad(GradientEdge(b.grad_fn, 0), x, torch.ones(3))",
        "torch.autograd.grad(b.sum(), GradientEdge(x.expand_as(x).grad_fn, 0), allow_unused=True)",
        "edge(1)",
        "edge(b).ownership_token",
        "tuple(edge(s))[1:]",
    ],
)
def test_what_edges_can_be_used_for(call):
    def scenario(torch):
        x, unused = leaf(torch), leaf(torch)
        b = x.exp()
        names = {"torch": torch, "x": x, "b": b, "s": b.sum(), "unused": unused}
        names["edge"] = torch.autograd.graph.get_gradient_edge
        names["GradientEdge"] = torch.autograd.graph.GradientEdge
        return eval(call, names), x.grad

    agree(scenario)


@same
def test_an_edge_keeps_its_graph(torch):
    x = leaf(torch)
    edge = torch.autograd.graph.get_gradient_edge(x.exp())
    gc.collect()
    return torch.autograd.grad(edge, x, torch.ones(3))


@same
def test_multi_grad_hooks_of_all_wait_for_those_that_come(torch):
    log = []
    x, y, z = (leaf(torch) for _ in range(3))
    a, b = x * y, y.exp()

    def seen(grads):
        log.append([None if g is None else g.tolist() for g in grads])

    handle = torch.autograd.graph.register_multi_grad_hook((a, y, z, b), seen)
    (a.sum() + b.sum()).backward(retain_graph=True)
    a.sum().backward(retain_graph=True)
    b.sum().backward(inputs=[y], retain_graph=True)
    (x * 2).sum().backward()
    handle.remove()
    (a.sum() + b.sum()).backward()
    return log


@same
def test_multi_grad_hooks_of_any_run_at_the_first(torch):
    log = []
    x, y = leaf(torch), leaf(torch)
    a, b = x * 2, y * 3
    handle = torch.autograd.graph.register_multi_grad_hook((x, a, b), lambda g: log.append(g), mode="any")
    (a.sum() + b.sum()).backward(retain_graph=True)
    a.sum().backward(retain_graph=True)
    handle.remove()
    a.sum().backward()
    return log


@same
def test_a_multi_grad_hook_sees_nested_backwards_as_their_own(torch):
    log = []
    x, y = leaf(torch), leaf(torch)

    def seen(grads):
        log.append([None if g is None else g.tolist() for g in grads])

    torch.autograd.graph.register_multi_grad_hook((x, y), seen)
    a = x * 2

    def hook(g):
        with torch.enable_grad():
            (x * 5 + y * 7).sum().backward()

    a.register_hook(hook)
    (a + y).sum().backward()
    return log, x.grad, y.grad


@same
def test_saved_tensor_hooks_that_fail(torch):
    x = leaf(torch)
    hooks = torch.autograd.graph.saved_tensors_hooks

    def fail(*args):
        raise ValueError("in a hook")

    try:
        with hooks(fail, lambda t: t):
            x.exp()
    except ValueError as error:
        print(error)
    with hooks(lambda t: t, fail):
        y = x.exp()
    try:
        y.sum().backward()
    except ValueError as error:
        print(error)
    try:
        with hooks(lambda t: t, lambda t: 1):
            z = x.exp()
        z.sum().backward()
    except TypeError as error:
        print(error)
    try:
        with hooks(lambda t: t):
            pass
    except TypeError:
        print("two hooks")
    with hooks(lambda t: t, lambda t: t * 2):
        z = x.exp()
    z.sum().backward()
    return x.grad, torch.is_grad_enabled()


@same
def test_saved_tensor_hooks_and_second_derivatives(torch):
    x = leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (t * 1, 0), lambda p: p[0]):
        y = (x * x * x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return g, torch.autograd.grad(g.sum(), x)


@same
def test_forbidden_saved_tensor_hooks_say_why(torch):
    graph = torch.autograd.graph
    hooks = graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with graph.disable_saved_tensors_hooks("not here"):
        try:
            with hooks:
                pass
        except RuntimeError as error:
            print(error)
        try:
            with graph.save_on_cpu():
                pass
        except RuntimeError as error:
            print(error)
        with graph.disable_saved_tensors_hooks("nor here"):
            try:
                with hooks:
                    pass
            except RuntimeError as error:
                print(error)
    with hooks:
        print("again")
        with graph.disable_saved_tensors_hooks("too late"):
            pass


@same
def test_mutation_of_saved_tensors_where_it_is_allowed(torch):
    x = leaf(torch)
    with torch.autograd.graph.allow_mutation_on_saved_tensors() as ctx:
        y = x.clone()
        z = y.exp() * y.sin()
        y.mul_(3)
        y[0] = 7
        w = (z * y).sum()
        y.zero_()
        w.backward()
        ctx.clear()
    return x.grad, y


@same
def test_a_leaf_may_be_written_to_under_no_grad_between_forward_and_backward(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    with torch.no_grad():
        x.mul_(100)
    y.backward()
    z = x.exp().sum()
    with torch.no_grad():
        x.zero_()
    z.backward()
    return x.grad


# Hooks that go wrong, and others that may do what they like.


@same
def test_a_hook_of_a_node_cannot_make_up_a_gradient(torch):
    x = leaf(torch)

    class Drop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return None

    a = x * 2
    b = dropping(torch).apply(a)
    a.grad_fn.register_prehook(lambda g: (torch.ones(3),))
    b.sum().backward()
    return x.grad


@same
def test_a_hook_of_a_tensor_cannot_make_up_a_gradient(torch):
    x = leaf(torch)

    class Drop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return None

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


@same
def test_a_hook_before_a_node_that_returns_too_many(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_prehook(lambda g: (g[0], g[0]))
    a.sum().backward()


@same
def test_a_hook_after_a_node_that_returns_too_many(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_hook(lambda gi, go: (gi[0], None, None))
    a.sum().backward()


@same
def test_a_hook_of_a_node_has_to_return_a_tuple(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_prehook(lambda g: g[0] * 3)
    a.sum().backward()
    return x.grad


@same
def test_a_hook_of_a_node_that_returns_numbers(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_prehook(lambda g: (3,))
    a.sum().backward()


@same
def test_a_hook_after_a_node_that_changes_the_shape(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_hook(lambda gi, go: (torch.ones(5), None))
    a.sum().backward()


@same
def test_a_hook_after_a_node_that_changes_the_dtype(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_hook(lambda gi, go: (torch.ones(3).double(), None))
    a.sum().backward()
    return x.grad


@same
def test_a_hook_before_a_node_that_changes_the_shape(torch):
    x = leaf(torch)
    a = x * 2
    a.grad_fn.register_prehook(lambda g: (torch.ones(5),))
    a.sum().backward()


@same
def test_a_hook_that_cannot_be_called(torch):
    x = leaf(torch)
    x.register_hook(3)
    (x * 2).sum().backward()


@same
def test_a_handle_may_be_removed_twice(torch):
    x = leaf(torch)
    h = x.register_hook(lambda g: g * 2)
    h.remove()
    h.remove()
    (x * 2).sum().backward()
    return x.grad


@same
def test_a_hook_may_write_to_the_gradient(torch):
    x = leaf(torch)
    a = x * 2
    a.register_hook(lambda g: (g.mul_(10), None)[1])
    (a * 3).sum().backward()
    return x.grad


@same
def test_hooks_of_an_accumulator_run_in_backward_and_not_in_grad(torch):
    x = leaf(torch)
    acc = x.expand_as(x).grad_fn.next_functions[0][0]
    acc.register_prehook(lambda g: (g[0] * 5,))
    torch.autograd.grad((x * 2).sum(), x)
    (x * 2).sum().backward()
    return x.grad


@same
def test_grad_fills_retained_gradients_on_its_way(torch):
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    b = (a * 3).sum()
    g = torch.autograd.grad(b, x)
    return g, a.grad


@same
def test_grad_fills_the_retained_gradient_of_what_it_returns(torch):
    x = leaf(torch)
    a = x * 2
    a.retain_grad()
    b = (a * 3).sum()
    g = torch.autograd.grad(b, a)
    return g, a.grad


@same
def test_what_was_computed_under_no_grad_has_no_backward(torch):
    x = leaf(torch)
    with torch.no_grad():
        y = x * 2
        y.sum().backward()


@same
def test_hooks_of_what_grad_returns(torch):
    x = leaf(torch)
    a = x * 2
    log = []
    a.register_hook(lambda g: (log.append("a"), g * 2)[1])
    x.register_hook(lambda g: (log.append("x"), g * 2)[1])
    return torch.autograd.grad((a * a).sum(), (x, a)), log


@same
def test_the_error_of_an_unused_tensor_names_it(torch):
    x = leaf(torch)
    u = leaf(torch)
    return torch.autograd.grad((x * 2).sum(), (x, u))


@same
def test_a_leaf_that_stopped_requiring_grad_gets_none(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    x.requires_grad_(False)
    y.backward()
    return x.grad


@same
def test_hooks_are_recorded_only_under_create_graph(torch):
    x = leaf(torch)
    seen = []
    x.register_hook(lambda g: seen.append((torch.is_grad_enabled(), g.requires_grad)))
    (x * x).sum().backward()
    (x * x).sum().backward(create_graph=True)
    return seen


@same
def test_a_gradient_of_a_leaf_whose_data_changed_shape(torch):
    x = leaf(torch)
    y = (x * 2).sum()
    x.data = torch.ones(5)
    y.backward()
    return x.grad


@same
def test_a_hook_may_take_grad_away(torch):
    x = leaf(torch)
    x.register_post_accumulate_grad_hook(lambda t: setattr(t, "grad", None))
    (x * 2).sum().backward()
    return x.grad


@same
def test_optimizers_may_step_inside_of_the_backward(torch):
    w = [leaf(torch) for _ in range(3)]
    opts = {p: torch.optim.SGD([p], lr=0.1) for p in w}

    def h(p):
        opts[p].step()
        opts[p].zero_grad()

    for p in w:
        p.register_post_accumulate_grad_hook(h)
    for _ in range(3):
        (w[0] * w[1] + w[2]).sum().backward()
    return w


@same
def test_a_function_may_compute_its_gradient_with_grad(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                y = x.detach().requires_grad_()
                z = y.exp()
            return torch.autograd.grad(z, y, g)[0]

    x = leaf(torch)
    F.apply(x).sum().backward()
    return x.grad


@same
def test_functions_are_numbered_like_operators(torch):
    x = leaf(torch)

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    a = x * 2
    b = F.apply(a)
    c = b * 2
    return b.grad_fn._sequence_nr() - a.grad_fn._sequence_nr(), c.grad_fn._sequence_nr() - b.grad_fn._sequence_nr()


@same
def test_edges_know_which_output_they_lead_to(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    a, b = (x * 1).unbind()
    v, i = (x * 1).max(0)
    return [
        (b * 2).grad_fn.next_functions[0][1],
        (a * b).grad_fn.next_functions[1][1],
        v.grad_fn.name(),
        b.output_nr,
        x.output_nr,
    ]


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
def test_hooks_see_the_value_that_they_were_registered_on(torch):
    x = leaf(torch)
    log = []
    a = x * 1
    a.register_hook(lambda g: log.append(("old", g.tolist())))
    a.mul_(2)
    a.register_hook(lambda g: log.append(("new", g.tolist())))
    (a * 3).sum().backward()
    return log


@same
def test_gradients_may_lie_in_one_flat_buffer(torch):
    flat = torch.zeros(4)
    w = [torch.ones(2, requires_grad=True) for _ in range(2)]
    for i, p in enumerate(w):
        p.grad = flat[2 * i : 2 * i + 2]
    (w[0] * 3 + w[1] * 4).sum().backward()
    return flat


@same
def test_gradients_of_scalars_are_added_in_place(torch):
    x = torch.tensor(2.0, requires_grad=True)
    x.grad = torch.tensor(1.0)
    g = x.grad
    (x * x).backward()
    (x * x).sum().backward()
    return g, x.grad is g
