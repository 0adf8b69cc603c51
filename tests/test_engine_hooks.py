"""Hooks of tensors, nodes and accumulators: what they see, what they may return, how long they stay."""

from __future__ import annotations

import gc

from tests.scenarios import accumulator, leaf, same

# Hooks of nodes.


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


# Hooks of accumulators.


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
def test_hooks_of_an_accumulator_run_in_backward_and_not_in_grad(torch):
    x = leaf(torch)
    acc = x.expand_as(x).grad_fn.next_functions[0][0]
    acc.register_prehook(lambda g: (g[0] * 5,))
    torch.autograd.grad((x * 2).sum(), x)
    (x * 2).sum().backward()
    return x.grad


# Hooks of tensors.


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
def test_hooks_of_what_grad_returns(torch):
    x = leaf(torch)
    a = x * 2
    log = []
    a.register_hook(lambda g: (log.append("a"), g * 2)[1])
    x.register_hook(lambda g: (log.append("x"), g * 2)[1])
    return torch.autograd.grad((a * a).sum(), (x, a)), log


@same
def test_hooks_are_recorded_only_under_create_graph(torch):
    x = leaf(torch)
    seen = []
    x.register_hook(lambda g: seen.append((torch.is_grad_enabled(), g.requires_grad)))
    (x * x).sum().backward()
    (x * x).sum().backward(create_graph=True)
    return seen


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


# Hooks of several tensors.


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
