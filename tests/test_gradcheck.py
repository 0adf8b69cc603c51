"""torch.autograd.gradcheck and gradgradcheck."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree


def x64(torch, *shape):
    return torch.rand(*(shape or (3,)), dtype=torch.float64, requires_grad=True)


def wrong(torch, factor=1.5):
    """A Function whose gradient is wrong by a factor."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * factor * ctx.saved_tensors[0]

    return Wrong.apply


MODES = pytest.mark.parametrize("fast", [False, True])


@MODES
def test_right_gradients_pass(fast):
    def scenario(torch):
        x, y = x64(torch), x64(torch, 2, 3)
        check, second = torch.autograd.gradcheck, torch.autograd.gradgradcheck
        return (
            check(lambda x: x * x * x, x, fast_mode=fast),
            check(lambda x, y: (x * y, x.exp()), (x, y), fast_mode=fast),
            check(lambda x, n: x * n, (x, 3), fast_mode=fast),
            second(lambda x: x * x * x, x, fast_mode=fast),
            second(lambda x, y: (x * y, x.exp()), (x, y), fast_mode=fast),
            second(lambda x: x * x * x, x, torch.rand(3, dtype=torch.float64, requires_grad=True), fast_mode=fast),
            second(lambda x: x.exp(), x, gen_non_contig_grad_outputs=True, fast_mode=fast),
            torch.rand(2),
        )

    agree(scenario)


@MODES
def test_complex_functions_pass(fast):
    def scenario(torch):
        z = torch.rand(3, dtype=torch.complex128, requires_grad=True)
        x = x64(torch)
        check, second = torch.autograd.gradcheck, torch.autograd.gradgradcheck
        return (
            check(lambda z: z * z, z, fast_mode=fast),
            check(lambda z: z.abs(), z, fast_mode=fast),
            check(lambda z, x: z * x, (z, x), fast_mode=fast),
            second(lambda z: z * z * z, z, fast_mode=fast),
            torch.rand(2),
        )

    agree(scenario)


def test_a_wrong_gradient_is_shown_with_both_jacobians():
    agree(lambda torch: torch.autograd.gradcheck(wrong(torch), x64(torch, 2)), raises=True)


def test_a_wrong_gradient_in_fast_mode():
    def scenario(torch):
        try:
            torch.autograd.gradcheck(wrong(torch), x64(torch, 2), fast_mode=True)
        except RuntimeError as error:
            # The last digits are those of another summation.
            import re

            return type(error).__name__, re.sub(r"\d+\.\d+(e-\d+)?", "#", str(error))

    agree(scenario)


def test_a_wrong_second_derivative_is_found():
    def scenario(torch):
        f = wrong(torch, 1.0)

        class Second(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return f(x)

            @staticmethod
            def backward(ctx, g):
                return g

        x = x64(torch, 2)
        print(torch.autograd.gradgradcheck(f, x, raise_exception=False))

        def first_is_right(x):
            return (x.detach() * 2) * x

        return torch.autograd.gradgradcheck(first_is_right, x, raise_exception=False)

    agree(scenario)


def test_wrong_complex_gradients_name_the_part():
    def scenario(torch):
        class Conj(torch.autograd.Function):
            @staticmethod
            def forward(ctx, z):
                return z * 2j

            @staticmethod
            def backward(ctx, g):
                return g * 2j

        z = torch.ones(1, dtype=torch.complex128, requires_grad=True)
        torch.autograd.gradcheck(Conj.apply, z)

    agree(scenario, tolerance=1e-4, raises=True)


def test_raise_exception_false_returns_false():
    agree(lambda torch: torch.autograd.gradcheck(wrong(torch), x64(torch), raise_exception=False))


@MODES
def test_functions_without_gradient(fast):
    def scenario(torch):
        x = x64(torch)
        results = []
        for f in (lambda x: x.detach() * 0 + 1, lambda x: x.detach() * 2):
            try:
                results.append(torch.autograd.gradcheck(f, x, check_undefined_grad=False, fast_mode=fast))
            except Exception as error:
                results.append((type(error).__name__, str(error)))
        return results[1]

    agree(scenario)


def test_inputs_are_checked():
    def scenario(torch):
        check = torch.autograd.gradcheck
        errors = []
        for inputs in (torch.ones(2), torch.ones(2, requires_grad=True).expand(3, 2), ()):
            try:
                errors.append(check(lambda *x: x[0] * 2, inputs))
            except Exception as error:
                errors.append((type(error).__name__, str(error)))
        return errors

    agree(scenario)


def test_single_precision_is_warned_of():
    def scenario(torch):
        return torch.autograd.gradcheck(
            lambda x: x * 2, torch.ones(2, requires_grad=True), eps=1e-2, atol=1e-2, rtol=1e-2
        )

    agree(scenario)


@pytest.mark.parametrize(
    "options",
    [
        {"check_backward_ad": False},
        {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
        {"check_batched_forward_grad": True},
    ],
)
def test_options_that_contradict_each_other(options):
    agree(lambda torch: torch.autograd.gradcheck(lambda x: x * 2, x64(torch), **options), raises=True)


def test_a_backward_that_differs_from_run_to_run_is_found():
    def scenario(torch):
        runs = []

        class Jitter(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                runs.append(1)
                return g * (2 + 1e-7 * len(runs))

        x = x64(torch)
        print(torch.autograd.gradcheck(Jitter.apply, x, nondet_tol=1e-3, check_undefined_grad=False))
        try:
            torch.autograd.gradcheck(Jitter.apply, x)
        except RuntimeError as error:
            return type(error).__name__, str(error).split("\n")[0]

    agree(scenario)


def test_a_backward_that_is_not_linear_in_its_gradient_is_found():
    def scenario(torch):
        class Affine(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                return g * 2 + (g == 0).all() * 1.0

        torch.autograd.gradcheck(Affine.apply, x64(torch))

    agree(scenario, raises=True)


def test_a_backward_that_cannot_take_undefined_gradients_is_found():
    def scenario(torch):
        class Two(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.set_materialize_grads(False)
                return x * 2, x * 3

            @staticmethod
            def backward(ctx, g, h):
                if g is None:
                    raise RuntimeError("no gradient")
                return g * 2 + (0 if h is None else h * 3)

        x = x64(torch)
        print(torch.autograd.gradcheck(Two.apply, x, check_undefined_grad=False))
        torch.autograd.gradcheck(Two.apply, x)

    agree(scenario, raises=True)


def test_forward_mode_is_compared_too():
    def scenario(torch):
        x, z = x64(torch), torch.rand(2, dtype=torch.complex128, requires_grad=True)
        check = torch.autograd.gradcheck
        return (
            check(lambda x: x.exp() * x, x, check_forward_ad=True),
            check(lambda x: x.exp() * x, x, check_forward_ad=True, fast_mode=True),
            check(lambda z: z * z, z, check_forward_ad=True),
            check(lambda x: x * x, x, check_forward_ad=True, check_backward_ad=False, check_batched_forward_grad=True),
            torch.autograd.gradgradcheck(lambda x: x * x * x, x, check_fwd_over_rev=True),
        )

    agree(scenario)


def test_batched_gradients_are_compared_too():
    def scenario(torch):
        x = x64(torch)
        return (
            torch.autograd.gradcheck(lambda x: x.exp() * x, x, check_batched_grad=True),
            torch.autograd.gradgradcheck(lambda x: x.exp() * x, x, check_batched_grad=True),
        )

    agree(scenario)


def test_the_names_can_be_imported_from_the_module():
    import adjoint
    from adjoint.autograd.gradcheck import GradcheckError, gradcheck

    assert adjoint.autograd.gradcheck is gradcheck
    assert issubclass(GradcheckError, RuntimeError)


@pytest.mark.parametrize("draws", [False, True])
def test_batches_of_tangents_go_through_functions_without_a_setup(draws: bool) -> None:
    def scenario(torch: Any) -> Any:
        class Twice(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            def vjp(ctx: Any, g: Any) -> Any:
                return g * 2

            @staticmethod
            def jvp(ctx: Any, t: Any) -> Any:
                if draws:
                    torch.randn_like(t)
                return t * 2

        x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
        try:
            return torch.autograd.gradcheck(Twice.apply, (x,), check_forward_ad=True, check_batched_forward_grad=True)
        except RuntimeError as error:
            return type(error).__name__, str(error).splitlines()[0]

    agree(scenario, raises=False)


def test_the_vmap_from_before_func() -> None:
    def scenario(torch: Any) -> Any:
        import importlib

        internals = importlib.import_module(f"{torch.__name__}._vmap_internals")
        x = torch.arange(6.0).reshape(2, 3)
        print(internals.vmap(lambda a: a.sum())(x))
        print(internals._vmap(lambda a, b: (a * b, None, b), (0, None), 0, allow_none_pass_through=True)(x, x[0]))
        try:
            internals._vmap(lambda a: torch.rand(2))(x)
        except RuntimeError as error:
            print(error)

    agree(scenario)
