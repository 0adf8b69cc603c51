"""Factorizations and what they solve: LU, LDL, reflections, low rank, tensors as matrices; errors, and what was removed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree
from tests.in_both import assert_same

torch = pytest.importorskip("torch")

CALLS = """
linalg.lu_factor(A)
linalg.lu_factor_ex(W)
linalg.lu_factor_ex(torch.zeros(2, 2))
linalg.lu(W)
linalg.lu(torch.ones(2, 0, 3))
linalg.lu_solve(*linalg.lu_factor(A), b)
linalg.lu_solve(*linalg.lu_factor(A), b.mT, left=False)
linalg.lu_solve(*linalg.lu_factor(A), b, adjoint=True)
torch.lu(A)
torch.lu(A, get_infos=True)
torch.lu_solve(b, *torch.lu(A))
torch.lu_unpack(*linalg.lu_factor(W))
torch.lu_unpack(*linalg.lu_factor(W), unpack_data=False)
torch.lu_unpack(*linalg.lu_factor(W), unpack_pivots=False)
linalg.ldl_factor(A)
linalg.ldl_factor_ex(A + 0j, hermitian=True)
linalg.ldl_solve(*linalg.ldl_factor(A + A.mT), b)
linalg.solve_ex(A, b)
linalg.tensorinv(torch.eye(24).reshape(4, 6, 8, 3))
linalg.tensorinv(torch.eye(24).reshape(24, 8, 3), ind=1)
linalg.tensorsolve(torch.eye(24).reshape(6, 4, 2, 3, 4), torch.ones(6, 4))
linalg.tensorsolve(torch.eye(24).reshape(6, 2, 4, 3, 4), torch.ones(6, 4), dims=(1, 3, 4))
linalg.householder_product(*torch.geqrf(W))
torch.orgqr(*torch.geqrf(A))
torch.ormqr(*torch.geqrf(W), W)
torch.ormqr(*torch.geqrf(W), W.mT, left=False, transpose=True)
torch.triangular_solve(b, A)
torch.triangular_solve(b, A, upper=False, transpose=True, unitriangular=True)
torch.svd_lowrank(W[0], q=2)[1]
torch.pca_lowrank(W)[1]
torch.nuclear_norm(A)
torch.frobenius_norm(A, (1, 2))
torch.frobenius_norm(A, 1)
""".strip().splitlines()

ERRORS = """
linalg.lu_factor(A, pivot=False)
linalg.lu_factor(torch.zeros(2, 2))
linalg.lu_factor_ex(torch.zeros(2, 2, 2), check_errors=True)
linalg.lu_factor(torch.ones(3))
linalg.lu_factor(A.half())
linalg.lu(torch.ones(2, 2, dtype=torch.int64))
linalg.lu_solve(A, torch.ones(2, 3, dtype=torch.int64), b)
linalg.lu_solve(A, torch.ones(2, 3, dtype=torch.int32), b[:, :2])
linalg.lu_solve(A[0], torch.ones(2, dtype=torch.int32), b)
linalg.lu_solve(A[0].double(), torch.ones(3, dtype=torch.int32), b)
linalg.lu_solve(A[0, 0], torch.ones(3, dtype=torch.int32), b)
torch.lu_unpack(A[0], torch.ones(3, dtype=torch.int64))
torch.lu_unpack(A[0], torch.tensor([1, 9, 1], dtype=torch.int32))
linalg.ldl_factor(W)
linalg.ldl_factor(A[0].int())
linalg.ldl_factor(A.half())
linalg.ldl_solve(A[0], torch.ones(2, dtype=torch.int32), b)
linalg.ldl_solve(A[0], torch.ones(3, dtype=torch.int32), b[:, :2])
linalg.solve_ex(torch.zeros(2, 2), torch.ones(2, 1), check_errors=True)
linalg.solve_ex(torch.zeros(2, 2), torch.ones(2, 1)).info
linalg.solve_ex(W, b)
linalg.tensorinv(A)
linalg.tensorinv(A, ind=0)
linalg.tensorsolve(A, b)
linalg.householder_product(A[0], torch.ones(4))
linalg.householder_product(A[0, 0], torch.ones(2))
linalg.householder_product(A[0], torch.ones(2, 2))
linalg.householder_product(A[0], torch.ones(2).double())
linalg.householder_product(A[0, :2], torch.ones(2))
torch.ormqr(A[0], torch.ones(3), A[0, :2])
torch.ormqr(A[0], torch.ones(4), A[0])
torch.ormqr(A[0], torch.ones(3).double(), A[0])
torch.geqrf(A.half())
torch.geqrf(A[0, 0])
torch.triangular_solve(b[:, :2], A)
torch.triangular_solve(A[0, 0], A)
torch.pca_lowrank(W, q=9)
torch.pca_lowrank(W, niter=-1)
torch.lobpcg(A, 2)
torch.nuclear_norm(A[0, 0])
torch.frobenius_norm(A, (0, 1, 2))
torch.eig(A)
torch.symeig(A)
torch.lstsq(A, b)
torch.solve(b, A)
torch.matrix_rank(A)
A.eig()
A.lstsq(b)
""".strip().splitlines()


def _names(torch: Any) -> dict[str, Any]:
    made = np.random.default_rng(5)
    A, b, W = (torch.tensor(made.standard_normal(shape), dtype=torch.float32) for shape in ((2, 3, 3), (2, 3, 2), (2, 4, 3)))
    return {"torch": torch, "linalg": torch.linalg, "A": A, "b": b, "W": W}


@pytest.mark.parametrize("call", CALLS)
def test_values_dtypes_and_strides_are_pytorchs(call: str) -> None:
    def scenario(torch: Any) -> Any:
        found = eval(call, _names(torch))
        found = found if isinstance(found, tuple) else (found,)
        return type(found).__name__, [(t, t.stride() if t.numel() else ()) for t in found]

    agree(scenario, tolerance=2e-4, warnings_too=False)


@pytest.mark.parametrize("call", ERRORS)
def test_errors_are_pytorchs(call: str) -> None:
    agree(lambda torch: eval(call, _names(torch)), warnings_too=False)


def test_what_is_about_to_be_removed_says_so() -> None:
    for call in ("torch.lu(torch.eye(2))", "torch.triangular_solve(torch.eye(2), torch.eye(2))", "torch.nuclear_norm(torch.eye(2))",
                 "torch.frobenius_norm(torch.eye(2), (0, 1))"):  # fmt: skip
        assert_same(call)


def test_gradients_of_factors_are_right_for_any_shape_and_complex_numbers() -> None:
    for shape in ((3, 3), (4, 3), (3, 4), (2, 3, 3)):
        for dtype in (adjoint.float64, adjoint.complex128):
            adjoint.manual_seed(1)
            A = adjoint.randn(*shape, dtype=dtype, requires_grad=True)
            assert adjoint.autograd.gradcheck(lambda A: adjoint.linalg.lu(A)[1:], A)
            assert adjoint.autograd.gradcheck(lambda A: adjoint.linalg.lu_factor(A)[0], A)


def test_the_packed_reflections_of_a_matrix_make_its_orthogonal_factor() -> None:
    A = adjoint.tensor(np.random.default_rng(0).standard_normal((5, 3)))
    packed, tau = adjoint.geqrf(A)
    Q = adjoint.linalg.householder_product(packed, tau)
    assert adjoint.allclose(Q @ packed[:3].triu(), A)
    assert adjoint.allclose(adjoint.ormqr(packed, tau, A, transpose=True)[:3], packed[:3].triu())
    assert adjoint.allclose(adjoint.ormqr(packed, tau, A.mT, left=False)[:, :3], A.mT @ Q)


def test_eigenpairs_of_the_largest_and_the_smallest_eigenvalues_solve_the_problem() -> None:
    draw = np.random.default_rng(0)
    A, B = (adjoint.tensor(m @ m.T + np.eye(9)) for m in draw.standard_normal((2, 9, 9)))
    for largest, given in ((True, None), (False, None), (True, B)):
        values, vectors = adjoint.lobpcg(A, 2, given, largest=largest)
        theirs = None if given is None else torch.tensor(B.numpy())
        expected = torch.lobpcg(torch.tensor(A.numpy()), 2, theirs, largest=largest, niter=500)
        np.testing.assert_allclose(values.numpy(), expected[0].numpy(), 1e-5)
        right = vectors if given is None else B @ vectors
        np.testing.assert_allclose((A @ vectors).numpy(), (right * values).numpy(), atol=1e-9)
    with pytest.raises(NotImplementedError, match="tracker"):
        adjoint.lobpcg(A, 1, tracker=print)


def test_samples_have_factors_of_their_own() -> None:
    A = adjoint.tensor(np.random.default_rng(0).standard_normal((4, 3, 3)))
    assert adjoint.allclose(adjoint.vmap(lambda a: adjoint.linalg.lu(a).U)(A), adjoint.linalg.lu(A).U)
    second = adjoint.func.vmap(adjoint.func.jacfwd(adjoint.func.jacfwd(lambda a: adjoint.linalg.lu_factor(a).LU.sin().sum())))(A)
    one_by_one = [adjoint.func.jacrev(adjoint.func.jacrev(lambda a: adjoint.linalg.lu_factor(a).LU.sin().sum()))(a) for a in A]
    assert adjoint.allclose(second, adjoint.stack(one_by_one))
