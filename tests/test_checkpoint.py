"""torch.utils.checkpoint: parts of the forward that are computed again in the backward."""

from __future__ import annotations

import importlib

import pytest

import adjoint
from tests.both import agree


def module(torch):
    return importlib.import_module(torch.__name__ + ".utils.checkpoint")


def inputs(torch):
    return torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)


VARIANTS = pytest.mark.parametrize("reentrant", [True, False])


@VARIANTS
def test_the_gradients_are_those_without_a_checkpoint(reentrant):
    def scenario(torch):
        x, y = inputs(torch)

        def part(a, b):
            print("runs", torch.is_grad_enabled())
            return (a * b).exp() * a

        out = module(torch).checkpoint(part, x * 2, y, use_reentrant=reentrant)
        (out * 3).sum().backward()
        return out, x.grad, y.grad

    agree(scenario)


def test_without_use_reentrant_there_is_a_warning():
    def scenario(torch):
        x, _ = inputs(torch)
        module(torch).checkpoint(lambda a: a * a, x).sum().backward()
        module(torch).checkpoint_sequential([lambda a: a * a, lambda a: a * 2], 2, x).sum().backward()
        return x.grad

    agree(scenario)


@VARIANTS
def test_random_numbers_are_drawn_again(reentrant):
    def scenario(torch):
        torch.manual_seed(3)
        x, _ = inputs(torch)

        def part(a):
            r = torch.rand(2)
            return a * r * a

        out = module(torch).checkpoint(part, x, use_reentrant=reentrant)
        after = torch.rand(2)
        out.sum().backward()
        return x.grad, after, torch.rand(2)

    agree(scenario)


def test_preserve_rng_state_can_be_off():
    def scenario(torch):
        torch.manual_seed(3)
        x, _ = inputs(torch)
        out = module(torch).checkpoint(
            lambda a: a * torch.rand(2) * a, x, use_reentrant=False, preserve_rng_state=False
        )
        out.sum().backward()
        return x.grad, torch.rand(2)

    agree(scenario)


def test_keyword_arguments_and_structures_pass_through():
    def scenario(torch):
        x, y = inputs(torch)
        out = module(torch).checkpoint(
            lambda a, pair, *, scale: {"out": a * pair["b"] * scale, "n": 3},
            x,
            {"b": y},
            scale=2.0,
            use_reentrant=False,
        )
        out["out"].sum().backward()
        print(out["n"], x.grad, y.grad)
        module(torch).checkpoint(lambda a: a, x, scale=2, use_reentrant=True)

    agree(scenario, raises=True)


def test_recomputation_stops_early_unless_told_not_to():
    def scenario(torch):
        checkpoint = module(torch)

        def part(a):
            b = a * a
            print("after the last saved tensor")
            return b + 1

        x, _ = inputs(torch)
        checkpoint.checkpoint(part, x, use_reentrant=False).sum().backward()
        checkpoint.checkpoint(part, x, use_reentrant=False, early_stop=False).sum().backward()
        with checkpoint.set_checkpoint_early_stop(False):
            out = checkpoint.checkpoint(part, x, use_reentrant=False)
        out.sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("difference", ["more", "fewer", "shape", "dtype"])
@pytest.mark.parametrize("check", ["default", "none"])
def test_a_second_run_that_differs_is_noticed(difference, check):
    def scenario(torch):
        runs = []

        def part(a):
            runs.append(1)
            first = len(runs) == 1
            if difference == "more":
                return a.exp() if first else (a.exp() * a).exp()
            if difference == "fewer":
                return (a.exp() * a).exp() if first else a.exp()
            if difference == "shape":
                return (a if first else torch.cat([a, a])).exp().sum()
            return (a if first else a.double()).exp().sum()

        x, _ = inputs(torch)
        out = module(torch).checkpoint(part, x, use_reentrant=False, determinism_check=check, early_stop=False)
        try:
            out.sum().backward()
        except RuntimeError as error:
            return type(error).__name__, str(error).split("\n\nTip")[0].split("\n\n\nTip")[0].strip()
        return x.grad.shape

    if check == "none" and difference in ("shape", "dtype"):
        return  # then anything may happen
    agree(scenario)


def test_the_graph_can_be_retained():
    def scenario(torch):
        x, _ = inputs(torch)

        def part(a):
            print("runs")
            return a * a * a

        out = module(torch).checkpoint(part, x, use_reentrant=False).sum()
        out.backward(retain_graph=True)
        out.backward()
        return x.grad

    agree(scenario)


def test_second_derivatives_pass_through():
    def scenario(torch):
        x, _ = inputs(torch)
        out = module(torch).checkpoint(lambda a: a * a * a, x, use_reentrant=False)
        (g,) = torch.autograd.grad(out.sum(), x, create_graph=True)
        return torch.autograd.grad(g.sum(), x)

    agree(scenario)


@VARIANTS
def test_grad_works_without_reentrance_only(reentrant):
    def scenario(torch):
        x, _ = inputs(torch)
        out = module(torch).checkpoint(lambda a: a * a, x, use_reentrant=reentrant)
        return torch.autograd.grad(out.sum(), x)

    agree(scenario, raises=reentrant)


@VARIANTS
def test_checkpoints_nest(reentrant):
    def scenario(torch):
        checkpoint = module(torch).checkpoint
        x, _ = inputs(torch)

        def inner(a):
            return (a * a).exp()

        def outer(a):
            b = checkpoint(inner, a * 0.5, use_reentrant=reentrant)
            return checkpoint(inner, b * a, use_reentrant=reentrant) * a

        out = checkpoint(outer, x * 0.1, use_reentrant=reentrant)
        out.sum().backward()
        return out, x.grad

    agree(scenario)


def test_an_input_that_was_written_to_is_noticed():
    def scenario(torch):
        x, _ = inputs(torch)
        y = x * 1
        out = module(torch).checkpoint(lambda a: a * a, y, use_reentrant=False)
        y.mul_(2)
        out.sum().backward()

    def text_without_position(torch):
        try:
            scenario(torch)
        except RuntimeError as error:
            return str(error)[:90]

    agree(text_without_position)


def test_contexts_surround_both_runs():
    def scenario(torch):
        import contextlib

        @contextlib.contextmanager
        def say(text):
            print("enter", text)
            yield
            print("exit", text)

        x, _ = inputs(torch)
        out = module(torch).checkpoint(
            lambda a: a * a,
            x,
            use_reentrant=False,
            context_fn=lambda: (say("forward"), say("again")),
            early_stop=False,
        )
        out.sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize(
    "options",
    [
        {"use_reentrant": True, "debug": True},
        {"use_reentrant": True, "context_fn": lambda: None},
        {"use_reentrant": False, "determinism_check": "always"},
        {"use_reentrant": False, "debug": True, "context_fn": lambda: None},
        {"use_reentrant": True, "something": 1},
    ],
)
def test_wrong_options_are_errors(options):
    def scenario(torch):
        module(torch).checkpoint(lambda a: a * a, inputs(torch)[0], **options)

    agree(scenario, raises=True)


def test_without_grad_mode_nothing_is_kept():
    def scenario(torch):
        x, _ = inputs(torch)
        with torch.no_grad():
            return module(torch).checkpoint(lambda a: a * a, x, use_reentrant=False)

    agree(scenario)


@VARIANTS
def test_inputs_without_grad(reentrant):
    def scenario(torch):
        w, _ = inputs(torch)
        out = module(torch).checkpoint(lambda a: a * w, torch.ones(2), use_reentrant=reentrant)
        if out.requires_grad:
            out.sum().backward()
        return out, w.grad

    agree(scenario)


@VARIANTS
def test_a_chain_is_cut_into_segments(reentrant):
    def scenario(torch):
        x, _ = inputs(torch)

        def times(n):
            def f(a):
                print(n)
                return a * a * n

            return f

        out = module(torch).checkpoint_sequential(
            [times(n) for n in (1, 2, 3, 4, 5)], 2, x * 0.1, use_reentrant=reentrant
        )
        out.sum().backward()
        return out, x.grad

    agree(scenario)


def test_a_debugged_checkpoint_says_what_both_runs_did():
    runs = []

    def part(a):
        runs.append(1)
        return a.exp() if len(runs) == 1 else (a.exp() * a).exp()

    x, _ = inputs(adjoint)
    checkpoint = module(adjoint)
    with checkpoint.set_checkpoint_debug_enabled(True):
        out = checkpoint.checkpoint(part, x, use_reentrant=False, early_stop=False)
    with pytest.raises(checkpoint.CheckpointError, match="Operations executed during recomputation") as error:
        out.sum().backward()
    assert "exp(torch.float32[2])   (1 of 1)" in str(error.value) and "mul(" in str(error.value)
    assert "test_checkpoint.py" in str(error.value)


def test_memory_holds_nothing_of_the_part_between_forward_and_backward():
    import weakref

    seen = []

    def part(a):
        b = a.exp()
        seen.append(weakref.ref(b))
        return b * b

    x, _ = inputs(adjoint)
    out = module(adjoint).checkpoint(part, x, use_reentrant=False).sum()
    assert seen[0]() is None
    out.backward()
    assert len(seen) == 2 and seen[1]() is None


def test_what_does_not_lead_to_a_leaf_it_looks_at_is_saved_with_a_graph_too():
    def scenario(torch):
        leaf = torch.ones(2, 2, requires_grad=True)
        with torch.no_grad():
            part = leaf.chunk(1)[0]
        checkpoint = importlib.import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
        out = checkpoint(lambda t, u: (t * u).tanh(), leaf, part, use_reentrant=False)
        return torch.autograd.grad(out.sum(), leaf, create_graph=True)[0].detach()

    agree(scenario)
