"""What the functions of linear algebra that tell what went wrong return, of batches and inside of a vmap, as in PyTorch."""

import itertools

import pytest
from both import agree

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
