"""PyTorch's own operator database, run with both libraries: a fixed part of its samples; ``make database`` runs all.

Results are compared by value, dtype, shape, strides, place in the graph, and the gradients of their inputs likewise.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the database imports

from fuzz.databases.comparison import difference
from fuzz.databases.exceptions import KNOWN
from fuzz.databases.operators import OPERATORS, compare
from fuzz.databases.translation import translated

# Samples of each operator and dtype, always the same ones.
PART = {"float32": 2, "float64": 1, "complex64": 1, "int64": 1, "float16": 1}
AT_ONCE = 40  # operators a test


@pytest.mark.parametrize("first", range(0, len(OPERATORS), AT_ONCE))
def test_operators_do_to_the_databases_samples_what_pytorchs_do(first: int) -> None:
    found, compared = [], 0
    for name in list(OPERATORS)[first : first + AT_ONCE]:
        for dtype, most in PART.items():
            report = compare(name, dtype, most)
            found += report.findings
            compared += report.compared
    assert not found, "\n".join(map(str, found))
    assert compared


def test_exceptions_are_operators_of_the_database_and_have_a_reason() -> None:
    assert set(KNOWN) <= set(OPERATORS)
    assert all(len(reason.split()) > 3 for _, reason in KNOWN.values())


def test_a_difference_of_each_kind_is_found() -> None:
    import torch

    a = torch.arange(6.0).reshape(2, 3)
    for other, kind in (
        (a.double(), "dtype"),
        (a.reshape(3, 2), "shape"),
        (a.t().contiguous().t(), "strides"),
        (a + 1e-3, "values"),
        (a.clone().requires_grad_(), "requires_grad"),
    ):
        assert kind in str(difference(a, translated(other)))
    assert difference(a, translated(a)) is None
    assert "type" in str(difference(a, None)) and "parts" in str(difference([a], []))


def test_a_translated_tensor_lies_in_memory_as_the_original_does() -> None:
    import torch

    base = torch.arange(24.0).reshape(2, 3, 4)
    for view in (base.transpose(0, 2), base[:, 1:, ::2], base[0, 0].expand(5, 4), base[:0], base[1, 2, 3]):
        made = translated(view)
        assert made.stride() == view.stride() or not view.numel()
        assert made.storage_offset() == view.storage_offset()
        assert made.tolist() == view.tolist()
