"""torch.autograd.graph and hooks: what users may see of the graph, and change on the way."""

from __future__ import annotations

import gc
import weakref

import pytest

import adjoint
from tests.both import agree


def leaf(torch, *values):
    return torch.tensor(list(values) or [1.0, 2.0, 3.0], requires_grad=True)


# Hooks on saved tensors.


def logging(torch, log):
    def pack(t):
        log.append(("pack", t.detach().clone(), t.requires_grad, t.is_leaf, torch.is_grad_enabled()))
        return t

    def unpack(t):
        log.append(("unpack", torch.is_grad_enabled(), 0))
        return t

    return torch.autograd.graph.saved_tensors_hooks(pack, unpack)


PROGRAMS = {
    "elementwise": lambda torch, a: (a * 2).sin().sum(),
    "matmul": lambda torch, a: (a.reshape(3, 1) @ a.reshape(1, 3)).sum(),
    "max": lambda torch, a: a.reshape(3, 1).max(1)[0].sum(),
    "numbers": lambda torch, a: (a * 2 + 1).sum(),
    "in place": lambda torch, a: (a * 2).exp_().sum(),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_hooks_see_what_is_saved_and_when(program):
    def scenario(torch):
        log = []
        a = leaf(torch)
        with logging(torch, log):
            out = PROGRAMS[program](torch, a)
        out.backward()
        packed = sorted(str((t.tolist(), *more)) for kind, t, *more in log if kind == "pack")
        return (
            len(packed),
            [entry for entry in log if entry[0] == "unpack"],
            packed if program != "in place" else 0,
            a.grad,
        )

    agree(scenario)


def test_what_hooks_packed_is_what_the_backward_uses():
    def scenario(torch):
        a = leaf(torch)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t * 5):
            y = a * a
        y.sum().backward()
        return a.grad

    agree(scenario)


def test_an_unpacked_tensor_has_its_place_in_the_graph():
    def scenario(torch):
        a = leaf(torch)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda v: torch.tensor(v)):
            y = a.exp() * a
        (g,) = torch.autograd.grad(y.sum(), a, create_graph=True)
        saved = y.grad_fn._saved_other
        print(saved, saved is a, saved.is_leaf)
        return torch.autograd.grad(g.sum(), a)

    agree(scenario)


def test_the_innermost_hooks_are_used():
    def scenario(torch):
        a = leaf(torch)
        hooks = torch.autograd.graph.saved_tensors_hooks
        with hooks(lambda t: print("outer"), lambda t: a):
            with hooks(lambda t: print("inner"), lambda t: a):
                a * a
            a.exp()

    agree(scenario)


@pytest.mark.parametrize(
    "pack, unpack",
    [
        (lambda t: 3, lambda v: v),
        (lambda t: t.mul_(2), lambda t: t),
        (lambda t: None, lambda v: None),
    ],
)
def test_wrong_hooks_are_errors(pack, unpack):
    def scenario(torch):
        a = leaf(torch) * 1
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = a.exp()
        y.sum().backward()

    agree(scenario, raises=True)


def test_hooks_are_left_when_an_operator_raises():
    def scenario(torch):
        a = leaf(torch)
        try:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: None, lambda t: t):
                a * torch.ones(5)
        except RuntimeError as error:
            print(error)
        (a * a).sum().backward()
        return a.grad

    agree(scenario)


def test_a_packed_tensor_may_be_written_to():
    def scenario(torch):
        a = leaf(torch)
        b = a * 1
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            y = b * b
        b.mul_(7)
        y.sum().backward()
        return a.grad

    agree(scenario)


def test_one_saved_tensor_can_have_hooks_of_its_own():
    def scenario(torch):
        a = leaf(torch)
        y = a * a
        saved = y.grad_fn._raw_saved_self
        saved.register_hooks(lambda t: (print(t.requires_grad), t * 2)[1], lambda t: t * 5)
        y.sum().backward()
        return a.grad, type(saved).__name__

    agree(scenario)


@pytest.mark.parametrize("when", ["twice", "freed", "changed"])
def test_registering_hooks_too_late_is_an_error(when):
    def scenario(torch):
        a = leaf(torch) * 1
        y = a * a
        saved = y.grad_fn._raw_saved_self
        if when == "freed":
            y.sum().backward()
        elif when == "twice":
            saved.register_hooks(lambda t: t, lambda t: t)
        saved.register_hooks((lambda t: t.mul_(2)) if when == "changed" else (lambda t: t), lambda t: t)

    agree(scenario, raises=True)


def test_hooks_can_be_forbidden():
    def scenario(torch):
        graph = torch.autograd.graph
        with graph.disable_saved_tensors_hooks("no hooks here"):
            try:
                with graph.save_on_cpu():
                    pass
            except RuntimeError as error:
                print(error)
        with graph.save_on_cpu():
            with graph.disable_saved_tensors_hooks("not inside of hooks either"):
                pass

    agree(scenario, raises=True)


def test_save_on_cpu_changes_nothing_on_the_cpu():
    def scenario(torch):
        a = leaf(torch)
        with torch.autograd.graph.save_on_cpu():
            y = a * a
        y.sum().backward()
        return a.grad

    agree(scenario)


@pytest.mark.parametrize("inside", [True, False])
def test_saved_tensors_may_be_written_to_where_that_is_allowed(inside):
    def scenario(torch):
        a = leaf(torch)
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            b = a * 1
            y = b * b
            b.mul_(5)
            z = b * b
            b.add_(1)
            out = (y + z).sum()
            if inside:
                out.backward()
        if not inside:
            out.backward()
        return a.grad

    agree(scenario, raises=not inside)


def test_allowing_mutation_does_not_nest():
    def scenario(torch):
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            with torch.autograd.graph.allow_mutation_on_saved_tensors():
                pass

    agree(scenario, raises=True)


def test_hooks_leave_nothing_for_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        a = leaf(adjoint)
        with adjoint.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda v: adjoint.tensor(v)):
            b = a.exp()
            y = (b * b).sum()
        reference = weakref.ref(b)
        del b, y
        assert reference() is None
    finally:
        gc.enable()


# Hooks on gradients.


def test_the_order_of_hooks():
    def scenario(torch):
        a = leaf(torch)
        b = a * 2
        b.retain_grad()
        b.register_hook(lambda g: print("tensor 1", g, b.grad))
        b.register_hook(lambda g: (print("tensor 2"), g * 10)[1])
        b.grad_fn.register_prehook(lambda gs: print("node pre", gs, b.grad))
        b.grad_fn.register_hook(lambda gi, go: print("node post", gi, go))
        a.register_hook(lambda g: (print("leaf", g), g + 1)[1])
        a.register_post_accumulate_grad_hook(lambda t: print("accumulated", t.grad))
        (b * 3).sum().backward()
        return a.grad, b.grad

    agree(scenario)


def test_a_hook_registered_before_retain_grad_or_after_changes_what_is_retained():
    def scenario(torch):
        a = leaf(torch)
        b = a * 2
        b.register_hook(lambda g: g * 10)
        b.retain_grad()
        b.register_hook(lambda g: g * 10)
        b.sum().backward()
        return a.grad, b.grad

    agree(scenario)


def test_hooks_of_nodes_replace_gradients():
    def scenario(torch):
        a = leaf(torch)
        b = leaf(torch)
        c = a * b
        c.grad_fn.register_prehook(lambda gs: (gs[0] * 2,))
        c.grad_fn.register_hook(lambda gi, go: (gi[0] * 10, None))
        c.sum().backward()
        return a.grad, b.grad

    agree(scenario)


def test_what_grad_returns_went_through_the_tensors_hooks_only():
    def scenario(torch):
        a = leaf(torch)
        b = a * 2
        b.register_hook(lambda g: g * 10)
        b.grad_fn.register_prehook(lambda gs: print("pre"))
        a.register_hook(lambda g: g * 100)
        a.register_post_accumulate_grad_hook(lambda t: print("accumulated"))
        out = (b * 3).sum()
        print(torch.autograd.grad(out, b, retain_graph=True))
        print(torch.autograd.grad(out, (a, b), retain_graph=True))
        out.backward(inputs=[a])
        return a.grad

    agree(scenario)


@pytest.mark.parametrize(
    "hook",
    [lambda g: g[:1], lambda g: 3, lambda g: g.double(), lambda g: (g,)],
    ids=["shape", "type", "dtype", "tuple"],
)
def test_a_hook_that_returns_something_else_is_an_error(hook):
    def scenario(torch):
        a = leaf(torch)
        b = a * 2
        b.register_hook(hook)
        b.sum().backward()

    agree(scenario, raises=True)


def test_handles_take_hooks_away():
    def scenario(torch):
        a = leaf(torch)
        handle = a.register_hook(lambda g: g * 10)
        with a.register_hook(lambda g: g * 2):
            (a * 1).sum().backward()
        print(a.grad)
        handle.remove()
        handle.remove()
        (a * 1).sum().backward()
        return a.grad

    agree(scenario)


def test_a_hook_may_remove_itself():
    def scenario(torch):
        a = leaf(torch)
        handles = []

        def once(g):
            handles[0].remove()
            return g * 10

        handles.append(a.register_hook(once))
        for _ in range(2):
            (a * 1).sum().backward()
            print(a.grad)

    agree(scenario)


def test_hooks_of_a_leaf_outlive_the_graph():
    def scenario(torch):
        a = leaf(torch)
        a.register_hook(lambda g: print("hook"))
        for _ in range(2):
            y = (a * 1).sum()
            y.backward()
            del y
        return a.grad

    agree(scenario)


def test_hooks_see_undefined_gradients_of_several_outputs():
    def scenario(torch):
        a = leaf(torch)
        x, y = torch.stack([a, a * 2]).unbind()
        x.grad_fn.register_prehook(lambda gs: print(gs))
        x.grad_fn.register_hook(lambda gi, go: print(go))
        y.register_hook(lambda g: print("undefined", g))
        x.sum().backward()
        return a.grad

    agree(scenario)


def test_hooks_on_what_does_not_require_grad_are_errors():
    def scenario(torch):
        errors = []
        for register in ("register_hook", "register_post_accumulate_grad_hook"):
            for t in (torch.ones(2), leaf(torch) * 2):
                try:
                    getattr(t, register)(lambda g: None)
                except RuntimeError as error:
                    errors.append(str(error))
        return errors

    agree(scenario)


def test_under_create_graph_a_hook_is_recorded():
    def scenario(torch):
        a = leaf(torch)
        b = a * a
        b.register_hook(lambda g: g * b)
        (g,) = torch.autograd.grad(b.sum(), a, create_graph=True)
        return g.detach(), torch.autograd.grad(g.sum(), a)

    agree(scenario)


# Hooks on several gradients.


def test_a_hook_on_several_gradients_waits_for_all_that_come():
    def scenario(torch):
        a, b = leaf(torch), leaf(torch)
        c, d = a * b, a * b
        handle = torch.autograd.graph.register_multi_grad_hook(
            (a, b, c, d), lambda grads: print([g is not None for g in grads])
        )
        c.sum().backward(retain_graph=True)
        c.sum().backward(inputs=(a,), retain_graph=True)
        (c + d).sum().backward(retain_graph=True)
        handle.remove()
        c.sum().backward()

    agree(scenario)


def test_a_hook_on_any_of_several_gradients_runs_once_a_backward():
    def scenario(torch):
        a, b = leaf(torch), leaf(torch)
        torch.autograd.graph.register_multi_grad_hook((a, b), lambda g: print(g), mode="any")
        (a * 2).sum().backward()
        (b * 3).sum().backward()
        out = a * 4 + b * 4
        out.sum().backward()

    agree(scenario)


def test_wrong_multi_hooks_are_errors():
    def scenario(torch):
        register = torch.autograd.graph.register_multi_grad_hook
        errors = []
        for tensors, mode in (((torch.ones(2),), "all"), ((leaf(torch),), "some")):
            try:
                register(tensors, print, mode=mode)
            except (AssertionError, ValueError) as error:
                errors.append((type(error).__name__, str(error)))
        return errors

    agree(scenario)


# The graph.


def test_gradient_edges_stand_for_tensors():
    def scenario(torch):
        edge_of = torch.autograd.graph.get_gradient_edge
        a = leaf(torch)
        b = a * 2
        c = b * 3
        print(repr(edge_of(b)).split(" at ")[0], edge_of(a).output_nr)
        print(torch.autograd.grad(c.sum(), edge_of(b), retain_graph=True))
        print(torch.autograd.grad(edge_of(c), a, torch.ones(3), retain_graph=True))
        total = c.sum()
        torch.autograd.backward(edge_of(total), retain_graph=True)
        print(a.grad)
        total.backward(inputs=(edge_of(a),), retain_graph=True)
        print(a.grad)
        x, y = torch.stack([a, a]).unbind()
        print(edge_of(y).output_nr, torch.autograd.grad(edge_of(y), a, torch.ones(3)))
        node, index, token = edge_of(c)
        return node.name(), index, token

    agree(scenario)


@pytest.mark.parametrize("call", ["edge_of(torch.ones(2))", "torch.autograd.grad(edge_of(a * 2), a)"])
def test_wrong_uses_of_edges_are_errors(call):
    def scenario(torch):
        eval(call, {"torch": torch, "edge_of": torch.autograd.graph.get_gradient_edge, "a": leaf(torch)})

    agree(scenario, raises=True)


def test_versions_can_be_counted_by_hand():
    def scenario(torch):
        a = leaf(torch) * 1
        y = a * a
        torch.autograd.graph.increment_version(a)
        torch.autograd.graph.increment_version([a, a])
        print(a._version)
        y.sum().backward()

    agree(scenario, raises=True)


def test_nodes_show_themselves():
    def scenario(torch):
        a = leaf(torch)
        y = (a * 2).exp()
        node = y.grad_fn
        node.metadata["mine"] = 1
        accumulate = node.next_functions[0][0].next_functions[0][0]
        y.mul_(2)
        base = a * 1
        base[0] = 5
        return (
            node.name(),
            y.grad_fn.name(),
            accumulate.name(),
            repr(accumulate).split(" at ")[0],
            accumulate.variable is a,
            base.grad_fn.name(),
            node.metadata,
            isinstance(node, torch.autograd.graph.Node),
            str(type(node)),
            [n for n in dir(node) if n.startswith(("_saved", "_raw_saved"))],
        )

    agree(scenario)


def test_nodes_can_be_called():
    def scenario(torch):
        a = leaf(torch)
        return (a * 3).grad_fn(torch.ones(3)), a.exp().grad_fn(torch.ones(3)), a.sum().grad_fn(torch.tensor(2.0))

    agree(scenario)
