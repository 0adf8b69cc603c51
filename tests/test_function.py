"""torch.autograd.Function: the user's own operators."""

from __future__ import annotations

import warnings

import pytest

import adjoint
from tests.both import agree

pytest.importorskip("torch")


def make(torch, forward, backward=None, **more):
    """A Function named Cube, from functions."""
    methods = {"forward": forward, "backward": backward, **more}
    body = {k: staticmethod(v) if callable(v) else v for k, v in methods.items() if v is not None}
    return type("Cube", (torch.autograd.Function,), body)


def cube(torch):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.exponent = 3
        return x * x * x

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.exponent * x * x

    return make(torch, forward, backward)


def ones(torch, *shape, **kw):
    return torch.ones(*(shape or (3,)), requires_grad=True, **kw)


def test_a_function_has_its_gradient_and_its_name_in_the_graph():
    def scenario(torch):
        x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = cube(torch).apply(x)
        y.sum().backward()
        node = y.grad_fn
        print(y, type(node), type(node).__name__, node.name(), node.exponent, node.needs_input_grad)
        return x.grad, [n.name() for n, _ in node.next_functions], node._forward_cls.__name__, node.metadata

    agree(scenario)


def test_its_node_is_printed_as_pytorch_prints_it():
    def scenario(torch):
        return repr(cube(torch).apply(ones(torch)).grad_fn).split(" at ")[0]

    agree(scenario)


def test_a_backward_of_recorded_operators_can_be_differentiated_again():
    def scenario(torch):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = cube(torch).apply(x)
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        return g, h, torch.autograd.grad(h.sum(), x)

    agree(scenario)


def test_a_saved_output_has_its_place_in_the_graph_in_the_backward():
    def scenario(torch):
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            print(y, torch.is_grad_enabled(), y.grad_fn is ctx)
            return y * g

        x = ones(torch)
        y = make(torch, forward, backward).apply(x)
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return g, torch.autograd.grad(g.sum(), x)

    agree(scenario)


@pytest.mark.parametrize(
    "returned",
    [
        "g, g",
        "g, None",
        "(g[:2],)",
        "(g.expand(4, 3),)",
        "(g.sum(),)",
        "(g.double(),)",
        "(g.long(),)",
        "(g * 1j,)",
        "(None,)",
        "3.0",
        "[g]",
        "()",
    ],
)
def test_what_the_backward_returns_is_checked(returned):
    def scenario(torch):
        function = make(torch, lambda ctx, x: x * 2, lambda ctx, g: eval(returned, {"g": g}))
        x = ones(torch)
        function.apply(x).sum().backward()
        return x.grad

    agree(scenario)


def test_a_gradient_for_what_is_no_tensor_is_an_error():
    def scenario(torch):
        make(torch, lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(ones(torch), 2).sum().backward()

    agree(scenario, raises=True)


def test_too_few_gradients_are_an_error():
    def scenario(torch):
        make(torch, lambda ctx, x, n: x * n, lambda ctx, g: g).apply(ones(torch), 2).sum().backward()

    agree(scenario, raises=True)


@pytest.mark.parametrize(
    "call",
    [
        "Cube()",
        "Cube()(x)",
        "Cube.apply()",
        "torch.autograd.Function.apply(x)",
        "Cube.apply(x).sum().backward()",
    ],
)
def test_wrong_ways_to_use_a_function_say_so(call):
    def scenario(torch):
        eval(call, {"torch": torch, "Cube": make(torch, lambda ctx, x: x * 2), "x": ones(torch)})

    def comparable(torch):
        # The class's module differs in the warning's text.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                scenario(torch)
            finally:
                print([w.category.__name__ for w in caught])

    agree(comparable)


def test_old_methods_without_staticmethod_still_work():
    def scenario(torch):
        class Old(torch.autograd.Function):
            def forward(self, x):
                return x * 2

            def backward(self, g):
                return g * 7

        x = ones(torch)
        Old.apply(x).sum().backward()
        return x.grad

    agree(scenario)


def test_setup_context_separates_the_forward_from_what_it_keeps():
    def scenario(torch):
        def setup_context(ctx, inputs, output):
            print(inputs, output)
            ctx.save_for_backward(inputs[0])
            ctx.n = inputs[1]

        function = make(
            torch,
            lambda x, n=3: x**n,
            lambda ctx, g: (g * ctx.n * ctx.saved_tensors[0] ** (ctx.n - 1), None),
            setup_context=setup_context,
        )
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = function.apply(x)
        z = function.apply(x, n=2)
        (y + z).sum().backward()
        return x.grad

    agree(scenario)


def test_a_missing_argument_is_named():
    def scenario(torch):
        make(torch, lambda x, n: x, lambda ctx, g: g, setup_context=lambda ctx, i, o: None).apply(ones(torch))

    agree(scenario, raises=True)


def test_vjp_is_another_name_of_backward_and_both_are_too_many():
    def scenario(torch):
        x = ones(torch)
        make(torch, lambda ctx, x: x * 2, vjp=lambda ctx, g: g * 2).apply(x).sum().backward()
        print(x.grad)
        make(torch, lambda ctx, x: x * 2, lambda ctx, g: g, vjp=lambda ctx, g: g).apply(x).sum().backward()

    agree(scenario, raises=True)


@pytest.mark.parametrize("saved", ["x, 3", "[x]", "x, None"])
def test_only_tensors_and_none_can_be_saved(saved):
    def scenario(torch):
        def forward(ctx, x):
            ctx.save_for_backward(*eval(f"({saved},)", {"x": x}))
            return x * 2

        def backward(ctx, g):
            print(ctx.saved_tensors)
            return g

        make(torch, forward, backward).apply(ones(torch)).sum().backward()

    agree(scenario)


def test_saved_tensors_are_freed_after_use():
    def scenario(torch):
        y = cube(torch).apply(ones(torch)).sum()
        y.backward(retain_graph=True)
        y.backward()
        y.backward()

    agree(scenario, raises=True)


def test_a_function_that_saved_nothing_runs_backward_twice():
    def scenario(torch):
        x = ones(torch)
        y = make(torch, lambda ctx, x: x * 2, lambda ctx, g: g).apply(x)
        y.backward(torch.ones(3))
        y.backward(torch.ones(3))
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("what", ["input", "output"])
def test_a_saved_tensor_that_was_written_to_is_noticed(what):
    def scenario(torch):
        def forward(ctx, x):
            y = x * 2
            ctx.save_for_backward(x if what == "input" else y)
            return y

        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

        x = ones(torch) * 1
        y = make(torch, forward, backward).apply(x)
        (x if what == "input" else y).mul_(2)
        y.sum().backward()

    agree(scenario, raises=True)


def test_an_input_that_was_written_to_is_marked_dirty():
    def scenario(torch):
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        function = make(torch, forward, lambda ctx, g: g * 2)
        x = ones(torch)
        y = x * 1
        z = function.apply(y)
        z.sum().backward()
        part = (ones(torch) * 1)[:2]
        part_of = function.apply(part)
        return z is y, type(y.grad_fn).__name__, y._version, x.grad, part_of is part, type(part.grad_fn).__name__

    agree(scenario)


def test_a_view_that_was_written_to_rewrites_its_base():
    def scenario(torch):
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        x = ones(torch)
        base = x * 1
        make(torch, forward, lambda ctx, g: g * 20).apply(base[:2])
        base.sum().backward()
        return base, x.grad, base._version

    agree(scenario)


@pytest.mark.parametrize("given", ["leaf", "view", "not returned", "not an input", "no tensor"])
def test_dirty_inputs_are_checked(given):
    def scenario(torch):
        def forward(ctx, x):
            if given == "no tensor":
                ctx.mark_dirty(3)
                return x
            if given == "not an input":
                new = torch.ones(3)
                ctx.mark_dirty(new)
                return new
            ctx.mark_dirty(x)
            x.mul_(2)
            if given == "not returned":
                return x * 1
            return (x, x * 3) if given == "view" else x

        x = ones(torch)
        if given == "view":
            x = (x * 1)[:2]
        elif given != "leaf":
            x = x * 1
        make(torch, forward, lambda ctx, *g: g[0]).apply(x)

    if given == "no tensor":  # PyTorch's text ends in the middle
        with pytest.raises(RuntimeError, match="mark_dirty can only accept variables, but argument"):
            scenario(adjoint)
    else:
        agree(scenario)


def test_one_dirty_input_among_several_outputs():
    def scenario(torch):
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x, x * 3

        x = ones(torch)
        y = x * 1
        a, b = make(torch, forward, lambda ctx, g, h: g * 2 + h * 6).apply(y)
        (a + b).sum().backward()
        return a is y, b, x.grad, y._version, a.output_nr, b.output_nr

    agree(scenario)


def test_an_input_returned_as_it_is_becomes_a_view_with_its_own_history():
    def scenario(torch):
        identity = make(torch, lambda ctx, x: x, lambda ctx, g: g * 5)
        x = ones(torch)
        y = identity.apply(x)
        y.sum().backward()
        plain = torch.ones(3)
        z = identity.apply(plain)
        return y, y is x, y._is_view(), y._base is x, x.grad, y.data_ptr() == x.data_ptr(), z is plain, z._is_view()

    agree(scenario)


@pytest.mark.parametrize("returned", ["x", "x[:2]", "(x[:2], x[1:])"])
def test_a_view_made_by_a_function_cannot_be_written_to(returned):
    def scenario(torch):
        def forward(ctx, x):
            return eval(returned, {"x": x})

        y = make(torch, forward, lambda ctx, *g: g[0]).apply(ones(torch) * 1)
        y = y[0] if isinstance(y, tuple) else y
        print(y, y._is_view())
        y.mul_(2)

    agree(scenario, raises=True)


def test_anything_can_go_in_and_come_out():
    def scenario(torch):
        def backward(ctx, *grads):
            print(grads)
            return grads[0], None

        function = make(torch, lambda ctx, x, n: (x * 2, "text", [x], None, n), backward)
        x = ones(torch)
        found = function.apply(x, 5)
        found[0].sum().backward()
        return found, x.grad, found[0].output_nr, len(found[0].grad_fn.next_functions)

    agree(scenario)


@pytest.mark.parametrize("returned", ["()", "None", "[x * 2]", "(x * 2,)", "(x, x)"])
def test_outputs_of_other_forms(returned):
    def scenario(torch):
        def forward(ctx, x):
            return eval(returned, {"x": x})

        return make(torch, forward, lambda ctx, *g: g[0]).apply(ones(torch) * 1)

    agree(scenario)


def test_outputs_that_have_no_gradient():
    def scenario(torch):
        def forward(ctx, x):
            index, other = x.argmax(), x * 3
            ctx.mark_non_differentiable(index, other)
            return x * 2, index, other

        def backward(ctx, *grads):
            print(grads)
            return grads[0]

        x = ones(torch)
        found = make(torch, forward, backward).apply(x)
        found[0].sum().backward()
        return found, x.grad

    agree(scenario)


def test_an_input_returned_as_not_differentiable():
    def scenario(torch):
        def forward(ctx, x):
            ctx.mark_non_differentiable(x)
            return x

        x = ones(torch)
        y = make(torch, forward, lambda ctx, g: g).apply(x)
        return y, y is x, x.requires_grad, y._is_view()

    agree(scenario)


@pytest.mark.parametrize("materialize", [True, False])
@pytest.mark.parametrize("used", [0, 1])
def test_gradients_of_unused_outputs_are_zeros_or_none(materialize, used):
    def scenario(torch):
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        def backward(ctx, *grads):
            print(grads)
            return grads[0]

        x = ones(torch)
        make(torch, forward, backward).apply(x)[used].sum().backward()
        return x.grad

    agree(scenario)


def test_once_differentiable_fails_at_the_second_differentiation():
    def scenario(torch):
        from importlib import import_module

        once = import_module(torch.__name__ + ".autograd.function").once_differentiable
        function = make(torch, lambda ctx, x: x * x, once(lambda ctx, g: g * 2))
        x = ones(torch)
        function.apply(x).sum().backward()
        print(x.grad)
        y = ones(torch)
        (g,) = torch.autograd.grad(function.apply(x * 1), x, y, create_graph=True)
        print(g.requires_grad)
        g.sum().backward()

    agree(scenario, raises=True)


def test_grad_mode_is_off_in_the_forward_and_as_asked_in_the_backward():
    def scenario(torch):
        def forward(ctx, x):
            print(torch.is_grad_enabled(), ctx.needs_input_grad)
            return x * 2

        def backward(ctx, g):
            print(torch.is_grad_enabled())
            return g * 2

        function = make(torch, forward, backward)
        x = ones(torch)
        function.apply(x).sum().backward()
        torch.autograd.grad(function.apply(x).sum(), x, create_graph=True)
        with torch.no_grad():
            return function.apply(x)

    agree(scenario)


def test_a_graph_made_inside_the_forward_is_not_the_functions():
    def scenario(torch):
        def forward(ctx, x):
            with torch.enable_grad():
                inner = x.detach().requires_grad_()
                out = (inner * inner).sum()
            ctx.save_for_backward(inner, out)
            ctx.graph = out
            return out.detach()

        def backward(ctx, g):
            inner, _ = ctx.saved_tensors
            return torch.autograd.grad(ctx.graph, inner, g)[0]

        x = torch.tensor([1.0, 2.0], requires_grad=True)
        make(torch, forward, backward).apply(x).backward()
        return x.grad

    agree(scenario)


def test_a_backward_may_run_another_backward():
    def scenario(torch):
        def backward(ctx, g):
            with torch.enable_grad():
                y = torch.ones(3, requires_grad=True)
                (y * y).sum().backward()
            return g * y.grad

        x = ones(torch)
        z = (make(torch, lambda ctx, x: x * 2, backward).apply(x) * 3).sum()
        z.backward()
        return x.grad

    agree(scenario)


def test_an_error_in_a_backward_leaves_the_engine_usable():
    def scenario(torch):
        def backward(ctx, g):
            raise ValueError("boom")

        x = ones(torch)
        try:
            make(torch, lambda ctx, x: x * 2, backward).apply(x).sum().backward()
        except ValueError as error:
            print(error, torch.is_grad_enabled())
        (x * 2).sum().backward()
        return x.grad

    agree(scenario)


def test_mixed_dtypes_and_complex_inputs():
    def scenario(torch):
        function = make(torch, lambda ctx, a, b: a * b, lambda ctx, g: (g, g))
        a = torch.ones(2, dtype=torch.complex64, requires_grad=True)
        b = torch.ones(2, dtype=torch.complex64, requires_grad=True)
        function.apply(a, b).abs().sum().backward()
        h = torch.ones(2, dtype=torch.float64, requires_grad=True)
        make(torch, lambda ctx, a: a.float(), lambda ctx, g: g).apply(h).sum().backward()
        return a.grad, b.grad, h.grad

    agree(scenario)


def test_an_integer_output_does_not_require_grad():
    def scenario(torch):
        return make(torch, lambda ctx, x: x.long(), lambda ctx, g: g).apply(ones(torch))

    agree(scenario)


def test_hooks_see_the_gradients_of_a_function():
    def scenario(torch):
        x = ones(torch)
        y = cube(torch).apply(x * 2)
        y.register_hook(lambda g: print("tensor", g))
        y.grad_fn.register_prehook(lambda gs: print("pre", gs))
        y.grad_fn.register_hook(lambda gi, go: print("post", gi, go))
        y.sum().backward()
        return x.grad

    agree(scenario)


def test_saved_tensor_hooks_pack_what_a_function_saves():
    def scenario(torch):
        def pack(t):
            print("pack", t.tolist())
            return t.tolist()

        def unpack(values):
            print("unpack", values)
            return torch.tensor(values)

        x = torch.tensor([1.0, 2.0], requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = cube(torch).apply(x)
        y.sum().backward()
        return x.grad

    agree(scenario)


def test_memory_is_freed_with_the_output_and_without_the_garbage_collector():
    import gc
    import weakref

    gc.disable()
    try:
        saved = []

        def forward(ctx, x):
            y = x * 2
            ctx.save_for_backward(x, y)
            saved.append(weakref.ref(ctx))
            return y

        y = make(adjoint, forward, lambda ctx, g: g).apply(ones(adjoint))
        assert saved[0]() is not None
        del y
        assert saved[0]() is None
    finally:
        gc.enable()


def test_variable_is_the_old_name_of_a_tensor():
    def scenario(torch):
        variable = torch.autograd.Variable
        x = torch.ones(2, requires_grad=True)
        v = variable(x)
        print(v is x, v.requires_grad, isinstance(x, variable), isinstance(3, variable))
        errors = []
        for args in ((3,), (torch.ones(2).long(), True)):
            try:
                variable(*args)
            except (TypeError, RuntimeError) as error:
                errors.append((type(error).__name__, str(error)))
        return errors, variable(torch.ones(2), requires_grad=True), variable(torch.ones(2), volatile=True)

    agree(scenario)
