"""What the ``jvp`` of a Function may return: what the forward did to an input, it does to that input's tangent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree


def function(torch: Any, forward: Any, jvp: Any, dirty: bool = False, fixed: int | None = None) -> Any:
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            made = forward(*inputs)
            if dirty:
                ctx.mark_dirty(inputs[0])
            if fixed is not None:
                ctx.mark_non_differentiable(made[fixed])
            return made

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            return gradients

        @staticmethod
        def jvp(ctx: Any, *tangents: Any) -> Any:
            return jvp(*tangents)

    return Own


# the forward, the jvp, whether the input is written to, which output has no gradient
FUNCTIONS: dict[str, tuple[Any, Any, bool, int | None]] = {
    "a product": (lambda a: a * 2, lambda t: t * 2, False, None),
    "too few": (lambda a: (a * 2, a * 3), lambda t: t * 2, False, None),
    "too many": (lambda a: a * 2, lambda t: (t * 2, t), False, None),
    "too many, of none": (lambda a: a * 2, lambda t: (t * 2, None), False, None),
    "no tensor": (lambda a: a * 2, lambda t: 3.0, False, None),
    "another shape": (lambda a: a * 2, lambda t: t[:2], False, None),
    "none for what has none": (lambda a: (a * 2, a * 3), lambda t: (t, None), False, 1),
    "one for what has none": (lambda a: (a * 2, a * 3), lambda t: (t, t * 1), False, 1),
    "none of integers": (lambda a: (a * 2, a.long()), lambda t: (t, None), False, None),
    "one of integers": (lambda a: (a * 2, a.long()), lambda t: (t, t * 1), False, None),
    "none of another thing": (lambda a: (a * 2, "thing"), lambda t: (t, None), False, None),
    "the input, a view": (lambda a: a, lambda t: t.view_as(t), False, None),
    "the input, itself": (lambda a: a, lambda t: t, False, None),
    "the input, a new one": (lambda a: a, lambda t: t * 2, False, None),
    "a view, a view": (lambda a: a[:2], lambda t: t[:2], False, None),
    "a view, a new one": (lambda a: a[:2], lambda t: t[:2].clone(), False, None),
    "a view, a view of another": (lambda a: a[:2], lambda t: t[:2].clone().view(2), False, None),
    "written, written": (lambda a: a.mul_(2), lambda t: t.mul_(2), True, None),
    "written, the same": (lambda a: a.mul_(2), lambda t: t, True, None),
    "written, a new one": (lambda a: a.mul_(2), lambda t: t * 2, True, None),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_jvp_returns_what_stands_for_the_outputs(name: str) -> None:
    forward, jvp, dirty, fixed = FUNCTIONS[name]

    def scenario(torch: Any) -> Any:
        forward_ad = torch.autograd.forward_ad
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(torch.tensor([1.0, 2.0, 3.0]), torch.ones(3))
            made = function(torch, forward, jvp, dirty, fixed).apply(dual)
            outputs = made if isinstance(made, tuple) else (made,)
            found = [tuple(forward_ad.unpack_dual(o)) if isinstance(o, torch.Tensor) else o for o in outputs]
            return found, forward_ad.unpack_dual(dual).tangent, [o is dual for o in outputs]

    agree(scenario, warnings_too=False)


def test_a_written_input_gets_a_tangent_of_its_own_and_others_keep_theirs() -> None:
    """PyTorch's ``x + 1`` has a copy of x's tangent; Adjoint's has the same one, which the jvp must not write to."""

    def scenario(torch: Any) -> Any:
        forward_ad = torch.autograd.forward_ad
        with forward_ad.dual_level():
            x = forward_ad.make_dual(torch.ones(2), torch.ones(2))
            y = x + 1
            z = function(torch, lambda a: a.mul_(3), lambda t: t.mul_(3), dirty=True).apply(y)
            return [forward_ad.unpack_dual(t).tangent for t in (x, y, z)]

    agree(scenario)


def test_an_int_argument_has_no_tangent() -> None:
    def scenario(torch: Any) -> Any:
        own = function(torch, lambda a, b: a * b, lambda t, u: t * 2 if u is None else t)
        forward_ad = torch.autograd.forward_ad
        with forward_ad.dual_level():
            made = own.apply(forward_ad.make_dual(torch.ones(2), torch.ones(2)), torch.tensor(2))
            return forward_ad.unpack_dual(made).tangent

    agree(scenario)


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("saved", ["input", "output"])
@pytest.mark.parametrize("by", ["save_for_backward", "save_for_forward"])
@pytest.mark.parametrize("written", [True, False])
def test_an_input_that_is_returned_is_not_saved(written: bool, by: str, saved: str, requires_grad: bool) -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(x: Any) -> Any:
                return x

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                if written:
                    ctx.mark_dirty(inputs[0])
                getattr(ctx, by)(inputs[0] if saved == "input" else output)

            @staticmethod
            def backward(ctx: Any, gradient: Any) -> Any:
                return gradient

        return Own.apply(torch.tensor(2.0, requires_grad=requires_grad).clone())

    agree(scenario, raises=not written)


LAID: dict[str, Any] = {
    "as the primal": lambda t: (t.ones(2), t.ones(2)),
    "in a larger memory": lambda t: (t.ones(5)[:4], t.ones(4)),
    "turned": lambda t: (t.ones(2, 3).t(), t.ones(3, 2)),
    "with steps": lambda t: (t.ones(4)[::2], t.ones(2)),
    "of one row": lambda t: (t.ones(1, 3), t.ones(3, 1).t()),
    "conjugate": lambda t: (t.ones(2, dtype=t.complex64).conj(), t.ones(2, dtype=t.complex64)),
    "both conjugate": lambda t: (t.ones(2, dtype=t.complex64).conj(), t.ones(2, dtype=t.complex64).conj()),
    "of another dtype": lambda t: (t.ones(2), t.ones(2).double()),
    "of nothing": lambda t: (t.ones(0, 3), t.ones(3, 0).t()),
}


@pytest.mark.parametrize("name", LAID)
def test_a_tangent_lies_as_its_primal_does(name: str) -> None:
    def scenario(torch: Any) -> Any:
        forward_ad = torch.autograd.forward_ad
        primal, tangent = LAID[name](torch)
        with forward_ad.dual_level():
            found = forward_ad.unpack_dual(forward_ad.make_dual(primal, tangent)).tangent
            memory = found.stride(), found.storage_offset(), found.untyped_storage().nbytes(), found.is_conj()
            return found is tangent, memory if found.numel() else None, found

    agree(scenario)


def test_a_look_past_a_dual_tensors_end_has_a_tangent() -> None:
    def scenario(torch: Any) -> Any:
        forward_ad = torch.autograd.forward_ad
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(torch.ones(5)[:4], torch.arange(4.0))
            return forward_ad.unpack_dual(dual.as_strided((5,), (1,), 0)).tangent

    agree(scenario)


def _off(torch: Any, on: bool = False) -> Any:
    return torch.autograd.forward_ad._set_fwd_grad_enabled(on)


def _inner(torch: Any, f: Any, x: Any) -> Any:
    return torch.func.jvp(f, (x,), (torch.tensor(1.0),))[1]


def _outer_off(torch: Any, x: Any) -> Any:
    with _off(torch):
        y = _inner(torch, torch.sin, x)
    return x**2 + y


def _both_off(torch: Any, x: Any) -> Any:
    def f(t: Any) -> Any:
        with _off(torch):
            square = t**2
        with _off(torch, True):
            cube = t**3
        return square + cube

    with _off(torch):
        y = _inner(torch, f, x)
    return x**2 + y


SWITCHED: dict[str, Any] = {
    "around a jvp": lambda t, x: (_off(t), _inner(t, t.sin, x), _off(t, True))[1],
    "between two": lambda t, x: _inner(t, lambda s: _outer_off(t, s), x),
    "between two and inside": lambda t, x: _inner(t, lambda s: _both_off(t, s), x),
    "what is on": lambda t, x: [t.autograd.forward_ad._is_fwd_grad_enabled(), t._C._is_fwd_grad_enabled()],
    "the level's number": lambda t, x: t.autograd.forward_ad._current_level,
}


@pytest.mark.parametrize("name", SWITCHED)
def test_a_jvp_does_not_mind_that_forward_mode_was_off_before_it(name: str) -> None:
    agree(lambda torch: SWITCHED[name](torch, torch.tensor(0.5)))


REFUSED: dict[str, Any] = {
    "a tangent with a tangent": lambda t, f: f.make_dual(t.ones(2), f.make_dual(t.ones(2), t.ones(2))),
    "a second tangent": lambda t, f: f.make_dual(f.make_dual(t.ones(2), t.ones(2)), t.ones(2)),
    "integers": lambda t, f: f.make_dual(t.ones(2, dtype=t.long), t.ones(2)),
    "integers for a tangent": lambda t, f: f.make_dual(t.ones(2), t.ones(2, dtype=t.long)),
    "another size": lambda t, f: f.make_dual(t.ones(2), t.ones(3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_dual_tensor(name: str) -> None:
    def scenario(torch: Any) -> Any:
        with torch.autograd.forward_ad.dual_level():
            REFUSED[name](torch, torch.autograd.forward_ad)

    agree(scenario, raises=True)


def test_a_view_made_by_a_function_without_recording_follows_its_base() -> None:
    def scenario(torch: Any) -> Any:
        own = function(torch, lambda x: x[:], lambda t: t)
        x = torch.ones(2, requires_grad=True)
        with torch.no_grad():
            made = own.apply(x)
        print(made.requires_grad)
        made.zero_()

    agree(scenario, raises=True)


def test_what_is_differentiable_once_has_an_error_for_its_history() -> None:
    def scenario(torch: Any) -> Any:
        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, number: int, y: Any) -> Any:
                return x * number + y

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx: Any, g: Any) -> Any:
                return g, None, g * 2

        x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        (g,) = torch.autograd.grad(Own.apply(x, 2, y), x, torch.ones(2, requires_grad=True), create_graph=True)
        print(type(g.grad_fn).__name__, g.grad_fn.name(), [n[0] and n[0].name() for n in g.grad_fn.next_functions])
        g.sum().backward()

    agree(scenario, raises=True)
