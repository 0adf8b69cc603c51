"""What random programs of dtypes, numbers and special values found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree

REDUCED = {
    "sum": lambda x, **k: x.sum(**k),
    "sum of a dimension": lambda x, **k: x.sum(0, **k),
    "prod": lambda x, **k: x.prod(**k),
    "nansum": lambda x, **k: x.nansum(**k),
    "cumsum": lambda x, **k: x.cumsum(0, **k),
    "cumprod": lambda x, **k: x.cumprod(0, **k),
}


@pytest.mark.parametrize("dtype", ["int8", "int64", "bool"])
@pytest.mark.parametrize("what", REDUCED)
def test_a_result_in_integers_of_what_requires_grad_is_refused(what: str, dtype: str) -> None:
    agree(lambda torch: REDUCED[what](torch.ones((), requires_grad=True), dtype=getattr(torch, dtype)))
    agree(lambda torch: REDUCED[what](torch.ones((), requires_grad=True).detach(), dtype=getattr(torch, dtype)))
    agree(lambda torch: torch.ones(2, requires_grad=True).to(getattr(torch, dtype)).requires_grad)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("what", [name for name in REDUCED if name != "nansum"])
@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_gradients_of_reductions_in_another_dtype_are_of_the_inputs(what: str, dtype: str, shape: tuple[int, ...]) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.full(shape, 1.5, dtype=torch.float64, requires_grad=True)
        REDUCED[what](x, dtype=getattr(torch, dtype)).sum().abs().backward()
        return x.grad

    agree(scenario)


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3,), (0,), ()])
@pytest.mark.parametrize("wanted", [None, "int32", "float32", "bool"])
def test_a_scan_in_place_has_its_tensors_dtype(dtype: str, shape: tuple[int, ...], wanted: str | None) -> None:
    def scanned(torch: Any, name: str) -> Any:
        return getattr(torch.ones(shape, dtype=getattr(torch, dtype)), name)(0, dtype=wanted and getattr(torch, wanted))

    agree(lambda torch: scanned(torch, "cumsum_"))
    agree(lambda torch: scanned(torch, "cumprod_"))


def test_a_leaf_is_minded_before_the_dtype_of_a_scan() -> None:
    agree(lambda torch: torch.ones(2, requires_grad=True).cumsum_(0, dtype=torch.int64))


ACTIVATIONS = {
    "hardtanh": lambda F, x, n: F.hardtanh(x, -n, n),
    "leaky_relu": lambda F, x, n: F.leaky_relu(x, n),
    "elu": lambda F, x, n: F.elu(x, n),
    "celu": lambda F, x, n: F.celu(x, n),
    "softshrink": lambda F, x, n: F.softshrink(x, n),
    "hardshrink": lambda F, x, n: F.hardshrink(x, n),
    "threshold": lambda F, x, n: F.threshold(x, n, 0),
    "threshold's value": lambda F, x, n: F.threshold(x, 0, n),
    "softplus": lambda F, x, n: F.softplus(x, n),
    "softplus' threshold": lambda F, x, n: F.softplus(x, 1, n),
    "rrelu": lambda F, x, n: F.rrelu(x, n / 2, n),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("what", ACTIVATIONS)
@pytest.mark.parametrize("number", [70000.0, 1e39, float("inf")])
def test_an_activations_number_has_to_fit(what: str, dtype: str, number: float) -> None:
    agree(lambda torch: ACTIVATIONS[what](torch.nn.functional, torch.ones(2, dtype=getattr(torch, dtype)), number))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("number", [3.5, 300.0, 1e39])
def test_bounds_of_integers_have_to_fit(dtype: str, number: float) -> None:
    agree(lambda torch: torch.nn.functional.hardtanh(torch.arange(9).to(getattr(torch, dtype)), -number, number))
    agree(lambda torch: torch.nn.functional.threshold(torch.arange(9).to(getattr(torch, dtype)), number, 1))


@pytest.mark.parametrize("name", ["vector_norm", "matrix_norm", "norm"])
@pytest.mark.parametrize("before", ["int32", "float16", "float64", "complex128"])
@pytest.mark.parametrize("after", ["int32", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_a_norms_dtype_may_not_be_narrower(name: str, before: str, after: str) -> None:
    agree(lambda torch: getattr(torch.linalg, name)(torch.ones(2, 2, dtype=getattr(torch, before)), dtype=getattr(torch, after)))


@pytest.mark.parametrize("first", [float("inf"), -float("inf"), float("nan"), 1.0])
@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
def test_deviations_from_an_infinite_mean_are_infinite(name: str, first: float) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[first, 1.0, 2.0], [1.0, first, 0.5], [1.0, 2.0, 4.0]], requires_grad=True)
        found = getattr(torch, name)(x, 1)
        found = found[0] + found[1] if isinstance(found, tuple) else found
        found.sum().backward()
        return found, x.grad

    agree(scenario)


@pytest.mark.parametrize("arriving", [0.0, 1.0, float("inf"), float("nan")])
def test_no_gradient_stays_none_by_the_logarithm_of_a_negative_number(arriving: float) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([0.0, 0.5, 2.0, 0.0, 1.5, 3.0, 0.25], requires_grad=True)
        y = torch.tensor([-1.0, -1.0, 0.0, 0.0, float("inf"), 2.0, float("nan")], requires_grad=True)
        found = []
        for loss in (torch.xlogy(x, y), torch.nn.functional.kl_div(x, y, reduction="none")):
            found += torch.autograd.grad(loss, [x, y], torch.full_like(loss, arriving))
        return found

    agree(scenario)


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0])
def test_a_distance_that_is_nan_has_a_gradient_that_is(p: float) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[1.0, float("nan"), 3.0], [1.0, 2.0, 0.5]], requires_grad=True)
        y = torch.tensor([[0.5, 2.0, 1.0], [1.0, 1.5, 1.0]], requires_grad=True)
        torch.cdist(x, y, p).sum().backward()
        return x.grad, y.grad

    agree(scenario)


FUNCTIONS = {
    "bool": lambda x: x > 0,
    "integers": lambda x: x.int(),
    "complex": lambda x: x * 1j,
    "both": lambda x: (x, x * 1j),
    "real part": lambda x: x.real,
}


@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
@pytest.mark.parametrize("what", FUNCTIONS)
def test_jacobians_are_of_real_numbers(name: str, what: str) -> None:
    if name == "jacrev" or what not in ("bool", "integers"):
        agree(lambda torch: getattr(torch.func, name)(FUNCTIONS[what])(torch.ones(2)))
    agree(lambda torch: getattr(torch.func, name)(FUNCTIONS[what])(torch.ones(2) * 1j))


@pytest.mark.parametrize("tensor", ["bool", "int32", "float32", "complex64"])
@pytest.mark.parametrize("value", [1j, 1 + 0j])
def test_nothing_real_is_filled_with_a_complex_number(tensor: str, value: complex) -> None:
    def scenario(torch: Any, made: Any) -> Any:
        return torch.ones(3, dtype=getattr(torch, tensor)).index_fill(0, torch.tensor([0]), made(value))

    agree(lambda torch: scenario(torch, torch.tensor))
    agree(lambda torch: scenario(torch, complex))


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("shape", [(), (0,), (1,)])
def test_one_complex_number_is_the_largest(name: str, shape: tuple[int, ...]) -> None:
    agree(lambda torch: tuple(getattr(torch, name)(torch.full(shape, 1j), 0)))


@pytest.mark.parametrize("value", [1j, "a", 1, True, 2.5])
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_what_a_nan_becomes_is_a_real_number(value: Any, dtype: str) -> None:
    agree(lambda torch: torch.nan_to_num(torch.ones(2, dtype=getattr(torch, dtype)), value))
    agree(lambda torch: torch.nan_to_num(torch.ones(2, dtype=getattr(torch, dtype)), 0.0, value))


def test_a_complex_number_has_no_sign_bit() -> None:
    agree(lambda torch: torch.signbit(torch.ones(2) * 1j))
    agree(lambda torch: torch.vmap(torch.signbit)(torch.ones(2) * 1j))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
def test_pseudo_inverses_are_of_single_precision_at_least(dtype: str) -> None:
    agree(lambda torch: torch.linalg.pinv(torch.ones(2, 3, dtype=getattr(torch, dtype))))


def test_a_factor_beyond_the_dtype_is_infinite_in_the_gradient() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1.0, -1.0], requires_grad=True)
        torch.addcmul(torch.ones(2, dtype=torch.float64), x, x.detach(), value=1e300).sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("name", ["layer_norm", "solve"])
def test_the_gradient_of_a_tangent_is_that_of_finite_differences(name: str) -> None:
    """PyTorch's leaves out what the forward kept."""
    torch = adjoint
    x = torch.tensor([[-1.0, -1.5, -1.0], [1.0, -1.0, 1.0], [1.0, 1.0, 2.0]], dtype=torch.float64)
    direction = (torch.arange(9, dtype=torch.float64) % 4).reshape(3, 3)
    beside = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)

    def function(x: Any) -> Any:
        return torch.nn.functional.layer_norm(x, (3,)) if name == "layer_norm" else torch.linalg.solve(x, beside)

    def pushed(x: Any) -> Any:
        return (torch.func.jvp(function, (x,), (direction,))[1] * beside).sum()

    step = np.eye(9).reshape(9, 3, 3) * 1e-5
    numeric = [(pushed(x + torch.tensor(d)) - pushed(x - torch.tensor(d))).item() / 2e-5 for d in step]
    np.testing.assert_allclose(torch.func.grad(pushed)(x).numpy().reshape(-1), numeric, rtol=1e-5, atol=1e-4)


NUMBERS = {
    "add": lambda torch, x, n: torch.add(x, x, alpha=n),
    "sub": lambda torch, x, n: torch.sub(x, x, alpha=n),
    "addcmul": lambda torch, x, n: torch.addcmul(x, x, x, value=n),
    "addmv": lambda torch, x, n: torch.addmv(x, torch.ones(2, 2), x, beta=n),
    "clamp": lambda torch, x, n: torch.clamp(x, 1.0, n),
    "clamp below": lambda torch, x, n: torch.clamp(x, n, 1.0),
    "full": lambda torch, x, n: torch.full((2,), n),
    "full_like": lambda torch, x, n: torch.full_like(x, n),
    "index_add": lambda torch, x, n: torch.index_add(x, 0, torch.tensor([0]), torch.ones(1), alpha=n),
    "arange": lambda torch, x, n: torch.arange(n),
    "linspace": lambda torch, x, n: torch.linspace(0, n, 3),
    "fill_": lambda torch, x, n: x.clone().fill_(n),
    "masked_fill": lambda torch, x, n: x.masked_fill(x > 0, n),
}


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("what", NUMBERS)
def test_a_tensor_that_requires_grad_is_no_number(what: str, requires_grad: bool) -> None:
    """Its gradient would be lost."""

    def scenario(torch: Any) -> Any:
        try:
            return NUMBERS[what](torch, torch.ones(2), torch.tensor(2.0, requires_grad=requires_grad))
        except TypeError:
            return "TypeError"

    agree(scenario)


@pytest.mark.parametrize("name", ["scatter_reduce", "index_reduce"])
@pytest.mark.parametrize("reduce", ["amax", "amin"])
@pytest.mark.parametrize("x", [[float("nan"), 1.0, 2.0], [1.0, float("nan"), float("nan")]])
@pytest.mark.parametrize("y", [[1.0, 2.0, 3.0], [float("nan"), 1.0, 2.0]])
def test_the_gradient_of_an_extreme_that_is_nan_is_nan(name: str, reduce: str, x: list[float], y: list[float]) -> None:
    def scenario(torch: Any) -> Any:
        into, values = torch.tensor(x, requires_grad=True), torch.tensor(y, requires_grad=True)
        getattr(torch, name)(into, 0, torch.tensor([0, 0, 1]), values, reduce).sum().backward()
        return into.grad, values.grad

    agree(scenario, warnings_too=False)


def test_nothing_is_rolled_over_any_dimension() -> None:
    agree(lambda torch: torch.zeros(0).roll(0, 1))
    agree(lambda torch: torch.zeros(2, 0).roll((1, 2), (0, 5)))
    agree(lambda torch: torch.zeros(2).roll(0, 1))


@pytest.mark.parametrize("into", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("values", [[0.75], [1.5, 2.0, -3.0], [1.5, 0.0, 2.0]])
@pytest.mark.parametrize("name, args", [("prod", ()), ("prod", (0,)), ("cumprod", (0,))])
def test_a_product_in_another_dtype_has_a_gradient_of_its_operands(
    name: str, args: tuple[int, ...], values: list[float], dtype: str, into: str
) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor(values, dtype=getattr(torch, dtype), requires_grad=True)
        getattr(x, name)(*args, dtype=getattr(torch, into)).sum().backward()
        return x.grad

    agree(scenario)


def test_real_products_of_complex_numbers_have_the_gradients_of_the_real_parts() -> None:
    # PyTorch divides the real products by the complex numbers: 11.7 + 3.9j for 13.
    for name in ("prod", "cumprod"):
        x = adjoint.tensor([1.5 + 0.5j, 2 + 0.5j, -3 + 0.5j], requires_grad=True)
        real = adjoint.tensor([1.5, 2, -3], requires_grad=True)
        for each in (x, real):
            getattr(each, name)(0, dtype=adjoint.float32).sum().backward()
        assert x.grad.tolist() == [complex(g) for g in real.grad.tolist()]


@pytest.mark.parametrize("name", ["add", "mul", "maximum", "eq", "atan2"])
def test_out_that_is_an_operand_is_not_resized(name: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(1)
        getattr(torch, name)(x, torch.ones(2, 1), out=x)
        return x

    agree(scenario)


@pytest.mark.parametrize("value", [0.5, -256, 3])
@pytest.mark.parametrize("dtype", ["int8", "int64", "bool"])
def test_a_factor_of_integers_beside_a_number_has_a_gradient_that_is_no_integer(dtype: str, value: float) -> None:
    # PyTorch wraps the number to the integers' dtype first: its gradient is 0 for -256 and int8.
    x, y = adjoint.ones(2, dtype=getattr(adjoint, dtype)), adjoint.tensor([2.0, 4.0], requires_grad=True)
    adjoint.zeros(2).addcmul(x, y, value=value).sum().backward()
    assert y.grad.tolist() == [value, value]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "int8"])
def test_the_number_of_addcdiv_may_be_a_tensor_of_any_dtype(dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        torch.addcdiv(x, x, x * 2, value=torch.tensor(1.5, dtype=getattr(torch, dtype))).sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("name", ["scatter_reduce", "scatter_add", "scatter"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "float16"])
@pytest.mark.parametrize("shape", [(3,), ()])
@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax"])
def test_an_index_without_dimensions_is_one_place(name: str, dtype: str, shape: tuple[int, ...], reduce: str) -> None:
    def scenario(torch: Any) -> Any:
        x, y = (torch.full(s, n, dtype=getattr(torch, dtype)) for s, n in ((shape, 1), ((), 3)))
        grad = dtype == "float32" and (name != "scatter_reduce" or reduce in ("sum", "mean"))
        leaves = [t.requires_grad_() for t in (x, y)] if grad else []
        more = (reduce,) if name == "scatter_reduce" else ()
        result = getattr(x, name)(0, torch.tensor(0), y, *more)
        if grad:
            (result * torch.arange(1.0, result.numel() + 1).reshape(shape)).sum().backward()
        return result, [t.grad for t in leaves]

    agree(scenario)


@pytest.mark.parametrize("correction", [0, 1, 2, 3])
@pytest.mark.parametrize("values", [1.5, [1.5], [1.0, 2.0], [2.0, 2.0], [float("nan"), 1.0]])
@pytest.mark.parametrize("call", ["var(correction={c})", "var(-1, correction={c})", "std(correction={c})"])
def test_without_degrees_of_freedom_the_gradient_of_a_variance_is_pytorchs(call: str, values: Any, correction: int) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor(values, requires_grad=True)
        eval(f"x.{call.format(c=correction)}", {"x": x}).sum().backward(create_graph=True)
        return x.grad.requires_grad, [str(g) for g in x.grad.detach().reshape(-1).tolist()]

    agree(scenario)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "complex64"])
@pytest.mark.parametrize("shape", [(0,), (1, 0), ()])
@pytest.mark.parametrize("name", ["median", "nanmedian", "max", "amax", "aminmax"])
@pytest.mark.parametrize("dim", [None, 0, -1])
def test_extremes_and_middles_of_nothing_and_of_complex_numbers(name: str, shape: Any, dtype: str, dim: int | None) -> None:
    options = {} if dim is None else {"dim": dim}
    if (name, dtype, shape, dim) == ("max", "complex64", (), None):
        return  # how it is refused differs in its words
    agree(lambda torch: str(getattr(torch, name)(torch.zeros(shape, dtype=getattr(torch, dtype)), **options)))


@pytest.mark.parametrize("tests", ["torch.tensor(-1, dtype=torch.int16)", "torch.tensor([-1], dtype=torch.int16)", "-1", "1.0"])
def test_isin_promotes_as_a_comparison_does(tests: str) -> None:
    agree(lambda torch: torch.isin(torch.tensor([255, 1], dtype=torch.uint8), eval(tests, {"torch": torch})))


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_integers_filled_with_what_requires_grad_are_refused(dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        mask, value = torch.tensor([True, False]), torch.tensor(2.0, requires_grad=True)
        return torch.ones(2, dtype=getattr(torch, dtype)).masked_fill(mask, value)

    agree(scenario)


def test_a_choice_between_constants_has_their_dtype_in_a_recorded_gradient() -> None:
    from adjoint.autograd.taped import Taped

    chosen: Any = np.where(Taped(adjoint.tensor([True])), np.float32(1), np.float32(2))  # type: ignore[call-overload]
    assert chosen.dtype == np.float32
