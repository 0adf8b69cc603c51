"""PyTorch's own optimizer database, run with both libraries: a fixed part of its samples; ``make database`` runs all.

Parameters and the whole state are compared after every step, copies and states saved by either library go on alike, and
recorded steps have the same derivatives.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the database imports

from fuzz.databases.optimizers import KNOWN, OPTIMIZERS, compare, sampled

# Samples of each optimizer and dtype, always the same ones.
PART = {"float64": 5, "float32": 2, "complex128": 2, "bfloat16": 1}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_do_to_the_databases_samples_what_pytorchs_do(name: str) -> None:
    reports = [compare(name, dtype, most) for dtype, most in PART.items()]
    found = [finding for report in reports for finding in report.findings]
    assert not found, "\n".join(map(str, found))
    assert sum(report.compared for report in reports)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_refuse_what_the_database_says_they_refuse_in_pytorchs_words(name: str) -> None:
    samples = {number for number, sample in sampled(name, "float32") if sample.error is not None}
    found = compare(name, "float32", only=samples).findings
    assert samples and not found, "\n".join(map(str, found))


def test_exceptions_are_optimizers_of_the_database_and_have_a_reason() -> None:
    assert set(KNOWN) <= set(OPTIMIZERS)
    assert all(len(reason.split()) > 3 for _, reason in KNOWN.values())
