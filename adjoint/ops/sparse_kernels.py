"""What array functions of our own, which NumPy lacks, do to sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.ops.activation import kept_where
from adjoint.ops.arithmetic import doubled, sign_of
from adjoint.ops.scatter import add_onto
from adjoint.ops.slicing import select_backward
from adjoint.readings.sparse import SparseArray, add_rows_by, coalesced, no_rule, rule
from adjoint.readings.sparse_rules import of_coalesced

add_rows_by(add_onto)
rule(sign_of)(of_coalesced(sign_of.on_arrays))
rule(doubled)(of_coalesced(doubled.on_arrays))


@rule(kept_where)
def _kept_where(condition: Any, g: Any) -> Any:
    if not isinstance(condition, SparseArray):
        raise no_rule("where")
    return g * coalesced(condition)


@rule(select_backward)
def _select_back(g: SparseArray, shape: tuple[int, ...], dim: int, index: int) -> SparseArray:
    dim %= len(shape)
    if dim > g.sparse_dim:
        raise no_rule("select_backward")
    index = index + shape[dim] if index < 0 else index
    return SparseArray(np.insert(g.indices, dim, index, 0), g.values, tuple(shape), g.coalesced)
