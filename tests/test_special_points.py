"""Values and two derivatives of every element-wise row where functions bend, end or have no value, against PyTorch.

Every operand, and every pair of operands, is one of :data:`POINTS`: zeros of both signs, the kinks of the activations,
numbers whose squares overflow or vanish, infinities and NaN.  Signs of zeros are not compared.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.declare.namespaces import OPERATORS
from tests.both import agree
from tests.samples import NOT_DIFFERENTIABLE, samples_of
from tests.test_tables import names_in

torch = pytest.importorskip("torch")

POINTS = (0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 6, -6, 20, -20, 1e-30, -1e-30, 1e30, -1e30, np.inf, -np.inf, np.nan)
FEW = (0.0, -0.0, 1, -1, 0.5, 2, 1e-30, 1e30, np.inf, -np.inf, np.nan)  # for three operands

# What the tables' samples do not have: arguments at their defaults, and functions of several rows.
MORE = """
F.elu(x) F.celu(x) F.selu(x) F.softplus(x) F.softplus(x,2,3) F.softplus(x,1,0) F.hardshrink(x) F.hardtanh(x)
F.threshold(x,.5,.1) F.softshrink(x) F.hardswish(x) F.hardsigmoid(x) F.relu6(x) F.rrelu(x) F.softsign(x) F.tanhshrink(x)
F.prelu(x,torch.tensor(.3,dtype=x.dtype)) x**0 x**1 x**1.5 x**2 x**3 x**-1 x**-0.5 x**-2 0.5**x 1**x (-1.)**x
torch.logit(x,1e-3) x.clamp(-1,1) x.clamp(0.) x.clamp(max=.5) torch.nan_to_num(x) x%1 x%-2. x%0. torch.fmod(x,1)
torch.square(x) torch.relu(x) torch.lerp(x,y,0.3)
F.l1_loss(x,y,reduction='none') F.smooth_l1_loss(x,y,reduction='none') F.huber_loss(x,y,reduction='none')
F.huber_loss(x,y,reduction='none',delta=2) F.mse_loss(x,y,reduction='none') F.poisson_nll_loss(x,y,reduction='none')
F.hinge_embedding_loss(x,torch.ones_like(x),reduction='none') F.kl_div(x,y,reduction='none')
""".split()

# Expression -> derivatives ("" for the value) that differ from PyTorch's where it has no right one, and why.
RIGHT_HERE: dict[str, tuple[str, str]] = {
    "x**0.5": ("xx", "at -0 and -inf, where it ends"),
    "p ** 0.5": ("pp", "at -0 and -inf, where it ends"),
    "torch.acosh(big)": ("b bb", "PyTorch goes on below 1"),
    "torch.sinc(x)": ("x xx", "PyTorch takes what is below 1e-16 for 0, where its second derivative is NaN"),
    "torch.logit(x,1e-3)": ("x", "a NaN is none of the clamped; PyTorch's depends on the element's place"),
    "torch.logaddexp(x, y)": ("x y", "of equal infinities each has a half, not NaN"),
    "torch.logaddexp2(x, y)": ("x y", "of equal infinities each has a half, not NaN"),
    "torch.pow(p, y)": ("py yp", "at an exponent of 0 it is 1 / p, NaN below 0; PyTorch leaves it out with the first one"),
    "F.hardswish(x)": ("x xx", "a NaN has a NaN; in PyTorch that depends on the element's place"),
    "F.hardswish(x * 3)": ("x xx", "a NaN has a NaN; in PyTorch that depends on the element's place"),
    "torch.lgamma(p)": ("pp", "trigamma at its poles is infinite"),
    "torch.digamma(p)": ("p pp", "trigamma at its poles is infinite"),
    "torch.polygamma(1, p)": ("", "trigamma at its poles is infinite"),
    "torch.igamma(p.detach(), q)": (" q", "of a NaN it is NaN"),
    "torch.igammac(p.detach(), q)": (" q", "of a NaN it is NaN"),
    "torch.i0(x)": ("xx", "of a NaN it is NaN"),
    "torch.special.i1(x)": ("x xx", "of a NaN it is NaN"),
    "torch.special.i1e(x)": ("x xx", "of a NaN it is NaN"),
    **dict.fromkeys(
        ("torch.special.bessel_j0(x)", "torch.special.bessel_j1(x)", "torch.special.bessel_y0(p)", "torch.special.bessel_y1(p)"),
        ("", "PyTorch's are off by 1e-7 beyond 5, in float64 too"),
    ),
    "torch.special.airy_ai(x)": ("", "at -1e30 no digit is known of its phase; it vanishes at infinity, PyTorch's is NaN"),
    "torch.special.log_ndtr(x)": ("x xx", "PyTorch subtracts two squares far below zero"),
    "torch.special.zeta(big.detach(), q)": (" q qq", "a sum of zeros is 0 where the order or the first term's base is infinite"),
    "F.celu(x, 0.7)": ("x xx", "PyTorch rounds 1 / 0.7 to a float32"),
    "F.gelu(x, approximate='tanh')": ("xx", "PyTorch's has fewer digits"),
    "torch.angle(torch.complex(x, y))": ("xy yx", "0 where PyTorch has what rounding leaves, at 1e-30 that is 1e43"),
}


def expressions() -> list[str]:
    found = dict.fromkeys(MORE)
    for key, operator in OPERATORS.items():
        if operator.elementwise:
            found.update(dict.fromkeys(s for s in samples_of(key, operator) if not {"row", "prow", "col"} & set(names_in(s))))
    usable = []
    for expression in found:
        names = set(names_in(expression))
        if 0 < len(names) <= 3 and not names & NOT_DIFFERENTIABLE and "floor_divide" not in expression:
            usable.append(expression)
    return usable


def derivatives(library: Any, expression: str, dtype: Any) -> dict[str, Any]:
    """By name: the value "", first derivatives "x", second ones "xy"; None where there is none."""
    names = list(dict.fromkeys(names_in(expression)))
    points = np.array(list(itertools.product(FEW if len(names) == 3 else POINTS, repeat=len(names))), dtype)
    given = {n: library.tensor(np.ascontiguousarray(p)).requires_grad_() for n, p in zip(names, points.T)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = eval(expression, {"torch": library, "F": library.nn.functional, **given})
    found = {"": result}
    if not result.requires_grad:
        return {"": np.asarray(result.tolist())}
    ones = library.ones_like(result)
    firsts = library.autograd.grad(result, list(given.values()), ones, create_graph=True, allow_unused=True)
    for a, g in zip(names, firsts):
        found[a[0]] = g
        if g is not None and g.requires_grad:
            seconds = library.autograd.grad(g, list(given.values()), ones, allow_unused=True, retain_graph=True)
            found.update({a[0] + b[0]: s for b, s in zip(names, seconds)})
    return {k: None if v is None else np.asarray((v + 0).detach().tolist()) for k, v in found.items()}


@pytest.mark.parametrize("expression", expressions())
def test_derivatives_at_special_points_are_pytorchs(expression):
    try:
        expected = derivatives(torch, expression, np.float64)
    except RuntimeError as error:
        assert "not implemented" in str(error) or "not differentiable" in str(error) or "Mismatch" in str(error), error
        return
    found = derivatives(adjoint, expression, np.float64)
    right_here = RIGHT_HERE.get(expression, ("", ""))
    excused = set(right_here[0].split(" ")) if right_here[1] else set()
    assert found.keys() == expected.keys()
    for name, e in expected.items():
        f = found[name]
        assert (f is None) == (e is None), name
        if f is None or name in excused:
            continue
        with np.errstate(all="ignore"):
            same = np.isclose(f, e, rtol=1e-7, atol=1e-14, equal_nan=True)
        if len(name) == 2:  # PyTorch multiplies 0 and infinity where the second derivative is known
            same |= np.isnan(e) & ~np.isnan(f)
        assert same.all(), (name, np.flatnonzero(~same)[:8], e[~same][:8], f[~same][:8])


@pytest.mark.parametrize(
    "expression", ["torch.atan2(x, y)", "F.softplus(x)", "F.silu(x)", "F.mish(x)", "F.elu(x)", "torch.hypot(x, y)", "x**2"]
)
def test_so_are_those_in_single_precision_where_squares_overflow(expression):
    found, expected = (derivatives(library, expression, np.float32) for library in (adjoint, torch))
    for name, e in expected.items():
        with np.errstate(all="ignore"):
            same = np.isclose(found[name], e, rtol=1e-4, atol=1e-7, equal_nan=True) | (np.isnan(e) & (len(name) == 2))
        assert same.all(), (name, np.flatnonzero(~same), e[~same], found[name][~same])


def test_second_derivatives_have_their_limits_where_pytorchs_are_not_numbers():
    def second(function: Any, x: float) -> float:
        t = adjoint.tensor(x, dtype=adjoint.float64, requires_grad=True)
        (g,) = adjoint.autograd.grad(function(t), t, create_graph=True)
        return adjoint.autograd.grad(g, t)[0].item()

    for x in (0.0, 1e-30, 1e-9, -1e-5):
        assert second(adjoint.sinc, x) == pytest.approx(-(np.pi**2) / 3, rel=1e-9)
    assert second(lambda t: adjoint.logaddexp(t, t.detach()), 3.0) == pytest.approx(0.25)
    assert second(lambda t: adjoint.logaddexp(t, t.detach() + 1e30), 3.0) == 0
    assert second(adjoint.nn.functional.silu, -1e30) == 0
    assert second(adjoint.nn.functional.logsigmoid, 1e30) == 0


REDUCTIONS = [
    *(f"x.{name}" for name in ("median()", "nanmedian()", "max()", "min()", "amax()", "amin()", "amax(0)", "prod()", "prod(0)")),
    *("x.median(0)[0]", "x.cumprod(0)", "x.cummax(0)[0]", "x.logsumexp(0)"),
    *(f"torch.linalg.vector_norm(x, {p})" for p in ("0.5", "1", "1.5", "2", "2.5", "3", "-1", "torch.inf", "-torch.inf")),
    *("x.std()", "x.var()", "x.softmax(0)", "x.log_softmax(0)", "x.logcumsumexp(0)", "torch.nansum(x)", "x.renorm(2, 0, 1.)"),
    *("F.normalize(x, dim=0)", "F.normalize(x, p=1, dim=0)", "x.aminmax()[0]", "x.sort()[0]"),
    *("torch.dist(x, torch.zeros_like(x))", "F.cosine_similarity(x, torch.ones_like(x), 0)", "F.softmin(x, 0)"),
]
ABOVE = (1.0, np.inf, np.nan)
VECTORS = ([2.0, 1, 2, 2], [0.0, 0, 0], [0.0, -0.0, 3], [1.0, 1, 1], [np.nan, 1, np.nan], [-np.inf, -np.inf], [np.inf, 1, np.inf],
           [3.0, 0, 0, 2], [np.nan, 0, 2], [-np.inf, 1, 2], [5.0])  # fmt: skip


# What is infinite or NaN from above stays where it belongs: PyTorch multiplies it with 0, or with zeros tells nothing of it.
FINITE_HERE = {(e, above) for e in ("torch.nansum(x)", "x.prod()") for above in ABOVE[1:]}


@pytest.mark.parametrize("expression", REDUCTIONS)
def test_ties_and_zeros_among_what_is_reduced_share_the_gradient_as_in_pytorch(expression):
    for vector, above in itertools.product(VECTORS, ABOVE):
        if (expression, above) in FINITE_HERE or (expression == "x.var()" and np.isinf(vector).any()):
            continue

        def scenario(torch, vector=vector, above=above):
            x = torch.tensor(vector, dtype=torch.float64, requires_grad=True)
            y = eval(expression, {"torch": torch, "F": torch.nn.functional, "x": x})
            return torch.autograd.grad(y, x, torch.full_like(y, above))[0]

        agree(scenario, warnings_too=False)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", ["mse_loss", "l1_loss", "huber_loss"])
def test_weighted_losses_are_pytorchs(loss, reduction):
    def scenario(torch):
        x, y, w = (torch.tensor(v, requires_grad=True) for v in ([0.0, 3.0], [1.0, 0.5], [0.5, 0.1]))
        result = getattr(torch.nn.functional, loss)(x, y, reduction=reduction, weight=w)
        return result.detach(), torch.autograd.grad(result.sum(), [x, y, w])

    agree(scenario)

    def of_another_size(torch):
        return getattr(torch.nn.functional, loss)(torch.ones(2, 2), torch.ones(2, 2), reduction=reduction, weight=torch.ones(2))

    agree(of_another_size, raises=True)


def test_the_classes_of_a_multilabel_loss_are_those_of_its_input():
    def scenario(torch):
        return torch.nn.functional.multilabel_soft_margin_loss(torch.ones(4), torch.zeros(3, 4), reduction="none")

    agree(scenario)


@pytest.mark.parametrize("base", [-1, -2.0, 2, 0.5, -1.5 + 1j, 1j])
@pytest.mark.parametrize("function", ["base ** e", "torch.pow(base, e)"])
def test_powers_of_a_number_with_complex_exponents(base, function):
    def scenario(torch):
        e = torch.tensor([1 + 0.5j, 0.3 - 2j, 2], dtype=torch.complex128, requires_grad=True)
        space = {"torch": torch, "base": base, "e": e}
        (g,) = torch.autograd.grad(eval(function, space).sum().abs(), e, create_graph=True)
        (h,) = torch.autograd.grad(g.abs().sum(), e)
        return torch.view_as_real(g.detach()), torch.view_as_real(h)

    agree(scenario, 1e-9, raises=False)
