"""When what runs: nodes, their hooks, the accumulation of leaves, and callbacks at the end."""

from __future__ import annotations

from tests.scenarios import accumulator, leaf, leaf_hooks, node_hooks, same


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
