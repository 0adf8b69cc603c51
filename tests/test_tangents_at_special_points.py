"""Forward mode and second derivatives where a formula divides by zero: as in reverse mode, and never NaN for nothing."""

from __future__ import annotations

import pytest
from both import agree, torch

import adjoint

OF_COMPLEX = {
    "angle": lambda t, z: t.angle(z),
    "sgn": lambda t, z: t.sgn(z),
    "abs": lambda t, z: z.abs(),
    "norm of order 1": lambda t, z: z.norm(1),
    "norm": lambda t, z: z.norm(),
    "power": lambda t, z: z**z.detach(),
}
OF_CONSTANTS = {
    "std": lambda t, x: x.std(),
    "std of rows": lambda t, x: x.std(0, keepdim=True),
    "std and mean": lambda t, x: t.std_mean(x),
    "var": lambda t, x: x.var(),
    "copysign": lambda t, x: t.copysign(x - 2, t.ones_like(x)),
    "norm": lambda t, x: (x - 2).norm(),
    "distance": lambda t, x: t.dist(x, t.full_like(x, 2.0)),
}


@pytest.mark.parametrize("name", OF_COMPLEX)
def test_at_a_complex_zero_the_tangent_is_pytorchs(name):
    def scenario(t):
        z = t.tensor([0, 1 + 1j, 0, -2], dtype=t.complex128)
        f = lambda x: OF_COMPLEX[name](t, x)
        return t.func.jvp(f, (z,), (z + 1 + 0.5j,))[1]

    agree(scenario, raises=False)


@pytest.mark.parametrize("name", OF_CONSTANTS)
def test_of_equal_numbers_the_tangent_is_pytorchs(name):
    def scenario(t):
        x = t.full((4,), 2.0, dtype=t.float64)
        return t.func.jvp(lambda x: OF_CONSTANTS[name](t, x), (x,), (t.arange(4.0, dtype=t.float64),))

    agree(scenario, raises=False)


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_the_sum_of_equal_exponents_is_curved(name):
    def scenario(t):
        x, y = t.tensor([0.0, 1.0, -2.0, 0.5], dtype=t.float64), t.tensor([0.0, 1.0, -2.0, 0.7], dtype=t.float64)
        f = lambda a: (getattr(t, name)(a, y) ** 2).sum()
        return t.func.hessian(f)(x), t.func.jacrev(t.func.jacrev(f))(x)

    agree(scenario, raises=False)


def test_a_power_of_exponent_0_has_its_mixed_derivative_in_either_order():
    """d/da d/db of a**b is 1/a at b = 0.  (PyTorch's is 0 in one of the orders.)"""
    a, b = adjoint.tensor([0.5, 2.0]), adjoint.zeros(2)
    f = lambda a, b: (a**b).sum()
    func = adjoint.func
    for first in (func.jacrev, func.jacfwd):
        for second in (func.jacrev, func.jacfwd):
            assert adjoint.allclose(first(second(f, 0), 1)(a, b), adjoint.diag(1 / a))
            assert adjoint.allclose(first(second(f, 1), 0)(a, b), adjoint.diag(1 / a))


def test_a_power_of_exponent_0_of_what_is_not_finite_has_no_slope():
    agree(
        lambda t: t.func.jacrev(lambda a: t.pow(a, t.zeros(4)).sum())(t.tensor([0.0, float("nan"), float("inf"), 2.0])),
        raises=False,
    )


def test_polar_numbers_turn_with_their_angle_also_at_0():
    """By their length the derivative is exp(i angle).  (PyTorch's forward mode says so; its backward has 0 at length 0.)"""
    angle = adjoint.tensor([0.3, 2.0, -1.0], dtype=adjoint.float64)
    length = adjoint.tensor([0.0, 1.5, -0.5], dtype=adjoint.float64)
    f = lambda r: adjoint.view_as_real(adjoint.polar(r, angle))
    expected = torch.func.jvp(
        lambda r: torch.polar(r, torch.tensor(angle.numpy())), (torch.tensor(length.numpy()),), (torch.ones(3).double(),)
    )[1]
    for transform in (adjoint.func.jacrev, adjoint.func.jacfwd):
        found = adjoint.diagonal(transform(f)(length), 0, 0, 2).T
        assert adjoint.allclose(found, adjoint.tensor(torch.view_as_real(expected).numpy()))


TIED = {
    "fmax": lambda t, x, a: t.fmax(x, a),
    "fmin": lambda t, x, a: t.fmin(x, a),
    "maximum": lambda t, x, a: t.maximum(x, a),
    "minimum": lambda t, x, a: t.minimum(x, a),
    "clamp from below": lambda t, x, a: t.clamp(x, min=a),
    "clamp from above": lambda t, x, a: t.clamp(x, max=a),
    "clamp between equal bounds": lambda t, x, a: t.clamp(x, a, a),
    "clamp between bounds": lambda t, x, a: t.clamp(x, a, a + 1),
    "clamp between exchanged bounds": lambda t, x, a: t.clamp(x, a, a - 1),
    "clamp by a number of another dtype": lambda t, x, a: t.clamp(x, max=a.double().sum()),
    "clamp by a wider dtype": lambda t, x, a: t.clamp(x, max=a.double()),
    "clamp to one bound for all": lambda t, x, a: t.clamp(x, max=a[:1]),
    "prelu": lambda t, x, a: t.prelu(x, a[3:4]),
    "prelu of halves": lambda t, x, a: t.prelu(x.half(), a[3:4].half()),
}


@pytest.mark.parametrize("name", TIED)
def test_where_operands_are_equal_the_tangent_is_of_the_one_that_pytorch_takes(name):
    def scenario(t):
        x, a = t.tensor([0.0, 1.0, -1.0, 2.0, -0.0, float("nan")]), t.tensor([0.0, 1.0, -1.0, 0.5, 0.0, 1.0])
        f = lambda x, a: TIED[name](t, x, a)
        one, other = t.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), t.tensor([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
        both = t.func.jvp(f, (x, a), (one, other))[1]
        return both, t.func.jvp(lambda x: f(x, a), (x,), (one,))[1], t.func.jvp(lambda a: f(x, a), (a,), (other,))[1]

    agree(lambda t: [repr(v.tolist()) + str(v.dtype) for v in scenario(t)], raises=False)
