"""What the functions of linear algebra that tell what went wrong return, of batches and inside of a vmap, as in PyTorch."""

import itertools

import pytest
from both import agree

import adjoint

CALLS = {
    "solve_ex": "lambda A: tuple(torch.linalg.solve_ex(A, b))",
    "solve_ex of the other side": "lambda A: tuple(torch.linalg.solve_ex(A, A, left=False))",
    "inv_ex": "lambda A: tuple(torch.linalg.inv_ex(A))",
    "lu_factor_ex": "lambda A: tuple(torch.linalg.lu_factor_ex(A))",
    "lu": "lambda A: tuple(torch.lu(A))",
    "cholesky_ex": "lambda A: torch.linalg.cholesky_ex(A).info",
    "checked solve_ex": "lambda A: tuple(torch.linalg.solve_ex(A, b, check_errors=True))",
    "checked inv_ex": "lambda A: tuple(torch.linalg.inv_ex(A, check_errors=True))",
    "checked lu_factor_ex": "lambda A: tuple(torch.linalg.lu_factor_ex(A, check_errors=True))",
    "checked cholesky_ex": "lambda A: tuple(torch.linalg.cholesky_ex(A, check_errors=True))",
    "cholesky": "lambda A: torch.linalg.cholesky(A)",
    "lu_unpack": "lambda A: tuple(torch.lu_unpack(*torch.linalg.lu_factor_ex(A)[:2]))",
}


def _called(torch, call, mode, singular):
    good = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    A = torch.stack([good, torch.ones(2, 2, dtype=torch.float64) if singular else good + 1, good * 2])
    f = eval(call, {"torch": torch, "b": torch.tensor([[1.0], [2.0]], dtype=torch.float64)})
    try:
        return torch.func.vmap(f)(A) if mode == "vmap" else f(A if mode == "batch" else A[1])
    except RuntimeError as error:
        return str(error)


@pytest.mark.parametrize("name", CALLS)
def test_each_matrix_has_its_own_result(name):
    for mode, singular in itertools.product(("one", "batch", "vmap"), (True, False)):
        agree(lambda torch: _called(torch, CALLS[name], mode, singular))  # noqa: B023


@pytest.mark.parametrize("batched", [c for c in itertools.product((0, None), repeat=3) if 0 in c])
@pytest.mark.parametrize("kind", ["lu", "ldl"])
def test_factors_solve_where_some_of_the_operands_are_batched(kind, batched):
    def scenario(torch):
        A = torch.tensor([[[2.0, 1.0], [1.0, 3.0]], [[1.0, 3.0], [3.0, 1.0]]], dtype=torch.float64)
        factors, pivots = torch.linalg.lu_factor(A) if kind == "lu" else torch.linalg.ldl_factor(A)
        B = torch.arange(4, dtype=torch.float64).reshape(2, 2, 1)
        solve = torch.linalg.lu_solve if kind == "lu" else torch.linalg.ldl_solve
        given = [x if dim == 0 else x[0] for x, dim in zip((factors, pivots, B), batched)]
        return torch.func.vmap(solve, batched)(*given)

    agree(scenario)


def test_pivots_of_any_sample_are_checked():
    def scenario(torch):
        pivots = torch.tensor([[1, 2], [1, 9]], dtype=torch.int32)
        try:
            torch.func.vmap(torch.lu_unpack, (None, 0))(torch.eye(2), pivots)
        except RuntimeError as error:
            return str(error)

    agree(scenario)


SINGULAR = {
    "ones": [[1.0, 1.0], [1.0, 1.0]],
    "zeros": [[0.0, 0.0], [0.0, 0.0]],
    "rank 2 of 3": [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]],
    "rank 1 of 3": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 0.0]],
    "regular": [[1.0, 2.0], [3.0, 5.0]],
}


def _minors(A):
    """The determinant as a polynomial in the elements, which has derivatives everywhere."""
    if A.shape[-1] == 1:
        return A[0, 0]
    rest = [[j for j in range(A.shape[-1]) if j != k] for k in range(A.shape[-1])]
    return sum((-1) ** k * A[0, k] * _minors(A[1:][:, rest[k]]) for k in range(A.shape[-1]))


@pytest.mark.parametrize("complex_too", [False, True])
@pytest.mark.parametrize("name", SINGULAR)
def test_a_determinant_has_its_derivatives_where_it_is_zero(name, complex_too):
    # PyTorch gives zeros for some of these, and NaN for the second derivatives.
    A = adjoint.tensor(SINGULAR[name], dtype=adjoint.float64)
    if complex_too:
        A = A * (1 + 2j) + (adjoint.eye(len(A)) * 1j if name == "regular" else 0)
    E = adjoint.arange(float(A.numel())).reshape(A.shape).to(A.dtype) - 2
    part = (lambda x: x.real + 2 * x.imag) if complex_too else (lambda x: x)
    for derived in (
        lambda f: adjoint.func.grad(lambda A: part(f(A)))(A),
        lambda f: adjoint.func.jvp(f, (A,), (E,))[1],
        lambda f: adjoint.func.vjp(adjoint.func.grad(lambda A: part(f(A))), A)[1](E)[0],
        lambda f: adjoint.func.jvp(lambda A: adjoint.func.jvp(f, (A,), (E,))[1], (A,), (E,))[1],
        lambda f: adjoint.func.vmap(adjoint.func.grad(lambda A: part(f(A))))(adjoint.stack([A, A + 1])),
    ):
        adjoint.testing.assert_close(derived(adjoint.linalg.det), derived(_minors), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ["ones", "zeros", "rank 2 of 3", "regular"])
def test_logarithms_of_zero_determinants_have_infinite_gradients(name):
    def scenario(torch):
        A = torch.tensor(SINGULAR[name], dtype=torch.float64, requires_grad=True)
        return [torch.autograd.grad(f(A), A)[0] for f in (lambda A: torch.linalg.slogdet(A)[1], torch.logdet)]

    agree(scenario)


def test_a_zero_matrix_has_no_gradient_of_its_factors():
    def scenario(torch):
        A = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(torch.linalg.qr(A)[0].sum(), A)[0].isfinite().any()

    agree(scenario)
