"""Questions about sparse tensors, answered of dense ones as in PyTorch; making compressed ones is refused."""

from __future__ import annotations

import pytest

import adjoint
from tests.both import agree

ASKED = (
    "to_dense() to_dense(torch.float64) coalesce() indices() is_coalesced() values() crow_indices() col_indices() "
    "ccol_indices() row_indices() sparse_dim() dense_dim()"
).split()


@pytest.mark.parametrize("asked", ASKED)
def test_a_dense_tensor_answers_as_pytorchs(asked: str) -> None:
    agree(lambda torch: eval(f"x.{asked}", {"torch": torch, "x": torch.ones(2, 3)}))


def test_a_dense_tensor_made_dense_is_itself() -> None:
    x = adjoint.ones(2, requires_grad=True)
    assert x.to_dense() is x


def test_compressed_tensors_are_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match="to_sparse_csr: Adjoint's sparse tensors are in coordinate format alone"):
        adjoint.ones(2, 2).to_sparse_csr()
